/** What the command line needs from outside: files, standard output, and which version this is. */
import { readFileSync, writeFileSync } from 'node:fs';

export interface CommandLineEnvironment {
  /** Troupe's own version. */
  readonly version: string;
  readFile(path: string): string;
  writeFile(path: string, text: string): void;
  writeOutput(text: string): void;
}

/** Both src/cli and dist/cli lie two folders below package.json. */
const PACKAGE_FILE = new URL('../../package.json', import.meta.url);

function packageVersion(): string {
  const contents: unknown = JSON.parse(readFileSync(PACKAGE_FILE, 'utf8'));
  if (
    typeof contents === 'object' &&
    contents !== null &&
    'version' in contents &&
    typeof contents.version === 'string'
  ) {
    return contents.version;
  }
  return 'unknown';
}

/** The process's own files and standard output. */
export const hostEnvironment: CommandLineEnvironment = {
  get version() {
    return packageVersion();
  },
  readFile: (path) => readFileSync(path, 'utf8'),
  writeFile: (path, text) => writeFileSync(path, text),
  writeOutput: (text) => {
    process.stdout.write(text);
  },
};
