/** A picture as a binary PPM file (netpbm's `P6`). */
import type { Picture } from './display-contract.ts';

/** Gives the contents of the file: a header in text, then 3 bytes a pixel. */
export function pictureToPpm({ width, height, rgb }: Picture): Uint8Array {
  const header = new TextEncoder().encode(`P6\n${width} ${height}\n255\n`);
  const file = new Uint8Array(header.length + rgb.length);
  file.set(header);
  file.set(rgb, header.length);
  return file;
}
