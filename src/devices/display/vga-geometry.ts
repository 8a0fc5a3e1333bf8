/** What the CRT controller shows: how large, from where, how addresses become bytes of the planes. */

import * as vga from './vga-registers.ts';
import type { VgaState } from './vga-state.ts';
import { verticalValue } from './vga-timing.ts';

export interface VgaGeometry {
  readonly isText: boolean;
  /** Characters, or groups of 8 dots, in a line. */
  readonly columns: number;
  /** Dots of a character; 8 in graphics. */
  readonly dots: number;
  /** Picture elements for each dot: 2 when the dot clock is halved. */
  readonly dotRepeat: number;
  /** Picture lines. */
  readonly lines: number;
  /** Lines of a character row, before doubling. */
  readonly rowLines: number;
  /** Each line is shown so many times. */
  readonly lineRepeat: number;
  /** Line after which the address counter begins again at 0. */
  readonly lineCompare: number;
  /** Address counter at the top, and what a row adds to it. */
  readonly start: number;
  readonly rowOffset: number;
  readonly presetRow: number;
  /** Dots that the picture is shifted to the left. */
  readonly panning: number;
}

const NARROW_CHARACTER = 8;
const WIDE_CHARACTER = 9;
const PRESET_ROW_MASK = 0x1f;
const BYTE_PANNING_SHIFT = 5;
const BYTE_PANNING_MASK = 3;

/** Ten bits, in CR18, CR7 bit 4 and CR9 bit 6. */
function lineCompareOf(cr: Uint8Array): number {
  const overflow = cr[vga.CR_OVERFLOW] ?? 0;
  const maximum = cr[vga.CR_MAXIMUM_SCAN_LINE] ?? 0;
  return (cr[vga.CR_LINE_COMPARE] ?? 0) | ((overflow & 0x10) << 4) | ((maximum & 0x40) << 3);
}

/** AR13, in dots: 8-dot modes shift by its value, 9-dot ones by one more (8 is none), 256-colour ones by half. */
function panningOf(ar: Uint8Array, dots: number, is256: boolean): number {
  const value = ar[vga.AR_PANNING] ?? 0;
  if (is256) {
    return value & ~1;
  }
  if (dots === WIDE_CHARACTER) {
    return value >= 8 ? 0 : value + 1;
  }
  return value & 7;
}

export function geometryOf({ sr, cr, gr, ar }: VgaState): VgaGeometry {
  const isText = ((gr[vga.GR_MISC] ?? 0) & vga.GR_MISC_GRAPHICS) === 0;
  const clocking = sr[vga.SR_CLOCKING] ?? 0;
  const maximum = cr[vga.CR_MAXIMUM_SCAN_LINE] ?? 0;
  const isNarrow = !isText || (clocking & vga.CLOCKING_8_DOTS) !== 0;
  const dots = isNarrow ? NARROW_CHARACTER : WIDE_CHARACTER;
  const preset = cr[vga.CR_PRESET_ROW_SCAN] ?? 0;
  const is256 = !isText && ((gr[vga.GR_MODE] ?? 0) & vga.MODE_SHIFT_256) !== 0;
  return {
    isText,
    columns: (cr[vga.CR_HORIZONTAL_END] ?? 0) + 1,
    dots,
    dotRepeat: (clocking & vga.CLOCKING_HALF) !== 0 ? 2 : 1,
    lines: verticalValue(cr, vga.CR_VERTICAL_END, 1, 6) + 1,
    rowLines: (maximum & vga.SCAN_LINE_MASK) + 1,
    lineRepeat: (maximum & vga.SCAN_LINE_DOUBLE) !== 0 ? 2 : 1,
    lineCompare: lineCompareOf(cr),
    start:
      (((cr[vga.CR_START_HIGH] ?? 0) << 8) | (cr[vga.CR_START_LOW] ?? 0)) +
      ((preset >> BYTE_PANNING_SHIFT) & BYTE_PANNING_MASK),
    rowOffset: (cr[vga.CR_OFFSET] ?? 0) * 2,
    presetRow: preset & PRESET_ROW_MASK,
    panning: panningOf(ar, dots, is256),
  };
}

/** A line of the picture: the address counter at its left end, the row scan counter, and whether it is panned. */
export interface ScanLine {
  readonly counter: number;
  readonly row: number;
  readonly panning: number;
}

/** The lines of a picture, from the top. At the line compare the counters begin anew (FreeVGA, "Split-screen"). */
export function* scanLines(geometry: VgaGeometry, { ar }: VgaState): Generator<ScanLine> {
  const { rowLines, lineRepeat, rowOffset, lineCompare } = geometry;
  const stopsPanning = ((ar[vga.AR_MODE] ?? 0) & vga.ATTRIBUTE_PANNING_COMPATIBLE) !== 0;
  let { start: counter, presetRow: row, panning } = geometry;
  let repeated = 0;
  for (let line = 0; line < geometry.lines; line += 1) {
    yield { counter, row, panning };
    repeated += 1;
    if (repeated === lineRepeat) {
      repeated = 0;
      row += 1;
      if (row >= rowLines) {
        row = 0;
        counter += rowOffset;
      }
    }
    if (line === lineCompare) {
      counter = 0;
      row = 0;
      repeated = 0;
      panning = stopsPanning ? 0 : panning;
    }
  }
}

/**
 * Byte of the planes that the address counter selects (FreeVGA, CR14 and CR17). In chain-4 mode memory is kept such that
 * the counter is the address as it is: see `VgaMemory`.
 */
export function addressOf({ sr, cr }: VgaState, counter: number, row: number): number {
  const mode = cr[vga.CR_MODE_CONTROL] ?? 0;
  const isDoubleword = ((cr[vga.CR_UNDERLINE] ?? 0) & vga.UNDERLINE_DOUBLEWORD) !== 0;
  let address: number;
  if (isDoubleword) {
    const isChained = ((sr[vga.SR_MEMORY_MODE] ?? 0) & vga.MEMORY_MODE_CHAIN_4) !== 0;
    address = isChained ? counter : (counter << 2) | ((counter >> 14) & 3);
  } else if ((mode & vga.CRTC_BYTE_MODE) === 0) {
    address = (counter << 1) | ((counter >> ((mode & vga.CRTC_WRAP_64K) !== 0 ? 15 : 13)) & 1);
  } else {
    address = counter;
  }
  if ((mode & vga.CRTC_ROW_SCAN_0) === 0) {
    address = (address & ~(1 << 13)) | ((row & 1) << 13);
  }
  if ((mode & vga.CRTC_ROW_SCAN_1) === 0) {
    address = (address & ~(1 << 14)) | (((row >> 1) & 1) << 14);
  }
  return address;
}
