/** drive-mirror: the plan of it, and the target that the drive may be switched to. */
import { BlockError, reasonOf } from '../block-error.ts';
import type { BlockNode } from '../block-node.ts';
import { DirtyBitmap } from '../dirty-bitmap.ts';
import type { DriveAccess, ExclusiveDrive } from '../drive-access.ts';
import { openImage } from '../open-image.ts';
import { heldAbove, isSameImage, overlayOf } from './chain.ts';
import { makeReadOnly } from './commit-operation.ts';
import { AbsentBacking, closeIfFailed, openTarget } from './copy-target.ts';
import { type Destination, FollowOperation, type NeedsCopy } from './follow-operation.ts';
import type { OperationPlan } from './operation-contract.ts';

type MirrorPlan = Extract<OperationPlan, { kind: 'mirror' }>;

const SMALLEST_DEFAULT = 4096;
const LARGEST_DEFAULT = 65536;

/** What is copied at first. A new target reads as zeros already. */
function needsCopy({ sync, exists }: MirrorPlan, top: BlockNode): NeedsCopy | undefined {
  if (sync === 'none') return undefined;
  const { backing } = top;
  if (sync === 'top' && backing !== undefined) {
    return async (node, offset, bytes) => {
      const found = await heldAbove(node, backing, offset, bytes);
      return { needed: found.held, bytes: found.bytes };
    };
  }
  return async (node, offset, bytes) => {
    if (exists) return { needed: true, bytes };
    const status = await node.status(offset, bytes);
    return { needed: !status.zero, bytes: status.bytes };
  };
}

/** What a new target builds on. Throws BlockError. */
export function backingForNew(
  { sync, exists, drive }: Pick<MirrorPlan, 'sync' | 'exists' | 'drive'>,
  top: BlockNode,
): BlockNode | undefined {
  if (sync === 'full') return undefined;
  if (sync === 'top') return top.backing;
  if (top.backing === undefined && !exists) {
    throw new BlockError('ERR_BLOCK_UNSUPPORTED', `Device '${drive}' has no backing file for sync 'none'`);
  }
  return top;
}

/** The image that is to be copied: it stays while the drive is in use. Throws BlockError. */
export function sourceOf({ node }: DriveAccess, drive: string): BlockNode {
  if (node === undefined) {
    throw new BlockError('ERR_BLOCK_NO_MEDIUM', `Device '${drive}' has no medium`);
  }
  return node;
}

/** Begins with the drive held still, so that no write is missed. Rejects with BlockError with the texts of drive-mirror. */
export async function beginMirror(access: DriveAccess, plan: MirrorPlan): Promise<FollowOperation> {
  const top = sourceOf(access, plan.drive);
  const target = await openTarget(plan, top, backingForNew(plan, top));
  const cluster = target.clusterBytes ?? LARGEST_DEFAULT;
  const usual = Math.min(Math.max(cluster, SMALLEST_DEFAULT), LARGEST_DEFAULT);
  return closeIfFailed(target, async () => {
    const bitmap = DirtyBitmap.allocate(top.bytes, plan.granularity === 0 ? usual : plan.granularity);
    const destination = new MirrorTarget(target, access);
    return access.alone(async () => new FollowOperation(access, destination, bitmap, needsCopy(plan, top)));
  });
}

class MirrorTarget implements Destination {
  readonly node: BlockNode;
  readonly #access: DriveAccess;
  /** The target's backing file, where the drive's own chain does not have it. */
  #opened: BlockNode | undefined;

  constructor(node: BlockNode, access: DriveAccess) {
    this.node = node;
    this.#access = access;
  }

  async preparePivot(): Promise<void> {
    const absent = this.#absent();
    if (absent === undefined || this.#opened !== undefined) return;
    const { fileName, format } = absent;
    await this.#access.beside(async (top) => {
      if (lender(top, fileName) !== undefined) return;
      try {
        this.#opened = await openImage(fileName, { format, readOnly: true, driverOptions: [] });
      } catch (cause) {
        throw new BlockError('ERR_BLOCK_OPEN', `Could not open '${fileName}'`, { cause });
      }
    });
  }

  async pivot(drive: ExclusiveDrive): Promise<void> {
    const old = drive.node;
    if (old === undefined) return;
    const absent = this.#absent();
    if (absent === undefined) {
      drive.setNode(this.node);
      await closeOld(old);
      return;
    }
    const lent = this.#opened === undefined ? lender(old, absent.fileName) : undefined;
    if (lent === 'itself') {
      this.node.replaceBacking?.(old);
      drive.setNode(this.node);
      await makeReadOnly(old);
      return;
    }
    const backing = this.#opened ?? lent?.replaceBacking?.(undefined);
    if (backing === undefined) {
      throw new BlockError('ERR_BLOCK_OPEN', `Could not open '${absent.fileName}'`);
    }
    this.node.replaceBacking?.(backing);
    drive.setNode(this.node);
    await closeOld(old);
  }

  async release(): Promise<void> {
    try {
      await this.node.close();
    } finally {
      await this.#opened?.close();
    }
  }

  #absent(): AbsentBacking | undefined {
    return this.node.backing instanceof AbsentBacking ? this.node.backing : undefined;
  }
}

/** Who in a chain can give up its backing node, which is the image called that; `itself` when the top is that image. */
function lender(top: BlockNode, fileName: string): BlockNode | 'itself' | undefined {
  if (isSameImage(top.fileName, fileName)) return 'itself';
  for (let node = top.backing; node !== undefined; node = node.backing) {
    if (!isSameImage(node.fileName, fileName)) continue;
    const above = overlayOf(top, node);
    return above.replaceBacking === undefined ? undefined : above;
  }
  return undefined;
}

/** The drive is switched already. */
async function closeOld(old: BlockNode): Promise<void> {
  try {
    await old.close();
  } catch (error) {
    process.emitWarning(`Closing '${old.fileName}', which is mirrored: ${reasonOf(error)}`);
  }
}
