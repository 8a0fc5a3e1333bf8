/**
 * The VGA's memory as the processor sees it through A0000H-BFFFFH (FreeVGA, "VGA memory access"; IBM PS/2 Hardware
 * Interface Technical Reference, "Graphics controller").
 *
 * The four planes lie interleaved: byte 4a + p is byte a of plane p, so one 32-bit word holds what one address selects in
 * all planes. In chain-4 mode (256 colours) the processor's addresses are then the plain bytes of memory, which can be
 * mapped: address A is plane A & 3, byte A / 4. On the hardware it is byte A & ~3; the display undoes either.
 */
import * as vga from './vga-registers.ts';
import type { VgaState } from './vga-state.ts';

/** Bytes of one plane of the original VGA: what its address registers reach. */
export const PLANE_BYTES = 0x10000;
const PLANES = 4;
const ALL_PLANES = 0x0f;
const BYTE = 0xff;

/** Four bits to four bytes: bit p becomes byte p, 00 or FF. */
const SPREAD = Uint32Array.from({ length: 16 }, (_, bits) => {
  let bytes = 0;
  for (let plane = 0; plane < PLANES; plane += 1) {
    bytes |= (bits & (1 << plane)) !== 0 ? BYTE << (plane * 8) : 0;
  }
  return bytes >>> 0;
});

/** All bits of a 4-bit plane set as bytes. */
export function spread(planes: number): number {
  return SPREAD[planes & ALL_PLANES] ?? 0;
}

export function replicate(byte: number): number {
  return Math.imul(byte, 0x01010101);
}

function rotateRight(byte: number, count: number): number {
  return ((byte >> count) | (byte << (8 - count))) & BYTE;
}

/** The logical unit of GR3: 0 passes, 1 AND, 2 OR, 3 XOR with the latches. */
function combine(operation: number, value: number, latch: number): number {
  switch (operation) {
    case 1:
      return value & latch;
    case 2:
      return value | latch;
    case 3:
      return value ^ latch;
    default:
      return value;
  }
}

/** What one access of the processor selects. */
interface Selection {
  /** Index of the 32-bit word. */
  readonly word: number;
  /** Planes that a write may reach, as bits. */
  readonly planes: number;
  /** The plane that a plain read gives. */
  readonly readPlane: number;
}

export class VgaMemory {
  readonly #words: Uint32Array;
  readonly #bytes: Uint8Array;
  readonly #wordMask: number;

  /** @param view the whole video memory; a power of two of bytes */
  constructor(view: Uint8Array) {
    this.#bytes = view;
    this.#words = new Uint32Array(view.buffer, view.byteOffset, view.length / PLANES);
    this.#wordMask = this.#words.length - 1;
  }

  /** Reads a byte; `address` counts from the window's beginning, `bank` in bytes of a plane is added to it. */
  read(state: VgaState, address: number, bank: number): number {
    const { word, readPlane } = this.#select(state, address, bank);
    const latch = this.#words[word] ?? 0;
    state.latch = latch;
    if (((state.gr[vga.GR_MODE] ?? 0) & vga.MODE_READ_COMPARE) !== 0) {
      return this.#compare(state, latch);
    }
    return (latch >>> (readPlane * 8)) & BYTE;
  }

  write(state: VgaState, address: number, bank: number, value: number): void {
    const { word, planes } = this.#select(state, address, bank);
    const { gr, latch } = state;
    const rotate = gr[vga.GR_ROTATE] ?? 0;
    const operation = rotate >> 3;
    const mode = (gr[vga.GR_MODE] ?? 0) & vga.MODE_WRITE_MASK;
    let bitMask = gr[vga.GR_BIT_MASK] ?? 0;
    let data: number;
    if (mode === 1) {
      this.#store(word, planes, latch);
      return;
    }
    if (mode === 2) {
      data = spread(value);
    } else {
      const rotated = rotateRight(value, rotate & 7);
      if (mode === 3) {
        bitMask &= rotated;
        data = spread(gr[vga.GR_SET_RESET] ?? 0);
      } else {
        const fixed = spread(gr[vga.GR_ENABLE_SET_RESET] ?? 0);
        data = (replicate(rotated) & ~fixed) | (spread(gr[vga.GR_SET_RESET] ?? 0) & fixed);
      }
    }
    const mask = replicate(bitMask);
    this.#store(word, planes, (combine(operation, data, latch) & mask) | (latch & ~mask));
  }

  /** Byte `address` of plane `plane`, for the display. */
  plane(plane: number, address: number): number {
    return this.#bytes[((address & this.#wordMask) * PLANES) | plane] ?? 0;
  }

  /** All four planes at `address`, plane 0 in the low byte. */
  word(address: number): number {
    return this.#words[address & this.#wordMask] ?? 0;
  }

  #store(word: number, planes: number, data: number): void {
    const mask = spread(planes);
    this.#words[word] = ((this.#words[word] ?? 0) & ~mask) | (data & mask);
  }

  /** Read mode 1: a bit is 1 where the planes that matter have the colour of GR2. */
  #compare({ gr }: VgaState, latch: number): number {
    const differing =
      (latch ^ spread(gr[vga.GR_COLOUR_COMPARE] ?? 0)) & spread(gr[vga.GR_COLOUR_DONT_CARE] ?? 0);
    const any = differing | (differing >>> 16);
    return ~(any | (any >>> 8)) & BYTE;
  }

  #select({ sr, gr }: VgaState, address: number, bank: number): Selection {
    const enabled = sr[vga.SR_MAP_MASK] ?? 0;
    const memoryMode = sr[vga.SR_MEMORY_MODE] ?? 0;
    if ((memoryMode & vga.MEMORY_MODE_CHAIN_4) !== 0) {
      const plane = address & 3;
      const word = ((bank * PLANES + address) >>> 2) & this.#wordMask;
      return { word, planes: enabled & (1 << plane), readPlane: plane };
    }
    const odd = address & 1;
    const isChained = ((gr[vga.GR_MISC] ?? 0) & vga.GR_MISC_CHAIN_ODD_EVEN) !== 0;
    const word = (bank + (isChained ? address & ~1 : address)) & this.#wordMask;
    const byParity = (memoryMode & vga.MEMORY_MODE_SEQUENTIAL) === 0;
    const readMap = gr[vga.GR_READ_MAP] ?? 0;
    const readByParity = ((gr[vga.GR_MODE] ?? 0) & vga.MODE_ODD_EVEN) !== 0;
    return {
      word,
      planes: byParity ? enabled & (odd === 0 ? 0b0101 : 0b1010) : enabled,
      readPlane: readByParity ? (readMap & 2) | odd : readMap,
    };
  }
}
