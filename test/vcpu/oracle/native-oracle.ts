/** The host CPU as oracle: builds the harness with gcc and runs batches of cases in it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ANSWER_BYTES, CASE_BYTES } from './case-format.ts';

const SOURCE = join(import.meta.dirname, 'native-oracle.c');
const GCC_OPTIONS = [
  '-O2',
  '-static-pie',
  '-nostdlib',
  '-ffreestanding',
  '-fno-stack-protector',
  '-mgeneral-regs-only',
  '-mno-red-zone',
  '-fPIE',
];
const BATCH_TIMEOUT_MS = 60_000;

let binary: string | null | undefined;

function buildHarness(): string | null {
  if (process.arch !== 'x64' || process.platform !== 'linux') return null;
  const hash = createHash('sha256').update(readFileSync(SOURCE)).digest('hex').slice(0, 16);
  const path = join(tmpdir(), `troupe-native-oracle-${hash}`);
  if (existsSync(path)) return path;
  const building = `${path}.${process.pid}`;
  try {
    execFileSync('gcc', [...GCC_OPTIONS, '-o', building, SOURCE], { stdio: 'pipe' });
  } catch {
    return null;
  }
  renameSync(building, path);
  return path;
}

function harness(): string | null {
  if (binary === undefined) binary = buildHarness();
  return binary;
}

/** Names of CPU features as /proc/cpuinfo has them; empty where there is no such file. */
export function hostFeatures(): ReadonlySet<string> {
  if (!existsSync('/proc/cpuinfo')) return new Set();
  const line = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'latin1'))?.[1] ?? '';
  return new Set(line.trim().split(/\s+/));
}

/** Whether this host can serve as oracle: Linux on x86-64 with gcc. */
export function hasNativeOracle(): boolean {
  return harness() !== null;
}

/** Runs case records on the host CPU over a memory image; gives the answers. Throws an Error if the harness dies. */
export function runNatively(image: Buffer, records: Buffer): Buffer {
  const path = harness();
  if (path === null) throw new Error('The oracle needs gcc and Linux on x86-64');
  const expected = (records.length / CASE_BYTES) * ANSWER_BYTES;
  const { stdout, status, signal } = spawnSync(path, [], {
    input: Buffer.concat([image, records]),
    maxBuffer: expected + 4096,
    timeout: BATCH_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  if (status !== 0 || stdout.length !== expected) {
    throw new Error(
      `The native oracle ended with status ${status}, signal ${signal}, ${stdout.length} of ${expected} bytes`,
    );
  }
  return stdout;
}
