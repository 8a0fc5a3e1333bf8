/** One timer block of the HPET: a comparator with its configuration and route (specification 1.0a, 2.3.8 to 2.3.10). */
import type { DeviceClock, DeviceTimer } from '../board-services.ts';
import type { DeviceState } from '../device-class.ts';
import { stateLike, stateOf } from '../saved-state.ts';

export interface HpetComparatorOptions {
  readonly index: number;
  /** Whether it can interrupt by a message on the bus. */
  readonly canMessage: boolean;
  readonly clock: DeviceClock;
  /** The main counter now. */
  counter(): bigint;
  isRunning(): boolean;
  /** The comparator has matched; false: a level that it held is taken back. */
  interrupt(asserted: boolean): void;
}

/** Offsets in the block. */
const CONFIGURATION = 0x00;
const ROUTE_CAPABILITY = 0x04;
const COMPARATOR = 0x08;
const MESSAGE_DATA = 0x10;
const MESSAGE_ADDRESS = 0x14;

/** Bits of the configuration (2.3.8). */
const INT_TYPE_CNF = 0x0002;
const INT_ENB_CNF = 0x0004;
const TYPE_CNF = 0x0008;
const PER_INT_CAP = 0x0010;
const SIZE_CAP = 0x0020;
const VAL_SET_CNF = 0x0040;
const MODE_32_CNF = 0x0100;
const INT_ROUTE_CNF = 0x3e00;
const INT_ROUTE_SHIFT = 9;
const FSB_EN_CNF = 0x4000;
const FSB_INT_DEL_CAP = 0x8000;
const WRITABLE = INT_TYPE_CNF | INT_ENB_CNF | TYPE_CNF | VAL_SET_CNF | MODE_32_CNF | INT_ROUTE_CNF;
/** Inputs of the I/O APIC that it says it may be routed to: 2, as on the reference. Others work too. */
const ROUTES = 0x00000004;

const LOW_HALF = 0xffffffffn;
const NS_PER_TICK = 10;
/** How far a comparator may be behind when it is written and still means "at once": half a 32-bit counter. */
const WRITTEN_LATE = 0x80000000n;
/** The same for changes of configuration that reach the device after a short time was over: 1 ms. A period is never over. */
const CONFIGURED_LATE = 100_000n;
/** Interrupts of a period that no guest can keep up with come no faster. */
const SHORTEST_WAIT_NS = 10_000;
const LONGEST_WAIT_NS = Number.MAX_SAFE_INTEGER / 2;

const POWER_ON = {
  configuration: 0,
  comparator: LOW_HALF | (LOW_HALF << 32n),
  period: 0n,
  messageData: 0,
  messageAddress: 0,
  /** The present comparator value has matched, or nobody has written it: it is not late. */
  hasFired: true,
  /** The low half of a comparator was written with VAL_SET_CNF: the high half belongs to it. */
  highHalfFollows: false,
};

export class HpetComparator {
  #state = { ...POWER_ON };
  readonly #options: HpetComparatorOptions;
  readonly #timer: DeviceTimer;

  constructor(options: HpetComparatorOptions) {
    this.#options = options;
    this.#timer = options.clock.timer(() => this.#expired());
  }

  get isEnabled(): boolean {
    return this.#has(INT_ENB_CNF);
  }

  /** Level-triggered: the interrupt stays until its status bit is cleared. */
  get isLevel(): boolean {
    return this.#has(INT_TYPE_CNF);
  }

  /** Input of the I/O APIC. */
  get route(): number {
    return (this.#state.configuration & INT_ROUTE_CNF) >> INT_ROUTE_SHIFT;
  }

  /** What it sends instead of using a line, when that is on. */
  get message(): { readonly address: number; readonly data: number } | undefined {
    const { messageAddress, messageData } = this.#state;
    return this.#has(FSB_EN_CNF) ? { address: messageAddress, data: messageData } : undefined;
  }

  reset(): void {
    this.#takeBack();
    this.#state = { ...POWER_ON };
    this.stop();
  }

  stop(): void {
    this.#timer.cancel();
  }

  save(): DeviceState {
    this.#settle();
    return stateOf(this.#state);
  }

  restore(state: DeviceState): void {
    this.#state = stateLike(POWER_ON, state, 'hpet timer');
    this.schedule();
  }

  read(offset: number): number {
    const { configuration, messageData, messageAddress } = this.#state;
    switch (offset) {
      case CONFIGURATION:
        return configuration | PER_INT_CAP | SIZE_CAP | (this.#options.canMessage ? FSB_INT_DEL_CAP : 0);
      case ROUTE_CAPABILITY:
        return ROUTES;
      case COMPARATOR:
      case COMPARATOR + 4:
        this.#settle();
        return Number(
          (offset === COMPARATOR ? this.#state.comparator : this.#state.comparator >> 32n) & LOW_HALF,
        );
      case MESSAGE_DATA:
        return messageData;
      case MESSAGE_ADDRESS:
        return messageAddress;
      default:
        return 0;
    }
  }

  write(offset: number, value: number): void {
    switch (offset) {
      case CONFIGURATION:
        this.#configure(value);
        break;
      case COMPARATOR:
      case COMPARATOR + 4:
        this.#writeComparator(offset === COMPARATOR, BigInt(value));
        break;
      case MESSAGE_DATA:
        this.#state.messageData = value;
        break;
      case MESSAGE_ADDRESS:
        this.#state.messageAddress = value;
        break;
      default:
    }
  }

  /** Plans the next match; to be called whenever the counter was set, started or stopped. */
  schedule(late = CONFIGURED_LATE): void {
    this.#timer.cancel();
    const wait = this.#ticksToMatch(late);
    if (wait === undefined) return;
    const ns = Number(wait) * NS_PER_TICK;
    if (ns > LONGEST_WAIT_NS) return;
    const now = this.#options.clock.now();
    const wholeTicks = now - (now % NS_PER_TICK);
    this.#timer.arm(this.#isPeriodic ? Math.max(wholeTicks + ns, now + SHORTEST_WAIT_NS) : wholeTicks + ns);
  }

  get #isPeriodic(): boolean {
    return this.#has(TYPE_CNF) && this.#state.period !== 0n;
  }

  get #width(): number {
    return this.#has(MODE_32_CNF) ? 32 : 64;
  }

  #has(bit: number): boolean {
    return (this.#state.configuration & bit) !== 0;
  }

  #takeBack(): void {
    if (this.isLevel) this.#options.interrupt(false);
  }

  #configure(value: number): void {
    this.#takeBack();
    const state = this.#state;
    state.configuration = value & (this.#options.canMessage ? WRITABLE | FSB_EN_CNF : WRITABLE);
    state.highHalfFollows = false;
    if (this.#width === 32) {
      state.comparator &= LOW_HALF;
      state.period &= LOW_HALF;
    }
    this.schedule();
  }

  /** In periodic mode the comparator itself is written only after VAL_SET_CNF, the period always (2.3.9.2.2). */
  #writeComparator(isLow: boolean, half: bigint): void {
    const state = this.#state;
    if (!isLow && this.#width === 32) return;
    const replace = (old: bigint): bigint =>
      isLow ? (old & ~LOW_HALF) | half : (old & LOW_HALF) | (half << 32n);
    const setsComparator =
      !this.#has(TYPE_CNF) || this.#has(VAL_SET_CNF) || (!isLow && state.highHalfFollows);
    state.highHalfFollows = isLow && this.#has(VAL_SET_CNF);
    if (setsComparator) {
      state.comparator = replace(state.comparator);
      state.hasFired = false;
    }
    if (this.#has(TYPE_CNF)) state.period = replace(state.period);
    state.configuration &= ~VAL_SET_CNF;
    this.schedule(WRITTEN_LATE);
  }

  /** Ticks until the comparator matches the counter, 0 if that was not long ago; undefined if nobody would notice. */
  #ticksToMatch(late: bigint): bigint | undefined {
    if (!this.#options.isRunning() || !(this.isEnabled || this.isLevel)) return undefined;
    const { comparator, hasFired } = this.#state;
    const ahead = BigInt.asUintN(this.#width, comparator - this.#options.counter());
    const behind = BigInt.asUintN(this.#width, -ahead);
    // The thread may have waited for its turn since the comparator was moved on: the next match must not be a wrap away.
    if (!hasFired && behind < (this.#isPeriodic ? WRITTEN_LATE : late)) return 0n;
    return ahead === 0n ? 1n << BigInt(this.#width) : ahead;
  }

  #expired(): void {
    this.#state.hasFired = true;
    this.#settle();
    this.#options.interrupt(true);
    this.schedule();
  }

  /** Moves a periodic comparator on to its next match. */
  #settle(): void {
    const state = this.#state;
    if (!this.#isPeriodic || !this.#options.isRunning()) return;
    const behind = BigInt.asIntN(this.#width, this.#options.counter() - state.comparator);
    if (behind < 0n) return;
    const periods = behind / state.period + 1n;
    state.comparator = BigInt.asUintN(this.#width, state.comparator + periods * state.period);
    state.hasFired = false;
  }
}
