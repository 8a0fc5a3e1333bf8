/** The same command by troupe-img and by Debian's qemu-img, each on the same files at the same place. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { TroupeError } from '../../../src/errors/troupe-error.ts';
import { ImageCommandError } from '../../../src/img/image-command-error.ts';
import { runImageCommand } from '../../../src/img/image-commands.ts';

export interface Ended {
  readonly status: number;
  readonly text: string;
  /** What went to standard error, without the tool's name. */
  readonly complaints: string;
}

/** Runs troupe-img's command as its process does. */
export async function ours(words: readonly string[]): Promise<Ended> {
  let text = '';
  let complaints = '';
  let status: number;
  try {
    status = await runImageCommand(words, {
      write: (part) => {
        text += part;
      },
      warn: (line) => {
        complaints += `${line}\n`;
      },
    });
  } catch (error) {
    if (!(error instanceof TroupeError)) throw error;
    complaints += `${error.message}\n`;
    status = error instanceof ImageCommandError ? error.status : 1;
  }
  return { status, text, complaints };
}

export function theirs(words: readonly string[]): Ended {
  const { status, stdout, stderr } = spawnSync('qemu-img', words, { encoding: 'utf8' });
  const complaints = stderr.replaceAll(/^qemu-img: /gm, '').replace(/^Try 'qemu-img --help'.*\n/m, '');
  return { status: status ?? -1, text: stdout, complaints };
}

/** Files that are as they were made whenever a command begins. */
export class Bench {
  readonly folder: string;
  readonly #pristine: string;

  /** @param make called once, to fill the folder */
  constructor(folder: string, make: (folder: string) => void) {
    this.folder = join(folder, 'images');
    this.#pristine = join(folder, 'pristine');
    mkdirSync(this.folder);
    make(this.folder);
    cpSync(this.folder, this.#pristine, { recursive: true });
  }

  /** Words that name a file of the folder begin with `@`. */
  words(line: string): readonly string[] {
    return line.split(' ').map((word) => word.replaceAll('@', `${this.folder}/`).replaceAll("''", ''));
  }

  /** Runs both; what troupe-img has left of the folder is in `left` then, and qemu-img's files are in place. */
  async both(line: string): Promise<{ readonly ours: Ended; readonly theirs: Ended; readonly left: string }> {
    const left = `${this.folder}-ours`;
    this.#restore();
    const own = await ours(this.words(line));
    rmSync(left, { recursive: true, force: true });
    cpSync(this.folder, left, { recursive: true });
    this.#restore();
    return { ours: own, theirs: theirs(this.words(line)), left };
  }

  #restore(): void {
    rmSync(this.folder, { recursive: true, force: true });
    cpSync(this.#pristine, this.folder, { recursive: true });
  }
}
