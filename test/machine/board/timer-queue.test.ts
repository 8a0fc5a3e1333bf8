import test from 'ava';
import { TimerQueue } from '../../../src/machine/board/timer-queue.ts';

function bench() {
  const fired: string[] = [];
  let now = 0;
  const queue = new TimerQueue(() => now);
  const timer = (name: string) => queue.timer(() => fired.push(name));
  return {
    queue,
    timer,
    to: (ns: number) => {
      now = ns;
      queue.runDue();
      return fired.splice(0);
    },
  };
}

test('timers fire in the order of their times, once', (t) => {
  const { queue, timer, to } = bench();
  const [a, b, c] = [timer('a'), timer('b'), timer('c')];
  t.is(queue.nextExpiry(), Number.POSITIVE_INFINITY);
  a.arm(300);
  b.arm(100);
  c.arm(900);
  t.is(queue.nextExpiry(), 100);
  t.deepEqual(to(500), ['b', 'a']);
  t.is(a.expiresAt, undefined);
  t.deepEqual(to(1_000), ['c']);
});

test('a timer that is moved or cancelled by one that fires before it does not fire', (t) => {
  const { queue, timer, to } = bench();
  const [moved, cancelled] = [timer('moved'), timer('cancelled')];
  const first = queue.timer(() => {
    moved.arm(5_000);
    cancelled.cancel();
  });
  first.arm(10);
  moved.arm(20);
  cancelled.arm(30);
  t.deepEqual(to(100), []);
  t.deepEqual(to(5_000), ['moved']);
});

test('a timer that arms itself for the past fires at the next call, not for ever', (t) => {
  let runs = 0;
  const queue = new TimerQueue(() => 1_000);
  const again = queue.timer(() => {
    runs += 1;
    again.arm(500);
  });
  again.arm(500);
  queue.runDue();
  t.is(runs, 1);
  queue.runDue();
  t.is(runs, 2);
});
