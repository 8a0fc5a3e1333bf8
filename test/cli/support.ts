import { parseCommandLine } from '../../src/cli/command-line.ts';
import { CommandLineError } from '../../src/cli/command-line-error.ts';
import type { CommandLineEnvironment } from '../../src/cli/environment.ts';
import type { MachineConfig } from '../../src/machine/machine-config.ts';

/** Files in memory; what goes to standard output is kept. */
export class FakeEnvironment implements CommandLineEnvironment {
  readonly version = '9.8.7';
  readonly files = new Map<string, string>();
  output = '';

  readFile(path: string): string {
    const text = this.files.get(path);
    if (text === undefined) {
      throw new Error(`no file ${path}`);
    }
    return text;
  }

  writeFile(path: string, text: string): void {
    this.files.set(path, text);
  }

  writeOutput(text: string): void {
    this.output += text;
  }
}

export interface Parsed {
  readonly config: MachineConfig;
  readonly warnings: readonly string[];
}

/** The machine that these words describe. */
export function run(words: readonly string[], environment = new FakeEnvironment()): Parsed {
  const result = parseCommandLine(words, environment);
  if (result.action !== 'run') {
    throw new Error(`expected a machine, got the text ${result.text}`);
  }
  return result;
}

/** The text that these words print. */
export function printed(words: readonly string[]): string {
  const result = parseCommandLine(words, new FakeEnvironment());
  if (result.action !== 'print') {
    throw new Error('expected a text, got a machine');
  }
  if (typeof result.text !== 'string') {
    throw new Error('expected a text that is there at once');
  }
  return result.text;
}

/** A command line as it is typed; quotes are not known. */
export function words(line: string): string[] {
  return line.split(' ').filter((word) => word !== '');
}

/** The machine of `line`, with -nodefaults before it. */
export function config(line: string): MachineConfig {
  return run(['-nodefaults', ...words(line)]).config;
}

/** What is wrong with these words; undefined when nothing is. */
export function refusal(line: readonly string[]): CommandLineError | undefined {
  try {
    parseCommandLine(line, new FakeEnvironment());
    return undefined;
  } catch (error) {
    return error instanceof CommandLineError ? error : undefined;
  }
}
