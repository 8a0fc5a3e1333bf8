/** The image that a mirror or a backup writes to. */
import { BlockError, EIO } from '../block-error.ts';
import type { BlockNode, BlockStatus } from '../block-node.ts';
import { createImage } from '../create-image.ts';
import { findFormat } from '../image-formats.ts';
import { openImage } from '../open-image.ts';
import { recordedName } from '../protocol-names.ts';

/** Taken for a target that does not tell. */
const USUAL_CLUSTER_BYTES = 65536;

/** Stands where the target's backing file will be: the copied clusters are whole, so nobody reads it. */
export class AbsentBacking implements BlockNode {
  readonly driver = 'absent';
  readonly bytes = Number.MAX_SAFE_INTEGER;
  readonly readOnly = true;
  readonly encrypted = false;
  readonly backing = undefined;
  readonly file = undefined;
  readonly fileName: string;
  /** As the target names it; guessed when undefined. */
  readonly format: string | undefined;

  constructor(fileName: string, format: string | undefined) {
    this.fileName = fileName;
    this.format = format;
  }

  read(): Promise<void> {
    return this.#refuse();
  }

  write(): Promise<void> {
    return this.#refuse();
  }

  discard(): Promise<void> {
    return this.#refuse();
  }

  writeZeroes(): Promise<void> {
    return this.#refuse();
  }

  resize(): Promise<void> {
    return this.#refuse();
  }

  async flush(): Promise<void> {}

  async status(_offset: number, bytes: number): Promise<BlockStatus> {
    return { bytes, allocated: true, zero: false, hostOffset: undefined };
  }

  async close(): Promise<void> {}

  #refuse(): Promise<never> {
    return Promise.reject(new BlockError('ERR_BLOCK_IO', `'${this.fileName}' is not open`, { errno: EIO }));
  }
}

export interface TargetPlan {
  readonly target: string;
  readonly format: string | null;
  readonly exists: boolean;
}

/**
 * Makes a target, unless it exists, and opens it without what it builds on.
 * @param source what is copied
 * @param backing what a new target builds on, if anything
 * Throws BlockError with the texts of drive-mirror (schema.json).
 */
export async function openTarget(
  { target, format, exists }: TargetPlan,
  source: BlockNode,
  backing: BlockNode | undefined,
): Promise<BlockNode> {
  if (format !== null) findFormat(format);
  const chosen = format ?? (exists ? undefined : source.driver);
  if (!exists) {
    await createImage({
      fileName: target,
      format: chosen ?? source.driver,
      bytes: source.bytes,
      backingFile: backing === undefined ? undefined : recordedName(backing.fileName),
      backingFormat: backing?.driver,
      formatOptions: [],
    });
  }
  try {
    const node = await openImage(target, {
      format: chosen,
      readOnly: false,
      driverOptions: [],
      standIn: (fileName, itsFormat) => new AbsentBacking(fileName, itsFormat),
    });
    return await closeIfFailed(node, async () => {
      if (node.bytes < source.bytes) await node.resize(source.bytes);
      return node;
    });
  } catch (cause) {
    throw new BlockError('ERR_BLOCK_OPEN', `Could not open '${target}'`, { cause });
  }
}

/** Does something with an open target, which is closed if that fails. */
export async function closeIfFailed<T>(target: BlockNode, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await target.close();
    throw error;
  }
}

/** The range in whole clusters of a target whose backing file must not be read to fill the rest of one. */
export function wholeClusters(
  { backing, clusterBytes = USUAL_CLUSTER_BYTES, bytes: end }: BlockNode,
  offset: number,
  bytes: number,
): { readonly offset: number; readonly bytes: number } {
  if (backing === undefined) return { offset, bytes };
  const first = Math.floor(offset / clusterBytes) * clusterBytes;
  const last = Math.min(Math.ceil((offset + bytes) / clusterBytes) * clusterBytes, end);
  return { offset: first, bytes: last - first };
}
