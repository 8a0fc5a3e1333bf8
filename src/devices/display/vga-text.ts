/** Text modes: characters of plane 0 with attributes of plane 1, drawn with the fonts in plane 2 (FreeVGA, "Text modes"). */
import { addressOf, type ScanLine } from './vga-geometry.ts';
import type { VgaMemory } from './vga-memory.ts';
import * as vga from './vga-registers.ts';
import type { VgaState } from './vga-state.ts';

const FONT_PLANE = 2;
const FONT_CHARACTER_BYTES = 32;
/** Where the eight fonts of SR3 lie in plane 2. */
const FONT_BLOCKS: readonly number[] = [0x0000, 0x4000, 0x8000, 0xc000, 0x2000, 0x6000, 0xa000, 0xe000];
/** Characters whose eighth dot is repeated as the ninth when line graphics are enabled. */
const FIRST_LINE_GRAPHICS = 0xc0;
const LAST_LINE_GRAPHICS = 0xdf;
const ATTRIBUTE_FONT_OR_INTENSITY = 0x08;
/** With blinking, the highest bit of an attribute is no part of the background. */
const BACKGROUND_BESIDE_BLINK = 0x07;
const MONO_UNDERLINED = 0x01;
const MONO_COLOUR_MASK = 0x07;
const CURSOR_LINE_MASK = 0x1f;
const GLYPH_DOTS = 8;

/** SR3: two fonts of three bits each, of which the third lies apart. */
function fontBlocks(select: number): { readonly plain: number; readonly alternate: number } {
  const plain = (select & 3) | ((select >> 2) & 4);
  const alternate = ((select >> 2) & 3) | ((select >> 3) & 4);
  return { plain: FONT_BLOCKS[plain] ?? 0, alternate: FONT_BLOCKS[alternate] ?? 0 };
}

export class TextLines {
  readonly #state: VgaState;
  readonly #memory: VgaMemory;
  readonly #fonts;
  readonly #dots: number;
  readonly #mode: number;
  readonly #cursor: number;
  readonly #cursorFirst: number;
  readonly #cursorLast: number;
  readonly #underline: number;

  constructor(state: VgaState, memory: VgaMemory) {
    const { sr, cr, ar } = state;
    this.#state = state;
    this.#memory = memory;
    this.#fonts = fontBlocks(sr[vga.SR_CHARACTER_MAP] ?? 0);
    this.#dots = ((sr[vga.SR_CLOCKING] ?? 0) & vga.CLOCKING_8_DOTS) !== 0 ? 8 : 9;
    this.#mode = ar[vga.AR_MODE] ?? 0;
    const start = cr[vga.CR_CURSOR_START] ?? 0;
    const isOff = (start & vga.CURSOR_OFF) !== 0;
    this.#cursor = isOff ? -1 : ((cr[vga.CR_CURSOR_HIGH] ?? 0) << 8) | (cr[vga.CR_CURSOR_LOW] ?? 0);
    this.#cursorFirst = start & CURSOR_LINE_MASK;
    this.#cursorLast = (cr[vga.CR_CURSOR_END] ?? 0) & CURSOR_LINE_MASK;
    this.#underline = (cr[vga.CR_UNDERLINE] ?? 0) & CURSOR_LINE_MASK;
  }

  /** Colours of the attribute controller for the dots of one line. */
  fill({ counter, row }: ScanLine, columns: number, target: Uint8Array): void {
    for (let column = 0; column < columns; column += 1) {
      const place = counter + column;
      const word = this.#memory.word(addressOf(this.#state, place, row));
      const isCursor = place === this.#cursor && row >= this.#cursorFirst && row <= this.#cursorLast;
      this.#drawCharacter(word & 0xff, (word >>> 8) & 0xff, row, isCursor, target, column * this.#dots);
    }
  }

  #drawCharacter(
    character: number,
    attribute: number,
    row: number,
    isCursor: boolean,
    target: Uint8Array,
    at: number,
  ): void {
    const font = (attribute & ATTRIBUTE_FONT_OR_INTENSITY) !== 0 ? this.#fonts.alternate : this.#fonts.plain;
    const foreground = attribute & 0x0f;
    const blinks = (this.#mode & vga.ATTRIBUTE_BLINK) !== 0;
    const background = (attribute >> 4) & (blinks ? BACKGROUND_BESIDE_BLINK : 0x0f);
    const glyph =
      isCursor || this.#isUnderlined(attribute, row)
        ? 0xff
        : this.#memory.plane(FONT_PLANE, font + character * FONT_CHARACTER_BYTES + row);
    for (let dot = 0; dot < GLYPH_DOTS; dot += 1) {
      target[at + dot] = (glyph & (0x80 >> dot)) !== 0 ? foreground : background;
    }
    if (this.#dots > GLYPH_DOTS) {
      const isLine = character >= FIRST_LINE_GRAPHICS && character <= LAST_LINE_GRAPHICS;
      const continues = isCursor || (isLine && (this.#mode & vga.ATTRIBUTE_LINE_GRAPHICS) !== 0);
      target[at + GLYPH_DOTS] = continues && (glyph & 1) !== 0 ? foreground : background;
    }
  }

  #isUnderlined(attribute: number, row: number): boolean {
    const isMono = (this.#mode & vga.ATTRIBUTE_MONO) !== 0;
    return isMono && (attribute & MONO_COLOUR_MASK) === MONO_UNDERLINED && row === this.#underline;
  }
}
