/**
 * A text terminal without a picture: rows of characters, a cursor, and the lines that have scrolled away. It follows the
 * control functions of ECMA-48 that move the cursor or erase; colours and everything else are read over.
 */
const SCROLLBACK_LINES = 512;
const TAB_STOP = 8;
const PARAMETER_LIMIT = 16;

type State = 'text' | 'escape' | 'control-sequence' | 'string' | 'charset';

export class TextScreen {
  readonly columns: number;
  readonly rows: number;
  readonly #lines: string[][] = [];
  readonly #scrollback: string[] = [];
  #row = 0;
  /** May be `columns`: the next character wraps. */
  #column = 0;
  #saved = { row: 0, column: 0 };
  #state: State = 'text';
  #parameters = '';
  readonly #decoder = new TextDecoder();

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
    this.#lines = Array.from({ length: rows }, () => this.#blankLine());
  }

  get cursor(): { readonly row: number; readonly column: number } {
    return { row: this.#row, column: Math.min(this.#column, this.columns - 1) };
  }

  /** The visible rows, without blanks at their ends. */
  get visible(): string[] {
    return this.#lines.map((line) => line.join('').trimEnd());
  }

  /** Lines that have left the screen at the top, oldest first. */
  get scrollback(): readonly string[] {
    return this.#scrollback;
  }

  write(bytes: Uint8Array): void {
    for (const character of this.#decoder.decode(bytes, { stream: true })) {
      this.#take(character);
    }
  }

  #take(character: string): void {
    switch (this.#state) {
      case 'text':
        this.#takeText(character);
        break;
      case 'escape':
        this.#takeEscape(character);
        break;
      case 'control-sequence':
        this.#takeControlSequence(character);
        break;
      case 'string':
        // OSC and its like end with BEL or ESC \.
        this.#state = character === '\x07' ? 'text' : character === '\x1b' ? 'charset' : 'string';
        break;
      case 'charset':
        this.#state = 'text';
        break;
    }
  }

  #takeText(character: string): void {
    switch (character) {
      case '\x1b':
        this.#state = 'escape';
        break;
      case '\r':
        this.#column = 0;
        break;
      case '\n':
      case '\v':
      case '\f':
        this.#lineFeed();
        break;
      case '\b':
        this.#column = Math.max(0, this.cursor.column - 1);
        break;
      case '\t':
        this.#column = Math.min(this.columns - 1, (Math.floor(this.#column / TAB_STOP) + 1) * TAB_STOP);
        break;
      default:
        if (character >= ' ' && character !== '\x7f') {
          this.#put(character);
        }
    }
  }

  #takeEscape(character: string): void {
    this.#state = 'text';
    switch (character) {
      case '[':
        this.#parameters = '';
        this.#state = 'control-sequence';
        break;
      case ']':
      case 'P':
      case '^':
      case '_':
        this.#state = 'string';
        break;
      case '(':
      case ')':
        this.#state = 'charset';
        break;
      case 'c':
        this.#erase(0, 0, this.rows, 0);
        this.#moveTo(0, 0);
        break;
      case 'D':
        this.#lineFeed();
        break;
      case 'E':
        this.#column = 0;
        this.#lineFeed();
        break;
      case '7':
        this.#saved = this.cursor;
        break;
      case '8':
        this.#moveTo(this.#saved.row, this.#saved.column);
        break;
    }
  }

  #takeControlSequence(character: string): void {
    if (character >= '@' && character <= '~') {
      this.#state = 'text';
      this.#execute(character);
    } else if (this.#parameters.length < PARAMETER_LIMIT) {
      this.#parameters += character;
    }
  }

  /** Final bytes as ECMA-48 names them: CUU, CUD, CUF, CUB, CHA, CUP, ED, EL, VPA, and save and restore. */
  #execute(final: string): void {
    const numbers = this.#parameters.split(';').map((text) => Number.parseInt(text, 10) || 0);
    const [first = 0, second = 0] = numbers;
    const count = Math.max(1, first);
    const { row, column } = this.cursor;
    switch (final) {
      case 'A':
        this.#moveTo(row - count, column);
        break;
      case 'B':
        this.#moveTo(row + count, column);
        break;
      case 'C':
        this.#moveTo(row, column + count);
        break;
      case 'D':
        this.#moveTo(row, column - count);
        break;
      case 'G':
        this.#moveTo(row, count - 1);
        break;
      case 'H':
      case 'f':
        this.#moveTo(count - 1, Math.max(1, second) - 1);
        break;
      case 'd':
        this.#moveTo(count - 1, column);
        break;
      case 'J':
        this.#eraseInDisplay(first);
        break;
      case 'K':
        this.#eraseInLine(first);
        break;
      case 's':
        this.#saved = this.cursor;
        break;
      case 'u':
        this.#moveTo(this.#saved.row, this.#saved.column);
        break;
    }
  }

  #eraseInDisplay(part: number): void {
    const { row, column } = this.cursor;
    if (part === 0) {
      this.#erase(row, column, this.rows, 0);
    } else if (part === 1) {
      this.#erase(0, 0, row, column + 1);
    } else if (part === 2) {
      this.#erase(0, 0, this.rows, 0);
    }
  }

  #eraseInLine(part: number): void {
    const { row, column } = this.cursor;
    this.#erase(row, part === 0 ? column : 0, row, part === 1 ? column + 1 : this.columns);
  }

  /** Blanks from a position up to, but without, another one. */
  #erase(fromRow: number, fromColumn: number, toRow: number, toColumn: number): void {
    for (let row = fromRow; row <= Math.min(toRow, this.rows - 1); row++) {
      const end = row === toRow ? toColumn : this.columns;
      this.#lines[row]?.fill(' ', row === fromRow ? fromColumn : 0, end);
    }
  }

  #moveTo(row: number, column: number): void {
    this.#row = Math.max(0, Math.min(this.rows - 1, row));
    this.#column = Math.max(0, Math.min(this.columns - 1, column));
  }

  #put(character: string): void {
    if (this.#column >= this.columns) {
      this.#column = 0;
      this.#lineFeed();
    }
    const line = this.#lines[this.#row];
    if (line !== undefined) {
      line[this.#column] = character;
    }
    this.#column += 1;
  }

  #lineFeed(): void {
    if (this.#row < this.rows - 1) {
      this.#row += 1;
      return;
    }
    const gone = this.#lines.shift();
    this.#lines.push(this.#blankLine());
    this.#scrollback.push(gone?.join('').trimEnd() ?? '');
    if (this.#scrollback.length > SCROLLBACK_LINES) {
      this.#scrollback.shift();
    }
  }

  #blankLine(): string[] {
    return Array<string>(this.columns).fill(' ');
  }
}
