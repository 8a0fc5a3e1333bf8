/**
 * Debian's QEMU as the board below our firmware: its devices through the qtest protocol, its processor for our ROM. What
 * boots here does so on a machine that we did not write.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Platform } from '../../../src/machine/firmware/firmware-contract.ts';

export const QEMU = 'qemu-system-x86_64';

export function hasQemu(): boolean {
  try {
    execFileSync(QEMU, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const READ_SUFFIX = { 1: 'b', 2: 'w', 4: 'l' } as const;
const CHUNK = 0x8000;

/** The qtest protocol over two pipes, one line at a time and synchronously, as `Platform` wants it. */
export class QemuPlatform implements Platform, AsyncDisposable {
  readonly #folder: string;
  readonly #process: ChildProcess;
  readonly #toQemu: number;
  readonly #fromQemu: number;
  readonly #monitor: number;
  readonly #monitorAnswers: number;
  readonly #pending = new Map<number, Uint8Array>();
  readonly #cpus: number;
  #serial = '';

  constructor(bios: Uint8Array, cpus: number, args: readonly string[]) {
    this.#folder = mkdtempSync(join(tmpdir(), 'troupe-qemu-'));
    this.#cpus = cpus;
    const pipe = join(this.#folder, 'qtest');
    const monitor = join(this.#folder, 'monitor');
    execFileSync('mkfifo', [`${pipe}.in`, `${pipe}.out`, `${monitor}.in`, `${monitor}.out`]);
    writeFileSync(join(this.#folder, 'bios'), bios);
    const machine = [
      '-machine',
      'pc-i440fx-1.5',
      '-accel',
      'tcg',
      '-S',
      '-display',
      'none',
      '-smp',
      String(cpus),
    ];
    const wires = [
      '-qtest',
      `pipe:${pipe}`,
      '-qtest-log',
      '/dev/null',
      '-serial',
      'stdio',
      '-monitor',
      `pipe:${monitor}`,
    ];
    this.#process = spawn(QEMU, [...machine, '-bios', join(this.#folder, 'bios'), ...wires, ...args], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.#process.stdout?.setEncoding('latin1').on('data', (text: string) => {
      this.#serial += text;
    });
    this.#toQemu = openSync(`${pipe}.in`, 'w');
    this.#fromQemu = openSync(`${pipe}.out`, 'r');
    this.#monitor = openSync(`${monitor}.in`, 'w');
    this.#monitorAnswers = openSync(`${monitor}.out`, 'r');
  }

  get serial(): string {
    return this.#serial;
  }

  get process(): ChildProcess {
    return this.#process;
  }

  readPort(port: number, size: 1 | 2 | 4): number {
    return Number(this.#ask(`in${READ_SUFFIX[size]} ${port}`));
  }

  writePort(port: number, size: 1 | 2 | 4, value: number): void {
    this.#ask(`out${READ_SUFFIX[size]} ${port} ${value}`);
  }

  readMemory(address: number, bytes: number): Uint8Array {
    return Buffer.from(this.#ask(`read ${address} ${bytes}`).slice(2), 'hex');
  }

  writeMemory(address: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; done += CHUNK) {
      const part = bytes.subarray(done, done + CHUNK);
      this.#ask(`b64write ${address + done} ${part.length} ${Buffer.from(part).toString('base64')}`);
    }
  }

  ram(address: number, bytes: number): Uint8Array {
    const copy = new Uint8Array(bytes);
    this.#pending.set(address, copy);
    return copy;
  }

  noteWrite(address: number): void {
    const copy = this.#pending.get(address);
    if (copy !== undefined) this.writeMemory(address, copy);
    this.#pending.delete(address);
  }

  isCpuPresent(index: number): boolean {
    return index < this.#cpus;
  }

  bootPaths(): readonly [] {
    return [];
  }

  removableSlots(): number {
    return 0xfffffff8;
  }

  /** Resolves with what the serial port has said when it matches, or when QEMU has ended. */
  async serialUntil(pattern: RegExp): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if (pattern.test(this.#serial)) resolve();
    };
    this.#process.stdout?.on('data', look);
    this.#process.on('exit', () => resolve());
    look();
    await promise;
    this.#process.stdout?.off('data', look);
    return this.#serial;
  }

  /** A command of the human monitor; its answer is not read. */
  command(line: string): void {
    writeSync(this.#monitor, `${line}\n`);
  }

  type(text: string): void {
    this.#process.stdin?.write(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null) {
      this.#process.kill('SIGKILL');
      await once(this.#process, 'exit');
    }
    closeSync(this.#toQemu);
    closeSync(this.#fromQemu);
    closeSync(this.#monitor);
    closeSync(this.#monitorAnswers);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #ask(command: string): string {
    writeSync(this.#toQemu, `${command}\n`);
    let line = '';
    const byte = Buffer.alloc(CHUNK);
    while (!line.endsWith('\n')) {
      line += byte.toString('latin1', 0, readSync(this.#fromQemu, byte));
    }
    const [status, answer = ''] = line.trim().split(' ');
    if (status !== 'OK') throw new Error(`qtest: ${command.slice(0, 60)}: ${line}`);
    return answer;
  }
}
