/** Bringing data from below into the top image of a chain: copy-on-read, and what streaming is made of. */
import type { BlockNode } from './block-node.ts';
import type { RangeLock } from './range-lock.ts';
import { isZero } from './zeroes.ts';

/** Ranges are widened to this, so that an image that holds clusters of this length reads none of them twice. */
const GRANULE_BYTES = 64 * 1024;
const MOST_COPIED_BYTES = 2 * 1024 * 1024;

/**
 * Whether a node between the top and `base` holds the first byte of a range, and how far that is so. Behind its end a node
 * holds zeros, which hide what those below it have there.
 */
async function heldAbove(
  top: BlockNode,
  base: BlockNode | undefined,
  offset: number,
  bytes: number,
): Promise<{ readonly held: boolean; readonly bytes: number }> {
  let alike = bytes;
  for (let node = top.backing; node !== undefined && node !== base; node = node.backing) {
    if (offset >= node.bytes) return { held: true, bytes: alike };
    const status = await node.status(offset, Math.min(alike, node.bytes - offset));
    alike = Math.min(alike, status.bytes);
    if (status.allocated) return { held: true, bytes: alike };
  }
  return { held: false, bytes: alike };
}

/**
 * Copies what `node` does not hold itself from the nodes below, as far as the range reaches. What is copied is kept from
 * changing meanwhile by `ranges`.
 * @param base what this node and those below it hold is left there; undefined to copy from all of them
 */
export async function copyUp(
  node: BlockNode,
  ranges: RangeLock,
  offset: number,
  bytes: number,
  base?: BlockNode,
): Promise<void> {
  const end = Math.min(Math.ceil((offset + bytes) / GRANULE_BYTES) * GRANULE_BYTES, node.bytes);
  for (let at = Math.floor(offset / GRANULE_BYTES) * GRANULE_BYTES; at < end; ) {
    const { allocated, bytes: alike } = await node.status(at, Math.min(end - at, MOST_COPIED_BYTES));
    if (!allocated) await copyRange(node, ranges, at, alike, base);
    at += alike;
  }
}

async function copyRange(
  node: BlockNode,
  ranges: RangeLock,
  offset: number,
  bytes: number,
  base: BlockNode | undefined,
): Promise<void> {
  for (let done = 0; done < bytes; ) {
    const found = await heldAbove(node, base, offset + done, bytes - done);
    const isWanted = base === undefined || found.held;
    if (isWanted) {
      await ranges.exclude(offset + done, found.bytes, () =>
        copyUnlessHeld(node, offset + done, found.bytes),
      );
    }
    done += found.bytes;
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
