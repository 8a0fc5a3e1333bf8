import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { GLOBAL_CPU_COUNT } from '../../src/memory/layout.ts';
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

test('a held clock waits for its vCPU, which says what is lost', (t) => {
  const memory = allocateMemory(planMemory({ cpus: 2, ramBytes: 4096 }));
  new Int32Array(memory.buffer)[GLOBAL_CPU_COUNT >> 2] = 2;
  let host = 0;
  const clock = new VirtualClock(memory, () => host);
  clock.start();
  host = 1_000;
  t.is(clock.hold(1, 500), 1_000);
  host = 9_000;
  t.is(clock.now(), 1_500);
  // Of the 7,500 ns that the host is ahead the vCPU accepts 100.
  t.is(clock.moveHold(1, 1_600, 500, Number.POSITIVE_INFINITY), 1_600);
  host += 300;
  t.is(clock.now(), 1_900);
  // Nothing to lose, and somebody else's timer is due at 2,150.
  t.is(clock.moveHold(1, 2_100, 500, 2_150), 1_900);
  host += 400;
  t.is(clock.now(), 2_150);
  // Time that stands goes on by a little with every read all the same.
  t.is(clock.moveHold(1, 2_150, 500, 2_150), 2_150);
  host += 10_000;
  t.is(clock.now(), 2_350);
  clock.release(1);
  t.is(clock.now(), 12_150);
});

test('no thread sees a time before one that another has seen, whoever limits, holds and loses', async (t) => {
  const memory = allocateMemory(planMemory({ cpus: 4, ramBytes: 4096 }));
  new Int32Array(memory.buffer)[GLOBAL_CPU_COUNT >> 2] = 4;
  new VirtualClock(memory).start();
  const latest = new SharedArrayBuffer(8);
  const roles = ['machine', 'vcpu', 'vcpu', 'reader'] as const;
  const results = await Promise.all(
    roles.map(async (role, index) => {
      const worker = new Worker(new URL('./clock-worker.ts', import.meta.url), {
        workerData: { memory, latest, role, index, milliseconds: 400 },
      });
      const [result] = await once(worker, 'message');
      return result as { readonly reads: number; readonly worst: number };
    }),
  );
  for (const { reads, worst } of results) {
    t.true(reads > 100);
    t.is(worst, 0);
  }
});

test('a plan that does not fit in 4 GiB is refused', (t) => {
  t.throws(() => planMemory({ cpus: 1, ramBytes: 2 ** 32 }), { code: 'ERR_MEMORY_TOO_LARGE' });
  t.throws(() => planMemory({ cpus: 0, ramBytes: 4096 }), { code: 'ERR_MEMORY_CPUS' });
});
