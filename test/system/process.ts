/** Running `bin/troupe` as a user does, and what it printed and how it ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export const TROUPE = fileURLToPath(new URL('../../bin/troupe', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs it to its end. `input` goes to its standard input, which is then closed. */
export async function runTroupe(args: readonly string[], input = ''): Promise<Ended> {
  const child = spawn(TROUPE, args, { stdio: 'pipe' });
  child.stdin.on('error', () => undefined).end(input);
  const [stdout, stderr, end] = await Promise.all([text(child.stdout), text(child.stderr), exitOf(child)]);
  return { ...end, stdout, stderr };
}

export function exitOf(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return Promise.resolve({ code: child.exitCode, signal: child.signalCode });
  }
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
}

/** A folder for sockets and files that is gone with the test. */
export async function scratch(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'troupe-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

const RETRY_MS = 5;

/** Resolves once something accepts connections at `path`; rejects with `stderr` when `child` ends before that. */
export async function listening(
  path: string,
  child: ChildProcess,
  stderr: Promise<string> = Promise.resolve(''),
): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) {
      throw new Error(`it ended with code ${child.exitCode} before it listened on ${path}: ${await stderr}`);
    }
    const connected = await new Promise<boolean>((resolve) => {
      const probe = connect(path, () => {
        probe.destroy();
        resolve(true);
      });
      probe.once('error', () => resolve(false));
    });
    if (connected) {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}
