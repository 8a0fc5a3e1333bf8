/**
 * A second opinion: the same port and memory accesses on the reference, through its own test protocol. No CPU runs and the
 * virtual clock stands still: Debian builds it without the accelerator that moves it.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { FakeBoard } from './fake-board.ts';

const REFERENCE = '/usr/bin/qemu-system-x86_64';

/** Whether this machine has the reference. */
export const hasReference = existsSync(REFERENCE);

/** One access. */
export type Step =
  | readonly ['inb' | 'inw' | 'inl' | 'readl', address: number]
  | readonly ['outb' | 'outw' | 'outl' | 'writel', address: number, value: number];

export interface ReferenceSession extends Disposable {
  /** Resolves with the reply's value; undefined for one without. */
  send(operation: string, ...operands: readonly number[]): Promise<number | undefined>;
}

/** @param options of its command line, after those of a bare PC */
export function startReference(options: readonly string[]): ReferenceSession {
  const reference = spawn(
    REFERENCE,
    [
      ...['-machine', 'pc', '-accel', 'tcg', '-S', '-qtest', 'stdio', '-qtest-log', 'none'],
      ...['-display', 'none', '-nodefaults', ...options],
    ],
    { stdio: ['pipe', 'pipe', 'ignore'] },
  );
  const lines = createInterface({ input: reference.stdout });
  const replies = lines[Symbol.asyncIterator]();
  return {
    send: async (operation, ...operands) => {
      const command = [operation, ...operands.map((each) => `0x${each.toString(16)}`)].join(' ');
      reference.stdin.write(`${command}\n`);
      const { value: reply = '' } = await replies.next();
      const [status, value] = String(reply).split(' ');
      if (status !== 'OK') throw new Error(`The reference says '${reply}' to ${command}`);
      return value === undefined ? undefined : Number(value);
    },
    [Symbol.dispose]: () => {
      lines.close();
      reference.kill();
    },
  };
}

/** What the reads of the script give on the reference, in their order. */
export async function runOnReference(
  script: readonly Step[],
  options: readonly string[] = [],
): Promise<number[]> {
  using reference = startReference(options);
  const values: number[] = [];
  for (const [operation, ...operands] of script) {
    const value = await reference.send(operation, ...operands);
    if (value !== undefined) values.push(value);
  }
  return values;
}

/** What they give on a board. */
export function runOnBoard(script: readonly Step[], board: FakeBoard): number[] {
  const sizes = { b: 1, w: 2, l: 4 } as const;
  return script.flatMap(([operation, address, value = 0]) => {
    const space = operation === 'readl' || operation === 'writel' ? board.memory : board.ports;
    const size = sizes[operation.slice(-1) as 'b' | 'w' | 'l'];
    if (operation.startsWith('in') || operation === 'readl') return [space.read(address, size)];
    space.write(address, size, value);
    return [];
  });
}
