/** `ringbuf-write` and `ringbuf-read`: bytes in and out of a memory device as text (schema.json, `DataFormat`). */
import type { CharDevice } from './char-device.ts';
import { ChardevError } from './chardev-error.ts';
import { MemoryDevice } from './memory-device.ts';
import type { RingBuffer } from './ring-buffer.ts';

export type DataFormat = 'utf8' | 'base64';

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const SEXTETS = new Map([...BASE64].map((character, value) => [character, value] as const)).set('=', 0);

/**
 * Base64 the tolerant way that clients rely on: characters outside the alphabet are skipped, a group that is not
 * complete at the end is dropped, and padding may end any group.
 */
export function decodeBase64(text: string): Uint8Array {
  const bytes: number[] = [];
  let group = '';
  let bits = 0;
  for (const character of text) {
    const sextet = SEXTETS.get(character);
    if (sextet === undefined) {
      continue;
    }
    group += character;
    bits = (bits << 6) | sextet;
    if (group.length === 4) {
      bytes.push((bits >> 16) & 0xff);
      if (group[2] !== '=') {
        bytes.push((bits >> 8) & 0xff);
      }
      if (group[3] !== '=') {
        bytes.push(bits & 0xff);
      }
      group = '';
      bits = 0;
    }
  }
  return Uint8Array.from(bytes);
}

/** Writes `data` into a memory device; what is beyond its capacity pushes the oldest bytes out. */
export function writeRingbuf(buffer: RingBuffer, data: string, format: DataFormat): void {
  buffer.write(format === 'base64' ? decodeBase64(data) : new TextEncoder().encode(data));
}

/**
 * Takes at most `size` bytes out, oldest first, as text. In `utf8` invalid sequences become U+FFFD, and a character
 * that the limit would cut in two stays for the next read (unless it alone is longer than the limit).
 *
 * @param size bytes of data, not characters of text; throws `ERR_RINGBUF_SIZE` when it is not positive
 */
export function readRingbuf(buffer: RingBuffer, size: number | bigint, format: DataFormat): string {
  if (size <= 0) {
    throw new ChardevError('ERR_RINGBUF_SIZE', 'size must be greater than zero');
  }
  const bytes = buffer.peek(Math.min(Number(size), buffer.length));
  if (format === 'base64') {
    buffer.consume(bytes.length);
    return Buffer.from(bytes.buffer).toString('base64');
  }
  const cut = bytes.length < buffer.length ? incompleteTail(bytes) : 0;
  const taken = cut < bytes.length ? bytes.length - cut : bytes.length;
  buffer.consume(taken);
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, taken));
}

/** How many bytes at the end are the beginning of a UTF-8 character whose rest is not there (RFC 3629). */
function incompleteTail(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) {
      return 0;
    }
    if (byte >= 0xc2) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return back < length && byte <= 0xf4 ? back : 0;
    }
  }
  return 0;
}

/**
 * The memory device that a ringbuf command names.
 * Throws `ERR_RINGBUF_NOT_FOUND` and `ERR_RINGBUF_WRONG_KIND` in the commands' own words.
 */
export function ringbufOf(device: CharDevice | undefined, name: string): RingBuffer {
  if (device === undefined) {
    throw new ChardevError('ERR_RINGBUF_NOT_FOUND', `Device '${name}' not found`);
  }
  if (!(device instanceof MemoryDevice)) {
    throw new ChardevError('ERR_RINGBUF_WRONG_KIND', `${name} is not a ringbuf device`);
  }
  return device.buffer;
}
