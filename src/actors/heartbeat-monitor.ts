import type { Clock } from './clock.ts';
import { BEAT_PERIOD_MS, beatPeriod, type Pulse } from './pulse.ts';

interface Watched {
  readonly pulse: Pulse;
  readonly silent: (silenceMs: number) => void;
  limitMs: number;
  last: number;
  silenceMs: number;
  /** The same as it would be if the thread had a processor for itself. */
  countedMs: number;
}

/**
 * Judges the heartbeats of all workers from the supervisor's thread. It looks about once a second with a timer that
 * keeps nothing alive. A look that comes late counts as one period only: when this very thread, or the whole machine,
 * was asleep, the workers are given the chance to beat again. On a crowded machine a silence counts for as much less as a
 * thread gets less of a processor: one that starts there, or has much to do, is not hung.
 */
export class HeartbeatMonitor {
  readonly #clock: Clock;
  readonly #watched = new Map<string, Watched>();
  #timer: Disposable | undefined;
  #periodMs = BEAT_PERIOD_MS;
  #lookedAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `silent` once when that thread has not beaten for `limitMs`. Watching it anew only changes the limit. */
  watch(thread: string, pulse: Pulse, limitMs: number, silent: (silenceMs: number) => void): void {
    const watched = this.#watched.get(thread);
    if (watched?.pulse === pulse) {
      watched.limitMs = limitMs;
    } else {
      this.#watched.set(thread, { pulse, silent, limitMs, last: pulse.read(), silenceMs: 0, countedMs: 0 });
    }
    this.#arm();
  }

  unwatch(thread: string, pulse: Pulse): void {
    if (this.#watched.get(thread)?.pulse === pulse) {
      this.#watched.delete(thread);
    }
    if (this.#watched.size === 0) {
      this.#timer?.[Symbol.dispose]();
      this.#timer = undefined;
    }
  }

  #arm(): void {
    const shortest = Math.min(...[...this.#watched.values()].map((watched) => watched.limitMs));
    const periodMs = beatPeriod(shortest);
    if (this.#timer !== undefined && periodMs >= this.#periodMs) {
      return;
    }
    this.#timer?.[Symbol.dispose]();
    this.#periodMs = periodMs;
    this.#lookedAt = this.#clock.now();
    this.#timer = this.#clock.after(periodMs, () => this.#look(), { background: true });
  }

  #look(): void {
    this.#timer = undefined;
    const elapsedMs = Math.min(this.#clock.now() - this.#lookedAt, this.#periodMs);
    const crowding = this.#clock.crowding?.() ?? 1;
    for (const [thread, watched] of [...this.#watched]) {
      const beat = watched.pulse.read();
      const isSilent = beat === watched.last;
      watched.silenceMs = isSilent ? watched.silenceMs + elapsedMs : 0;
      watched.countedMs = isSilent ? watched.countedMs + elapsedMs / crowding : 0;
      watched.last = beat;
      if (watched.countedMs >= watched.limitMs) {
        this.#watched.delete(thread);
        watched.silent(watched.silenceMs);
      }
    }
    if (this.#watched.size > 0) {
      this.#arm();
    }
  }
}
