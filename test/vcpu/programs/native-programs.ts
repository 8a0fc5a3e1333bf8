/** Compiles the programs of test/guests/programs and runs executables on the host. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SOURCES = join(import.meta.dirname, '../../guests/programs');
const FREESTANDING = [
  '-nostdlib',
  '-ffreestanding',
  '-fno-stack-protector',
  '-fno-pie',
  '-no-pie',
  '-mgeneral-regs-only',
];

export interface NativeResult {
  readonly exitCode: number;
  readonly output: Buffer;
}

/** Whether this host can run x86 Linux executables. */
export const runsX86 = process.arch === 'x64' && process.platform === 'linux';

/** Whether there is a gcc here, for an x86-64 Linux host. */
export function hasCompiler(): boolean {
  return runsX86 && spawnSync('gcc', ['--version']).status === 0;
}

/** Path of the static executable of `source` (without .c), compiled with gcc's `options` once and kept. */
export function compile(source: string, options: readonly string[], isFreestanding: boolean): string {
  const path = join(SOURCES, `${source}.c`);
  const all = ['-static', ...(isFreestanding ? FREESTANDING : []), ...options];
  const hash = createHash('sha256')
    .update(readFileSync(path))
    .update(readFileSync(join(SOURCES, 'freestanding.h')));
  const output = join(tmpdir(), `troupe-program-${hash.update(all.join(' ')).digest('hex').slice(0, 16)}`);
  if (existsSync(output)) return output;
  const building = `${output}.${process.pid}`;
  execFileSync('gcc', [...all, '-o', building, path, ...(isFreestanding ? [] : ['-lm'])], { stdio: 'pipe' });
  renameSync(building, output);
  return output;
}

/** Runs an executable on the host in a directory that holds `files` and nothing else. */
export function runOnHost(
  path: string,
  args: readonly string[],
  input: Uint8Array,
  files: Readonly<Record<string, Uint8Array>> = {},
): NativeResult {
  const directory = mkdtempSync(join(tmpdir(), 'troupe-native-'));
  try {
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(directory, name), bytes);
    const { stdout, status } = spawnSync(path, args.slice(1), {
      argv0: args[0],
      cwd: directory,
      input,
      env: { LC_ALL: 'C', PATH: '/bin', TZ: 'UTC' },
      timeout: 20_000,
      killSignal: 'SIGKILL',
    });
    return { exitCode: status ?? -1, output: stdout };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
