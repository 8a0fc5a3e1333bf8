/**
 * A PS/2 keyboard (IBM PS/2 Hardware Interface Technical Reference, "Keyboards (101- and 102-key)", commands from the
 * system). Keys do not repeat by themselves: whoever presses them decides how often.
 */
import type { KeyboardSink, QKeyCode } from '../input-contract.ts';
import { keyBytes, type ScanCodeSet, scancodeOf } from './key-codes.ts';
import { ACKNOWLEDGE, type Ps2Device, Ps2Queue, RESEND, SELF_TEST_PASSED } from './ps2-device.ts';

const SET_INDICATORS = 0xed;
const ECHO = 0xee;
const SELECT_SCAN_CODE_SET = 0xf0;
const READ_ID = 0xf2;
const SET_TYPEMATIC = 0xf3;
const ENABLE = 0xf4;
const DEFAULT_DISABLE = 0xf5;
const SET_DEFAULT = 0xf6;
const SET_ALL_KEYS_FIRST = 0xf7;
const SET_ALL_KEYS_LAST = 0xfa;
const SET_KEY_FIRST = 0xfb;
const SET_KEY_LAST = 0xfd;
const RESEND_COMMAND = 0xfe;
const RESET = 0xff;
const NO_COMMAND = 0;

/** 83AB: a keyboard with translation, low byte first. */
const ID = [0xab, 0x83];
/** The delay is 500 ms, the rate 10.9 characters a second. */
const DEFAULT_TYPEMATIC = 0x2b;
const TYPEMATIC_BITS = 0x7f;
const INDICATOR_BITS = 7;
/** In set 3, while make codes only are wanted of all keys. */
const MAKE_ONLY = new Set([0xf7, 0xf9]);

function powerOnState() {
  return {
    set: 2,
    enabled: true,
    indicators: 0,
    typematic: DEFAULT_TYPEMATIC,
    makeOnly: false,
    command: NO_COMMAND,
  };
}

export class Ps2Keyboard implements Ps2Device, KeyboardSink {
  readonly #queue = new Ps2Queue();
  readonly #changed: () => void;
  #state = powerOnState();

  /** @param changed there may be bytes to take */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get hasOutput(): boolean {
    return !this.#queue.isEmpty;
  }

  /** Bit 0 scroll lock, bit 1 num lock, bit 2 caps lock. */
  get indicators(): number {
    return this.#state.indicators;
  }

  reset(): void {
    this.#state = powerOnState();
    this.#queue.clear();
  }

  take(): number | undefined {
    return this.#queue.take();
  }

  key(code: QKeyCode | number, down: boolean): void {
    const scancode = scancodeOf(code);
    if (scancode === undefined || !this.#state.enabled || (this.#state.makeOnly && !down)) {
      return;
    }
    this.#queue.event(keyBytes(scancode, down, this.#set));
    this.#changed();
  }

  receive(byte: number): void {
    const { command } = this.#state;
    this.#state.command = NO_COMMAND;
    if (command !== NO_COMMAND && byte < SET_INDICATORS) {
      this.#argument(command, byte);
    } else {
      this.#execute(byte);
    }
    this.#changed();
  }

  save() {
    return { ...this.#state, queue: this.#queue.save() };
  }

  restore({ queue, ...state }: ReturnType<Ps2Keyboard['save']>): void {
    this.#state = state;
    this.#queue.restore(queue);
  }

  get #set(): ScanCodeSet {
    const { set } = this.#state;
    return set === 1 || set === 3 ? set : 2;
  }

  #execute(command: number): void {
    switch (command) {
      case SET_INDICATORS:
      case SELECT_SCAN_CODE_SET:
      case SET_TYPEMATIC:
        this.#state.command = command;
        this.#queue.answer(ACKNOWLEDGE);
        break;
      case ECHO:
        this.#queue.answer(ECHO);
        break;
      case READ_ID:
        this.#queue.answer(ACKNOWLEDGE, ...ID);
        break;
      case ENABLE:
        this.#queue.clearEvents();
        this.#state.enabled = true;
        this.#queue.answer(ACKNOWLEDGE);
        break;
      case DEFAULT_DISABLE:
      case SET_DEFAULT:
        this.#queue.clearEvents();
        this.#setDefaults(command === SET_DEFAULT);
        this.#queue.answer(ACKNOWLEDGE);
        break;
      case RESEND_COMMAND:
        this.#queue.resend();
        break;
      case RESET:
        this.reset();
        this.#queue.answer(ACKNOWLEDGE, SELF_TEST_PASSED);
        break;
      default:
        this.#executeKeyTypes(command);
        break;
    }
  }

  /** The commands that give keys of set 3 their types. */
  #executeKeyTypes(command: number): void {
    if (command >= SET_ALL_KEYS_FIRST && command <= SET_ALL_KEYS_LAST) {
      this.#state.makeOnly = MAKE_ONLY.has(command);
      this.#queue.answer(ACKNOWLEDGE);
    } else if (command >= SET_KEY_FIRST && command <= SET_KEY_LAST) {
      this.#state.command = command;
      this.#queue.answer(ACKNOWLEDGE);
    } else {
      this.#queue.answer(RESEND);
    }
  }

  #argument(command: number, value: number): void {
    switch (command) {
      case SET_INDICATORS:
        this.#state.indicators = value & INDICATOR_BITS;
        this.#queue.answer(ACKNOWLEDGE);
        break;
      case SET_TYPEMATIC:
        this.#state.typematic = value & TYPEMATIC_BITS;
        this.#queue.answer(ACKNOWLEDGE);
        break;
      case SELECT_SCAN_CODE_SET:
        this.#selectSet(value);
        break;
      default:
        // Keys of the list of a "set key type" command follow until the next command.
        this.#state.command = command;
        this.#queue.answer(ACKNOWLEDGE);
        break;
    }
  }

  /** 0 asks for the present set. */
  #selectSet(value: number): void {
    if (value > 3) {
      this.#queue.answer(RESEND);
      return;
    }
    this.#queue.answer(ACKNOWLEDGE);
    if (value === 0) {
      this.#queue.answer(this.#set);
    } else {
      this.#state.set = value;
    }
  }

  #setDefaults(enabled: boolean): void {
    const { indicators } = this.#state;
    this.#state = { ...powerOnState(), indicators, enabled };
  }
}
