import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { openImage } from '../../src/block/open-image.ts';
import { Qcow2Node } from '../../src/block/qcow2/qcow2-node.ts';
import { directory, equal, KiB, pattern, tool } from './support/images.ts';

const SIZE = 1024 * KiB;
const UNIT = 4 * KiB;

const request = fc.record({
  kind: fc.constantFrom('write', 'write', 'write', 'packed', 'zero', 'unmap', 'snapshot', 'apply', 'delete'),
  unit: fc.nat({ max: SIZE / UNIT - 1 }),
  units: fc.integer({ min: 1, max: 40 }),
  byte: fc.integer({ min: 1, max: 255 }),
});
type Request = typeof request extends fc.Arbitrary<infer T> ? T : never;

interface Model {
  disk: Uint8Array;
  readonly snapshots: Map<string, Uint8Array>;
}

function range({ kind, unit, units }: Request): readonly [offset: number, bytes: number] {
  const offset = unit * UNIT;
  return [offset, kind === 'packed' ? UNIT : Math.min(units * UNIT, SIZE - offset)];
}

/** What a request does. @returns the name of the snapshot that it is about */
function apply(model: Model, asked: Request): string | undefined {
  const [offset, bytes] = range(asked);
  const names = [...model.snapshots.keys()];
  const name = names[asked.byte % Math.max(1, names.length)];
  if (asked.kind === 'write' || asked.kind === 'packed') model.disk.fill(asked.byte, offset, offset + bytes);
  else if (asked.kind === 'zero' || asked.kind === 'unmap') model.disk.fill(0, offset, offset + bytes);
  else if (asked.kind === 'snapshot') {
    const fresh = `s${asked.byte}`;
    if (model.snapshots.has(fresh)) return undefined;
    model.snapshots.set(fresh, model.disk.slice());
    return fresh;
  } else if (asked.kind === 'apply' && name !== undefined)
    model.disk = (model.snapshots.get(name) ?? model.disk).slice();
  else if (asked.kind === 'delete' && name !== undefined) model.snapshots.delete(name);
  return name;
}

async function byUs(path: string, asked: Request, name: string | undefined): Promise<void> {
  const node = await openImage(path, { format: 'qcow2', readOnly: false, driverOptions: [] });
  if (!(node instanceof Qcow2Node)) throw new Error('no qcow2');
  const [offset, bytes] = range(asked);
  if (asked.kind === 'write') await node.write(offset, [new Uint8Array(bytes).fill(asked.byte)]);
  else if (asked.kind === 'packed')
    await node.writeCompressed(offset, new Uint8Array(bytes).fill(asked.byte));
  else if (asked.kind === 'zero' || asked.kind === 'unmap')
    await node.writeZeroes(offset, bytes, { mayUnmap: true });
  else if (name !== undefined && asked.kind === 'snapshot') {
    const facts = { dateSeconds: 0, dateNanoseconds: 0, vmClockNs: 0n, vmStateBytes: 0, icount: undefined };
    await node.createSnapshot({ name, ...facts });
  } else if (name !== undefined && asked.kind === 'apply') await node.applySnapshot(name);
  else if (name !== undefined && asked.kind === 'delete') await node.deleteSnapshot(name);
  await node.close();
}

function byQemu(path: string, asked: Request, name: string | undefined): void {
  const [offset, bytes] = range(asked);
  const io = (command: string) => {
    const { status, stdout, stderr } = spawnSync('qemu-io', ['-f', 'qcow2', '-c', command, path], {
      encoding: 'utf8',
    });
    if (status !== 0 || /failed|error/i.test(stdout)) throw new Error(`${command}: ${stdout}${stderr}`);
  };
  if (asked.kind === 'write') io(`write -P ${asked.byte} ${offset} ${bytes}`);
  // qemu-io does not compress over what is there.
  else if (asked.kind === 'packed') io(`write -P ${asked.byte} ${offset} ${bytes}`);
  else if (asked.kind === 'zero') io(`write -z ${offset} ${bytes}`);
  else if (asked.kind === 'unmap') io(`write -zu ${offset} ${bytes}`);
  else if (name !== undefined) {
    const flag = { snapshot: '-c', apply: '-a', delete: '-d' }[asked.kind];
    tool('qemu-img', 'snapshot', flag, name, path);
  }
}

test('qemu-io and we write, take and apply snapshots by turns, and agree on what there is', async (t) => {
  const folder = directory(t);
  const path = join(folder, 'a.qcow2');
  const [raw, base] = [join(folder, 'a.raw'), join(folder, 'base.raw')];
  writeFileSync(base, pattern(SIZE / 2, 5));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(request, fc.boolean()), { minLength: 4, maxLength: 12 }),
      fc.constantFrom(
        'cluster_size=4k',
        'cluster_size=4k,lazy_refcounts=on',
        'cluster_size=4k,refcount_bits=8',
      ),
      fc.boolean(),
      async (turns, options, hasBacking) => {
        const below = hasBacking ? ['-b', base, '-F', 'raw'] : [];
        tool('qemu-img', 'create', '-f', 'qcow2', '-o', options, ...below, path, String(SIZE));
        const model: Model = { disk: new Uint8Array(SIZE), snapshots: new Map() };
        if (hasBacking) model.disk.set(pattern(SIZE / 2, 5));
        for (const [asked, isOurs] of turns) {
          const name = apply(model, asked);
          if (isOurs) await byUs(path, asked, name);
          else byQemu(path, asked, name);
        }
        const found = tool('qemu-img', 'check', path);
        if (!/No errors/.test(found)) throw new Error(found);
        writeFileSync(raw, model.disk);
        const compared = tool('qemu-img', 'compare', '-F', 'raw', path, raw);
        if (!/identical/.test(compared)) throw new Error(`qemu-img: ${compared}`);
        const node = await openImage(path, { format: 'qcow2', readOnly: true, driverOptions: [] });
        const view = new Uint8Array(SIZE);
        await node.read(0, [view]);
        await node.close();
        if (!equal(view, model.disk)) throw new Error('we read something else');
      },
    ),
    { numRuns: 12 },
  );
  t.pass();
});
