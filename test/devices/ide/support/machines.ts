/** The same driver on our controller and on the reference's. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { FakeBoard } from '../../support/fake-board.ts';
import type { FakeDrive } from '../../support/fake-drive.ts';
import type { IdeMachinePorts } from './ide-host.ts';

/** Our controller: disks answer whenever the driver settles. */
export function boardPorts(board: FakeBoard, drives: readonly FakeDrive[]): IdeMachinePorts {
  return {
    in8: async (port) => board.in8(port),
    in16: async (port) => board.in16(port),
    in32: async (port) => board.in32(port),
    out8: async (port, value) => board.out8(port, value),
    out16: async (port, value) => board.out16(port, value),
    out32: async (port, value) => board.out32(port, value),
    settle: async () => {
      for (const drive of drives) drive.finish();
    },
  };
}

/** The reference, driven by its test protocol. */
export class ReferenceMachine implements IdeMachinePorts, AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #replies: AsyncIterator<string>;

  constructor(options: readonly string[]) {
    const words = '-machine pc -accel tcg -S -qtest stdio -qtest-log none -display none -nodefaults'.split(
      ' ',
    );
    this.#process = spawn('/usr/bin/qemu-system-x86_64', [...words, ...options], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const { stdout } = this.#process;
    if (stdout === null) throw new Error('No output of the reference');
    this.#replies = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  async ask(line: string): Promise<string> {
    this.#process.stdin?.write(`${line}\n`);
    const { value } = await this.#replies.next();
    const [status, answer = '0'] = String(value).split(' ');
    if (status !== 'OK') throw new Error(`The reference says '${value}' to ${line}`);
    return answer;
  }

  in8 = async (port: number) => Number(await this.ask(`inb ${port}`));
  in16 = async (port: number) => Number(await this.ask(`inw ${port}`));
  in32 = async (port: number) => Number(await this.ask(`inl ${port}`));
  out8 = async (port: number, value: number) => void (await this.ask(`outb ${port} ${value}`));
  out16 = async (port: number, value: number) => void (await this.ask(`outw ${port} ${value}`));
  out32 = async (port: number, value: number) => void (await this.ask(`outl ${port} ${value}`));

  /** It works while it is not asked; a few empty questions give its main loop turns. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 3; turn++) await this.ask('inb 0x80');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill();
  }
}
