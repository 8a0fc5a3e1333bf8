import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { createImage } from '../../src/block/create-image.ts';
import { openImage } from '../../src/block/open-image.ts';
import { Qcow2Node } from '../../src/block/qcow2/qcow2-node.ts';
import type { OptionPair } from '../../src/options/option-list.ts';
import { directory, equal, KiB, MiB, pattern, tool } from './support/images.ts';

const NO_ERRORS = /No errors were found on the image/;

async function create(fileName: string, pairs: readonly OptionPair[], format = 'qcow2', bytes = 4 * MiB) {
  await createImage({
    fileName,
    format,
    bytes,
    backingFile: undefined,
    backingFormat: undefined,
    formatOptions: pairs,
  });
}

async function open(path: string): Promise<Qcow2Node> {
  const node = await openImage(path, { format: 'qcow2', readOnly: false, driverOptions: [] });
  if (!(node instanceof Qcow2Node)) throw new Error('no qcow2');
  return node;
}

function facts(path: string): Record<string, unknown> {
  return JSON.parse(tool('qemu-img', 'info', '--output=json', path))['format-specific'].data;
}

test('images are what their options say, to qemu-img', async (t) => {
  const path = join(directory(t), 'a.qcow2');
  for (const [pairs, expected] of [
    [[['lazy_refcounts', 'on']], { 'lazy-refcounts': true, compat: '1.1' }],
    [[['compression_type', 'zstd']], { 'compression-type': 'zstd' }],
    [[['compat', 'v2']], { compat: '0.10' }],
    [
      [
        ['refcount_bits', '1'],
        ['cluster_size', '512'],
      ],
      { 'refcount-bits': 1 },
    ],
  ] as const) {
    await create(path, pairs);
    t.like(facts(path), expected);
    t.regex(tool('qemu-img', 'check', path), NO_ERRORS);
  }
});

test('preallocated images have all of their clusters, read as zeros and can be written', async (t) => {
  const path = join(directory(t), 'a.qcow2');
  for (const [mode, blocks] of [
    ['metadata', 0],
    ['falloc', 4 * MiB],
    ['full', 4 * MiB],
  ] as const) {
    await create(path, [['preallocation', mode]], 'qcow2', 4 * MiB + 512);
    t.true(statSync(path).blocks * 512 >= blocks, mode);
    t.true(statSync(path).size >= 4 * MiB, mode);
    t.regex(tool('qemu-img', 'check', path), /65\/65 = 100.00% allocated/);
    const node = await open(path);
    const view = new Uint8Array(node.bytes);
    await node.read(0, [view]);
    t.true(view.every((byte) => byte === 0));
    await node.write(MiB, [pattern(MiB)]);
    await node.close();
    t.regex(tool('qemu-img', 'check', path), NO_ERRORS);
    t.regex(tool('qemu-io', '-r', '-c', 'read -P 0 0 1M', path), /read 1048576/);
  }
  const raw = join(directory(t), 'a.raw');
  await create(raw, [['preallocation', 'falloc']], 'raw');
  t.true(statSync(raw).blocks * 512 >= 4 * MiB);
});

test('compressed clusters that we write are read by qemu-img, packed and of both kinds', async (t) => {
  const folder = directory(t);
  for (const type of ['zlib', 'zstd']) {
    const path = join(folder, `${type}.qcow2`);
    const raw = join(folder, `${type}.raw`);
    const contents = new Uint8Array(4 * MiB + 512);
    for (let at = 0; at < 3 * MiB; at += 4096) contents.fill(at >>> 12, at, at + 4096);
    // What cannot be packed is stored as it is.
    crypto.getRandomValues(contents.subarray(3 * MiB, 3 * MiB + 65536));
    writeFileSync(raw, contents);
    await create(path, [['compression_type', type]], 'qcow2', contents.length);
    const node = await open(path);
    const writes: Promise<void>[] = [];
    for (let at = 0; at < contents.length; at += 65536) {
      writes.push(node.writeCompressed(at, contents.subarray(at, at + 65536)));
    }
    await Promise.all(writes);
    await t.throwsAsync(node.writeCompressed(512, new Uint8Array(65536)), { code: 'ERR_BLOCK_RANGE' });
    // Over what is there already, and in part.
    await node.writeCompressed(65536, contents.subarray(0, 65536));
    await node.writeCompressed(65536, contents.subarray(65536, 131072));
    await node.write(10 * KiB, [contents.subarray(10 * KiB, 20 * KiB)]);
    await node.close();
    t.true(statSync(path).size < MiB);
    t.regex(tool('qemu-img', 'check', path), NO_ERRORS);
    t.regex(tool('qemu-img', 'compare', raw, path), /Images are identical/);
  }
});

test('a disk shrinks and grows, and what comes back is zeros', async (t) => {
  for (const options of ['cluster_size=64k', 'cluster_size=512', 'compat=0.10']) {
    const folder = directory(t);
    const path = join(folder, 'a.qcow2');
    const base = join(folder, 'base.raw');
    writeFileSync(base, pattern(6 * MiB, 2));
    tool('qemu-img', 'create', '-f', 'qcow2', '-o', options, '-b', base, '-F', 'raw', path, '8M');
    tool('qemu-io', '-c', 'write -P 1 3M 5M', path);
    const node = await open(path);
    await t.throwsAsync(node.resize(4 * MiB), { code: 'ERR_BLOCK_UNSUPPORTED' });
    await node.shrink(4 * MiB - 512);
    t.is(node.bytes, 4 * MiB - 512);
    // Of the smallest clusters refcounts lie everywhere, and stay.
    const most = options === 'cluster_size=512' ? 5.5 * MiB : 2 * MiB;
    t.true(statSync(path).size < most, `${options}: ${statSync(path).size}`);
    await node.resize(8 * MiB);
    const view = new Uint8Array(8 * MiB);
    await node.read(0, [view]);
    const expected = new Uint8Array(8 * MiB);
    expected.set(pattern(3 * MiB, 2));
    expected.fill(1, 3 * MiB, 4 * MiB - 512);
    t.true(equal(view, expected), options);
    await node.close();
    t.regex(tool('qemu-img', 'check', path), NO_ERRORS);
  }
});

test('lazy refcounts wait for the end, and a process that dies leaves an image that is repaired', async (t) => {
  const folder = directory(t);
  const path = join(folder, 'a.qcow2');
  await create(path, [['lazy_refcounts', 'on']]);
  const node = await open(path);
  await node.write(0, [pattern(MiB)]);
  await node.flush();
  const info = () => JSON.parse(tool('qemu-img', 'info', '-U', '--output=json', path));
  t.true(info()['dirty-flag']);
  // What there would be after a power cut now.
  const cut = join(folder, 'cut.qcow2');
  tool('qemu-img', 'convert', '-f', 'raw', '-O', 'raw', '-U', path, cut);
  await node.close();
  t.false(info()['dirty-flag']);
  t.regex(tool('qemu-img', 'check', path), NO_ERRORS);
  t.notRegex(tool('qemu-img', 'check', cut), NO_ERRORS);
  const repaired = await open(cut);
  const view = new Uint8Array(MiB);
  await repaired.read(0, [view]);
  t.true(equal(view, pattern(MiB)));
  await repaired.close();
  t.regex(tool('qemu-img', 'check', cut), NO_ERRORS);
});

test('lazy-refcounts of -drive goes before what the image says', async (t) => {
  const path = join(directory(t), 'a.qcow2');
  await create(path, []);
  const options = { format: 'qcow2', readOnly: false } as const;
  const node = await openImage(path, { ...options, driverOptions: [['lazy-refcounts', 'on']] });
  await node.write(0, [pattern(MiB)]);
  await node.flush();
  t.true(JSON.parse(tool('qemu-img', 'info', '-U', '--output=json', path))['dirty-flag']);
  await node.close();
  t.regex(tool('qemu-img', 'check', path), NO_ERRORS);
  await create(path, [['compat', '0.10']]);
  await t.throwsAsync(openImage(path, { ...options, driverOptions: [['lazy-refcounts', 'on']] }), {
    message: /Lazy refcounts require a qcow2 image with at least qemu 1.1/,
  });
});

test('features that we do not have are refused by name', async (t) => {
  const folder = directory(t);
  for (const [option, message] of [
    ['extended_l2=on', /extended L2 entries: not available/],
    [`data_file=${join(folder, 'data')}`, /external data files: not available/],
    ['encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10', /encryption method 2: not available/],
  ] as const) {
    const path = join(folder, 'a.qcow2');
    tool('qemu-img', 'create', '--object', 'secret,id=s,data=x', '-f', 'qcow2', '-o', option, path, '1M');
    await t.throwsAsync(open(path), { message, code: 'ERR_BLOCK_UNAVAILABLE' });
  }
});
