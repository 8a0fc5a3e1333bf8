/** Several vCPUs on threads of their own over one memory. */
import { Worker } from 'node:worker_threads';
import type { ExecutionContext } from 'ava';
import { allocateMemory, planMemory } from '../../../src/memory/memory-plan.ts';
import { PhysicalMap } from '../../../src/memory/physical-map.ts';
import { coreModule } from './core-build.ts';
import type { RegisterName } from './test-cpu.ts';

const RAM_BYTES = 4 * 1024 * 1024;

export interface SmpOutcome {
  readonly vector: number;
  /** In modrm order. */
  readonly registers: readonly bigint[];
}

/** The next message of a thread; rejects when it ends without one. */
export function messageOf(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`A thread of the test ended with code ${code}`)));
  });
}

export interface SmpRun {
  readonly outcomes: readonly SmpOutcome[];
  /** Guest RAM afterwards. */
  readonly ram: DataView;
}

/** Loads `code` at 1000h and lets one vCPU per entry of `registers` run it from there until UD2. */
export async function runSmp(
  t: ExecutionContext,
  code: Uint8Array,
  registers: readonly Partial<Record<RegisterName, bigint>>[],
): Promise<SmpRun> {
  const module = await coreModule();
  const plan = planMemory({ cpus: registers.length, ramBytes: RAM_BYTES });
  const memory = allocateMemory(plan);
  const map = new PhysicalMap(memory);
  map.initialise(registers.length);
  map.map(0, RAM_BYTES, plan.ramBase, 'ram');
  new Uint8Array(memory.buffer, plan.ramBase).set(code, 0x1000);
  const workers = registers.map(
    (given, index) =>
      new Worker(new URL('smp-worker.ts', import.meta.url), {
        workerData: { module, memory, plan, index, rip: 0x1000n, registers: given },
      }),
  );
  // A teardown is run after a timeout too.
  const terminate = () => Promise.all(workers.map((worker) => worker.terminate()));
  t.teardown(terminate);
  await Promise.all(workers.map((worker) => messageOf(worker)));
  const ended = workers.map((worker) => messageOf(worker));
  for (const worker of workers) worker.postMessage('go');
  const outcomes = (await Promise.all(ended)) as SmpOutcome[];
  await terminate();
  return { outcomes, ram: new DataView(memory.buffer, plan.ramBase, RAM_BYTES) };
}
