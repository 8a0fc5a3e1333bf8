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

/** What the reads of the script give on the reference, in their order. */
export async function runOnReference(
  script: readonly Step[],
  options: readonly string[] = [],
): Promise<number[]> {
  const process = spawn(
    REFERENCE,
    [
      '-machine',
      'pc',
      '-accel',
      'tcg',
      '-S',
      '-qtest',
      'stdio',
      '-qtest-log',
      'none',
      '-display',
      'none',
      '-nodefaults',
      ...options,
    ],
    { stdio: ['pipe', 'pipe', 'ignore'] },
  );
  const lines = createInterface({ input: process.stdout });
  const replies = lines[Symbol.asyncIterator]();
  const values: number[] = [];
  try {
    for (const [operation, ...operands] of script) {
      process.stdin.write(`${[operation, ...operands.map((each) => `0x${each.toString(16)}`)].join(' ')}\n`);
      const { value: reply = '' } = await replies.next();
      const [status, value] = String(reply).split(' ');
      if (status !== 'OK')
        throw new Error(`The reference says '${reply}' to ${operation} ${operands.join(' ')}`);
      if (operation.startsWith('in') || operation === 'readl') values.push(Number(value));
    }
  } finally {
    lines.close();
    process.kill();
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
