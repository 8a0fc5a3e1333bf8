/** A machine that this program started. */
import type { ChildProcess } from 'node:child_process';

import { type Clock, settledWithin } from '../actors/clock.ts';
import type { MachineProcess, ProcessExit } from './child-process.ts';
import type { WaitOptions } from './deadline.ts';
import type { QmpClient } from './qmp-client.ts';
import type { CommandResult } from './qmp-protocol.ts';

/** Handle on a running machine; disposing of it ends the machine. Made by `launch`. */
export class Machine implements AsyncDisposable {
  /** The session on the machine's private monitor. */
  readonly qmp: QmpClient;
  readonly #process: MachineProcess;
  readonly #clock: Clock;
  readonly #quitDeadlineMs: number;

  constructor(qmp: QmpClient, process: MachineProcess, clock: Clock, quitDeadlineMs: number) {
    this.qmp = qmp;
    this.#process = process;
    this.#clock = clock;
    this.#quitDeadlineMs = quitDeadlineMs;
  }

  /** The process itself: its pid, and its stdin and stdout when `stdio: 'pipe'` was asked for. */
  get process(): ChildProcess {
    return this.#process.child;
  }

  /** Resolves when the process has ended, however that came. */
  get exited(): Promise<ProcessExit> {
    return this.#process.exited;
  }

  /** What the process wrote to its standard error: the newest 64 Ki characters. */
  get stderr(): string {
    return this.#process.stderr;
  }

  /** `qmp.execute`. */
  get execute(): QmpClient['execute'] {
    return this.qmp.execute.bind(this.qmp) as QmpClient['execute'];
  }

  async status(options?: WaitOptions): Promise<CommandResult<'query-status'>> {
    return this.qmp.execute('query-status', {}, options);
  }

  async stop(options?: WaitOptions): Promise<void> {
    await this.qmp.execute('stop', {}, options);
  }

  async cont(options?: WaitOptions): Promise<void> {
    await this.qmp.execute('cont', {}, options);
  }

  async reset(options?: WaitOptions): Promise<void> {
    await this.qmp.execute('system_reset', {}, options);
  }

  async powerdown(options?: WaitOptions): Promise<void> {
    await this.qmp.execute('system_powerdown', {}, options);
  }

  /** Asks the machine to end and resolves with how it did. */
  async quit(options?: WaitOptions): Promise<ProcessExit> {
    await this.qmp.execute('quit', {}, options);
    return this.exited;
  }

  /** Quits, waits, and kills what does not end in time (`quitDeadlineMs` of `launch`). Never rejects. */
  async [Symbol.asyncDispose](): Promise<void> {
    const deadlineMs = this.#quitDeadlineMs;
    if (this.#process.running) {
      await settledWithin(this.#clock, this.quit({ deadlineMs }), deadlineMs);
    }
    await this.#process.kill();
    await this.qmp.close();
  }
}
