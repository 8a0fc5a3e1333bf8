/** Jobs as they are in a machine, on their own threads, while a guest writes: nothing is lost, and they come to their end. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ActorSystem } from '../../src/actors/actor-system.ts';
import type { ActorRef } from '../../src/actors/contract.ts';
import type { OperationPlan } from '../../src/block/operations/operation-contract.ts';
import { storageActor } from '../../src/block/storage-actor.ts';
import type { StorageContract } from '../../src/block/storage-contract.ts';
import { blockJobActor } from '../../src/blockjobs/block-job-actor.ts';
import type { BlockJobContract, JobConfig, JobEnd } from '../../src/blockjobs/job-contract.ts';
import { JobStatus } from '../../src/blockjobs/job-status.ts';
import { Dice } from '../block/operations/operation-bench.ts';
import { directory, driveConfig, equal, KiB, MiB, tool } from '../block/support/images.ts';

const DISK_BYTES = 16 * MiB;
const BUFFER_BYTES = 256 * KiB;
/** Where the guest's buffer lies in its memory. */
const BUFFER = 65536;

/** A guest that writes one range after the other, and knows what must be on its disk. */
class Guest {
  readonly model = new Uint8Array(DISK_BYTES);
  readonly #storage: ActorRef<StorageContract>;
  readonly #memory: Uint8Array;
  readonly #dice: Dice;
  #writes = 0;
  #isStopped = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(storage: ActorRef<StorageContract>, memory: Uint8Array, seed: number) {
    this.#storage = storage;
    this.#memory = memory;
    this.#dice = new Dice(seed);
  }

  get writes(): number {
    return this.#writes;
  }

  async write(): Promise<void> {
    const bytes = 512 * (1 + this.#dice.roll(this.#dice.roll(8) === 0 ? BUFFER_BYTES / 512 : 16));
    const offset = 512 * this.#dice.roll((DISK_BYTES - bytes) / 512);
    const data = this.#memory.subarray(BUFFER, BUFFER + bytes).fill(++this.#writes & 0xff);
    data[0] = this.#writes >> 8;
    this.model.set(data, offset);
    const pieces = [{ host: BUFFER, bytes }];
    if ((await this.#storage.ask('write', { drive: 'd', offset, pieces })) !== 0) throw new Error('write');
  }

  run(): void {
    this.#loop = (async () => {
      while (!this.#isStopped) await this.write();
    })();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#loop;
  }

  async sees(): Promise<Uint8Array> {
    const seen = new Uint8Array(DISK_BYTES);
    for (let offset = 0; offset < DISK_BYTES; offset += BUFFER_BYTES) {
      const pieces = [{ host: BUFFER, bytes: BUFFER_BYTES }];
      await this.#storage.ask('read', { drive: 'd', offset, pieces });
      seen.set(this.#memory.subarray(BUFFER, BUFFER + BUFFER_BYTES), offset);
    }
    return seen;
  }
}

interface Machine {
  readonly folder: string;
  readonly system: ActorSystem;
  readonly storage: ActorRef<StorageContract>;
  readonly guest: Guest;
}

async function machine(t: ExecutionContext, seed: number): Promise<Machine> {
  const folder = directory(t);
  const names = ['base', 'mid', 'top'].map((name) => join(folder, name));
  names.forEach((file, index) => {
    const below = index === 0 ? [] : ['-b', names[index - 1] ?? '', '-F', 'qcow2'];
    tool('qemu-img', 'create', '-f', 'qcow2', ...below, file, String(DISK_BYTES));
    tool('qemu-io', '-f', 'qcow2', '-c', `write -P ${index + 1} ${index * 2}M 6M`, file);
  });
  const system = new ActorSystem();
  t.teardown(() => system.stop());
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 16, shared: true });
  const storage = await system.spawn(storageActor, { name: 'storage', config: { memory } });
  await storage.ask('addDrive', driveConfig({ id: 'd', file: join(folder, 'top'), format: 'qcow2' }));
  const guest = new Guest(storage, new Uint8Array(memory.buffer), seed);
  guest.model.set(await guest.sees());
  return { folder, system, storage, guest };
}

interface Job {
  readonly actor: ActorRef<BlockJobContract>;
  readonly status: JobStatus;
  readonly ready: Promise<void>;
  readonly ended: Promise<JobEnd>;
}

async function begin(
  { system, storage }: Machine,
  plan: OperationPlan,
  config: Partial<JobConfig> = {},
): Promise<Job> {
  const operation = await storage.ask('beginOperation', plan);
  const shared = JobStatus.allocate();
  const status = new JobStatus(shared);
  status.length = operation.bytes;
  const actor = await system.spawn(blockJobActor, {
    name: 'job',
    dependsOn: ['storage'],
    config: {
      ...{ type: plan.kind, device: 'd', operation, speed: 0, announcesErrors: true, copies: true },
      ...{ onSourceError: 'report', onTargetError: 'report', bufferBytes: MiB, status: shared },
      ...config,
    },
  });
  const ready = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<JobEnd>();
  actor.subscribe('ready', () => ready.resolve());
  actor.subscribe('ended', (end) => ended.resolve(end));
  await actor.ask('start', undefined);
  return { actor, status, ready: ready.promise, ended: ended.promise };
}

function isSame(folder: string, name: string, model: Uint8Array): boolean {
  const raw = join(folder, `${name}.raw`);
  tool('qemu-img', 'convert', '-U', '-O', 'raw', join(folder, name), raw);
  return existsSync(raw) && equal(readFileSync(raw), model);
}

for (const [name, plan] of [
  ['stream', { kind: 'stream', drive: 'd', base: null }],
  ['stream above a base', { kind: 'stream', drive: 'd', base: 'base' }],
  ['commit in the middle', { kind: 'commit', drive: 'd', top: 'mid', base: null }],
] as const) {
  test(`${name} while a guest writes`, async (t) => {
    const all = await machine(t, 21);
    const { guest, storage, system, folder } = all;
    const full = plan.kind === 'commit' ? { ...plan, top: join(folder, 'mid') } : plan;
    guest.run();
    const job = await begin(all, full);
    t.like(await job.ended, { outcome: 'completed', offset: job.status.length, error: undefined });
    await guest.stop();
    t.true(equal(await guest.sees(), guest.model), `${guest.writes} writes`);
    t.is((await storage.ask('medium', { drive: 'd' }))?.backingDepth, name === 'stream' ? 0 : 1);
    await system.stop();
    t.true(isSame(folder, 'top', guest.model));
    t.regex(tool('qemu-img', 'check', join(folder, 'top')), /No errors/);
  });
}

for (const [name, granularity, speed] of [
  ['mirror', 0, 0],
  ['mirror of fine granularity', 512, 0],
  ['commit of the active image', 0, 0],
] as const) {
  test(`${name} while a guest writes: it gets ready, completes, and the drive goes on`, async (t) => {
    const all = await machine(t, 22);
    const { guest, system, folder, storage } = all;
    const target = join(folder, 'target');
    const plan: OperationPlan = name.startsWith('mirror')
      ? { kind: 'mirror', drive: 'd', target, format: null, sync: 'full', exists: false, granularity }
      : { kind: 'commit', drive: 'd', top: join(folder, 'top'), base: join(folder, 'mid') };
    guest.run();
    const job = await begin(all, plan, { speed });
    await job.ready;
    await job.actor.ask('complete', undefined);
    t.like(await job.ended, { outcome: 'completed', offset: DISK_BYTES, error: undefined });
    for (let count = 0; count < 20; count++) await new Promise((resolve) => setImmediate(resolve));
    await guest.stop();
    t.true(equal(await guest.sees(), guest.model), `${guest.writes} writes`);
    const result = plan.kind === 'mirror' ? 'target' : 'mid';
    t.is((await storage.ask('medium', { drive: 'd' }))?.file, join(folder, result));
    await system.stop();
    t.true(isSame(folder, result, guest.model));
    t.regex(tool('qemu-img', 'check', join(folder, result)), /No errors/);
  });
}

test('a mirror that is let go is a copy of one moment, though the guest writes on', async (t) => {
  const all = await machine(t, 23);
  const { guest, system, folder } = all;
  const target = join(folder, 'target');
  const job = await begin(all, {
    ...{ kind: 'mirror', drive: 'd', target, format: null, sync: 'full', exists: false, granularity: 4096 },
  });
  guest.run();
  await job.ready;
  await guest.stop();
  const moment = guest.model.slice();
  await job.actor.ask('cancel', { force: false });
  t.like(await job.ended, { outcome: 'completed', offset: DISK_BYTES });
  for (let count = 0; count < 50; count++) await guest.write();
  t.true(equal(await guest.sees(), guest.model));
  await system.stop();
  t.true(isSame(folder, 'target', moment));
  t.true(isSame(folder, 'top', guest.model));
});

test('a backup holds what was there at its beginning, whatever the guest writes', async (t) => {
  const all = await machine(t, 24);
  const { guest, system, folder } = all;
  const before = guest.model.slice();
  const target = join(folder, 'target');
  const job = await begin(all, {
    ...{ kind: 'backup', drive: 'd', target, format: null, sync: 'full', exists: false },
  });
  guest.run();
  t.like(await job.ended, { outcome: 'completed', offset: DISK_BYTES, error: undefined });
  await guest.stop();
  t.true(guest.writes > 0);
  t.true(equal(await guest.sees(), guest.model));
  await system.stop();
  t.true(isSame(folder, 'target', before));
  t.true(isSame(folder, 'top', guest.model));
});
