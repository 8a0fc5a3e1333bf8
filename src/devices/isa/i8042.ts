/**
 * `i8042`: the PC's keyboard controller with a PS/2 keyboard and a PS/2 mouse on its two ports (Intel UPI-42 as programmed
 * for the IBM PS/2: Hardware Interface Technical Reference, "Keyboard and auxiliary device controller").
 */
import type { DeviceState } from '../device-class.ts';
import { type Device, defineDevice } from '../device-class.ts';
import { stateLike, stateOf } from '../saved-state.ts';
import { ISA_BUS, type IsaPorts } from './isa-contract.ts';
import { translateToSet1 } from './key-codes.ts';
import type { Ps2Device } from './ps2-device.ts';
import { Ps2Keyboard } from './ps2-keyboard.ts';
import { Ps2Mouse } from './ps2-mouse.ts';

const DATA_PORT = 0x60;
/** Reads: status; writes: command. */
const COMMAND_PORT = 0x64;
const KEYBOARD_IRQ = 1;
const MOUSE_IRQ = 12;

const STATUS_OUTPUT_FULL = 1 << 0;
const STATUS_SYSTEM = 1 << 2;
const STATUS_COMMAND = 1 << 3;
const STATUS_UNLOCKED = 1 << 4;
const STATUS_MOUSE_OUTPUT = 1 << 5;

/** Bits of the command byte, which is byte 0 of the controller's memory. */
const CONTROL_KEYBOARD_INTERRUPT = 1 << 0;
const CONTROL_MOUSE_INTERRUPT = 1 << 1;
const CONTROL_SYSTEM = 1 << 2;
const CONTROL_KEYBOARD_DISABLED = 1 << 4;
const CONTROL_MOUSE_DISABLED = 1 << 5;
const CONTROL_TRANSLATE = 1 << 6;

const READ_MEMORY = 0x20;
const WRITE_MEMORY = 0x60;
const MEMORY_BYTES = 0x20;
const TEST_PASSWORD = 0xa4;
const DISABLE_MOUSE = 0xa7;
const ENABLE_MOUSE = 0xa8;
const TEST_MOUSE_PORT = 0xa9;
const SELF_TEST = 0xaa;
const TEST_KEYBOARD_PORT = 0xab;
const DISABLE_KEYBOARD = 0xad;
const ENABLE_KEYBOARD = 0xae;
const READ_INPUT_PORT = 0xc0;
const READ_OUTPUT_PORT = 0xd0;
const WRITE_OUTPUT_PORT = 0xd1;
const WRITE_KEYBOARD_OUTPUT = 0xd2;
const WRITE_MOUSE_OUTPUT = 0xd3;
const WRITE_MOUSE = 0xd4;
const DISABLE_A20 = 0xdd;
const ENABLE_A20 = 0xdf;
const READ_TEST_INPUTS = 0xe0;
/** F0 to FF: output port bits whose bit here is 0 go low for 6 µs. */
const PULSE_OUTPUT = 0xf0;
const NO_COMMAND = 0;

const SELF_TEST_PASSED = 0x55;
const PORT_TEST_PASSED = 0x00;
const NO_PASSWORD = 0xf1;
/** Keyboard not inhibited, manufacturing jumper not installed. */
const INPUT_PORT = 0xa0;

const OUTPUT_NOT_RESET = 1 << 0;
const OUTPUT_A20 = 1 << 1;
const OUTPUT_KEYBOARD_INTERRUPT = 1 << 4;
const OUTPUT_MOUSE_INTERRUPT = 1 << 5;
const OUTPUT_INTERRUPTS = OUTPUT_KEYBOARD_INTERRUPT | OUTPUT_MOUSE_INTERRUPT;
/** At power-on: clock and data lines high, not in reset, address line 20 on. */
const OUTPUT_AT_RESET = 0xcf;

const SET_2_BREAK = 0xf0;
const SET_1_BREAK = 0x80;

/** Where the byte in the output buffer came from; the mouse's have an interrupt of their own. */
const FROM_KEYBOARD = 0;
const FROM_MOUSE = 1;

function powerOnState() {
  return {
    control: CONTROL_KEYBOARD_INTERRUPT | CONTROL_MOUSE_INTERRUPT,
    memory: new Uint8Array(MEMORY_BYTES),
    status: STATUS_UNLOCKED | STATUS_COMMAND,
    outputPort: OUTPUT_AT_RESET,
    /** The command that waits for its argument. */
    command: NO_COMMAND,
    output: 0,
    outputFull: false,
    outputSource: FROM_KEYBOARD,
    /** A byte of the controller's own that waits for the output buffer; -1 for none. */
    answer: -1,
    answerSource: FROM_KEYBOARD,
    /** The last byte from the keyboard was F0, so the next one is of a release. */
    breakSeen: false,
  };
}

export interface I8042Ports extends IsaPorts {
  /** Told of the controller's mouse, for who needs it to interrupt. */
  attach?(mouse: { nudge(): void }): void;
}

class I8042 {
  readonly #ports: IsaPorts;
  readonly #keyboardInterrupt;
  readonly #mouseInterrupt;
  readonly #publishStatus: (status: number) => void;
  readonly #keyboard = new Ps2Keyboard(() => this.#transfer());
  readonly #mouse = new Ps2Mouse(() => this.#transfer());
  #state = powerOnState();

  constructor(ports: IsaPorts, publishStatus: (status: number) => void) {
    this.#ports = ports;
    this.#publishStatus = publishStatus;
    this.#keyboardInterrupt = ports.irq(KEYBOARD_IRQ);
    this.#mouseInterrupt = ports.irq(MOUSE_IRQ);
    const { machine, input } = ports;
    input.addKeyboard({
      key: (code, down) => {
        machine.wakeup();
        this.#keyboard.key(code, down);
      },
    });
    input.addPointer({
      name: this.#mouse.name,
      absolute: this.#mouse.absolute,
      motion: (x, y, dz, buttons) => {
        if (buttons !== 0) {
          machine.wakeup();
        }
        this.#mouse.motion(x, y, dz, buttons);
      },
    });
    this.#update();
  }

  /** The mouse moves a little, so that it interrupts where the guest listens to it. */
  nudge(): void {
    this.#mouse.motion(1, 0, 0, 0);
  }

  reset(): void {
    this.#state = powerOnState();
    this.#keyboard.reset();
    this.#mouse.reset();
    this.#ports.machine.setA20(true);
    this.#update();
  }

  get status(): number {
    const { status, outputFull, outputSource } = this.#state;
    const source = outputSource === FROM_MOUSE ? STATUS_MOUSE_OUTPUT : 0;
    return status | (outputFull ? STATUS_OUTPUT_FULL | source : 0);
  }

  /** Reading an empty buffer gives the last byte again. */
  readData(): number {
    const { output } = this.#state;
    if (this.#state.outputFull) {
      this.#state.outputFull = false;
      // The line falls before the next byte raises it again: the interrupt controller wants an edge for each.
      this.#update();
      this.#transfer();
    }
    return output;
  }

  writeData(value: number): void {
    const { command } = this.#state;
    this.#state.command = NO_COMMAND;
    this.#state.status &= ~STATUS_COMMAND;
    if (command === NO_COMMAND) {
      // Writing to the keyboard enables its interface.
      this.#state.control &= ~CONTROL_KEYBOARD_DISABLED;
      this.#keyboard.receive(value);
    } else if (command >= WRITE_MEMORY && command < WRITE_MEMORY + MEMORY_BYTES) {
      this.#writeMemory(command - WRITE_MEMORY, value);
    } else {
      this.#writeFor(command, value);
    }
    this.#transfer();
  }

  execute(command: number): void {
    this.#state.command = NO_COMMAND;
    this.#state.status |= STATUS_COMMAND;
    if (command >= READ_MEMORY && command < READ_MEMORY + MEMORY_BYTES) {
      this.#answer(this.#readMemory(command - READ_MEMORY));
    } else if (command >= WRITE_MEMORY && command < WRITE_MEMORY + MEMORY_BYTES) {
      this.#state.command = command;
    } else if (command >= PULSE_OUTPUT) {
      this.#pulse(command);
    } else {
      this.#executeNamed(command);
    }
    this.#transfer();
  }

  save(): DeviceState {
    return stateOf(this.#saved());
  }

  restore(state: DeviceState): void {
    const { keyboard, mouse, ...own } = stateLike(this.#saved(), state, 'i8042');
    this.#state = own;
    this.#keyboard.restore(keyboard);
    this.#mouse.restore(mouse);
    this.#update();
  }

  release(): void {
    this.#keyboardInterrupt.set(false);
    this.#mouseInterrupt.set(false);
  }

  #saved() {
    return { ...this.#state, keyboard: this.#keyboard.save(), mouse: this.#mouse.save() };
  }

  #executeNamed(command: number): void {
    const state = this.#state;
    switch (command) {
      case TEST_PASSWORD:
        this.#answer(NO_PASSWORD);
        break;
      case DISABLE_MOUSE:
        state.control |= CONTROL_MOUSE_DISABLED;
        break;
      case ENABLE_MOUSE:
        state.control &= ~CONTROL_MOUSE_DISABLED;
        break;
      case TEST_MOUSE_PORT:
      case TEST_KEYBOARD_PORT:
        this.#answer(PORT_TEST_PASSED);
        break;
      case SELF_TEST:
        state.status |= STATUS_SYSTEM;
        this.#answer(SELF_TEST_PASSED);
        break;
      case DISABLE_KEYBOARD:
        state.control |= CONTROL_KEYBOARD_DISABLED;
        break;
      case ENABLE_KEYBOARD:
        state.control &= ~CONTROL_KEYBOARD_DISABLED;
        break;
      case READ_INPUT_PORT:
        this.#answer(INPUT_PORT);
        break;
      case READ_OUTPUT_PORT:
        this.#answer(this.#outputPort);
        break;
      case WRITE_OUTPUT_PORT:
      case WRITE_KEYBOARD_OUTPUT:
      case WRITE_MOUSE_OUTPUT:
      case WRITE_MOUSE:
        state.command = command;
        break;
      case DISABLE_A20:
      case ENABLE_A20:
        this.#setA20(command === ENABLE_A20);
        break;
      case READ_TEST_INPUTS:
        this.#answer(0);
        break;
      default:
        // A command that the controller does not know does nothing.
        break;
    }
  }

  #writeFor(command: number, value: number): void {
    switch (command) {
      case WRITE_OUTPUT_PORT:
        this.#state.outputPort = value & ~OUTPUT_INTERRUPTS;
        this.#setA20((value & OUTPUT_A20) !== 0);
        if ((value & OUTPUT_NOT_RESET) === 0) {
          this.#ports.machine.requestReset();
        }
        break;
      case WRITE_KEYBOARD_OUTPUT:
        this.#answer(value);
        break;
      case WRITE_MOUSE_OUTPUT:
        this.#answer(value, FROM_MOUSE);
        break;
      case WRITE_MOUSE:
        this.#state.control &= ~CONTROL_MOUSE_DISABLED;
        this.#mouse.receive(value);
        break;
    }
  }

  get #outputPort(): number {
    const { outputPort, outputFull, outputSource } = this.#state;
    const interrupt = outputSource === FROM_MOUSE ? OUTPUT_MOUSE_INTERRUPT : OUTPUT_KEYBOARD_INTERRUPT;
    return outputPort | (outputFull ? interrupt : 0);
  }

  #readMemory(index: number): number {
    return index === 0 ? this.#state.control : (this.#state.memory[index] ?? 0);
  }

  #writeMemory(index: number, value: number): void {
    this.#state.memory[index] = value;
    if (index === 0) {
      this.#state.control = value;
      const system = (value & CONTROL_SYSTEM) !== 0 ? STATUS_SYSTEM : 0;
      this.#state.status = (this.#state.status & ~STATUS_SYSTEM) | system;
    }
  }

  #pulse(command: number): void {
    if ((command & OUTPUT_NOT_RESET) === 0) {
      this.#ports.machine.requestReset();
    }
  }

  #setA20(enabled: boolean): void {
    const { outputPort } = this.#state;
    this.#state.outputPort = enabled ? outputPort | OUTPUT_A20 : outputPort & ~OUTPUT_A20;
    this.#ports.machine.setA20(enabled);
  }

  #answer(value: number, source = FROM_KEYBOARD): void {
    this.#state.answer = value;
    this.#state.answerSource = source;
  }

  /** Fills the empty output buffer: the controller's own answers first, then the keyboard, then the mouse. */
  #transfer(): void {
    const state = this.#state;
    if (!state.outputFull && state.answer >= 0) {
      this.#output(state.answer, state.answerSource);
      state.answer = -1;
    }
    if (!state.outputFull && (state.control & CONTROL_KEYBOARD_DISABLED) === 0) {
      this.#transferKeyboard();
    }
    if (!state.outputFull && (state.control & CONTROL_MOUSE_DISABLED) === 0) {
      const byte = next(this.#mouse);
      if (byte !== undefined) {
        this.#output(byte, FROM_MOUSE);
      }
    }
    this.#update();
  }

  /** With translation, F0 of set 2 becomes the top bit of what follows it. */
  #transferKeyboard(): void {
    const state = this.#state;
    for (;;) {
      const byte = next(this.#keyboard);
      if (byte === undefined) {
        return;
      }
      if ((state.control & CONTROL_TRANSLATE) === 0) {
        this.#output(byte, FROM_KEYBOARD);
        return;
      }
      if (byte !== SET_2_BREAK) {
        this.#output(translateToSet1(byte) | (state.breakSeen ? SET_1_BREAK : 0), FROM_KEYBOARD);
        state.breakSeen = false;
        return;
      }
      state.breakSeen = true;
    }
  }

  #output(value: number, source: number): void {
    this.#state.output = value;
    this.#state.outputSource = source;
    this.#state.outputFull = true;
  }

  #update(): void {
    const { control, outputFull, outputSource } = this.#state;
    const isMouse = outputSource === FROM_MOUSE;
    // The status first: a vCPU that is interrupted may read it before this thread does anything more.
    this.#publishStatus(this.status);
    this.#keyboardInterrupt.set(outputFull && !isMouse && (control & CONTROL_KEYBOARD_INTERRUPT) !== 0);
    this.#mouseInterrupt.set(outputFull && isMouse && (control & CONTROL_MOUSE_INTERRUPT) !== 0);
  }
}

/** The next byte of a device; one that has none is not disturbed. */
function next(device: Ps2Device): number | undefined {
  return device.hasOutput ? device.take() : undefined;
}

export const i8042 = defineDevice({
  name: 'i8042',
  bus: ISA_BUS,
  hotpluggable: false,
  userCreatable: false,
  properties: {},
  create(ports: I8042Ports): Device {
    const { words, host } = ports.sharedWords(1);
    const controller = new I8042(ports, (status) => Atomics.store(words, 0, status));
    ports.attach?.(controller);
    const data = ports.ports.claim(
      DATA_PORT,
      1,
      {
        read: () => controller.readData(),
        write: (_offset, _size, value) => controller.writeData(value),
      },
      { name: 'i8042-data', widest: 1 },
    );
    const command = ports.ports.claim(
      COMMAND_PORT,
      1,
      {
        read: () => controller.status,
        write: (_offset, _size, value) => controller.execute(value),
      },
      { name: 'i8042-cmd', widest: 1, fast: [{ offset: 0, size: 1, answer: { kind: 'word', word: host } }] },
    );
    return {
      reset: () => controller.reset(),
      save: () => controller.save(),
      restore: (state) => controller.restore(state),
      unrealize: () => {
        data.remove();
        command.remove();
        controller.release();
      },
    };
  },
});
