/** The timers of devices on one clock. */
import type { DeviceClock, DeviceTimer } from '../../devices/board-services.ts';

class QueuedTimer implements DeviceTimer {
  readonly #armed: Set<QueuedTimer>;
  readonly expired: () => void;
  #expiresAt: number | undefined;

  constructor(armed: Set<QueuedTimer>, expired: () => void) {
    this.#armed = armed;
    this.expired = expired;
  }

  get expiresAt(): number | undefined {
    return this.#expiresAt;
  }

  arm(atNs: number): void {
    this.#expiresAt = atNs;
    this.#armed.add(this);
  }

  cancel(): void {
    this.#expiresAt = undefined;
    this.#armed.delete(this);
  }
}

export class TimerQueue implements DeviceClock {
  /** A machine has a few dozen timers and few of them are armed: looking at all is faster than keeping them sorted. */
  readonly #armed = new Set<QueuedTimer>();
  readonly #now: () => number;

  /** @param now the clock, in ns */
  constructor(now: () => number) {
    this.#now = now;
  }

  now(): number {
    return this.#now();
  }

  timer(expired: () => void): DeviceTimer {
    return new QueuedTimer(this.#armed, expired);
  }

  /** When the next timer expires, Infinity if none is armed. */
  nextExpiry(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { expiresAt = next } of this.#armed) if (expiresAt < next) next = expiresAt;
    return next;
  }

  /** Runs what is due, earliest first. A timer that is armed anew meanwhile waits for the next call, even if it is due. */
  runDue(): void {
    if (this.#armed.size === 0) return;
    const now = this.#now();
    const due = [...this.#armed]
      .flatMap((timer) => (timer.expiresAt === undefined ? [] : [{ timer, at: timer.expiresAt }]))
      .filter(({ at }) => at <= now)
      .sort((a, b) => a.at - b.at);
    for (const { timer, at } of due) {
      // One that ran before may have cancelled or moved it.
      if (timer.expiresAt !== at) continue;
      timer.cancel();
      timer.expired();
    }
  }
}
