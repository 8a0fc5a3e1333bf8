import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { openImage } from '../../src/block/open-image.ts';
import { Qcow2Node } from '../../src/block/qcow2/qcow2-node.ts';
import { directory, KiB, MiB, tool } from './support/images.ts';

const OFFSET = 0x00fffffffffffe00n;
const COPIED = 1n << 63n;

function u64(bytes: Uint8Array, at: number): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(at);
}

async function open(path: string): Promise<Qcow2Node> {
  const node = await openImage(path, { format: 'qcow2', readOnly: false, driverOptions: [] });
  if (!(node instanceof Qcow2Node)) throw new Error('no qcow2');
  return node;
}

/** An image with data and a snapshot, and where its tables are. */
function image(path: string) {
  tool('qemu-img', 'create', '-f', 'qcow2', path, '4M');
  tool('qemu-io', '-c', 'write 0 256k', path);
  tool('qemu-img', 'snapshot', '-c', 'one', path);
  tool('qemu-io', '-c', 'write 0 256k', path);
  const bytes = Uint8Array.from(readFileSync(path));
  const [l1, table, snapshots] = [40, 48, 64].map((at) => u64(bytes, at)) as [bigint, bigint, bigint];
  return {
    bytes,
    tables: {
      header: 0n,
      'L1 table': l1,
      'L2 table': u64(bytes, Number(l1)) & OFFSET,
      'refcount table': table,
      'refcount block': u64(bytes, Number(table)),
      'snapshot table': snapshots,
      "snapshot's L1 table": u64(bytes, Number(snapshots)),
    },
  };
}

test('data that would be written over a table marks the image as corrupt and leaves the table as it was', async (t) => {
  const path = join(directory(t), 'a.qcow2');
  const { bytes, tables } = image(path);
  const l2 = Number(tables['L2 table']);
  for (const [name, place] of Object.entries(tables)) {
    // An entry without a place is none at all.
    if (place === 0n) continue;
    const broken = Buffer.from(bytes);
    broken.writeBigUInt64BE(place | COPIED, l2);
    writeFileSync(path, broken);
    const node = await open(path);
    await t.throwsAsync(
      node.write(0, [new Uint8Array(64 * KiB).fill(7)]),
      { code: 'ERR_BLOCK_CORRUPT' },
      name,
    );
    await t.throwsAsync(node.write(MiB, [new Uint8Array(512)]), { message: /not written any more/ });
    await node.close();
    const after = readFileSync(path);
    t.is(after[79], 2, name);
    t.true(after.subarray(512).equals(broken.subarray(512)), name);
    t.true(JSON.parse(tool('qemu-img', 'info', '--output=json', path))['format-specific'].data.corrupt);
  }
});

test('a table that counts as free is not given to data', async (t) => {
  const path = join(directory(t), 'a.qcow2');
  const { bytes, tables } = image(path);
  for (const [name, place] of Object.entries(tables)) {
    const broken = Buffer.from(bytes);
    broken.writeUInt16BE(0, Number(tables['refcount block']) + 2 * Number(place / 65536n));
    writeFileSync(path, broken);
    const node = await open(path);
    await t.throwsAsync(
      node.write(2 * MiB, [new Uint8Array(64 * KiB)]),
      { message: /counts as free and is/ },
      name,
    );
    await node.close();
    t.is(readFileSync(path)[79], 2, name);
  }
});

test('what a guest discards is given back to the host, once nothing refers to it', async (t) => {
  const path = join(directory(t), 'a.qcow2');
  tool('qemu-img', 'create', '-f', 'qcow2', path, '16M');
  const node = await open(path);
  await node.write(0, [new Uint8Array(8 * MiB).fill(1)]);
  await node.write(8 * MiB, [new Uint8Array(4 * MiB).fill(2)]);
  await node.flush();
  const before = statSync(path).blocks * 512;
  await node.discard(MiB, 4 * MiB);
  await node.flush();
  t.true(statSync(path).blocks * 512 <= before - 4 * MiB);
  const view = new Uint8Array(4 * MiB);
  await node.read(8 * MiB, [view]);
  t.true(view.every((byte) => byte === 2));
  const facts = { dateSeconds: 0, dateNanoseconds: 0, vmClockNs: 0n, vmStateBytes: 0, icount: undefined };
  await node.createSnapshot({ name: 'one', ...facts });
  await node.write(8 * MiB, [new Uint8Array(4 * MiB).fill(3)]);
  await node.flush();
  const withSnapshot = statSync(path).blocks * 512;
  await node.deleteSnapshot('one');
  t.true(statSync(path).blocks * 512 <= withSnapshot - 3 * MiB);
  await node.read(8 * MiB, [view]);
  t.true(view.every((byte) => byte === 3));
  await node.close();
  t.regex(tool('qemu-img', 'check', path), /No errors/);
});
