/**
 * `vmmouse`: a pointer whose packets a driver fetches through `vmport`, and which can be absolute (the protocol of X.Org's
 * xf86-input-vmmouse, vmmouse_proto.h and vmmouse_defs.h). The PS/2 mouse tells the driver that there are some.
 */
import { type Device, type DeviceState, defineDevice } from '../device-class.ts';
import type { PointerHandle } from '../input-contract.ts';
import { stateLike, stateOf } from '../saved-state.ts';
import { ISA_BUS, type IsaPorts } from './isa-contract.ts';
import type { ProcessorRegisters, RegisterName, VmportCommands } from './vmport.ts';

const GET_DATA = 0x27;
const GET_STATUS = 0x28;
const EXECUTE = 0x29;

/** In EBX of EXECUTE. */
const READ_ID = 0x45414552;
const DISABLE = 0x000000f5;
const REQUEST_RELATIVE = 0x4c455252;
const REQUEST_ABSOLUTE = 0x53424152;

const VERSION = 0x3442554a;
const READY = 0x0000;
const FAILED = 0xffff;
const STATUS_SHIFT = 16;

/** Words that can wait for the driver. */
const QUEUE_WORDS = 1024;
/** GET_DATA answers in these, as many as EBX says. */
const DATA_REGISTERS: readonly RegisterName[] = ['eax', 'ebx', 'ecx', 'edx', 'esi', 'edi'];

/** Bits of a pointer's buttons, and of a packet's. */
const BUTTONS: readonly (readonly [pointer: number, packet: number])[] = [
  [1 << 0, 0x20],
  [1 << 1, 0x10],
  [1 << 2, 0x08],
];

export interface VmmousePorts extends IsaPorts {
  /** Undefined on a board without the port. */
  readonly vmport: VmportCommands | undefined;
  /** Makes the PS/2 mouse interrupt. */
  nudgeMouse(): void;
}

function powerOn() {
  return {
    status: FAILED,
    absolute: false,
    /** Whether it is among the machine's pointers. */
    listening: false,
    /** How many of the queue's words wait. */
    waiting: 0,
  };
}

class Vmmouse implements Device {
  readonly #ports: VmmousePorts;
  readonly #queue = new Uint32Array(QUEUE_WORDS);
  #state = powerOn();
  #pointer: PointerHandle | undefined;

  constructor(ports: VmmousePorts) {
    this.#ports = ports;
    ports.vmport?.add(GET_STATUS, () => this.#status);
    ports.vmport?.add(GET_DATA, (registers) => this.#giveData(registers));
    ports.vmport?.add(EXECUTE, (registers) => this.#execute(registers));
  }

  reset(): void {
    this.#state = powerOn();
    this.#queue.fill(0);
    this.#follow();
  }

  save(): DeviceState {
    return stateOf(this.#saved());
  }

  restore(state: DeviceState): void {
    const { queue, ...own } = stateLike(this.#saved(), state, vmmouse.name);
    this.#state = own;
    new Uint8Array(this.#queue.buffer).set(queue);
    this.#follow();
  }

  unrealize(): void {
    this.#pointer?.remove();
  }

  #saved() {
    return { ...this.#state, queue: new Uint8Array(this.#queue.buffer) };
  }

  get #status(): number {
    return ((this.#state.status << STATUS_SHIFT) | this.#state.waiting) >>> 0;
  }

  #execute(registers: ProcessorRegisters): number {
    switch (registers.get('ebx')) {
      case READ_ID:
        if (this.#append(VERSION)) this.#state.status = READY;
        break;
      case DISABLE:
        this.#disable();
        break;
      case REQUEST_RELATIVE:
      case REQUEST_ABSOLUTE:
        this.#listen(registers.get('ebx') === REQUEST_ABSOLUTE);
        break;
    }
    return registers.get('eax');
  }

  /** Asking for more than there is turns the device off. */
  #giveData(registers: ProcessorRegisters): number {
    const { waiting } = this.#state;
    const words = registers.get('ebx');
    if (words === 0 || words > DATA_REGISTERS.length || words > waiting) {
      this.#disable();
      return registers.get('eax');
    }
    for (const [index, name] of DATA_REGISTERS.slice(0, words).entries()) {
      registers.set(name, this.#queue[index] ?? 0);
    }
    this.#queue.copyWithin(0, words, waiting);
    this.#state.waiting = waiting - words;
    return registers.get('eax');
  }

  #disable(): void {
    this.#state.status = FAILED;
    this.#state.listening = false;
    this.#follow();
  }

  #listen(absolute: boolean): void {
    if (this.#state.status !== READY || (this.#state.listening && this.#state.absolute === absolute)) return;
    this.#state.listening = true;
    this.#state.absolute = absolute;
    this.#follow();
  }

  /** Enters the machine's pointers as the current one, or leaves them. */
  #follow(): void {
    const { listening, absolute } = this.#state;
    this.#pointer?.remove();
    this.#pointer = listening
      ? this.#ports.input.addPointer({
          name: 'vmmouse',
          absolute,
          motion: (x, y, dz, buttons) => this.#motion(x, y, dz, buttons),
        })
      : undefined;
  }

  /** Absolute positions have 16 bits here. */
  #motion(x: number, y: number, dz: number, buttons: number): void {
    const pressed = BUTTONS.reduce(
      (all, [pointer, packet]) => all | ((buttons & pointer) === 0 ? 0 : packet),
      0,
    );
    const scale = this.#state.absolute ? 2 : 1;
    if (this.#append(pressed, x * scale, y * scale, dz)) this.#ports.nudgeMouse();
  }

  /** False, with nothing appended, when there is no room for all. */
  #append(...words: readonly number[]): boolean {
    const { waiting } = this.#state;
    if (waiting + words.length > QUEUE_WORDS) return false;
    this.#queue.set(words, waiting);
    this.#state.waiting += words.length;
    return true;
  }
}

export const vmmouse = defineDevice({
  name: 'vmmouse',
  bus: ISA_BUS,
  hotpluggable: false,
  userCreatable: false,
  properties: {},
  create: (ports: VmmousePorts) => new Vmmouse(ports),
});
