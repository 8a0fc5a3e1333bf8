/**
 * Putting new images on top of those of one or several drives: all of them, or none (blockdev-snapshot-sync, transaction).
 * Everything that can fail is done first, while the drives are held still: flushing, making the files, opening them. Only
 * then do the drives switch, and nothing of that can fail. Files that were made for nothing stay, as in the reference.
 */
import { BlockError, noDrive, reasonOf } from './block-error.ts';
import type { BlockNode } from './block-node.ts';
import { createImage } from './create-image.ts';
import type { Drive } from './drive.ts';
import type { ExclusiveDrive } from './drive-access.ts';
import { findFormat } from './image-formats.ts';
import { openImage } from './open-image.ts';
import { protocolKind, protocolOf, recordedName } from './protocol-names.ts';

export interface NewImage {
  readonly name: string;
  readonly format: string;
  /** It has been made already, and is opened as it is. */
  readonly exists: boolean;
}

export interface SnapshotAction {
  readonly device: string;
  /** Undefined when there is none of that name. */
  readonly drive: Drive | undefined;
  readonly image: NewImage;
}

interface Prepared {
  readonly held: ExclusiveDrive;
  readonly old: BlockNode;
  readonly top: BlockNode;
}

/**
 * A drive that is named twice gets both images, one above the other.
 * Throws BlockError with the texts of blockdev-snapshot-sync (schema.json): those of the first action that fails.
 */
export async function snapshotDrives(actions: readonly SnapshotAction[]): Promise<void> {
  const drives = [...new Set(actions.flatMap(({ drive }) => drive ?? []))];
  // In one order everywhere, so that two transactions never wait for each other.
  drives.sort((one, other) => (one.config.id < other.config.id ? -1 : 1));
  await holdAll(drives, new Map(), (held) => switchAll(actions, held));
}

async function holdAll(
  drives: readonly Drive[],
  held: Map<Drive, ExclusiveDrive>,
  work: (held: ReadonlyMap<Drive, ExclusiveDrive>) => Promise<void>,
): Promise<void> {
  const [drive, ...others] = drives;
  if (drive === undefined) return work(held);
  return drive.access.alone((exclusive) => holdAll(others, held.set(drive, exclusive), work));
}

async function switchAll(
  actions: readonly SnapshotAction[],
  held: ReadonlyMap<Drive, ExclusiveDrive>,
): Promise<void> {
  const prepared: Prepared[] = [];
  try {
    for (const { device, drive, image } of actions) {
      findFormat(image.format);
      if (drive === undefined) throw noDrive(device);
      const exclusive = held.get(drive);
      const old = prepared.findLast((each) => each.held === exclusive)?.top ?? exclusive?.node;
      if (exclusive === undefined || old === undefined) {
        throw new BlockError('ERR_BLOCK_NO_MEDIUM', `Device '${device}' has no medium`);
      }
      drive.checkFree();
      prepared.push({ held: exclusive, old, top: await prepare(old, image) });
    }
  } catch (error) {
    for (const { top } of prepared.reverse()) await abandon(top);
    throw error;
  }
  for (const each of prepared) await commit(each);
}

async function prepare(old: BlockNode, image: NewImage): Promise<BlockNode> {
  const { name, format } = image;
  try {
    if (!old.readOnly) await old.flush();
  } catch (cause) {
    throw new BlockError('ERR_BLOCK_IO', 'An IO error has occurred', { cause });
  }
  checkProtocol(image);
  if (!image.exists) {
    await createImage({
      fileName: name,
      format,
      bytes: old.bytes,
      backingFile: recordedName(old.fileName),
      backingFormat: old.driver,
      formatOptions: [],
    });
  }
  return openOver(old, image);
}

function checkProtocol({ name, format }: NewImage): void {
  try {
    protocolKind(protocolOf(name));
  } catch (cause) {
    throw new BlockError('ERR_BLOCK_FORMAT', `Invalid block format '${format}'`, { cause });
  }
}

/** Opens an image with `backing` below it, whatever backing file it names itself. `backing` is not yet changed. */
async function openOver(backing: BlockNode, { name, format }: NewImage): Promise<BlockNode> {
  let node: BlockNode;
  try {
    node = await openImage(name, { format, readOnly: false, driverOptions: [], noBacking: true });
  } catch (cause) {
    throw new BlockError('ERR_BLOCK_OPEN', `Could not open '${name}'`, { cause });
  }
  if (node.replaceBacking === undefined) {
    await node.close();
    throw new BlockError('ERR_BLOCK_UNSUPPORTED', `Backing file not supported for file format '${format}'`);
  }
  node.replaceBacking(backing);
  return node;
}

/** Closes a new image without what lies below it. */
async function abandon(top: BlockNode): Promise<void> {
  top.replaceBacking?.(undefined);
  try {
    await top.close();
  } catch (error) {
    process.emitWarning(`Closing '${top.fileName}', which is not used: ${reasonOf(error)}`);
  }
}

async function commit({ held, old, top }: Prepared): Promise<void> {
  held.setNode(top);
  try {
    await old.setReadOnly?.(true);
  } catch (error) {
    // Nobody writes it any more; only its locks still say so.
    process.emitWarning(`'${old.fileName}' stays open for writing: ${reasonOf(error)}`);
  }
}
