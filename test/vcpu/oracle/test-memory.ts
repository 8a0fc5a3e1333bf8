/** Where the sequences' code, data and stack lie, on the host and in the guest alike: native-oracle.c has the same. */
import { Random } from './random.ts';

export const PAGE = 4096;
/** Two pages, readable, writable and executable. */
export const CODE = 0x10000000;
export const CODE_BYTES = 2 * PAGE;
/** Two writable pages, one read-only page, then nothing; nothing before them. */
export const DATA = 0x20000000;
export const DATA_BYTES = 2 * PAGE;
export const READ_ONLY = DATA + DATA_BYTES;
/** One page with nothing on either side. */
export const STACK = 0x30000000;
export const STACK_BYTES = PAGE;
/** Base of GS in 64-bit code; FS has 0. */
export const GS_BASE = DATA + 0x100;
/** The bytes that leave a sequence natively, in place of its UD2: JMP [exit] and JMP 33h:exit. */
export const EXIT_JUMP = {
  64: [0xff, 0x24, 0x25, 0x00, 0x40, 0x5a, 0x6b],
  32: [0xea, 0x10, 0x40, 0x5a, 0x6b, 0x33, 0x00],
} as const;
/** Writable memory as an image: data, then stack; the read-only page repeats the image's first page. */
export const IMAGE_BYTES = DATA_BYTES + STACK_BYTES;

/** What the writable memory holds before every case. */
export function memoryImage(seed: number): Buffer {
  const random = new Random(seed);
  const image = Buffer.alloc(IMAGE_BYTES);
  for (let at = 0; at < IMAGE_BYTES; at += 8) image.writeBigUInt64LE(random.u64(), at);
  return image;
}

/** The hash of native-oracle.c over `words`, continued from `hash` (four words). */
export function hashMemory(hash: Uint32Array, words: Uint32Array): void {
  let [a = 0, b = 0, c = 0, d = 0] = hash;
  for (let i = 0; i < words.length; i += 4) {
    a = (Math.imul(a, 0x9e3779b1) + (words[i] ?? 0)) | 0;
    b = (Math.imul(b, 0x85ebca6b) + (words[i + 1] ?? 0)) | 0;
    c = (Math.imul(c, 0xc2b2ae35) + (words[i + 2] ?? 0)) | 0;
    d = (Math.imul(d, 0x27d4eb2f) + (words[i + 3] ?? 0)) | 0;
  }
  hash.set([a, b, c, d]);
}
