/**
 * The heartbeat of a worker thread: one shared 32-bit word.
 *
 * Owner: the worker, the only writer (`Atomics.add`), about once a second from a timer of its own, or more often by
 * itself. Reader: the supervisor's thread (`Atomics.load`), which compares it with what it read before; the value means
 * nothing. Nobody is woken by it and it orders nothing.
 */
export class Pulse {
  readonly buffer: SharedArrayBuffer;
  readonly #word: Int32Array;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#word = new Int32Array(buffer);
  }

  beat(): void {
    Atomics.add(this.#word, 0, 1);
  }

  read(): number {
    return Atomics.load(this.#word, 0);
  }
}

/** How often a worker beats, milliseconds, when nobody asks for a shorter heartbeat. */
export const BEAT_PERIOD_MS = 1000;

/** How often to beat, and to look, so that a silence of `heartbeatMs` is told from a late timer. */
export function beatPeriod(heartbeatMs: number): number {
  return Math.max(10, Math.min(BEAT_PERIOD_MS, Math.floor(heartbeatMs / 4)));
}
