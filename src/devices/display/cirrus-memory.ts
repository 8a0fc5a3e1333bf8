/** Video memory of the CL-GD5446 as the processor sees it in extended modes: banks, and bytes that become eight pixels. */
import * as cirrus from './cirrus-registers.ts';
import * as vga from './vga-registers.ts';

export const BANK_BYTES = 0x8000;
const FINE_GRANULE_SHIFT = 12;
const COARSE_GRANULE_SHIFT = 14;
const PIXELS = 8;
const LEFTMOST = 0x80;

/** Offset in video memory of a 32 KiB half of the window (manual, GR9, GRA, GRB). */
export function bankOffset(gr: Uint8Array, half: number): number {
  const extensions = gr[cirrus.GR_EXTENSIONS] ?? 0;
  const isDual = (extensions & cirrus.OFFSETS_DUAL) !== 0;
  const register = isDual && half === 1 ? cirrus.GR_OFFSET_1 : cirrus.GR_OFFSET_0;
  const isCoarse = (extensions & cirrus.OFFSETS_16K) !== 0;
  const offset = (gr[register] ?? 0) << (isCoarse ? COARSE_GRANULE_SHIFT : FINE_GRANULE_SHIFT);
  return offset + (!isDual && half === 1 ? BANK_BYTES : 0);
}

/** Whether bytes are where their addresses say and a write changes nothing else. */
export function isPlain(gr: Uint8Array): boolean {
  const extensions = gr[cirrus.GR_EXTENSIONS] ?? 0;
  return scaleShift(extensions) === 0 && expandingMode(gr) === undefined;
}

/** With by-8 or by-16 addressing an address is that of a group of eight pixels. */
function scaleShift(extensions: number): number {
  if ((extensions & cirrus.OFFSETS_BY_16) === cirrus.OFFSETS_BY_16) {
    return 4;
  }
  return (extensions & cirrus.OFFSETS_BY_8) !== 0 ? 3 : 0;
}

/** Write mode 4 or 5, when it is in force. */
function expandingMode(gr: Uint8Array): number | undefined {
  const mode = (gr[vga.GR_MODE] ?? 0) & cirrus.WRITE_MODE_MASK;
  const isExtended = ((gr[cirrus.GR_EXTENSIONS] ?? 0) & cirrus.WRITE_MODES_EXTENDED) !== 0;
  const isExpanding = mode === cirrus.WRITE_MODE_FOREGROUND || mode === cirrus.WRITE_MODE_BOTH;
  return isExtended && isExpanding ? mode : undefined;
}

export class CirrusMemory {
  readonly #view: Uint8Array;
  readonly #mask: number;

  constructor(view: Uint8Array) {
    this.#view = view;
    this.#mask = view.length - 1;
  }

  read(gr: Uint8Array, address: number): number {
    return this.#view[(address << scaleShift(gr[cirrus.GR_EXTENSIONS] ?? 0)) & this.#mask] ?? 0;
  }

  write(gr: Uint8Array, address: number, value: number): void {
    const extensions = gr[cirrus.GR_EXTENSIONS] ?? 0;
    const at = address << scaleShift(extensions);
    const mode = expandingMode(gr);
    if (mode === undefined) {
      this.#view[at & this.#mask] = value;
    } else {
      const isWide = (extensions & cirrus.OFFSETS_BY_16) === cirrus.OFFSETS_BY_16;
      this.#expand(gr, at, value, mode, isWide ? 2 : 1);
    }
  }

  /** A byte is eight pixels of one or two bytes, the leftmost in its highest bit. */
  #expand(gr: Uint8Array, at: number, value: number, mode: number, bytes: number): void {
    for (let pixel = 0; pixel < PIXELS; pixel += 1) {
      const isSet = (value & (LEFTMOST >> pixel)) !== 0;
      if (!isSet && mode === cirrus.WRITE_MODE_FOREGROUND) {
        continue;
      }
      const colour = isSet ? cirrus.GR_FOREGROUND : cirrus.GR_BACKGROUND;
      const to = at + pixel * bytes;
      this.#view[to & this.#mask] = gr[colour] ?? 0;
      if (bytes === 2) {
        this.#view[(to + 1) & this.#mask] = gr[cirrus.GR_COLOUR_BYTES + colour] ?? 0;
      }
    }
  }
}
