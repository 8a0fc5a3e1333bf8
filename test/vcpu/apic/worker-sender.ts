/** A device's thread: sends each of its vectors to each vCPU, and again as soon as the last one has been seen. */
import { parentPort, workerData } from 'node:worker_threads';
import { InterruptBus } from '../../../src/vcpu/interrupt-bus.ts';

export interface WorkerSenderData {
  readonly memory: WebAssembly.Memory;
  /** Offset in shared memory of the first vCPU's counters, and how far apart they are. */
  readonly countsOffset: number;
  readonly countsBytes: number;
  readonly cpus: number;
  readonly firstVector: number;
  readonly vectors: number;
  readonly rounds: number;
}

const { memory, countsOffset, countsBytes, cpus, firstVector, vectors, rounds } =
  workerData as WorkerSenderData;
const bus = new InterruptBus(memory);
const counts = Array.from(
  { length: cpus },
  (_, cpu) => new BigInt64Array(memory.buffer, countsOffset + cpu * countsBytes, 256),
);
const nap = new Int32Array(new SharedArrayBuffer(4));

function seenBy(cpu: number, vector: number): number {
  const counters = counts[cpu];
  return counters === undefined ? 0 : Number(Atomics.load(counters, vector));
}

/** All vectors of a round at once; the next round when all have been handled, since equal interrupts merge. */
for (let round = 1; round <= rounds; round++) {
  for (let cpu = 0; cpu < cpus; cpu++) {
    for (let vector = firstVector; vector < firstVector + vectors; vector++)
      bus.raiseInterrupt(cpu, vector, false);
  }
  for (let cpu = 0; cpu < cpus; cpu++) {
    for (let vector = firstVector; vector < firstVector + vectors; vector++) {
      for (let spins = 0; seenBy(cpu, vector) < round; spins++)
        if (spins > 200) Atomics.wait(nap, 0, 0, 0.05);
    }
  }
}
parentPort?.postMessage('done');
