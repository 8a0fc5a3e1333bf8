import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { ActorSystem } from '../../src/actors/actor-system.ts';
import type { ActorRef } from '../../src/actors/contract.ts';
import { storageActor } from '../../src/block/storage-actor.ts';
import type { StorageContract } from '../../src/block/storage-contract.ts';
import { driveConfig, imageFile, KiB, MiB, pattern } from './support/images.ts';

interface Storage {
  readonly actor: ActorRef<StorageContract>;
  readonly bytes: Uint8Array;
  readonly system: ActorSystem;
}

async function storage(t: ExecutionContext): Promise<Storage> {
  const system = new ActorSystem();
  t.teardown(() => system.stop());
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 16, shared: true });
  const actor = await system.spawn(storageActor, { name: 'storage', config: { memory } });
  return { actor, system, bytes: new Uint8Array(memory.buffer) };
}

test('a drive on another thread fills this thread’s memory', async (t) => {
  const { actor, bytes } = await storage(t);
  const file = imageFile(t, pattern(MiB));
  const medium = await actor.ask('addDrive', driveConfig({ id: 'd', file }));
  t.like(medium, { file, format: 'raw', bytes: MiB, readOnly: false, backingDepth: 0 });
  const pieces = [
    { host: 8192, bytes: 4096 },
    { host: 65536, bytes: 512 },
  ];
  t.is(await actor.ask('read', { drive: 'd', offset: 512, pieces }), 0);
  t.deepEqual(bytes.slice(8192, 12288), pattern(MiB).slice(512, 4608));
  t.deepEqual(bytes.slice(65536, 66048), pattern(MiB).slice(4608, 5120));
  t.is((await actor.ask('statistics', { drive: 'd' })).readBytes, 4608);
});

test('what was acknowledged is in the image after the actor has stopped', async (t) => {
  const { actor, bytes, system } = await storage(t);
  const file = imageFile(t, new Uint8Array(MiB));
  await actor.ask('addDrive', driveConfig({ id: 'd', file }));
  bytes.set(pattern(64 * KiB, 5));
  const writes = Array.from({ length: 16 }, (_, index) =>
    actor.ask('write', {
      drive: 'd',
      offset: index * 4096,
      pieces: [{ host: index * 4096, bytes: 4096 }],
    }),
  );
  t.deepEqual(await Promise.all(writes), new Array(16).fill(0));
  t.is(await actor.ask('flush', { drive: 'd' }), 0);
  await system.stop();
  t.deepEqual(Uint8Array.from(readFileSync(file)).slice(0, 64 * KiB), pattern(64 * KiB, 5));
});

test('media are changed and announced', async (t) => {
  const { actor } = await storage(t);
  const changes: unknown[] = [];
  actor.subscribe('mediumChanged', (change) => changes.push(change.medium?.bytes ?? null));
  t.is(await actor.ask('addDrive', driveConfig({ id: 'cd' })), null);
  const file = imageFile(t, pattern(4096));
  await actor.ask('changeMedium', { drive: 'cd', file, format: null });
  await t.throwsAsync(actor.ask('changeMedium', { drive: 'cd', file: '/nowhere', format: null }), {
    message: /could not open disk image/,
  });
  t.is(await actor.ask('medium', { drive: 'cd' }), null);
  await actor.ask('changeMedium', { drive: 'cd', file, format: 'raw' });
  t.is((await actor.ask('resize', { drive: 'cd', bytes: 8192 })).bytes, 8192);
  await actor.ask('changeMedium', { drive: 'cd', file: null, format: null });
  t.deepEqual(changes, [4096, null, 4096, 8192, null]);
});

test('drives that do not exist, or exist already, are named', async (t) => {
  const { actor } = await storage(t);
  await actor.ask('addDrive', driveConfig({ id: 'd' }));
  await t.throwsAsync(actor.ask('addDrive', driveConfig({ id: 'd' })), {
    message: "Duplicate ID 'd' for drive",
  });
  await t.throwsAsync(actor.ask('flush', { drive: 'x' }), { message: "Device 'x' not found" });
  await actor.ask('removeDrive', { drive: 'd' });
  await t.notThrowsAsync(actor.ask('addDrive', driveConfig({ id: 'd' })));
});

test('a drive that cannot be opened is not added', async (t) => {
  const { actor } = await storage(t);
  await t.throwsAsync(actor.ask('addDrive', driveConfig({ id: 'd', file: '/nowhere' })));
  await t.notThrowsAsync(actor.ask('addDrive', driveConfig({ id: 'd' })));
});

test('limits count in the guest’s time, and what waits goes when the machine stops', async (t) => {
  const { actor } = await storage(t);
  const limits = { bps: 0, bpsRead: 0, bpsWrite: 0, iops: 1, iopsRead: 0, iopsWrite: 0 };
  await actor.ask('addDrive', driveConfig({ id: 'd', file: imageFile(t, pattern(4096)), throttle: limits }));
  const read = () => actor.ask('read', { drive: 'd', offset: 0, pieces: [{ host: 0, bytes: 512 }] });
  t.is(await read(), 0);
  let isDone = false;
  // Nobody has started the guest's clock: alone the second one would wait for ever.
  const second = read().then((outcome) => {
    isDone = true;
    return outcome;
  });
  await actor.ask('medium', { drive: 'd' });
  t.false(isDone);
  await actor.ask('letWaitingGo', undefined);
  t.is(await second, 0);
  t.deepEqual(await actor.ask('limits', { drive: 'd' }), limits);
});
