import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { directory, tool } from '../support/images.ts';
import { fuzz, open, ours, readsTheirs, theirImage, writesForThem } from './image-tools.ts';

for (const options of ['', 'subformat=fixed', 'force_size=on', 'subformat=fixed,force_size=on']) {
  test(`vpc images of qemu-img read the same: ${options}`, (t) => readsTheirs(t, 'vpc', options));
  test(`vpc images that we make are sound to qemu-img: ${options}`, (t) =>
    writesForThem(t, 'vpc', options, { check: false }));
}

test('disks are as long as qemu-img makes them, by their geometry', async (t) => {
  const folder = directory(t);
  for (const size of ['512', '1M', '33M', '500M', '3G', '126G', '127G', '200G', '2040G']) {
    for (const force of ['off', 'on']) {
      const [mine, theirs] = [join(folder, 'ours.vpc'), join(folder, 'theirs.vpc')];
      await ours('create', '-q', '-f', 'vpc', '-o', `force_size=${force}`, mine, size);
      tool('qemu-img', 'create', '-q', '-f', 'vpc', '-o', `force_size=${force}`, theirs, size);
      const [a, b] = [readFileSync(mine), readFileSync(theirs)];
      t.is(a.length, b.length, size);
      // All of the footer but time, checksum and UUID.
      const same = (from: number, to: number) =>
        t.deepEqual(a.subarray(from, to), b.subarray(from, to), size);
      same(0, 24);
      same(28, 64);
      same(512, 2048);
    }
  }
  await t.throwsAsync(ours('create', '-q', '-f', 'vpc', join(folder, 'x'), '3T'), {
    message: /image size is too large/,
  });
});

test('a wrong checksum is refused', async (t) => {
  const image = join(directory(t), 'a.vpc');
  tool('qemu-img', 'create', '-q', '-f', 'vpc', image, '3M');
  const contents = readFileSync(image);
  contents[50] = 1;
  writeFileSync(image, contents);
  await t.throwsAsync(open(image, 'vpc'), { code: 'ERR_BLOCK_CORRUPT', message: /checksum of its footer/ });
});

test('a mutated vpc image is used or refused', async (t) => {
  const fixed = theirImage(t, 'vpc', 'subformat=fixed');
  await fuzz(t, [theirImage(t, 'vpc', ''), fixed], {
    format: 'vpc',
    places: [1536, 1024, 0, fixed.length - 512],
  });
});
