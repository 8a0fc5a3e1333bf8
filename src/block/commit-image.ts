/** Writing what an image holds into one that it builds on, while nobody uses either. */
import { BlockError } from './block-error.ts';
import type { BlockNode, BlockStatus } from './block-node.ts';
import type { Progress } from './copy-image.ts';

const CHUNK_BYTES = 2 * 1024 * 1024;

/** What the images from `top` down to the one above `base` hold at an offset; `allocated` if any of them does. */
async function statusAbove(
  top: BlockNode,
  base: BlockNode,
  offset: number,
  bytes: number,
): Promise<BlockStatus> {
  let status = await top.status(offset, bytes);
  for (
    let node = top.backing;
    node !== undefined && node !== base && !status.allocated;
    node = node.backing
  ) {
    if (offset >= node.bytes) {
      // Behind its end it lets zeros show through.
      return { ...status, allocated: true, zero: true };
    }
    status = await node.status(offset, Math.min(status.bytes, node.bytes - offset));
  }
  return status;
}

/**
 * Commits `top`, and what lies between, into `base`, which is open for writing and grows if it is shorter.
 * On disk when it answers.
 */
export async function commitImage(top: BlockNode, base: BlockNode, progress: Progress): Promise<void> {
  if (base.readOnly) {
    throw new BlockError('ERR_BLOCK_READ_ONLY', `'${base.fileName}' cannot be opened for writing`);
  }
  if (base.bytes < top.bytes) await base.resize(top.bytes);
  const buffer = new Uint8Array(Math.min(CHUNK_BYTES, top.bytes));
  for (let offset = 0; offset < top.bytes; ) {
    const { allocated, zero, bytes } = await statusAbove(
      top,
      base,
      offset,
      Math.min(CHUNK_BYTES, top.bytes - offset),
    );
    if (allocated && zero) {
      await base.writeZeroes(offset, bytes, { mayUnmap: true });
    } else if (allocated) {
      const data = buffer.subarray(0, bytes);
      await top.read(offset, [data]);
      await base.write(offset, [data]);
    }
    offset += bytes;
    progress(offset, top.bytes);
  }
  await base.flush();
}
