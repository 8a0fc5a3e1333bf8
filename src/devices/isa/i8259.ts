/**
 * Intel 8259A programmable interrupt controller, as the 82371SB (PIIX3) has it twice: 8259A data sheet (231468-003), and
 * 82371FB/SB data sheet, section 3.2.9 for the edge/level control registers. 8080 mode is not there: the vectors of all PCs
 * are those of 8086 mode.
 */
import type { Region, Wire } from '../board-services.ts';
import { type Device, type DeviceState, defineDevice, property } from '../device-class.ts';
import { hex8, hex32, onOff } from '../property-types.ts';
import { stateLike, stateOf } from '../saved-state.ts';
import { ISA_BUS, type IsaPorts } from './isa-contract.ts';

export interface I8259Ports extends IsaPorts {
  /** The chip's INT output: LINT0 of the boot processor, or the master's input 2. */
  readonly intr: Wire;
  /** Hands out the chip, whose inputs and acknowledge cycles are the board's to connect. */
  attach(chip: I8259): void;
  /** The chip on the master's input 2, as soon as there is one. */
  slave(): I8259 | undefined;
}

/** What `info pic` shows of a chip. */
export interface I8259View {
  readonly irr: number;
  readonly imr: number;
  readonly isr: number;
  /** The input with the highest priority. */
  readonly highest: number;
  readonly vectorBase: number;
  readonly readsIsr: boolean;
  readonly elcr: number;
  readonly fullyNested: boolean;
}

const INPUTS = 8;
const LAST_INPUT = 7;
/** Input of the master that the slave's INT drives. */
const CASCADE = 2;
const NO_INPUT = -1;

/** Bits of A0 = 0 writes that tell ICW1, OCW2 and OCW3 apart (data sheet, figures 7 and 8). */
const ICW1_SELECT = 0x10;
const OCW3_SELECT = 0x08;
const ICW1_IC4 = 0x01;
const ICW1_SINGLE = 0x02;
const ICW2_BASE = 0xf8;
const ICW4_AEOI = 0x02;
const ICW4_SFNM = 0x10;
const OCW2_LEVEL = 0x07;
const OCW2_COMMAND_SHIFT = 5;
const OCW3_READ_REGISTER = 0x02;
const OCW3_READ_ISR = 0x01;
const OCW3_POLL = 0x04;
const OCW3_CHANGE_SMM = 0x40;
const OCW3_SMM = 0x20;
/** Bit 7 of a polled answer: there is a request. */
const POLL_REQUEST = 0x80;

/** OCW2's R, SL and EOI bits (data sheet, figure 8). */
const OCW2 = {
  rotateOnAeoiOff: 0,
  eoi: 1,
  specificEoi: 3,
  rotateOnAeoiOn: 4,
  rotateOnEoi: 5,
  setPriority: 6,
  rotateOnSpecificEoi: 7,
} as const;

const POWER_ON = {
  /** Levels of the inputs. */
  lines: 0,
  irr: 0,
  imr: 0,
  isr: 0,
  elcr: 0,
  vectorBase: 0,
  /** The input with the lowest priority. */
  lowest: LAST_INPUT,
  /** The initialization command word that is awaited at A0 = 1: 0 for none. */
  awaited: 0,
  wantsIcw4: false,
  single: false,
  readsIsr: false,
  poll: false,
  specialMask: false,
  specialFullyNested: false,
  autoEoi: false,
  rotateOnAutoEoi: false,
};

export class I8259 implements Device {
  readonly pins = { inputs: 8, outputs: 1 };
  #state = { ...POWER_ON };
  readonly #ports: I8259Ports;
  readonly #isMaster: boolean;
  readonly #elcrMask: number;
  readonly #regions: Region[];

  constructor(
    ports: I8259Ports,
    values: { iobase: number; elcr_addr: number; elcr_mask: number; master: boolean },
  ) {
    this.#ports = ports;
    this.#isMaster = values.master;
    this.#elcrMask = values.elcr_mask;
    const name = values.master ? 'pic0' : 'pic1';
    const claim = (
      port: number,
      suffix: string,
      posted: boolean,
      handler: { read(): number; write(value: number): void },
    ) =>
      ports.ports.claim(
        port,
        1,
        { read: () => handler.read(), write: (_offset, _size, value) => handler.write(value) },
        { name: `${name}${suffix}`, widest: 1, posted },
      );
    this.#regions = [
      // An end of interrupt has nothing to wait for. A mask has: what comes after it must not be interrupted.
      claim(values.iobase, '-command', true, {
        read: () => this.#readCommand(),
        write: (value) => this.#writeCommand(value),
      }),
      claim(values.iobase + 1, '-mask', false, {
        read: () => this.#readMask(),
        write: (value) => this.#writeMask(value),
      }),
      claim(values.elcr_addr, '-elcr', false, {
        read: () => this.#state.elcr,
        write: (value) => this.#writeElcr(value),
      }),
    ];
    ports.attach(this);
  }

  /** Interrupt input 0 to 7. */
  input(line: number): Wire {
    return { set: (asserted) => this.#setLine(line, asserted) };
  }

  /**
   * Both pulses of an INTA sequence: gives the vector. Without a request it is that of input 7, and nothing comes into
   * service (data sheet, "Edge and level triggered modes").
   */
  acknowledge(): number {
    const line = this.#highestRequest();
    if (line === NO_INPUT) return this.#state.vectorBase + LAST_INPUT;
    this.#takeIntoService(line);
    const slave = this.#isMaster && line === CASCADE ? this.#ports.slave() : undefined;
    const vector = slave === undefined ? this.#state.vectorBase + line : slave.acknowledge();
    // INT falls during the acknowledge cycle, so that a request still pending makes a new edge.
    this.#ports.intr.set(false);
    this.#update();
    return vector;
  }

  get view(): I8259View {
    const { irr, imr, isr, lowest, vectorBase, readsIsr, elcr, specialFullyNested } = this.#state;
    const highest = (lowest + 1) % INPUTS;
    return { irr, imr, isr, highest, vectorBase, readsIsr, elcr, fullyNested: specialFullyNested };
  }

  reset(): void {
    this.#state = { ...POWER_ON, lines: this.#state.lines };
    this.#update();
  }

  save(): DeviceState {
    return stateOf(this.#state);
  }

  restore(state: DeviceState): void {
    this.#state = stateLike(POWER_ON, state, isaI8259.name);
    this.#update();
  }

  unrealize(): void {
    for (const region of this.#regions) region.remove();
  }

  #setLine(line: number, asserted: boolean): void {
    const state = this.#state;
    const bit = 1 << line;
    const wasAsserted = (state.lines & bit) !== 0;
    if (asserted === wasAsserted) return;
    state.lines ^= bit;
    if (asserted) state.irr |= bit;
    else if ((state.elcr & bit) !== 0 || (this.#isMaster && line === CASCADE)) state.irr &= ~bit;
    // An edge on another input stays latched when its line falls: devices that pulse faster than the guest looks are heard.
    this.#update();
  }

  #writeElcr(value: number): void {
    const state = this.#state;
    state.elcr = value & this.#elcrMask;
    state.irr = (state.irr & ~state.elcr) | (state.lines & state.elcr);
    this.#update();
  }

  #readCommand(): number {
    const state = this.#state;
    if (state.poll) return this.#poll();
    return state.readsIsr ? state.isr : state.irr;
  }

  #readMask(): number {
    return this.#state.poll ? this.#poll() : this.#state.imr;
  }

  /** The read after a poll command is an interrupt acknowledge (data sheet, "Poll command"). */
  #poll(): number {
    this.#state.poll = false;
    const line = this.#highestRequest();
    if (line === NO_INPUT) return 0;
    this.#takeIntoService(line);
    this.#update();
    return POLL_REQUEST | line;
  }

  #writeCommand(value: number): void {
    if ((value & ICW1_SELECT) !== 0) this.#initialize(value);
    else if ((value & OCW3_SELECT) !== 0) this.#writeOcw3(value);
    else this.#writeOcw2(value >> OCW2_COMMAND_SHIFT, value & OCW2_LEVEL);
    this.#update();
  }

  /** ICW1: what it clears is in the data sheet's list (a) to (f). PIIX takes the trigger modes from ELCR, not from LTIM. */
  #initialize(icw1: number): void {
    const { lines, elcr } = this.#state;
    this.#state = {
      ...POWER_ON,
      lines,
      elcr,
      irr: lines & elcr,
      vectorBase: this.#state.vectorBase,
      awaited: 2,
      wantsIcw4: (icw1 & ICW1_IC4) !== 0,
      single: (icw1 & ICW1_SINGLE) !== 0,
    };
  }

  #writeOcw3(ocw3: number): void {
    const state = this.#state;
    if ((ocw3 & OCW3_POLL) !== 0) state.poll = true;
    else if ((ocw3 & OCW3_READ_REGISTER) !== 0) state.readsIsr = (ocw3 & OCW3_READ_ISR) !== 0;
    if ((ocw3 & OCW3_CHANGE_SMM) !== 0) state.specialMask = (ocw3 & OCW3_SMM) !== 0;
  }

  #writeOcw2(command: number, level: number): void {
    const state = this.#state;
    switch (command) {
      case OCW2.rotateOnAeoiOff:
      case OCW2.rotateOnAeoiOn:
        state.rotateOnAutoEoi = command === OCW2.rotateOnAeoiOn;
        break;
      case OCW2.eoi:
      case OCW2.rotateOnEoi: {
        const served = this.#highestInService();
        if (served === NO_INPUT) break;
        state.isr &= ~(1 << served);
        if (command === OCW2.rotateOnEoi) state.lowest = served;
        break;
      }
      case OCW2.specificEoi:
        state.isr &= ~(1 << level);
        break;
      case OCW2.rotateOnSpecificEoi:
        state.isr &= ~(1 << level);
        state.lowest = level;
        break;
      case OCW2.setPriority:
        state.lowest = level;
        break;
      default:
      // Command 2 is no operation.
    }
  }

  #writeMask(value: number): void {
    const state = this.#state;
    switch (state.awaited) {
      case 2:
        state.vectorBase = value & ICW2_BASE;
        state.awaited = state.single ? this.#afterIcw3() : 3;
        break;
      case 3:
        // Which input the cascade uses is wired on the board.
        state.awaited = this.#afterIcw3();
        break;
      case 4:
        state.specialFullyNested = (value & ICW4_SFNM) !== 0;
        state.autoEoi = (value & ICW4_AEOI) !== 0;
        state.awaited = 0;
        break;
      default:
        state.imr = value;
    }
    this.#update();
  }

  #afterIcw3(): number {
    return this.#state.wantsIcw4 ? 4 : 0;
  }

  #takeIntoService(line: number): void {
    const state = this.#state;
    const bit = 1 << line;
    if ((state.elcr & bit) === 0) state.irr &= ~bit;
    if (!state.autoEoi) state.isr |= bit;
    else if (state.rotateOnAutoEoi) state.lowest = line;
  }

  /** The first of some inputs in the order of their priorities. */
  #first(inputs: number): number {
    for (let step = 1; step <= INPUTS; step++) {
      const line = (this.#state.lowest + step) % INPUTS;
      if ((inputs & (1 << line)) !== 0) return line;
    }
    return NO_INPUT;
  }

  /** What a non-specific EOI ends: in special mask mode no masked input (data sheet, "Special mask mode"). */
  #highestInService(): number {
    const { isr, imr, specialMask } = this.#state;
    return this.#first(specialMask ? isr & ~imr : isr);
  }

  /** The request that asserts INT: one with a higher priority than all in service. */
  #highestRequest(): number {
    const { irr, imr, isr, specialMask, specialFullyNested } = this.#state;
    const requests = irr & ~imr;
    if (requests === 0) return NO_INPUT;
    // In special mask mode a level that is masked holds nothing off.
    let blocking = specialMask ? isr & ~imr : isr;
    // With special fully nested mode the slave that is in service may interrupt again.
    if (specialFullyNested && this.#isMaster) blocking &= ~(1 << CASCADE);
    const request = this.#first(requests);
    return this.#first(requests | blocking) === request && (blocking & (1 << request)) === 0
      ? request
      : NO_INPUT;
  }

  #update(): void {
    this.#ports.intr.set(this.#highestRequest() !== NO_INPUT);
  }
}

/** A port that no board has: the board sets all of them. */
const NOWHERE = 0xffffffff;

export const isaI8259 = defineDevice({
  name: 'isa-i8259',
  bus: ISA_BUS,
  hotpluggable: false,
  userCreatable: false,
  properties: {
    iobase: property(hex32, NOWHERE, 'first of its two ports'),
    elcr_addr: property(hex32, NOWHERE, 'port of its edge/level control register'),
    elcr_mask: property(hex8, 0xff, 'inputs that may be level-triggered'),
    master: property(onOff, false, 'the chip whose input 2 the other one drives'),
  },
  create: (ports: I8259Ports, values) => new I8259(ports, values),
});
