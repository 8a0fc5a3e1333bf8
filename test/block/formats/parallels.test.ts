import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { directory, tool } from '../support/images.ts';
import { fuzz, open, readsTheirs, theirImage, writesForThem } from './image-tools.ts';

for (const options of ['', 'cluster_size=4k']) {
  test(`parallels images of qemu-img read the same: ${options}`, (t) => readsTheirs(t, 'parallels', options));
  test(`parallels images that we make are sound to qemu-img: ${options}`, (t) =>
    writesForThem(t, 'parallels', options));
}

test('an image that was not closed is only read', async (t) => {
  const image = join(directory(t), 'a.hdd');
  tool('qemu-img', 'create', '-q', '-f', 'parallels', image, '3M');
  const node = await open(image, 'parallels', false);
  const whileOpen = readFileSync(image);
  await node.close();
  t.is(readFileSync(image).readUInt32LE(44), 0);
  writeFileSync(image, whileOpen);
  await t.throwsAsync(open(image, undefined, false), { message: /not closed correctly/ });
  await (await open(image, undefined)).close();
});

test('a mutated parallels image is used or refused', (t) =>
  fuzz(t, [theirImage(t, 'parallels', 'cluster_size=4k')], { format: 'parallels', places: [0, 16, 64] }));
