/**
 * `isa-parallel`: a PC's printer port in standard (SPP) mode (IEEE 1284-1994, annex; IBM PC Technical Reference, printer
 * adapter). What is strobed out leaves through a character device.
 */
import type { CharacterPort } from '../character-port.ts';
import { type Device, type DeviceState, defineDevice, property } from '../device-class.ts';
import { chr, hex32, uint32 } from '../property-types.ts';
import { stateLike, stateOf } from '../saved-state.ts';
import { ISA_BUS } from './isa-contract.ts';
import {
  BY_INDEX,
  type NumberedIsaPorts,
  type PortPlace,
  placeOf,
  requiredCharacter,
} from './numbered-ports.ts';

/** LPT1 to LPT3 (cli.md §5). */
const USUAL_PLACES: readonly PortPlace[] = [
  { base: 0x378, irq: 7 },
  { base: 0x278, irq: 7 },
  { base: 0x3bc, irq: 7 },
];
const PORTS = 3;

const DATA = 0;
const STATUS = 1;
const CONTROL = 2;

/** Status register: bits 0 to 2 are not connected and read as ones; BUSY is inverted. */
const STATUS_UNUSED = 0x07;
const STATUS_ERROR = 1 << 3;
const STATUS_SELECTED = 1 << 4;
const STATUS_ACKNOWLEDGE = 1 << 6;
const STATUS_NOT_BUSY = 1 << 7;
/** A printer that is on line and ready, without paper or other trouble: nError and nAck are high. */
const STATUS_READY = STATUS_UNUSED | STATUS_ERROR | STATUS_SELECTED | STATUS_ACKNOWLEDGE | STATUS_NOT_BUSY;

const CONTROL_STROBE = 1 << 0;
const CONTROL_INITIALIZE = 1 << 2;
const CONTROL_SELECT = 1 << 3;
const CONTROL_INTERRUPT = 1 << 4;
const CONTROL_BITS = 0x3f;
const CONTROL_UNUSED = 0xc0;

function powerOnState() {
  return { data: 0xff, control: CONTROL_SELECT | CONTROL_INITIALIZE, pending: false };
}

const properties = {
  index: property(uint32, BY_INDEX, 'number of the port: 0 for LPT1'),
  iobase: property(hex32, BY_INDEX, 'first of its I/O ports'),
  irq: property(uint32, 7, 'ISA interrupt'),
  chardev: property(chr, '', 'character device that it is connected to'),
};

class ParallelPort {
  readonly #character: CharacterPort;
  readonly #setInterrupt: (asserted: boolean) => void;
  #state = powerOnState();

  constructor(character: CharacterPort, setInterrupt: (asserted: boolean) => void) {
    this.#character = character;
    this.#setInterrupt = setInterrupt;
    // A printer port has no way in: what the host sends is dropped.
    character.onReceive(
      () => undefined,
      () => 4096,
    );
  }

  reset(): void {
    this.#state = powerOnState();
    this.#update();
  }

  read(offset: number): number {
    switch (offset) {
      case DATA:
        return this.#state.data;
      case STATUS:
        // The acknowledgement that raised the interrupt is over once it has been seen.
        this.#state.pending = false;
        this.#update();
        return STATUS_READY;
      default:
        return this.#state.control | CONTROL_UNUSED;
    }
  }

  write(offset: number, value: number): void {
    if (offset === DATA) {
      this.#state.data = value;
    } else if (offset === CONTROL) {
      this.#control(value & CONTROL_BITS);
    }
    this.#update();
  }

  save(): DeviceState {
    return stateOf(this.#state);
  }

  restore(state: DeviceState): void {
    this.#state = stateLike(powerOnState(), state, 'isa-parallel');
    this.#update();
  }

  release(): void {
    this.#setInterrupt(false);
    this.#character.release();
  }

  /** The printer takes the byte at the end of the strobe and acknowledges it. */
  #control(value: number): void {
    const before = this.#state.control;
    this.#state.control = value;
    const isInitialized = (value & CONTROL_INITIALIZE) !== 0;
    if (isInitialized && (before & CONTROL_STROBE) !== 0 && (value & CONTROL_STROBE) === 0) {
      this.#character.write(Uint8Array.of(this.#state.data));
      this.#state.pending = true;
    }
  }

  #update(): void {
    this.#setInterrupt(this.#state.pending && (this.#state.control & CONTROL_INTERRUPT) !== 0);
  }
}

export const isaParallel = defineDevice({
  name: 'isa-parallel',
  bus: ISA_BUS,
  hotpluggable: false,
  userCreatable: true,
  properties,
  create(ports: NumberedIsaPorts, values): Device {
    const chosen = placeOf('parallel', values, USUAL_PLACES, ports);
    const wire = ports.irq(chosen.irq);
    const port = new ParallelPort(requiredCharacter('parallel', values.chardev, ports), (asserted) =>
      wire.set(asserted),
    );
    const region = ports.ports.claim(
      chosen.iobase,
      PORTS,
      {
        read: (offset) => port.read(offset),
        write: (offset, _size, value) => port.write(offset, value),
      },
      { name: 'parallel', widest: 1 },
    );
    return {
      chosen: { ...chosen },
      reset: () => port.reset(),
      save: () => port.save(),
      restore: (state) => port.restore(state),
      unrealize: () => {
        region.remove();
        port.release();
      },
    };
  },
});
