/**
 * A Linux boot beside QEMU's TCG in one run: seconds until userspace writes its first line to the serial port, memory of
 * the process then, and the processor time of the idle guest. Prints a line a figure, with the ratio Troupe / QEMU.
 */
import { readFileSync } from 'node:fs';
import { type BenchGuest, benchGuest, IDLE, READY } from './guest.ts';
import { awaitOutput, boot, end, median, type Peer, peers, RAM_MIB } from './peers.ts';

const BOOTS = 3;
const IDLE_MS = 10_000;
const SETTLE_MS = 2_000;
const CLOCK_TICKS_PER_SECOND = 100;

interface Figures {
  readonly bootSeconds: number;
  readonly memoryMiB: number;
  readonly idlePercent: number;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

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

async function measure(peer: Peer, guest: BenchGuest, cpus: number): Promise<Figures> {
  const seconds: number[] = [];
  for (let count = 1; ; count++) {
    const started = performance.now();
    const child = boot(peer, guest, cpus);
    await awaitOutput(child, READY);
    seconds.push((performance.now() - started) / 1000);
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

const guest = await benchGuest(IDLE);
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
