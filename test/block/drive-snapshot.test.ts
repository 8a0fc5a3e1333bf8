import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Drive } from '../../src/block/drive.ts';
import { directory, driveConfig, equal, imageFile, MiB, pattern, tool } from './support/images.ts';

async function open(t: ExecutionContext, file: string | undefined): Promise<Drive> {
  const drive = new Drive(driveConfig({ id: 'd', file }));
  t.teardown(() => drive.close());
  await drive.changeMedium(file ?? null, undefined);
  return drive;
}

async function contents(drive: Drive): Promise<Uint8Array> {
  const view = new Uint8Array(MiB);
  await drive.read(0, [view], MiB);
  return view;
}

test('snapshots stack up while the drive is written', async (t) => {
  const base = imageFile(t, pattern(MiB));
  const folder = directory(t);
  const [first, second] = [join(folder, 'one.qcow2'), join(folder, 'two.qcow2')];
  const drive = await open(t, base);
  const write = drive.write(0, [pattern(4096, 1)], 4096);
  await drive.snapshot({ name: first, format: 'qcow2', exists: false });
  t.is(await write, 0);
  await drive.write(8192, [pattern(4096, 2)], 4096);
  await drive.snapshot({ name: second, format: 'qcow2', exists: false });
  await drive.write(65536, [pattern(4096, 3)], 4096);
  t.like(drive.medium, { file: second, format: 'qcow2', backingFile: first, backingDepth: 2, bytes: MiB });
  const expected = pattern(MiB);
  expected.set(pattern(4096, 1), 0);
  t.true(equal(readFileSync(base), expected));
  expected.set(pattern(4096, 2), 8192);
  expected.set(pattern(4096, 3), 65536);
  t.true(equal(await contents(drive), expected));
  await drive.close();
  for (const file of [first, second]) t.regex(tool('qemu-img', 'check', file), /No errors/);
  const flat = join(folder, 'flat');
  tool('qemu-img', 'convert', '-O', 'raw', second, flat);
  t.true(equal(readFileSync(flat), expected));
});

test('an image that has been made already is opened as it is', async (t) => {
  const base = imageFile(t, pattern(MiB));
  const made = join(directory(t), 'made.qcow2');
  tool('qemu-img', 'create', '-f', 'qcow2', '-o', 'cluster_size=4096', made, '1M');
  const drive = await open(t, base);
  await drive.snapshot({ name: made, format: 'qcow2', exists: true });
  t.true(equal(await contents(drive), pattern(MiB)));
  t.is(drive.medium?.backingFile, base);
});

test('a snapshot that fails changes nothing', async (t) => {
  const base = imageFile(t, pattern(MiB));
  const drive = await open(t, base);
  const refused = (file: { name: string; format: string; exists: boolean }, message: RegExp | string) =>
    t.throwsAsync(drive.snapshot(file), { message });
  await refused(
    { name: '/nowhere/x', format: 'qcow2', exists: false },
    '/nowhere/x: error while creating qcow2: No such file or directory',
  );
  await refused(
    { name: base, format: 'qcow2', exists: false },
    'Error: Trying to create an image with the same filename as the backing file',
  );
  await refused(
    { name: join(directory(t), 'x'), format: 'raw', exists: false },
    "Backing file not supported for file format 'raw'",
  );
  await refused({ name: '/nowhere/x', format: 'qcow2', exists: true }, "Could not open '/nowhere/x'");
  t.is(drive.medium?.file, base);
  t.is(await drive.write(0, [pattern(512, 5)], 512), 0);
  const empty = await open(t, undefined);
  await t.throwsAsync(empty.snapshot({ name: 'x', format: 'qcow2', exists: false }), {
    message: "Device 'd' has no medium",
  });
});

test('a backing file is shown as its image names it, and after a snapshot by the name it was opened by', async (t) => {
  const folder = directory(t);
  const [base, top] = ['base.img', 'top.qcow2'].map((name) => join(folder, name)) as [string, string];
  tool('qemu-img', 'create', '-f', 'raw', base, '1M');
  tool('qemu-img', 'create', '-f', 'qcow2', '-b', 'base.img', '-F', 'raw', top);
  const drive = await open(t, top);
  t.is(drive.medium?.backingFile, 'base.img');
  await drive.snapshot({ name: join(folder, 'new.qcow2'), format: 'qcow2', exists: false });
  t.is(drive.medium?.backingFile, top);
});
