/**
 * -daemonize without fork(2), which Node does not have: the process that the user started runs the same command line
 * again in a session of its own, waits until that machine is set up, and ends. Whoever started us sees either exit
 * code 0 and a machine that answers, or its error text and its exit code.
 */
import { type StdioOptions, spawn } from 'node:child_process';
import { closeSync, constants, writeSync } from 'node:fs';
import { openDescriptor, redirect } from '../host/descriptor.ts';
import { SupervisorError } from './supervisor-error.ts';

/** Names the descriptor on which the daemon says that it is ready; only the daemon has it in its environment. */
const READY_VARIABLE = 'TROUPE_DAEMON_READY_FD';
const STANDARD_ERROR = 2;
const FIRST_FREE_DESCRIPTOR = 3;

/** Whether this process is the one that stays. */
export function isDaemon(): boolean {
  return process.env[READY_VARIABLE] !== undefined;
}

/**
 * Starts the daemon and resolves with the exit code of the process that the user sees: 0 once the daemon is ready, the
 * daemon's own if it ended before that.
 *
 * @param inherited descriptors of ours that the daemon gets under the same numbers (-add-fd)
 */
export async function startDaemon(inherited: readonly number[]): Promise<number> {
  const readyFd = Math.max(FIRST_FREE_DESCRIPTOR, ...inherited.map((fd) => fd + 1));
  const stdio: StdioOptions = Array.from({ length: readyFd }, (_, fd) =>
    inherited.includes(fd) ? fd : 'ignore',
  );
  stdio[STANDARD_ERROR] = 'inherit';
  stdio[readyFd] = 'pipe';
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio,
    detached: true,
    env: { ...process.env, [READY_VARIABLE]: String(readyFd) },
  });
  const ready = child.stdio[readyFd];
  return await new Promise((resolve, reject) => {
    ready?.once('data', () => {
      child.unref();
      ready.destroy();
      resolve(0);
    });
    child.once('exit', (code) => resolve(code ?? 1));
    child.once('error', (error) =>
      reject(new SupervisorError('ERR_DAEMON', `-daemonize: ${error.message}`, error)),
    );
  });
}

/** In the daemon, once it is set up: lets go of the user's terminal and folder, and lets the first process end. */
export function announceReady(): void {
  const readyFd = Number(process.env[READY_VARIABLE]);
  delete process.env[READY_VARIABLE];
  process.chdir('/');
  redirect(openDescriptor('/dev/null', constants.O_RDWR), STANDARD_ERROR);
  writeSync(readyFd, '\n');
  closeSync(readyFd);
}
