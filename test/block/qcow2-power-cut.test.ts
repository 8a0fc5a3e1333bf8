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

const step = fc.record({
  kind: fc.constantFrom('write', 'write', 'write', 'zero', 'discard', 'flush'),
  sector: fc.nat({ max: SIZE / SECTOR - 1 }),
  sectors: fc.integer({ min: 1, max: 40 }),
  seed: fc.nat({ max: 255 }),
});

async function emptyImage(clusterBytes: number): Promise<VolatileFile> {
  const file = new VolatileFile(new Uint8Array(0));
  await createQcow2(file, {
    ...QCOW2_DEFAULTS,
    clusterBytes,
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

test('after a power cut what was flushed is there and nothing is corrupt', async (t) => {
  const path = join(directory(t), 'cut.qcow2');
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 3, maxLength: 25 }),
      fc.constantFrom(512, 4096),
      fc.array(fc.boolean(), { minLength: 64, maxLength: 64 }),
      async (steps, clusterBytes, coins) => {
        const file = await emptyImage(clusterBytes);
        const node = await open(file);
        // What is on disk for sure, and which sectors later requests have made uncertain.
        let flushed = new Uint8Array(SIZE);
        let uncertain = new Set<number>();
        for (const { kind, sector, sectors, seed } of steps) {
          const offset = sector * SECTOR;
          const bytes = Math.min(sectors * SECTOR, SIZE - offset);
          if (kind === 'flush') {
            await node.flush();
            flushed = Uint8Array.from(await contents(node));
            uncertain = new Set();
            continue;
          }
          if (kind === 'write') await node.write(offset, [pattern(bytes, seed)]);
          else if (kind === 'zero') await node.writeZeroes(offset, bytes, { mayUnmap: true });
          else await node.discard(offset, bytes);
          for (let at = offset; at < offset + bytes; at += SECTOR) uncertain.add(at / SECTOR);
        }
        const image = file.afterPowerCut((index) => coins[index % coins.length] === true);
        const after = await contents(await open(new VolatileFile(image)));
        for (let sector = 0; sector < SIZE / SECTOR; sector++) {
          const range = [sector * SECTOR, (sector + 1) * SECTOR] as const;
          if (!uncertain.has(sector) && !equal(after.subarray(...range), flushed.subarray(...range)))
            return false;
        }
        writeFileSync(path, image);
        return !/ERROR/.test(tool('qemu-img', 'check', path));
      },
    ),
    { numRuns: 60 },
  );
  t.pass();
});
