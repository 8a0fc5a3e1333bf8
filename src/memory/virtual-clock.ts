/** The machine's time: runs with the host's monotonic clock while the machine runs, stands still while it is paused. */
import { GLOBAL_CLOCK_NS, GLOBAL_CLOCK_RUNNING } from './layout.ts';

/** The host's monotonic clock in ns, the same on every thread. */
export function monotonicNs(): number {
  return Number(process.hrtime.bigint());
}

/** A view on the shared clock. Only its owner, the machine, starts and stops it, while no vCPU runs. */
export class VirtualClock {
  readonly #running: Int32Array;
  readonly #ns: Float64Array;
  readonly #host: () => number;

  /** @param host a monotonic clock in ns; tests give their own */
  constructor(memory: WebAssembly.Memory, host: () => number = monotonicNs) {
    this.#running = new Int32Array(memory.buffer, GLOBAL_CLOCK_RUNNING, 1);
    this.#ns = new Float64Array(memory.buffer, GLOBAL_CLOCK_NS, 1);
    this.#host = host;
  }

  /** Virtual time in ns since power-on. */
  now(): number {
    const ns = this.#ns[0] ?? 0;
    return Atomics.load(this.#running, 0) === 0 ? ns : ns + this.#host();
  }

  start(): void {
    if (Atomics.load(this.#running, 0) !== 0) return;
    this.#ns[0] = (this.#ns[0] ?? 0) - this.#host();
    Atomics.store(this.#running, 0, 1);
  }

  stop(): void {
    if (Atomics.load(this.#running, 0) === 0) return;
    this.set(this.now());
  }

  /** Stops the clock at a time, as after a migration. */
  set(ns: number): void {
    Atomics.store(this.#running, 0, 0);
    this.#ns[0] = ns;
  }
}
