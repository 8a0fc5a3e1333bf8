/** Moving data from one image to another, and telling which side failed. */
import { errnoOf } from '../block-error.ts';
import type { BlockNode } from '../block-node.ts';
import type { TransferResult } from './operation-contract.ts';

/** Longest buffer that is kept for the next transfer. */
const KEPT_BYTES = 1024 * 1024;
const MOST_KEPT = 16;

/** One side of a transfer has failed. */
export class TransferFailure extends Error {
  readonly operation: 'read' | 'write';
  readonly errno: number;

  /** Trying again does not mend it. */
  readonly isFinal: boolean;

  constructor(operation: 'read' | 'write', cause: unknown, isFinal = false) {
    super(`${operation} failed`, { cause });
    this.operation = operation;
    this.errno = errnoOf(cause);
    this.isFinal = isFinal;
  }
}

async function side<T>(operation: 'read' | 'write', work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new TransferFailure(operation, cause);
  }
}

export const reading = <T>(work: Promise<T>): Promise<T> => side('read', work);
export const writing = <T>(work: Promise<T>): Promise<T> => side('write', work);

export function dealtWith(bytes: number, moved: number): TransferResult {
  return { outcome: 0, operation: 'read', bytes, moved, isFinal: false };
}

/** What a failed transfer is answered with. */
export function failureOf(error: unknown): TransferResult {
  const { operation, errno, isFinal } = asFailure(error);
  return { outcome: errno, operation, bytes: 0, moved: 0, isFinal };
}

/** Anything else that went wrong counts as a failure to read: the medium is gone. */
export function asFailure(error: unknown): TransferFailure {
  return error instanceof TransferFailure ? error : new TransferFailure('read', error);
}

/** How much is copied at once, where everything up to `alike` is alike: up to there, or to the border of a cluster. */
function stepOf({ backing, clusterBytes }: BlockNode, at: number, alike: number, end: number): number {
  const unit = backing === undefined ? 1 : (clusterBytes ?? 1);
  const whole = Math.floor(alike / unit) * unit;
  if (alike === end || whole === alike) return alike - at;
  return (whole > at ? whole : Math.min(whole + unit, end)) - at;
}

/** Buffers for transfers. */
export class Copier {
  readonly #kept: Uint8Array[] = [];

  /**
   * Copies a range to the same place of another image; zeros, where the source knows of them, without moving any data. A target
   * with a backing file is written in whole clusters as far as the range has them.
   * Rejects with TransferFailure. @returns bytes that were moved
   */
  async copy(source: BlockNode, target: BlockNode, offset: number, bytes: number): Promise<number> {
    const end = offset + bytes;
    let moved = 0;
    for (let at = offset; at < end; ) {
      const { zero, bytes: alike } = await reading(source.status(at, end - at));
      const step = stepOf(target, at, Math.min(at + alike, end), end);
      if (zero && step <= alike) {
        await writing(target.writeZeroes(at, step, { mayUnmap: true }));
      } else {
        await this.#move(source, target, at, step);
        moved += step;
      }
      at += step;
    }
    return moved;
  }

  #move(source: BlockNode, target: BlockNode, offset: number, bytes: number): Promise<void> {
    return this.#withBuffer(bytes, async (buffer) => {
      await reading(source.read(offset, [buffer]));
      await writing(target.write(offset, [buffer]));
    });
  }

  async #withBuffer(bytes: number, work: (buffer: Uint8Array) => Promise<void>): Promise<void> {
    const kept = this.#kept.pop();
    const whole = kept !== undefined && kept.length >= bytes ? kept : new Uint8Array(bytes);
    try {
      await work(whole.subarray(0, bytes));
    } finally {
      if (whole.length <= KEPT_BYTES && this.#kept.length < MOST_KEPT) this.#kept.push(whole);
    }
  }
}
