/** What a command of troupe-img is. */
import type { CommandWords } from './command-words.ts';

export interface CommandOutput {
  /** Writes text as it is to standard output. */
  write(text: string): void;
  /** Writes a line to standard error. */
  warn(line: string): void;
}

export interface ImageCommand {
  readonly name: string;
  readonly usage: string;
  /** Options: see parseWords. */
  readonly options: readonly string[];
  /** @returns the exit status. Throws TroupeErrors. */
  run(words: CommandWords, output: CommandOutput): Promise<number>;
}
