/**
 * What a mirror and the commit of the active image have in common: a destination becomes what the drive is, and every write
 * meanwhile is marked to be copied too, until the drive is switched to it, or let go at a moment when both are the same.
 */
import { type Clock, settledWithin, systemClock } from '../../actors/clock.ts';
import type { BlockNode } from '../block-node.ts';
import type { DirtyBitmap, DirtyRange } from '../dirty-bitmap.ts';
import type { DriveAccess, ExclusiveDrive } from '../drive-access.ts';
import { RangeLock } from '../range-lock.ts';
import { wholeClusters } from './copy-target.ts';
import type { GraphOperation } from './graph-operation.ts';
import type { OperationInfo, TransferResult } from './operation-contract.ts';
import { Copier, dealtWith, reading, writing } from './transfer.ts';

/** What is left at the end may be copied while the guest's requests wait, if it is no more than this. */
const MOST_LEFT_BYTES = 1024 * 1024;
/** A write is held back for at most this long. */
const MOST_HELD_MS = 100;
/** Ranges that one scan looks at, and bytes that one of them may have. */
const RANGES_A_SCAN = 64;
const MOST_SCANNED_BYTES = 1024 * 1024 * 1024;

/** Where the data goes, and what becomes of the drive at the end. */
export interface Destination {
  readonly node: BlockNode;
  /** Rejects with BlockError. */
  preparePivot(): Promise<void>;
  /** The drive, which is held still, is this destination from now on. Rejects when that cannot be; nothing has changed then. */
  pivot(drive: ExclusiveDrive): Promise<void>;
  /** The drive stays what it is. It is held still. */
  release(): Promise<void>;
}

/** How far the first byte of a range has to be copied at first, or not. */
export type NeedsCopy = (
  top: BlockNode,
  offset: number,
  bytes: number,
) => Promise<{ readonly needed: boolean; readonly bytes: number }>;

export class FollowOperation implements GraphOperation {
  readonly info: Omit<OperationInfo, 'operation'>;
  readonly #access: DriveAccess;
  readonly #destination: Destination;
  readonly #bitmap: DirtyBitmap;
  readonly #needsCopy: NeedsCopy | undefined;
  readonly #copier = new Copier();
  /** Two copies of one range would not know which of them has the newer data. */
  readonly #copies = new RangeLock();
  readonly #clock: Clock;
  readonly #stopWatching: () => void;
  /** Writes wait while more is dirty than that. */
  #ceiling = Number.POSITIVE_INFINITY;
  #progressed = Promise.withResolvers<void>();

  /**
   * To be made while the drive is held still.
   * @param bitmap clean, as long as the drive
   * @param needsCopy what is copied at the beginning; nothing when undefined
   */
  constructor(
    access: DriveAccess,
    destination: Destination,
    bitmap: DirtyBitmap,
    needsCopy: NeedsCopy | undefined,
    clock: Clock = systemClock,
  ) {
    this.#clock = clock;
    this.#access = access;
    this.#destination = destination;
    this.#bitmap = bitmap;
    this.#needsCopy = needsCopy;
    const stopObserving = access.observeWrites((offset, bytes) => bitmap.mark(offset, bytes));
    const stopIntercepting = access.interceptWrites(() => this.#admit());
    this.#stopWatching = () => {
      this.limitDirty(undefined);
      stopIntercepting();
      stopObserving();
    };
    const { bytes } = bitmap.shared;
    this.info = { bytes, bitmap: bitmap.shared, follows: true, needsScan: needsCopy !== undefined };
  }

  async transfer(offset: number, bytes: number): Promise<TransferResult> {
    try {
      const moved = await this.#access.beside((top) => this.#copy(top, { offset, bytes }));
      return dealtWith(bytes, moved);
    } finally {
      this.#signal();
    }
  }

  async scan(offset: number): Promise<number> {
    const needsCopy = this.#needsCopy;
    if (needsCopy === undefined) return this.info.bytes;
    return this.#access.beside(async (top) => {
      let at = offset;
      for (let count = 0; count < RANGES_A_SCAN && at < this.info.bytes; count++) {
        const most = Math.min(this.info.bytes - at, MOST_SCANNED_BYTES);
        const { needed, bytes } = await reading(needsCopy(top, at, most));
        if (needed) this.#bitmap.mark(at, bytes);
        at += bytes;
      }
      return at;
    });
  }

  flush(): Promise<void> {
    return writing(this.#destination.node.flush());
  }

  preparePivot(): Promise<void> {
    return this.#destination.preparePivot();
  }

  settle(): Promise<boolean> {
    return this.#access.alone((drive) => this.#copyRest(drive));
  }

  limitDirty(bytes: number | undefined): void {
    this.#ceiling = bytes ?? Number.POSITIVE_INFINITY;
    this.#signal();
  }

  finish(pivot: boolean): Promise<boolean> {
    return this.#access.alone(async (drive) => {
      if (!(await this.#copyRest(drive))) return false;
      if (pivot) await writing(this.#destination.pivot(drive));
      else await this.#destination.release();
      this.#stopWatching();
      return true;
    });
  }

  async abandon(): Promise<void> {
    this.#stopWatching();
    await this.#access.alone(() => this.#destination.release());
  }

  /** The drive is held still. @returns false when there is too much left for that */
  async #copyRest({ node }: ExclusiveDrive): Promise<boolean> {
    if (node === undefined || this.#bitmap.dirtyBytes > MOST_LEFT_BYTES) return false;
    for (let left = this.#next(); left !== undefined; left = this.#next()) await this.#copy(node, left);
    await this.flush();
    return true;
  }

  #next(): DirtyRange | undefined {
    return this.#bitmap.take(0, MOST_LEFT_BYTES);
  }

  /** Not for long: who needs the drive to himself waits for this write, and holds back the copies that it waits for. */
  async #admit(): Promise<void> {
    if (this.#bitmap.dirtyBytes <= this.#ceiling) return;
    const isBelow = (async () => {
      while (this.#bitmap.dirtyBytes > this.#ceiling) await this.#progressed.promise;
    })();
    await settledWithin(this.#clock, isBelow, MOST_HELD_MS);
  }

  /** Those that wait look again. */
  #signal(): void {
    this.#progressed.resolve();
    this.#progressed = Promise.withResolvers();
  }

  /** A failed copy is still to be made. */
  #copy(top: BlockNode, asked: DirtyRange): Promise<number> {
    const { node } = this.#destination;
    const { offset, bytes } = wholeClusters(node, asked.offset, asked.bytes);
    const length = Math.min(bytes, this.info.bytes - offset);
    return this.#copies.exclude(offset, length, async () => {
      try {
        return await this.#copier.copy(top, node, offset, length);
      } catch (error) {
        this.#bitmap.mark(offset, length);
        throw error;
      }
    });
  }
}
