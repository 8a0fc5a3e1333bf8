import { availableParallelism, loadavg } from 'node:os';

/** Where deadlines and heartbeats take their time from, so that tests can hold it in their hands. */
export interface Clock {
  /** Milliseconds on a clock that never goes back; its origin means nothing. */
  now(): number;

  /**
   * Calls `callback` once after `ms` milliseconds, unless the result is disposed of before. A `background` timer does
   * not keep the process alive.
   */
  after(ms: number, callback: () => void, options?: { background?: boolean }): Disposable;

  /** How many threads share a processor of this machine, about, and at least 1: a busy thread is so much slower. Absent: 1. */
  crowding?(): number;
}

/** Node's own timers. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, callback, options) {
    const timer = setTimeout(callback, ms);
    if (options?.background === true) {
      timer.unref();
    }
    return timer;
  },
  crowding: () => Math.max(1, (loadavg()[0] ?? 1) / availableParallelism()),
};

/** The longest delay that Node's timers take; what is longer counts as never. */
const LONGEST_DELAY_MS = 0x7fff_ffff;

/** `clock.after`, but a delay beyond what timers can hold (Infinity among them) never fires and costs nothing. */
export function deadlineAfter(clock: Clock, ms: number, callback: () => void): Disposable | undefined {
  return ms > LONGEST_DELAY_MS ? undefined : clock.after(ms, callback);
}

/**
 * Waits for `work`, but at most `ms` milliseconds. Resolves with `true` when it ended (in whatever way) in time.
 */
export function settledWithin(clock: Clock, work: Promise<unknown>, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = deadlineAfter(clock, ms, () => resolve(false));
    const settled = () => {
      timer?.[Symbol.dispose]();
      resolve(true);
    };
    work.then(settled, settled);
  });
}
