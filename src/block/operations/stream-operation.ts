/** block-stream: data of the backing files above a base goes into the top image, which then builds on the base alone. */
import { BlockError, EROFS } from '../block-error.ts';
import type { BlockNode } from '../block-node.ts';
import type { DriveAccess } from '../drive-access.ts';
import { dropBetween, findBelow, heldAbove } from './chain.ts';
import type { GraphOperation } from './graph-operation.ts';
import type { OperationInfo, TransferResult } from './operation-contract.ts';
import { Copier, dealtWith, reading, TransferFailure, writing } from './transfer.ts';

/** How far ahead what need not be moved is skipped at once. */
const MOST_SKIPPED_BYTES = 1024 * 1024 * 1024;

export class StreamOperation implements GraphOperation {
  readonly info: Omit<OperationInfo, 'operation'>;
  readonly #access: DriveAccess;
  readonly #base: BlockNode | undefined;
  /** The base's name as it was asked for. */
  readonly #baseName: string | undefined;
  readonly #copier = new Copier();

  private constructor(access: DriveAccess, top: BlockNode, base: BlockNode | undefined, baseName?: string) {
    this.#access = access;
    this.#base = base;
    this.#baseName = baseName;
    this.info = { bytes: top.bytes, bitmap: undefined, follows: false, needsScan: false };
  }

  /** Rejects with BlockError `Base 'BASE' not found`. */
  static begin(access: DriveAccess, baseName: string | null): Promise<StreamOperation> {
    return access.beside(async (top) => {
      if (baseName === null) return new StreamOperation(access, top, undefined);
      const base = findBelow(top, baseName);
      if (base === undefined) throw new BlockError('ERR_BLOCK_OPEN', `Base '${baseName}' not found`);
      return new StreamOperation(access, top, base, baseName);
    });
  }

  transfer(offset: number, bytes: number): Promise<TransferResult> {
    return this.#access.beside(async (top, ranges) => {
      const far = Math.min(top.bytes - offset, MOST_SKIPPED_BYTES);
      const own = await reading(top.status(offset, far));
      if (own.allocated) return dealtWith(own.bytes, 0);
      const below = await reading(this.#below(top, offset, own.bytes));
      // What reads as zeros does so without any backing file as well.
      if (!below.held || (below.zero && this.#base === undefined)) return dealtWith(below.bytes, 0);
      const length = Math.min(below.bytes, bytes);
      const moved = await ranges.exclude(offset, length, () => this.#fill(top, offset, length));
      return dealtWith(length, moved);
    });
  }

  scan(): Promise<number> {
    return Promise.resolve(this.info.bytes);
  }

  flush(): Promise<void> {
    return this.#access.beside((top) => writing(top.flush()));
  }

  preparePivot(): Promise<void> {
    return Promise.resolve();
  }

  async finish(): Promise<boolean> {
    await this.#access.alone(async ({ node }) => {
      if (node !== undefined) await writing(dropBetween(node, this.#base, this.#baseName));
    });
    return true;
  }

  /** What has been copied stays. */
  abandon(): Promise<void> {
    return Promise.resolve();
  }

  async #below(top: BlockNode, offset: number, bytes: number) {
    return top.backing === undefined
      ? { held: false, zero: false, bytes }
      : heldAbove(top.backing, this.#base, offset, bytes);
  }

  /** The guest may have written a part of the range before it was ours. */
  async #fill(top: BlockNode, offset: number, bytes: number): Promise<number> {
    if (top.readOnly) throw readOnlyFailure(top);
    let moved = 0;
    for (let done = 0; done < bytes; ) {
      const { allocated, bytes: alike } = await reading(top.status(offset + done, bytes - done));
      if (!allocated) moved += await this.#fillRun(top, offset + done, alike);
      done += alike;
    }
    return moved;
  }

  async #fillRun(top: BlockNode, offset: number, bytes: number): Promise<number> {
    const { zero, bytes: alike } = await reading(this.#below(top, offset, bytes));
    if (zero && alike >= bytes) {
      await writing(top.writeZeroes(offset, bytes, { mayUnmap: true }));
      return 0;
    }
    return this.#copier.copy(top, top, offset, bytes);
  }
}

function readOnlyFailure({ fileName }: BlockNode): TransferFailure {
  const cause = new BlockError('ERR_BLOCK_READ_ONLY', `'${fileName}' is open for reading only`, {
    errno: EROFS,
  });
  return new TransferFailure('write', cause);
}
