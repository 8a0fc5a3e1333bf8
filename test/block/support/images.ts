/** Image files of tests, and QEMU's own tools as their judges. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { DriveConfig } from '../../../src/block/storage-contract.ts';

export const KiB = 1024;
export const MiB = 1024 * KiB;

/** A directory that is gone after the test. */
export function directory(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'troupe-block-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Bytes that differ from sector to sector. */
export function pattern(bytes: number, seed = 1): Uint8Array {
  const made = new Uint8Array(bytes);
  for (let index = 0; index < bytes; index++) made[index] = index + seed * 31 + (index >>> 9) * 7;
  return made;
}

/** A file of these bytes; its path. */
export function imageFile(t: ExecutionContext, contents: Uint8Array, name = 'disk.img'): string {
  const path = join(directory(t), name);
  writeFileSync(path, contents);
  return path;
}

/** Runs a tool and gives what it printed, whether it succeeded or not. */
export function tool(name: 'qemu-img' | 'qemu-io', ...words: readonly string[]): string {
  try {
    return execFileSync(name, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return `${stdout}${stderr}`;
  }
}

/** A drive with everything as the command line leaves it. */
export function driveConfig(values: Partial<DriveConfig> = {}): DriveConfig {
  return {
    id: 'ide0-hd0',
    file: undefined,
    format: undefined,
    readOnly: false,
    snapshot: false,
    cache: 'writeback',
    aio: 'threads',
    discard: 'ignore',
    copyOnRead: false,
    rerror: 'report',
    werror: 'enospc',
    throttle: { bps: 0, bpsRead: 0, bpsWrite: 0, iops: 0, iopsRead: 0, iopsWrite: 0 },
    driverOptions: [],
    ...values,
  };
}

/** Whether two arrays hold the same bytes: for long ones, which assertions take long to compare. */
export function equal(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
