import test from 'ava';
import { fuzz, readsTheirs, theirImage, writesForThem } from './image-tools.ts';

for (const options of ['', 'static=on']) {
  test(`vdi images of qemu-img read the same: ${options}`, (t) => readsTheirs(t, 'vdi', options));
  test(`vdi images that we make are sound to qemu-img: ${options}`, (t) => writesForThem(t, 'vdi', options));
}

test('a mutated vdi image is used or refused', (t) =>
  fuzz(t, [theirImage(t, 'vdi', '')], { format: 'vdi', places: [64, 340, 512] }));
