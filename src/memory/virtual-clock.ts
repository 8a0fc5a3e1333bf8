/**
 * The machine's time: runs with the host's monotonic clock while the machine runs, stands still while it is paused, and
 * waits for threads that come too late: for the machine's when a timer is due (a guest must not see that timers are late, or it
 * loses ticks and finds its clocks in contradiction), and for a vCPU's that holds it (vcpu-clock.ts). What was waited is
 * lost: the clock then goes on from where it stood.
 *
 * Ordering: whoever changes anything but a hold makes the version odd, and reads the host's clock only then. A reader that has
 * finished did so before: no limit can begin below what anybody has read, and so the clock never goes backwards.
 */
import {
  GLOBAL_CLOCK_HOLDERS,
  GLOBAL_CLOCK_HOLDS,
  GLOBAL_CLOCK_LIMIT,
  GLOBAL_CLOCK_NS,
  GLOBAL_CLOCK_RUNNING,
  GLOBAL_CLOCK_VERSION,
  GLOBAL_CPU_COUNT,
  MAX_CPUS,
} from './layout.ts';

/** How late the machine may be for a timer before the clock waits. The host wakes a sleeper within a tenth of that. */
export const TIMER_LATENESS_NS = 1e6;
/** Looks at a clock that is being changed before the thread sleeps, and for how long, in ms: its writer may wait for a core. */
const LOOKS = 100;
const NAP_MS = 0.05;

/** A clock that is held goes on by so much at each read, even if it should wait: a counter that stands looks broken. */
const LEAST_STEP_NS = 200;

function nextHold(now: number, ahead: number, due: number): number {
  return Math.max(Math.min(now + ahead, due), now + LEAST_STEP_NS);
}

/** The host's monotonic clock in ns, the same on every thread. */
export function monotonicNs(): number {
  return Number(process.hrtime.bigint());
}

/** A view on the shared clock. Only its owner, the machine, starts, stops and limits it; each vCPU has a hold on it. */
export class VirtualClock {
  readonly #running: Int32Array;
  readonly #version: Int32Array;
  readonly #ns: Float64Array;
  readonly #limit: Float64Array;
  readonly #holders: Int32Array;
  readonly #holds: Float64Array;
  readonly #cpus: Int32Array;
  readonly #host: () => number;

  /** @param host a monotonic clock in ns; tests give their own */
  constructor(memory: WebAssembly.Memory, host: () => number = monotonicNs) {
    this.#running = new Int32Array(memory.buffer, GLOBAL_CLOCK_RUNNING, 1);
    this.#version = new Int32Array(memory.buffer, GLOBAL_CLOCK_VERSION, 1);
    this.#ns = new Float64Array(memory.buffer, GLOBAL_CLOCK_NS, 1);
    this.#limit = new Float64Array(memory.buffer, GLOBAL_CLOCK_LIMIT, 1);
    this.#holders = new Int32Array(memory.buffer, GLOBAL_CLOCK_HOLDERS, 1);
    this.#holds = new Float64Array(memory.buffer, GLOBAL_CLOCK_HOLDS, MAX_CPUS);
    this.#cpus = new Int32Array(memory.buffer, GLOBAL_CPU_COUNT, 1);
    this.#host = host;
  }

  /** Virtual time in ns since power-on. Never goes backwards. */
  now(): number {
    for (let looks = 0; ; looks++) {
      const version = Atomics.load(this.#version, 0);
      const time = this.#shown();
      if ((version & 1) === 0 && Atomics.load(this.#version, 0) === version) return time;
      if (looks >= LOOKS) Atomics.wait(this.#version, 0, version | 1, NAP_MS);
    }
  }

  start(): void {
    if (Atomics.load(this.#running, 0) !== 0) return;
    this.#change(() => {
      this.#ns[0] = (this.#ns[0] ?? 0) - this.#host();
      this.#limit[0] = 0;
      Atomics.store(this.#running, 0, 1);
    });
  }

  stop(): void {
    if (Atomics.load(this.#running, 0) === 0) return;
    this.#change(() => {
      this.#ns[0] = this.#shown();
      Atomics.store(this.#running, 0, 0);
    });
  }

  /** Stops the clock at a time, as after a migration. */
  set(ns: number): void {
    this.#change(() => {
      Atomics.store(this.#running, 0, 0);
      this.#ns[0] = ns;
    });
  }

  /** Before the machine serves its timers: if the clock waits for that, it goes on from there, as far as `limitTo` says next. */
  catchUp(): void {
    const limit = this.#limit[0] ?? 0;
    if (limit === 0 || Atomics.load(this.#running, 0) === 0 || this.#unlimited() <= limit) return;
    this.#change(() => {
      this.#lose(limit);
      this.#limit[0] = limit + TIMER_LATENESS_NS;
    });
  }

  /** Has the clock wait at a time, or at once when that has passed; Infinity for no limit. */
  limitTo(ns: number): void {
    if ((ns === Number.POSITIVE_INFINITY ? 0 : ns) === this.#limit[0]) return;
    this.#change(() => {
      const limit = this.#limit[0] ?? 0;
      if (limit !== 0 && Atomics.load(this.#running, 0) !== 0) this.#lose(limit);
      this.#limit[0] = ns === Number.POSITIVE_INFINITY ? 0 : Math.max(ns, this.#shown());
    });
  }

  /** When the machine's next timer is due as far as the clock knows, in virtual time; Infinity without one. */
  get machineDue(): number {
    const limit = this.#limit[0] ?? 0;
    return limit === 0 ? Number.POSITIVE_INFINITY : limit - TIMER_LATENESS_NS;
  }

  /** Begins a hold: from now on the clock waits for that vCPU after `ahead` ns. Gives the time. */
  hold(cpu: number, ahead: number): number {
    let now = 0;
    this.#change(() => {
      now = this.#shown();
      this.#holds[cpu] = now + ahead;
      Atomics.add(this.#holders, 0, 1);
    });
    return now;
  }

  /** The time at which the clock waits for that vCPU. */
  heldAt(cpu: number): number {
    return this.#holds[cpu] ?? 0;
  }

  /**
   * Moves a hold on. The time goes on to at most `latest`, which is not before the present hold; what the host's clock is
   * ahead of that is lost. The next wait is `ahead` ns from there, or at `due` if that comes first, but at least
   * `LEAST_STEP_NS` on. Gives the time.
   */
  moveHold(cpu: number, latest: number, ahead: number, due: number): number {
    const hold = this.heldAt(cpu);
    const isAhead = this.#unlimited() > hold;
    let now = isAhead ? 0 : this.now();
    const until = nextHold(now, ahead, due);
    if (!isAhead && until >= hold) {
      this.#holds[cpu] = until;
      return now;
    }
    this.#change(() => {
      this.#lose(latest);
      this.#holds[cpu] = latest;
      now = this.#shown();
      this.#holds[cpu] = nextHold(now, ahead, due);
    });
    return now;
  }

  /** Lets the clock go on without that vCPU, with what the host's clock is ahead. */
  release(cpu: number): void {
    this.#holds[cpu] = Number.POSITIVE_INFINITY;
    Atomics.sub(this.#holders, 0, 1);
  }

  /** The time as others see it; exact only while the version does not change. */
  #shown(): number {
    if (Atomics.load(this.#running, 0) === 0) return this.#ns[0] ?? 0;
    let time = this.#unlimited();
    const limit = this.#limit[0] ?? 0;
    if (limit !== 0 && time > limit) time = limit;
    if (Atomics.load(this.#holders, 0) === 0) return time;
    for (let cpu = Atomics.load(this.#cpus, 0) - 1; cpu >= 0; cpu--) {
      const hold = this.#holds[cpu] ?? 0;
      if (hold !== 0 && time > hold) time = hold;
    }
    return time;
  }

  #unlimited(): number {
    return (this.#ns[0] ?? 0) + this.#host();
  }

  /** If the host's clock is further than `time`, that is forgotten. */
  #lose(time: number): void {
    const ahead = this.#unlimited() - time;
    if (ahead > 0) this.#ns[0] = (this.#ns[0] ?? 0) - ahead;
  }

  #change(change: () => void): void {
    for (let looks = 0; ; looks++) {
      const version = Atomics.load(this.#version, 0);
      if ((version & 1) === 0 && Atomics.compareExchange(this.#version, 0, version, version + 1) === version)
        break;
      if (looks >= LOOKS) Atomics.wait(this.#version, 0, version | 1, NAP_MS);
    }
    change();
    Atomics.add(this.#version, 0, 1);
  }
}
