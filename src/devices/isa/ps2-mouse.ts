/**
 * A PS/2 mouse with the wheel of the IntelliMouse and the five buttons of the IntelliMouse Explorer (IBM PS/2 Hardware
 * Interface Technical Reference, "Auxiliary device"; A. Chapweske, "The PS/2 Mouse Interface", for the extensions).
 */
import type { PointerSink } from '../input-contract.ts';
import { ACKNOWLEDGE, type Ps2Device, Ps2Queue, RESEND, SELF_TEST_PASSED } from './ps2-device.ts';

const SET_SCALING_1_TO_1 = 0xe6;
const SET_SCALING_2_TO_1 = 0xe7;
const SET_RESOLUTION = 0xe8;
const STATUS_REQUEST = 0xe9;
const SET_STREAM_MODE = 0xea;
const READ_DATA = 0xeb;
const RESET_WRAP_MODE = 0xec;
const SET_WRAP_MODE = 0xee;
const SET_REMOTE_MODE = 0xf0;
const READ_DEVICE_TYPE = 0xf2;
const SET_SAMPLING_RATE = 0xf3;
const ENABLE = 0xf4;
const DISABLE = 0xf5;
const SET_DEFAULT = 0xf6;
const RESEND_COMMAND = 0xfe;
const RESET = 0xff;
const NO_COMMAND = 0;

const PLAIN_MOUSE = 0;
const WHEEL_MOUSE = 3;
const FIVE_BUTTON_MOUSE = 4;
/** Three sampling rates in a row that turn the mouse into another. */
const KNOCKS: readonly (readonly [rates: string, type: number])[] = [
  ['200,100,80', WHEEL_MOUSE],
  ['200,200,80', FIVE_BUTTON_MOUSE],
];

const STATUS_SCALING = 1 << 4;
const STATUS_ENABLED = 1 << 5;
const STATUS_REMOTE = 1 << 6;

const PACKET_ALWAYS = 1 << 3;
const PACKET_X_SIGN = 1 << 4;
const PACKET_Y_SIGN = 1 << 5;
const PACKET_MOST = 255;
const WHEEL_LEAST = -8;
const WHEEL_MOST = 7;
const BUTTON_BITS = 7;
const EXTRA_BUTTONS_SHIFT = 1;
const EXTRA_BUTTON_BITS = 0x30;
const LONGEST_PACKET = 4;

function powerOnState() {
  return {
    type: PLAIN_MOUSE,
    enabled: false,
    remote: false,
    wrap: false,
    scaling: false,
    resolution: 2,
    rate: 100,
    /** The last three sampling rates, latest last. */
    rates: '0,0,0',
    command: NO_COMMAND,
    x: 0,
    y: 0,
    z: 0,
    buttons: 0,
    /** Buttons as last sent. */
    sentButtons: 0,
  };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

export class Ps2Mouse implements Ps2Device, PointerSink {
  readonly name = 'QEMU PS/2 Mouse';
  readonly absolute = false;
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

  reset(): void {
    this.#state = powerOnState();
    this.#queue.clear();
  }

  take(): number | undefined {
    const byte = this.#queue.take();
    // What could not be sent for want of room.
    this.#stream();
    return byte;
  }

  /** Motion in counts, right and down; `dz` in clicks, towards the user. Before the mouse is enabled it is lost. */
  motion(x: number, y: number, dz: number, buttons: number): void {
    const state = this.#state;
    if (!state.enabled && !state.remote) {
      return;
    }
    state.x += Math.trunc(x);
    state.y -= Math.trunc(y);
    state.z += Math.trunc(dz);
    state.buttons = buttons;
    this.#stream();
    this.#changed();
  }

  receive(byte: number): void {
    const { command, wrap } = this.#state;
    this.#state.command = NO_COMMAND;
    if (wrap && byte !== RESET && byte !== RESET_WRAP_MODE) {
      this.#queue.answer(byte);
    } else if (command !== NO_COMMAND) {
      this.#argument(command, byte);
    } else {
      this.#execute(byte);
    }
    this.#changed();
  }

  save() {
    return { ...this.#state, queue: this.#queue.save() };
  }

  restore({ queue, ...state }: ReturnType<Ps2Mouse['save']>): void {
    this.#state = state;
    this.#queue.restore(queue);
  }

  #execute(command: number): void {
    const state = this.#state;
    switch (command) {
      case SET_SCALING_1_TO_1:
      case SET_SCALING_2_TO_1:
        state.scaling = command === SET_SCALING_2_TO_1;
        break;
      case SET_RESOLUTION:
      case SET_SAMPLING_RATE:
        state.command = command;
        break;
      case SET_STREAM_MODE:
      case SET_REMOTE_MODE:
        this.#forget();
        state.remote = command === SET_REMOTE_MODE;
        break;
      case SET_WRAP_MODE:
      case RESET_WRAP_MODE:
        this.#forget();
        state.wrap = command === SET_WRAP_MODE;
        break;
      case ENABLE:
      case DISABLE:
        this.#forget();
        state.enabled = command === ENABLE;
        break;
      case SET_DEFAULT:
        this.#setDefaults();
        break;
      case RESET:
        this.reset();
        break;
      case STATUS_REQUEST:
      case READ_DATA:
      case READ_DEVICE_TYPE:
        break;
      case RESEND_COMMAND:
        this.#queue.resend();
        return;
      default:
        this.#queue.answer(RESEND);
        return;
    }
    this.#queue.answer(ACKNOWLEDGE, ...this.#answer(command));
  }

  /** What follows the acknowledgement. */
  #answer(command: number): readonly number[] {
    const { remote, enabled, scaling, buttons, resolution, rate, type } = this.#state;
    switch (command) {
      case RESET:
        return [SELF_TEST_PASSED, PLAIN_MOUSE];
      case READ_DEVICE_TYPE:
        return [type];
      case READ_DATA:
        return this.#packet();
      case STATUS_REQUEST: {
        const modes =
          (remote ? STATUS_REMOTE : 0) | (enabled ? STATUS_ENABLED : 0) | (scaling ? STATUS_SCALING : 0);
        // Here the left button is bit 2, the right one bit 0.
        const pressed = ((buttons & 1) << 2) | ((buttons & 4) >> 1) | ((buttons & 2) >> 1);
        return [modes | pressed, resolution, rate];
      }
      default:
        return [];
    }
  }

  #argument(command: number, value: number): void {
    const state = this.#state;
    if (command === SET_RESOLUTION) {
      state.resolution = value;
    } else {
      state.rate = value;
      state.rates = `${state.rates.slice(state.rates.indexOf(',') + 1)},${value}`;
      state.type = KNOCKS.find(([rates]) => rates === state.rates)?.[1] ?? state.type;
    }
    this.#queue.answer(ACKNOWLEDGE);
  }

  /** Defaults leave the type as it is; only a reset makes it a plain mouse again. */
  #setDefaults(): void {
    const { type, buttons } = this.#state;
    this.#state = { ...powerOnState(), type, buttons };
    this.#queue.clearEvents();
  }

  #forget(): void {
    this.#queue.clearEvents();
    this.#state.x = 0;
    this.#state.y = 0;
    this.#state.z = 0;
    this.#state.sentButtons = this.#state.buttons;
  }

  #stream(): void {
    const state = this.#state;
    if (!state.enabled || state.remote) {
      return;
    }
    while (
      (state.x !== 0 || state.y !== 0 || state.z !== 0 || state.buttons !== state.sentButtons) &&
      this.#queue.room >= LONGEST_PACKET
    ) {
      this.#queue.event(this.#packet());
    }
  }

  /** Takes as much of the motion as one packet carries. */
  #packet(): readonly number[] {
    const state = this.#state;
    const x = clamp(state.x, -PACKET_MOST, PACKET_MOST);
    const y = clamp(state.y, -PACKET_MOST, PACKET_MOST);
    const z = clamp(state.z, WHEEL_LEAST, WHEEL_MOST);
    state.x -= x;
    state.y -= y;
    state.z = state.type === PLAIN_MOUSE ? 0 : state.z - z;
    state.sentButtons = state.buttons;
    const head =
      PACKET_ALWAYS |
      (state.buttons & BUTTON_BITS) |
      (x < 0 ? PACKET_X_SIGN : 0) |
      (y < 0 ? PACKET_Y_SIGN : 0);
    const packet = [head, x & 0xff, y & 0xff];
    if (state.type === WHEEL_MOUSE) {
      return [...packet, z & 0xff];
    }
    if (state.type === FIVE_BUTTON_MOUSE) {
      return [...packet, (z & 0x0f) | ((state.buttons << EXTRA_BUTTONS_SHIFT) & EXTRA_BUTTON_BITS)];
    }
    return packet;
  }
}
