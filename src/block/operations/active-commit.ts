/** block-commit of the drive's own image: the base becomes what the drive is, and the drive is switched to it. */
import { BlockError, ENOTSUP } from '../block-error.ts';
import type { BlockNode } from '../block-node.ts';
import { DirtyBitmap } from '../dirty-bitmap.ts';
import type { DriveAccess, ExclusiveDrive } from '../drive-access.ts';
import { heldAbove, overlayOf } from './chain.ts';
import { type CommitImages, makeReadOnly, makeWritable } from './commit-operation.ts';
import { type Destination, FollowOperation } from './follow-operation.ts';

const GRANULARITY = 65536;

/** @param images where `top` is the drive's own image. Rejects with BlockError. */
export function beginActiveCommit(
  access: DriveAccess,
  { top, base }: CommitImages,
): Promise<FollowOperation> {
  return access.alone(async () => {
    await makeWritable(base);
    try {
      if (base.bytes < top.bytes) await base.resize(top.bytes);
    } catch (error) {
      await makeReadOnly(base);
      throw error;
    }
    const bitmap = DirtyBitmap.allocate(top.bytes, GRANULARITY);
    return new FollowOperation(access, new CommittedBase(base), bitmap, async (node, offset, bytes) => {
      const found = await heldAbove(node, base, offset, bytes);
      return { needed: found.held, bytes: found.bytes };
    });
  });
}

class CommittedBase implements Destination {
  readonly node: BlockNode;

  constructor(node: BlockNode) {
    this.node = node;
  }

  preparePivot(): Promise<void> {
    return Promise.resolve();
  }

  async pivot(drive: ExclusiveDrive): Promise<void> {
    const old = drive.node;
    if (old === undefined) return;
    const above = overlayOf(old, this.node);
    if (above.replaceBacking === undefined) {
      throw new BlockError('ERR_BLOCK_UNSUPPORTED', 'Operation not supported', { errno: ENOTSUP });
    }
    if (this.node.bytes !== old.bytes) await this.node.resize(old.bytes);
    above.replaceBacking(undefined);
    drive.setNode(this.node);
    await old.close();
  }

  release(): Promise<void> {
    return makeReadOnly(this.node);
  }
}
