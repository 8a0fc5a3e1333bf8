/** The picture that a VGA's own modes make: text, planar, CGA-compatible, 256 colours. Linear modes are elsewhere. */
import type { Picture } from './display-contract.ts';
import { attributeColours, dacColours } from './vga-colours.ts';
import { addressOf, geometryOf, type ScanLine, scanLines, type VgaGeometry } from './vga-geometry.ts';
import type { VgaMemory } from './vga-memory.ts';
import * as vga from './vga-registers.ts';
import type { VgaState } from './vga-state.ts';
import { TextLines } from './vga-text.ts';

const CHARACTER_DOTS = 8;
const COMPONENTS = 3;

/** A picture of one colour. */
export function blankPicture(width: number, height: number): Picture {
  return { width, height, rgb: new Uint8Array(width * height * COMPONENTS) };
}

/**
 * Whether the palette is being loaded, which leaves nothing to show. The screen-off bit of SR1 is not obeyed: SeaVGABIOS sets
 * it in the modes of the CL-GD5446, and what a guest has drawn is worth seeing while it saves a monitor's power.
 */
export function isBlank({ arIndex }: VgaState): boolean {
  return (arIndex & vga.AR_DISPLAY) === 0;
}

/** Fills `target` with the dots of a line: palette indices, from one column before panning on. */
type FillLine = (line: ScanLine, target: Uint8Array) => void;

/** The picture as it is now; black while the screen is blank. */
export function vgaPicture(state: VgaState, memory: VgaMemory): Picture {
  const geometry = geometryOf(state);
  const { columns, dots, dotRepeat, lines, isText } = geometry;
  const picture = blankPicture(columns * dots * dotRepeat, lines);
  if (isBlank(state)) {
    return picture;
  }
  const is256 = !isText && ((state.gr[vga.GR_MODE] ?? 0) & vga.MODE_SHIFT_256) !== 0;
  const colours = is256 ? dacColours(state) : attributeColours(state);
  const fill = isText ? textFiller(state, memory, geometry) : graphicsFiller(state, memory, geometry);
  // One column more than is shown: panning brings it in.
  const dotsOfLine = new Uint8Array((columns + 1) * dots);
  let at = 0;
  for (const line of scanLines(geometry, state)) {
    fill(line, dotsOfLine);
    for (let dot = 0; dot < columns * dots; dot += 1) {
      const colour = colours[dotsOfLine[dot + line.panning] ?? 0] ?? 0;
      for (let repeat = 0; repeat < dotRepeat; repeat += 1) {
        picture.rgb[at] = colour;
        picture.rgb[at + 1] = colour >> 8;
        picture.rgb[at + 2] = colour >> 16;
        at += COMPONENTS;
      }
    }
  }
  return picture;
}

function textFiller(state: VgaState, memory: VgaMemory, { columns }: VgaGeometry): FillLine {
  const text = new TextLines(state, memory);
  return (line, target) => text.fill(line, columns + 1, target);
}

function graphicsFiller(state: VgaState, memory: VgaMemory, { columns }: VgaGeometry): FillLine {
  const mode = state.gr[vga.GR_MODE] ?? 0;
  const planes = state.ar[vga.AR_PLANE_ENABLE] ?? 0;
  const unpack =
    (mode & vga.MODE_SHIFT_256) !== 0
      ? unpack256
      : (mode & vga.MODE_SHIFT_INTERLEAVE) !== 0
        ? unpackInterleaved
        : unpackPlanar;
  return ({ counter, row }, target) => {
    for (let column = 0; column <= columns; column += 1) {
      const word = memory.word(addressOf(state, counter + column, row));
      unpack(word, target, column * CHARACTER_DOTS, planes);
    }
  };
}

/** Eight dots of four planes, the leftmost in the highest bits. */
export function unpackPlanar(word: number, target: Uint8Array, at: number, planes: number): void {
  for (let dot = 0; dot < CHARACTER_DOTS; dot += 1) {
    const bit = CHARACTER_DOTS - 1 - dot;
    const colour =
      ((word >>> bit) & 1) |
      (((word >>> (bit + 8)) & 1) << 1) |
      (((word >>> (bit + 16)) & 1) << 2) |
      (((word >>> (bit + 24)) & 1) << 3);
    target[at + dot] = colour & planes;
  }
}

/** The CGA's two bits a dot: four dots of planes 0 and 2, then four of planes 1 and 3 (GR5 bit 5). */
function unpackInterleaved(word: number, target: Uint8Array, at: number, planes: number): void {
  for (let dot = 0; dot < CHARACTER_DOTS; dot += 1) {
    const plane = dot < CHARACTER_DOTS / 2 ? 0 : 8;
    const shift = plane + 6 - 2 * (dot % (CHARACTER_DOTS / 2));
    target[at + dot] = (((word >>> shift) & 3) | (((word >>> (shift + 16)) & 3) << 2)) & planes;
  }
}

/** A byte of each plane in turn, two dots wide. */
function unpack256(word: number, target: Uint8Array, at: number): void {
  for (let dot = 0; dot < CHARACTER_DOTS; dot += 1) {
    target[at + dot] = word >>> ((dot >> 1) * 8);
  }
}
