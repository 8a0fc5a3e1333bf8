import test from 'ava';
import {
  APIC_TIMER_EXPIRY,
  CPU_APIC,
  CPU_BUDGET,
  CPU_GROUP_SIZE,
  CPU_GROUPS_BASE,
  CPU_PENDING,
  GLOBAL_CPU_COUNT,
  PENDING_TIMER,
} from '../../src/memory/layout.ts';
import { allocateMemory, planMemory } from '../../src/memory/memory-plan.ts';
import { VirtualClock } from '../../src/memory/virtual-clock.ts';
import { VcpuClock } from '../../src/vcpu/vcpu-clock.ts';

const MS = 1e6;
const GRANT = 1_000_000;
/** Instructions of a loop that polls a clock. */
const LOOP = 10;

/** Two vCPUs, of which the first reads the clock, on a host whose clock moves when told. */
function bench() {
  const memory = allocateMemory(planMemory({ cpus: 2, ramBytes: 4096 }));
  const words = new Int32Array(memory.buffer);
  const floats = new Float64Array(memory.buffer);
  words[GLOBAL_CPU_COUNT >> 2] = 2;
  let host = 0;
  const shared = new VirtualClock(memory, () => host);
  const clock = new VcpuClock(shared, memory, 0, () => host);
  const budget = (CPU_GROUPS_BASE + CPU_BUDGET) >> 2;
  const expiry = (cpu: number) =>
    (CPU_GROUPS_BASE + cpu * CPU_GROUP_SIZE + CPU_APIC + APIC_TIMER_EXPIRY) >> 3;
  floats[expiry(0)] = Number.POSITIVE_INFINITY;
  floats[expiry(1)] = Number.POSITIVE_INFINITY;
  shared.start();
  clock.granting(GRANT);
  words[budget] = GRANT;
  return {
    shared,
    clock,
    passHost: (ns: number) => {
      host += ns;
    },
    execute: (instructions: number) => {
      words[budget] = (words[budget] ?? 0) - instructions;
    },
    setExpiry: (cpu: number, ns: number) => {
      floats[expiry(cpu)] = ns;
    },
    pending: () => words[(CPU_GROUPS_BASE + CPU_PENDING) >> 2] ?? 0,
    /** Reads as a loop does that takes a microsecond a turn. */
    poll: (reads: number, fine = false) => {
      let time = 0;
      for (let read = 0; read < reads; read++) {
        words[budget] = (words[budget] ?? 0) - LOOP;
        host += 1_000;
        time = clock.read(fine);
      }
      return time;
    },
  };
}

test('a pause of a loop that polls a clock is no time', (t) => {
  const { shared, poll, passHost } = bench();
  const before = poll(100);
  t.is(before, 100_000);
  passHost(50 * MS);
  const after = poll(1);
  t.true(after > before);
  t.true(after - before < MS);
  t.is(poll(10), after + 10_000);
  t.is(shared.now(), after + 10_000);
});

test('a pause between two reads with many instructions between them is time', (t) => {
  const { clock, poll, passHost, execute } = bench();
  poll(100);
  passHost(5 * MS);
  execute(500_000);
  t.is(clock.read(), 5_100_000);
  t.false(clock.isHolding);
});

test('a vCPU that reads a clock and goes on with something else does not hold it', (t) => {
  const { shared, clock, poll, passHost, execute } = bench();
  poll(100);
  execute(100_000);
  passHost(3 * MS);
  clock.granting(GRANT);
  t.is(shared.now(), 3_100_000);
  poll(100);
  clock.release();
  passHost(3 * MS);
  t.is(shared.now(), 6_200_000);
});

test('reads of the 8254 lie within microseconds of one another, from the write that starts it on', (t) => {
  const { clock, poll, passHost } = bench();
  clock.startsTimer();
  const times = Array.from({ length: 50 }, (_, read) => {
    if (read % 10 === 0) passHost(7 * MS);
    return poll(1, read % 2 === 0);
  });
  const steps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  t.true(times[0] !== undefined && times[0] < 5_000);
  t.true(Math.max(...steps) <= 8 * Math.min(...steps));
});

test('time does not pass the timer of another vCPU that is late, but never stands', (t) => {
  const { setExpiry, poll } = bench();
  const start = poll(100);
  setExpiry(1, start + 50_000);
  const late = poll(400);
  t.true(late < start + 300_000);
  t.true(poll(1) > late);
  setExpiry(1, start + 10 * MS);
  t.true(poll(400) > late + 300_000);
});

test('time stands for another vCPU that polls, and goes on when that lets go', (t) => {
  const { shared, poll, passHost } = bench();
  const start = poll(100);
  shared.hold(1, 50_000);
  const stands = poll(300);
  t.is(stands, start + 50_000);
  t.is(poll(10), stands);
  shared.release(1);
  passHost(100_000);
  t.true(poll(1) > stands);
});

test('a timer of its own that is due is asked for while it polls', (t) => {
  const { setExpiry, poll, pending } = bench();
  setExpiry(0, 20_500);
  poll(20);
  t.is(pending() & PENDING_TIMER, 0);
  poll(1);
  t.is(pending() & PENDING_TIMER, PENDING_TIMER);
});
