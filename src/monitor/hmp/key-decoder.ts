/** Bytes from a terminal → what the user did: characters typed, and keys with a meaning. */

export type EditingKey =
  | 'line-start'
  | 'line-end'
  | 'left'
  | 'right'
  | 'word-left'
  | 'word-right'
  | 'older'
  | 'newer'
  | 'delete'
  | 'backspace'
  | 'erase-word'
  | 'kill-to-end'
  | 'kill-to-start'
  | 'yank'
  | 'clear-screen'
  | 'complete'
  | 'enter';

export type KeyStroke =
  | { readonly type: 'key'; readonly key: EditingKey }
  | { readonly type: 'character'; readonly character: string };

const ESCAPE = 0x1b;
/** The one-byte form of `ESC [`. */
const CSI = 0x9b;
const FIRST_PRINTABLE = 0x20;

const CONTROL_KEYS: ReadonlyMap<number, EditingKey> = new Map([
  [0x01, 'line-start'],
  [0x02, 'left'],
  [0x04, 'delete'],
  [0x05, 'line-end'],
  [0x06, 'right'],
  [0x08, 'backspace'],
  [0x09, 'complete'],
  [0x0a, 'enter'],
  [0x0b, 'kill-to-end'],
  [0x0c, 'clear-screen'],
  [0x0d, 'enter'],
  [0x0e, 'newer'],
  [0x10, 'older'],
  [0x15, 'kill-to-start'],
  [0x17, 'erase-word'],
  [0x19, 'yank'],
  [0x7f, 'backspace'],
]);

/** Final letters of `ESC [` and `ESC O` sequences (ECMA-48; xterm's application keys). */
const LETTER_KEYS: ReadonlyMap<string, EditingKey> = new Map([
  ['A', 'older'],
  ['B', 'newer'],
  ['C', 'right'],
  ['D', 'left'],
  ['F', 'line-end'],
  ['H', 'line-start'],
]);

/** Numbers of `ESC [ n ~` sequences (VT220, rxvt). */
const NUMBERED_KEYS: ReadonlyMap<number, EditingKey> = new Map([
  [1, 'line-start'],
  [3, 'delete'],
  [4, 'line-end'],
  [7, 'line-start'],
  [8, 'line-end'],
]);

const META_KEYS: ReadonlyMap<string, EditingKey> = new Map([
  ['b', 'word-left'],
  ['f', 'word-right'],
]);

/** Digits of a sequence's parameter that count; more are passed over. */
const MAX_PARAMETER = 9999;

type State = 'normal' | 'escape' | 'csi' | 'ss3';

/** Takes one byte at a time; UTF-8 and escape sequences may be cut anywhere. */
export class KeyDecoder {
  #state: State = 'normal';
  #parameter = 0;
  /** Bytes of a character begun, and how many it has in all. */
  #partial: number[] = [];
  #partialLength = 0;

  /** @returns what the byte completes, undefined when it completes nothing */
  decode(byte: number): KeyStroke | undefined {
    switch (this.#state) {
      case 'escape':
        return this.#afterEscape(byte);
      case 'csi':
        return this.#insideCsi(byte);
      case 'ss3':
        this.#state = 'normal';
        return keyStroke(LETTER_KEYS.get(String.fromCharCode(byte)));
      default:
        return this.#normal(byte);
    }
  }

  /** Forgets what was begun. */
  reset(): void {
    this.#state = 'normal';
    this.#partial = [];
  }

  #normal(byte: number): KeyStroke | undefined {
    if (this.#partial.length > 0) {
      if ((byte & 0xc0) === 0x80) return this.#continueCharacter(byte);
      this.#partial = [];
    }
    if (byte === ESCAPE) {
      this.#state = 'escape';
      return undefined;
    }
    if (byte === CSI) {
      this.#startCsi();
      return undefined;
    }
    const key = CONTROL_KEYS.get(byte);
    if (key !== undefined) return keyStroke(key);
    if (byte < FIRST_PRINTABLE) return undefined;
    if (byte < 0x80) return { type: 'character', character: String.fromCharCode(byte) };
    this.#startCharacter(byte);
    return undefined;
  }

  #afterEscape(byte: number): KeyStroke | undefined {
    this.#state = 'normal';
    const character = String.fromCharCode(byte);
    if (character === '[') this.#startCsi();
    else if (character === 'O') this.#state = 'ss3';
    else return keyStroke(META_KEYS.get(character));
    return undefined;
  }

  #startCsi(): void {
    this.#state = 'csi';
    this.#parameter = 0;
  }

  #insideCsi(byte: number): KeyStroke | undefined {
    const character = String.fromCharCode(byte);
    if (character >= '0' && character <= '9') {
      this.#parameter = Math.min(this.#parameter * 10 + Number(character), MAX_PARAMETER);
      return undefined;
    }
    // A modifier's number follows (`ESC [ 1 ; 5 C`); the key means the same with it.
    if (character === ';') return undefined;
    this.#state = 'normal';
    return keyStroke(character === '~' ? NUMBERED_KEYS.get(this.#parameter) : LETTER_KEYS.get(character));
  }

  #startCharacter(byte: number): void {
    if (byte >= 0xf0 && byte <= 0xf4) this.#partialLength = 4;
    else if (byte >= 0xe0 && byte < 0xf0) this.#partialLength = 3;
    else if (byte >= 0xc2 && byte < 0xe0) this.#partialLength = 2;
    else return;
    this.#partial = [byte];
  }

  #continueCharacter(byte: number): KeyStroke | undefined {
    this.#partial.push(byte);
    if (this.#partial.length < this.#partialLength) return undefined;
    const character = Buffer.from(this.#partial).toString('utf8');
    this.#partial = [];
    return { type: 'character', character };
  }
}

function keyStroke(key: EditingKey | undefined): KeyStroke | undefined {
  return key === undefined ? undefined : { type: 'key', key };
}
