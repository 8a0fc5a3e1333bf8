import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import type { BlockNode } from '../../src/block/block-node.ts';
import { createQcow2, QCOW2_DEFAULTS } from '../../src/block/qcow2/create-qcow2.ts';
import { Qcow2Node } from '../../src/block/qcow2/qcow2-node.ts';
import { directory, equal, KiB, pattern, tool } from './support/images.ts';
import { VolatileFile } from './support/volatile-file.ts';

const SIZE = 128 * KiB;
const SECTOR = 512;
const RUNS = Number(process.env['TROUPE_POWER_CUT_RUNS'] ?? 50);

const KINDS = [
  'write',
  'write',
  'write',
  'compress',
  'zero',
  'discard',
  'flush',
  'create',
  'apply',
  'delete',
] as const;

const step = fc.record({
  kind: fc.constantFrom(...KINDS),
  sector: fc.nat({ max: SIZE / SECTOR - 1 }),
  sectors: fc.integer({ min: 1, max: 40 }),
  seed: fc.nat({ max: 255 }),
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function emptyImage(clusterBytes: number, lazyRefcounts: boolean): Promise<VolatileFile> {
  const file = new VolatileFile(new Uint8Array(0));
  await createQcow2(file, {
    ...QCOW2_DEFAULTS,
    clusterBytes,
    lazyRefcounts,
    bytes: SIZE,
    backingFile: undefined,
    backingFormat: undefined,
  });
  return file;
}

async function open(file: BlockNode): Promise<Qcow2Node> {
  return Qcow2Node.open(file, undefined, await Qcow2Node.header(file));
}

async function contents(node: BlockNode): Promise<Uint8Array> {
  const view = new Uint8Array(SIZE);
  await node.read(0, [view]);
  return view;
}

/** What is known of the disk once an event of the file has happened. */
interface Known {
  readonly event: number;
  /** What is on disk for sure, but for the sectors that are uncertain. */
  readonly flushed: Uint8Array;
  readonly uncertain: ReadonlySet<number>;
}

/** Carries out the steps. @returns what is known at the beginning of each, and what each snapshot holds */
async function carryOut(file: VolatileFile, steps: readonly Step[]) {
  const node = await open(file);
  const known: Known[] = [];
  const snapshots = new Map<string, Uint8Array>();
  let flushed = new Uint8Array(SIZE);
  let uncertain = new Set<number>();
  const touch = (offset: number, bytes: number) => {
    for (let at = offset; at < offset + bytes; at += SECTOR) uncertain.add(Math.floor(at / SECTOR));
  };
  for (const { kind, sector, sectors, seed } of steps) {
    const offset = sector * SECTOR;
    const bytes = Math.min(sectors * SECTOR, SIZE - offset);
    const id = node.snapshots[seed % Math.max(1, node.snapshots.length)]?.id;
    const cluster = Math.floor(offset / node.clusterBytes) * node.clusterBytes;
    if (kind === 'apply' && id !== undefined) touch(0, SIZE);
    else if (kind === 'compress') touch(cluster, node.clusterBytes);
    else if (kind === 'write' || kind === 'zero' || kind === 'discard') touch(offset, bytes);
    known.push({ event: file.events, flushed, uncertain: new Set(uncertain) });

    if (kind === 'write') await node.write(offset, [pattern(bytes, seed)]);
    else if (kind === 'compress')
      await node.writeCompressed(cluster, new Uint8Array(node.clusterBytes).fill(seed));
    else if (kind === 'zero') await node.writeZeroes(offset, bytes, { mayUnmap: true });
    else if (kind === 'discard') await node.discard(offset, bytes);
    else {
      const facts = { dateSeconds: 1, dateNanoseconds: 0, vmClockNs: 0n, vmStateBytes: 0, icount: 0n };
      if (kind === 'create' && snapshots.size < 3) {
        // Numbers are given anew when the last snapshot is gone, so names tell them apart.
        const name = `s${known.length}`;
        snapshots.set(name, await contents(node));
        await node.createSnapshot({ ...facts, name });
      } else if (kind === 'apply' && id !== undefined) await node.applySnapshot(id);
      else if (kind === 'delete' && id !== undefined) await node.deleteSnapshot(id);
      else await node.flush();
      flushed = Uint8Array.from(await contents(node));
      uncertain = new Set();
    }
  }
  known.push({ event: file.events, flushed, uncertain: new Set(uncertain) });
  return { known, snapshots };
}

function sectorsKept(after: Uint8Array, { flushed, uncertain }: Known): boolean {
  for (let sector = 0; sector < SIZE / SECTOR; sector++) {
    const range = [sector * SECTOR, (sector + 1) * SECTOR] as const;
    if (!uncertain.has(sector) && !equal(after.subarray(...range), flushed.subarray(...range))) return false;
  }
  return true;
}

test('after a power cut what was flushed is there, snapshots too, and nothing is corrupt', async (t) => {
  const path = join(directory(t), 'cut.qcow2');
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 3, maxLength: 25 }),
      fc.constantFrom(512, 4096),
      fc.boolean(),
      fc.array(fc.boolean(), { minLength: 64, maxLength: 64 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (steps, clusterBytes, lazy, coins, when) => {
        const file = await emptyImage(clusterBytes, lazy);
        const created = file.events;
        const { known, snapshots } = await carryOut(file, steps);
        const cut = created + Math.floor(when * (file.events - created + 0.999));
        const survives = (index: number) => coins[index % coins.length] === true;
        const after = new VolatileFile(file.afterPowerCutAt(cut, survives));
        const node = await open(after);
        const last = known.findLast(({ event }) => event <= cut);
        if (last !== undefined && !sectorsKept(await contents(node), last)) throw new Error('contents lost');
        for (const { id, name } of node.snapshots) {
          await node.applySnapshot(id);
          if (!equal(await contents(node), snapshots.get(name) ?? new Uint8Array(0))) {
            throw new Error(`snapshot ${name} lost`);
          }
        }
        await node.close();
        writeFileSync(
          path,
          after.afterPowerCutAt(after.events, () => true),
        );
        const found = tool('qemu-img', 'check', path);
        if (/ERROR/.test(found)) throw new Error(found);
      },
    ),
    { numRuns: RUNS },
  );
  t.pass();
});
