/**
 * How long a halted vCPU takes to handle an interrupt: from `InterruptBus.raiseInterrupt` on this thread until the handler's first
 * store is seen here; beside it, the same for a plain thread that sleeps in `Atomics.wait`. Medians and ninth deciles, taken in
 * turns. Run: `npm run bench -- wake`.
 */
import { Worker } from 'node:worker_threads';
import { PENDING_EXIT } from '../../src/memory/layout.ts';
import { allocateMemory } from '../../src/memory/memory-plan.ts';
import { PhysicalMap } from '../../src/memory/physical-map.ts';
import { describeCpu } from '../../src/vcpu/cpu-description.ts';
import { setUpCpu } from '../../src/vcpu/cpu-setup.ts';
import { InterruptBus } from '../../src/vcpu/interrupt-bus.ts';
import { loadGuest, planGuest } from '../../test/vcpu/apic/apic-machine.ts';
import type { WorkerGuestData } from '../../test/vcpu/apic/worker-guest.ts';
import { coreModule } from '../../test/vcpu/support/core-build.ts';
import { messageOf } from '../../test/vcpu/support/smp.ts';

const ROUNDS = 2000;
const VECTOR = 0x80;
/** Where the guest counts interrupts, 8 bytes a vector: apic-machine.ts. */
const COUNTS = 0x40000;
/** Time in ms for the other thread to go to sleep again. */
const REST_MS = 0.5;
const SLEEPER = `
  const { workerData, parentPort } = require('node:worker_threads');
  const words = new Int32Array(workerData);
  parentPort.postMessage('ready');
  for (let round = 0; Atomics.load(words, 2) === 0; ) {
    Atomics.wait(words, 0, round);
    round = Atomics.load(words, 0);
    Atomics.store(words, 1, round);
  }`;

const nap = new Int32Array(new SharedArrayBuffer(4));

/** Microseconds from `wake` until `hasHappened`. */
function latency(wake: () => void, hasHappened: () => boolean): number {
  Atomics.wait(nap, 0, 0, REST_MS);
  const start = process.hrtime.bigint();
  wake();
  while (!hasHappened());
  return Number(process.hrtime.bigint() - start) / 1000;
}

function describe(name: string, values: number[]): void {
  const sorted = values.toSorted((first, second) => first - second);
  const at = (part: number): string => (sorted[Math.floor(sorted.length * part)] ?? Number.NaN).toFixed(1);
  console.log(`${name.padEnd(34)} median ${at(0.5)} µs, nine of ten within ${at(0.9)} µs`);
}

const module = await coreModule();
const plan = planGuest(1);
const memory = allocateMemory(plan);
const map = new PhysicalMap(memory);
map.initialise(1);
map.map(0, plan.ramBytes, plan.ramBase, 'ram');
loadGuest(memory, plan);
setUpCpu(memory, {
  cpu: describeCpu({ model: 'max', features: [] }),
  topology: { sockets: 1, cores: 1, threads: 1 },
  index: 0,
});
const workerData: WorkerGuestData = { module, memory, plan, index: 0 };
const guest = new Worker(new URL('../../test/vcpu/apic/worker-guest.ts', import.meta.url), {
  workerData,
  execArgv: ['--import=tsx'],
});
await messageOf(guest);
const counts = new BigInt64Array(memory.buffer, plan.ramBase + COUNTS, VECTOR + 1);
const bus = new InterruptBus(memory);
const words = new Int32Array(new SharedArrayBuffer(12));
const sleeper = new Worker(SLEEPER, { eval: true, workerData: words.buffer });
await messageOf(sleeper);

const ours: number[] = [];
const plain: number[] = [];
for (let round = 1; round <= ROUNDS; round++) {
  const expected = BigInt(round);
  ours.push(
    latency(
      () => bus.raiseInterrupt(0, VECTOR, false),
      () => Atomics.load(counts, VECTOR) === expected,
    ),
  );
  plain.push(
    latency(
      () => {
        Atomics.store(words, 0, round);
        Atomics.notify(words, 0);
      },
      () => Atomics.load(words, 1) === round,
    ),
  );
}
describe('interrupt to a halted vCPU', ours);
describe('Atomics.notify to a sleeping thread', plain);
bus.signal(0, PENDING_EXIT);
Atomics.store(words, 2, 1);
Atomics.store(words, 0, -1);
Atomics.notify(words, 0);
await Promise.all([guest.terminate(), sleeper.terminate()]);
