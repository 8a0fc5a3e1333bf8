/** One vCPU on a thread of its own: runs what it is given until the guest raises an exception. */
import { parentPort, workerData } from 'node:worker_threads';
import { CPU_EFER, EXIT_BUDGET } from '../../../src/memory/layout.ts';
import type { MemoryPlan } from '../../../src/memory/memory-plan.ts';
import { REGISTERS, type RegisterName, TestCpu } from './test-cpu.ts';

export interface SmpJob {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly plan: MemoryPlan;
  readonly index: number;
  readonly rip: bigint;
  readonly registers: Partial<Record<RegisterName, bigint>>;
}

const SLICE = 50_000;
const job = workerData as SmpJob;
const cpu = TestCpu.attach(job.module, job.memory, job.plan, job.index);
for (const [name, value] of Object.entries(job.registers)) cpu.set(name as RegisterName, value);
cpu.setState64(CPU_EFER, 0xd01n);
cpu.core.stateWritten();
cpu.rip = job.rip;
parentPort?.once('message', () => {
  let reason = EXIT_BUDGET;
  while (reason === EXIT_BUDGET) reason = cpu.run(SLICE);
  parentPort?.postMessage({ vector: cpu.fault.vector, registers: REGISTERS.map((name) => cpu.get(name)) });
});
parentPort?.postMessage('ready');
