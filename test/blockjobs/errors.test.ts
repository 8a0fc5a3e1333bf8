import test from 'ava';
import { DirtyBitmap } from '../../src/block/dirty-bitmap.ts';
import type { TransferResult } from '../../src/block/operations/operation-contract.ts';
import type { JobConfig } from '../../src/blockjobs/job-contract.ts';
import { breathe, instant, JobBench, type JobOperations } from './job-bench.ts';

const PIECE = 512 * 1024;
const BYTES = 4 * PIECE;
const OPERATION = { operation: 1, bytes: BYTES, bitmap: undefined, follows: false, needsScan: false };
const [EIO, ENOSPC] = [5, 28];

/** Fails so often on one piece. */
function failing(times: number, failure: Partial<TransferResult>, at = PIECE): JobOperations {
  const good = instant();
  let left = times;
  return {
    ...good,
    transfer: async (argument) => {
      if (argument.offset <= at && at < argument.offset + argument.bytes && left > 0) {
        left -= 1;
        return { outcome: EIO, operation: 'read', bytes: 0, moved: 0, isFinal: false, ...failure };
      }
      return (
        (await good.transfer?.(argument)) ?? {
          ...failure,
          outcome: 0,
          operation: 'read',
          bytes: 0,
          moved: 0,
          isFinal: false,
        }
      );
    },
  };
}

function stream(operations: JobOperations, config: Partial<JobConfig>): JobBench {
  return new JobBench(operations, OPERATION, { type: 'stream', ...config });
}

test('report ends the job where the error was', async (t) => {
  const bench = stream(failing(1, {}), {});
  const end = await bench.ended;
  t.like(end, { outcome: 'completed', offset: PIECE, length: BYTES, error: 'Input/output error' });
  t.deepEqual(bench.events[0], { name: 'error', payload: { operation: 'read', action: 'report' } });
});

test('ignore goes on, and ends with the first error', async (t) => {
  const bench = stream(failing(1, {}), { onSourceError: 'ignore' });
  await bench.advance(10_000);
  t.like(await bench.ended, { outcome: 'completed', offset: BYTES, error: 'Input/output error' });
  t.deepEqual(bench.events[0], { name: 'error', payload: { operation: 'read', action: 'ignore' } });
});

test('stop pauses the job with its status, and resume tries again', async (t) => {
  const bench = stream(failing(2, { operation: 'write' }), { onTargetError: 'stop' });
  await breathe();
  t.true(bench.status.paused);
  t.is(bench.status.ioStatus, 'failed');
  bench.job.asks.resume(undefined);
  await breathe();
  t.true(bench.status.paused);
  bench.job.asks.resume(undefined);
  t.like(await bench.ended, { outcome: 'completed', offset: BYTES, error: undefined });
  t.is(bench.status.ioStatus, 'ok');
  t.is(bench.events.filter(({ name }) => name === 'error').length, 2);
});

test('enospc stops for a full disk and for nothing else', async (t) => {
  const full = stream(failing(1, { outcome: ENOSPC, operation: 'write' }), { onTargetError: 'enospc' });
  await breathe();
  t.is(full.status.ioStatus, 'nospace');
  full.job.asks.cancel({ force: true });
  t.like(await full.ended, { outcome: 'cancelled', error: undefined });
  const broken = stream(failing(1, { operation: 'write' }), { onTargetError: 'enospc' });
  t.like(await broken.ended, { outcome: 'completed', error: 'Input/output error' });
});

test('a commit says nothing of errors but its end', async (t) => {
  const bench = stream(failing(1, {}), { type: 'commit', announcesErrors: false });
  t.is((await bench.ended).error, 'Input/output error');
  t.deepEqual(
    bench.events.map(({ name }) => name),
    ['ended'],
  );
});

test('an error takes a mirror’s readiness away until it is in step again; completing waits for that', async (t) => {
  const bitmap = DirtyBitmap.allocate(BYTES, 65536);
  let failures = 0;
  const operations: JobOperations = {
    ...instant(),
    transfer: async ({ offset, bytes }) => {
      if (failures > 0) {
        failures -= 1;
        bitmap.mark(offset, bytes);
        return { outcome: EIO, operation: 'write', bytes: 0, moved: 0, isFinal: false };
      }
      return { outcome: 0, operation: 'read', bytes, moved: bytes, isFinal: false };
    },
  };
  const operation = { ...OPERATION, bitmap: bitmap.shared, follows: true };
  const bench = new JobBench(operations, operation, { onTargetError: 'stop' });
  await bench.ready;
  failures = 1;
  bitmap.mark(0, 65536);
  await bench.advance(500);
  t.true(bench.status.paused);
  await t.throwsAsync(async () => bench.job.asks.complete(undefined), { code: 'ERR_JOB_NOT_COMPLETABLE' });
  bench.job.asks.resume(undefined);
  await bench.advance(500);
  t.is(bench.events.filter(({ name }) => name === 'ready').length, 2);
  await bench.job.asks.complete(undefined);
  await bench.advance(500);
  t.like(await bench.ended, { outcome: 'completed', offset: BYTES, error: undefined });
});

test('a guest that dirties more than is copied is held back until the mirror is in step', async (t) => {
  const bytes = 64 * PIECE;
  const bitmap = DirtyBitmap.allocate(bytes, 65536);
  bitmap.mark(0, bytes);
  let ceiling: number | null = null;
  let at = 0;
  const operations: JobOperations = {
    ...instant(),
    // For each granule that is copied the guest writes two others, unless it is held back.
    transfer: async (piece) => {
      await breathe(1);
      for (let written = 0; written < 2 * piece.bytes; written += 65536) {
        if (ceiling !== null && bitmap.dirtyBytes > ceiling) break;
        at = (at + 37 * 65536) % bytes;
        bitmap.mark(at, 65536);
      }
      return { outcome: 0, operation: 'read', bytes: piece.bytes, moved: piece.bytes, isFinal: false };
    },
    limitDirty: async (argument) => {
      ceiling = argument.bytes;
    },
  };
  const operation = { ...OPERATION, bytes, bitmap: bitmap.shared, follows: true };
  const bench = new JobBench(operations, operation);
  t.is((await bench.ready).offset, bytes);
  t.is(ceiling, null);
  bench.job.asks.cancel({ force: false });
  t.is((await bench.ended).outcome, 'completed');
});

test('what storage refuses altogether is a failure of the actor, not of the job', async (t) => {
  const bench = stream(
    {
      ...instant(),
      transfer: async () => {
        throw new Error('storage is gone');
      },
    },
    {},
  );
  await breathe();
  t.regex(String(bench.failures[0]), /storage is gone/);
});
