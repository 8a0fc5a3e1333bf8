import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { BlockError } from '../../src/block/block-error.ts';
import { FileNode } from '../../src/block/file-node.ts';
import { createQcow2, QCOW2_DEFAULTS } from '../../src/block/qcow2/create-qcow2.ts';
import type { NewSnapshot } from '../../src/block/qcow2/internal-snapshots.ts';
import { Qcow2Node } from '../../src/block/qcow2/qcow2-node.ts';
import { directory, equal, KiB, MiB, pattern, tool } from './support/images.ts';

const NO_ERRORS = /No errors were found on the image/;
const SIZE = 256 * KiB;

function facts(name: string, vmStateBytes = 0): NewSnapshot {
  return {
    name,
    vmStateBytes,
    dateSeconds: 1_700_000_000,
    dateNanoseconds: 5,
    vmClockNs: 90_061_500_000_000n,
    icount: undefined,
  };
}

async function open(path: string): Promise<Qcow2Node> {
  const file = FileNode.open(path, { readOnly: false });
  return Qcow2Node.open(file, undefined, await Qcow2Node.header(file));
}

async function read(node: Qcow2Node, offset = 0, bytes = node.bytes): Promise<Uint8Array> {
  const view = new Uint8Array(bytes);
  await node.read(offset, [view]);
  return view;
}

function isFull(error: unknown): boolean {
  return error instanceof BlockError && error.code === 'ERR_BLOCK_UNSUPPORTED';
}

const step = fc.record({
  kind: fc.constantFrom('write', 'write', 'write', 'compress', 'zero', 'create', 'apply', 'delete', 'flush'),
  sector: fc.nat({ max: SIZE / 512 - 1 }),
  sectors: fc.integer({ min: 1, max: 60 }),
  seed: fc.nat({ max: 255 }),
});

test('random requests and snapshots give what arrays give, and qemu-img finds nothing wrong', async (t) => {
  const folder = directory(t);
  let images = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 4, maxLength: 30 }),
      fc.constantFrom(
        'cluster_size=512',
        'cluster_size=4k,lazy_refcounts=on',
        'compat=0.10',
        'refcount_bits=4',
      ),
      async (steps, options) => {
        images += 1;
        const path = join(folder, `${images}.qcow2`);
        tool('qemu-img', 'create', '-f', 'qcow2', '-o', options, path, String(SIZE));
        const node = await open(path);
        let model = new Uint8Array(SIZE);
        const taken = new Map<string, Uint8Array>();
        for (const { kind, sector, sectors, seed } of steps) {
          const offset = sector * 512;
          const bytes = Math.min(sectors * 512, SIZE - offset);
          const id = [...taken.keys()][seed % Math.max(1, taken.size)];
          if (kind === 'write') {
            await node.write(offset, [pattern(bytes, seed)]);
            model.set(pattern(bytes, seed), offset);
          } else if (kind === 'compress') {
            const start = Math.floor(offset / node.clusterBytes) * node.clusterBytes;
            const contents = new Uint8Array(Math.min(node.clusterBytes, SIZE - start)).fill(seed);
            await node.writeCompressed(start, contents);
            model.set(contents, start);
          } else if (kind === 'zero') {
            await node.writeZeroes(offset, bytes, { mayUnmap: true });
            model.fill(0, offset, offset + bytes);
          } else if (kind === 'create' && taken.size < 2) {
            // Packed clusters share one of the file, whose refcount may be full.
            const made = await node.createSnapshot(facts(`s${seed}`)).catch((error: unknown) => {
              if (!isFull(error)) throw error;
            });
            if (made !== undefined) taken.set(made.id, model.slice());
          } else if (kind === 'apply' && id !== undefined) {
            // For a moment there is one reference more than before and after.
            const applied = await node.applySnapshot(id).then(
              () => true,
              (error: unknown) => {
                if (!isFull(error)) throw error;
                return false;
              },
            );
            if (applied) model = taken.get(id)?.slice() ?? model;
          } else if (kind === 'delete' && id !== undefined) {
            await node.deleteSnapshot(id);
            taken.delete(id);
          } else if (kind === 'flush') {
            await node.flush();
          }
        }
        const isRight = equal(await read(node), model);
        await node.close();
        const found = tool('qemu-img', 'check', path);
        if (!NO_ERRORS.test(found)) throw new Error(`${options}: ${found}`);
        return isRight;
      },
    ),
    { numRuns: 40 },
  );
  t.pass();
});

test('qemu-img lists, applies and deletes the snapshots that we take', async (t) => {
  const path = join(directory(t), 'a.qcow2');
  tool('qemu-img', 'create', '-f', 'qcow2', path, '4M');
  const node = await open(path);
  await node.write(MiB, [pattern(MiB, 1)]);
  t.is((await node.createSnapshot(facts('eins'))).id, '1');
  await node.write(MiB, [pattern(MiB, 2)]);
  await node.createSnapshot(facts('zwei'));
  await node.write(2 * MiB, [pattern(MiB, 3)]);
  await node.close();
  t.regex(tool('qemu-img', 'snapshot', '-l', path), /^1 +eins +0 B .* 25:01:01\.500 *\n2 +zwei/m);
  tool('qemu-img', 'snapshot', '-a', 'eins', path);
  t.regex(tool('qemu-img', 'check', path), NO_ERRORS);
  const applied = await open(path);
  t.true(equal(await read(applied, MiB, MiB), pattern(MiB, 1)));
  await applied.applySnapshot('zwei');
  t.true(equal(await read(applied, MiB, MiB), pattern(MiB, 2)));
  t.true((await read(applied, 2 * MiB, MiB)).every((byte) => byte === 0));
  await applied.close();
  tool('qemu-img', 'snapshot', '-d', 'eins', path);
  t.regex(tool('qemu-img', 'check', path), NO_ERRORS);
});

test('snapshots that qemu-img took are applied, with the length that the disk had, and deleted', async (t) => {
  const path = join(directory(t), 'a.qcow2');
  tool('qemu-img', 'create', '-f', 'qcow2', path, '1M');
  tool('qemu-io', '-c', 'write -P 1 0 1M', path);
  tool('qemu-img', 'snapshot', '-c', 'short', path);
  tool('qemu-img', 'resize', path, '700M');
  tool('qemu-io', '-c', 'write -P 2 0 1M', '-c', 'write -P 3 600M 1M', path);
  const node = await open(path);
  t.deepEqual(
    node.snapshots.map(({ id, name, diskBytes }) => ({ id, name, diskBytes })),
    [{ id: '1', name: 'short', diskBytes: MiB }],
  );
  await node.createSnapshot(facts('long'));
  await node.applySnapshot('short');
  t.is(node.bytes, MiB);
  t.true((await read(node)).every((byte) => byte === 1));
  await node.deleteSnapshot('short');
  await node.applySnapshot('long');
  t.is(node.bytes, 700 * MiB);
  t.true((await read(node, 600 * MiB, MiB)).every((byte) => byte === 3));
  await t.throwsAsync(node.deleteSnapshot('short'), { code: 'ERR_BLOCK_NO_SNAPSHOT' });
  await node.close();
  t.regex(tool('qemu-img', 'check', path), NO_ERRORS);
});

test('a saved machine lies behind the disk and goes with its snapshot', async (t) => {
  const path = join(directory(t), 'a.qcow2');
  tool('qemu-img', 'create', '-f', 'qcow2', path, '4M');
  const node = await open(path);
  const saved = pattern(3 * MiB + 700, 9);
  for (let at = 0; at < saved.length; at += 100_000) {
    await node.writeVmState(at, [saved.subarray(at, at + 100_000)]);
  }
  await node.createSnapshot(facts('vm', saved.length));
  await node.close();
  t.regex(tool('qemu-img', 'check', path), NO_ERRORS);
  t.is(
    JSON.parse(tool('qemu-img', 'info', '--output=json', path)).snapshots[0]['vm-state-size'],
    saved.length,
  );
  const again = await open(path);
  await again.write(0, [pattern(MiB)]);
  await again.applySnapshot('vm');
  const loaded = new Uint8Array(saved.length);
  await again.readVmState(0, [loaded]);
  t.true(equal(loaded, saved));
  await again.deleteSnapshot('vm');
  await again.close();
  t.regex(tool('qemu-img', 'check', path), NO_ERRORS);
});

test('refcounts that are too narrow for a snapshot leave the image as it was', async (t) => {
  const path = join(directory(t), 'a.qcow2');
  const file = FileNode.open(path, { readOnly: false, create: true });
  await createQcow2(file, {
    ...QCOW2_DEFAULTS,
    refcountBits: 1,
    bytes: MiB,
    backingFile: undefined,
    backingFormat: undefined,
  });
  await file.close();
  const node = await open(path);
  await node.write(0, [pattern(MiB)]);
  await node.flush();
  const before = readFileSync(path);
  await t.throwsAsync(node.createSnapshot(facts('one')), { message: /has 1 references, and 1 is the most/ });
  await node.close();
  t.true(before.equals(readFileSync(path)));
});
