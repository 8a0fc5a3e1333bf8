import test from 'ava';
import { RangeLock } from '../../src/block/range-lock.ts';

/** Starts pieces of work that end when they are told to, and notes the order of what happens. */
function bench() {
  const lock = new RangeLock();
  const log: string[] = [];
  const start = (name: string, how: 'share' | 'exclude', offset: number, bytes: number) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const ended = lock[how](offset, bytes, async () => {
      log.push(`${name} begins`);
      await promise;
    }).then(() => log.push(`${name} ends`));
    return async () => {
      resolve();
      await ended;
    };
  };
  const settle = () => new Promise<void>((done) => setImmediate(done));
  return { lock, log, start, settle };
}

test('writes overlap each other, and wait for a copy of the same bytes', async (t) => {
  const { log, start, settle } = bench();
  const [first, second] = [start('first', 'share', 0, 10), start('second', 'share', 5, 10)];
  const copy = start('copy', 'exclude', 9, 2);
  const [later, elsewhere] = [start('later', 'share', 10, 1), start('elsewhere', 'share', 11, 9)];
  await settle();
  t.deepEqual(log, ['first begins', 'second begins', 'elsewhere begins']);
  await first();
  await second();
  await settle();
  t.deepEqual(log.slice(3), ['first ends', 'second ends', 'copy begins']);
  await copy();
  await settle();
  t.deepEqual(log.slice(6), ['copy ends', 'later begins']);
  await Promise.all([later(), elsewhere()]);
});

test('what fails gives its range back', async (t) => {
  const { lock } = bench();
  await t.throwsAsync(
    lock.exclude(0, 8, () => Promise.reject(new Error('no'))),
    { message: 'no' },
  );
  t.is(await lock.share(0, 8, async () => 7), 7);
});
