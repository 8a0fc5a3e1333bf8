/** The host CPU as oracle for segment limits: it gives 32-bit code any data segment, through modify_ldt(). */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const INPUT_BYTES = 128;
export const OUTPUT_BYTES = 56;
const SOURCE = join(import.meta.dirname, 'oracle.c');
/** A child that has not ended by then is stuck. */
const TIMEOUT_MS = 120_000;

function build(): string | null {
  if (process.arch !== 'x64' || process.platform !== 'linux') return null;
  const hash = createHash('sha256').update(readFileSync(SOURCE)).digest('hex').slice(0, 16);
  const path = join(tmpdir(), `troupe-segment-oracle-${hash}`);
  if (existsSync(path)) return path;
  const building = `${path}.${process.pid}`;
  try {
    execFileSync('gcc', ['-O1', '-fno-stack-protector', '-o', building, SOURCE], { stdio: 'pipe' });
  } catch {
    return null;
  }
  renameSync(building, path);
  return path;
}

let path: string | null | undefined;

function program(): string | null {
  path ??= build();
  return path;
}

/** Whether the host can serve: it has gcc, and a kernel with modify_ldt() and 32-bit code. */
export function hasSegmentOracle(image: Buffer, record: Buffer): boolean {
  const binary = program();
  if (binary === null) return false;
  const { status, stdout } = spawnSync(binary, [], {
    input: Buffer.concat([image, record]),
    timeout: TIMEOUT_MS,
  });
  return status === 0 && stdout.length === OUTPUT_BYTES;
}

/** Runs case records on the host CPU; one answer each. Throws if the oracle dies. */
export function runOnHost(image: Buffer, records: Buffer): Buffer {
  const expected = (records.length / INPUT_BYTES) * OUTPUT_BYTES;
  const { stdout, status, signal } = spawnSync(program() ?? '', [], {
    input: Buffer.concat([image, records]),
    maxBuffer: expected + 4096,
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  if (status !== 0 || stdout.length !== expected) {
    throw new Error(
      `The segment oracle ended with ${status ?? signal}, ${stdout.length} of ${expected} bytes`,
    );
  }
  return stdout;
}
