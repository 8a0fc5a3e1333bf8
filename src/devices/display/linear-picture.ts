/** Pictures of packed-pixel modes, from 8 to 32 bits a pixel. */
import type { Picture } from './display-contract.ts';
import { blankPicture } from './vga-picture.ts';

export interface LinearMode {
  readonly width: number;
  readonly height: number;
  /** 8, 15, 16, 24 or 32. */
  readonly bitsPerPixel: number;
  /** Offset of the first pixel in video memory, and from one line to the next, bytes. */
  readonly start: number;
  readonly pitch: number;
}

/** A component of five or six bits as eight. */
function widen(value: number, bits: number): number {
  return (value << (8 - bits)) | (value >> (2 * bits - 8));
}

/** Bytes of a pixel. */
export function pixelBytes(bitsPerPixel: number): number {
  return Math.ceil(bitsPerPixel / 8);
}

/** Gives the pixel at a byte offset as 0xBBGGRR. */
type ReadPixel = (at: number) => number;

function reader(bitsPerPixel: number, memory: Buffer, colours: Uint32Array): ReadPixel {
  const mask = memory.length - 1;
  const byte = (at: number): number => memory[at & mask] ?? 0;
  switch (bitsPerPixel) {
    case 8:
      return (at) => colours[byte(at)] ?? 0;
    case 15:
      return (at) => {
        const value = byte(at) | (byte(at + 1) << 8);
        return (
          widen((value >> 10) & 31, 5) | (widen((value >> 5) & 31, 5) << 8) | (widen(value & 31, 5) << 16)
        );
      };
    case 16:
      return (at) => {
        const value = byte(at) | (byte(at + 1) << 8);
        return widen(value >> 11, 5) | (widen((value >> 5) & 63, 6) << 8) | (widen(value & 31, 5) << 16);
      };
    default:
      return (at) => byte(at + 2) | (byte(at + 1) << 8) | (byte(at) << 16);
  }
}

/**
 * The picture as it is in memory.
 * @param colours of the DAC, for 8 bits a pixel
 */
export function linearPicture(mode: LinearMode, memory: Uint8Array, colours: Uint32Array): Picture {
  const { width, height, bitsPerPixel, start, pitch } = mode;
  const picture = blankPicture(width, height);
  const read = reader(bitsPerPixel, Buffer.from(memory.buffer, memory.byteOffset, memory.length), colours);
  const step = pixelBytes(bitsPerPixel);
  let target = 0;
  for (let line = 0; line < height; line += 1) {
    let at = start + line * pitch;
    for (let column = 0; column < width; column += 1, at += step, target += 3) {
      const colour = read(at);
      picture.rgb[target] = colour;
      picture.rgb[target + 1] = colour >> 8;
      picture.rgb[target + 2] = colour >> 16;
    }
  }
  return picture;
}
