/** What a range of a disk holds, whichever image of its chain that lies in. */
import type { BlockNode } from './block-node.ts';

export interface ChainStatus {
  /** How many bytes from the asked offset on are alike. */
  readonly bytes: number;
  /** Known to read as zeros. */
  readonly zero: boolean;
}

/** @param bytes how far the caller wants to know; at least 1 */
export async function chainStatus(top: BlockNode, offset: number, bytes: number): Promise<ChainStatus> {
  let alike = bytes;
  for (let node: BlockNode | undefined = top; node !== undefined; node = node.backing) {
    // An image that is shorter than the one above it shows zeros there.
    if (offset >= node.bytes) return { bytes: alike, zero: true };
    const status = await node.status(offset, Math.min(alike, node.bytes - offset));
    alike = Math.min(alike, status.bytes);
    if (status.allocated || status.zero) return { bytes: alike, zero: status.zero };
  }
  return { bytes: alike, zero: true };
}
