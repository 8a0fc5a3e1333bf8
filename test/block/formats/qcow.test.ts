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

test('qcow images of qemu-img read the same', (t) => readsTheirs(t, 'qcow', ''));
test('qcow images that we make are sound to qemu-img', (t) => writesForThem(t, 'qcow', '', { check: false }));

test('compressed clusters are read, and written over', async (t) => {
  const folder = directory(t);
  const { path, contents } = rawFile(folder, 6 * MiB);
  const image = join(folder, 'a.qcow');
  tool('qemu-img', 'convert', '-c', '-O', 'qcow', path, image);
  t.true(equal(await contentsOf(image, undefined), contents));
  const node = await open(image, 'qcow', false);
  await node.write(5000, [pattern(9000, 9)]);
  contents.set(pattern(9000, 9), 5000);
  await node.close();
  writeFileSync(path, contents);
  t.regex(tool('qemu-img', 'compare', path, image), /identical/);
});

test('an image builds on another one', async (t) => {
  const folder = directory(t);
  const { contents } = rawFile(folder, 6 * MiB);
  const image = join(folder, 'a.qcow');
  const words = ['create', '-f', 'qcow', '-b', 'model.raw', '-F', 'raw'];
  t.is(await ours(...words, image), tool('qemu-img', ...words, `${image}2`).replace("qcow2'", "qcow'"));
  const node = await open(image, 'qcow', false);
  t.is(node.backingName, 'model.raw');
  await node.write(700, [pattern(70 * KiB, 8)]);
  await node.close();
  contents.set(pattern(70 * KiB, 8), 700);
  const model = join(folder, 'changed.raw');
  writeFileSync(model, contents);
  t.regex(tool('qemu-img', 'compare', model, image), /identical/);
});

test('encrypted images are those of qemu-io', async (t) => {
  const image = join(directory(t), 'a.qcow');
  const options = `driver=qcow,encrypt.format=aes,encrypt.key-secret=s,file.filename=${image}`;
  const theirs = (...words: readonly string[]) =>
    tool('qemu-io', '--object', 'secret,id=s,data=geheim', '--image-opts', ...words, options);
  await ours('create', '-q', '-f', 'qcow', '-o', 'encryption=on', image, '3M');
  t.regex(theirs('-c', 'write -P 5 0 10k'), /wrote/);
  const node = await open(image, 'qcow', false);
  t.true(node.encrypted);
  t.true(node.keyMissing);
  await t.throwsAsync(node.read(0, [new Uint8Array(512)]), { code: 'ERR_BLOCK_KEY' });
  node.setKey?.('geheim');
  const read = new Uint8Array(12 * KiB);
  await node.read(100, [read]);
  t.true(read.subarray(0, 10 * KiB - 100).every((byte) => byte === 5));
  t.true(read.subarray(10 * KiB - 100).every((byte) => byte === 0));
  await node.write(300, [new Uint8Array(20 * KiB).fill(7)]);
  await node.close();
  t.regex(theirs('-c', 'read -P 5 0 300', '-c', `read -P 7 300 ${20 * KiB}`), /^(?!.*failed)/s);
  t.regex(theirs('-c', 'read -P 0 21k 2M'), /^(?!.*failed)/s);
});

test('a mutated qcow image is used or refused', async (t) => {
  const { path } = rawFile(directory(t), 4 * MiB);
  const packed = `${path}.qcow`;
  tool('qemu-img', 'convert', '-c', '-O', 'qcow', path, packed);
  const images = [theirImage(t, 'qcow', ''), Uint8Array.from(readFileSync(packed))];
  await fuzz(t, images, { format: 'qcow', places: [0, 48, 4096, 8192] });
});
