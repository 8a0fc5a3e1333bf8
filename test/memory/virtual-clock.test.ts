import test from 'ava';
import { allocateMemory, planMemory } from '../../src/memory/memory-plan.ts';
import { VirtualClock } from '../../src/memory/virtual-clock.ts';

test('the clock runs with the host while started and keeps its time while stopped', (t) => {
  const memory = allocateMemory(planMemory({ cpus: 1, ramBytes: 4096 }));
  let host = 5_000;
  const clock = new VirtualClock(memory, () => host);
  t.is(clock.now(), 0);
  clock.start();
  host += 100;
  t.is(clock.now(), 100);
  clock.stop();
  host += 1_000;
  t.is(clock.now(), 100);
  clock.start();
  host += 7;
  t.is(new VirtualClock(memory, () => host).now(), 107);
  clock.set(1e9);
  host += 1;
  t.is(clock.now(), 1e9);
});

test('a clock that waits at its limit loses the wait and never goes backwards', (t) => {
  const memory = allocateMemory(planMemory({ cpus: 1, ramBytes: 4096 }));
  let host = 0;
  const clock = new VirtualClock(memory, () => host);
  const reader = new VirtualClock(memory, () => host);
  clock.start();
  clock.limitTo(1_000);
  host = 900;
  t.is(reader.now(), 900);
  host = 5_000;
  t.is(reader.now(), 1_000);
  clock.catchUp();
  t.is(reader.now(), 1_000);
  host = 5_300;
  t.is(reader.now(), 1_300);
  // A limit in the past stops it where it is.
  clock.limitTo(1_100);
  host = 6_000;
  t.is(reader.now(), 1_300);
  clock.catchUp();
  clock.limitTo(Number.POSITIVE_INFINITY);
  host = 7_000;
  t.is(reader.now(), 2_300);
});

test('a plan that does not fit in 4 GiB is refused', (t) => {
  t.throws(() => planMemory({ cpus: 1, ramBytes: 2 ** 32 }), { code: 'ERR_MEMORY_TOO_LARGE' });
  t.throws(() => planMemory({ cpus: 0, ramBytes: 4096 }), { code: 'ERR_MEMORY_CPUS' });
});
