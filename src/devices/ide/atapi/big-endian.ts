/** Multi-byte fields of packets and their answers: the most significant byte comes first. */

export function readU16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0);
}

export function readU24(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 16) | readU16(bytes, offset + 1);
}

export function readU32(bytes: Uint8Array, offset: number): number {
  return ((readU16(bytes, offset) << 16) | readU16(bytes, offset + 2)) >>> 0;
}

/** The bytes of a field of `size` bytes. */
export function field(value: number, size: 2 | 3 | 4): number[] {
  return Array.from({ length: size }, (_, index) => (value >>> ((size - 1 - index) * 8)) & 0xff);
}
