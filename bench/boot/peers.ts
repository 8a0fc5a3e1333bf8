/** The two machines that are measured beside each other, with the same guest and the serial port on standard output. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { BenchGuest } from './guest.ts';

const DEADLINE_MS = 180_000;
export const RAM_MIB = 512;

export interface Peer {
  readonly name: string;
  readonly command: string;
  readonly extra: readonly string[];
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** Troupe, and QEMU where it is installed. */
export function peers(): Peer[] {
  const troupe = fileURLToPath(new URL('../../bin/troupe', import.meta.url));
  const found: Peer[] = [{ name: 'troupe', command: troupe, extra: [] }];
  if (spawnSync('qemu-system-x86_64', ['--version']).status === 0) {
    found.push({ name: 'qemu', command: 'qemu-system-x86_64', extra: ['-accel', 'tcg,thread=multi'] });
  }
  return found;
}

export function boot(peer: Peer, guest: BenchGuest, cpus: number): ChildProcess {
  const machine = ['-nodefaults', '-display', 'none', '-m', String(RAM_MIB), '-smp', String(cpus)];
  const software = ['-kernel', guest.kernel, '-initrd', guest.initrd, '-append', 'console=ttyS0'];
  return spawn(peer.command, [...peer.extra, ...machine, ...software, '-serial', 'stdio'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** What the guest wrote to its serial port up to `wanted`. Rejects after the deadline, with the end of what it wrote. */
export async function awaitOutput(child: ChildProcess, wanted: RegExp): Promise<RegExpExecArray> {
  let written = '';
  const deadline = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  try {
    for await (const bytes of child.stdout ?? []) {
      written += String(bytes);
      const found = wanted.exec(written);
      if (found !== null) return found;
    }
  } finally {
    clearTimeout(deadline);
  }
  throw new Error(`no ${wanted} on the serial port; it ended with:\n${written.slice(-2000)}`);
}

export async function end(child: ChildProcess): Promise<void> {
  child.stdout?.destroy();
  if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit');
}
