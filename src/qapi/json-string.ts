/**
 * String tokens of the QMP dialect → JavaScript strings. The lexer has already refused what is not a string, so nothing
 * here can fail: what is not valid UTF-8 becomes U+FFFD, one for each broken sequence.
 */

const BACKSLASH = 0x5c;
const LOWER_U = 0x75;
const ASCII_LIMIT = 0x80;
const DIGIT_NINE = 0x39;
const REPLACEMENT = 0xfffd;
const FIRST_SUPPLEMENTARY = 0x10000;
const LAST_CODE_POINT = 0x10ffff;
/** The smallest character that a sequence of so many bytes may stand for. */
const SMALLEST = [0, 0, 0x80, 0x800, FIRST_SUPPLEMENTARY];

/** By the letter behind the backslash; quotes, `/` and the backslash stand for themselves. */
const SIMPLE_ESCAPES: Uint8Array = Uint8Array.from({ length: ASCII_LIMIT }, (_, letter) => letter);
for (const [letter, character] of ['b\b', 'f\f', 'n\n', 'r\r', 't\t']) {
  SIMPLE_ESCAPES[(letter ?? '').charCodeAt(0)] = (character ?? '').charCodeAt(0);
}

/** Names repeat from request to request: short strings are looked up before they are made. */
const CACHE_SLOTS = 1024;
const CACHED_LENGTH = 32;
const FNV_PRIME = 0x01000193;
const cache: string[] = new Array<string>(CACHE_SLOTS).fill('');

/** @param start the first byte after the opening quote
 * @param end the closing quote */
export function decodeString(bytes: Buffer, start: number, end: number): string {
  let hash = end - start;
  for (let i = start; i < end; i += 1) {
    const byte = bytes[i] ?? 0;
    if (byte === BACKSLASH || byte >= ASCII_LIMIT) {
      return decodeSlowly(bytes, start, end);
    }
    hash = Math.imul(hash ^ byte, FNV_PRIME);
  }
  if (end - start > CACHED_LENGTH) {
    return bytes.toString('latin1', start, end);
  }
  const slot = (hash ^ (hash >>> 15)) & (CACHE_SLOTS - 1);
  const cached = cache[slot] ?? '';
  if (isSame(cached, bytes, start, end)) {
    return cached;
  }
  const text = bytes.toString('latin1', start, end);
  cache[slot] = text;
  return text;
}

function isSame(text: string, bytes: Buffer, start: number, end: number): boolean {
  if (text.length !== end - start) {
    return false;
  }
  for (let i = 0; i < text.length; i += 1) {
    if (text.charCodeAt(i) !== bytes[start + i]) {
      return false;
    }
  }
  return true;
}

/** Bytes to UTF-16 units, in one pass: a string never has more units than bytes. */
function decodeSlowly(bytes: Buffer, start: number, end: number): string {
  const units = new Uint16Array(end - start);
  let count = 0;
  let i = start;
  while (i < end) {
    const byte = bytes[i] ?? 0;
    if (byte === BACKSLASH) {
      const escaped = bytes[i + 1] ?? 0;
      if (escaped === LOWER_U) {
        const unit = unicodeEscape(bytes, i + 2);
        i += 6;
        if (unit === 0) {
          continue;
        }
        units[count] = unit;
      } else {
        units[count] = SIMPLE_ESCAPES[escaped] ?? 0;
        i += 2;
      }
      count += 1;
    } else if (byte < ASCII_LIMIT) {
      units[count] = byte;
      count += 1;
      i += 1;
    } else {
      const length = sequenceLength(bytes, i, end);
      const codePoint = decodeSequence(bytes, i, length);
      if (codePoint >= FIRST_SUPPLEMENTARY) {
        units[count] = 0xd7c0 + (codePoint >> 10);
        count += 1;
      }
      units[count] = codePoint >= FIRST_SUPPLEMENTARY ? 0xdc00 | (codePoint & 0x3ff) : codePoint;
      count += 1;
      i += length;
    }
  }
  return Buffer.from(units.buffer).toString('utf16le', 0, 2 * count);
}

/** `\u0000` vanishes (0); surrogates are not joined, each is a broken character of its own. */
function unicodeEscape(bytes: Buffer, digits: number): number {
  let unit = 0;
  for (let i = digits; i < digits + 4; i += 1) {
    unit = (unit << 4) | hexValue(bytes[i] ?? 0);
  }
  return isSurrogate(unit) ? REPLACEMENT : unit;
}

/** Of a digit in either case. */
function hexValue(digit: number): number {
  return digit <= DIGIT_NINE ? digit & 0xf : (digit & 0xf) + 9;
}

function isSurrogate(codePoint: number): boolean {
  return codePoint >= 0xd800 && codePoint <= 0xdfff;
}

function expectedLength(lead: number): number {
  if (lead < 0xc0) {
    return 1;
  }
  if (lead < 0xe0) {
    return 2;
  }
  return lead < 0xf0 ? 3 : 4;
}

/** Bytes from a lead byte on that belong together: the continuation bytes that it announces, as far as they come. */
function sequenceLength(bytes: Buffer, start: number, end: number): number {
  const expected = Math.min(expectedLength(bytes[start] ?? 0), end - start);
  let length = 1;
  while (length < expected && ((bytes[start + length] ?? 0) & 0xc0) === 0x80) {
    length += 1;
  }
  return length;
}

/** The character of one sequence, the replacement character when it is broken, too long or none of Unicode's. */
function decodeSequence(bytes: Buffer, start: number, length: number): number {
  const lead = bytes[start] ?? 0;
  if (length < 2 || length < expectedLength(lead)) {
    return REPLACEMENT;
  }
  let codePoint = lead & (0x7f >> length);
  for (let i = start + 1; i < start + length; i += 1) {
    codePoint = (codePoint << 6) | ((bytes[i] ?? 0) & 0x3f);
  }
  const isSound = codePoint >= (SMALLEST[length] ?? 0) && codePoint <= LAST_CODE_POINT;
  return isSound && !isSurrogate(codePoint) ? codePoint : REPLACEMENT;
}
