/** Finding images in a chain of backing files, and taking chains apart. */
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { BlockError, ENOTSUP } from '../block-error.ts';
import type { BlockNode } from '../block-node.ts';
import { backingPath, hostPath } from '../protocol-names.ts';

function realName(fileName: string): string {
  try {
    return realpathSync(hostPath(fileName));
  } catch {
    return fileName;
  }
}

/** Whether two names, as they are given to the host, mean one file. */
export function isSameImage(one: string, other: string): boolean {
  return one === other || realName(one) === realName(other);
}

/**
 * The image below `top` that is meant by a name: relative names count from the directory of the image that builds on it.
 * Undefined when there is none.
 */
export function findBelow(top: BlockNode, name: string): BlockNode | undefined {
  for (let node: BlockNode = top; node.backing !== undefined; node = node.backing) {
    const { backing } = node;
    if (
      isSameImage(backingPath(name, node.fileName), backing.fileName) ||
      isSameImage(name, backing.fileName)
    ) {
      return backing;
    }
  }
  return undefined;
}

/** The image that builds on `node`. Throws BlockError when none does. */
export function overlayOf(top: BlockNode, node: BlockNode): BlockNode {
  for (let above: BlockNode | undefined = top; above !== undefined; above = above.backing) {
    if (above.backing === node) return above;
  }
  throw new BlockError('ERR_BLOCK_OPEN', `Could not find overlay image for ${node.fileName}:`);
}

export function deepest(top: BlockNode): BlockNode {
  return top.backing === undefined ? top : deepest(top.backing);
}

export interface Allocation {
  /** One of the images in question holds the first byte; those behind the end of one of them are held as zeros. */
  readonly held: boolean;
  /** It is held as zeros. */
  readonly zero: boolean;
  /** How many bytes are alike. */
  readonly bytes: number;
}

/** Whether images from `top` down to, but without, `base` hold the first byte of a range. */
export async function heldAbove(
  top: BlockNode,
  base: BlockNode | undefined,
  offset: number,
  bytes: number,
): Promise<Allocation> {
  let alike = bytes;
  for (let node: BlockNode | undefined = top; node !== undefined && node !== base; node = node.backing) {
    if (offset >= node.bytes) return { held: true, zero: true, bytes: alike };
    const status = await node.status(offset, Math.min(alike, node.bytes - offset));
    alike = Math.min(alike, status.bytes);
    if (status.allocated) return { held: true, zero: status.zero, bytes: alike };
  }
  return { held: false, zero: false, bytes: alike };
}

function unsupported(): BlockError {
  return new BlockError('ERR_BLOCK_UNSUPPORTED', 'Operation not supported', { errno: ENOTSUP });
}

/** How `overlay` is to name `base`: as it was asked for if that leads there from where the overlay lies, by its path if not. */
function nameFor(overlay: BlockNode, base: BlockNode, wanted: string | undefined): string {
  const leadsThere =
    wanted !== undefined && isSameImage(backingPath(wanted, overlay.fileName), base.fileName);
  return leadsThere ? wanted : resolve(hostPath(base.fileName));
}

/**
 * Lets `overlay` build on `base` (on nothing when undefined), in its header first, and closes the images between the two.
 * Nothing may be under way on them. Throws what the header's writing throws, `ERR_BLOCK_UNSUPPORTED` for a format that has no
 * backing files; the graph has not changed then.
 * @param wanted the name that `base` was asked for by
 */
export async function dropBetween(
  overlay: BlockNode,
  base: BlockNode | undefined,
  wanted?: string,
): Promise<void> {
  if (overlay.changeBacking === undefined || overlay.replaceBacking === undefined) throw unsupported();
  const last = base === undefined ? undefined : overlayOf(overlay, base);
  if (last !== undefined && last.replaceBacking === undefined) throw unsupported();
  await overlay.flush();
  const name = base === undefined ? undefined : nameFor(overlay, base, wanted);
  await overlay.changeBacking(name, base?.driver);
  if (last === overlay) return;
  last?.replaceBacking?.(undefined);
  const dropped = overlay.replaceBacking(base);
  await dropped?.close();
}
