/** A vCPU on a thread of its own that idles in the guest's HLT loop until it is told to stop. */
import { parentPort, workerData } from 'node:worker_threads';
import {
  CPU_GROUP_SIZE,
  CPU_GROUPS_BASE,
  CPU_PENDING,
  EXIT_HALT,
  EXIT_REQUEST,
} from '../../../src/memory/layout.ts';
import type { MemoryPlan } from '../../../src/memory/memory-plan.ts';
import { GuestCpu } from './apic-machine.ts';

export interface WorkerGuestData {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly plan: MemoryPlan;
  readonly index: number;
}

const BUDGET = 100_000;
/** So that a lost wake-up shows as a failure and not as a test that never ends. */
const LONG_MS = 10_000;

const { module, memory, plan, index } = workerData as WorkerGuestData;
const words = new Int32Array(memory.buffer);
const pendingWord = (CPU_GROUPS_BASE + index * CPU_GROUP_SIZE + CPU_PENDING) >> 2;

const cpu = new GuestCpu(module, memory, plan, index, {
  portIn: () => 0,
  portOut: () => {},
  mmioRead: () => 0xffffffff,
  mmioWrite: () => {},
  virtualTime: () => 0,
  picAcknowledge: () => 0xff,
  random: () => 0,
  floatingPointError: () => 0,
  eoiBroadcast: () => {},
});
cpu.write(0xf0, 0x1ff);
cpu.prepareIdle();
parentPort?.postMessage('ready');

let timeouts = 0;
for (;;) {
  const reason = cpu.runIdle(BUDGET);
  if (reason === EXIT_REQUEST) break;
  if (reason === EXIT_HALT && Atomics.load(words, pendingWord) === 0) {
    if (Atomics.wait(words, pendingWord, 0, LONG_MS) === 'timed-out') timeouts++;
  }
}
parentPort?.postMessage({ timeouts });
