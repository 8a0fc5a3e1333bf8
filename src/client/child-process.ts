/** A machine's process: how it ends, what it says on its standard error, and that it does not outlive us. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';

/** How a process ended: one of the two is there. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Characters of standard error that are kept, the newest. */
const STDERR_LIMIT = 64 * 1024;

/** Children to be killed should this process end before they do. */
const alive = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of alive) {
    child.kill('SIGKILL');
  }
});

/** One child process, watched from its start. */
export class MachineProcess {
  readonly child: ChildProcess;
  /** Resolves when the process has ended and its output is read; rejects when it could not be started. */
  readonly exited: Promise<ProcessExit>;
  #stderr = '';

  constructor(command: string, args: readonly string[], options: SpawnOptions) {
    this.child = spawn(command, args, options);
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_LIMIT);
    });
    alive.add(this.child);
    const { promise, resolve, reject } = Promise.withResolvers<ProcessExit>();
    promise.catch(() => undefined);
    this.exited = promise;
    this.child.once('error', (error) => {
      if (this.child.pid === undefined) {
        alive.delete(this.child);
        reject(error);
      }
    });
    this.child.once('exit', () => alive.delete(this.child));
    this.child.once('close', (code, signal) => resolve({ code, signal }));
  }

  /** The newest 64 Ki characters of its standard error. */
  get stderr(): string {
    return this.#stderr;
  }

  get running(): boolean {
    return this.child.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Ends it at once and resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.running) {
      this.child.kill('SIGKILL');
    }
    await this.exited.catch(() => undefined);
  }
}
