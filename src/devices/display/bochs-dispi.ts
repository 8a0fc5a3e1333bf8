/**
 * The Bochs VBE display interface (Bochs, "VBE display API" B0C5): linear modes behind two 16-bit ports. Without it the
 * adapter is a plain VGA.
 */
import type { LinearMode } from './linear-picture.ts';
import { pixelBytes } from './linear-picture.ts';

export const DISPI_INDEX = 0x1ce;
export const DISPI_DATA = 0x1cf;
/** The same where 16-bit ports are at even addresses only. */
export const DISPI_DATA_ALIGNED = 0x1d0;

const ID = 0;
const X_RESOLUTION = 1;
const Y_RESOLUTION = 2;
const BITS_PER_PIXEL = 3;
const ENABLE = 4;
const BANK = 5;
const VIRTUAL_WIDTH = 6;
const VIRTUAL_HEIGHT = 7;
const X_OFFSET = 8;
const Y_OFFSET = 9;
const MEMORY_64K = 10;
const REGISTERS = 11;

const FIRST_ID = 0xb0c0;
const LAST_ID = 0xb0c5;
const ENABLED = 0x01;
const GET_CAPABILITIES = 0x02;
const DAC_8_BITS = 0x20;
const NO_CLEAR = 0x80;
const MOST_X = 16000;
const MOST_Y = 12000;
const MOST_BITS = 32;
const BANK_BYTES = 65536;
const PLANAR_BITS = 4;
const DEPTHS: readonly number[] = [4, 8, 15, 16, 24, 32];
const NO_REGISTER = 0xffff;

export interface DispiOptions {
  readonly memory: Uint8Array;
  /** The mode, the bank or the width of the DAC has changed. */
  readonly changed: () => void;
}

export class BochsDispi {
  readonly #options: DispiOptions;
  #index = 0;
  #registers = new Uint16Array(REGISTERS);

  constructor(options: DispiOptions) {
    this.#options = options;
    this.reset();
  }

  reset(): void {
    this.#index = 0;
    this.#registers.fill(0);
    this.#registers[ID] = LAST_ID;
    this.#registers[MEMORY_64K] = this.#options.memory.length / BANK_BYTES;
  }

  get isEnabled(): boolean {
    return (this.#get(ENABLE) & ENABLED) !== 0;
  }

  get dac8Bits(): boolean {
    return (this.#get(ENABLE) & DAC_8_BITS) !== 0;
  }

  /** Whether the mode has four planes: then memory is accessed as in the VGA's own 16-colour modes. */
  get isPlanar(): boolean {
    return this.#get(BITS_PER_PIXEL) === PLANAR_BITS;
  }

  /** Offset in bytes of what the 64 KiB window shows. */
  get bankOffset(): number {
    return this.#get(BANK) * BANK_BYTES;
  }

  /** The mode; of a planar one pitch and start count bytes of a plane. */
  get mode(): LinearMode {
    const bitsPerPixel = this.#get(BITS_PER_PIXEL);
    const bytes = this.isPlanar ? 1 / 8 : pixelBytes(bitsPerPixel);
    const pitch = Math.floor(this.#get(VIRTUAL_WIDTH) * bytes);
    return {
      width: this.#get(X_RESOLUTION),
      height: this.#get(Y_RESOLUTION),
      bitsPerPixel,
      pitch,
      start: this.#get(Y_OFFSET) * pitch + Math.floor(this.#get(X_OFFSET) * bytes),
    };
  }

  readIndex(): number {
    return this.#index;
  }

  writeIndex(value: number): void {
    this.#index = value;
  }

  readData(): number {
    return this.readRegister(this.#index);
  }

  writeData(value: number): void {
    this.writeRegister(this.#index, value);
  }

  readRegister(index: number): number {
    if ((this.#get(ENABLE) & GET_CAPABILITIES) !== 0 && index >= X_RESOLUTION && index <= BITS_PER_PIXEL) {
      return [MOST_X, MOST_Y, MOST_BITS][index - X_RESOLUTION] ?? 0;
    }
    return this.#registers[index] ?? NO_REGISTER;
  }

  writeRegister(index: number, value: number): void {
    switch (index) {
      case ID:
        if (value >= FIRST_ID && value <= LAST_ID) {
          this.#registers[ID] = value;
        }
        break;
      case ENABLE:
        this.#enable(value);
        break;
      case BANK:
        this.#registers[BANK] = value % this.#get(MEMORY_64K);
        break;
      case X_RESOLUTION:
      case Y_RESOLUTION:
      case BITS_PER_PIXEL:
        this.#setMode(index, value);
        break;
      case VIRTUAL_WIDTH:
        this.#setVirtualWidth(value);
        break;
      case X_OFFSET:
      case Y_OFFSET:
        this.#registers[index] = value;
        break;
      default:
        // The height follows from the width, and the size of memory is what it is.
        break;
    }
    this.#options.changed();
  }

  save() {
    return { index: this.#index, registers: Uint8Array.from(new Uint8Array(this.#registers.buffer)) };
  }

  restore(saved: ReturnType<BochsDispi['save']>): void {
    this.#index = saved.index;
    this.#registers = new Uint16Array(Uint8Array.from(saved.registers).buffer);
    this.#options.changed();
  }

  #get(index: number): number {
    return this.#registers[index] ?? 0;
  }

  /** Size and depth cannot change while the mode is on. */
  #setMode(index: number, value: number): void {
    if (this.isEnabled) {
      return;
    }
    const isValid =
      index === X_RESOLUTION
        ? value <= MOST_X
        : index === Y_RESOLUTION
          ? value <= MOST_Y
          : value === 0 || DEPTHS.includes(value);
    if (isValid) {
      this.#registers[index] = index === BITS_PER_PIXEL && value === 0 ? 8 : value;
    }
  }

  /** A line at least as wide as the screen, with as many lines as memory holds. */
  #setVirtualWidth(value: number): void {
    const width = Math.max(value, this.#get(X_RESOLUTION));
    this.#registers[VIRTUAL_WIDTH] = width;
    const { pitch } = this.mode;
    const planes = this.isPlanar ? PLANAR_BITS : 1;
    const height = pitch === 0 ? 0 : Math.floor(this.#options.memory.length / planes / pitch);
    this.#registers[VIRTUAL_HEIGHT] = Math.min(height, 0xffff);
  }

  #enable(value: number): void {
    const turnsOn = (value & ENABLED) !== 0 && !this.isEnabled;
    if (turnsOn) {
      this.#registers[BITS_PER_PIXEL] ||= 8;
      this.#registers[X_OFFSET] = 0;
      this.#registers[Y_OFFSET] = 0;
      this.#registers[BANK] = 0;
      this.#setVirtualWidth(this.#get(X_RESOLUTION));
      if ((value & NO_CLEAR) === 0) {
        const { pitch, height } = this.mode;
        this.#options.memory.fill(0, 0, pitch * height * (this.isPlanar ? PLANAR_BITS : 1));
      }
    }
    this.#registers[ENABLE] = value;
    if ((value & ENABLED) === 0) {
      this.#registers[BANK] = 0;
    }
  }
}
