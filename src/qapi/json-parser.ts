/** One whole message, already known to consist of well-formed tokens and blanks → its value. */
import { decodeString } from './json-string.ts';
import { QmpFloat, type QmpJson, type QmpObject } from './json-value.ts';

/** What a message that is not a value of the dialect parses to. */
export const SYNTAX_ERROR = Symbol('Invalid JSON syntax');

const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const SLASH = 0x2f;
const LOWER_E = 0x65;
const UPPER_E = 0x45;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const SPACE = 0x20;

/** Digits that a double holds exactly, whatever they are. */
const SAFE_DIGITS = 15;
/** Characters of the longest 64-bit integer. Reading a million digits exactly would take seconds. */
const INT64_LENGTH = 20;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** Values are never changed, so one of each is enough, and millions of them cost nothing. */
const EMPTY_OBJECT: QmpObject = Object.freeze({});
const EMPTY_LIST: readonly QmpJson[] = Object.freeze([]);

export interface ParseOptions {
  /**
   * Lets `null` through, as JavaScript's own, although no type here has it: machines of other versions send it, and a
   * client hands it on to whoever knows the command. The dialect of this version has no null.
   */
  readonly acceptsNull?: boolean;
}

/** Reads the value in `bytes` from `start` to `end`. */
export function parseMessage(
  bytes: Buffer,
  start: number,
  end: number,
  options: ParseOptions = {},
): QmpJson | typeof SYNTAX_ERROR {
  return new MessageParser(bytes, start, end, options).value();
}

class MessageParser {
  readonly #bytes: Buffer;
  readonly #end: number;
  readonly #acceptsNull: boolean;
  #position: number;

  constructor(bytes: Buffer, start: number, end: number, options: ParseOptions) {
    this.#bytes = bytes;
    this.#position = start;
    this.#end = end;
    this.#acceptsNull = options.acceptsNull ?? false;
  }

  value(): QmpJson | typeof SYNTAX_ERROR {
    const byte = this.#skipBlanks();
    switch (byte) {
      case OPEN_BRACE:
        return this.#object();
      case OPEN_BRACKET:
        return this.#list();
      case DOUBLE_QUOTE:
      case SINGLE_QUOTE:
        return this.#string(byte);
      default:
        if (byte === MINUS || (byte >= ZERO && byte <= NINE)) {
          return this.#number();
        }
        return this.#keyword();
    }
  }

  /** The next byte that is not blank, not consumed; -1 at the end. */
  #skipBlanks(): number {
    while (this.#position < this.#end) {
      const byte = this.#bytes[this.#position] ?? 0;
      if (byte > SPACE) {
        return byte;
      }
      this.#position += 1;
    }
    return -1;
  }

  #object(): QmpJson | typeof SYNTAX_ERROR {
    this.#position += 1;
    let byte = this.#skipBlanks();
    if (byte === CLOSE_BRACE) {
      this.#position += 1;
      return EMPTY_OBJECT;
    }
    const object: Record<string, QmpJson> = {};
    while (byte !== CLOSE_BRACE) {
      if (byte !== DOUBLE_QUOTE && byte !== SINGLE_QUOTE) {
        return SYNTAX_ERROR;
      }
      const key = this.#string(byte);
      if (this.#skipBlanks() !== COLON) {
        return SYNTAX_ERROR;
      }
      this.#position += 1;
      const value = this.value();
      if (value === SYNTAX_ERROR) {
        return SYNTAX_ERROR;
      }
      setMember(object, key, value);
      byte = this.#skipBlanks();
      if (byte === COMMA) {
        this.#position += 1;
        byte = this.#skipBlanks();
        if (byte === CLOSE_BRACE) {
          return SYNTAX_ERROR;
        }
      } else if (byte !== CLOSE_BRACE) {
        return SYNTAX_ERROR;
      }
    }
    this.#position += 1;
    return object;
  }

  #list(): QmpJson | typeof SYNTAX_ERROR {
    this.#position += 1;
    if (this.#skipBlanks() === CLOSE_BRACKET) {
      this.#position += 1;
      return EMPTY_LIST;
    }
    const first = this.value();
    if (first === SYNTAX_ERROR) {
      return SYNTAX_ERROR;
    }
    // Made of its first element: an empty list that grows reserves room for 17.
    const list = [first];
    for (;;) {
      const byte = this.#skipBlanks();
      this.#position += 1;
      if (byte === CLOSE_BRACKET) {
        return list;
      }
      if (byte !== COMMA) {
        return SYNTAX_ERROR;
      }
      const value = this.value();
      if (value === SYNTAX_ERROR) {
        return SYNTAX_ERROR;
      }
      list.push(value);
    }
  }

  #string(quote: number): string {
    const bytes = this.#bytes;
    const start = this.#position + 1;
    let otherQuote = quote;
    let i = start;
    while (bytes[i] !== quote && bytes[i] !== otherQuote) {
      if (bytes[i] === BACKSLASH) {
        i += 1;
        if (quote === SINGLE_QUOTE && (bytes[i] === BACKSLASH || bytes[i] === SLASH)) {
          otherQuote = DOUBLE_QUOTE; // as in the lexer: from here on either quote ends the string
        }
      }
      i += 1;
    }
    this.#position = i + 1;
    return decodeString(bytes, start, i);
  }

  #number(): QmpJson {
    const bytes = this.#bytes;
    const start = this.#position;
    let i = bytes[start] === MINUS ? start + 1 : start;
    const firstDigit = i;
    let magnitude = 0;
    for (; i < this.#end && isDigit(bytes[i] ?? 0); i += 1) {
      magnitude = magnitude * 10 + ((bytes[i] ?? 0) - ZERO);
    }
    const isFloat = i < this.#end && startsFraction(bytes[i] ?? 0);
    if (isFloat) {
      while (i < this.#end && isFloatByte(bytes[i] ?? 0)) {
        i += 1;
      }
    }
    this.#position = i;
    if (isFloat) {
      return new QmpFloat(Number(bytes.toString('latin1', start, i)));
    }
    if (i - firstDigit > SAFE_DIGITS) {
      return longInteger(bytes.toString('latin1', start, i));
    }
    return firstDigit === start || magnitude === 0 ? magnitude : -magnitude;
  }

  #keyword(): boolean | typeof SYNTAX_ERROR {
    const start = this.#position;
    let i = start;
    while (i < this.#end && (this.#bytes[i] ?? 0) >= 0x61 && (this.#bytes[i] ?? 0) <= 0x7a) {
      i += 1;
    }
    this.#position = i;
    const word = this.#bytes.toString('latin1', start, i);
    if (word === 'true' || word === 'false') {
      return word === 'true';
    }
    return word === 'null' && this.#acceptsNull ? (null as unknown as boolean) : SYNTAX_ERROR;
  }
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

function startsFraction(byte: number): boolean {
  return byte === POINT || byte === LOWER_E || byte === UPPER_E;
}

function isFloatByte(byte: number): boolean {
  return isDigit(byte) || startsFraction(byte) || byte === MINUS || byte === 0x2b;
}

/** Exact when it fits 64 signed bits, a float when it does not. */
function longInteger(text: string): number | bigint | QmpFloat {
  if (text.length > INT64_LENGTH) {
    return new QmpFloat(Number(text));
  }
  const exact = BigInt(text);
  if (exact < INT64_MIN || exact > INT64_MAX) {
    return new QmpFloat(Number(text));
  }
  const near = Number(exact);
  return Number.isSafeInteger(near) ? near : exact;
}

function setMember(object: Record<string, QmpJson>, key: string, value: QmpJson): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
  } else {
    object[key] = value;
  }
}
