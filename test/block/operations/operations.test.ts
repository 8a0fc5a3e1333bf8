import test from 'ava';
import { Drive } from '../../../src/block/drive.ts';
import { openImage } from '../../../src/block/open-image.ts';
import { OperationSet } from '../../../src/block/operations/operation-set.ts';
import { driveConfig, equal, KiB, tool } from '../support/images.ts';
import { DISK_BYTES, OperationBench } from './operation-bench.ts';

const SEEDS = [1, 2, 3, 4, 5, 6];

async function contentsOf(file: string): Promise<Uint8Array> {
  const node = await openImage(file, { format: undefined, readOnly: true, driverOptions: [] });
  const data = new Uint8Array(node.bytes);
  await node.read(0, [data]);
  await node.close();
  return data;
}

function isSound(file: string): boolean {
  return /No errors were found/.test(tool('qemu-img', 'check', file));
}

function backingOf(file: string): string | undefined {
  return JSON.parse(tool('qemu-img', 'info', '--output=json', file))['backing-filename'];
}

const CHAIN = ['raw', 'qcow2', 'qcow2', 'qcow2'];

for (const seed of SEEDS) {
  const clusterBytes = seed % 2 === 0 ? 64 * KiB : 4 * KiB;

  test(`stream of everything beside a guest (seed ${seed})`, async (t) => {
    const bench = await OperationBench.make(t, seed, { formats: CHAIN, clusterBytes });
    await bench.run({ kind: 'stream', drive: 'd', base: null });
    t.true(await bench.isAsExpected());
    t.is(bench.drive.medium?.backingDepth, 0);
    await bench.drive.close();
    const [, , , top = ''] = bench.files;
    t.true(isSound(top));
    t.is(backingOf(top), undefined);
    t.true(equal(await contentsOf(top), bench.model));
  });

  test(`stream above a base (seed ${seed})`, async (t) => {
    const bench = await OperationBench.make(t, seed, { formats: CHAIN, clusterBytes });
    const [, base = '', , top = ''] = bench.files;
    await bench.run({ kind: 'stream', drive: 'd', base });
    t.true(await bench.isAsExpected());
    t.is(bench.drive.medium?.backingFile, base);
    await bench.drive.close();
    t.true(isSound(top));
    t.is(backingOf(top), base);
    t.true(equal(await contentsOf(top), bench.model));
  });

  test(`commit of an image in the middle (seed ${seed})`, async (t) => {
    const bench = await OperationBench.make(t, seed, { formats: CHAIN, clusterBytes });
    const [base = '', , middle = '', top = ''] = bench.files;
    const isToBase = seed % 3 === 0;
    await bench.run({
      kind: 'commit',
      drive: 'd',
      top: middle,
      base: isToBase ? null : (bench.files[1] ?? ''),
    });
    t.true(await bench.isAsExpected());
    await bench.drive.close();
    t.true(isSound(top));
    t.is(backingOf(top), isToBase ? base : bench.files[1]);
    t.true(equal(await contentsOf(top), bench.model));
  });

  test(`commit of the drive's own image (seed ${seed})`, async (t) => {
    const bench = await OperationBench.make(t, seed, { formats: CHAIN, clusterBytes });
    const base = bench.files[seed % 3] ?? '';
    await bench.run({ kind: 'commit', drive: 'd', top: bench.files[3] ?? '', base });
    t.is(bench.drive.medium?.file, base);
    t.false(bench.drive.medium?.readOnly);
    for (let count = 0; count < 5; count++) await bench.guestWrites();
    t.true(await bench.isAsExpected());
    await bench.drive.close();
    t.true(equal(await contentsOf(base), bench.model));
  });

  for (const sync of ['full', 'top', 'none'] as const) {
    test(`mirror, sync=${sync}, and the drive is switched (seed ${seed})`, async (t) => {
      const bench = await OperationBench.make(t, seed, { formats: CHAIN, clusterBytes });
      const target = bench.file('target');
      const granularity = [512, 4096, 0][seed % 3] ?? 0;
      await bench.run({ kind: 'mirror', drive: 'd', target, format: null, sync, exists: false, granularity });
      t.is(bench.drive.medium?.file, target);
      for (let count = 0; count < 5; count++) await bench.guestWrites();
      t.true(await bench.isAsExpected());
      await bench.drive.close();
      t.true(isSound(target));
      t.true(equal(await contentsOf(target), bench.model));
      t.is(backingOf(target), { full: undefined, top: bench.files[2], none: bench.files[3] }[sync]);
    });

    test(`backup, sync=${sync} (seed ${seed})`, async (t) => {
      const bench = await OperationBench.make(t, seed, { formats: CHAIN, clusterBytes });
      const target = bench.file('target');
      const before = await bench.run({
        kind: 'backup',
        drive: 'd',
        target,
        format: 'qcow2',
        sync,
        exists: false,
      });
      t.true(await bench.isAsExpected());
      await bench.drive.close();
      if (sync === 'none') return;
      t.true(isSound(target));
      t.true(equal(await contentsOf(target), before));
    });
  }

  test(`mirror to an image that is there already, and the drive stays (seed ${seed})`, async (t) => {
    const bench = await OperationBench.make(t, seed, { formats: ['qcow2'], clusterBytes });
    const target = bench.file('target');
    tool('qemu-img', 'create', '-f', 'raw', target, String(DISK_BYTES));
    tool('qemu-io', '-f', 'raw', '-c', 'write -P 0x77 0 2M', target);
    const plan = { kind: 'mirror', drive: 'd', target, format: 'raw', sync: 'full' } as const;
    await bench.run({ ...plan, exists: true, granularity: 4096 }, false);
    t.true(equal(await contentsOf(target), bench.model));
    await bench.guestWrites();
    t.true(await bench.isAsExpected());
    t.is(bench.drive.medium?.file, bench.files[0]);
    await bench.drive.close();
  });
}

test('images of different lengths keep what the guest sees', async (t) => {
  const bytes = [DISK_BYTES, DISK_BYTES / 2, DISK_BYTES];
  const formats = ['qcow2', 'qcow2', 'qcow2'];
  for (const kind of ['stream', 'commit', 'active commit']) {
    const bench = await OperationBench.make(t, 11, { formats, bytes });
    const [base = '', middle = '', top = ''] = bench.files;
    if (kind === 'stream') await bench.run({ kind: 'stream', drive: 'd', base: '0.qcow2' });
    else await bench.run({ kind: 'commit', drive: 'd', top: kind === 'commit' ? middle : top, base });
    t.true(await bench.isAsExpected(), kind);
    await bench.drive.close();
  }
});

test('what is given up leaves the drive as it was, and free', async (t) => {
  const bench = await OperationBench.make(t, 7, { formats: ['qcow2', 'qcow2', 'qcow2'] });
  const { asks } = bench.operations;
  const [, middle = '', top = ''] = bench.files;
  for (const plan of [
    { kind: 'stream', drive: 'd', base: null },
    { kind: 'commit', drive: 'd', top: middle, base: null },
    { kind: 'commit', drive: 'd', top, base: null },
    {
      kind: 'mirror',
      drive: 'd',
      target: bench.file('m'),
      format: null,
      sync: 'full',
      exists: false,
      granularity: 0,
    },
    { kind: 'backup', drive: 'd', target: bench.file('b'), format: null, sync: 'full', exists: false },
  ] as const) {
    const { operation } = await asks.beginOperation(plan);
    await t.throwsAsync(asks.beginOperation(plan), { message: "Device 'd' is in use" });
    await asks.transfer({ operation, offset: 0, bytes: 512 * KiB });
    await bench.guestWrites();
    await asks.endOperation({ operation });
    await asks.endOperation({ operation });
    await t.throwsAsync(asks.transfer({ operation, offset: 0, bytes: 512 }), {
      code: 'ERR_BLOCK_NO_OPERATION',
    });
    t.is(bench.drive.medium?.backingDepth, 2);
    t.true(await bench.isAsExpected());
  }
  await bench.drive.close();
  for (const file of bench.files) t.true(isSound(file));
});

test('commit of a drive in one go leaves the drive as it is; over snapshot=on too', async (t) => {
  const bench = await OperationBench.make(t, 9, { formats: CHAIN });
  const { asks } = bench.operations;
  const [, , below = ''] = bench.files;
  t.is(await asks.commitDrive({ drive: 'd' }), 0);
  t.is(bench.drive.medium?.backingDepth, 3);
  t.true(await bench.isAsExpected());
  await bench.drive.close();
  t.true(equal(await contentsOf(below), bench.model));

  const temporary = new Drive(driveConfig({ id: 't', snapshot: true }));
  const operations = new OperationSet(() => temporary);
  t.is(await operations.asks.commitDrive({ drive: 't' }), 123);
  await temporary.changeMedium(below, 'qcow2');
  const data = new Uint8Array(4096).fill(0x5a);
  t.is(await temporary.write(512, [data], data.length), 0);
  t.is(await operations.asks.commitDrive({ drive: 't' }), 0);
  await temporary.close();
  bench.model.set(data, 512);
  t.true(equal(await contentsOf(below), bench.model));
  t.true(isSound(below));

  const plain = new Drive(driveConfig({ id: 'p' }));
  await plain.changeMedium(bench.files[0] ?? '', 'raw');
  t.is(await new OperationSet(() => plain).asks.commitDrive({ drive: 'p' }), 95);
  await plain.close();
});

test('plans that cannot be are refused with the words of the reference', async (t) => {
  const bench = await OperationBench.make(t, 8, { formats: ['qcow2', 'qcow2', 'qcow2'] });
  const { asks } = bench.operations;
  const [base = '', , top = ''] = bench.files;
  const refused = (plan: Parameters<typeof asks.beginOperation>[0], message: string) =>
    t.throwsAsync(asks.beginOperation(plan), { message });
  await refused({ kind: 'stream', drive: 'd', base: 'nowhere' }, "Base 'nowhere' not found");
  await refused(
    { kind: 'commit', drive: 'd', top: 'nowhere', base: null },
    'Top image file nowhere not found',
  );
  await refused({ kind: 'commit', drive: 'd', top, base: 'nowhere' }, "Base 'nowhere' not found");
  const same = 'Invalid files for merge: top and base are the same';
  await refused({ kind: 'commit', drive: 'd', top: base, base: null }, same);
  const mirror = { kind: 'mirror', drive: 'd', sync: 'full', granularity: 0 } as const;
  await refused(
    { ...mirror, target: '/nowhere/x', format: 'qcow2', exists: true },
    "Could not open '/nowhere/x'",
  );
  await refused({ ...mirror, target: '/x', format: 'nix', exists: true }, "Invalid block format 'nix'");
  await refused(
    { ...mirror, target: '/nowhere/x', format: 'qcow2', exists: false },
    '/nowhere/x: error while creating qcow2: No such file or directory',
  );
  t.false(bench.drive.isInUse);
  await bench.drive.close();
});
