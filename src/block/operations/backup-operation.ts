/** drive-backup: the target becomes what the drive was at the beginning; what the guest overwrites is copied before. */
import type { BlockNode } from '../block-node.ts';
import { DirtyBitmap } from '../dirty-bitmap.ts';
import type { DriveAccess } from '../drive-access.ts';
import { RangeLock } from '../range-lock.ts';
import { heldAbove } from './chain.ts';
import { closeIfFailed, openTarget } from './copy-target.ts';
import type { GraphOperation } from './graph-operation.ts';
import { backingForNew, sourceOf } from './mirror-operation.ts';
import type { MirrorSync, OperationInfo, OperationPlan, TransferResult } from './operation-contract.ts';
import { asFailure, Copier, dealtWith, reading, TransferFailure, writing } from './transfer.ts';

type BackupPlan = Extract<OperationPlan, { kind: 'backup' }>;

/** Old data is put aside in pieces of this, or of the target's clusters if they are longer. */
const SMALLEST_PIECE = 65536;

export class BackupOperation implements GraphOperation {
  readonly info: Omit<OperationInfo, 'operation'>;
  readonly #access: DriveAccess;
  readonly #target: BlockNode;
  readonly #sync: MirrorSync;
  /** Pieces that the target does not have yet. */
  readonly #pending: DirtyBitmap;
  readonly #pieces = new RangeLock();
  readonly #copier = new Copier();
  readonly #stopIntercepting: () => void;
  /** Old data could not be put aside, and is lost to the backup. The guest's write went through. */
  #lost: TransferFailure | undefined;

  private constructor(access: DriveAccess, top: BlockNode, target: BlockNode, sync: MirrorSync) {
    this.#access = access;
    this.#target = target;
    this.#sync = sync === 'top' && top.backing === undefined ? 'full' : sync;
    const piece = Math.max(SMALLEST_PIECE, target.clusterBytes ?? 0);
    this.#pending = DirtyBitmap.allocate(top.bytes, piece);
    this.#pending.mark(0, top.bytes);
    this.#stopIntercepting = access.interceptWrites((offset, bytes) => this.#putAside(offset, bytes));
    const bitmap = this.#pending.shared;
    this.info = { bytes: top.bytes, bitmap, follows: false, needsScan: false };
  }

  /** Rejects with BlockError with the texts of drive-mirror. */
  static async begin(access: DriveAccess, plan: BackupPlan): Promise<BackupOperation> {
    const top = sourceOf(access, plan.drive);
    const target = await openTarget(plan, top, backingForBackup(plan, top));
    return closeIfFailed(target, () =>
      access.alone(async () => new BackupOperation(access, top, target, plan.sync)),
    );
  }

  async transfer(offset: number, bytes: number): Promise<TransferResult> {
    this.#checkWhole();
    const moved = await this.#access.beside((top) => this.#copyPieces(top, offset, bytes, this.#sync));
    this.#checkWhole();
    return dealtWith(bytes, moved);
  }

  scan(): Promise<number> {
    return Promise.resolve(this.info.bytes);
  }

  flush(): Promise<void> {
    return writing(this.#target.flush());
  }

  preparePivot(): Promise<void> {
    return Promise.resolve();
  }

  async finish(): Promise<boolean> {
    this.#checkWhole();
    await this.flush();
    await this.abandon();
    return true;
  }

  async abandon(): Promise<void> {
    this.#stopIntercepting();
    // Writes that were intercepted may still be copying.
    await this.#access.alone(() => this.#target.close());
  }

  async #putAside(offset: number, bytes: number): Promise<void> {
    const { node } = this.#access;
    if (node === undefined || this.#lost !== undefined) return;
    try {
      await this.#copyPieces(node, offset, bytes, 'full');
    } catch (error) {
      const { operation, cause } = asFailure(error);
      this.#lost = new TransferFailure(operation, cause, true);
    }
  }

  async #copyPieces(top: BlockNode, offset: number, bytes: number, sync: MirrorSync): Promise<number> {
    const { granularity } = this.#pending;
    let moved = 0;
    for (let at = offset - (offset % granularity); at < offset + bytes; at += granularity) {
      const length = Math.min(granularity, this.info.bytes - at);
      moved += await this.#pieces.exclude(at, length, () => this.#copyPiece(top, at, length, sync));
    }
    return moved;
  }

  async #copyPiece(top: BlockNode, offset: number, bytes: number, sync: MirrorSync): Promise<number> {
    if (!this.#pending.isDirty(offset)) return 0;
    const isWanted = sync !== 'top' || (await this.#isOwn(top, offset, bytes));
    const moved = isWanted ? await this.#copier.copy(top, this.#target, offset, bytes) : 0;
    this.#pending.clear(offset, bytes);
    return moved;
  }

  /** Whether any part of a piece is in the top image. */
  async #isOwn(top: BlockNode, offset: number, bytes: number): Promise<boolean> {
    for (let done = 0; done < bytes; ) {
      const found = await reading(heldAbove(top, top.backing, offset + done, bytes - done));
      if (found.held) return true;
      done += found.bytes;
    }
    return false;
  }

  #checkWhole(): void {
    if (this.#lost !== undefined) throw this.#lost;
  }
}

function backingForBackup(plan: BackupPlan, top: BlockNode): BlockNode | undefined {
  return plan.sync === 'none' ? top : backingForNew(plan, top);
}
