import test from 'ava';
import fc from 'fast-check';
import { OutputQueue } from '../../src/host/output-queue.ts';

test('bytes come out in the order in which they went in, however they are cut', (t) => {
  const step = fc.oneof(
    fc.record({ push: fc.integer({ min: 0, max: 40_000 }) }),
    fc.record({ take: fc.integer({ min: 1, max: 40_000 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const queue = new OutputQueue();
      let written = 0;
      let read = 0;
      for (const step of steps) {
        if ('push' in step) {
          queue.push(Uint8Array.from({ length: step.push }, () => written++ % 251));
        } else {
          const bytes = queue.peek().subarray(0, step.take);
          t.true(bytes.every((byte) => byte === read++ % 251));
          queue.consume(bytes.length);
        }
        t.is(queue.length, written - read);
        t.is(queue.peek().length > 0, queue.length > 0);
      }
    }),
    { numRuns: 50 },
  );
});

test('what was pushed may be changed by its owner afterwards', (t) => {
  const queue = new OutputQueue();
  const bytes = Uint8Array.of(1, 2, 3);
  queue.push(bytes);
  bytes.fill(9);
  t.deepEqual([...queue.peek()], [1, 2, 3]);
});
