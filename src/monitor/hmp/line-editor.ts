/** The line that a user is writing: its text, the cursor, and how the terminal is brought up to date. */
import type { CommandHistory } from './command-history.ts';
import type { EditingKey, KeyStroke } from './key-decoder.ts';

/** Characters of a line; more are not taken. */
const MAX_LINE = 4095;

const CURSOR_LEFT = '\x1b[D';
const CURSOR_RIGHT = '\x1b[C';
const ERASE_TO_END = '\x1b[K';
const CLEAR_SCREEN = '\x1b[2J\x1b[1;1H';

/** What a key asks of the editor's owner. */
export type EditorRequest =
  | { readonly type: 'line'; readonly line: string }
  /** The user wants the text before the cursor completed; answered by `insert` or `insertAndList`. */
  | { readonly type: 'complete'; readonly text: string };

export interface LineEditorOptions {
  readonly prompt: string;
  readonly history: CommandHistory;
  /** Writes to the terminal; '\n' stands for a line end. */
  readonly write: (text: string) => void;
}

/**
 * A one-line editor for a terminal of which nothing is known but three escape sequences: it redraws the whole line
 * when the text changes and moves the cursor by single steps, as clients of this monitor are used to.
 */
export class LineEditor {
  readonly #prompt: string;
  readonly #history: CommandHistory;
  readonly #write: (text: string) => void;
  #characters: string[] = [];
  #cursor = 0;
  #killed: string[] = [];
  /** What the terminal shows behind the prompt. */
  #shown: readonly string[] = [];
  #shownCursor = 0;

  constructor(options: LineEditorOptions) {
    this.#prompt = options.prompt;
    this.#history = options.history;
    this.#write = options.write;
  }

  /** Drops what was written so far. */
  clear(): void {
    this.#characters = [];
    this.#cursor = 0;
  }

  /** Writes the prompt and, behind it, the line so far. */
  showPrompt(): void {
    this.#write(this.#prompt);
    this.#shown = [];
    this.#shownCursor = 0;
    this.#redraw();
  }

  handle(stroke: KeyStroke): EditorRequest | undefined {
    if (stroke.type === 'character') {
      this.#insertCharacters([stroke.character]);
    } else if (stroke.key === 'enter') {
      return this.#enter();
    } else if (stroke.key === 'complete') {
      return { type: 'complete', text: this.#characters.slice(0, this.#cursor).join('') };
    } else {
      this.#edit(stroke.key);
    }
    this.#redraw();
    return undefined;
  }

  /** Inserts text at the cursor. */
  insert(text: string): void {
    this.#insertCharacters([...text]);
    this.#redraw();
  }

  /** Inserts text at the cursor and shows `lines` below the line being written, and that again below them. */
  insertAndList(text: string, lines: readonly string[]): void {
    this.#insertCharacters([...text]);
    this.#write(`\n${lines.map((line) => `${line}\n`).join('')}`);
    this.showPrompt();
  }

  #enter(): EditorRequest {
    const line = this.#characters.join('');
    this.#history.add(line);
    this.clear();
    this.#write('\n');
    return { type: 'line', line };
  }

  #edit(key: Exclude<EditingKey, 'enter' | 'complete'>): void {
    switch (key) {
      case 'line-start':
        this.#cursor = 0;
        break;
      case 'line-end':
        this.#cursor = this.#characters.length;
        break;
      case 'left':
        this.#cursor = Math.max(this.#cursor - 1, 0);
        break;
      case 'right':
        this.#cursor = Math.min(this.#cursor + 1, this.#characters.length);
        break;
      case 'word-left':
        this.#cursor = this.#startOfWord();
        break;
      case 'word-right':
        this.#cursor = this.#endOfWord();
        break;
      case 'older':
        this.#replace(this.#history.older());
        break;
      case 'newer':
        this.#replace(this.#history.newer());
        break;
      case 'delete':
        this.#characters.splice(this.#cursor, 1);
        break;
      case 'backspace':
        if (this.#cursor > 0) this.#remove(this.#cursor - 1, this.#cursor);
        break;
      case 'erase-word':
        this.#kill(this.#startOfWord(), this.#cursor);
        break;
      case 'kill-to-end':
        this.#kill(this.#cursor, this.#characters.length);
        break;
      case 'kill-to-start':
        this.#kill(0, this.#cursor);
        break;
      case 'yank':
        this.#insertCharacters(this.#killed);
        break;
      case 'clear-screen':
        this.#write(CLEAR_SCREEN);
        this.showPrompt();
        break;
    }
  }

  #insertCharacters(characters: readonly string[]): void {
    const room = characters.slice(0, MAX_LINE - this.#characters.length);
    this.#characters.splice(this.#cursor, 0, ...room);
    this.#cursor += room.length;
  }

  #replace(line: string | undefined): void {
    if (line === undefined) return;
    this.#characters = [...line];
    this.#cursor = this.#characters.length;
  }

  #remove(from: number, to: number): readonly string[] {
    this.#cursor = from;
    return this.#characters.splice(from, to - from);
  }

  #kill(from: number, to: number): void {
    if (to > from) this.#killed = [...this.#remove(from, to)];
  }

  #startOfWord(): number {
    let start = this.#cursor;
    while (start > 0 && this.#characters[start - 1] === ' ') start -= 1;
    while (start > 0 && this.#characters[start - 1] !== ' ') start -= 1;
    // A single blank at the beginning of the line goes with the first word, as clients know it.
    return start === 1 ? 0 : start;
  }

  #endOfWord(): number {
    let end = this.#cursor;
    while (this.#characters[end] === ' ') end += 1;
    while (end < this.#characters.length && this.#characters[end] !== ' ') end += 1;
    return end;
  }

  #redraw(): void {
    let output = '';
    if (!sameText(this.#characters, this.#shown)) {
      output += CURSOR_LEFT.repeat(this.#shownCursor) + this.#characters.join('') + ERASE_TO_END;
      this.#shown = [...this.#characters];
      this.#shownCursor = this.#characters.length;
    }
    const steps = this.#cursor - this.#shownCursor;
    output += steps > 0 ? CURSOR_RIGHT.repeat(steps) : CURSOR_LEFT.repeat(-steps);
    this.#shownCursor = this.#cursor;
    if (output !== '') this.#write(output);
  }
}

function sameText(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((character, index) => character === b[index]);
}
