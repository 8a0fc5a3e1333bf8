/**
 * The monitor beside QEMU's: start to greeting, `query-status` in sequence and pipelined over a unix socket, and the
 * processor time of an idle stopped machine. Prints one line a figure, with the ratio Troupe / QEMU.
 */
import { readFileSync } from 'node:fs';
import { availablePeers, type Peer, QmpLines, startPeer } from './peers.ts';

const REQUESTS = 10_000;
const WARM_UP = 2_000;
const STARTS = 5;
const IDLE_MS = 5_000;
const CLOCK_TICKS_PER_SECOND = 100;
const REQUEST = '{"execute":"query-status"}\n';

interface Figures {
  startMs: number;
  sequentialUs: number;
  pipelinedUs: number;
  idlePercent: number;
}

const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** User + system time of a process in seconds (proc(5), `stat`, fields 14 and 15). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND;
}

async function sequential(session: QmpLines, count: number): Promise<number> {
  const samples: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const started = performance.now();
    await session.request(REQUEST, 1);
    samples.push(performance.now() - started);
  }
  return median(samples) * 1000;
}

async function pipelined(session: QmpLines): Promise<number> {
  const started = performance.now();
  await session.request(REQUEST.repeat(REQUESTS), REQUESTS);
  return ((performance.now() - started) * 1000) / REQUESTS;
}

async function measure(peer: Peer): Promise<Figures> {
  const starts: number[] = [];
  for (let i = 0; i < STARTS; i += 1) {
    await using running = await startPeer(peer);
    starts.push(running.startMs);
  }
  await using running = await startPeer(peer);
  const session = await QmpLines.open(running.socketPath);
  await sequential(session, WARM_UP);
  const sequentialUs = await sequential(session, REQUESTS);
  await pipelined(session);
  const pipelinedUs = await pipelined(session);
  session.close();
  const pid = running.child.pid ?? 0;
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const before = cpuSeconds(pid);
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  const idlePercent = ((cpuSeconds(pid) - before) / (IDLE_MS / 1000)) * 100;
  return { startMs: median(starts), sequentialUs, pipelinedUs, idlePercent };
}

const results = new Map<string, Figures>();
for (const peer of availablePeers()) results.set(peer.name, await measure(peer));

const troupe = results.get('troupe');
const qemu = results.get('qemu');
const rows: [string, keyof Figures][] = [
  ['start to greeting, ms (median of 5)', 'startMs'],
  ['query-status in sequence, µs (median of 10,000)', 'sequentialUs'],
  ['query-status pipelined, µs each (10,000)', 'pipelinedUs'],
  ['idle -S machine, % of one CPU', 'idlePercent'],
];
console.log(`${'monitor'.padEnd(50)}${'troupe'.padStart(10)}${'qemu'.padStart(10)}${'ratio'.padStart(8)}`);
for (const [label, key] of rows) {
  const ours = troupe?.[key] ?? Number.NaN;
  const theirs = qemu?.[key];
  const ratio = theirs === undefined || theirs === 0 ? '' : (ours / theirs).toFixed(2);
  console.log(
    `${label.padEnd(50)}${ours.toFixed(2).padStart(10)}${(theirs?.toFixed(2) ?? '-').padStart(10)}${ratio.padStart(8)}`,
  );
}
