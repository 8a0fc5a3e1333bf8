/** Copying and comparing the contents of images. */
import type { BlockNode, BlockStatus } from './block-node.ts';
import { chainStatus } from './chain-status.ts';
import { isZero } from './zeroes.ts';

/** Bytes that are moved at a time. */
const CHUNK_BYTES = 2 * 1024 * 1024;
/** Zeros of this length are left out of what is written. */
const GRANULE_BYTES = 4096;
/** Clusters that are packed side by side. */
const CLUSTERS_AT_ONCE = 16;

/** Bytes done so far, and in all. */
export type Progress = (done: number, total: number) => void;

/** What is copied. */
export type CopySource = Pick<BlockNode, 'bytes' | 'read' | 'status' | 'backing'>;

export interface CopyOptions {
  readonly progress: Progress;
  /** Zeros of at least this length are left out; 0: none are. */
  readonly sparseBytes: number;
  /** In clusters that are packed; the target can do that. */
  readonly compressed: boolean;
  /** The target reads as zeros already. */
  readonly targetIsZero: boolean;
  /** The target builds on the same image as the source: only what the source holds itself is copied. */
  readonly sharesBacking: boolean;
}

export const PLAIN_COPY: CopyOptions = {
  progress: () => undefined,
  sparseBytes: GRANULE_BYTES,
  compressed: false,
  targetIsZero: true,
  sharesBacking: false,
};

interface Range {
  readonly offset: number;
  readonly bytes: number;
  readonly zero: boolean;
  /** There is nothing to be done for it. */
  readonly shared: boolean;
}

async function rangeAt(
  source: CopySource,
  offset: number,
  most: number,
  options: CopyOptions,
): Promise<Range> {
  if (options.sharesBacking) {
    const { bytes, zero, allocated } = await source.status(offset, most);
    return { offset, bytes, zero: allocated && zero, shared: !allocated };
  }
  const { bytes, zero } = await chainStatus(source as BlockNode, offset, most);
  return { offset, bytes, zero, shared: false };
}

/** Writes that end one behind the other, one of them under way while the next is read. */
class WriteBehind {
  #last: Promise<unknown> = Promise.resolve();

  /** Waits for the write before, and begins another. */
  async begin(write: () => Promise<unknown>): Promise<void> {
    await this.#last;
    this.#last = write();
    // Whoever waits next hears of it.
    this.#last.catch(() => undefined);
  }

  async end(): Promise<void> {
    await this.#last;
  }
}

async function writeZeroes(
  target: BlockNode,
  offset: number,
  bytes: number,
  options: CopyOptions,
): Promise<void> {
  if (options.sparseBytes === 0) await target.write(offset, [new Uint8Array(bytes)]);
  else if (!options.targetIsZero) await target.writeZeroes(offset, bytes, { mayUnmap: true });
}

/** Writes data, leaving out zeros as far as the options allow that. */
async function writeData(
  target: BlockNode,
  offset: number,
  data: Uint8Array,
  options: CopyOptions,
): Promise<void> {
  const granule = options.sparseBytes;
  if (granule === 0) return target.write(offset, [data]);
  for (let start = 0; start < data.length; ) {
    let end = start;
    const isEmpty = isZero(data.subarray(start, start + granule));
    while (end < data.length && isZero(data.subarray(end, end + granule)) === isEmpty) end += granule;
    const part = data.subarray(start, Math.min(end, data.length));
    if (isEmpty) await writeZeroes(target, offset + start, part.length, options);
    else await target.write(offset + start, [part]);
    start += part.length;
  }
}

async function copyPlainly(
  source: CopySource,
  target: BlockNode,
  start: number,
  total: number,
  options: CopyOptions,
): Promise<void> {
  const writes = new WriteBehind();
  let [buffer, other] = [new Uint8Array(CHUNK_BYTES), new Uint8Array(CHUNK_BYTES)];
  for (let offset = 0; offset < source.bytes; ) {
    const most = Math.min(CHUNK_BYTES, source.bytes - offset);
    const { bytes, zero, shared } = await rangeAt(source, offset, most, options);
    const place = start + offset;
    if (zero) {
      await writes.begin(() => writeZeroes(target, place, bytes, options));
    } else if (!shared) {
      const data = buffer.subarray(0, bytes);
      await source.read(offset, [data]);
      await writes.begin(() => writeData(target, place, data, options));
      [buffer, other] = [other, buffer];
    }
    offset += bytes;
    options.progress(start + offset, total);
  }
  await writes.end();
}

/** Whether any byte of a cluster has to be copied. */
async function needsCopy(
  source: CopySource,
  offset: number,
  bytes: number,
  options: CopyOptions,
): Promise<boolean> {
  for (let done = 0; done < bytes; ) {
    const range = await rangeAt(source, offset + done, bytes - done, options);
    if (!range.shared && !(range.zero && options.targetIsZero)) return true;
    done += range.bytes;
  }
  return false;
}

/** Clusters are packed by the host's thread pool, several at a time. */
async function copyCompressed(source: CopySource, target: BlockNode, options: CopyOptions): Promise<void> {
  const clusterBytes = target.clusterBytes ?? CHUNK_BYTES;
  const copyCluster = async (offset: number, bytes: number) => {
    if (!(await needsCopy(source, offset, bytes, options))) return;
    const data = new Uint8Array(bytes);
    await source.read(offset, [data]);
    if (isZero(data) && options.sparseBytes !== 0) await writeZeroes(target, offset, bytes, options);
    else await target.writeCompressed?.(offset, data);
  };
  for (let offset = 0; offset < source.bytes; ) {
    const group: Promise<void>[] = [];
    for (let count = 0; count < CLUSTERS_AT_ONCE && offset < source.bytes; count++) {
      const bytes = Math.min(clusterBytes, source.bytes - offset);
      group.push(copyCluster(offset, bytes));
      offset += bytes;
    }
    await Promise.all(group);
    options.progress(offset, source.bytes);
  }
}

/**
 * Copies disks, one behind the other, into a target that is as long as all of them.
 * Throws what reading and writing throw.
 */
export async function copyImages(
  sources: readonly CopySource[],
  target: BlockNode,
  options: CopyOptions,
): Promise<void> {
  const total = sources.reduce((bytes, source) => bytes + source.bytes, 0);
  if (options.compressed) {
    const [first] = sources;
    const source = sources.length === 1 && first !== undefined ? first : joined(sources);
    await copyCompressed(source, target, options);
  } else {
    let start = 0;
    for (const source of sources) {
      await copyPlainly(source, target, start, total, options);
      start += source.bytes;
    }
  }
  await target.flush();
}

/** Copies a disk into an image that is new and so reads as zeros. */
export function copyImage(source: BlockNode, target: BlockNode, progress: Progress): Promise<void> {
  return copyImages([source], target, { ...PLAIN_COPY, progress });
}

/** Disks that are read as one. */
function joined(sources: readonly CopySource[]): CopySource {
  const partAt = (offset: number) => {
    let start = 0;
    for (const source of sources) {
      if (offset < start + source.bytes) return { source, start };
      start += source.bytes;
    }
    throw new RangeError(`${offset} lies behind the last disk`);
  };
  return {
    bytes: sources.reduce((bytes, source) => bytes + source.bytes, 0),
    backing: undefined,
    read: async (offset, views) => {
      let at = offset;
      for (const view of views) {
        for (let done = 0; done < view.byteLength; ) {
          const { source, start } = partAt(at);
          const bytes = Math.min(view.byteLength - done, start + source.bytes - at);
          await source.read(at - start, [view.subarray(done, done + bytes)]);
          done += bytes;
          at += bytes;
        }
      }
    },
    status: async (offset, bytes) => {
      const { source, start } = partAt(offset);
      const most = Math.min(bytes, start + source.bytes - offset);
      const found = await chainStatus(source as BlockNode, offset - start, most);
      return { bytes: found.bytes, zero: found.zero, allocated: true, hostOffset: undefined };
    },
  };
}

/** Where two disks differ first, in bytes; undefined where they are alike as far as the shorter one goes, and zero behind. */
export async function firstDifference(
  one: BlockNode,
  other: BlockNode,
  progress: Progress,
): Promise<number | undefined> {
  const total = Math.max(one.bytes, other.bytes);
  const buffers = [new Uint8Array(CHUNK_BYTES), new Uint8Array(CHUNK_BYTES)] as const;
  const isEmpty = async (node: BlockNode, offset: number, bytes: number) => {
    if (offset >= node.bytes) return { bytes, zero: true };
    return chainStatus(node, offset, Math.min(bytes, node.bytes - offset));
  };
  for (let offset = 0; offset < total; ) {
    const most = Math.min(CHUNK_BYTES, total - offset);
    const [a, b] = [await isEmpty(one, offset, most), await isEmpty(other, offset, most)];
    const bytes = Math.min(a.bytes, b.bytes);
    if (!a.zero || !b.zero) {
      const [left, right] = [buffers[0].subarray(0, bytes), buffers[1].subarray(0, bytes)];
      await readOrZero(one, offset, left);
      await readOrZero(other, offset, right);
      if (Buffer.compare(left, right) !== 0) {
        return offset + left.findIndex((byte, index) => byte !== right[index]);
      }
    }
    offset += bytes;
    progress(offset, total);
  }
  return undefined;
}

async function readOrZero(node: BlockNode, offset: number, data: Uint8Array): Promise<void> {
  const there = Math.min(data.length, Math.max(0, node.bytes - offset));
  if (there > 0) await node.read(offset, [data.subarray(0, there)]);
  data.fill(0, there);
}

/** Where one disk holds something, or zeros, or data as it is, and the other does not. */
export async function firstStatusDifference(one: BlockNode, other: BlockNode): Promise<number | undefined> {
  const held = async (node: BlockNode, offset: number, most: number) => {
    let layer = node;
    let status = await layer.status(offset, most);
    while (!status.allocated && layer.backing !== undefined && offset < layer.backing.bytes) {
      layer = layer.backing;
      status = await layer.status(offset, Math.min(status.bytes, layer.bytes - offset));
    }
    return status;
  };
  const end = Math.min(one.bytes, other.bytes);
  for (let offset = 0; offset < end; ) {
    const [a, b] = [await held(one, offset, end - offset), await held(other, offset, end - offset)];
    const isPlain = ({ hostOffset }: BlockStatus) => hostOffset !== undefined;
    if (a.allocated !== b.allocated || a.zero !== b.zero) return offset;
    if (a.allocated && !a.zero && isPlain(a) !== isPlain(b)) return offset;
    offset += Math.min(a.bytes, b.bytes);
  }
  return undefined;
}
