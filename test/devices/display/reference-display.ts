/** The same programming on the reference, through its test protocol, and the picture that it makes of it. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { VgaTarget } from './vga-modes.ts';

const REFERENCE = '/usr/bin/qemu-system-x86_64';
export const hasReference = existsSync(REFERENCE);

export interface ReferenceRun {
  /** Values of the reads, in their order. */
  readonly values: readonly number[];
  /** The last picture, as a PPM file. */
  readonly ppm: Buffer;
}

export interface ReferenceTarget extends VgaTarget {
  inb(port: number): void;
  readl(address: number): void;
  outl(port: number, value: number): void;
}

/** Runs `program` on the reference with the adapter `vga`, and takes a picture at its end. */
export async function runOnReference(
  vga: 'std' | 'cirrus',
  program: (target: ReferenceTarget) => void,
): Promise<ReferenceRun> {
  const directory = mkdtempSync(join(tmpdir(), 'troupe-display-'));
  const qmp = join(directory, 'qmp');
  const picture = join(directory, 'picture.ppm');
  const options = ['-machine', 'pc', '-accel', 'tcg', '-S', '-nodefaults', '-display', 'none', '-vga', vga];
  const channels = ['-qtest', 'stdio', '-qtest-log', 'none', '-qmp', `unix:${qmp},server=on,wait=off`];
  const child = spawn(REFERENCE, [...options, ...channels], { stdio: ['pipe', 'pipe', 'ignore'] });
  try {
    const commands: string[] = [];
    const add = (name: string, ...operands: number[]): void => {
      commands.push([name, ...operands.map((operand) => `0x${operand.toString(16)}`)].join(' '));
    };
    program({
      outb: (port, value) => add('outb', port, value),
      outw: (port, value) => add('outw', port, value),
      outl: (port, value) => add('outl', port, value),
      writeb: (address, value) => add('writeb', address, value),
      writel: (address, value) => add('writel', address, value),
      inb: (port) => add('inb', port),
      readl: (address) => add('readl', address),
    });
    const values: number[] = [];
    let replies = 0;
    const answered = Promise.withResolvers<void>();
    createInterface({ input: child.stdout }).on('line', (line) => {
      const name = commands[replies]?.split(' ')[0];
      if (!line.startsWith('OK'))
        answered.reject(new Error(`The reference says '${line}' to ${commands[replies]}`));
      if (name === 'inb' || name === 'readl') values.push(Number(line.split(' ')[1]));
      replies += 1;
      if (replies === commands.length) answered.resolve();
    });
    child.on('exit', () => answered.reject(new Error('The reference has ended')));
    child.stdin.write(`${commands.join('\n')}\n`);
    await answered.promise;
    await screendump(qmp, picture);
    return { values, ppm: readFileSync(picture) };
  } finally {
    child.removeAllListeners('exit');
    child.kill();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function screendump(path: string, filename: string): Promise<void> {
  const socket: Socket = connect(path);
  try {
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
    const ask = async (request: object): Promise<void> => {
      socket.write(JSON.stringify(request));
      for (;;) {
        const { value } = await lines.next();
        const reply = JSON.parse(String(value));
        if ('error' in reply) throw new Error(String(value));
        if ('return' in reply) return;
      }
    };
    await lines.next();
    await ask({ execute: 'qmp_capabilities' });
    await ask({ execute: 'screendump', arguments: { filename } });
  } finally {
    socket.destroy();
  }
}
