import test from 'ava';
import { NO_LIMITS, Throttle, type ThrottleLimits } from '../../src/block/throttle.ts';

const NS_PER_MS = 1e6;

/** A clock that stands still but for what the throttle waits. */
function throttled(limits: Partial<ThrottleLimits>) {
  let ns = 0;
  const clock = {
    now: () => ns,
    delay: async (ms: number) => {
      ns += ms * NS_PER_MS;
    },
  };
  return {
    throttle: new Throttle({ ...NO_LIMITS, ...limits }, clock),
    seconds: () => ns / 1e9,
    pass: (ms: number) => {
      ns += ms * NS_PER_MS;
    },
  };
}

test('bytes a second are kept within five per cent', async (t) => {
  const { throttle, seconds } = throttled({ bps: 1_000_000 });
  for (let request = 0; request < 2500; request++) await throttle.admit(request % 2 === 0, 4096);
  const expected = (2500 * 4096) / 1_000_000;
  t.true(Math.abs(seconds() - expected) < expected * 0.05, `${seconds()} s, expected ${expected} s`);
});

test('reads and writes have limits of their own', async (t) => {
  const { throttle, seconds } = throttled({ iopsWrite: 100 });
  for (let request = 0; request < 1000; request++) await throttle.admit(false, 512);
  t.is(seconds(), 0);
  for (let request = 0; request < 1000; request++) await throttle.admit(true, 512);
  t.true(Math.abs(seconds() - 10) < 0.5);
});

test('the longer wait of bytes and operations counts', async (t) => {
  const { throttle, seconds } = throttled({ bps: 10_000_000, iops: 10 });
  for (let request = 0; request < 100; request++) await throttle.admit(false, 512);
  t.true(Math.abs(seconds() - 10) < 0.5);
});

test('a pause is no credit beyond a tenth of a second', async (t) => {
  const { throttle, seconds, pass } = throttled({ iops: 100 });
  pass(60_000);
  const start = seconds();
  for (let request = 0; request < 200; request++) await throttle.admit(false, 512);
  t.true(seconds() - start > 1.7);
});

test('what waits goes when the limits are lifted', async (t) => {
  const waiting: (() => void)[] = [];
  const clock = { now: () => 0, delay: () => new Promise<void>((resolve) => waiting.push(resolve)) };
  const throttle = new Throttle({ ...NO_LIMITS, iops: 1 }, clock);
  await throttle.admit(false, 512);
  let isAdmitted = false;
  const second = throttle.admit(false, 512).then(() => {
    isAdmitted = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  t.false(isAdmitted);
  throttle.letWaitingGo();
  for (const resolve of waiting) resolve();
  await second;
  t.true(isAdmitted);
});

test('without limits there is nothing to do', (t) => {
  t.false(throttled({}).throttle.isActive);
  t.true(throttled({ iopsRead: 1 }).throttle.isActive);
});
