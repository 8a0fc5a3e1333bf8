import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { FileNode } from '../../src/block/file-node.ts';
import { checkQcow2, type Repair } from '../../src/block/qcow2/check-qcow2.ts';
import { Qcow2Node } from '../../src/block/qcow2/qcow2-node.ts';
import { directory, tool } from './support/images.ts';

const NO_ERRORS = /No errors were found on the image/;

async function check(path: string, repair: Repair = 'none') {
  const lines: string[] = [];
  const file = FileNode.open(path, { readOnly: repair === 'none' });
  try {
    const header = await Qcow2Node.header(file);
    const { report } = await checkQcow2(file, header, repair, (line) => lines.push(line));
    return { report, lines };
  } finally {
    await file.close();
  }
}

/** What qemu-img says of an image, under our names. */
function theirs(path: string) {
  const found = JSON.parse(/^\{.*?^\}/ms.exec(tool('qemu-img', 'check', '--output=json', path))?.[0] ?? '');
  return {
    corruptions: found['corruptions'] ?? 0,
    leaks: found['leaks'] ?? 0,
    corruptionsFixed: 0,
    leaksFixed: 0,
    imageEndOffset: found['image-end-offset'],
    totalClusters: found['total-clusters'],
    allocatedClusters: found['allocated-clusters'] ?? 0,
    fragmentedClusters: found['fragmented-clusters'] ?? 0,
    compressedClusters: found['compressed-clusters'] ?? 0,
  };
}

function image(path: string, options = 'cluster_size=4k'): void {
  tool('qemu-img', 'create', '-f', 'qcow2', '-o', options, path, '2M');
  tool('qemu-io', '-c', 'write 0 100k', '-c', 'write -c 128k 4k', '-c', 'write 1M 300k', path);
  tool('qemu-img', 'snapshot', '-c', 'one', path);
  tool('qemu-io', '-c', 'write 50k 100k', '-c', 'write -z 1M 64k', '-c', 'discard 1200k 64k', path);
}

test('sound images have the figures that qemu-img gives', async (t) => {
  for (const options of ['cluster_size=4k', 'cluster_size=64k', 'compat=0.10', 'refcount_bits=64']) {
    const path = join(directory(t), 'a.qcow2');
    image(path, options);
    const { report, lines } = await check(path);
    t.deepEqual(lines, []);
    t.deepEqual<object, object>(report, theirs(path), options);
  }
});

test('an image with persistent bitmaps has no leaks', async (t) => {
  const path = join(directory(t), 'a.qcow2');
  image(path);
  tool('qemu-img', 'bitmap', '--add', '-g', '64k', path, 'dirt');
  tool('qemu-io', '-c', 'write 0 64k', path);
  t.deepEqual<object, object>((await check(path)).report, theirs(path));
});

test('wrong refcounts and flags are found as qemu-img finds them, and repaired so that it finds nothing', async (t) => {
  const folder = directory(t);
  const sound = join(folder, 'sound.qcow2');
  const path = join(folder, 'broken.qcow2');
  image(sound);
  const bytes = readFileSync(sound);
  const table = Number(bytes.readBigUInt64BE(48));
  const block = Number(bytes.readBigUInt64BE(table));
  const l1 = Number(bytes.readBigUInt64BE(40));
  const l2 = Number(bytes.readBigUInt64BE(l1) & 0x00fffffffffffe00n);
  const change = fc.record({
    place: fc.constantFrom(block, l2),
    entry: fc.nat({ max: 40 }),
    bit: fc.nat({ max: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
      const broken = Buffer.from(bytes);
      for (const { place, entry, bit } of changes) {
        if (place === block)
          broken[block + 2 * entry + 1] = (broken[block + 2 * entry + 1] ?? 0) ^ (1 << bit);
        else broken[l2 + 8 * entry] = (broken[l2 + 8 * entry] ?? 0) ^ 0x80;
      }
      writeFileSync(path, broken);
      const [ours, expected] = [(await check(path)).report, theirs(path)];
      if (JSON.stringify(ours) !== JSON.stringify(expected)) {
        throw new Error(`${JSON.stringify(ours)} instead of ${JSON.stringify(expected)}`);
      }
      const { report } = await check(path, 'all');
      const found = tool('qemu-img', 'check', path);
      if (report.corruptions + report.leaks !== 0 || !NO_ERRORS.test(found)) {
        throw new Error(`${JSON.stringify(report)} and then ${found}`);
      }
    }),
    { numRuns: 30 },
  );
  t.pass();
});

test('leaks alone are repaired when that is asked for', async (t) => {
  const path = join(directory(t), 'a.qcow2');
  tool('qemu-img', 'create', '-f', 'qcow2', path, '2M');
  tool('qemu-io', '-c', 'write 0 1M', path);
  const bytes = readFileSync(path);
  const block = Number(bytes.readBigUInt64BE(Number(bytes.readBigUInt64BE(48))));
  bytes.writeUInt16BE(3, block + 2 * 7);
  bytes.writeUInt16BE(0, block + 2 * 8);
  writeFileSync(path, bytes);
  const { report } = await check(path, 'leaks');
  // The cluster that counts as free, and the entry that says that its refcount is 1.
  t.like(report, { corruptions: 2, leaks: 0, leaksFixed: 1, corruptionsFixed: 0 });
  t.like(theirs(path), { corruptions: 2, leaks: 0 });
});

test('refcounts that lead nowhere are made anew', async (t) => {
  const path = join(directory(t), 'a.qcow2');
  image(path);
  const bytes = readFileSync(path);
  bytes.writeBigUInt64BE(0x7654321000n, Number(bytes.readBigUInt64BE(48)));
  writeFileSync(path, bytes);
  t.true((await check(path)).report.corruptions > 0);
  const { report, lines } = await check(path, 'all');
  t.true(lines.includes('Rebuilding refcount structure'));
  t.is(report.corruptions, 0);
  t.regex(tool('qemu-img', 'check', path), NO_ERRORS);
  t.like((await check(path)).report, { corruptions: 0, leaks: 0 });
});
