/** Starting a machine in a process of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { type Clock, settledWithin, systemClock } from '../actors/clock.ts';
import { MachineProcess } from './child-process.ts';
import { LaunchError, QmpConnectionClosedError } from './client-error.ts';
import { onGivingUp } from './deadline.ts';
import { Machine } from './machine.ts';
import { QmpClient } from './qmp-client.ts';

/** The same way up from src/client and from dist/client. */
const TROUPE = fileURLToPath(new URL('../../bin/troupe', import.meta.url));
/** Milliseconds from the start of the process to the end of the negotiation: a clone may have to build first. */
const DEFAULT_START_DEADLINE_MS = 120_000;
const DEFAULT_QUIT_DEADLINE_MS = 5_000;
/** Milliseconds that a process which closed its monitor has to end by itself. */
const LAST_WORDS_MS = 2_000;
/** Bytes of a unix socket's path that Linux takes, without the final zero. */
const LONGEST_SOCKET_PATH = 107;

export interface LaunchOptions {
  /** The machine's command line, without its program and without the monitor that is added to it. */
  readonly args?: readonly string[];
  /** Another program with the same command line; this package's `troupe` when absent. */
  readonly command?: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** What the process's stdin and stdout are; nothing when absent. Its stderr is always kept. */
  readonly stdio?: 'ignore' | 'pipe' | 'inherit';
  /** Until the machine answers; 120,000 ms when absent. */
  readonly startDeadlineMs?: number;
  /** That a disposed machine has to end by itself; 5,000 ms when absent. */
  readonly quitDeadlineMs?: number;
  /** For every command that does not bring its own; 60,000 ms when absent. */
  readonly deadlineMs?: number;
  /** Aborting ends the start, and the process with it. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

/**
 * Starts a machine and connects to a private monitor of it.
 *
 *     await using machine = await launch(['-S', '-nodefaults']);
 *     await machine.execute('cont');
 *
 * The machine connects to us, not we to it: no polling for its socket, and nothing is left on disk once it has.
 * @throws LaunchError with what the process wrote to stderr; QmpDeadlineError; QmpProtocolError; the signal's reason
 */
export async function launch(options: LaunchOptions | readonly string[] = {}): Promise<Machine> {
  const settings: LaunchOptions = isArguments(options) ? { args: options } : options;
  const folder = await mkdtemp(join(socketRoot(), 'troupe-'));
  try {
    return await launchIn(folder, settings);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function isArguments(options: LaunchOptions | readonly string[]): options is readonly string[] {
  return Array.isArray(options);
}

/** The system's folder for temporary files, unless a socket's path there would be too long. */
function socketRoot(): string {
  const longest = join(tmpdir(), 'troupe-XXXXXX', 'qmp.sock');
  return Buffer.byteLength(longest) > LONGEST_SOCKET_PATH ? '/tmp' : tmpdir();
}

async function launchIn(folder: string, settings: LaunchOptions): Promise<Machine> {
  const path = join(folder, 'qmp.sock');
  const clock = settings.clock ?? systemClock;
  const startDeadlineMs = settings.startDeadlineMs ?? DEFAULT_START_DEADLINE_MS;
  const begun = clock.now();
  const server = createServer();
  await listen(server, path);
  const stdio = settings.stdio ?? 'ignore';
  const process = new MachineProcess(
    settings.command ?? TROUPE,
    // A comma inside an option's value is written twice.
    [...(settings.args ?? []), '-qmp', `unix:${path.replaceAll(',', ',,')}`],
    {
      stdio: [stdio, stdio, 'pipe'],
      ...(settings.cwd === undefined ? {} : { cwd: settings.cwd }),
      ...(settings.env === undefined ? {} : { env: settings.env }),
    },
  );
  try {
    const socket = await accept(server, process, { ...settings, startDeadlineMs, clock });
    const qmp = await QmpClient.open(socket, {
      ...settings,
      openDeadlineMs: startDeadlineMs - (clock.now() - begun),
    });
    return new Machine(qmp, process, clock, settings.quitDeadlineMs ?? DEFAULT_QUIT_DEADLINE_MS);
  } catch (error) {
    if (error instanceof QmpConnectionClosedError) {
      // It connected and then failed to start: it is about to end, and to say why.
      await settledWithin(clock, process.exited, LAST_WORDS_MS);
    }
    await process.kill();
    throw error instanceof QmpConnectionClosedError
      ? new LaunchError(`${settings.command ?? TROUPE} ended before it could be used`, process.stderr, error)
      : error;
  } finally {
    server.close();
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
}

/** The machine's connection; rejects when its process ends first, or the deadline passes. */
async function accept(
  server: Server,
  process: MachineProcess,
  settings: LaunchOptions & { startDeadlineMs: number; clock: Clock },
): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const { startDeadlineMs: deadlineMs, clock, signal } = settings;
  const program = settings.command ?? TROUPE;
  server.once('connection', resolve);
  process.exited.then(
    ({ code, signal: killer }) => {
      const end = killer === null ? `with code ${code}` : `by ${killer}`;
      reject(new LaunchError(`${program} ended ${end} before it could be used`, process.stderr));
    },
    (error) => reject(new LaunchError(`${program} could not be started: ${String(error)}`, '', error)),
  );
  const wait = { deadlineMs, ...(signal === undefined ? {} : { signal }) };
  using _ = onGivingUp(clock, `${program} to start`, wait, reject);
  return await promise;
}
