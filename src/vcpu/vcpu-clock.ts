/**
 * Time as the instructions of one vCPU read it. Guests measure clocks by one another in loops that read them again and again,
 * and take every pause of such a loop for a fault of a clock: a turn of the event loop, a compilation, or another thread's turn
 * on the processor. A vCPU that polls clocks therefore holds the virtual clock: between two reads it goes on no further than the
 * instructions between them can explain, and not past a timer that the machine or another vCPU still has to serve.
 */
import {
  APIC_TIMER_EXPIRY,
  CPU_APIC,
  CPU_BUDGET,
  CPU_GROUP_SIZE,
  CPU_GROUPS_BASE,
  CPU_PENDING,
  GLOBAL_CPU_COUNT,
  PENDING_TIMER,
} from '../memory/layout.ts';
import { monotonicNs, type VirtualClock } from '../memory/virtual-clock.ts';

/** Reads are one loop if at most so many instructions lie between two of them, and polling after so many of them. */
const LOOP_INSTRUCTIONS = 256;
const POLLING_READS = 8;
/** A hold ends when no clock was read for so many instructions: something else is done now. */
const LONGEST_DISTANCE = 20_000;
/** What may pass between two reads, in ns: a sleep of PAUSE, and for each instruction what cold code takes at most. */
const READ_NS = 200_000;
const INSTRUCTION_NS = 20;
/**
 * The same around reads of the 8254, by which Linux calibrates the TSC: it wants more than a thousand reads in 10 ms, none
 * ten times as long as another, and edges known to within a few µs.
 */
const FINE_READ_NS = 700;
/** Reads after one of the 8254 that belong to the same loop. */
const FINE_READS = 4;
/** How late another thread may be for its timer before time stands, in ns of virtual time. */
const TOLERANCE_NS = 100_000;
/** How long this one sleeps at each read while time stands, in ms, since who is late may need its processor. */
const NAP_MS = 0.05;
/** Longest wait for another thread, in ns of the host's time: it may have stopped for a reason of its own. */
const PATIENCE_NS = 2e8;

export class VcpuClock {
  readonly #clock: VirtualClock;
  readonly #index: number;
  readonly #words: Int32Array;
  readonly #floats: Float64Array;
  readonly #cpus: Int32Array;
  readonly #host: () => number;
  /** CPU_BUDGET at the last read, as it would be without new grants. */
  #budget = 0;
  #reads = 0;
  #fineReads = 0;
  #holds = false;
  /** The time of the last read during a hold. */
  #lastTime = 0;
  /** The host's time at which time began to stand for another thread. */
  #waitsSince: number | undefined;

  /** @param host a monotonic clock in ns; tests give their own */
  constructor(clock: VirtualClock, memory: WebAssembly.Memory, index: number, host = monotonicNs) {
    this.#clock = clock;
    this.#index = index;
    this.#words = new Int32Array(memory.buffer, CPU_GROUPS_BASE + index * CPU_GROUP_SIZE);
    this.#floats = new Float64Array(memory.buffer);
    this.#cpus = new Int32Array(memory.buffer, GLOBAL_CPU_COUNT, 1);
    this.#host = host;
  }

  /** Virtual time in ns for an instruction that reads a clock. @param fine whether it reads the 8254 */
  read(fine = false): number {
    const instructions = this.#distance();
    this.#budget -= instructions;
    if (fine) this.#fineReads = FINE_READS;
    else if (this.#fineReads > 0) this.#fineReads -= 1;
    this.#reads = instructions <= LOOP_INSTRUCTIONS ? this.#reads + 1 : 0;
    const time = this.#holds ? this.#held(instructions) : this.#free();
    if (time >= this.#expiryOf(this.#index)) Atomics.or(this.#words, CPU_PENDING >> 2, PENDING_TIMER);
    return time;
  }

  /** The guest is about to write to the 8254, and will look at it. */
  startsTimer(): void {
    this.#budget = this.#budgetLeft();
    this.#reads = POLLING_READS;
    this.read(true);
  }

  /** Virtual time in ns, for whoever is not the guest. */
  now(): number {
    return this.#clock.now();
  }

  /** Whether the vCPU polls clocks: it is to be looked at soon. */
  get isHolding(): boolean {
    return this.#holds;
  }

  /** Before the vCPU gets a budget of instructions. A hold ends here if no clock was read for long. */
  granting(budget: number): void {
    if (this.#distance() > LONGEST_DISTANCE) this.release();
    this.#budget += budget - this.#budgetLeft();
  }

  /** The vCPU halts or is stopped: time goes on without it. */
  release(): void {
    this.#reads = 0;
    if (!this.#holds) return;
    this.#holds = false;
    this.#clock.release(this.#index);
  }

  #free(): number {
    if (this.#reads < POLLING_READS) return this.#clock.now();
    this.#holds = true;
    return this.#clock.hold(this.#index, this.#ahead());
  }

  #held(instructions: number): number {
    if (instructions > LONGEST_DISTANCE) {
      this.release();
      return this.#clock.now();
    }
    const hold = this.#clock.heldAt(this.#index);
    const due = this.#due(hold);
    const latest = Math.max(hold, Math.min(hold + instructions * INSTRUCTION_NS, due));
    const time = this.#clock.moveHold(this.#index, latest, this.#ahead(), due);
    // It stands for another vCPU that polls clocks: with this one out of the way that may go on.
    if (time === this.#lastTime) this.#nap();
    this.#lastTime = time;
    return time;
  }

  #ahead(): number {
    return this.#fineReads > 0 ? FINE_READ_NS : READ_NS;
  }

  /** When time has to wait for others, in virtual time; waits a moment if that is now. */
  #due(hold: number): number {
    let due = this.#othersDue();
    if (hold >= due) {
      this.#waitsSince ??= this.#host();
      if (this.#host() - this.#waitsSince > PATIENCE_NS) return Number.POSITIVE_INFINITY;
      this.#nap();
      due = this.#othersDue();
    }
    if (hold < due) this.#waitsSince = undefined;
    return due;
  }

  #nap(): void {
    const pending = Atomics.load(this.#words, CPU_PENDING >> 2);
    Atomics.wait(this.#words, CPU_PENDING >> 2, pending, NAP_MS);
  }

  #othersDue(): number {
    let due = this.#clock.machineDue;
    for (let cpu = Atomics.load(this.#cpus, 0) - 1; cpu >= 0; cpu--) {
      const expiry = cpu === this.#index ? 0 : this.#expiryOf(cpu);
      // A vCPU that was never reset has 0 there.
      if (expiry > 0 && expiry < due) due = expiry;
    }
    return due + TOLERANCE_NS;
  }

  #expiryOf(cpu: number): number {
    return this.#floats[(CPU_GROUPS_BASE + cpu * CPU_GROUP_SIZE + CPU_APIC + APIC_TIMER_EXPIRY) >> 3] ?? 0;
  }

  #budgetLeft(): number {
    return this.#words[CPU_BUDGET >> 2] ?? 0;
  }

  /** Instructions since the last read, about. */
  #distance(): number {
    return this.#budget - this.#budgetLeft();
  }
}
