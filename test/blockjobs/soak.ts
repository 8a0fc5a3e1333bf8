/**
 * A guest-like load on a disk while snapshots, streams, commits, mirrors and backups run in random order: at the end, and at each
 * turn, the disk is what a model in memory says, and `qemu-img check` finds no error. By hand, for as long as is wanted:
 * `node --import=tsx test/blockjobs/soak.ts SECONDS [SEED]`.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { ActorSystem } from '../../src/actors/actor-system.ts';
import type { OperationPlan } from '../../src/block/operations/operation-contract.ts';
import { storageActor } from '../../src/block/storage-actor.ts';
import { blockJobActor } from '../../src/blockjobs/block-job-actor.ts';
import type { JobEnd } from '../../src/blockjobs/job-contract.ts';
import { JobStatus } from '../../src/blockjobs/job-status.ts';
import { Dice } from '../block/operations/operation-bench.ts';
import { driveConfig } from '../block/support/images.ts';

const MiB = 1024 * 1024;
const DISK_BYTES = 64 * MiB;
const WRITERS = 4;
/** Each writer has a part of the disk, as overlapping writes leave behind what nobody can foretell. */
const PART_BYTES = DISK_BYTES / WRITERS;
const BUFFER_BYTES = 256 * 1024;
const FIRST_BUFFER = 65536;

const seconds = Number(process.argv[2] ?? 60);
const dice = new Dice(Number(process.argv[3] ?? 1));
const folder = mkdtempSync(join(tmpdir(), 'troupe-soak-'));
const memory = new WebAssembly.Memory({ initial: 32, maximum: 32, shared: true });
const bytes = new Uint8Array(memory.buffer);
const model = new Uint8Array(DISK_BYTES);
await using system = new ActorSystem();
const storage = await system.spawn(storageActor, { name: 'storage', config: { memory } });

/** Images from the deepest to the top, as the drive has them. */
let chain = [join(folder, '0')];
let made = 0;
let writes = 0;
let isOver = false;

function newFile(): string {
  made += 1;
  return join(folder, String(made));
}

async function write(writer: number): Promise<void> {
  const host = FIRST_BUFFER + writer * BUFFER_BYTES;
  const length = 512 * (1 + dice.roll(dice.roll(10) === 0 ? BUFFER_BYTES / 512 : 16));
  const offset = writer * PART_BYTES + 512 * dice.roll((PART_BYTES - length) / 512);
  if (dice.roll(12) === 0) {
    model.fill(0, offset, offset + length);
    if ((await storage.ask('writeZeroes', { drive: 'd', offset, bytes: length })) !== 0)
      throw new Error('zeroes');
    return;
  }
  const data = bytes.subarray(host, host + length).fill(++writes & 0xff);
  data[0] = writes >> 8;
  model.set(data, offset);
  const pieces = [{ host, bytes: length }];
  if ((await storage.ask('write', { drive: 'd', offset, pieces })) !== 0) throw new Error('write');
  if (dice.roll(50) === 0) await storage.ask('flush', { drive: 'd' });
}

async function guest(writer: number): Promise<void> {
  while (!isOver) {
    await write(writer);
    await setImmediate();
  }
}

async function job(plan: OperationPlan, ending: 'complete' | 'let go' | 'cancel' | 'wait'): Promise<JobEnd> {
  const operation = await storage.ask('beginOperation', plan);
  const status = JobStatus.allocate();
  new JobStatus(status).length = operation.bytes;
  made += 1;
  const name = `job${made}`;
  const actor = await system.spawn(blockJobActor, {
    name,
    dependsOn: ['storage'],
    config: {
      ...{ type: plan.kind, device: 'd', operation, announcesErrors: true, copies: true, status },
      ...{ speed: dice.roll(3) === 0 ? 64 * MiB : 0, bufferBytes: MiB * (1 + dice.roll(10)) },
      ...{ onSourceError: 'report', onTargetError: 'report' },
    },
  });
  const { promise, resolve } = Promise.withResolvers<JobEnd>();
  actor.subscribe('ended', resolve);
  actor.subscribe('ready', () => {
    if (ending === 'complete') void actor.ask('complete', undefined);
    else if (ending === 'let go') void actor.ask('cancel', { force: false });
  });
  await actor.ask('start', undefined);
  if (ending === 'cancel') await actor.ask('cancel', { force: true });
  const end = await promise;
  await system.stopActor(name);
  if (end.error !== undefined) throw new Error(`${plan.kind}: ${end.error}`);
  return end;
}

async function snapshot(): Promise<void> {
  const file = newFile();
  await storage.ask('snapshot', { actions: [{ drive: 'd', file, format: 'qcow2', exists: false }] });
  chain.push(file);
}

async function stream(): Promise<void> {
  const index = dice.roll(chain.length);
  const isWhole = index === chain.length - 1;
  const isCancelled = dice.roll(4) === 0;
  const base = isWhole ? null : (chain[index] ?? null);
  const end = await job({ kind: 'stream', drive: 'd', base }, isCancelled ? 'cancel' : 'wait');
  if (end.outcome === 'completed')
    chain = [...(isWhole ? [] : chain.slice(0, index + 1)), ...chain.slice(-1)];
}

async function commit(): Promise<void> {
  if (chain.length < 2) return;
  const top = 1 + dice.roll(chain.length - 1);
  const base = dice.roll(top);
  const isActive = top === chain.length - 1;
  const ending = isActive && dice.roll(3) === 0 ? 'let go' : 'complete';
  const plan = { kind: 'commit', drive: 'd', top: chain[top] ?? '', base: chain[base] ?? '' } as const;
  await job(plan, isActive ? ending : 'wait');
  if (!isActive || ending === 'complete') chain.splice(base + 1, top - base);
}

async function mirror(): Promise<void> {
  const target = newFile();
  const sync = (['full', 'top', 'full'] as const)[dice.roll(3)] ?? 'full';
  const ending = (['complete', 'let go', 'cancel'] as const)[dice.roll(3)] ?? 'complete';
  const granularity = [0, 512, 4096, 65536, MiB][dice.roll(5)] ?? 0;
  const plan = {
    kind: 'mirror',
    drive: 'd',
    target,
    format: 'qcow2',
    sync,
    exists: false,
    granularity,
  } as const;
  const end = await job(plan, ending);
  if (ending === 'complete' && end.outcome === 'completed') {
    chain = sync === 'full' ? [target] : [...chain.slice(0, -1), target];
  }
}

async function backup(): Promise<void> {
  const target = newFile();
  await job({ kind: 'backup', drive: 'd', target, format: 'qcow2', sync: 'full', exists: false }, 'wait');
  execFileSync('qemu-img', ['check', target], { stdio: 'ignore' });
}

async function compare(): Promise<void> {
  for (let offset = 0; offset < DISK_BYTES; offset += BUFFER_BYTES) {
    const host = FIRST_BUFFER + WRITERS * BUFFER_BYTES;
    await storage.ask('read', { drive: 'd', offset, pieces: [{ host, bytes: BUFFER_BYTES }] });
    const wanted = model.subarray(offset, offset + BUFFER_BYTES);
    if (Buffer.compare(bytes.subarray(host, host + BUFFER_BYTES), wanted) !== 0) {
      throw new Error(`The disk differs from the model in the 256 KiB at ${offset}`);
    }
  }
}

/** Lets the guest write beside `work`, then looks at everything while it rests. */
async function turn(work: () => Promise<void>): Promise<void> {
  isOver = false;
  const guests = Array.from({ length: WRITERS }, (_, writer) => guest(writer));
  try {
    await work();
  } finally {
    isOver = true;
    await Promise.all(guests);
  }
  await storage.ask('flush', { drive: 'd' });
  await compare();
  for (const file of chain) execFileSync('qemu-img', ['check', '-U', file], { stdio: 'ignore' });
}

const WORKS = { snapshot, stream, commit, mirror, backup };
const done: Record<string, number> = {};
execFileSync('qemu-img', ['create', '-f', 'qcow2', chain[0] ?? '', String(DISK_BYTES)], { stdio: 'ignore' });
await storage.ask('addDrive', driveConfig({ id: 'd', file: chain[0], format: 'qcow2' }));
try {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const names =
      chain.length < 5 ? ['snapshot', ...Object.keys(WORKS)] : ['stream', 'commit', 'mirror', 'backup'];
    const name = (names[dice.roll(names.length)] ?? 'snapshot') as keyof typeof WORKS;
    await turn(WORKS[name]);
    done[name] = (done[name] ?? 0) + 1;
  }
  process.stdout.write(`${JSON.stringify({ ...done, writes })}: every turn left the disk as it must be\n`);
} finally {
  await system.stop();
  rmSync(folder, { recursive: true, force: true });
}
