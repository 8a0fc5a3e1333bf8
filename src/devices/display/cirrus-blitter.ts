/**
 * The bit-block transfer engine of the CL-GD5446 (Technical Reference Manual, chapter "BitBLT engine"). A transfer is done
 * when it is started, or, when its source is the processor, line by line as the data come.
 */
import * as cirrus from './cirrus-registers.ts';

type RasterOperation = (source: number, destination: number) => number;

/** The sixteen raster operations of GR32, on bytes of source and destination; others do nothing. */
const RASTER_OPERATIONS = new Map<number, RasterOperation>([
  [0x00, () => 0],
  [0x05, (s, d) => s & d],
  [0x06, (_s, d) => d],
  [0x09, (s, d) => s & ~d],
  [0x0b, (_s, d) => ~d],
  [0x0d, (s) => s],
  [0x0e, () => 0xff],
  [0x50, (s, d) => ~s & d],
  [0x59, (s, d) => s ^ d],
  [0x6d, (s, d) => s | d],
  [0x90, (s, d) => ~s | ~d],
  [0x95, (s, d) => ~(s ^ d)],
  [0xad, (s, d) => s | ~d],
  [0xd0, (s) => ~s],
  [0xd6, (s, d) => ~s | d],
  [0xda, (s, d) => ~s & ~d],
]);

const DEEPEST = 4;
const PATTERN_SIDE = 8;
const PATTERN_PITCH_24 = 32;
const SKIP_MASK = 7;
const SKIP_MASK_24 = 0x1f;
const DEPTH_WITH_PADDING = 3;
/** Deeper pixels cannot be compared with the transparent colour. */
const DEEPEST_TRANSPARENT = 2;
const LEFTMOST = 0x80;

/** A transfer as the registers describe it. Sizes and addresses in bytes. */
interface Transfer {
  readonly mode: number;
  readonly extensions: number;
  readonly operation: RasterOperation;
  readonly width: number;
  readonly height: number;
  readonly destinationPitch: number;
  readonly sourcePitch: number;
  readonly destination: number;
  readonly source: number;
  readonly depth: number;
  readonly skip: number;
}

/** Gives a byte of the source. */
type ReadSource = (address: number) => number;

export class CirrusBlitter {
  readonly #memory: Uint8Array;
  readonly #mask: number;
  readonly #gr: () => Uint8Array;
  /** What the processor has sent of the present line, and how many lines have been drawn. */
  #received: number[] = [];
  #line = 0;
  /** The transfer that waits for data. */
  #fed: Transfer | undefined;

  /** @param gr the graphics controller's registers */
  constructor(memory: Uint8Array, gr: () => Uint8Array) {
    this.#memory = memory;
    this.#mask = memory.length - 1;
    this.#gr = gr;
  }

  /** Whether the next writes to video memory are source data. */
  get isFed(): boolean {
    return this.#fed !== undefined;
  }

  /** Takes a write to GR31, whose present value is `before`. */
  control(before: number, value: number): void {
    this.#set(cirrus.GR_BLT_STATUS, value);
    if ((before & cirrus.STATUS_RESET) !== 0 && (value & cirrus.STATUS_RESET) === 0) {
      this.reset();
    } else if ((before & cirrus.STATUS_START) === 0 && (value & cirrus.STATUS_START) !== 0) {
      this.start();
    }
  }

  reset(): void {
    this.#received = [];
    this.#line = 0;
    this.#finish();
  }

  start(): void {
    const transfer = this.#transfer();
    this.#set(cirrus.GR_BLT_STATUS, this.#get(cirrus.GR_BLT_STATUS) | cirrus.STATUS_BUSY);
    if (!isPossible(transfer)) {
      this.#finish();
    } else if ((transfer.mode & cirrus.BLT_FROM_SYSTEM) !== 0) {
      this.#received = [];
      this.#line = 0;
      this.#fed = transfer;
      const status = this.#get(cirrus.GR_BLT_STATUS);
      this.#set(cirrus.GR_BLT_STATUS, status | cirrus.STATUS_BUFFERED);
    } else {
      this.#run(transfer);
      this.#finish();
    }
  }

  /** Takes a byte of source data from the processor. */
  feed(byte: number): void {
    const transfer = this.#fed;
    this.#received.push(byte);
    if (transfer === undefined || this.#received.length < fedBytes(transfer)) {
      return;
    }
    const bytes = this.#received;
    this.#received = [];
    const read: ReadSource = (address) => bytes[address] ?? 0;
    if ((transfer.mode & cirrus.BLT_PATTERN) !== 0) {
      this.#drawPattern(transfer, read, 0, transfer.source & SKIP_MASK);
      this.#finish();
      return;
    }
    const line = {
      ...transfer,
      source: 0,
      height: 1,
      destination: transfer.destination + this.#line * transfer.destinationPitch,
    };
    if ((transfer.mode & cirrus.BLT_EXPAND) !== 0) {
      this.#expand(line, read);
    } else {
      this.#copy(line, read);
    }
    this.#line += 1;
    if (this.#line === transfer.height) {
      this.#finish();
    }
  }

  save() {
    return { received: Buffer.from(this.#received).toString('hex'), line: this.#line, isFed: this.isFed };
  }

  /** After the registers have been restored, which describe what was going on. */
  restore(saved: ReturnType<CirrusBlitter['save']>): void {
    this.#received = [...Buffer.from(saved.received, 'hex')];
    this.#line = saved.line;
    this.#fed = saved.isFed ? this.#transfer() : undefined;
  }

  #get(index: number): number {
    return this.#gr()[index] ?? 0;
  }

  #set(index: number, value: number): void {
    this.#gr()[index] = value;
  }

  #wide(index: number, bytes: number): number {
    let value = 0;
    for (let byte = 0; byte < bytes; byte += 1) {
      value |= this.#get(index + byte) << (8 * byte);
    }
    return value;
  }

  #finish(): void {
    this.#fed = undefined;
    const done = cirrus.STATUS_BUSY | cirrus.STATUS_START | cirrus.STATUS_BUFFERED;
    this.#set(cirrus.GR_BLT_STATUS, this.#get(cirrus.GR_BLT_STATUS) & ~done);
  }

  #transfer(): Transfer {
    const mode = this.#get(cirrus.GR_BLT_MODE);
    const depth = ((mode >> cirrus.BLT_DEPTH_SHIFT) & cirrus.BLT_DEPTH_MASK) + 1;
    const skip = this.#get(cirrus.GR_LEFT_SKIP);
    return {
      mode,
      extensions: this.#get(cirrus.GR_BLT_EXTENSIONS),
      operation:
        RASTER_OPERATIONS.get(this.#get(cirrus.GR_BLT_ROP)) ?? ((_source, destination) => destination),
      width: this.#wide(cirrus.GR_WIDTH, 2) + 1,
      height: this.#wide(cirrus.GR_HEIGHT, 2) + 1,
      destinationPitch: this.#wide(cirrus.GR_DESTINATION_PITCH, 2),
      sourcePitch: this.#wide(cirrus.GR_SOURCE_PITCH, 2),
      destination: this.#wide(cirrus.GR_DESTINATION, 3),
      source: this.#wide(cirrus.GR_SOURCE, 3),
      depth,
      skip: depth === DEPTH_WITH_PADDING ? skip & SKIP_MASK_24 : (skip & SKIP_MASK) * depth,
    };
  }

  #run(transfer: Transfer): void {
    const { mode, extensions, source, depth } = transfer;
    const read: ReadSource = (address) => this.#memory[address & this.#mask] ?? 0;
    const isPattern = (mode & cirrus.BLT_PATTERN) !== 0;
    const expands = (mode & cirrus.BLT_EXPAND) !== 0;
    if (isPattern && expands && (extensions & cirrus.EXTENSION_SOLID) !== 0) {
      this.#fill(transfer);
    } else if (isPattern) {
      const bytes = expands ? PATTERN_SIDE : patternPitch(depth) * PATTERN_SIDE;
      this.#drawPattern(transfer, read, source & ~(bytes - 1), source & SKIP_MASK);
    } else if (expands) {
      this.#expand(transfer, read);
    } else {
      this.#copy(transfer, read);
    }
  }

  #fill(transfer: Transfer): void {
    const colour = this.#colour(cirrus.GR_FOREGROUND);
    for (let y = 0; y < transfer.height; y += 1) {
      const line = transfer.destination + y * transfer.destinationPitch;
      for (let x = 0; x < transfer.width; x += transfer.depth) {
        this.#putColour(transfer, line + x, colour);
      }
    }
  }

  /** Copies bytes, one after the other in the direction of GR30 bit 0: what overlaps is read when it is its turn. */
  #copy(transfer: Transfer, read: ReadSource): void {
    const { mode, width, height, depth, operation } = transfer;
    const step = (mode & cirrus.BLT_BACKWARDS) !== 0 ? -1 : 1;
    const compares = (mode & cirrus.BLT_TRANSPARENT) !== 0;
    const size = compares ? depth : 1;
    for (let y = 0; y < height; y += 1) {
      const to = transfer.destination + step * y * transfer.destinationPitch;
      const from = transfer.source + step * y * transfer.sourcePitch;
      for (let x = 0; x < width; x += size) {
        if (compares) {
          // Going backwards, the address is that of the pixel's last byte.
          const first = step > 0 ? x : -x - (depth - 1);
          this.#copyTransparent(transfer, to + first, from + first, read);
        } else {
          const at = (to + step * x) & this.#mask;
          this.#memory[at] = operation(read(from + step * x), this.#memory[at] ?? 0);
        }
      }
    }
  }

  /** A pixel that comes out as the transparent colour is not written. */
  #copyTransparent({ depth, operation }: Transfer, to: number, from: number, read: ReadSource): void {
    const result: number[] = [];
    for (let byte = 0; byte < depth; byte += 1) {
      const old = this.#memory[(to + byte) & this.#mask] ?? 0;
      result.push(operation(read(from + byte), old) & 0xff);
    }
    if (result.some((value, byte) => value !== this.#get(cirrus.GR_TRANSPARENT + byte))) {
      for (const [byte, value] of result.entries()) {
        this.#memory[(to + byte) & this.#mask] = value;
      }
    }
  }

  /** Makes pixels of bits, the leftmost first; each line begins with a new byte of the source. */
  #expand(transfer: Transfer, read: ReadSource): void {
    const { width, height, depth, skip } = transfer;
    let from = transfer.source;
    for (let y = 0; y < height; y += 1) {
      let bit = LEFTMOST >> (Math.floor(skip / depth) & SKIP_MASK);
      let bits = read(from);
      from += 1;
      const line = transfer.destination + y * transfer.destinationPitch;
      for (let x = skip; x < width; x += depth) {
        if (bit === 0) {
          bit = LEFTMOST;
          bits = read(from);
          from += 1;
        }
        this.#putBit(transfer, line + x, (bits & bit) !== 0);
        bit >>= 1;
      }
    }
  }

  /**
   * Repeats a pattern of 8 × 8 pixels, or of 8 × 8 bits.
   * @param base address of the pattern
   * @param firstRow row of it that the first line shows
   */
  #drawPattern(transfer: Transfer, read: ReadSource, base: number, firstRow: number): void {
    const { mode, width, height, depth, skip } = transfer;
    const expands = (mode & cirrus.BLT_EXPAND) !== 0;
    const pitch = expands ? 1 : patternPitch(depth);
    for (let y = 0; y < height; y += 1) {
      const row = base + ((firstRow + y) % PATTERN_SIDE) * pitch;
      const line = transfer.destination + y * transfer.destinationPitch;
      let column = depth === DEPTH_WITH_PADDING && !expands ? skip : Math.floor(skip / depth);
      for (let x = skip; x < width; x += depth, column += 1) {
        const inPattern = column % PATTERN_SIDE;
        if (expands) {
          this.#putBit(transfer, line + x, (read(row) & (LEFTMOST >> inPattern)) !== 0);
        } else {
          const pixel = Array.from({ length: depth }, (_, byte) => read(row + inPattern * depth + byte));
          this.#putColour(transfer, line + x, pixel);
        }
      }
    }
  }

  /** With transparency, only set bits are drawn; inverted, only clear ones, in the background colour. */
  #putBit(transfer: Transfer, to: number, isSet: boolean): void {
    const { mode, extensions } = transfer;
    if ((mode & cirrus.BLT_TRANSPARENT) !== 0) {
      const drawn = (extensions & cirrus.EXTENSION_INVERT) === 0;
      if (isSet === drawn) {
        this.#putColour(transfer, to, this.#colour(drawn ? cirrus.GR_FOREGROUND : cirrus.GR_BACKGROUND));
      }
    } else {
      this.#putColour(transfer, to, this.#colour(isSet ? cirrus.GR_FOREGROUND : cirrus.GR_BACKGROUND));
    }
  }

  #putColour({ depth, operation }: Transfer, to: number, colour: readonly number[]): void {
    for (let byte = 0; byte < depth; byte += 1) {
      const at = (to + byte) & this.#mask;
      this.#memory[at] = operation(colour[byte] ?? 0, this.#memory[at] ?? 0);
    }
  }

  /** GR0 or GR1 and what belongs to it, low byte first. */
  #colour(index: number): readonly number[] {
    const high = cirrus.GR_COLOUR_BYTES + index;
    return [this.#get(index), this.#get(high), this.#get(high + 2), this.#get(high + 4)].slice(0, DEEPEST);
  }
}

function patternPitch(depth: number): number {
  return depth === DEPTH_WITH_PADDING ? PATTERN_PITCH_24 : PATTERN_SIDE * depth;
}

/** What the engine cannot do is not begun. */
function isPossible({ mode, depth }: Transfer): boolean {
  const compares = (mode & (cirrus.BLT_TRANSPARENT | cirrus.BLT_EXPAND)) === cirrus.BLT_TRANSPARENT;
  const isDeep = depth > DEEPEST_TRANSPARENT;
  return (mode & cirrus.BLT_TO_SYSTEM) === 0 && !(compares && isDeep && (mode & cirrus.BLT_PATTERN) === 0);
}

/** How many bytes the processor sends for a line, or for the pattern. Lines of pixels end at a doubleword. */
function fedBytes({ mode, extensions, width, depth }: Transfer): number {
  if ((mode & cirrus.BLT_PATTERN) !== 0) {
    return (mode & cirrus.BLT_EXPAND) !== 0 ? PATTERN_SIDE : PATTERN_SIDE * PATTERN_SIDE * depth;
  }
  if ((mode & cirrus.BLT_EXPAND) === 0) {
    return (width + 3) & ~3;
  }
  const pixels = Math.ceil(width / depth);
  return (extensions & cirrus.EXTENSION_DOUBLEWORD) !== 0
    ? Math.ceil(pixels / 32) * 4
    : Math.ceil(pixels / 8);
}
