/**
 * High precision event timers (IA-PC HPET specification 1.0a): a 64-bit counter at 100 MHz and up to 32 comparators, of
 * which all can be periodic. Section numbers below are that specification's.
 */
import { counterTicks } from '../../memory/fast-answer.ts';
import type { BoardServices, Region, Wire } from '../board-services.ts';
import { type Device, type DeviceState, defineDevice, property } from '../device-class.ts';
import { onOff, uint8 } from '../property-types.ts';
import { DeviceStateError, stateLike, stateOf } from '../saved-state.ts';
import { describeSystemDevice } from './describe-system-device.ts';
import { HpetComparator } from './hpet-comparator.ts';

export interface HpetPorts extends BoardServices {
  /** A source on an input of the I/O APIC (and on the 8259s, for the first 16). */
  pin(input: number): Wire;
  /** A source that stands in for the timer (0) or the real-time clock (8) while legacy replacement is on. */
  legacyIrq(line: 0 | 8): Wire;
  /** Asserted while legacy replacement is on: the 8254 and the real-time clock are cut off from their interrupts. */
  readonly legacyReplacement: Wire;
}

export const HPET_BASE = 0xfed00000;
const BLOCK_BYTES = 1024;
const MIN_TIMERS = 3;
const MAX_TIMERS = 32;
const HZ = 100_000_000;
const PERIOD_FS = 10_000_000;

/** Registers (2.3.1). */
const CAPABILITIES = 0x000;
const CONFIGURATION = 0x010;
const INTERRUPT_STATUS = 0x020;
const MAIN_COUNTER = 0x0f0;
const FIRST_TIMER = 0x100;
const TIMER_BYTES = 0x20;

/** Low half of the capabilities: vendor 8086H, legacy replacement, 64-bit counter, revision 1 (2.3.4). */
const CAPABILITIES_LOW = 0x8086a001;
const LAST_TIMER_SHIFT = 8;
/** Bits of the configuration (2.3.5). */
const ENABLE_CNF = 1;
const LEG_RT_CNF = 2;
const WRITABLE_CONFIGURATION = ENABLE_CNF | LEG_RT_CNF;

const MASK_64 = (1n << 64n) - 1n;

const POWER_ON = {
  configuration: 0,
  status: 0,
  /** While the counter stands: its value. While it runs: what to add to the clock's ticks, modulo 2^64. */
  offset: 0n,
};

class Hpet implements Device {
  /** Inputs for the lines that it takes over; an output that says that it has. */
  readonly pins = { inputs: 2, outputs: 1 };
  #state = { ...POWER_ON };
  readonly #ports: HpetPorts;
  readonly #timers: readonly HpetComparator[];
  readonly #regions: Region[];
  /** The wires of the first two timers in legacy replacement mode, and every timer's of its own, by input. */
  readonly #legacyWires: readonly Wire[];
  readonly #wires: readonly Map<number, Wire>[];
  /** What vCPUs answer from: enabled, low and high half of the offset. */
  readonly #shared: Int32Array;

  constructor(ports: HpetPorts, values: { timers: number; msi: boolean }) {
    this.#ports = ports;
    const count = Math.min(Math.max(values.timers, MIN_TIMERS), MAX_TIMERS);
    this.#timers = Array.from(
      { length: count },
      (_, index) =>
        new HpetComparator({
          index,
          canMessage: values.msi,
          clock: ports.clocks.virtual,
          counter: () => this.#counter(),
          isRunning: () => this.#isRunning(),
          interrupt: (asserted) => this.#interrupt(index, asserted),
        }),
    );
    this.#legacyWires = [ports.legacyIrq(0), ports.legacyIrq(8)];
    this.#wires = this.#timers.map(() => new Map());
    const { words, host } = ports.sharedWords(3);
    this.#shared = words;
    const counter = { kind: 'counter', hz: HZ, bits: 64, offset: host + 4, enabled: host } as const;
    const handler = {
      read: (offset: number) => this.#read(offset),
      write: (offset: number, _size: number, value: number) => this.#write(offset, value),
    };
    const timers = {
      read: (offset: number) => this.#readTimer(offset),
      write: (offset: number, _size: number, value: number) => this.#writeTimer(offset, value),
    };
    this.#regions = [
      ports.memory.claim(HPET_BASE, FIRST_TIMER, handler, {
        name: 'hpet',
        narrowest: 4,
        fast: [
          { offset: MAIN_COUNTER, size: 4, answer: counter },
          { offset: MAIN_COUNTER + 4, size: 4, answer: { ...counter, shift: 32 } },
        ],
      }),
      // A guest that has written a comparator looks at the counter whether that time has passed. That read may be ahead of
      // the write, but a comparator found in the past interrupts too.
      ports.memory.claim(HPET_BASE + FIRST_TIMER, BLOCK_BYTES - FIRST_TIMER, timers, {
        name: 'hpet-timers',
        narrowest: 4,
        posted: true,
      }),
    ];
  }

  describe(): readonly string[] {
    return describeSystemDevice(MAX_TIMERS, [[HPET_BASE, BLOCK_BYTES]]);
  }

  reset(): void {
    this.#state = { ...POWER_ON };
    for (const timer of this.#timers) timer.reset();
    this.#publish();
    this.#ports.legacyReplacement.set(false);
  }

  save(): DeviceState {
    return { registers: stateOf(this.#state), timers: this.#timers.map((timer) => timer.save()) };
  }

  restore(state: DeviceState): void {
    const { registers = {}, timers = [] } = state as { registers?: DeviceState; timers?: DeviceState[] };
    if (timers.length !== this.#timers.length) {
      throw new DeviceStateError(
        'ERR_DEVICE_STATE',
        `The saved state of hpet has ${timers.length} timers, expected: ${this.#timers.length}`,
      );
    }
    this.#state = stateLike(POWER_ON, registers, hpet.name);
    this.#publish();
    this.#ports.legacyReplacement.set(this.#isLegacy());
    for (const [index, timer] of this.#timers.entries()) {
      timer.restore(timers[index] ?? {});
      const isPending = (this.#state.status & (1 << index)) !== 0;
      if (timer.isLevel) this.#wire(index).set(isPending && timer.isEnabled);
    }
  }

  unrealize(): void {
    for (const timer of this.#timers) timer.stop();
    for (const region of this.#regions) region.remove();
  }

  #isRunning(): boolean {
    return (this.#state.configuration & ENABLE_CNF) !== 0;
  }

  #isLegacy(): boolean {
    return (this.#state.configuration & LEG_RT_CNF) !== 0;
  }

  #clockTicks(): bigint {
    return BigInt(counterTicks(this.#ports.clocks.virtual.now(), HZ));
  }

  #counter(): bigint {
    const { offset } = this.#state;
    return this.#isRunning() ? (offset + this.#clockTicks()) & MASK_64 : offset;
  }

  /** Where a timer's interrupt goes: with legacy replacement the first two stand in for the timer and the clock (2.3.5). */
  #wire(index: number): Wire {
    const legacy = this.#isLegacy() ? this.#legacyWires[index] : undefined;
    if (legacy !== undefined) return legacy;
    const route = this.#timer(index)?.route ?? 0;
    const wire = this.#wires[index]?.get(route) ?? this.#ports.pin(route);
    this.#wires[index]?.set(route, wire);
    return wire;
  }

  /** A comparator has matched, or its level is taken back. */
  #interrupt(index: number, asserted: boolean): void {
    const timer = this.#timer(index);
    if (timer === undefined) return;
    if (!asserted) {
      if (timer.isLevel) this.#wire(index).set(false);
      return;
    }
    if (timer.isLevel) this.#state.status |= 1 << index;
    if (!timer.isEnabled) return;
    const message = timer.message;
    if (message !== undefined) this.#ports.sendMessage(message.address, message.data);
    else {
      this.#wire(index).set(true);
      if (!timer.isLevel) this.#wire(index).set(false);
    }
  }

  #timer(index: number): HpetComparator | undefined {
    return this.#timers[index];
  }

  #readTimer(offset: number): number {
    return this.#timer(Math.floor(offset / TIMER_BYTES))?.read(offset % TIMER_BYTES) ?? 0;
  }

  #writeTimer(offset: number, value: number): void {
    this.#timer(Math.floor(offset / TIMER_BYTES))?.write(offset % TIMER_BYTES, value);
  }

  #read(offset: number): number {
    switch (offset) {
      case CAPABILITIES:
        return (CAPABILITIES_LOW | ((this.#timers.length - 1) << LAST_TIMER_SHIFT)) >>> 0;
      case CAPABILITIES + 4:
        return PERIOD_FS;
      case CONFIGURATION:
        return this.#state.configuration;
      case INTERRUPT_STATUS:
        return this.#state.status >>> 0;
      case MAIN_COUNTER:
        return Number(BigInt.asUintN(32, this.#counter()));
      case MAIN_COUNTER + 4:
        return Number(this.#counter() >> 32n);
      default:
        return 0;
    }
  }

  #write(offset: number, value: number): void {
    switch (offset) {
      case CONFIGURATION:
        this.#configure(value & WRITABLE_CONFIGURATION);
        break;
      case INTERRUPT_STATUS:
        this.#clearStatus(value);
        break;
      case MAIN_COUNTER:
        this.#setCounter((this.#counter() & ~0xffffffffn) | BigInt(value));
        break;
      case MAIN_COUNTER + 4:
        this.#setCounter((this.#counter() & 0xffffffffn) | (BigInt(value) << 32n));
        break;
      default:
    }
  }

  #configure(configuration: number): void {
    const counter = this.#counter();
    this.#state.configuration = configuration;
    this.#ports.legacyReplacement.set(this.#isLegacy());
    this.#setCounter(counter);
  }

  #setCounter(value: bigint): void {
    this.#state.offset = this.#isRunning() ? (value - this.#clockTicks()) & MASK_64 : value;
    this.#publish();
    for (const timer of this.#timers) timer.schedule();
  }

  #clearStatus(written: number): void {
    const cleared = this.#state.status & written;
    this.#state.status &= ~written;
    for (const [index, timer] of this.#timers.entries()) {
      if ((cleared & (1 << index)) !== 0 && timer.isLevel) this.#wire(index).set(false);
    }
  }

  #publish(): void {
    const { offset } = this.#state;
    Atomics.store(this.#shared, 0, 0);
    Atomics.store(this.#shared, 1, Number(BigInt.asIntN(32, offset)));
    Atomics.store(this.#shared, 2, Number(BigInt.asIntN(32, offset >> 32n)));
    Atomics.store(this.#shared, 0, this.#isRunning() ? 1 : 0);
  }
}

export const hpet = defineDevice({
  name: 'hpet',
  bus: 'System',
  hotpluggable: false,
  userCreatable: false,
  properties: {
    timers: property(uint8, MIN_TIMERS, 'number of comparators, 3 to 32'),
    msi: property(onOff, false, 'comparators can send messages'),
  },
  create: (ports: HpetPorts, values) => new Hpet(ports, values),
});
