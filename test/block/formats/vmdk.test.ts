import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { directory, equal, KiB, MiB, pattern, tool } from '../support/images.ts';
import {
  contentsOf,
  fuzz,
  open,
  ours,
  rawFile,
  readsTheirs,
  theirImage,
  writesForThem,
} from './image-tools.ts';

const WRITABLE = [
  '',
  'subformat=monolithicFlat',
  'subformat=twoGbMaxExtentSparse',
  'subformat=twoGbMaxExtentFlat',
  'zeroed_grain=on',
  'compat6=on,adapter_type=lsilogic',
];
for (const options of [...WRITABLE, 'subformat=streamOptimized']) {
  test(`vmdk images of qemu-img read the same: ${options}`, (t) => readsTheirs(t, 'vmdk', options));
}
for (const options of WRITABLE) {
  test(`vmdk images that we make are sound to qemu-img: ${options}`, (t) =>
    writesForThem(t, 'vmdk', options, { check: !options.includes('Flat') }));
}

for (const subformat of ['twoGbMaxExtentSparse', 'twoGbMaxExtentFlat']) {
  test(`requests go across the files of ${subformat}`, async (t) => {
    const folder = directory(t);
    const image = join(folder, 'a.vmdk');
    await ours('create', '-q', '-f', 'vmdk', '-o', `subformat=${subformat}`, image, '3G');
    const node = await open(image, 'vmdk', false);
    const part = pattern(3 * MiB, 5);
    await node.write(2048 * MiB - MiB, [part]);
    await node.close();
    const theirs = tool('qemu-io', '-r', '-f', 'vmdk', '-c', `read -v ${2048 * MiB - 512} 1k`, image);
    t.regex(theirs, /read 1024\/1024/);
    const raw = join(folder, 'a.raw');
    tool(
      'qemu-img',
      'dd',
      '-f',
      'vmdk',
      '-O',
      'raw',
      'bs=1M',
      'skip=2047',
      'count=2050',
      `if=${image}`,
      `of=${raw}`,
    );
    t.true(equal(Uint8Array.from(readFileSync(raw).subarray(0, 3 * MiB)), part));
  });
}

test('an image builds on its parent until that has changed', async (t) => {
  const folder = directory(t);
  const [base, top] = [join(folder, 'base.vmdk'), join(folder, 'top.vmdk')];
  await ours('create', '-q', '-f', 'vmdk', base, '4M');
  const below = await open(base, undefined, false);
  await below.write(0, [pattern(MiB)]);
  await below.close();
  await ours('create', '-q', '-f', 'vmdk', '-b', 'base.vmdk', '-F', 'vmdk', top);
  const node = await open(top, 'vmdk', false);
  t.is(node.backingName, 'base.vmdk');
  await node.write(100 * KiB, [pattern(10 * KiB, 9)]);
  await node.close();
  const model = new Uint8Array(4 * MiB);
  model.set(pattern(MiB));
  model.set(pattern(10 * KiB, 9), 100 * KiB);
  const raw = join(folder, 'model.raw');
  writeFileSync(raw, model);
  t.regex(tool('qemu-img', 'compare', '-f', 'raw', '-F', 'vmdk', raw, top), /identical/);
  tool('qemu-io', '-f', 'vmdk', '-c', 'write -P 4 0 512', top);
  model.fill(4, 0, 512);
  t.true(equal(await contentsOf(top, undefined), model));
  tool('qemu-io', '-f', 'vmdk', '-c', 'write 0 512', base);
  await t.throwsAsync(open(top, 'vmdk'), { message: /base.vmdk' as it was with CID/ });
});

test('descriptors that make no sense are told of', async (t) => {
  const image = join(directory(t), 'a.vmdk');
  const lines = [
    '# Disk DescriptorFile',
    'version=1',
    'CID=12345678',
    'parentCID=ffffffff',
    'createType="monolithicFlat"',
  ];
  const refused = async (changed: readonly string[], message: RegExp) => {
    writeFileSync(image, [...changed, ''].join('\n'));
    await t.throwsAsync(open(image, undefined), { message });
  };
  await refused([...lines, 'RW 8 FLAT "gone.vmdk" 0'], /No such file/);
  await refused([...lines, 'RW 8 FLAT'], /has the line 'RW 8 FLAT'/);
  await refused([...lines, 'RW 8 ZERO'], /type 'ZERO'/);
  await refused([...lines, 'RDONLY 8 FLAT "a.vmdk" 0'], /RDONLY/);
  await refused([...lines, 'RW 800 FLAT "a.vmdk" 0'], /409600 bytes from 0 on in a file of/);
  await refused([...lines, 'RW 8 SPARSE "a.vmdk"'], /no sparse extent/);
  await refused(lines.slice(0, 4), /no createType/);
  await refused([...lines.slice(0, 2), 'CID=xyz', ...lines.slice(3)], /wrong CID/);
  await refused([...lines.slice(0, 4), 'createType="fullDevice"'], /fullDevice/);
});

test('a mutated vmdk image is used or refused', async (t) => {
  const { path } = rawFile(directory(t), 4 * MiB);
  const packed = `${path}.vmdk`;
  tool('qemu-img', 'convert', '-O', 'vmdk', '-o', 'subformat=streamOptimized', path, packed);
  const images = [theirImage(t, 'vmdk', ''), theirImage(t, 'vmdk', 'zeroed_grain=on')];
  await fuzz(t, images, { format: 'vmdk', places: [0, 512, 21 * 512, 26 * 512, 22 * 512, 27 * 512] });
  await fuzz(t, [Uint8Array.from(readFileSync(packed))], {
    format: 'vmdk',
    places: [0, 512, 21 * 512, 26 * 512, 22 * 512, 27 * 512, 64 * KiB],
    writable: false,
  });
});
