/** A program of this machine with its libraries, for an initramfs. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type CpioEntry, folder, program } from '../../../src/quickstart/cpio.ts';

/** Entries of `path` as /bin/NAME and of the libraries that `ldd` names, at their places. */
export function hostProgram(path: string): readonly CpioEntry[] {
  const libraries = [...execFileSync('ldd', [path], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g)].map(
    ([, library = '']) => library,
  );
  const folders = new Set(libraries.flatMap((library) => parents(library.slice(1))));
  return [
    ...[...folders].map(folder),
    ...libraries.map((library) => program(library.slice(1), readFileSync(library))),
    program(`bin/${basename(path)}`, readFileSync(path)),
  ];
}

function parents(path: string): readonly string[] {
  const above = dirname(path);
  return above === '.' ? [] : [...parents(above), above];
}
