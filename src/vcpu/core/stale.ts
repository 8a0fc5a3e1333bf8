// The record that replaces those of a block whose code was overwritten while it ran.
import { CPU_CURRENT_RECORD, CPU_RIP } from '../../memory/layout';
import { instructionRip } from './state';

/** Leaves the block before the instruction at `record`. */
function stale(cpu: usize, record: usize): usize {
  store<u64>(cpu, instructionRip(cpu, record), CPU_RIP);
  store<u32>(cpu, 0, CPU_CURRENT_RECORD);
  return 0;
}

export const staleHandler: u32 = ((cpu: usize, record: usize): usize => stale(cpu, record)).index;
