/** No tool of today reads cow: the layout is checked by hand, and contents against a model. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { directory, equal, KiB, MiB, pattern } from '../support/images.ts';
import { contentsOf, fuzz, open, ours, pieces, rawFile } from './image-tools.ts';

test('a cow image has its header, a bit for each sector, and sectors at their places', async (t) => {
  const image = join(directory(t), 'a.cow');
  await ours('create', '-q', '-f', 'cow', image, '1M');
  const node = await open(image, undefined, false);
  t.is(node.driver, 'cow');
  await node.write(9 * 512, [pattern(1024)]);
  await node.close();
  const file = readFileSync(image);
  t.is(file.toString('latin1', 0, 4), 'OOOM');
  t.deepEqual(
    [file.readUInt32BE(4), file.readBigUInt64BE(1040), file.readUInt32BE(1048)],
    [2, BigInt(MiB), 512],
  );
  t.deepEqual([...file.subarray(1056, 1059)], [0, 0b110, 0]);
  // 1056 bytes and a bitmap of 256, up to the next sector.
  t.true(equal(Uint8Array.from(file.subarray(1536 + 9 * 512, 1536 + 11 * 512)), pattern(1024)));
});

test('what is written to a cow image is there afterwards, over its backing file', async (t) => {
  const folder = directory(t);
  const { contents } = rawFile(folder, 6 * MiB);
  const image = join(folder, 'a.cow');
  await ours('create', '-q', '-f', 'cow', '-b', 'model.raw', image);
  const node = await open(image, 'cow', false);
  t.is(node.backingName, 'model.raw');
  for (const [offset, part] of pieces(5 * MiB)) {
    await node.write(offset + 100, [part]);
    contents.set(part, offset + 100);
  }
  await node.writeZeroes(20 * KiB + 1, 5 * KiB, { mayUnmap: true });
  contents.fill(0, 20 * KiB + 1, 25 * KiB + 1);
  await node.close();
  t.true(equal(await contentsOf(image, 'cow'), contents));
});

test('a mutated cow image is used or refused', async (t) => {
  const image = join(directory(t), 'a.cow');
  await ours('create', '-q', '-f', 'cow', image, '1M');
  const node = await open(image, 'cow', false);
  await node.write(0, [pattern(4096)]);
  await node.close();
  await fuzz(t, [Uint8Array.from(readFileSync(image))], { format: 'cow', places: [0, 1032, 1056] });
});
