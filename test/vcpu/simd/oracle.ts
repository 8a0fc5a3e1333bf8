/** Builds oracle.c with gcc and asks it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { INPUT_BYTES, STATE_BYTES } from './cases.ts';

const SOURCE = join(import.meta.dirname, 'oracle.c');
/** A child that has not ended by then is stuck. */
const TIMEOUT_MS = 600_000;
/** What the host must have to answer for every instruction that the core knows. */
const NEEDED = ['avx2', 'fma', 'f16c', 'aes', 'pclmulqdq', 'sha_ni', 'vaes', 'vpclmulqdq', 'sse4_2'];

let binary: string | null | undefined;

function hostHasEverything(): boolean {
  if (process.arch !== 'x64' || !existsSync('/proc/cpuinfo')) return false;
  const flags = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'latin1'))?.[1]?.split(' ') ?? [];
  return NEEDED.every((flag) => flags.includes(flag));
}

function build(): string | null {
  if (!hostHasEverything()) return null;
  const hash = createHash('sha256').update(readFileSync(SOURCE)).digest('hex').slice(0, 16);
  const path = join(tmpdir(), `troupe-simd-oracle-${hash}`);
  if (existsSync(path)) return path;
  const building = `${path}.${process.pid}`;
  try {
    execFileSync('gcc', ['-O1', '-mavx2', '-mno-red-zone', '-o', building, SOURCE], { stdio: 'pipe' });
  } catch {
    return null;
  }
  renameSync(building, path);
  return path;
}

/** Whether the host can serve as oracle: gcc is there and the processor has the extensions. */
export function hasOracle(): boolean {
  binary ??= build();
  return binary !== null;
}

/** Runs records on the host CPU; one state comes back for each. Throws if the oracle dies. */
export function askOracle(records: Buffer): Buffer {
  if (!hasOracle() || !binary)
    throw new Error('The oracle needs gcc and an x86-64 host with AVX2 and its kin');
  const expected = (records.length / INPUT_BYTES) * STATE_BYTES;
  const { stdout, status, signal } = spawnSync(binary, {
    input: records,
    maxBuffer: expected + 4096,
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  if (status !== 0 || stdout.length !== expected) {
    throw new Error(
      `The oracle ended with status ${status}, signal ${signal}, ${stdout.length} of ${expected} bytes`,
    );
  }
  return stdout;
}
