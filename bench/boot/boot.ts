/**
 * A Linux boot beside QEMU's TCG in one run: seconds until userspace writes its first line to the serial port, memory of
 * the process then, and the processor time of the idle guest. Prints a line a figure, with the ratio Troupe / QEMU.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type BenchGuest, benchGuest, READY } from './guest.ts';

const BOOTS = 3;
const IDLE_MS = 10_000;
const SETTLE_MS = 2_000;
const DEADLINE_MS = 180_000;
const CLOCK_TICKS_PER_SECOND = 100;
const RAM_MIB = 512;

interface Figures {
  readonly bootSeconds: number;
  readonly memoryMiB: number;
  readonly idlePercent: number;
}

interface Peer {
  readonly name: string;
  readonly command: string;
  readonly extra: readonly string[];
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function peers(): Peer[] {
  const troupe = fileURLToPath(new URL('../../bin/troupe', import.meta.url));
  const found: Peer[] = [{ name: 'troupe', command: troupe, extra: [] }];
  if (spawnSync('qemu-system-x86_64', ['--version']).status === 0) {
    found.push({ name: 'qemu', command: 'qemu-system-x86_64', extra: ['-accel', 'tcg,thread=multi'] });
  }
  return found;
}

function boot(peer: Peer, guest: BenchGuest, cpus: number): ChildProcess {
  const machine = ['-nodefaults', '-display', 'none', '-m', String(RAM_MIB), '-smp', String(cpus)];
  const software = ['-kernel', guest.kernel, '-initrd', guest.initrd, '-append', 'console=ttyS0'];
  return spawn(peer.command, [...peer.extra, ...machine, ...software, '-serial', 'stdio'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Seconds until READY is on the serial port. Rejects after the deadline, with what had been written. */
async function awaitReady(child: ChildProcess): Promise<number> {
  const started = performance.now();
  let written = '';
  const deadline = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  try {
    for await (const bytes of child.stdout ?? []) {
      written += String(bytes);
      if (written.includes(READY)) return (performance.now() - started) / 1000;
    }
  } finally {
    clearTimeout(deadline);
  }
  throw new Error(`no '${READY}' on the serial port; it ended with:\n${written.slice(-2000)}`);
}

/** proc(5), `status`: resident memory in MiB. */
function residentMiB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}

/** proc(5), `stat`, fields 14 and 15: user and system time in seconds. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND;
}

async function end(child: ChildProcess): Promise<void> {
  child.stdout?.destroy();
  if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit');
}

async function measure(peer: Peer, guest: BenchGuest, cpus: number): Promise<Figures> {
  const seconds: number[] = [];
  for (let count = 1; ; count++) {
    const child = boot(peer, guest, cpus);
    seconds.push(await awaitReady(child));
    if (count < BOOTS) {
      await end(child);
      continue;
    }
    child.stdout?.resume();
    const pid = child.pid ?? 0;
    await pause(SETTLE_MS);
    const memoryMiB = residentMiB(pid);
    const before = cpuSeconds(pid);
    await pause(IDLE_MS);
    const idlePercent = ((cpuSeconds(pid) - before) / (IDLE_MS / 1000)) * 100;
    await end(child);
    return { bootSeconds: median(seconds), memoryMiB, idlePercent };
  }
}

const ROWS: readonly (readonly [label: string, key: keyof Figures])[] = [
  [`boot to userspace, s (median of ${BOOTS})`, 'bootSeconds'],
  [`host memory of a ${RAM_MIB} MiB guest, MiB`, 'memoryMiB'],
  ['idle guest, % of one CPU', 'idlePercent'],
];

const guest = await benchGuest();
for (const cpus of [1, 2]) {
  const results = new Map<string, Figures>();
  for (const peer of peers()) results.set(peer.name, await measure(peer, guest, cpus));
  const troupe = results.get('troupe');
  const qemu = results.get('qemu');
  console.log(
    `${`boot, -smp ${cpus}`.padEnd(50)}${'troupe'.padStart(10)}${'qemu'.padStart(10)}${'ratio'.padStart(8)}`,
  );
  for (const [label, key] of ROWS) {
    const [ours, theirs] = [troupe?.[key] ?? Number.NaN, qemu?.[key] ?? Number.NaN];
    console.log(
      `${label.padEnd(50)}${ours.toFixed(2).padStart(10)}${theirs.toFixed(2).padStart(10)}${(ours / theirs).toFixed(2).padStart(8)}`,
    );
  }
}
