/**
 * Motorola MC146818 real-time clock with 128 bytes of CMOS RAM, at a PC's ports 70H and 71H (data sheet ADI-856R2). The
 * time is computed from a clock when somebody looks; timers run only for interrupts that the guest has asked for.
 */
import { counterTicks } from '../../memory/fast-answer.ts';
import type { DeviceClock, DeviceTimer, Region, Wire } from '../board-services.ts';
import {
  type Device,
  type DeviceState,
  defineDevice,
  type InstanceProperty,
  property,
} from '../device-class.ts';
import { int32, lostTickPolicy } from '../property-types.ts';
import { stateLike, stateOf } from '../saved-state.ts';
import { nsOfTick } from '../tick-rate.ts';
import { ISA_BUS, type IsaPorts } from './isa-contract.ts';
import {
  dateOf,
  decode,
  decodeHour,
  encode,
  encodeHour,
  nextAlarm,
  type RtcDate,
  type RtcFormat,
  secondsOf,
} from './rtc-calendar.ts';

export interface Mc146818Ports extends IsaPorts {
  /** The clock that the date advances by, and how many ms since 1970 it shows when that clock shows 0 (`-rtc base=`). */
  readonly rtc: { readonly clock: DeviceClock; readonly offsetMs: number };
  /** What the CMOS RAM holds at power-on, by index. */
  readonly cmos: ReadonlyMap<number, number>;
  /** The alarm has interrupted: a wake event for the power management. */
  alarm(): void;
  /** Whether its interrupt goes through an HPET, which may take the line over. */
  readonly behindHpet?: boolean;
  /** Hands out the clock. */
  attach(rtc: Mc146818): void;
}

const PORT = 0x70;
const IRQ = 8;
const CMOS_BYTES = 128;

/** Indices of the time, alarm and control bytes (figure 10), and where PCs keep the century. */
const SECONDS = 0;
const SECONDS_ALARM = 1;
const MINUTES = 2;
const MINUTES_ALARM = 3;
const HOURS = 4;
const HOURS_ALARM = 5;
const WEEKDAY = 6;
const DAY = 7;
const MONTH = 8;
const YEAR = 9;
const REGISTER_A = 0x0a;
const REGISTER_B = 0x0b;
const REGISTER_C = 0x0c;
const REGISTER_D = 0x0d;
const CENTURY = 0x32;
const TIME_INDICES = new Set([SECONDS, MINUTES, HOURS, WEEKDAY, DAY, MONTH, YEAR, CENTURY]);

const A_UIP = 0x80;
const A_RATE = 0x0f;
const A_DIVIDER = 0x70;
/** Divider values above this hold the divider chain in reset (table 4, for a 32.768 kHz crystal). */
const A_DIVIDER_RUNS = 0x20;
const B_SET = 0x80;
const B_PIE = 0x40;
const B_AIE = 0x20;
const B_UIE = 0x10;
const B_SQWE = 0x08;
const B_BINARY = 0x04;
const B_24H = 0x02;
const C_IRQF = 0x80;
const C_PF = 0x40;
const C_AF = 0x20;
const C_UF = 0x10;
const D_VRT = 0x80;
const POWER_ON_A = 0x26;

const NS_PER_SECOND = 1e9;
const NS_PER_MS = 1e6;
/** UIP rises so long before an update (table 7, tBUC). */
const UIP_NS = 244_000;
/** The first update after the divider chain is let go (data sheet, "Divider control"). */
const FIRST_UPDATE_NS = 500_000_000;
const CRYSTAL_HZ = 32768;
/** Times since 1970 in ns are multiples of 256: a timer may come that much early. */
const ROUNDING_NS = 512;
/** A base year that the century byte counts from too. */
const CENTURY_BASE_YEAR = 2000;
/** So many late periodic interrupts in a row are delivered at the acknowledge of the one before. */
const CATCH_UP_BURST = 20;

function powerOn() {
  return {
    index: 0,
    cmos: new Uint8Array(CMOS_BYTES),
    /** What is added to the clock for the time shown, in ns. */
    offsetNs: 0,
    /** Up to where updates and periods have set their flags. */
    seenSecond: 0,
    seenPeriod: 0,
    /** Periodic interrupts that the guest was too late for. */
    lost: 0,
    burst: 0,
  };
}

export class Mc146818 implements Device {
  readonly instanceProperties: readonly InstanceProperty[] = [
    { name: 'date', type: 'struct tm', get: () => this.#date() },
  ];
  readonly pins;
  #state = powerOn();
  readonly #ports: Mc146818Ports;
  readonly #irq: Wire;
  readonly #keepsLostTicks: boolean;
  /** What the year bytes count from. */
  readonly #baseYear: number;
  readonly #clock: DeviceClock;
  readonly #update: DeviceTimer;
  readonly #periodic: DeviceTimer;
  readonly #region: Region;

  constructor(ports: Mc146818Ports, values: { base_year: number; lost_tick_policy: string }) {
    this.#ports = ports;
    this.pins = { outputs: ports.behindHpet === true ? 1 : 0 };
    this.#irq = ports.irq(IRQ);
    this.#keepsLostTicks = values.lost_tick_policy === 'slew';
    this.#baseYear = values.base_year === CENTURY_BASE_YEAR ? 0 : values.base_year;
    this.#clock = ports.rtc.clock;
    this.#update = this.#clock.timer(() => this.#expired());
    this.#periodic = this.#clock.timer(() => this.#expired());
    for (const [index, value] of ports.cmos) this.#state.cmos[index] = value;
    this.#state.cmos[REGISTER_A] = POWER_ON_A;
    this.#state.cmos[REGISTER_B] = B_24H;
    this.#state.cmos[REGISTER_D] = D_VRT;
    this.#state.offsetNs = ports.rtc.offsetMs * NS_PER_MS;
    this.#forgetPast();
    this.#storeTime();
    this.#region = ports.ports.claim(
      PORT,
      2,
      {
        read: (offset) => (offset === 0 ? 0xff : this.#read(this.#state.index)),
        write: (offset, _size, value) => {
          if (offset === 0) this.#state.index = value % CMOS_BYTES;
          else this.#write(this.#state.index, value);
        },
      },
      { name: 'rtc', widest: 1, posted: true },
    );
    ports.attach(this);
  }

  /** A byte as the guest would read it, without its side effects. */
  peek(index: number): number {
    if (TIME_INDICES.has(index)) this.#storeTime();
    return this.#byte(index);
  }

  /** Writes a byte of the RAM (not of the clock), as a board does that tells its firmware something. */
  poke(index: number, value: number): void {
    this.#state.cmos[index] = value;
  }

  /** The RESET pin (data sheet, "RESET"): interrupts off, flags gone, time and RAM as they are. */
  reset(): void {
    const { cmos } = this.#state;
    cmos[REGISTER_B] = this.#byte(REGISTER_B) & ~(B_PIE | B_AIE | B_UIE | B_SQWE);
    cmos[REGISTER_C] = 0;
    this.#state.index = 0;
    this.#state.lost = 0;
    this.#state.burst = 0;
    this.#forgetPast();
    this.#settle();
  }

  save(): DeviceState {
    this.#catchUp();
    this.#storeTime();
    return stateOf(this.#state);
  }

  restore(state: DeviceState): void {
    this.#state = stateLike(powerOn(), state, mc146818rtc.name);
    this.#settle();
  }

  unrealize(): void {
    this.#update.cancel();
    this.#periodic.cancel();
    this.#region.remove();
  }

  #byte(index: number): number {
    return this.#state.cmos[index] ?? 0;
  }

  get #format(): RtcFormat {
    const b = this.#byte(REGISTER_B);
    return { binary: (b & B_BINARY) !== 0, hours24: (b & B_24H) !== 0 };
  }

  /** Whether the divider chain runs. */
  get #isTicking(): boolean {
    return (this.#byte(REGISTER_A) & A_DIVIDER) <= A_DIVIDER_RUNS;
  }

  /** Whether the time bytes advance. */
  get #isRunning(): boolean {
    return this.#isTicking && (this.#byte(REGISTER_B) & B_SET) === 0;
  }

  /** The time shown, in ns since 1970; while time stands still, what it would be. */
  get #shownNs(): number {
    return this.#clock.now() + this.#state.offsetNs;
  }

  get #second(): number {
    return Math.floor(this.#shownNs / NS_PER_SECOND);
  }

  /** Crystal ticks of a period of the periodic interrupt; 0 for none (table 5, 32.768 kHz). */
  get #periodTicks(): number {
    const rate = this.#byte(REGISTER_A) & A_RATE;
    if (rate === 0) return 0;
    // Rates 1 and 2 are those of 8 and 9.
    return 1 << (rate <= 2 ? rate + 6 : rate - 1);
  }

  get #period(): number {
    const ticks = this.#periodTicks;
    return ticks === 0 ? 0 : Math.floor(counterTicks(this.#shownNs, CRYSTAL_HZ) / ticks);
  }

  #read(index: number): number {
    switch (index) {
      case REGISTER_A:
        return this.#byte(REGISTER_A) | (this.#isUpdating() ? A_UIP : 0);
      case REGISTER_C:
        return this.#acknowledge();
      case REGISTER_D:
        return D_VRT;
      default:
        return this.peek(index);
    }
  }

  #isUpdating(): boolean {
    return this.#isRunning && this.#shownNs % NS_PER_SECOND >= NS_PER_SECOND - UIP_NS;
  }

  #write(index: number, value: number): void {
    if (index === REGISTER_C || index === REGISTER_D) return;
    this.#catchUp();
    if (index === REGISTER_A || index === REGISTER_B) this.#control(index, value);
    else {
      this.#storeTime();
      this.#state.cmos[index] = value;
      if (TIME_INDICES.has(index) && this.#isRunning) this.#adoptTime(this.#shownNs % NS_PER_SECOND);
    }
    this.#settle();
  }

  /** Registers A and B: time that is let go again is what the bytes say. */
  #control(index: number, value: number): void {
    const wasRunning = this.#isRunning;
    const wasTicking = this.#isTicking;
    const period = this.#periodTicks;
    this.#storeTime();
    this.#state.cmos[index] = index === REGISTER_A ? value & ~A_UIP : value;
    if (!wasRunning && this.#isRunning) {
      this.#adoptTime(wasTicking ? this.#shownNs % NS_PER_SECOND : FIRST_UPDATE_NS);
    }
    if (period !== this.#periodTicks || wasTicking !== this.#isTicking) this.#state.seenPeriod = this.#period;
  }

  /** Reading register C clears its flags (data sheet, "Register C"). */
  #acknowledge(): number {
    this.#catchUp();
    const state = this.#state;
    const flags = this.#byte(REGISTER_C);
    state.cmos[REGISTER_C] = 0;
    this.#settle();
    if ((flags & C_PF) !== 0 && state.lost > 0 && state.burst < CATCH_UP_BURST) {
      state.lost -= 1;
      state.burst += 1;
      this.#raise(C_PF);
    }
    return flags;
  }

  /** Fills the time bytes from the clock, unless they stand still. */
  #storeTime(): void {
    if (!this.#isRunning) return;
    const { cmos } = this.#state;
    const format = this.#format;
    const date = dateOf(this.#second);
    const year = date.year - this.#baseYear;
    cmos[SECONDS] = encode(date.second, format);
    cmos[MINUTES] = encode(date.minute, format);
    cmos[HOURS] = encodeHour(date.hour, format);
    cmos[WEEKDAY] = encode(date.weekday, format);
    cmos[DAY] = encode(date.day, format);
    cmos[MONTH] = encode(date.month, format);
    cmos[YEAR] = encode(((year % 100) + 100) % 100, format);
    cmos[CENTURY] = encode(Math.max(0, Math.floor(year / 100)), format);
  }

  #writtenDate(): RtcDate {
    const format = this.#format;
    const value = (index: number): number => decode(this.#byte(index), format);
    return {
      second: value(SECONDS),
      minute: value(MINUTES),
      hour: decodeHour(this.#byte(HOURS), format),
      weekday: value(WEEKDAY),
      day: value(DAY),
      month: value(MONTH),
      year: value(CENTURY) * 100 + value(YEAR) + this.#baseYear,
    };
  }

  /** The time bytes become the time, so many ns into their second. */
  #adoptTime(fractionNs: number): void {
    const now = this.#clock.now();
    const seconds = secondsOf(this.#writtenDate());
    this.#state.offsetNs = seconds * NS_PER_SECOND + fractionNs - now;
    this.#forgetPast();
    const baseMs = now / NS_PER_MS + this.#ports.rtc.offsetMs;
    this.#ports.machine.emit('RTC_CHANGE', { offset: seconds - Math.floor(baseMs / 1000) });
  }

  #forgetPast(): void {
    this.#state.seenSecond = this.#second;
    this.#state.seenPeriod = this.#period;
  }

  /** Sets the flags of what has happened since it was called last. */
  #catchUp(): void {
    const state = this.#state;
    let flags = 0;
    const { seenSecond } = state;
    if (this.#isRunning && this.#second > seenSecond) {
      flags |= C_UF;
      const alarm = this.#nextAlarm(seenSecond);
      if (alarm !== undefined && alarm <= this.#second) flags |= C_AF;
      state.seenSecond = this.#second;
    }
    if (this.#isTicking && this.#period > state.seenPeriod) {
      flags |= C_PF;
      this.#noteLost(this.#period - state.seenPeriod);
      state.seenPeriod = this.#period;
    }
    if (flags !== 0) this.#raise(flags);
  }

  #noteLost(periods: number): void {
    const isWanted = (this.#byte(REGISTER_B) & B_PIE) !== 0;
    if (!this.#keepsLostTicks || !isWanted) return;
    const isPending = (this.#byte(REGISTER_C) & C_PF) !== 0;
    this.#state.lost += isPending ? periods : periods - 1;
    this.#state.burst = 0;
  }

  #raise(flags: number): void {
    const { cmos } = this.#state;
    const isNewAlarm = (flags & C_AF & ~this.#byte(REGISTER_C)) !== 0;
    cmos[REGISTER_C] = this.#byte(REGISTER_C) | flags;
    this.#driveIrq();
    if (isNewAlarm && (this.#byte(REGISTER_B) & B_AIE) !== 0) this.#ports.alarm();
  }

  /** The flags and enables have the same places in registers C and B. */
  #driveIrq(): void {
    const { cmos } = this.#state;
    const flags = this.#byte(REGISTER_C) & ~C_IRQF;
    const isAsserted = (flags & this.#byte(REGISTER_B) & (B_PIE | B_AIE | B_UIE)) !== 0;
    cmos[REGISTER_C] = flags | (isAsserted ? C_IRQF : 0);
    this.#irq.set(isAsserted);
  }

  #expired(): void {
    this.#catchUp();
    this.#settle();
  }

  #nextAlarm(after: number): number | undefined {
    const alarm = [this.#byte(SECONDS_ALARM), this.#byte(MINUTES_ALARM), this.#byte(HOURS_ALARM)] as const;
    return nextAlarm(after, alarm, this.#format);
  }

  /** Brings the interrupt line and the timers in line with the registers. */
  #settle(): void {
    this.#driveIrq();
    const enabled = this.#byte(REGISTER_B);
    const waiting = enabled & ~this.#byte(REGISTER_C);
    const { seenSecond } = this.#state;
    let wanted: number | undefined;
    if (this.#isRunning && (waiting & B_UIE) !== 0) wanted = seenSecond + 1;
    else if (this.#isRunning && (waiting & B_AIE) !== 0) wanted = this.#nextAlarm(seenSecond);
    if (wanted === undefined) this.#update.cancel();
    else this.#update.arm(wanted * NS_PER_SECOND - this.#state.offsetNs + ROUNDING_NS);
    const listens = this.#keepsLostTicks ? enabled : waiting;
    if (this.#periodTicks === 0 || !this.#isTicking || (listens & B_PIE) === 0) this.#periodic.cancel();
    else {
      const tick = (this.#state.seenPeriod + 1) * this.#periodTicks;
      this.#periodic.arm(nsOfTick(tick, CRYSTAL_HZ) - this.#state.offsetNs + ROUNDING_NS);
    }
  }

  #date(): Record<string, number> {
    const { second, minute, hour, day, month, year } = this.#isRunning
      ? dateOf(this.#second)
      : this.#writtenDate();
    return {
      tm_year: year - 1900,
      tm_mon: month - 1,
      tm_mday: day,
      tm_hour: hour,
      tm_min: minute,
      tm_sec: second,
    };
  }
}

export const mc146818rtc = defineDevice({
  name: 'mc146818rtc',
  bus: ISA_BUS,
  hotpluggable: false,
  userCreatable: false,
  properties: {
    base_year: property(int32, 1980, 'what the year bytes count from'),
    lost_tick_policy: property(
      lostTickPolicy,
      'discard',
      'periodic interrupts that came too late: discard or slew',
    ),
  },
  create: (ports: Mc146818Ports, values) => new Mc146818(ports, values),
});
