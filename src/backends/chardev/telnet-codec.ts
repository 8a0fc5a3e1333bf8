/**
 * The telnet protocol between a byte stream and a client (RFC 854, options: RFC 855 to 858): a character-at-a-time,
 * server-echoing, 8-bit session. A pure state machine; sequences may be split anywhere.
 */
const IAC = 255;
const DONT = 254;
const DO = 253;
const WONT = 252;
const WILL = 251;
const SB = 250;
const BRK = 243;
const SE = 240;
const CR = 13;
const NUL = 0;

const OPTION_BINARY = 0;
const OPTION_ECHO = 1;
const OPTION_SUPPRESS_GO_AHEAD = 3;

/** Options that this side performs, and those that it lets the client perform. */
const OURS = new Set([OPTION_BINARY, OPTION_ECHO, OPTION_SUPPRESS_GO_AHEAD]);
const THEIRS = new Set([OPTION_BINARY, OPTION_SUPPRESS_GO_AHEAD]);

/** What a server says first: it echoes, speaks at any time, and both sides use all eight bits. */
const OFFERS = Uint8Array.from(
  [
    [IAC, WILL, OPTION_ECHO],
    [IAC, WILL, OPTION_SUPPRESS_GO_AHEAD],
    [IAC, WILL, OPTION_BINARY],
    [IAC, DO, OPTION_BINARY],
  ].flat(),
);

type State = 'data' | 'after-cr' | 'command' | 'option' | 'subnegotiation' | 'subnegotiation-command';

export interface TelnetInput {
  /** The bytes that the client meant. */
  readonly data: Uint8Array;
  /** What must be sent back: refusals of options. */
  readonly reply: Uint8Array;
  /** How many break conditions came. */
  readonly breaks: number;
}

export class TelnetCodec {
  #state: State = 'data';
  #verb = 0;
  #clientIsBinary = false;
  readonly #enabledByClient = new Set<number>();

  /** The opening negotiation of a server. */
  get offers(): Uint8Array {
    return OFFERS;
  }

  /** Doubles IAC bytes, as they would be commands otherwise. */
  encode(bytes: Uint8Array): Uint8Array {
    if (!bytes.includes(IAC)) {
      return bytes;
    }
    return Uint8Array.from([...bytes].flatMap((byte) => (byte === IAC ? [IAC, IAC] : [byte])));
  }

  decode(bytes: Uint8Array): TelnetInput {
    const data: number[] = [];
    const reply: number[] = [];
    let breaks = 0;
    for (const byte of bytes) {
      switch (this.#state) {
        case 'data':
        case 'after-cr':
          this.#takeData(byte, data);
          break;
        case 'command':
          breaks += byte === BRK ? 1 : 0;
          this.#takeCommand(byte, data);
          break;
        case 'option':
          this.#negotiate(byte, reply);
          this.#state = 'data';
          break;
        case 'subnegotiation':
          this.#state = byte === IAC ? 'subnegotiation-command' : 'subnegotiation';
          break;
        case 'subnegotiation-command':
          this.#state = byte === SE ? 'data' : 'subnegotiation';
          break;
      }
    }
    return { data: Uint8Array.from(data), reply: Uint8Array.from(reply), breaks };
  }

  #takeData(byte: number, data: number[]): void {
    const afterCr = this.#state === 'after-cr';
    this.#state = 'data';
    if (byte === IAC) {
      this.#state = 'command';
    } else if (!(afterCr && byte === NUL)) {
      data.push(byte);
      // Without binary transmission a lone carriage return travels as CR NUL (RFC 854, "NVT printer").
      this.#state = byte === CR && !this.#clientIsBinary ? 'after-cr' : 'data';
    }
  }

  #takeCommand(byte: number, data: number[]): void {
    this.#state = 'data';
    if (byte === IAC) {
      data.push(IAC);
    } else if (byte === SB) {
      this.#state = 'subnegotiation';
    } else if (byte >= WILL && byte <= DONT) {
      this.#verb = byte;
      this.#state = 'option';
    }
  }

  /** Answers only what changes something: an answer to an answer would go on for ever (RFC 854). */
  #negotiate(option: number, reply: number[]): void {
    if (this.#verb === WILL) {
      if (!THEIRS.has(option)) {
        reply.push(IAC, DONT, option);
      } else if (!this.#enabledByClient.has(option)) {
        this.#enabledByClient.add(option);
        if (option !== OPTION_BINARY) {
          reply.push(IAC, DO, option);
        }
      }
      this.#clientIsBinary ||= option === OPTION_BINARY;
    } else if (this.#verb === WONT) {
      this.#enabledByClient.delete(option);
      this.#clientIsBinary &&= option !== OPTION_BINARY;
    } else if (this.#verb === DO && !OURS.has(option)) {
      reply.push(IAC, WONT, option);
    }
  }
}
