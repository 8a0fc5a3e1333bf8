/** Little-endian numbers of 1, 2 or 4 bytes in register blocks. */

const BITS_PER_BYTE = 8;

/** The low `size` bytes of `value`. */
export function littleEndian(value: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => value >>> (index * BITS_PER_BYTE));
}

/** `size` bytes from `offset` as an unsigned number; bytes beyond the end are 0. */
export function readLittleEndian(bytes: Uint8Array, offset: number, size: number): number {
  let value = 0;
  for (let index = 0; index < size; index++) {
    value |= (bytes[offset + index] ?? 0) << (index * BITS_PER_BYTE);
  }
  return value >>> 0;
}
