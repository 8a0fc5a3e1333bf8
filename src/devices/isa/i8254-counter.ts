/**
 * One counter of an 8254 (data sheet 231164-005, "Mode definitions"), computed from the clock whenever somebody looks. A
 * count that is written is in the counting element from the next tick on: tick `start`.
 */
import type { DeviceState } from '../device-class.ts';
import { stateLike, stateOf } from '../saved-state.ts';

/** Fields of a control word (figure 7). */
const ACCESS_SHIFT = 4;
const ACCESS_MASK = 3;
const ACCESS_LSB = 1;
const ACCESS_MSB = 2;
const ACCESS_BOTH = 3;
const MODE_SHIFT = 1;
const MODE_MASK = 7;
const BCD = 1;

/** Bits of the status byte (figure 12). */
const STATUS_OUT = 0x80;
const STATUS_NULL_COUNT = 0x40;

const BINARY_RANGE = 0x10000;
const BCD_RANGE = 10000;
/** The control word's modes 6 and 7 are 2 and 3. */
const LAST_MODE = 5;
const ALIAS_MASK = 3;
/** Shorter periods have no low phase. */
const SHORTEST_PERIOD = 2;

const NONE = -1;

const POWER_ON = {
  mode: 3,
  bcd: false,
  access: ACCESS_BOTH,
  gate: true,
  /** The count of the present counting: 1 to 65536, in BCD to 10000. */
  count: BINARY_RANGE,
  start: 0,
  /** Whether there is a present counting: a count has come since the control word, in modes 1 and 5 a trigger too. */
  loaded: false,
  /** Modes 0 and 4: ticks counted when the gate fell; NONE while it counts. */
  held: NONE,
  /** A count that waits for the end of a period (tick `nextAt`) or for a trigger; 0 for none. */
  next: 0,
  nextAt: 0,
  /** Low byte of a count whose high byte is still to come; NONE without one. */
  writtenLow: NONE,
  readsHigh: false,
  latchedCount: NONE,
  latchedStatus: NONE,
};

/** A tick that does not come. */
const NEVER = 2 ** 52;

/** Ticks of a counter: it holds `count` at tick `start` and begins again every `period` ticks. */
export interface CountDown {
  readonly start: number;
  readonly count: number;
  readonly period: number;
}

interface Period {
  readonly start: number;
  readonly count: number;
}

function toBcd(value: number): number {
  return Number.parseInt(String(value), 16);
}

function fromBcd(value: number): number {
  return [12, 8, 4, 0].reduce((sum, shift) => sum * 10 + Math.min((value >> shift) & 15, 9), 0);
}

export class I8254Counter {
  #state = { ...POWER_ON };
  readonly #tick: () => number;
  readonly #resetGate: boolean;

  /**
   * @param tick the tick that it is now
   * @param resetGate level of the gate after reset
   */
  constructor(tick: () => number, resetGate: boolean) {
    this.#tick = tick;
    this.#resetGate = resetGate;
    this.reset();
  }

  reset(): void {
    this.#state = { ...POWER_ON, gate: this.#resetGate };
  }

  save(): DeviceState {
    return stateOf(this.#state);
  }

  restore(state: DeviceState): void {
    this.#state = stateLike(POWER_ON, state, 'i8254 counter');
  }

  get gate(): boolean {
    return this.#state.gate;
  }

  /** Takes a control word for this counter; access 0 is the counter latch command. */
  control(word: number): void {
    const access = (word >> ACCESS_SHIFT) & ACCESS_MASK;
    if (access === 0) {
      this.latchCount();
      return;
    }
    const mode = (word >> MODE_SHIFT) & MODE_MASK;
    this.#state = {
      ...POWER_ON,
      gate: this.#state.gate,
      access,
      mode: mode > LAST_MODE ? mode & ALIAS_MASK : mode,
      bcd: (word & BCD) !== 0,
    };
  }

  write(byte: number): void {
    const state = this.#state;
    if (state.access === ACCESS_LSB) this.#setCount(byte);
    else if (state.access === ACCESS_MSB) this.#setCount(byte << 8);
    else if (state.writtenLow === NONE) {
      state.writtenLow = byte;
      // Mode 0: the first byte stops the counting and OUT goes low.
      if (state.mode === 0) state.loaded = false;
    } else {
      const value = state.writtenLow | (byte << 8);
      state.writtenLow = NONE;
      this.#setCount(value);
    }
  }

  read(): number {
    const state = this.#state;
    if (state.latchedStatus !== NONE) {
      const status = state.latchedStatus;
      state.latchedStatus = NONE;
      return status;
    }
    const value = state.latchedCount === NONE ? this.#shownCount() : state.latchedCount;
    const high = state.access === ACCESS_MSB || (state.access === ACCESS_BOTH && state.readsHigh);
    if (state.access === ACCESS_BOTH) state.readsHigh = !state.readsHigh;
    if (!state.readsHigh) state.latchedCount = NONE;
    return high ? value >> 8 : value & 0xff;
  }

  /** Keeps the count until it is read; a second latch before that is nothing. */
  latchCount(): void {
    const state = this.#state;
    if (state.latchedCount === NONE) state.latchedCount = this.#shownCount();
  }

  latchStatus(): void {
    const state = this.#state;
    if (state.latchedStatus !== NONE) return;
    const isNull = state.next !== 0 || !state.loaded || this.#tick() < state.start;
    state.latchedStatus =
      (this.out() ? STATUS_OUT : 0) |
      (isNull ? STATUS_NULL_COUNT : 0) |
      (state.access << ACCESS_SHIFT) |
      (state.mode << MODE_SHIFT) |
      (state.bcd ? BCD : 0);
  }

  /** The GATE input (figure 21: what it does in each mode). */
  setGate(level: boolean): void {
    const state = this.#state;
    if (level === state.gate) return;
    this.#settle();
    const now = this.#tick();
    state.gate = level;
    if (state.mode === 0 || state.mode === 4) {
      if (!level) state.held = Math.max(0, now - state.start);
      else {
        state.start = now - Math.max(0, state.held);
        state.held = NONE;
      }
    } else if (level) this.#trigger();
  }

  /** The OUT pin. */
  out(): boolean {
    this.#settle();
    const { mode, loaded, gate, start, count } = this.#state;
    const elapsed = this.#elapsed();
    if (!loaded) return mode !== 0;
    switch (mode) {
      case 0:
        return elapsed >= count;
      case 1:
        return this.#tick() < start || elapsed >= count;
      case 2:
        return !gate || elapsed % count !== count - 1;
      case 3:
        return !gate || elapsed % count < Math.ceil(count / 2);
      default:
        return elapsed !== count;
    }
  }

  /** Whether the high byte is read next; vCPUs that read by themselves turn it too. */
  get readsHigh(): boolean {
    return this.#state.readsHigh;
  }

  set readsHigh(value: boolean) {
    this.#state.readsHigh = value;
  }

  /** What a plain read needs, in the modes and states in which it only needs the time; else undefined. */
  get countDown(): CountDown | undefined {
    this.#settle();
    const { mode, bcd, access, loaded, gate, held, start, count, next } = this.#state;
    const { latchedCount, latchedStatus } = this.#state;
    const isPlain = !bcd && access === ACCESS_BOTH && latchedCount === NONE && latchedStatus === NONE;
    if (!isPlain || !loaded || held !== NONE || next !== 0) return undefined;
    if (mode === 2) return gate ? { start, count, period: count } : undefined;
    return mode === 3 ? undefined : { start, count, period: BINARY_RANGE };
  }

  /** The tick from which OUT is up until somebody programs or triggers the counter; undefined when it also falls. */
  get lastRise(): number | undefined {
    const { mode, loaded, held, start, count } = this.#state;
    if (!loaded) return mode === 0 ? NEVER : 0;
    if (mode !== 0) return undefined;
    if (held === NONE) return start + count;
    return held >= count ? 0 : NEVER;
  }

  /** OUT without the low phases that end by themselves at the next rise. */
  get restingLevel(): boolean {
    return this.#state.mode <= 1 ? this.out() : true;
  }

  /** The first tick after `after` at which OUT goes up; undefined while nothing makes it. */
  nextRise(after: number): number | undefined {
    const { mode, loaded, gate, held, start, count, next, nextAt } = this.#state;
    if (!loaded) return undefined;
    if (mode === 2 || mode === 3) {
      if (!gate) return undefined;
      const rise = riseOf({ start, count }, after);
      if (next === 0 || (rise !== undefined && rise <= nextAt)) return rise;
      return riseOf(this.#following(), Math.max(after, nextAt));
    }
    if (held !== NONE) return undefined;
    const rise = start + count + (mode >= 4 ? 1 : 0);
    return rise > after ? rise : undefined;
  }

  #setCount(written: number): void {
    this.#settle();
    const state = this.#state;
    const value = state.bcd ? fromBcd(written) : written;
    const count = value === 0 ? this.#range() : value;
    const isPeriodic = state.mode === 2 || state.mode === 3;
    if (state.mode === 1 || state.mode === 5) state.next = count;
    else if (isPeriodic && state.loaded && state.gate) {
      state.next = count;
      state.nextAt = this.#endOfPhase();
    } else {
      state.count = count;
      state.start = this.#tick() + 1;
      state.loaded = true;
      state.held = state.gate || isPeriodic ? NONE : 0;
    }
  }

  /** A rising edge on GATE in the modes that it starts. */
  #trigger(): void {
    const state = this.#state;
    if (state.next !== 0) {
      state.count = state.next;
      state.next = 0;
      state.loaded = true;
    }
    if (state.loaded) state.start = this.#tick() + 1;
  }

  /** A new count in mode 2 takes over at the end of the period, in mode 3 at that of the half cycle. */
  #endOfPhase(): number {
    const { mode, start, count } = this.#state;
    const elapsed = this.#elapsed() % count;
    const periodStart = Math.max(this.#tick() - elapsed, start);
    const high = Math.ceil(count / 2);
    return periodStart + (mode === 3 && elapsed < high ? high : count);
  }

  /** The period that begins at `nextAt`. A half cycle that ends in mode 3's high phase is followed by a low one. */
  #following(): Period {
    const { mode, start, count, next, nextAt } = this.#state;
    const endsHigh = mode === 3 && (nextAt - start) % count !== 0;
    return { count: next, start: nextAt - (endsHigh ? Math.ceil(next / 2) : 0) };
  }

  /** Lets a count that waits for the end of a period take over when that has come. */
  #settle(): void {
    const state = this.#state;
    const isPeriodic = state.mode === 2 || state.mode === 3;
    if (!isPeriodic || state.next === 0 || this.#tick() < state.nextAt) return;
    const { start, count } = this.#following();
    state.start = start;
    state.count = count;
    state.next = 0;
  }

  /** Ticks that were counted since the count was loaded. */
  #elapsed(): number {
    const { held, start } = this.#state;
    return held === NONE ? Math.max(0, this.#tick() - start) : held;
  }

  #range(): number {
    return this.#state.bcd ? BCD_RANGE : BINARY_RANGE;
  }

  /** The counting element as the guest reads it. */
  #shownCount(): number {
    this.#settle();
    const { mode, count, bcd, loaded } = this.#state;
    const elapsed = loaded ? this.#elapsed() : 0;
    const range = this.#range();
    let value: number;
    if (mode === 2) value = count - (elapsed % count);
    else if (mode === 3) {
      // Counts down by two, twice a period (the odd count loses its one first).
      const high = Math.ceil(count / 2);
      const phase = elapsed % count;
      value = count - (count % 2) - 2 * (phase < high ? phase : phase - high);
    } else value = count - elapsed;
    const shown = ((value % range) + range) % range;
    return bcd ? toBcd(shown) : shown;
  }
}

function riseOf({ start, count }: Period, after: number): number | undefined {
  if (count < SHORTEST_PERIOD) return undefined;
  const periods = Math.max(1, Math.floor((after - start) / count) + 1);
  return start + periods * count;
}
