/** What a transfer of the CL-GD5446 does, said as plainly as possible: pixel by pixel, on a copy of what was before. */

export interface Blit {
  readonly width: number;
  readonly height: number;
  readonly destination: number;
  readonly destinationPitch: number;
  readonly source: number;
  readonly sourcePitch: number;
  /** Bytes of a pixel. */
  readonly depth: number;
  readonly backwards: boolean;
  readonly transparent: boolean;
  readonly pattern: boolean;
  readonly expand: boolean;
  readonly solid: boolean;
  readonly invert: boolean;
  readonly skip: number;
  readonly rop: number;
  readonly foreground: readonly number[];
  readonly background: readonly number[];
  readonly key: readonly number[];
}

export const ROPS: Readonly<Record<number, (s: number, d: number) => number>> = {
  0: () => 0x00,
  5: (s, d) => s & d,
  6: (_, d) => d,
  9: (s, d) => s & (d ^ 0xff),
  11: (_, d) => d ^ 0xff,
  13: (s) => s,
  14: () => 0xff,
  80: (s, d) => (s ^ 0xff) & d,
  89: (s, d) => s ^ d,
  109: (s, d) => s | d,
  144: (s, d) => (s & d) ^ 0xff,
  149: (s, d) => s ^ d ^ 0xff,
  173: (s, d) => s | (d ^ 0xff),
  208: (s) => s ^ 0xff,
  214: (s, d) => (s ^ 0xff) | d,
  218: (s, d) => (s | d) ^ 0xff,
};

/** Pixels whose source and destination areas overlap are not for this model. */
export function naiveBlit(memory: Uint8Array, blit: Blit): Uint8Array {
  const after = memory.slice();
  const { depth, transparent, backwards } = blit;
  const columns = Math.ceil(blit.width / depth);
  const lineBytes = Math.ceil((columns - blit.skip + (blit.skip % 8)) / 8);
  for (let y = 0; y < blit.height; y += 1) {
    for (let x = blit.solid ? 0 : blit.skip; x < columns; x += 1) {
      const sign = backwards ? -1 : 1;
      const corner = backwards ? 1 - depth : 0;
      const to = blit.destination + sign * (y * blit.destinationPitch + x * depth) + corner;
      let colour: readonly number[] | undefined;
      if (blit.solid) {
        colour = blit.foreground;
      } else if (blit.expand) {
        const byte = blit.pattern
          ? memory[blit.source + (y % 8)]
          : memory[blit.source + y * lineBytes + Math.floor((x - blit.skip + (blit.skip % 8)) / 8)];
        const isSet = (((byte ?? 0) >> (7 - (x % 8))) & 1) === 1;
        if (!transparent) colour = isSet ? blit.foreground : blit.background;
        else if (isSet !== blit.invert) colour = blit.invert ? blit.background : blit.foreground;
      } else if (blit.pattern) {
        const at = blit.source + (y % 8) * (depth === 3 ? 32 : 8 * depth) + (x % 8) * depth;
        colour = [...memory.subarray(at, at + depth)];
      } else {
        const at = blit.source + sign * (y * blit.sourcePitch + x * depth) + corner;
        colour = [...memory.subarray(at, at + depth)];
      }
      if (colour === undefined) continue;
      const result = Array.from({ length: depth }, (_, byte) =>
        (ROPS[blit.rop] ?? ((_s, d) => d))(colour[byte] ?? 0, memory[to + byte] ?? 0),
      );
      const isKey = !blit.expand && !blit.pattern && transparent;
      if (isKey && result.every((value, byte) => value === blit.key[byte])) continue;
      after.set(result, to);
    }
  }
  return after;
}
