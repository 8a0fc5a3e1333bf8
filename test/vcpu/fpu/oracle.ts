import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SOURCE = join(import.meta.dirname, 'oracle.c');
/** A child that has not ended by then is stuck. */
const TIMEOUT_MS = 600_000;

/** Bytes of a record that goes in and of one that comes out, by oracle mode. */
export const RECORD_BYTES = {
  x87: { in: 64, out: 64 },
  full: { in: 160, out: 160 },
} as const;

export type OracleMode = keyof typeof RECORD_BYTES;

let binary: string | null | undefined;

/** Path of the oracle built for this host, or null where it cannot serve. */
function oracleBinary(): string | null {
  if (binary === undefined) binary = buildOracle();
  return binary;
}

/**
 * Whether the host is of the kind that the core follows. Where manuals leave something open (partial remainders, tiny
 * angles, undocumented twins, status bits of instructions that stop) it does as Intel's processors do.
 */
function isFittingProcessor(): boolean {
  if (process.arch !== 'x64' || !existsSync('/proc/cpuinfo')) return false;
  const description = readFileSync('/proc/cpuinfo', 'latin1');
  return description.includes('GenuineIntel') && /^flags.* ssse3 /m.test(description);
}

function buildOracle(): string | null {
  if (!isFittingProcessor()) return null;
  const hash = createHash('sha256').update(readFileSync(SOURCE)).digest('hex').slice(0, 16);
  const path = join(tmpdir(), `troupe-fpu-oracle-${hash}`);
  if (existsSync(path)) return path;
  const building = `${path}.${process.pid}`;
  try {
    execFileSync('gcc', ['-O1', '-mno-red-zone', '-o', building, SOURCE], { stdio: 'pipe' });
  } catch {
    return null;
  }
  renameSync(building, path);
  return path;
}

/** Whether the host can serve as oracle. */
export function hasOracle(): boolean {
  return oracleBinary() !== null;
}

/** Runs records on the host CPU and returns the answers, one for each. Throws if the oracle dies. */
export function runOracle(mode: OracleMode, records: Buffer): Buffer {
  const path = oracleBinary();
  if (path === null) throw new Error('The oracle needs gcc and an x86-64 host');
  const count = records.length / RECORD_BYTES[mode].in;
  const expected = count * RECORD_BYTES[mode].out;
  const { stdout, status, signal } = spawnSync(path, [mode], {
    input: records,
    maxBuffer: expected + 4096,
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  if (status !== 0 || stdout.length !== expected) {
    throw new Error(
      `Oracle ${mode} ended with status ${status}, signal ${signal}, ${stdout.length} of ${expected} bytes`,
    );
  }
  return stdout;
}
