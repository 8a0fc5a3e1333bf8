/** Copying and comparing the contents of images. */
import type { BlockNode } from './block-node.ts';
import { isZero } from './zeroes.ts';

/** Bytes that are moved at a time. */
const CHUNK_BYTES = 2 * 1024 * 1024;
/** Zeros of this length are left out of what is written. */
const GRANULE_BYTES = 4096;

/** Bytes done so far, and in all. */
export type Progress = (done: number, total: number) => void;

async function* chunks(node: BlockNode): AsyncGenerator<{ offset: number; bytes: number; zero: boolean }> {
  for (let offset = 0; offset < node.bytes; ) {
    const status = await node.status(offset, Math.min(CHUNK_BYTES, node.bytes - offset));
    const bytes = Math.min(status.bytes, CHUNK_BYTES);
    yield { offset, bytes, zero: status.zero };
    offset += bytes;
  }
}

/** Writes those parts that are not zero. */
async function writeSparsely(target: BlockNode, offset: number, data: Uint8Array): Promise<void> {
  for (let start = 0; start < data.length; ) {
    let end = start;
    const isEmpty = isZero(data.subarray(start, start + GRANULE_BYTES));
    while (end < data.length && isZero(data.subarray(end, end + GRANULE_BYTES)) === isEmpty)
      end += GRANULE_BYTES;
    const part = data.subarray(start, Math.min(end, data.length));
    if (!isEmpty) await target.write(offset + start, [part]);
    start += part.length;
  }
}

/** Copies a disk into an image that is new and so reads as zeros. */
export async function copyImage(source: BlockNode, target: BlockNode, progress: Progress): Promise<void> {
  const buffer = new Uint8Array(CHUNK_BYTES);
  for await (const { offset, bytes, zero } of chunks(source)) {
    if (!zero) {
      const data = buffer.subarray(0, bytes);
      await source.read(offset, [data]);
      await writeSparsely(target, offset, data);
    }
    progress(offset + bytes, source.bytes);
  }
  await target.flush();
}

/** Where two disks differ first, in bytes; undefined where they are alike as far as the shorter one goes, and zero behind. */
export async function firstDifference(
  one: BlockNode,
  other: BlockNode,
  progress: Progress,
): Promise<number | undefined> {
  const total = Math.max(one.bytes, other.bytes);
  const contents = async (node: BlockNode, offset: number, bytes: number): Promise<Uint8Array> => {
    const data = new Uint8Array(bytes);
    const there = Math.min(bytes, Math.max(0, node.bytes - offset));
    if (there > 0) await node.read(offset, [data.subarray(0, there)]);
    return data;
  };
  for (let offset = 0; offset < total; offset += CHUNK_BYTES) {
    const bytes = Math.min(CHUNK_BYTES, total - offset);
    const [a, b] = [await contents(one, offset, bytes), await contents(other, offset, bytes)];
    if (Buffer.compare(a, b) !== 0) return offset + a.findIndex((byte, index) => byte !== b[index]);
    progress(offset + bytes, total);
  }
  return undefined;
}
