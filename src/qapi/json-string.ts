/**
 * String tokens of the QMP dialect → JavaScript strings. The lexer has already refused what is not a string, so nothing
 * here can fail: what is not valid UTF-8 becomes U+FFFD, one for each broken sequence.
 */

const BACKSLASH = 0x5c;
const LOWER_U = 0x75;
const ASCII_LIMIT = 0x80;
const REPLACEMENT = '\uFFFD';

const SIMPLE_ESCAPES: Readonly<Record<number, string>> = {
  34: '"',
  39: "'",
  47: '/',
  92: '\\',
  98: '\b',
  102: '\f',
  110: '\n',
  114: '\r',
  116: '\t',
};

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

function decodeSlowly(bytes: Buffer, start: number, end: number): string {
  const parts: string[] = [];
  let i = start;
  while (i < end) {
    let plainEnd = i;
    while (plainEnd < end && bytes[plainEnd] !== BACKSLASH && (bytes[plainEnd] ?? 0) < ASCII_LIMIT) {
      plainEnd += 1;
    }
    if (plainEnd > i) {
      parts.push(bytes.toString('latin1', i, plainEnd));
      i = plainEnd;
    } else if (bytes[i] === BACKSLASH) {
      const isUnicode = bytes[i + 1] === LOWER_U;
      parts.push(isUnicode ? unicodeEscape(bytes, i + 2) : (SIMPLE_ESCAPES[bytes[i + 1] ?? 0] ?? ''));
      i += isUnicode ? 6 : 2;
    } else {
      const length = sequenceLength(bytes, i, end);
      parts.push(decodeSequence(bytes, i, length));
      i += length;
    }
  }
  return parts.join('');
}

/** `\u0000` vanishes; surrogates are not joined, each is a broken character of its own. */
function unicodeEscape(bytes: Buffer, digits: number): string {
  const unit = Number.parseInt(bytes.toString('latin1', digits, digits + 4), 16);
  if (unit === 0) {
    return '';
  }
  return unit >= 0xd800 && unit <= 0xdfff ? REPLACEMENT : String.fromCharCode(unit);
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

function decodeSequence(bytes: Buffer, start: number, length: number): string {
  const text = bytes.toString('utf8', start, start + length);
  // A broken sequence decodes to several replacement characters, or to one; a sound one to a single character.
  return text.includes(REPLACEMENT) && !isReplacementItself(bytes, start) ? REPLACEMENT : text;
}

function isReplacementItself(bytes: Buffer, start: number): boolean {
  return bytes[start] === 0xef && bytes[start + 1] === 0xbf && bytes[start + 2] === 0xbd;
}
