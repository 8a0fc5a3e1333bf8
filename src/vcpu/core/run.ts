// The run loop: blocks until something wants attention.
import {
  CPU_ATTENTION_MASK,
  CPU_BLOCK_MODE,
  CPU_BUDGET,
  CPU_CURRENT_BLOCK,
  CPU_CURRENT_RECORD,
  CPU_EFLAGS,
  CPU_EXCEPTION_HOOKS,
  CPU_EXIT_REASON,
  CPU_FAULT_PENDING,
  CPU_FAULT_VECTOR,
  CPU_HALT_STATE,
  CPU_INSTRUCTION_COUNT,
  CPU_PENDING,
  CPU_RIP,
  EXIT_BUDGET,
  EXIT_EXCEPTION,
  EXIT_HALT,
  EXIT_NONE,
  HALT_RUNNING,
  RECORD_COUNT,
  BLOCK_SINGLE,
} from '../../memory/layout';
import { FLAG_RF } from './bits';
import { enter } from './block';
import { runBlocks } from './dispatch';
import { abandonExclusive, enterGuest, leaveGuest } from './exclusive';
import { attend } from './attention';
import { deliverFault } from './interrupt';
import { beforeInstruction, afterInstruction } from './single-step';
import { instructionRip } from './state';

/** Instructions given to the current run(). */
let granted: i32 = 0;

/**
 * Runs at most about `budget` instructions (a block is finished). A fault unwinds through the host to the caller, who
 * calls resume() until it returns. Gives an EXIT_* reason.
 */
export function run(cpu: usize, budget: i32): u32 {
  granted = budget;
  store<i32>(cpu, budget, CPU_BUDGET);
  store<u32>(cpu, EXIT_NONE, CPU_EXIT_REASON);
  enterGuest(cpu);
  return resume(cpu);
}

/** Instructions executed so far, those of the present run() included (block by block). */
export function instructionsExecuted(cpu: usize): u64 {
  return load<u64>(cpu, CPU_INSTRUCTION_COUNT) + <u64><i64>(granted - load<i32>(cpu, CPU_BUDGET));
}

/** Has run() return at the next block end: whoever called it must look at the timer, which sets how long it may run. */
export function endSlice(cpu: usize): void {
  const left = load<i32>(cpu, CPU_BUDGET);
  if (left <= 0) return;
  granted -= left;
  store<i32>(cpu, 0, CPU_BUDGET);
}

/** Shortens the present slice by what an instruction does beyond one instruction's work; the count of instructions stays true. */
export function shortenSlice(cpu: usize, instructions: i32): void {
  granted -= instructions;
  store<i32>(cpu, load<i32>(cpu, CPU_BUDGET) - instructions, CPU_BUDGET);
}

/** Goes on after run() or resume() was unwound. */
export function resume(cpu: usize): u32 {
  while (true) {
    if (load<u32>(cpu, CPU_FAULT_PENDING)) {
      abandonExclusive(cpu);
      settleFault(cpu);
      if ((load<u32>(cpu, CPU_EXCEPTION_HOOKS) >> load<u32>(cpu, CPU_FAULT_VECTOR)) & 1) {
        store<u32>(cpu, 0, CPU_FAULT_PENDING);
        return exit(cpu, EXIT_EXCEPTION);
      }
      deliverFault(cpu);
    }
    const reason = load<u32>(cpu, CPU_EXIT_REASON);
    if (reason) return exit(cpu, reason);
    if (atomic.load<u32>(cpu + CPU_PENDING) & load<u32>(cpu, CPU_ATTENTION_MASK)) {
      attend(cpu);
      if (load<u32>(cpu, CPU_EXIT_REASON)) continue;
    }
    if (load<u32>(cpu, CPU_HALT_STATE) != HALT_RUNNING) return exit(cpu, EXIT_HALT);
    if (load<i32>(cpu, CPU_BUDGET) <= 0) return exit(cpu, EXIT_BUDGET);
    if (load<u32>(cpu, CPU_BLOCK_MODE) & BLOCK_SINGLE) runSingle(cpu);
    else runFreely(cpu);
  }
}

/** Blocks, with no breakpoint or trap flag to heed: RF, left by a REP or a step, is over with the first instruction. */
function runFreely(cpu: usize): void {
  const flags = load<u32>(cpu, CPU_EFLAGS);
  if (flags & FLAG_RF) store<u32>(cpu, flags & ~FLAG_RF, CPU_EFLAGS);
  runBlocks(cpu, enter(cpu));
}

/** One instruction, with what comes before and after each when breakpoints or the trap flag ask for it. */
function runSingle(cpu: usize): void {
  beforeInstruction(cpu);
  if (load<u32>(cpu, CPU_EXIT_REASON)) return;
  runBlocks(cpu, enter(cpu));
  afterInstruction(cpu);
}

/** Makes CPU_RIP that of the faulting instruction and counts the instructions before it. */
function settleFault(cpu: usize): void {
  const record = <usize>load<u32>(cpu, CPU_CURRENT_RECORD);
  if (!record) return;
  store<u64>(cpu, instructionRip(cpu, record), CPU_RIP);
  store<i32>(cpu, load<i32>(cpu, CPU_BUDGET) - <i32>load<u8>(record, RECORD_COUNT) + 1, CPU_BUDGET);
  store<u32>(cpu, 0, CPU_CURRENT_RECORD);
}

function exit(cpu: usize, reason: u32): u32 {
  const used = granted - load<i32>(cpu, CPU_BUDGET);
  granted = load<i32>(cpu, CPU_BUDGET);
  store<u64>(cpu, load<u64>(cpu, CPU_INSTRUCTION_COUNT) + <u64><i64>used, CPU_INSTRUCTION_COUNT);
  store<u32>(cpu, 0, CPU_CURRENT_BLOCK);
  store<u32>(cpu, reason, CPU_EXIT_REASON);
  leaveGuest(cpu);
  return reason;
}
