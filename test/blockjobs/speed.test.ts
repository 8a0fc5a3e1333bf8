import test from 'ava';
import { DirtyBitmap } from '../../src/block/dirty-bitmap.ts';
import { instant, JobBench } from './job-bench.ts';

const MiB = 1024 * 1024;
const OPERATION = { operation: 1, bitmap: undefined, follows: false, needsScan: false };

for (const speed of [200_000, MiB, 30 * MiB, 333 * MiB]) {
  test(`a stream keeps ${speed} bytes a second within 5 %`, async (t) => {
    const bytes = Math.ceil((speed * 20) / MiB) * MiB;
    const bench = new JobBench(instant(), { ...OPERATION, bytes }, { type: 'stream', speed });
    const seconds = (await bench.advance(60_000, 1)) / 1000;
    t.is((await bench.ended).outcome, 'completed');
    // The first piece goes at once.
    t.true(Math.abs((bytes - 512 * 1024) / seconds / speed - 1) < 0.05, `${bytes} bytes in ${seconds} s`);
  });
}

test('a mirror keeps its speed, and set-speed changes it on the spot', async (t) => {
  const bytes = 64 * MiB;
  const bitmap = DirtyBitmap.allocate(bytes, 65536);
  bitmap.mark(0, bytes);
  let moved = 0;
  const operation = { ...OPERATION, bytes, bitmap: bitmap.shared, follows: true };
  const bench = new JobBench(
    instant((count) => {
      moved += count;
    }),
    operation,
    { speed: 2 * MiB },
  );
  await bench.advance(5_000);
  t.true(Math.abs(moved / (11 * MiB) - 1) < 0.1, `${moved} bytes in 5 s at 2 MiB/s`);
  const before = moved;
  bench.job.asks.setSpeed({ speed: 8 * MiB });
  await bench.advance(5_000);
  t.true(Math.abs((moved - before) / (41 * MiB) - 1) < 0.05, `${moved - before} bytes in 5 s at 8 MiB/s`);
  bench.job.asks.setSpeed({ speed: 0 });
  await bench.advance(200);
  t.is(moved, bytes);
  t.is((await bench.ready).offset, bytes);
  bench.job.asks.cancel({ force: false });
  t.like(await bench.ended, { outcome: 'completed', offset: bytes, length: bytes, error: undefined });
});

test('a job that sleeps for its limit, or is paused, is not busy and does nothing', async (t) => {
  let pieces = 0;
  const bench = new JobBench(
    instant(() => {
      pieces += 1;
    }),
    { ...OPERATION, bytes: 4 * MiB },
    { type: 'stream', speed: 1 },
  );
  await bench.advance(1_000);
  t.is(pieces, 1);
  t.false(bench.status.busy);
  bench.job.asks.pause(undefined);
  t.true(bench.status.paused);
  bench.job.asks.setSpeed({ speed: 0 });
  await bench.advance(1_000);
  t.is(pieces, 1);
  t.throws(() => bench.job.asks.cancel({ force: false }), { code: 'ERR_JOB_PAUSED' });
  bench.job.asks.resume(undefined);
  await bench.advance(1_000);
  t.is(pieces, 8);
  t.like(await bench.ended, { outcome: 'completed', offset: 4 * MiB });
});
