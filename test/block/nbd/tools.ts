/** The programs that judge our NBD server and client, where they are installed. */
import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { Drive } from '../../../src/block/drive.ts';
import { NbdServer } from '../../../src/block/nbd/nbd-server.ts';
import type { DriveConfig } from '../../../src/block/storage-contract.ts';
import { directory, driveConfig } from '../support/images.ts';

const execute = promisify(execFile);

/** Whether a program is there. */
export function has(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Runs a program while our own thread goes on serving it; what it printed, whether it succeeded or not. */
export async function run(program: string, ...words: readonly string[]): Promise<string> {
  try {
    const { stdout, stderr } = await execute(program, [...words], {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
      // nbdsh needs the Python that Debian's libnbd was built for.
      env: { ...process.env, PATH: `/usr/bin:${process.env['PATH']}` },
    });
    return stdout + stderr;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    return `failed: ${stdout}${stderr}`;
  }
}

export interface Served {
  readonly server: NbdServer;
  readonly socket: string;
  readonly drives: Map<string, Drive>;
  /** `nbd+unix:///NAME?socket=…` */
  readonly uri: (name: string) => string;
}

/** A server on a unix socket with these drives, none of which is exported yet. */
export async function serve(
  t: ExecutionContext,
  ...configs: readonly Partial<DriveConfig>[]
): Promise<Served> {
  const drives = new Map<string, Drive>();
  const failures: unknown[] = [];
  const server = new NbdServer({ find: (id) => drives.get(id), failed: (error) => failures.push(error) });
  const socket = join(directory(t), 'nbd.sock');
  t.teardown(async () => {
    server.stop();
    for (const drive of drives.values()) await drive.close();
    if (failures.length > 0) throw failures[0];
  });
  for (const values of configs) {
    const drive = new Drive(driveConfig(values));
    await drive.changeMedium(drive.config.file ?? null, drive.config.format);
    drives.set(drive.config.id, drive);
  }
  await server.start({ type: 'unix', path: socket }, undefined);
  return { server, socket, drives, uri: (name) => `nbd+unix:///${name}?socket=${socket}` };
}
