import { Worker } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import {
  CPU_GROUP_SIZE,
  CPU_GROUPS_BASE,
  CPU_INSTRUCTION_COUNT,
  PENDING_EXIT,
} from '../../../src/memory/layout.ts';
import { allocateMemory } from '../../../src/memory/memory-plan.ts';
import { PhysicalMap } from '../../../src/memory/physical-map.ts';
import { describeCpu } from '../../../src/vcpu/cpu-description.ts';
import { setUpCpu } from '../../../src/vcpu/cpu-setup.ts';
import { InterruptBus } from '../../../src/vcpu/interrupt-bus.ts';
import { coreModule } from '../support/core-build.ts';
import { messageOf } from '../support/smp.ts';
import { loadGuest, planGuest } from './apic-machine.ts';
import type { WorkerGuestData } from './worker-guest.ts';
import type { WorkerSenderData } from './worker-sender.ts';

/** Where the guest counts what its handlers saw: apic-machine.ts. */
const COUNTS = 0x40000;
const COUNTS_BYTES = 0x1000;

/** So that what is lost shows as a failure and not as a test that never ends. */
const LIMIT_MS = 60_000;

interface Threads {
  readonly memory: WebAssembly.Memory;
  readonly bus: InterruptBus;
  readonly counts: (cpu: number) => BigInt64Array;
  /** Stops the vCPUs; gives how many waits ended without a wake-up. */
  stop(): Promise<number>;
}

function spawn<Data>(file: string, workerData: Data): Worker {
  return new Worker(new URL(file, import.meta.url), { workerData, execArgv: ['--import=tsx'] });
}

async function start(t: ExecutionContext, cpus: number): Promise<Threads> {
  t.timeout(LIMIT_MS, 'an interrupt was lost');
  const module = await coreModule();
  const plan = planGuest(cpus);
  const memory = allocateMemory(plan);
  const map = new PhysicalMap(memory);
  map.initialise(cpus);
  map.map(0, plan.ramBytes, plan.ramBase, 'ram');
  loadGuest(memory, plan);
  const cpu = describeCpu({ model: 'max', features: [] });
  const workers: Worker[] = [];
  for (let index = 0; index < cpus; index++) {
    setUpCpu(memory, { cpu, topology: { sockets: 1, cores: cpus, threads: 1 }, index });
    const worker = spawn<WorkerGuestData>('worker-guest.ts', { module, memory, plan, index });
    t.teardown(() => worker.terminate());
    await messageOf(worker);
    workers.push(worker);
  }
  const bus = new InterruptBus(memory);
  return {
    memory,
    bus,
    counts: (index) => new BigInt64Array(memory.buffer, plan.ramBase + COUNTS + index * COUNTS_BYTES, 256),
    stop: async () => {
      const ends = workers.map(async (worker, index) => {
        const ended = messageOf(worker);
        bus.signal(index, PENDING_EXIT);
        const { timeouts } = (await ended) as { timeouts: number };
        await worker.terminate();
        return timeouts;
      });
      return (await Promise.all(ends)).reduce((sum, timeouts) => sum + timeouts, 0);
    },
  };
}

const nap = new Int32Array(new SharedArrayBuffer(4));
const PER_VECTOR = 2_500;
const VECTORS_PER_SENDER = 10;

async function sendAndCount(t: ExecutionContext, cpus: number, senders: number): Promise<void> {
  const threads = await start(t, cpus);
  const jobs = Array.from({ length: senders }, (_, sender) => {
    const job = spawn<WorkerSenderData>('worker-sender.ts', {
      memory: threads.memory,
      countsOffset: threads.counts(0).byteOffset,
      countsBytes: COUNTS_BYTES,
      cpus,
      firstVector: 0x20 + sender * VECTORS_PER_SENDER,
      vectors: VECTORS_PER_SENDER,
      rounds: PER_VECTOR,
    });
    t.teardown(() => job.terminate());
    return messageOf(job);
  });
  await Promise.all(jobs);
  t.is(await threads.stop(), 0, 'no vCPU slept through an interrupt');
  for (let cpu = 0; cpu < cpus; cpu++) {
    const seen = threads.counts(cpu);
    for (let vector = 0x20; vector < 0x20 + senders * VECTORS_PER_SENDER; vector++) {
      t.is(Number(seen[vector]), PER_VECTOR, `vCPU ${cpu}, vector ${vector}`);
    }
  }
}

test.serial('of 100,000 interrupts from two threads to two vCPUs none is lost or doubled', async (t) => {
  await sendAndCount(t, 2, 2);
});

test.serial('a halted vCPU executes nothing until an interrupt wakes it', async (t) => {
  const threads = await start(t, 1);
  const view = new DataView(threads.memory.buffer, CPU_GROUPS_BASE, CPU_GROUP_SIZE);
  const counts = threads.counts(0);
  for (let round = 1; round <= 200; round++) {
    threads.bus.raiseInterrupt(0, 0x80, false);
    for (let waits = 0; Number(Atomics.load(counts, 0x80)) < round; waits++) {
      if (waits > LIMIT_MS) t.fail(`interrupt ${round} was lost`);
      Atomics.wait(nap, 0, 0, 1);
    }
  }
  t.is(await threads.stop(), 0);
  const instructions = Number(view.getBigUint64(CPU_INSTRUCTION_COUNT, true));
  // Six instructions an interrupt: three of the handler, the jump, HLT, and a few before the first.
  t.true(instructions < 200 * 6 + 50, `${instructions} instructions`);
});
