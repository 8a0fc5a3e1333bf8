/** Reading the text of a picture of the screen, by the glyphs that a VGA BIOS and Linux's console draw. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../../src/client/troupe.ts';
import { fetchPackage } from '../../src/quickstart/debian-packages.ts';

const FIRST_LETTER = 0x20;
const LAST_LETTER = 0x7e;
const GLYPH_WIDTH = 8;
const GLYPH_HEIGHT = 16;
/** Pictures of text modes have a ninth column, which no letter uses. */
const TEXT_MODE = { size: '720 400', cellWidth: 9 };
/** The letter A of the 8 × 16 font of 1987, by which a ROM's font is found. */
const LETTER_A = Buffer.from('000010386cc6c6fec6c6c6c600000000', 'hex');
const POLL_MS = 250;
const DEADLINE_MS = 600_000;

/** Glyphs, as hexadecimal digits of their lines, and the letters that they are. */
export type Font = ReadonlyMap<string, string>;

/**
 * The font in the ROM of Debian's VGA BIOS. Linux has it too, with an `f` one dot to the right, and with other shapes of
 * `0MTVWXYZmvwx`, which read as `?`.
 */
export async function vgaFont(): Promise<Font> {
  const { root } = await fetchPackage('seabios', { report: () => undefined });
  const rom = readFileSync(join(root, 'usr/share/seabios/vgabios-stdvga.bin'));
  const start = rom.indexOf(LETTER_A) - 'A'.charCodeAt(0) * GLYPH_HEIGHT;
  if (start < 0) throw new Error('no 8 × 16 font in the VGA BIOS');
  const font = new Map<string, string>();
  const add = (code: number, at: number): void => {
    const glyph = rom.subarray(at, at + GLYPH_HEIGHT);
    font.set(glyph.toString('hex'), String.fromCharCode(code));
    const shifted = Buffer.from(glyph.map((line) => line >> 1));
    font.set(shifted.toString('hex'), String.fromCharCode(code));
  };
  for (let code = LAST_LETTER; code >= FIRST_LETTER; code -= 1) add(code, start + code * GLYPH_HEIGHT);
  return font;
}

/** The lines of text in a portable pixmap (P6, 255), with `?` for what is no glyph. */
export function textOf(picture: Buffer, font: Font): readonly string[] {
  const [, size = ''] = picture.toString('latin1', 0, 32).split('\n');
  const [width = 0, height = 0] = size.split(' ').map(Number);
  const pixels = picture.subarray(`P6\n${size}\n255\n`.length);
  const cellWidth = size === TEXT_MODE.size ? TEXT_MODE.cellWidth : GLYPH_WIDTH;
  const colourAt = (x: number, y: number): number => pixels.readUIntBE((y * width + x) * 3, 3);
  const letterAt = (left: number, top: number): string => {
    const background = colourAt(left, top);
    const lines = Buffer.alloc(GLYPH_HEIGHT);
    for (let y = 0; y < GLYPH_HEIGHT; y += 1) {
      let bits = 0;
      for (let x = 0; x < GLYPH_WIDTH; x += 1) {
        bits = (bits << 1) | (colourAt(left + x, top + y) === background ? 0 : 1);
      }
      lines[y] = bits;
    }
    return font.get(lines.toString('hex')) ?? '?';
  };
  const rows = Array.from({ length: Math.floor(height / GLYPH_HEIGHT) }, (_, row) => row * GLYPH_HEIGHT);
  const columns = Array.from({ length: Math.floor(width / cellWidth) }, (_, column) => column * cellWidth);
  return rows.map((top) =>
    columns
      .map((left) => letterAt(left, top))
      .join('')
      .trimEnd(),
  );
}

/** What a machine shows; `folder` is for its picture. */
export class Screen {
  readonly #machine: Machine;
  readonly #file: string;
  readonly #font: Font;

  constructor(machine: Machine, folder: string, font: Font) {
    this.#machine = machine;
    this.#file = join(folder, 'screen.ppm');
    this.#font = font;
  }

  /** The newest picture. */
  async picture(): Promise<Buffer> {
    await this.#machine.execute('screendump', { filename: this.#file });
    return readFileSync(this.#file);
  }

  /** The text now. */
  async text(): Promise<string> {
    return textOf(await this.picture(), this.#font).join('\n');
  }

  /** The text once it matches; throws with the last one when that takes longer than a busy machine could need. */
  async until(pattern: RegExp): Promise<string> {
    const end = Date.now() + DEADLINE_MS;
    for (;;) {
      const text = await this.text();
      if (pattern.test(text)) return text;
      if (Date.now() > end) throw new Error(`waited for ${pattern}, but the screen shows:\n${text}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Presses keys, by their qcodes, one after the other. */
  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      await this.#machine.execute('send-key', { keys: [{ type: 'qcode', data: key }] } as never);
    }
  }
}
