/**
 * The fixed ACPI hardware of the PIIX4 (82371AB data sheet, 290562, section 7.2; ACPI 3.0, 4.7.3): PM1 status, enable and
 * control, and the power management timer.
 */
import { counterTicks } from '../../memory/fast-answer.ts';
import type { DeviceClock, DeviceTimer } from '../board-services.ts';
import type { DeviceState } from '../device-class.ts';
import { stateLike, stateOf } from '../saved-state.ts';
import { nsOfTick } from '../tick-rate.ts';

export const PM_TIMER_HZ = 3579545;
export const PM_TIMER_BITS = 24;

/** Offsets from PMBASE. */
export const PM1_STATUS = 0x00;
export const PM1_ENABLE = 0x02;
export const PM1_CONTROL = 0x04;
export const PM_TIMER = 0x08;

/** Bits of PM1 status and enable. */
export const TMR_STS = 0x0001;
const GBL_STS = 0x0020;
export const PWRBTN_STS = 0x0100;
export const RTC_STS = 0x0400;
const WAK_STS = 0x8000;
/** What the status has in common with the enable register. */
const EVENTS = TMR_STS | GBL_STS | PWRBTN_STS | RTC_STS;
const CLEARABLE = EVENTS | WAK_STS;

/** Bits of PM1 control. */
const SCI_EN = 0x0001;
const SLP_TYP_SHIFT = 10;
const SLP_TYP_MASK = 7;
const SLP_EN = 0x2000;

/** The timer's status bit is set whenever its most significant bit changes (ACPI 3.0, 4.7.3.3). */
const OVERFLOW_TICKS = 1 << (PM_TIMER_BITS - 1);

export interface AcpiPm1Options {
  readonly clock: DeviceClock;
  /** The level of the system control interrupt may have changed. */
  changed(): void;
  /** The guest has asked for a sleeping state, by the value of SLP_TYP. */
  sleep(type: number): void;
}

const POWER_ON = {
  status: 0,
  enable: 0,
  control: 0,
  /** How often the timer's most significant bit had changed when that was looked at last. */
  seenOverflows: 0,
};

export class AcpiPm1 {
  #state = { ...POWER_ON };
  readonly #options: AcpiPm1Options;
  readonly #overflow: DeviceTimer;

  constructor(options: AcpiPm1Options) {
    this.#options = options;
    this.#overflow = options.clock.timer(() => this.#settle());
  }

  reset(): void {
    this.#state = { ...POWER_ON, seenOverflows: this.#overflows };
    this.#settle();
  }

  stop(): void {
    this.#overflow.cancel();
  }

  save(): DeviceState {
    this.#noteOverflow();
    return stateOf(this.#state);
  }

  restore(state: DeviceState): void {
    this.#state = stateLike(POWER_ON, state, 'PIIX4_PM');
    this.#settle();
  }

  /** Whether an event asks for the system control interrupt. */
  get isPending(): boolean {
    const { status, enable, control } = this.#state;
    return (control & SCI_EN) !== 0 && (status & enable & EVENTS) !== 0;
  }

  get isAcpiMode(): boolean {
    return (this.#state.control & SCI_EN) !== 0;
  }

  /** What the firmware does when it is asked for ACPI or legacy mode. */
  setAcpiMode(enabled: boolean): void {
    this.#state.control = (this.#state.control & ~SCI_EN) | (enabled ? SCI_EN : 0);
    this.#options.changed();
  }

  isEnabled(event: number): boolean {
    return (this.#state.enable & event) !== 0;
  }

  /** An event has happened: PWRBTN_STS, RTC_STS. */
  raise(event: number): void {
    this.#state.status |= event;
    this.#options.changed();
  }

  /** The machine was woken, by that event. */
  woken(event: number): void {
    this.raise(WAK_STS | event);
  }

  /** 16 bits of a register, or the timer's half. */
  read(offset: number): number {
    switch (offset) {
      case PM1_STATUS:
        this.#noteOverflow();
        return this.#state.status;
      case PM1_ENABLE:
        return this.#state.enable;
      case PM1_CONTROL:
        return this.#state.control;
      default:
        return 0;
    }
  }

  write(offset: number, value: number): void {
    switch (offset) {
      case PM1_STATUS:
        this.#noteOverflow();
        this.#state.status &= ~(value & CLEARABLE);
        break;
      case PM1_ENABLE:
        this.#state.enable = value;
        break;
      case PM1_CONTROL:
        this.#state.control = value & ~SLP_EN;
        if ((value & SLP_EN) !== 0) this.#options.sleep((value >> SLP_TYP_SHIFT) & SLP_TYP_MASK);
        break;
      default:
    }
    this.#settle();
  }

  /** The timer: 24 bits at 3.579545 MHz. */
  get timer(): number {
    return this.#ticks % 2 ** PM_TIMER_BITS;
  }

  get #ticks(): number {
    return counterTicks(this.#options.clock.now(), PM_TIMER_HZ);
  }

  get #overflows(): number {
    return Math.floor(this.#ticks / OVERFLOW_TICKS);
  }

  #noteOverflow(): void {
    const overflows = this.#overflows;
    if (overflows === this.#state.seenOverflows) return;
    this.#state.seenOverflows = overflows;
    this.#state.status |= TMR_STS;
  }

  /** Only an overflow that interrupts is waited for. */
  #settle(): void {
    this.#noteOverflow();
    const { status, enable, seenOverflows } = this.#state;
    if ((enable & ~status & TMR_STS) === 0) this.#overflow.cancel();
    else this.#overflow.arm(nsOfTick((seenOverflows + 1) * OVERFLOW_TICKS, PM_TIMER_HZ));
    this.#options.changed();
  }
}
