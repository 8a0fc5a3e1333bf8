/** Bytes in pieces of any size → the messages in them, one at a time, so that a caller can stop between two. */
import { MessageScanner } from './json-lexer.ts';
import { type ParseOptions, parseMessage, SYNTAX_ERROR } from './json-parser.ts';
import type { QmpJson } from './json-value.ts';

const EMPTY = Buffer.alloc(0);
const SPACE = 0x20;

export class JsonReader {
  readonly #options: ParseOptions;
  readonly #scanner = new MessageScanner();
  /** The piece being read, from `#position` on. */
  #piece: Buffer = EMPTY;
  #position = 0;
  /** What earlier pieces held of the message that has not ended yet: the first `#carriedBytes` bytes. */
  #carried: Buffer = EMPTY;
  #carriedBytes = 0;

  constructor(options: ParseOptions = {}) {
    this.#options = options;
  }

  /** Whether bytes are left that `next` has not looked at. */
  get hasMore(): boolean {
    return this.#position < this.#piece.length;
  }

  /**
   * Takes the next piece; what is left of the one before stays in front of it. The bytes are read in place: call
   * `keepRest` before they change.
   */
  push(piece: Uint8Array): void {
    const bytes = Buffer.isBuffer(piece)
      ? piece
      : Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    this.#piece = this.hasMore ? Buffer.concat([this.#piece.subarray(this.#position), bytes]) : bytes;
    this.#position = 0;
  }

  /** Copies what is left of the piece. */
  keepRest(): void {
    this.#piece = Buffer.from(this.#piece.subarray(this.#position));
    this.#position = 0;
  }

  /** The next message's value, `SYNTAX_ERROR` for a mistake, `undefined` when the piece is used up. */
  next(): QmpJson | typeof SYNTAX_ERROR | undefined {
    const continued = this.#scanner.midMessage;
    const result = this.#scanner.scan(this.#piece, this.#position);
    const begin = continued ? this.#position : this.#scanner.begin;
    this.#position = this.#scanner.position;
    if (result === 'more') {
      if (this.#scanner.isOverfull) {
        this.#dropCarried();
      } else if (this.#scanner.midMessage) {
        this.#carry(this.#piece.subarray(begin));
      }
      this.#piece = EMPTY;
      this.#position = 0;
      return undefined;
    }
    if (result === 'error') {
      this.#dropCarried();
      return SYNTAX_ERROR;
    }
    if (this.#carriedBytes === 0) {
      return parseMessage(this.#piece, begin, this.#position, this.#options);
    }
    this.#carry(this.#piece.subarray(begin, this.#position));
    const value = parseMessage(this.#carried, 0, this.#carriedBytes, this.#options);
    this.#dropCarried();
    return value;
  }

  /** Forgets a message that has begun, and what is left of the piece. */
  reset(): void {
    this.#scanner.reset();
    this.#dropCarried();
    this.#piece = EMPTY;
    this.#position = 0;
  }

  #carry(bytes: Buffer): void {
    if (this.#isMoreBlank(bytes)) {
      return;
    }
    const needed = this.#carriedBytes + bytes.length;
    if (needed > this.#carried.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#carried.length * 2));
      this.#carried.copy(larger, 0, 0, this.#carriedBytes);
      this.#carried = larger;
    }
    bytes.copy(this.#carried, this.#carriedBytes);
    this.#carriedBytes = needed;
  }

  /** A client that sends nothing but blanks inside a message must not fill the memory, and blanks have no limit. */
  #isMoreBlank(bytes: Buffer): boolean {
    return (
      this.#scanner.betweenTokens &&
      this.#carriedBytes > 0 &&
      (this.#carried[this.#carriedBytes - 1] ?? 0) <= SPACE &&
      isBlank(bytes)
    );
  }

  #dropCarried(): void {
    this.#carried = EMPTY;
    this.#carriedBytes = 0;
  }
}

function isBlank(bytes: Buffer): boolean {
  for (let i = 0; i < bytes.length; i += 1) {
    if ((bytes[i] ?? 0) > SPACE) {
      return false;
    }
  }
  return true;
}
