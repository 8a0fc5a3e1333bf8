import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Drive } from '../../src/block/drive.ts';
import { directory, driveConfig, equal, imageFile, KiB, MiB, pattern, tool } from './support/images.ts';

async function overBase(
  t: ExecutionContext,
  size = '1M',
): Promise<{ drive: Drive; file: string; base: string }> {
  const base = imageFile(t, pattern(MiB));
  const file = join(directory(t), 'top.qcow2');
  tool('qemu-img', 'create', '-f', 'qcow2', '-b', base, '-F', 'raw', file, size);
  const drive = new Drive(driveConfig({ id: 'd', file, copyOnRead: true }));
  t.teardown(() => drive.close());
  await drive.changeMedium(file, 'qcow2');
  return { drive, file, base };
}

async function read(drive: Drive, offset: number, bytes: number): Promise<Uint8Array> {
  const view = new Uint8Array(bytes);
  if ((await drive.read(offset, [view], bytes)) !== 0) throw new Error('read failed');
  return view;
}

test('what was read is in the image afterwards, and nothing else', async (t) => {
  const { drive, file } = await overBase(t);
  t.true(equal(await read(drive, 100 * KiB, 8 * KiB), pattern(MiB).slice(100 * KiB, 108 * KiB)));
  await drive.close();
  const map = JSON.parse(tool('qemu-img', 'map', '--output=json', file)) as {
    start: number;
    length: number;
    depth: number;
  }[];
  t.deepEqual(
    map.filter(({ depth }) => depth === 0).map(({ start, length }) => [start, length]),
    [[64 * KiB, 64 * KiB]],
  );
  t.regex(tool('qemu-img', 'check', file), /No errors/);
});

test('reads and writes of the same clusters at once leave what was written', async (t) => {
  const { drive, file, base } = await overBase(t, '2M');
  const expected = new Uint8Array(2 * MiB);
  expected.set(pattern(MiB));
  const work: Promise<unknown>[] = [];
  for (let index = 0; index < 200; index++) {
    const offset = ((index * 37) % 4096) * 512;
    const data = pattern(512, index);
    expected.set(data, offset);
    work.push(read(drive, Math.max(0, offset - 4096), 8192), drive.write(offset, [data], 512));
  }
  await Promise.all(work);
  t.true(equal(await read(drive, 0, 2 * MiB), expected));
  await drive.close();
  tool('qemu-img', 'rebase', '-u', '-b', '', file);
  const flat = join(directory(t), 'flat');
  tool('qemu-img', 'convert', '-O', 'raw', file, flat);
  t.true(equal(readFileSync(flat), expected));
  t.true(equal(readFileSync(base), pattern(MiB)));
});
