/**
 * Work that copies until source and destination are the same, and goes on copying what is written until the job is completed
 * or let go: mirror, commit of the active image.
 */
import type { DirtyBitmap, DirtyRange } from '../block/dirty-bitmap.ts';
import type { FinishResult } from '../block/operations/operation-contract.ts';
import type { FailedPiece, JobControl } from './job-control.ts';
import type { Storage } from './linear-work.ts';

const NO_DEADLINE = { deadlineMs: Number.POSITIVE_INFINITY };
/** As much as is moved by one request. */
const MOST_PIECE_BYTES = 1024 * 1024;
const MOST_IN_FLIGHT = 16;
/** When there is nothing to copy it is looked at again after this. */
const IDLE_MS = 100;
/** What storage copies in one go while the drive stands still. */
const SETTLED_BYTES = 1024 * 1024;
/** Rounds that do not leave at least a quarter less than the one before, until writes are held back. */
const PATIENCE = 2;

export class FollowWork {
  readonly #control: JobControl;
  readonly #storage: Storage;
  readonly #operation: number;
  readonly #bytes: number;
  readonly #bitmap: DirtyBitmap;
  readonly #pieceBytes: number;
  readonly #mostInFlight: number;
  readonly #inFlight = new Set<Promise<void>>();
  #inFlightBytes = 0;
  #failure: FailedPiece | undefined;
  #cursor = 0;
  #rounds = 0;
  #leftAtLastRound = Number.POSITIVE_INFINITY;
  #slowRounds = 0;
  #isLimiting = false;

  constructor(control: JobControl, storage: Storage, bitmap: DirtyBitmap) {
    this.#control = control;
    this.#storage = storage;
    this.#bitmap = bitmap;
    this.#operation = control.config.operation.operation;
    this.#bytes = control.config.operation.bytes;
    const { granularity } = bitmap;
    const buffer = Math.max(control.config.bufferBytes, granularity);
    this.#pieceBytes = Math.max(granularity, Math.min(MOST_PIECE_BYTES, buffer));
    this.#mostInFlight = Math.min(MOST_IN_FLIGHT, Math.max(1, Math.floor(buffer / this.#pieceBytes)));
  }

  /**
   * Resolves when the operation is over, or leaves off because the job is cancelled before it is ready.
   * @returns whether the operation is over
   * Rejects with JobFailure when an error ends it.
   */
  async run(): Promise<boolean> {
    const { lifecycle } = this.#control;
    try {
      await this.#scan();
      for (;;) {
        const goesOn = await this.#control.mayGoOn();
        if (!goesOn && !lifecycle.concludes) return false;
        if ((await this.#hasFailed()) || this.#startPiece()) continue;
        if (this.#inFlight.size > 0) await Promise.race(this.#inFlight);
        else if (await this.#settled()) return true;
      }
    } finally {
      await Promise.all(this.#inFlight);
    }
  }

  async #scan(): Promise<void> {
    const { needsScan } = this.#control.config.operation;
    for (let at = 0; needsScan && at < this.#bytes && (await this.#control.mayGoOn()); ) {
      const argument = { operation: this.#operation, offset: at };
      const { outcome, next } = await this.#storage.ask('scanOperation', argument, NO_DEADLINE);
      if (outcome !== 0) await this.#control.failed({ outcome, operation: 'read' });
      at = next;
    }
    this.#showProgress();
  }

  /** @returns whether a piece was begun; if not, none is dirty or too many are under way */
  #startPiece(): boolean {
    if (this.#inFlight.size >= this.#mostInFlight) return false;
    if (this.#cursor === 0 && this.#canSettle) return false;
    const piece = this.#bitmap.take(this.#cursor, this.#pieceBytes);
    if (piece === undefined) {
      const wasRound = this.#cursor > 0;
      this.#cursor = 0;
      if (wasRound) this.#roundEnded();
      return wasRound && !this.#canSettle;
    }
    this.#cursor = piece.offset + piece.bytes;
    this.#control.charge(piece.bytes);
    const transfer: Promise<void> = this.#transfer(piece).finally(() => this.#inFlight.delete(transfer));
    this.#inFlight.add(transfer);
    return true;
  }

  /** What storage copies in one go ends the chase after a guest that writes all the while. */
  get #canSettle(): boolean {
    const isLittle = this.#bitmap.dirtyBytes <= SETTLED_BYTES;
    return this.#rounds > 0 && isLittle && !this.#control.lifecycle.has('ready');
  }

  async #transfer(piece: DirtyRange): Promise<void> {
    this.#inFlightBytes += piece.bytes;
    try {
      const argument = { operation: this.#operation, ...piece };
      const result = await this.#storage.ask('transfer', argument, NO_DEADLINE);
      if (result.outcome !== 0) this.#failure ??= result;
    } finally {
      this.#inFlightBytes -= piece.bytes;
      this.#showProgress();
    }
  }

  /** Pieces that fail together are one failure: all of them are dirty again. */
  async #hasFailed(): Promise<boolean> {
    if (this.#failure === undefined) return false;
    await Promise.all(this.#inFlight);
    const failure = this.#failure;
    this.#failure = undefined;
    await this.#limitDirty(undefined);
    await this.#control.failed(failure);
    return true;
  }

  /** Nothing is under way, and little or nothing is dirty. @returns whether the operation is over */
  async #settled(): Promise<boolean> {
    const { lifecycle } = this.#control;
    if (!lifecycle.has('ready')) this.#control.charge(this.#bitmap.dirtyBytes);
    if (lifecycle.has('completing') || lifecycle.concludes) {
      const pivot = !lifecycle.concludes;
      const argument = { operation: this.#operation, pivot };
      const finished = await this.#ended(await this.#storage.ask('finishOperation', argument, NO_DEADLINE));
      if (finished) this.#control.status.offset = this.#control.status.length;
      return finished;
    }
    if (lifecycle.has('working')) {
      const argument = { operation: this.#operation };
      if (await this.#ended(await this.#storage.ask('settleOperation', argument, NO_DEADLINE))) {
        await this.#isReady();
      }
      return false;
    }
    await this.#control.sleep(IDLE_MS);
    return false;
  }

  async #ended(result: FinishResult): Promise<boolean> {
    if (result.outcome !== 0) await this.#control.failed(result);
    return result.outcome === 0 && result.done;
  }

  async #isReady(): Promise<void> {
    const { lifecycle, status } = this.#control;
    await this.#limitDirty(undefined);
    if (lifecycle.has('ending')) return;
    status.offset = status.length;
    lifecycle.synced();
    this.#control.emit('ready', this.#control.progress);
  }

  /** A guest that writes faster than can be copied is held back after a while, unless the job is slow by its own limit. */
  #roundEnded(): void {
    const left = this.#bitmap.dirtyBytes;
    this.#rounds += 1;
    this.#slowRounds = left > this.#leftAtLastRound * 0.75 ? this.#slowRounds + 1 : 0;
    this.#leftAtLastRound = left;
    const isChasing = !this.#control.lifecycle.has('ready') && this.#control.status.speed === 0;
    if (isChasing && this.#slowRounds >= PATIENCE && left > SETTLED_BYTES) {
      // Should storage be gone, the next piece says so.
      this.#limitDirty(Math.max(SETTLED_BYTES, left) / 2).catch(() => undefined);
    }
  }

  async #limitDirty(bytes: number | undefined): Promise<void> {
    if (bytes === undefined && !this.#isLimiting) return;
    this.#isLimiting = bytes !== undefined;
    await this.#storage.ask('limitDirty', { operation: this.#operation, bytes: bytes ?? null });
  }

  #showProgress(): void {
    const left = this.#bitmap.dirtyBytes + this.#inFlightBytes;
    this.#control.status.offset = Math.max(0, this.#bytes - left);
  }
}
