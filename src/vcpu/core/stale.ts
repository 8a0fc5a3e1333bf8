// The record that replaces those of a block whose code was overwritten while it ran.
import { CPU_BUDGET, CPU_CURRENT_RECORD, CPU_RIP, RECORD_COUNT } from '../../memory/layout';
import { instructionRip } from './state';

/** Leaves the block before the instruction at `record`, and counts those that have run. */
function stale(cpu: usize, record: usize): usize {
  store<u64>(cpu, instructionRip(cpu, record), CPU_RIP);
  store<i32>(cpu, load<i32>(cpu, CPU_BUDGET) - <i32>load<u8>(record, RECORD_COUNT) + 1, CPU_BUDGET);
  store<u32>(cpu, 0, CPU_CURRENT_RECORD);
  return 0;
}

export const staleHandler: u32 = ((cpu: usize, record: usize): usize => stale(cpu, record)).index;
