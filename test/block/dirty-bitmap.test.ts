import { Worker } from 'node:worker_threads';
import test from 'ava';
import fc from 'fast-check';
import { DirtyBitmap } from '../../src/block/dirty-bitmap.ts';

const GRANULARITY = 512;
const GRANULES = 150;
const BYTES = GRANULES * GRANULARITY - 100;

const range = fc.record({ offset: fc.nat(BYTES - 1), bytes: fc.integer({ min: 1, max: BYTES }) });
const step = fc.oneof(
  fc.record({ kind: fc.constant('mark' as const), range }),
  fc.record({ kind: fc.constant('clear' as const), range }),
  fc.record({ kind: fc.constant('take' as const), range }),
);

test('a bitmap is a set of granules', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const bitmap = DirtyBitmap.allocate(BYTES, GRANULARITY);
      const model = new Set<number>();
      for (const { kind, range } of steps) {
        const offset = range.offset;
        const bytes = Math.min(range.bytes, BYTES - offset);
        const [first, end] = [Math.floor(offset / GRANULARITY), Math.ceil((offset + bytes) / GRANULARITY)];
        if (kind === 'take') {
          const taken = bitmap.take(offset, range.bytes);
          let from = first;
          while (from < GRANULES && !model.has(from)) from += 1;
          if (from === GRANULES) {
            if (taken !== undefined) return false;
            continue;
          }
          let to = from;
          while (model.has(to) && to - from < Math.max(1, Math.floor(range.bytes / GRANULARITY))) {
            model.delete(to);
            to += 1;
          }
          const wanted = Math.min(to * GRANULARITY, BYTES) - from * GRANULARITY;
          if (taken?.offset !== from * GRANULARITY || taken.bytes !== wanted) return false;
        } else {
          bitmap[kind](offset, bytes);
          for (let granule = first; granule < end; granule++) {
            if (kind === 'mark') model.add(granule);
            else model.delete(granule);
          }
        }
        if (bitmap.dirtyBytes !== Math.min(model.size * GRANULARITY, BYTES)) return false;
        if (bitmap.isDirty(offset) !== model.has(first)) return false;
      }
      return true;
    }),
  );
  t.pass();
});

test('what one thread marks another one takes, once each', async (t) => {
  const bitmap = DirtyBitmap.allocate(BYTES, GRANULARITY);
  const rounds = 20_000;
  const worker = new Worker(
    `const { workerData } = require('node:worker_threads');
     const words = new Int32Array(workerData.words);
     for (let round = 0; round < ${rounds}; round++) {
       const granule = (round * 37) % ${GRANULES};
       const bit = 1 << (granule % 32);
       if ((Atomics.or(words, 1 + (granule >>> 5), bit) & bit) === 0) Atomics.add(words, 0, 1);
     }`,
    { eval: true, workerData: bitmap.shared },
  );
  let isOver = false;
  const ended = new Promise<void>((resolve) =>
    worker.once('exit', () => {
      isOver = true;
      resolve();
    }),
  );
  while (!isOver) {
    while (bitmap.take(0, BYTES) !== undefined);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await ended;
  while (bitmap.take(0, BYTES) !== undefined);
  t.is(bitmap.dirtyBytes, 0);
  t.is(bitmap.next(0, BYTES), undefined);
});
