/** The hardware cursor of the CL-GD5446 (Technical Reference Manual, "Hardware cursor"). */
import * as cirrus from './cirrus-registers.ts';
import type { Picture } from './display-contract.ts';

/** The patterns lie in the last 16 KiB of video memory, 256 bytes each. */
const PATTERN_AREA = 16 * 1024;
const PATTERN_BYTES = 256;
const SMALL = 32;
const LARGE = 64;
const SMALL_PATTERN_MASK = 0x3f;
/** A large pattern has four times the bytes. */
const LARGE_PATTERN_MASK = 0x3c;
/** A small cursor has its two planes one after the other, a large one line by line. */
const SMALL_PLANE_BYTES = 128;
const COMPONENTS = 3;

export interface CirrusCursor {
  readonly x: number;
  readonly y: number;
  /** Background and foreground, 8 bits a component. */
  readonly background: readonly number[];
  readonly foreground: readonly number[];
}

/** Draws the cursor into a picture, if it is shown. */
export function drawCursor(picture: Picture, sr: Uint8Array, memory: Uint8Array, cursor: CirrusCursor): void {
  const attributes = sr[cirrus.SR_CURSOR_ATTRIBUTES] ?? 0;
  if ((attributes & cirrus.CURSOR_SHOWN) === 0) {
    return;
  }
  const isLarge = (attributes & cirrus.CURSOR_LARGE) !== 0;
  const side = isLarge ? LARGE : SMALL;
  const select = (sr[cirrus.SR_CURSOR_PATTERN] ?? 0) & (isLarge ? LARGE_PATTERN_MASK : SMALL_PATTERN_MASK);
  const base = memory.length - PATTERN_AREA + select * PATTERN_BYTES;
  const lineBytes = isLarge ? (2 * LARGE) / 8 : SMALL / 8;
  const secondPlane = isLarge ? LARGE / 8 : SMALL_PLANE_BYTES;
  for (let row = 0; row < side; row += 1) {
    for (let column = 0; column < side; column += 1) {
      const at = base + row * lineBytes + (column >> 3);
      const bit = 0x80 >> (column & 7);
      const first = ((memory[at] ?? 0) & bit) !== 0;
      const second = ((memory[at + secondPlane] ?? 0) & bit) !== 0;
      drawDot(picture, cursor.x + column, cursor.y + row, first, second, cursor);
    }
  }
}

/** Both planes clear: transparent; the first alone: inverted; the second: background, or foreground with both. */
function drawDot(
  { width, height, rgb }: Picture,
  x: number,
  y: number,
  first: boolean,
  second: boolean,
  { foreground, background }: CirrusCursor,
): void {
  if (x >= width || y >= height || !(first || second)) {
    return;
  }
  const colour = first ? foreground : background;
  const at = (y * width + x) * COMPONENTS;
  for (let component = 0; component < COMPONENTS; component += 1) {
    rgb[at + component] = second ? (colour[component] ?? 0) : ~(rgb[at + component] ?? 0);
  }
}
