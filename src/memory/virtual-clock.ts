/**
 * The machine's time: runs with the host's monotonic clock while the machine runs, stands still while it is paused, and
 * waits for the machine's thread when that is late for a timer: a guest must not see that timers are late, or it loses ticks
 * and finds its clocks in contradiction. What was waited is lost: the clock then goes on from where it stood.
 */
import { GLOBAL_CLOCK_LIMIT, GLOBAL_CLOCK_NS, GLOBAL_CLOCK_RUNNING, GLOBAL_CLOCK_VERSION } from './layout.ts';

/** The host's monotonic clock in ns, the same on every thread. */
export function monotonicNs(): number {
  return Number(process.hrtime.bigint());
}

/** A view on the shared clock. Only its owner, the machine, starts, stops and limits it. */
export class VirtualClock {
  readonly #running: Int32Array;
  readonly #version: Int32Array;
  readonly #ns: Float64Array;
  readonly #limit: Float64Array;
  readonly #host: () => number;

  /** @param host a monotonic clock in ns; tests give their own */
  constructor(memory: WebAssembly.Memory, host: () => number = monotonicNs) {
    this.#running = new Int32Array(memory.buffer, GLOBAL_CLOCK_RUNNING, 1);
    this.#version = new Int32Array(memory.buffer, GLOBAL_CLOCK_VERSION, 1);
    this.#ns = new Float64Array(memory.buffer, GLOBAL_CLOCK_NS, 1);
    this.#limit = new Float64Array(memory.buffer, GLOBAL_CLOCK_LIMIT, 1);
    this.#host = host;
  }

  /** Virtual time in ns since power-on. Never goes backwards. */
  now(): number {
    for (;;) {
      const version = Atomics.load(this.#version, 0);
      const ns = this.#ns[0] ?? 0;
      const limit = this.#limit[0] ?? 0;
      const isRunning = Atomics.load(this.#running, 0) !== 0;
      const time = isRunning ? this.#clamp(ns + this.#host(), limit) : ns;
      if ((version & 1) === 0 && Atomics.load(this.#version, 0) === version) return time;
    }
  }

  start(): void {
    if (Atomics.load(this.#running, 0) !== 0) return;
    this.#change((ns) => {
      this.#ns[0] = ns - this.#host();
      this.#limit[0] = 0;
      Atomics.store(this.#running, 0, 1);
    });
  }

  stop(): void {
    if (Atomics.load(this.#running, 0) === 0) return;
    this.set(this.now());
  }

  /** Stops the clock at a time, as after a migration. */
  set(ns: number): void {
    this.#change(() => {
      Atomics.store(this.#running, 0, 0);
      this.#ns[0] = ns;
    });
  }

  /** If the clock waits at its limit, it goes on from there: before the machine serves its timers. */
  catchUp(): void {
    const limit = this.#limit[0] ?? 0;
    if (limit === 0 || Atomics.load(this.#running, 0) === 0) return;
    const ahead = (this.#ns[0] ?? 0) + this.#host() - limit;
    if (ahead <= 0) return;
    this.#change((ns) => {
      this.#ns[0] = ns - ahead;
      this.#limit[0] = 0;
    });
  }

  /** Has the clock wait at a time, or at once when that has passed; Infinity for no limit. */
  limitTo(ns: number): void {
    const limit = ns === Number.POSITIVE_INFINITY ? 0 : Math.max(ns, this.now());
    if (limit === this.#limit[0]) return;
    this.#change(() => {
      this.#limit[0] = limit;
    });
  }

  #clamp(time: number, limit: number): number {
    return limit !== 0 && time > limit ? limit : time;
  }

  #change(change: (ns: number) => void): void {
    Atomics.add(this.#version, 0, 1);
    change(this.#ns[0] ?? 0);
    Atomics.add(this.#version, 0, 1);
  }
}
