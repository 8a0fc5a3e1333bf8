import { syntaxError } from './hmp-error.ts';

/** A string argument longer than this is cut there (hmp.md §1). */
const MAX_WORD_BYTES = 1023;

const BLANKS = ' \t\n\v\f\r';

/** Whether `character` separates words; '' (the end of the line) does not. */
export function isBlank(character: string): boolean {
  return character !== '' && BLANKS.includes(character);
}

/** A position in a command line, and the lexical elements that can be read from there. */
export class LineScanner {
  readonly text: string;
  position = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** The character at the position, '' at the end. */
  get current(): string {
    return this.text.charAt(this.position);
  }

  get atEnd(): boolean {
    return this.position >= this.text.length;
  }

  skipBlanks(): void {
    while (isBlank(this.current)) this.position += 1;
  }

  /** Steps over one character and the blanks behind it. */
  skipToken(): void {
    if (!this.atEnd) this.position += 1;
    this.skipBlanks();
  }

  /** Reads what a sticky pattern matches here; undefined, and no step, when it does not match. */
  match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.position += found.length;
    return found;
  }

  /** A command's name: it ends at a blank or at a slash. '' at the end of the line. */
  commandName(): string {
    this.skipBlanks();
    return this.match(/[^\s/]*/y) ?? '';
  }

  /**
   * A word, or a quoted string with the escapes \n \r \\ \' \".
   * @returns undefined at the end of the line
   * @throws HmpError for a string that does not end, or another escape
   */
  word(): string | undefined {
    this.skipBlanks();
    if (this.atEnd) return undefined;
    return cutToBytes(this.current === '"' ? this.#quoted() : (this.match(/\S*/y) ?? ''), MAX_WORD_BYTES);
  }

  #quoted(): string {
    let value = '';
    this.position += 1;
    while (this.current !== '"') {
      if (this.atEnd) throw syntaxError('unterminated string');
      value += this.current === '\\' ? this.#escape() : this.current;
      this.position += 1;
    }
    this.position += 1;
    return value;
  }

  /** Reads from the backslash up to the character that it escapes, and stays there. */
  #escape(): string {
    this.position += 1;
    const letter = this.current;
    if (letter === 'n') return '\n';
    if (letter === 'r') return '\r';
    if (letter !== '' && '\\\'"'.includes(letter)) return letter;
    throw syntaxError(`unsupported escape code: '\\${letter}'`);
  }
}

/** The longest beginning of `text` that fits into `limit` bytes of UTF-8. */
function cutToBytes(text: string, limit: number): string {
  if (text.length * 3 <= limit) return text;
  return text.slice(0, new TextEncoder().encodeInto(text, new Uint8Array(limit)).read);
}
