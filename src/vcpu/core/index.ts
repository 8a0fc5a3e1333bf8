// Exports of the core: one instance serves one vCPU of one thread.
import {
  CPU_CODE_BASE,
  CPU_CODE_END,
  CPU_CODE_NEXT,
  CPU_INDEX,
  CPU_RIP,
  GLOBAL_TABLES,
  OPEN_BUS_PAGE,
} from '../../memory/layout';
import { flushBlocks } from './block';
import { registerInstructions } from './instructions';
import { eflags, setEflagsRaw } from './flags';
import { waitWhileEqual } from './host';
import { prepareRegionRecords } from './region';
import { bindCpu } from './physical';
import { updateMode } from './mode';
import { resetTlb } from './tlb';

export { run, resume } from './run';
export { leaveRegion } from './block';
export { flagAux, flagCondition, flagResult, slowCheckWrite, slowRead, slowWrite, specialHandler } from './region';
export { reset } from './reset';
export { apicTimerTick } from './apic/timer';

const TABLES_WRITING: u32 = 1;
const TABLES_READY: u32 = 2;

/** Writes what all instances share, once a memory. */
function prepareTables(): void {
  if (atomic.cmpxchg<u32>(GLOBAL_TABLES, 0, TABLES_WRITING) == 0) {
    memory.fill(OPEN_BUS_PAGE, 0xff, 4096);
    registerInstructions();
    prepareRegionRecords();
    atomic.store<u32>(GLOBAL_TABLES, TABLES_READY);
    atomic.notify(GLOBAL_TABLES, -1);
  }
  while (atomic.load<u32>(GLOBAL_TABLES) != TABLES_READY) waitWhileEqual(GLOBAL_TABLES, TABLES_WRITING);
}

/** Prepares the tables and the vCPU's caches. Call once per instance, before anything else; the page group is zeroed or restored. */
export function initialise(cpu: usize, index: u32, codeBase: u32, codeEnd: u32): void {
  prepareTables();
  bindCpu(cpu);
  store<u32>(cpu, index, CPU_INDEX);
  store<u32>(cpu, codeBase, CPU_CODE_BASE);
  store<u32>(cpu, codeEnd, CPU_CODE_END);
  store<u32>(cpu, codeBase, CPU_CODE_NEXT);
  resetTlb(cpu);
  flushBlocks(cpu);
}

/** To be called after the page group's state was written from outside: derives what follows from it. */
export function stateWritten(cpu: usize): void {
  resetTlb(cpu);
  updateMode(cpu);
}

/** RFLAGS, computed from the lazy state. */
export function getFlags(cpu: usize): u32 {
  return eflags(cpu);
}

/** Replaces RFLAGS; call stateWritten() afterwards. */
export function setFlags(cpu: usize, flags: u32): void {
  setEflagsRaw(cpu, flags);
}
