/**
 * Port 61H, "system control port B": the speaker, the gate and output of the timer's counter 2, and the refresh toggle
 * (82371SB data sheet, "NMI status and control register"). The speaker has no sound.
 */
import { counterTicks } from '../../memory/fast-answer.ts';
import type { Region } from '../board-services.ts';
import { type Device, type DeviceState, defineDevice, property } from '../device-class.ts';
import { hex32 } from '../property-types.ts';
import { stateLike, stateOf } from '../saved-state.ts';
import { type I8254, PIT_HZ, SPEAKER_COUNTER } from './i8254.ts';
import { ISA_BUS, type IsaPorts } from './isa-contract.ts';

export interface PcSpeakerPorts extends IsaPorts {
  readonly timer: I8254;
}

const GATE = 0x01;
const SPEAKER_DATA = 0x02;
/** Parity and channel-check NMI enables: they only read back, since neither error happens. */
const NMI_DISABLES = 0x0c;
const REFRESH_TOGGLE = 0x10;
const TIMER_OUT = 0x20;
const WRITABLE = GATE | SPEAKER_DATA | NMI_DISABLES;
/** A refresh cycle, and with it an edge of the toggle, every 18 ticks of the timer's oscillator: 15.085 µs. */
const REFRESH_TICKS = 18;

const POWER_ON = { control: 0 };

class PcSpeaker implements Device {
  #state = { ...POWER_ON };
  readonly #ports: PcSpeakerPorts;
  readonly #region: Region;
  /** `control` as vCPUs read it. */
  readonly #shared: Int32Array;

  constructor(ports: PcSpeakerPorts, iobase: number) {
    this.#ports = ports;
    const { words, host } = ports.sharedWords(1);
    this.#shared = words;
    const answer = {
      kind: 'timed-bits',
      hz: PIT_HZ,
      word: host,
      toggle: REFRESH_TOGGLE,
      toggleTicks: REFRESH_TICKS,
      rise: TIMER_OUT,
      riseState: ports.timer.riseState(SPEAKER_COUNTER),
    } as const;
    this.#region = ports.ports.claim(
      iobase,
      1,
      { read: () => this.#read(), write: (_offset, _size, value) => this.#write(value) },
      { name: 'pcspk', widest: 1, fast: [{ offset: 0, size: 1, answer }] },
    );
  }

  reset(): void {
    this.#write(0);
  }

  save(): DeviceState {
    return stateOf(this.#state);
  }

  restore(state: DeviceState): void {
    this.#state = stateLike(POWER_ON, state, isaPcspk.name);
    Atomics.store(this.#shared, 0, this.#state.control);
  }

  unrealize(): void {
    this.#region.remove();
  }

  #read(): number {
    const ticks = counterTicks(this.#ports.clocks.virtual.now(), PIT_HZ);
    const refresh = Math.floor(ticks / REFRESH_TICKS) % 2 === 1 ? REFRESH_TOGGLE : 0;
    const out = this.#ports.timer.out(SPEAKER_COUNTER) ? TIMER_OUT : 0;
    return this.#state.control | refresh | out;
  }

  #write(value: number): void {
    this.#state.control = value & WRITABLE;
    Atomics.store(this.#shared, 0, this.#state.control);
    this.#ports.timer.setGate(SPEAKER_COUNTER, (value & GATE) !== 0);
  }
}

export const isaPcspk = defineDevice({
  name: 'isa-pcspk',
  bus: ISA_BUS,
  hotpluggable: false,
  userCreatable: false,
  properties: { iobase: property(hex32, 0x61, 'its port') },
  create: (ports: PcSpeakerPorts, values) => new PcSpeaker(ports, values.iobase),
});
