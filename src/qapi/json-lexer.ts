/**
 * The lexer of the QMP dialect as a transition table over bytes, and the scan that finds where a message ends.
 *
 * There is no framing: a message is over when its braces and its brackets each balance, or when a closer is one too
 * many; a scalar outside of any object is a message of its own. Tokens are only recognised here, their values are
 * read by the parser once the message is whole. (protocol.md, section 5)
 */

const BYTES = 256;
const ASCII_LAST = 0x7f;
/** Never part of a string, in UTF-8 or otherwise. */
const FORBIDDEN_IN_STRINGS = [0x00, 0xc0, 0xc1, ...range(0xf5, 0xff)];

/** Nesting of braces, or of brackets, beyond which a message is refused. */
export const MAX_NESTING = 1024;
/** Bytes of token text (blanks do not count) beyond which a message is refused. */
export const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
/**
 * Tokens beyond which a message is skipped and answered with one error, whatever their text: 64 MiB of `[1],` would become gigabytes of objects.
 * (The reference spends kilobytes on a token and runs out of memory long before.)
 */
export const MAX_MESSAGE_TOKENS = 16 * 1024 * 1024;

// Lexer states. START is 0, so that a fresh scan needs no table.
const START = 0;
const ZERO = 1;
const MINUS = 2;
const INTEGER = 3;
const POINT = 4;
const FRACTION = 5;
const EXPONENT = 6;
const EXPONENT_SIGN = 7;
const EXPONENT_DIGITS = 8;
const KEYWORD = 9;
const DOUBLE_QUOTED = 10;
const DOUBLE_ESCAPE = 11;
const DOUBLE_HEX = 12; // …15: hex digits still to come
const SINGLE_QUOTED = 16;
const SINGLE_ESCAPE = 17;
const SINGLE_HEX = 18; // …21
/** After `\\` or `\/` in a single-quoted string either quote ends it: the reference's mistake and the sane reading. */
const SINGLE_EITHER = 22;
const EITHER_ESCAPE = 23;
const EITHER_HEX = 24; // …27
const PERCENT = 28;
const PERCENT_L = 29;
const PERCENT_LL = 30;
const PERCENT_I = 31;
const PERCENT_I6 = 32;
const PERCENT_I64 = 33;
const STATES = 34;

// What a byte does when it does not simply lead to another state.
const BLANK = 64;
/** The byte ends a token and belongs to it. */
const TOKEN = 65;
/** The byte ends a token but is not part of it. */
const TOKEN_BEFORE = 66;
const OPEN_BRACE = 67;
const CLOSE_BRACE = 68;
const OPEN_BRACKET = 69;
const CLOSE_BRACKET = 70;
const ERROR = 71;
const FIRST_ACTION = BLANK;

const TRANSITIONS = buildTransitions();

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

function codes(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}

function buildTransitions(): Uint8Array {
  const table = new Uint8Array(STATES * BYTES).fill(ERROR);
  const on = (state: number, bytes: Iterable<number>, next: number): void => {
    for (const byte of bytes) {
      table[state * BYTES + byte] = next;
    }
  };
  const digits = codes('0123456789');
  on(START, codes(' \t\r\n'), BLANK);
  on(START, codes(',:'), TOKEN);
  on(START, codes('{'), OPEN_BRACE);
  on(START, codes('}'), CLOSE_BRACE);
  on(START, codes('['), OPEN_BRACKET);
  on(START, codes(']'), CLOSE_BRACKET);
  on(START, codes('"'), DOUBLE_QUOTED);
  on(START, codes("'"), SINGLE_QUOTED);
  on(START, codes('-'), MINUS);
  on(START, codes('0'), ZERO);
  on(START, codes('123456789'), INTEGER);
  on(START, range(0x61, 0x7a), KEYWORD);
  on(START, codes('%'), PERCENT);

  // A number or word is over at any other ASCII byte; a byte beyond ASCII makes it an error.
  for (const state of [ZERO, INTEGER, FRACTION, EXPONENT_DIGITS, KEYWORD]) {
    on(state, range(0, ASCII_LAST), TOKEN_BEFORE);
  }
  on(ZERO, digits, ERROR);
  on(ZERO, codes('.'), POINT);
  on(MINUS, codes('0'), ZERO);
  on(MINUS, codes('123456789'), INTEGER);
  on(INTEGER, digits, INTEGER);
  on(INTEGER, codes('.'), POINT);
  on(INTEGER, codes('eE'), EXPONENT);
  on(POINT, digits, FRACTION);
  on(FRACTION, digits, FRACTION);
  on(FRACTION, codes('eE'), EXPONENT);
  on(EXPONENT, digits, EXPONENT_DIGITS);
  on(EXPONENT, codes('+-'), EXPONENT_SIGN);
  on(EXPONENT_SIGN, digits, EXPONENT_DIGITS);
  on(EXPONENT_DIGITS, digits, EXPONENT_DIGITS);
  on(KEYWORD, range(0x61, 0x7a), KEYWORD);

  string(on, { quotes: '"', body: DOUBLE_QUOTED, escape: DOUBLE_ESCAPE, hex: DOUBLE_HEX });
  string(on, { quotes: "'", body: SINGLE_QUOTED, escape: SINGLE_ESCAPE, hex: SINGLE_HEX });
  on(SINGLE_ESCAPE, codes('\\/'), SINGLE_EITHER);
  string(on, { quotes: '\'"', body: SINGLE_EITHER, escape: EITHER_ESCAPE, hex: EITHER_HEX });

  // Place-holders of the reference's own test language: tokens, but no value parses from one.
  on(PERCENT, codes('dipsf'), TOKEN);
  on(PERCENT, codes('l'), PERCENT_L);
  on(PERCENT_L, codes('d'), TOKEN);
  on(PERCENT_L, codes('l'), PERCENT_LL);
  on(PERCENT_LL, codes('d'), TOKEN);
  on(PERCENT, codes('I'), PERCENT_I);
  on(PERCENT_I, codes('6'), PERCENT_I6);
  on(PERCENT_I6, codes('4'), PERCENT_I64);
  on(PERCENT_I64, codes('d'), TOKEN);
  return table;
}

interface StringStates {
  readonly quotes: string;
  readonly body: number;
  readonly escape: number;
  /** First of four states, one for each hex digit of `\uXXXX`. */
  readonly hex: number;
}

function string(
  on: (state: number, bytes: Iterable<number>, next: number) => void,
  states: StringStates,
): void {
  on(states.body, range(0, BYTES - 1), states.body);
  on(states.body, FORBIDDEN_IN_STRINGS, ERROR);
  on(states.body, codes('\\'), states.escape);
  on(states.body, codes(states.quotes), TOKEN);
  on(states.escape, codes('"\'\\/bfnrt'), states.body);
  on(states.escape, codes('u'), states.hex);
  for (let digit = 0; digit < 4; digit += 1) {
    on(
      states.hex + digit,
      codes('0123456789abcdefABCDEF'),
      digit === 3 ? states.body : states.hex + digit + 1,
    );
  }
}

/** What a scan found: the end of a message, a mistake, or nothing before the bytes ran out. */
export type ScanResult = 'message' | 'error' | 'more';

/** Finds message after message in a stream of bytes that arrives in pieces of any size. */
export class MessageScanner {
  #state = START;
  #braces = 0;
  #brackets = 0;
  /** Bytes of token text in the present message, before the piece being scanned. */
  #textBytes = 0;
  /** Tokens of the present message. */
  #tokens = 0;
  #position = 0;
  #begin = 0;

  /** Where the last `scan` stopped: the byte after the message or the mistake. */
  get position(): number {
    return this.#position;
  }

  /** Where the present message begins in this piece (behind blanks); 0 when it began in an earlier piece. */
  get begin(): number {
    return this.#begin;
  }

  /** Whether a message has begun and not ended. */
  get midMessage(): boolean {
    return this.#textBytes > 0;
  }

  /** Whether the present message has too many tokens: its bytes need not be kept, its end will be an error. */
  get isOverfull(): boolean {
    return this.#tokens > MAX_MESSAGE_TOKENS;
  }

  /** Whether the last byte scanned was outside of any token. */
  get betweenTokens(): boolean {
    return this.#state === START;
  }

  reset(): void {
    this.#state = START;
    this.#braces = 0;
    this.#brackets = 0;
    this.#textBytes = 0;
    this.#tokens = 0;
  }

  /** Scans `bytes` from `from` to the end of a message, to a mistake, or to the end of the bytes. */
  scan(bytes: Uint8Array, from: number): ScanResult {
    this.#begin = from;
    let i = from;
    while (i < bytes.length) {
      // Blanks do not count against the limit, so more may fit than this: the loop then looks again.
      const stop = Math.min(bytes.length, i + MAX_MESSAGE_BYTES + 1 - this.#textBytes);
      const result = this.#scanUpTo(bytes, i, stop);
      if (result !== 'more') {
        const isRefused = this.isOverfull;
        this.reset();
        return isRefused ? 'error' : result;
      }
      i = this.#position;
      if (this.#textBytes > MAX_MESSAGE_BYTES) {
        this.reset();
        return 'error';
      }
    }
    this.#position = i;
    return 'more';
  }

  /** After a token: whether the message is over, too deep, or goes on. */
  #judgeNesting(): ScanResult {
    const braces = this.#braces;
    const brackets = this.#brackets;
    if ((braces === 0 && brackets === 0) || braces < 0 || brackets < 0) {
      return 'message';
    }
    this.#tokens += 1;
    return braces > MAX_NESTING || brackets > MAX_NESTING ? 'error' : 'more';
  }

  #scanUpTo(bytes: Uint8Array, from: number, stop: number): ScanResult {
    let state = this.#state;
    let blanks = 0;
    let i = from;
    while (i < stop) {
      const next = TRANSITIONS[(state << 8) | (bytes[i] ?? 0)] ?? ERROR;
      i += 1;
      if (next < FIRST_ACTION) {
        state = next;
        continue;
      }
      state = START;
      switch (next) {
        case BLANK:
          blanks += 1;
          if (blanks === i - from && this.#textBytes === 0) {
            this.#begin = i;
          }
          continue;
        case TOKEN_BEFORE:
          i -= 1;
          break;
        case OPEN_BRACE:
          this.#braces += 1;
          break;
        case CLOSE_BRACE:
          this.#braces -= 1;
          break;
        case OPEN_BRACKET:
          this.#brackets += 1;
          break;
        case CLOSE_BRACKET:
          this.#brackets -= 1;
          break;
        case ERROR:
          this.#position = i;
          return 'error';
      }
      const nesting = this.#judgeNesting();
      if (nesting !== 'more') {
        this.#position = i;
        return nesting;
      }
    }
    this.#state = state;
    this.#textBytes += i - from - blanks;
    this.#position = i;
    return 'more';
  }
}
