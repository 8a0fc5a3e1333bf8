/** The linear modes of the CL-GD5446, from its registers. */
import * as cirrus from './cirrus-registers.ts';
import type { LinearMode } from './linear-picture.ts';
import { geometryOf } from './vga-geometry.ts';
import * as vga from './vga-registers.ts';
import type { VgaState } from './vga-state.ts';

const CHARACTER_DOTS = 8;
/** The address counter counts doublewords, the offset quadwords. */
const START_UNIT = 4;
const PITCH_UNIT = 8;
const HIDDEN_DAC_MODE_MASK = 0x0f;
const XGA_MODE = 1;

/** SR7 bits 1 to 3: the bits of a pixel. */
function depthOf(select: number, hiddenDac: number): number {
  switch (select) {
    case 0x04:
      return 24;
    case 0x08:
      return 32;
    case 0x02:
    case 0x06:
      // The DAC tells 5-6-5 (XGA) from 5-5-5 (Sierra).
      return (hiddenDac & HIDDEN_DAC_MODE_MASK) === XGA_MODE ? 16 : 15;
    default:
      return 8;
  }
}

/** Undefined while the adapter is in a mode of the VGA's own. */
export function cirrusMode(state: VgaState, hiddenDac: number): LinearMode | undefined {
  const { sr, cr } = state;
  const extended = sr[cirrus.SR_EXTENDED_MODE] ?? 0;
  if ((extended & cirrus.EXTENDED) === 0) {
    return undefined;
  }
  const display = cr[cirrus.CR_EXTENDED_DISPLAY] ?? 0;
  const overlay = cr[cirrus.CR_OVERLAY] ?? 0;
  const start =
    ((cr[vga.CR_START_HIGH] ?? 0) << 8) |
    (cr[vga.CR_START_LOW] ?? 0) |
    ((display & 0x01) << 16) |
    ((display & 0x0c) << 15) |
    ((overlay & 0x80) << 12);
  const offset = (cr[vga.CR_OFFSET] ?? 0) | ((display & 0x10) << 4);
  const { columns, lines } = geometryOf(state);
  const isInterlaced = ((cr[cirrus.CR_MISCELLANEOUS] ?? 0) & cirrus.INTERLACED) !== 0;
  return {
    width: columns * CHARACTER_DOTS,
    height: isInterlaced ? lines * 2 : lines,
    bitsPerPixel: depthOf(extended & cirrus.EXTENDED_DEPTH_MASK, hiddenDac),
    start: start * START_UNIT,
    pitch: offset * PITCH_UNIT,
  };
}
