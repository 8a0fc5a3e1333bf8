/** A clock that moves when a test says so, with the timers of devices. */
import type { DeviceClock, DeviceTimer } from '../../../src/devices/board-services.ts';

interface ArmedTimer {
  at: number | undefined;
  readonly expired: () => void;
}

export class FakeClock implements DeviceClock {
  readonly #timers: ArmedTimer[] = [];
  #now: number;
  #readsToStall = 0;
  #stallNs = 0;

  /** @param start what the clock shows at first, in ns */
  constructor(start = 0) {
    this.#now = start;
  }

  now(): number {
    if (this.#readsToStall > 0) {
      this.#readsToStall -= 1;
      if (this.#readsToStall === 0) this.#now += this.#stallNs;
    }
    return this.#now;
  }

  /** Before its `reads`-th read from now on the clock goes on by `ns`, as when a busy host gives the thread no turn. */
  stallAt(reads: number, ns: number): void {
    this.#readsToStall = reads;
    this.#stallNs = ns;
  }

  timer(expired: () => void): DeviceTimer {
    const armed: ArmedTimer = { at: undefined, expired };
    this.#timers.push(armed);
    return {
      arm: (atNs) => {
        armed.at = atNs;
      },
      cancel: () => {
        armed.at = undefined;
      },
      get expiresAt() {
        return armed.at;
      },
    };
  }

  /** How many timers are armed. */
  get armed(): number {
    return this.#timers.filter(({ at }) => at !== undefined).length;
  }

  /** When the first armed timer expires; undefined while none is armed. */
  get next(): number | undefined {
    const times = this.#timers.flatMap(({ at }) => at ?? []);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Moves the clock on by `ns`; timers run at their own time, in order. */
  advance(ns: number): void {
    this.moveTo(this.#now + ns);
  }

  moveTo(end: number): void {
    for (;;) {
      const due = this.#timers.filter(({ at }) => at !== undefined && at <= end);
      const [first] = due.sort((a, b) => (a.at ?? 0) - (b.at ?? 0));
      if (first?.at === undefined) break;
      this.#now = Math.max(this.#now, first.at);
      first.at = undefined;
      first.expired();
    }
    this.#now = end;
  }
}
