import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import type { BlockNode } from '../../src/block/block-node.ts';
import { FileNode } from '../../src/block/file-node.ts';
import { openImage } from '../../src/block/open-image.ts';
import { createQcow2, QCOW2_DEFAULTS, type Qcow2CreateOptions } from '../../src/block/qcow2/create-qcow2.ts';
import { directory, equal, KiB, MiB, pattern, tool } from './support/images.ts';

const NO_ERRORS = /No errors were found on the image/;

async function create(path: string, options: Partial<Qcow2CreateOptions> & { bytes: number }): Promise<void> {
  const file = FileNode.open(path, { readOnly: false, create: true });
  await createQcow2(file, {
    ...QCOW2_DEFAULTS,
    backingFile: undefined,
    backingFormat: undefined,
    ...options,
  });
  await file.close();
}

async function open(t: ExecutionContext, path: string, readOnly = false): Promise<BlockNode> {
  const node = await openImage(path, { format: undefined, readOnly, driverOptions: [] });
  let isOpen = true;
  const close = node.close.bind(node);
  Object.defineProperty(node, 'close', {
    value: async () => {
      if (isOpen) await close();
      isOpen = false;
    },
  });
  t.teardown(() => node.close());
  return node;
}

async function read(node: BlockNode, offset: number, bytes: number): Promise<Uint8Array> {
  const view = new Uint8Array(bytes);
  await node.read(offset, [view]);
  return view;
}

test('an image that qemu-img made and qemu-io wrote is read', async (t) => {
  for (const options of [
    'compat=0.10',
    'compat=1.1',
    'cluster_size=512',
    'cluster_size=2M',
    'refcount_bits=1',
  ]) {
    const path = join(directory(t), 'a.qcow2');
    tool('qemu-img', 'create', '-f', 'qcow2', '-o', options, path, '8M');
    tool(
      'qemu-io',
      '-f',
      'qcow2',
      '-c',
      'write -P 1 0 64k',
      '-c',
      'write -P 2 1000k 300k',
      '-c',
      'write -z 16k 16k',
      path,
    );
    const node = await open(t, path, true);
    t.is(node.bytes, 8 * MiB);
    t.true(
      (await read(node, 0, 16 * KiB)).every((byte) => byte === 1),
      options,
    );
    t.true(
      (await read(node, 16 * KiB, 16 * KiB)).every((byte) => byte === 0),
      options,
    );
    t.true(
      (await read(node, 32 * KiB, 32 * KiB)).every((byte) => byte === 1),
      options,
    );
    t.true(
      (await read(node, 1000 * KiB, 300 * KiB)).every((byte) => byte === 2),
      options,
    );
    t.true(
      (await read(node, 1300 * KiB, 6 * MiB)).every((byte) => byte === 0),
      options,
    );
    await node.close();
  }
});

test('compressed clusters are read, zlib and zstd, and can be overwritten', async (t) => {
  for (const type of ['zlib', 'zstd']) {
    const folder = directory(t);
    const raw = join(folder, 'a.raw');
    const path = join(folder, 'a.qcow2');
    const contents = pattern(MiB, 3);
    writeFileSync(raw, contents);
    tool('qemu-img', 'convert', '-c', '-O', 'qcow2', '-o', `compression_type=${type}`, raw, path);
    const node = await open(t, path);
    t.true(equal(await read(node, 0, MiB), contents), type);
    t.true(equal(await read(node, 100_000 - (100_000 % 512), 5120), contents.slice(99840, 104960)), type);
    await node.write(65536 + 512, [pattern(1024, 8)]);
    contents.set(pattern(1024, 8), 65536 + 512);
    await node.close();
    t.regex(tool('qemu-img', 'check', path), NO_ERRORS);
    writeFileSync(raw, contents);
    t.regex(tool('qemu-img', 'compare', raw, path), /Images are identical/);
  }
});

test('images that we make are sound, of every cluster size and refcount width', async (t) => {
  for (const [clusterBytes, refcountBits] of [
    [512, 1],
    [512, 64],
    [4096, 2],
    [4096, 32],
    [65536, 4],
    [65536, 8],
    [2 * MiB, 16],
  ] as const) {
    const path = join(directory(t), 'a.qcow2');
    await create(path, { bytes: 40 * MiB, clusterBytes, refcountBits });
    const node = await open(t, path);
    const data = pattern(200 * KiB, refcountBits);
    await node.write(3 * MiB + 512, [data.subarray(0, 1000), data.subarray(1000)]);
    await node.write(39 * MiB, [data.subarray(0, 4096)]);
    t.true(equal(await read(node, 3 * MiB + 512, data.length), data));
    await node.close();
    const name = `${clusterBytes} ${refcountBits}`;
    t.regex(tool('qemu-img', 'check', path), NO_ERRORS, name);
    const again = await open(t, path, true);
    t.true(equal(await read(again, 3 * MiB + 512, data.length), data), name);
  }
});

test('version 2 images are sound too', async (t) => {
  const path = join(directory(t), 'a.qcow2');
  await create(path, { bytes: 16 * MiB, version: 2 });
  const node = await open(t, path);
  await node.write(MiB, [pattern(MiB)]);
  await node.writeZeroes(MiB + 100 * 512, 400 * KiB, { mayUnmap: true });
  await node.close();
  t.regex(tool('qemu-img', 'check', path), NO_ERRORS);
  t.regex(tool('qemu-img', 'info', path), /compat: 0\.10/);
});

test('a refcount table that is full grows', async (t) => {
  const path = join(directory(t), 'a.qcow2');
  await create(path, { bytes: 64 * MiB, clusterBytes: 512, refcountBits: 64 });
  const node = await open(t, path);
  const data = pattern(3 * MiB, 2);
  for (let offset = 0; offset < data.length; offset += MiB) {
    await node.write(offset, [data.subarray(offset, offset + MiB)]);
  }
  await node.flush();
  t.true(equal(await read(node, 0, data.length), data));
  await node.close();
  t.regex(tool('qemu-img', 'check', path), /No errors were found|leaked/);
  t.notRegex(tool('qemu-img', 'check', path), /ERROR/);
});

test('a chain of backing files shows through', async (t) => {
  const folder = directory(t);
  const base = join(folder, 'base.raw');
  const contents = pattern(3 * MiB, 7);
  writeFileSync(base, contents);
  const middle = join(folder, 'middle.qcow2');
  const top = join(folder, 'top.qcow2');
  await create(middle, { bytes: 3 * MiB, backingFile: 'base.raw', backingFormat: 'raw' });
  await create(top, {
    bytes: 4 * MiB,
    backingFile: 'middle.qcow2',
    backingFormat: 'qcow2',
    clusterBytes: 4096,
  });
  const writer = await open(t, middle);
  await writer.write(MiB + 512, [pattern(2048, 1)]);
  contents.set(pattern(2048, 1), MiB + 512);
  await writer.close();
  const node = await open(t, top);
  await node.write(2 * MiB - 512, [pattern(1024, 2)]);
  contents.set(pattern(1024, 2), 2 * MiB - 512);
  t.true(equal(await read(node, 0, 3 * MiB), contents));
  t.true((await read(node, 3 * MiB, MiB)).every((byte) => byte === 0));
  await node.close();
  t.regex(tool('qemu-img', 'check', top), NO_ERRORS);
  t.regex(tool('qemu-img', 'info', top), /backing file: middle\.qcow2/);
  const flat = join(folder, 'flat.raw');
  tool('qemu-img', 'convert', '-O', 'raw', top, flat);
  t.true(equal(readFileSync(flat).slice(0, 3 * MiB), contents));
  t.true(equal(readFileSync(base), pattern(3 * MiB, 7)));
});

test('a missing backing file is named', async (t) => {
  const path = join(directory(t), 'a.qcow2');
  await create(path, { bytes: MiB, backingFile: '/nowhere/base', backingFormat: 'raw' });
  await t.throwsAsync(open(t, path), {
    message: "Could not open backing file '/nowhere/base': No such file or directory",
  });
});

test('internal snapshots of QEMU survive our writes', async (t) => {
  const path = join(directory(t), 'a.qcow2');
  tool('qemu-img', 'create', '-f', 'qcow2', path, '8M');
  tool('qemu-io', '-c', 'write -P 1 0 1M', path);
  tool('qemu-img', 'snapshot', '-c', 'one', path);
  const node = await open(t, path);
  await node.write(64 * KiB, [new Uint8Array(128 * KiB).fill(9)]);
  t.true((await read(node, 0, 64 * KiB)).every((byte) => byte === 1));
  t.true((await read(node, 64 * KiB, 128 * KiB)).every((byte) => byte === 9));
  await node.close();
  t.regex(tool('qemu-img', 'check', path), NO_ERRORS);
  tool('qemu-img', 'snapshot', '-a', 'one', path);
  t.notRegex(tool('qemu-io', '-c', 'read -P 1 0 1M', path), /failed/);
});

test('a longer disk has zeros at its end; a shorter one is refused', async (t) => {
  const path = join(directory(t), 'a.qcow2');
  await create(path, { bytes: MiB, clusterBytes: 512 });
  const node = await open(t, path);
  await node.write(MiB - 512, [pattern(512)]);
  await node.resize(64 * MiB);
  t.is(node.bytes, 64 * MiB);
  await node.write(63 * MiB, [pattern(4096)]);
  t.deepEqual(await read(node, 63 * MiB, 4096), pattern(4096));
  t.deepEqual(await read(node, MiB - 512, 512), pattern(512));
  await t.throwsAsync(node.resize(MiB), { message: /cannot shrink/ });
  await node.close();
  t.regex(tool('qemu-img', 'check', path), NO_ERRORS);
  t.regex(tool('qemu-img', 'info', path), /virtual size: 64 MiB/);
});

test('discarded clusters are used again', async (t) => {
  const path = join(directory(t), 'a.qcow2');
  await create(path, { bytes: 64 * MiB });
  const node = await open(t, path);
  for (let round = 0; round < 8; round++) {
    await node.write(round * 4 * MiB, [pattern(4 * MiB, round)]);
    await node.discard(round * 4 * MiB, 4 * MiB);
    await node.flush();
  }
  t.true((await read(node, 0, MiB)).every((byte) => byte === 0));
  await node.close();
  t.true(readFileSync(path).length < 6 * MiB);
  t.regex(tool('qemu-img', 'check', path), NO_ERRORS);
});

test('images that are corrupt are not written; those that were not closed are repaired', async (t) => {
  const path = join(directory(t), 'a.qcow2');
  await create(path, { bytes: MiB });
  const image = readFileSync(path);
  image[79] = 2;
  writeFileSync(path, image);
  await t.throwsAsync(open(t, path), { message: /is corrupt/ });
  await t.notThrowsAsync(open(t, path, true));
  image[79] = 1;
  // The refcount of the L1 table's cluster, which is too high now.
  image[2 * 65536 + 7] = 2;
  writeFileSync(path, image);
  await (await open(t, path)).close();
  t.regex(tool('qemu-img', 'check', path), NO_ERRORS);
  t.is(JSON.parse(tool('qemu-img', 'info', '--output=json', path))['dirty-flag'], false);
});

test('a table that leads astray marks the image and spoils nothing', async (t) => {
  const path = join(directory(t), 'a.qcow2');
  await create(path, { bytes: MiB });
  const filled = await open(t, path);
  await filled.write(0, [pattern(65536)]);
  await filled.close();
  const image = readFileSync(path);
  const l1 = Number(image.readBigUInt64BE(40));
  const l2 = Number(image.readBigUInt64BE(l1) & 0x00fffffffffffe00n);
  image.writeBigUInt64BE(0x8000000000000000n | 0x12345200n, l2);
  writeFileSync(path, image);
  const node = await open(t, path);
  await t.throwsAsync(read(node, 0, 512), { code: 'ERR_BLOCK_CORRUPT' });
  await t.throwsAsync(node.write(0, [new Uint8Array(512)]), { code: 'ERR_BLOCK_CORRUPT' });
  await node.close();
  t.is(readFileSync(path)[79], 2);
});

const SIZE = 256 * KiB;
const step = fc.record({
  kind: fc.constantFrom('write', 'zero', 'discard', 'flush', 'reopen'),
  sector: fc.nat({ max: SIZE / 512 - 1 }),
  sectors: fc.integer({ min: 1, max: 64 }),
  seed: fc.nat({ max: 255 }),
});

test('random requests on a random chain give what an array gives', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 40 }),
      fc.constantFrom(512, 1024, 4096, 65536),
      fc.boolean(),
      async (steps, clusterBytes, isV3) => {
        const folder = directory(t);
        const path = join(folder, 'a.qcow2');
        const model = pattern(SIZE, 11);
        writeFileSync(join(folder, 'base'), model);
        await create(path, {
          bytes: SIZE,
          clusterBytes,
          version: isV3 ? 3 : 2,
          backingFile: 'base',
          backingFormat: 'raw',
        });
        let node = await open(t, path);
        for (const { kind, sector, sectors, seed } of steps) {
          const offset = sector * 512;
          const bytes = Math.min(sectors * 512, SIZE - offset);
          if (kind === 'write') {
            await node.write(offset, [pattern(bytes, seed)]);
            model.set(pattern(bytes, seed), offset);
          } else if (kind === 'zero') {
            await node.writeZeroes(offset, bytes, { mayUnmap: true });
            model.fill(0, offset, offset + bytes);
          } else if (kind === 'discard') {
            await node.discard(offset, bytes);
            const after = await read(node, 0, SIZE);
            const isSound = after.every(
              (byte, at) => byte === model[at] || (byte === 0 && at >= offset - (offset % clusterBytes)),
            );
            if (!isSound) return false;
            model.set(after);
          } else if (kind === 'flush') {
            await node.flush();
          } else {
            await node.close();
            node = await open(t, path);
          }
        }
        const same = Buffer.from(await read(node, 0, SIZE)).equals(model);
        await node.close();
        return same && NO_ERRORS.test(tool('qemu-img', 'check', path));
      },
    ),
    { numRuns: 12 },
  );
  t.pass();
});
