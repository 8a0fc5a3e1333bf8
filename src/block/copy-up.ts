/** Copy-on-read: bringing data from below into the top image of a chain. */
import type { BlockNode } from './block-node.ts';
import type { RangeLock } from './range-lock.ts';
import { isZero } from './zeroes.ts';

/** Ranges are widened to this, so that an image that holds clusters of this length reads none of them twice. */
const GRANULE_BYTES = 64 * 1024;
const MOST_COPIED_BYTES = 2 * 1024 * 1024;

/**
 * Copies what `node` does not hold itself from the nodes below, as far as the range reaches. What is copied is kept from
 * changing meanwhile by `ranges`.
 */
export async function copyUp(
  node: BlockNode,
  ranges: RangeLock,
  offset: number,
  bytes: number,
): Promise<void> {
  const end = Math.min(Math.ceil((offset + bytes) / GRANULE_BYTES) * GRANULE_BYTES, node.bytes);
  for (let at = Math.floor(offset / GRANULE_BYTES) * GRANULE_BYTES; at < end; ) {
    const { allocated, bytes: alike } = await node.status(at, Math.min(end - at, MOST_COPIED_BYTES));
    if (!allocated) {
      const from = at;
      await ranges.exclude(from, alike, () => copyUnlessHeld(node, from, alike));
    }
    at += alike;
  }
}

/** The guest may have written a part of the range before it was locked. */
async function copyUnlessHeld(node: BlockNode, offset: number, bytes: number): Promise<void> {
  for (let done = 0; done < bytes; ) {
    const { allocated, bytes: alike } = await node.status(offset + done, bytes - done);
    if (!allocated) {
      const contents = new Uint8Array(alike);
      await node.read(offset + done, [contents]);
      if (isZero(contents)) await node.writeZeroes(offset + done, alike, { mayUnmap: true });
      else await node.write(offset + done, [contents]);
    }
    done += alike;
  }
}
