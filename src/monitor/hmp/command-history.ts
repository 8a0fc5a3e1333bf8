const MAX_ENTRIES = 64;

/** The lines that a monitor was given, oldest first and each only once, and the place where the user looks at them. */
export class CommandHistory {
  readonly #entries: string[] = [];
  /** The entry shown; `#entries.length` stands for the new line. */
  #cursor = 0;

  get entries(): readonly string[] {
    return this.#entries;
  }

  /** Takes a line in as the newest and returns to the new line; an empty line changes nothing. */
  add(line: string): void {
    if (line === '') return;
    const earlier = this.#entries.indexOf(line);
    if (earlier >= 0) this.#entries.splice(earlier, 1);
    this.#entries.push(line);
    if (this.#entries.length > MAX_ENTRIES) this.#entries.shift();
    this.#cursor = this.#entries.length;
  }

  /** The entry before the one shown; undefined when there is none. */
  older(): string | undefined {
    if (this.#cursor === 0) return undefined;
    this.#cursor -= 1;
    return this.#entries[this.#cursor];
  }

  /** The entry behind the one shown, '' for the new line; undefined when that is shown already. */
  newer(): string | undefined {
    if (this.#cursor === this.#entries.length) return undefined;
    this.#cursor += 1;
    return this.#entries[this.#cursor] ?? '';
  }
}
