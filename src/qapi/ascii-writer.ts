/**
 * Text that is built up byte by byte, in a buffer that is used again and again. For answers of megabytes this is several
 * times faster than joining strings, and it leaves nothing for the garbage collector.
 */

const FIRST_BYTES = 4096;
/** A buffer that has grown beyond this is given back. */
const KEPT_BYTES = 1024 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_PRINTABLE = 0x20;
const LAST_PRINTABLE = 0x7e;
const LOWER_U = 0x75;
const ZERO = 0x30;
const NINE = 9;
/** Bytes that one UTF-16 unit takes at most: `\uXXXX`. */
const LONGEST_ESCAPE = 6;

/** Letters of the short escapes, by character; 0 where there is none. */
const SHORT_ESCAPES = new Uint8Array(FIRST_PRINTABLE);
for (const [character, letter] of ['\bb', '\ff', '\nn', '\rr', '\tt']) {
  SHORT_ESCAPES[(character ?? '').charCodeAt(0)] = (letter ?? '').charCodeAt(0);
}
const HEX_DIGITS = Uint8Array.from('0123456789ABCDEF', (digit) => digit.charCodeAt(0));
const REPLACEMENT = 0xfffd;

export class AsciiWriter {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;

  /** Forgets what was written by somebody who did not come to an end. */
  clear(): void {
    this.#length = 0;
  }

  /** What was written since the last call. */
  take(): string {
    const text = this.#bytes.toString('latin1', 0, this.#length);
    this.#length = 0;
    if (this.#bytes.length > KEPT_BYTES) {
      this.#bytes = Buffer.allocUnsafe(FIRST_BYTES);
    }
    return text;
  }

  byte(byte: number): void {
    if (this.#length === this.#bytes.length) {
      this.#reserve(1);
    }
    this.#bytes[this.#length] = byte;
    this.#length += 1;
  }

  /** @param text pure ASCII */
  text(text: string): void {
    this.#reserve(text.length);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < text.length; i += 1) {
      bytes[at] = text.charCodeAt(i);
      at += 1;
    }
    this.#length = at;
  }

  integer(value: number): void {
    if (value >= 0 && value <= NINE) {
      this.byte(ZERO + value);
    } else {
      this.text(String(value));
    }
  }

  /** A string literal. Unpaired surrogates become U+FFFD. */
  string(text: string): void {
    this.#reserve(text.length + 2);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at] = QUOTE;
    at += 1;
    for (let i = 0; i < text.length; i += 1) {
      const unit = text.charCodeAt(i);
      if (unit < FIRST_PRINTABLE || unit > LAST_PRINTABLE || unit === QUOTE || unit === BACKSLASH) {
        this.#length = at;
        this.#escaped(text, i);
        this.byte(QUOTE);
        return;
      }
      bytes[at] = unit;
      at += 1;
    }
    bytes[at] = QUOTE;
    this.#length = at + 1;
  }

  /** The rest of a string, in which something has to be escaped. */
  #escaped(text: string, from: number): void {
    this.#reserve(LONGEST_ESCAPE * (text.length - from));
    for (let i = from; i < text.length; i += 1) {
      const unit = text.charCodeAt(i);
      if (unit === QUOTE || unit === BACKSLASH) {
        this.#pair(BACKSLASH, unit);
      } else if (unit >= FIRST_PRINTABLE && unit <= LAST_PRINTABLE) {
        this.#bytes[this.#length] = unit;
        this.#length += 1;
      } else if (unit < FIRST_PRINTABLE && SHORT_ESCAPES[unit] !== 0) {
        this.#pair(BACKSLASH, SHORT_ESCAPES[unit] ?? 0);
      } else if (isHighSurrogate(unit) && isLowSurrogate(text.charCodeAt(i + 1))) {
        this.#hex(unit);
        i += 1;
        this.#hex(text.charCodeAt(i));
      } else {
        this.#hex(isHighSurrogate(unit) || isLowSurrogate(unit) ? REPLACEMENT : unit);
      }
    }
  }

  #pair(first: number, second: number): void {
    this.#bytes[this.#length] = first;
    this.#bytes[this.#length + 1] = second;
    this.#length += 2;
  }

  #hex(unit: number): void {
    this.#pair(BACKSLASH, LOWER_U);
    this.#pair(HEX_DIGITS[unit >> 12] ?? 0, HEX_DIGITS[(unit >> 8) & 15] ?? 0);
    this.#pair(HEX_DIGITS[(unit >> 4) & 15] ?? 0, HEX_DIGITS[unit & 15] ?? 0);
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
  }
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

/** NaN, which `charCodeAt` gives behind the end, is none. */
function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
