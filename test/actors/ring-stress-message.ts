import { crc32 } from 'node:zlib';

export interface StressSeed {
  memory: SharedArrayBuffer;
  messages: number;
  /** Whether the sender blocks in `Atomics.wait` when the ring is full, or tries again and again. */
  blocking: boolean;
}

export interface StressMessage {
  serial: number;
  checksum: number;
  bytes: Uint8Array;
}

/** Sizes from 0 to 1200 in an order that never lines up with a ring of a power of two. */
export function payload(serial: number): StressMessage {
  const bytes = new Uint8Array((serial * 7919) % 1201);
  bytes.fill(serial & 0xff);
  bytes.set([serial >> 8, serial >> 16].slice(0, bytes.length));
  return { serial, checksum: crc32(bytes), bytes };
}
