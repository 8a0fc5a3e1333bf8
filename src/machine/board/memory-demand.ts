/** How much shared memory a machine needs, from its configuration. Light enough for the supervisor's thread. */
import { allocateMemory, type MemoryPlan, planMemory } from '../../memory/memory-plan.ts';
import type { MachineConfig } from '../machine-config.ts';

const MIB = 1024 * 1024;
/** Firmware, option ROMs and buffers of disk controllers. What is not used costs nothing. */
const ROM_BYTES = 16 * MIB;
const VIDEO_BYTES = 32 * MIB;
/** The machine type without a board: it has no memory and no vCPUs. */
const BOARDLESS = 'none';

/** What the machine's actors share; undefined for a machine without a board. */
export interface SharedMachineMemory {
  readonly memory: WebAssembly.Memory;
  readonly plan: MemoryPlan;
}

export function hasBoard(config: Pick<MachineConfig, 'machine'>): boolean {
  return config.machine !== BOARDLESS;
}

/** False with -machine accel=qtest: vCPUs exist for the guest's tables, but do not run. */
export function runsCpus({ qtest }: Pick<MachineConfig, 'qtest'>): boolean {
  return qtest === undefined || qtest.runsCpus;
}

/** How many vCPU actors there are from the start. */
export function runningCpus(config: Pick<MachineConfig, 'qtest' | 'smp'>): number {
  return runsCpus(config) ? config.smp.cpus : 0;
}

/** Throws as `planMemory` does. */
export function shareMemory(config: Pick<MachineConfig, 'ramBytes' | 'smp'>): SharedMachineMemory {
  const plan = planMemory({
    cpus: config.smp.maxCpus,
    ramBytes: config.ramBytes,
    romBytes: ROM_BYTES,
    videoBytes: VIDEO_BYTES,
  });
  return { memory: allocateMemory(plan), plan };
}
