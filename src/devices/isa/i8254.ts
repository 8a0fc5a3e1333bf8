/** Intel 8254 programmable interval timer (data sheet 231164-005): the ISA timer of a PC, ports 40H to 43H. */
import { counterTicks } from '../../memory/fast-answer.ts';
import type { DeviceTimer, Region, Wire } from '../board-services.ts';
import { type Device, type DeviceState, defineDevice, property } from '../device-class.ts';
import { hex32 } from '../property-types.ts';
import { DeviceStateError } from '../saved-state.ts';
import { nsOfTick } from '../tick-rate.ts';
import { I8254Counter } from './i8254-counter.ts';
import { SharedCounter } from './i8254-shared.ts';
import { ISA_BUS, type IsaPorts } from './isa-contract.ts';

/** The oscillator of a PC's timer, 14.31818 MHz / 12. */
export const PIT_HZ = 1193182;

export interface I8254Ports extends IsaPorts {
  /** Hands out the timer: the speaker port drives a gate, the HPET takes over its interrupt. */
  attach(timer: I8254): void;
}

const COUNTERS = 3;
/** The counter whose gate the speaker port drives; the others' gates are tied high. */
export const SPEAKER_COUNTER = 2;
const CONTROL_PORT = 3;
const SELECT_SHIFT = 6;
/** Fields of a read-back command (figure 11); the two latch bits are active low. */
const READ_BACK = 3;
const READ_BACK_NO_COUNT = 0x20;
const READ_BACK_NO_STATUS = 0x10;
const READ_BACK_FIRST_COUNTER = 0x02;

export class I8254 implements Device {
  readonly pins = { inputs: 1, outputs: 1 };
  readonly #ports: I8254Ports;
  readonly #irq: Wire;
  readonly #counters: readonly I8254Counter[];
  readonly #shared: readonly SharedCounter[];
  readonly #timer: DeviceTimer;
  readonly #regions: Region[];

  constructor(ports: I8254Ports, iobase: number) {
    this.#ports = ports;
    this.#irq = ports.irq(0);
    this.#counters = Array.from(
      { length: COUNTERS },
      (_, index) => new I8254Counter(() => this.#tick(), index !== SPEAKER_COUNTER),
    );
    this.#shared = this.#counters.map(() => new SharedCounter(ports, PIT_HZ));
    this.#timer = ports.clocks.virtual.timer(() => this.#interrupt());
    // Interrupt counts may arrive late; what guests measure other clocks by may not.
    this.#regions = [this.#claim(iobase, 0, 2, true), this.#claim(iobase, 2, 2, false)];
    ports.attach(this);
  }

  /** The OUT pin of a counter. */
  out(counter: number): boolean {
    return this.#counter(counter).out();
  }

  gate(counter: number): boolean {
    return this.#counter(counter).gate;
  }

  setGate(counter: number, level: boolean): void {
    this.#pull();
    this.#counter(counter).setGate(level);
    this.#publish();
  }

  /** Where vCPUs find when a counter's OUT goes up: `riseState` of a FastAnswer. */
  riseState(counter: number): number {
    return this.#shared[counter]?.riseState ?? 0;
  }

  reset(): void {
    for (const counter of this.#counters) counter.reset();
    this.#publish();
    this.#update();
  }

  save(): DeviceState {
    this.#pull();
    return this.#counters.map((counter) => counter.save());
  }

  restore(state: DeviceState): void {
    if (!Array.isArray(state) || state.length !== COUNTERS) {
      throw new DeviceStateError(
        'ERR_DEVICE_STATE',
        `The saved state of isa-pit has no ${COUNTERS} counters`,
      );
    }
    for (const [index, counter] of this.#counters.entries()) counter.restore(state[index]);
    this.#publish();
    this.#update();
  }

  unrealize(): void {
    this.#timer.cancel();
    for (const region of this.#regions) region.remove();
  }

  #claim(iobase: number, first: number, count: number, posted: boolean): Region {
    return this.#ports.ports.claim(
      iobase + first,
      count,
      {
        read: (offset) => this.#read(first + offset),
        write: (offset, _size, value) => this.#write(first + offset, value),
      },
      {
        name: 'pit',
        widest: 1,
        posted,
        fast: this.#shared
          .slice(first, first + count)
          .map(({ answer }, offset) => ({ offset, size: 1, answer })),
      },
    );
  }

  #pull(): void {
    for (const [index, counter] of this.#counters.entries()) this.#shared[index]?.pull(counter);
  }

  #publish(): void {
    for (const [index, counter] of this.#counters.entries()) this.#shared[index]?.publish(counter);
  }

  #counter(index: number): I8254Counter {
    const counter = this.#counters[index];
    if (counter === undefined) throw new RangeError(`An 8254 has no counter ${index}`);
    return counter;
  }

  #tick(): number {
    return counterTicks(this.#ports.clocks.virtual.now(), PIT_HZ);
  }

  #read(offset: number): number {
    if (offset === CONTROL_PORT) return 0xff;
    this.#pull();
    const value = this.#counter(offset).read();
    this.#publish();
    return value;
  }

  #write(offset: number, value: number): void {
    // A short count may be over before this thread has planned for it: what rises after this tick is not lost.
    const before = this.#tick();
    this.#pull();
    const selected = offset === CONTROL_PORT ? value >> SELECT_SHIFT : offset;
    if (selected === READ_BACK) this.#readBack(value);
    else if (offset === CONTROL_PORT) this.#counter(selected).control(value);
    else this.#counter(selected).write(value);
    this.#publish();
    // Only then: a rise that is due is not lost because another counter was written.
    if (selected === 0) this.#update(before);
  }

  #readBack(command: number): void {
    for (const [index, counter] of this.#counters.entries()) {
      if ((command & (READ_BACK_FIRST_COUNTER << index)) === 0) continue;
      if ((command & READ_BACK_NO_COUNT) === 0) counter.latchCount();
      if ((command & READ_BACK_NO_STATUS) === 0) counter.latchStatus();
    }
  }

  /**
   * Brings the interrupt wire up to date, and plans the next rise after a tick. The short low phases of strobes and periods are
   * edges of no length on it.
   */
  #update(after = this.#tick()): void {
    const counter = this.#counter(0);
    this.#irq.set(counter.restingLevel);
    const rise = counter.nextRise(after);
    if (rise === undefined) this.#timer.cancel();
    else this.#timer.arm(nsOfTick(rise, PIT_HZ));
  }

  #interrupt(): void {
    this.#irq.set(false);
    this.#irq.set(true);
    this.#update();
  }
}

export const isaPit = defineDevice({
  name: 'isa-pit',
  bus: ISA_BUS,
  hotpluggable: false,
  userCreatable: false,
  properties: { iobase: property(hex32, 0xffffffff, 'first of its four ports') },
  create: (ports: I8254Ports, values) => new I8254(ports, values.iobase),
});
