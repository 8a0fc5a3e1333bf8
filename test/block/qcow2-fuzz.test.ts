import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { checkQcow2 } from '../../src/block/qcow2/check-qcow2.ts';
import { Qcow2Node } from '../../src/block/qcow2/qcow2-node.ts';
import { TroupeError } from '../../src/errors/troupe-error.ts';
import { directory, KiB, tool } from './support/images.ts';
import { VolatileFile } from './support/volatile-file.ts';

/** A few in CI; TROUPE_FUZZ_RUNS=100000 for a campaign by hand. */
const RUNS = Number(process.env['TROUPE_FUZZ_RUNS'] ?? 400);
const READ_BYTES = 256 * KiB;
/** No image of a few hundred KiB may make us need more than that for it. */
const MOST_MEMORY = 1024 * 1024 * KiB;
const MOST_SECONDS = 60;

const FACTS = { name: 'x', dateSeconds: 0, dateNanoseconds: 0, vmClockNs: 0n, vmStateBytes: 0, icount: 0n };

async function open(file: VolatileFile): Promise<Qcow2Node> {
  return Qcow2Node.open(file, undefined, await Qcow2Node.header(file));
}

/** What can be done with an image. */
const USES: Readonly<Record<string, (file: VolatileFile) => Promise<unknown>>> = {
  io: async (file) => {
    const node = await open(file);
    const bytes = Math.min(READ_BYTES, node.bytes);
    node.setKey('x');
    await node.read(0, [new Uint8Array(bytes)]);
    await node.write(0, [new Uint8Array(Math.min(4096, node.bytes))]);
    await node.status(0, Math.max(1, bytes));
    await node.close();
  },
  compress: async (file) => {
    const node = await open(file);
    await node.writeCompressed(0, new Uint8Array(node.clusterBytes));
    await node.writeCompressed(node.clusterBytes, new Uint8Array(node.clusterBytes));
    await node.close();
  },
  snapshots: async (file) => {
    const node = await open(file);
    const [first] = node.snapshots;
    await node.createSnapshot(FACTS);
    if (first !== undefined) await node.applySnapshot(first.id);
    await node.write(0, [new Uint8Array(Math.min(4096, node.bytes))]);
    if (first !== undefined) await node.deleteSnapshot(first.id);
    await node.close();
  },
  resize: async (file) => {
    const node = await open(file);
    await node.shrink(512);
    await node.resize(64 * KiB);
    await node.makeEmpty();
    await node.close();
  },
  check: async (file) => checkQcow2(file, await Qcow2Node.header(file), 'none', () => undefined),
  repair: async (file) => {
    const { header } = await checkQcow2(file, await Qcow2Node.header(file), 'all', () => undefined);
    await checkQcow2(file, header, 'none', () => undefined);
  },
  backing: async (file) => {
    const node = await open(file);
    await node.changeBacking('elsewhere', 'raw');
    await node.close();
  },
};

/** @returns what it ended with, if that is not an error of ours */
async function use(image: Uint8Array, name: string): Promise<unknown> {
  try {
    await USES[name]?.(new VolatileFile(image));
    return undefined;
  } catch (error) {
    return error instanceof TroupeError ? undefined : error;
  }
}

/** Places of an image that mean something: its header, and the beginnings of its tables. */
function places(image: Uint8Array): readonly number[] {
  const view = new DataView(image.buffer);
  const cluster = 2 ** view.getUint32(20);
  const offsets = [40, 48, 64].map((at) => Number(view.getBigUint64(at)));
  const [l1 = 0, table = 0] = offsets;
  const below = [l1, table].map((at) => Number(view.getBigUint64(at) & 0x00fffffffffffe00n));
  return [0, ...offsets, ...below, cluster].filter((at) => at < image.length);
}

test('a mutated image is used, repaired or refused with an error of ours, in bounded time and memory', async (t) => {
  const folder = directory(t);
  const images = ['cluster_size=512', 'cluster_size=4k,lazy_refcounts=on', 'compat=0.10,cluster_size=1k'].map(
    (options, index) => {
      const path = join(folder, `${index}.qcow2`);
      tool('qemu-img', 'create', '-f', 'qcow2', '-o', options, path, '2M');
      tool('qemu-io', '-c', 'write 0 64k', '-c', 'write 100k 10k', '-c', 'write -c 128k 4k', path);
      tool('qemu-img', 'snapshot', '-c', 'first', path);
      tool('qemu-io', '-c', 'write 30k 20k', path);
      tool('qemu-img', 'snapshot', '-c', 'second', path);
      return Uint8Array.from(readFileSync(path));
    },
  );
  const mutation = fc.record({
    place: fc.nat({ max: 10 }),
    offset: fc.oneof(fc.nat({ max: 112 }), fc.nat({ max: 2048 })),
    bytes: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 8 }),
      fc.constantFrom(
        new Uint8Array(8).fill(255),
        new Uint8Array(8),
        new Uint8Array([0x80, 0, 0, 0, 0, 0, 2, 0]),
        new Uint8Array([0x7f, 255, 255, 255]),
      ),
    ),
  });
  const before = process.memoryUsage().arrayBuffers;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...images),
      fc.constantFrom(...Object.keys(USES)),
      fc.array(mutation, { minLength: 1, maxLength: 4 }),
      async (image, name, mutations) => {
        const known = places(image);
        const mutated = image.slice();
        for (const { place, offset, bytes } of mutations) {
          mutated.set(
            bytes,
            Math.min((known[place % known.length] ?? 0) + offset, mutated.length - bytes.length),
          );
        }
        const start = process.hrtime.bigint();
        const strange = await use(mutated, name);
        if (strange !== undefined) throw strange;
        const seconds = Number(process.hrtime.bigint() - start) / 1e9;
        if (seconds > MOST_SECONDS) throw new Error(`${name} took ${seconds} s`);
        if (process.memoryUsage().arrayBuffers - before > MOST_MEMORY)
          throw new Error(`${name} took much memory`);
      },
    ),
    { numRuns: RUNS },
  );
  t.pass();
});
