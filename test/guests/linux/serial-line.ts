/** What a guest says on its serial line, which is the standard output of its machine. */
import type { Machine } from '../../../src/client/troupe.ts';

/** Milliseconds for anything that a guest is waited for; a busy machine may need most of them. */
const DEADLINE_MS = 600_000;
/** Characters of the end that an error shows. */
const SHOWN = 3000;

interface Waiting {
  readonly pattern: RegExp;
  readonly found: (text: string) => void;
  readonly failed: (error: Error) => void;
}

/** Of a machine that was launched with `stdio: 'pipe'` and `-serial stdio`. */
export class SerialLine {
  readonly #machine: Machine;
  #text = '';
  #seen = 0;
  #waiting: Waiting | undefined;

  constructor(machine: Machine) {
    this.#machine = machine;
    const { stdout } = machine.process;
    if (stdout === null) throw new Error("a machine was launched without `stdio: 'pipe'`");
    stdout.setEncoding('latin1');
    stdout.on('data', (text: string) => {
      this.#text += text;
      this.#look();
    });
    stdout.on('end', () => this.#waiting?.failed(this.#failure(this.#waiting.pattern, 'the machine ended')));
  }

  /** Everything so far. */
  get text(): string {
    return this.#text;
  }

  /** What comes after the last match, up to the end of the next one of `pattern`. One call at a time. */
  until(pattern: RegExp): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const late = setTimeout(() => reject(this.#failure(pattern, 'time is over')), DEADLINE_MS);
    this.#waiting = { pattern, found: resolve, failed: reject };
    this.#look();
    return promise.finally(() => {
      clearTimeout(late);
      this.#waiting = undefined;
    });
  }

  /** Types on the line. */
  type(text: string): void {
    this.#machine.process.stdin?.write(text);
  }

  #look(): void {
    if (this.#waiting === undefined) return;
    const match = this.#waiting.pattern.exec(this.#text.slice(this.#seen));
    if (match === null) return;
    const end = this.#seen + match.index + match[0].length;
    const text = this.#text.slice(this.#seen, end);
    this.#seen = end;
    this.#waiting.found(text);
  }

  #failure(pattern: RegExp, why: string): Error {
    const { stderr } = this.#machine;
    return new Error(`waited for ${pattern}, but ${why}: ${this.#text.slice(-SHOWN)}\n${stderr}`);
  }
}
