/** Opening an image that was not closed with its refcounts on disk. */
import { BlockError, EIO } from '../block-error.ts';
import type { BlockNode } from '../block-node.ts';
import { checkQcow2 } from './check-qcow2.ts';
import type { Qcow2Header } from './qcow2-header.ts';

/** @returns the header as it is then. Throws BlockError `ERR_BLOCK_CORRUPT` when something is left that is wrong. */
export async function repairDirtyImage(file: BlockNode, header: Qcow2Header): Promise<Qcow2Header> {
  const { report, header: repaired } = await checkQcow2(file, header, 'all', () => undefined);
  if (report.corruptions > 0) {
    throw new BlockError(
      'ERR_BLOCK_CORRUPT',
      `'${file.fileName}' was not closed and has ${report.corruptions} errors that cannot be repaired; it can be opened read-only`,
      { errno: EIO },
    );
  }
  return repaired;
}
