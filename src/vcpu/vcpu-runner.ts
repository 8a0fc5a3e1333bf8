/** Runs a vCPU's core slice by slice on its thread: halts, timers, breakpoints, single steps. */
import {
  APIC_TIMER_EXPIRY,
  BLOCK_CODE_MASK,
  CPU_APIC,
  CPU_ATTENTION_MASK,
  CPU_BLOCK_MODE,
  CPU_HALT_STATE,
  CPU_INSTRUCTION_COUNT,
  CPU_MONITOR_CONTENTS,
  CPU_MWAIT_LINE,
  CPU_PENDING,
  CPU_RIP,
  CPU_SEG_BASE,
  CPU_SLOW_REASONS,
  EXIT_BUDGET,
  EXIT_EXCEPTION,
  EXIT_HALT,
  EXIT_TRIPLE_FAULT,
  HALT_MWAIT,
  HALT_RUNNING,
  HALT_WAIT_SIPI,
  MONITOR_LINE_BYTES,
  PENDING_APIC,
  PENDING_NMI,
  PENDING_PIC,
  PENDING_SMI,
  PENDING_TIMER,
} from '../memory/layout.ts';
import type { CoreInstance } from './core-instance.ts';
import type { VcpuClock } from './vcpu-clock.ts';

/** Longest slice in virtual time (ns) and in instructions, so that messages are read. */
const SLICE_NS = 5e6;
const LONGEST_SLICE = 2_000_000;
/** While the vCPU holds the clock, so that it is soon let go when the guest has other things to do. */
const HOLDING_SLICE = 20_000;
/** The same while there are breakpoints, when each instruction is a run of its own. */
const DEBUG_SLICE = 5_000;
/** Shortest slice in instructions: what costs about as much as starting one. */
const SHORTEST_SLICE = 500;
/** Instructions a ns before anything has been measured, and the weight of a new measurement. */
const FIRST_RATE = 0.05;
const RATE_WEIGHT = 0.25;
/** Of the time until the timer expires, what a slice is to take: the rate may be too high. */
const CAUTION = 0.9;
/** Longest sleep of a halted vCPU, in ms: messages that come without a kick wait that long. */
const LONGEST_SLEEP_MS = 500;
/** How long MWAIT sleeps between two looks at its line, in ms: short at first, then longer, so that idling costs little. */
const FIRST_LOOK_MS = 0.05;
const LOOK_GROWTH = 1.25;
const LONGEST_LOOK_MS = 0.5;
/** Bits of CPU_SLOW_REASONS that are ours: one instruction a block, which is never translated. system.ts has the other. */
const SLOW_DEBUGGER = 2;
const SLOW_SINGLE_STEP = 4;
const INTERRUPTS = PENDING_APIC | PENDING_PIC | PENDING_NMI | PENDING_SMI;
const CODE_SEGMENT_BASE = CPU_SEG_BASE + 8;
const CODE64 = 2;

export type SliceResult = 'ran' | 'slept' | 'shutdown' | 'exception' | 'breakpoint';

export class VcpuRunner {
  readonly #core: CoreInstance;
  readonly #memory: WebAssembly.Memory;
  readonly #clock: VcpuClock;
  readonly #words: Int32Array;
  readonly #view: DataView;
  #breakpoints: ReadonlySet<bigint> = new Set();
  #singleStep = false;
  /** Instructions a ns. */
  #rate = FIRST_RATE;

  constructor(core: CoreInstance, memory: WebAssembly.Memory, clock: VcpuClock) {
    this.#core = core;
    this.#memory = memory;
    this.#clock = clock;
    this.#words = new Int32Array(memory.buffer, core.base);
    this.#view = new DataView(memory.buffer, core.base, 0x2000);
  }

  /** Linear addresses before whose instructions slice() stops. */
  setBreakpoints(addresses: readonly bigint[]): void {
    this.#breakpoints = new Set(addresses);
  }

  /** From the next slice on: one instruction at a time, none of them translated, or as fast as it goes. */
  setSingleStep(on: boolean): void {
    this.#singleStep = on;
  }

  /** Runs a slice, or sleeps while the vCPU is halted. */
  slice(): SliceResult {
    this.#tickTimer();
    // A reset or a restored state may have changed it since the last slice.
    this.#setSlow(SLOW_SINGLE_STEP, this.#singleStep);
    if (this.#breakpoints.size > 0) return this.#debugSlice();
    const began = this.#clock.now();
    const executed = this.#executed();
    const reason = this.#core.run(this.#grant(this.#budget(began)));
    this.#measure((this.#executed() - executed) >>> 0, this.#clock.now() - began);
    return this.#settle(reason);
  }

  /** An application processor after a reset: it stands still until INIT and SIPI (SDM vol. 3, 8.4.1). */
  awaitStartup(): void {
    this.#words[CPU_HALT_STATE >> 2] = HALT_WAIT_SIPI;
    this.#core.stateWritten();
  }

  /** While an instruction waited for a device the timer may have expired. */
  noteTimer(): void {
    if (this.#clock.now() >= this.#expiry()) Atomics.or(this.#words, CPU_PENDING >> 2, PENDING_TIMER);
  }

  status(): { readonly pc: bigint; readonly halted: boolean } {
    return { pc: this.#linearRip(), halted: this.#words[CPU_HALT_STATE >> 2] !== HALT_RUNNING };
  }

  /** Executes instructions one at a time; stops early when something else than the count ends it. */
  step(instructions: number): SliceResult {
    this.#setSlow(SLOW_DEBUGGER, true);
    try {
      for (let i = 0; i < instructions; i++) {
        const result = this.#settle(this.#core.run(this.#grant(1)), false);
        if (result !== 'ran') return result;
      }
      return 'ran';
    } finally {
      this.#setSlow(SLOW_DEBUGGER, false);
    }
  }

  /** Instructions until shortly before the APIC timer expires, at the rate of late. */
  #budget(now: number): number {
    const ns = Math.min((this.#expiry() - now) * CAUTION, SLICE_NS);
    const longest = this.#clock.isHolding ? HOLDING_SLICE : LONGEST_SLICE;
    return Math.max(SHORTEST_SLICE, Math.min(Math.floor(ns * this.#rate), longest));
  }

  #grant(budget: number): number {
    this.#clock.granting(budget);
    return budget;
  }

  #measure(instructions: number, ns: number): void {
    if (instructions < SHORTEST_SLICE / 2 || ns <= 0) return;
    this.#rate += (instructions / ns - this.#rate) * RATE_WEIGHT;
  }

  /** Instructions so far, modulo 2^32. */
  #executed(): number {
    return this.#view.getUint32(CPU_INSTRUCTION_COUNT, true);
  }

  #expiry(): number {
    return this.#view.getFloat64(CPU_APIC + APIC_TIMER_EXPIRY, true);
  }

  #debugSlice(): SliceResult {
    for (let i = 0; i < DEBUG_SLICE; i++) {
      const result = this.step(1);
      if (result !== 'ran') return result;
      if (this.#breakpoints.has(this.#linearRip())) return 'breakpoint';
    }
    return 'ran';
  }

  #linearRip(): bigint {
    const rip = this.#view.getBigUint64(CPU_RIP, true);
    if ((this.#view.getUint32(CPU_BLOCK_MODE, true) & BLOCK_CODE_MASK) === CODE64) return rip;
    return BigInt.asUintN(32, rip + this.#view.getBigUint64(CODE_SEGMENT_BASE, true));
  }

  #settle(reason: number, maySleep = true): SliceResult {
    if (reason === EXIT_TRIPLE_FAULT) return 'shutdown';
    if (reason === EXIT_EXCEPTION) return 'exception';
    if (reason === EXIT_HALT && maySleep) {
      this.#sleep();
      return 'slept';
    }
    return reason === EXIT_BUDGET ? 'ran' : 'slept';
  }

  /** Waits until a request arrives, the APIC timer is due, or the longest sleep is over. */
  #sleep(): void {
    this.#clock.release();
    const word = CPU_PENDING >> 2;
    const pending = Atomics.load(this.#words, word);
    if ((pending & this.#wakers()) !== 0) return;
    const untilTimer = (this.#expiry() - this.#clock.now()) / 1e6;
    const longest = Math.max(0, Math.min(untilTimer, LONGEST_SLEEP_MS));
    if (this.#words[CPU_HALT_STATE >> 2] === HALT_MWAIT) this.#sleepOnLine(pending, longest);
    else Atomics.wait(this.#words, word, pending, longest);
    this.#tickTimer();
  }

  /** PENDING_* bits that end a sleep. Before its SIPI a processor holds interrupts pending. */
  #wakers(): number {
    const mask = this.#words[CPU_ATTENTION_MASK >> 2] ?? 0;
    return this.#words[CPU_HALT_STATE >> 2] === HALT_WAIT_SIPI ? mask & ~INTERRUPTS : mask;
  }

  /**
   * MWAIT: sleeps like HLT for at most `longest` ms, but ends when the line changes, and for interrupts that IF masks
   * too, as ECX bit 0 may ask (SDM vol. 2, "MWAIT": it may end for any reason).
   */
  #sleepOnLine(pending: number, longest: number): void {
    let left = longest;
    let look = FIRST_LOOK_MS;
    let isOver = (pending & (PENDING_APIC | PENDING_PIC)) !== 0 || this.#hasLineChanged();
    while (!isOver && left > 0) {
      const step = Math.min(look, left);
      isOver =
        Atomics.wait(this.#words, CPU_PENDING >> 2, pending, step) !== 'timed-out' || this.#hasLineChanged();
      left -= step;
      look = Math.min(look * LOOK_GROWTH, LONGEST_LOOK_MS);
    }
    if (isOver) this.#words[CPU_HALT_STATE >> 2] = HALT_RUNNING;
  }

  #hasLineChanged(): boolean {
    const line = (this.#words[CPU_MWAIT_LINE >> 2] ?? 0) >>> 0;
    const now = new Int32Array(this.#memory.buffer, line, MONITOR_LINE_BYTES >> 2);
    const armed = CPU_MONITOR_CONTENTS >> 2;
    return now.some((_, i) => Atomics.load(now, i) !== this.#words[armed + i]);
  }

  #tickTimer(): void {
    if (this.#clock.now() >= this.#expiry()) this.#core.timerTick();
  }

  #setSlow(reason: number, on: boolean): void {
    const reasons = this.#view.getUint32(CPU_SLOW_REASONS, true);
    if (((reasons & reason) !== 0) === on) return;
    this.#view.setUint32(CPU_SLOW_REASONS, on ? reasons | reason : reasons & ~reason, true);
    this.#core.stateWritten();
  }
}
