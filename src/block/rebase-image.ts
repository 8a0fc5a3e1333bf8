/** Preparing an image to build on another one and keep its contents. */
import type { BlockNode } from './block-node.ts';
import type { Progress } from './copy-image.ts';

const CHUNK_BYTES = 2 * 1024 * 1024;
/** What differs is written in pieces of this length at least. */
const GRANULE_BYTES = 4096;

/** What a node, or none, shows at a range; zeros behind its end. */
async function contents(node: BlockNode | undefined, offset: number, data: Uint8Array): Promise<void> {
  const there = Math.min(data.length, Math.max(0, (node?.bytes ?? 0) - offset));
  if (node !== undefined && there > 0) await node.read(offset, [data.subarray(0, there)]);
  data.fill(0, there);
}

async function writeDifferences(
  node: BlockNode,
  offset: number,
  old: Uint8Array,
  fresh: Uint8Array,
): Promise<void> {
  const differs = (at: number) =>
    Buffer.compare(old.subarray(at, at + GRANULE_BYTES), fresh.subarray(at, at + GRANULE_BYTES)) !== 0;
  for (let start = 0; start < old.length; ) {
    if (!differs(start)) {
      start += GRANULE_BYTES;
      continue;
    }
    let end = start + GRANULE_BYTES;
    while (end < old.length && differs(end)) end += GRANULE_BYTES;
    await node.write(offset + start, [old.subarray(start, Math.min(end, old.length))]);
    start = end;
  }
}

/**
 * Lets an image hold whatever its present backing image shows otherwise than `backing` will. The image still names the old one
 * afterwards: see `changeBacking`.
 */
export async function keepContents(
  node: BlockNode,
  backing: BlockNode | undefined,
  progress: Progress,
): Promise<void> {
  const old = new Uint8Array(Math.min(CHUNK_BYTES, node.bytes));
  const fresh = new Uint8Array(old.length);
  for (let offset = 0; offset < node.bytes; ) {
    const { allocated, bytes } = await node.status(offset, Math.min(CHUNK_BYTES, node.bytes - offset));
    if (!allocated) {
      const [before, after] = [old.subarray(0, bytes), fresh.subarray(0, bytes)];
      await contents(node.backing, offset, before);
      await contents(backing, offset, after);
      await writeDifferences(node, offset, before, after);
    }
    offset += bytes;
    progress(offset, node.bytes);
  }
  await node.flush();
}
