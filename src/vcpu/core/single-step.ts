// One instruction at a time: interrupt shadow, trap flag, breakpoints (SDM vol. 3, 6.8.3 and 17.3).
import {
  BLOCK_CODE_MASK,
  CPU_BLOCK_MODE,
  CPU_DEBUG_HITS,
  CPU_DR,
  CPU_EFLAGS,
  CPU_INTERRUPT_SHADOW,
  CPU_RIP,
  CPU_SEG_BASE,
} from '../../memory/layout';
import { FLAG_RF, FLAG_TF } from './bits';
import { raise, VECTOR_DB } from './fault';
import { updateAttention } from './mode';

/** CPU_INTERRUPT_SHADOW: STI stores SHADOW_NEW, a load of SS SHADOW_NEW_STACK; it becomes SHADOW_ACTIVE for the next instruction. */
export const SHADOW_ACTIVE: u32 = 1;
export const SHADOW_NEW: u32 = 2;
export const SHADOW_NEW_STACK: u32 = 4;

const DR6_BS: u64 = 0x4000;

let trapFlag: bool = false;

/** INT n and its kin, and SYSCALL that masks TF, do not trap in their handler (SDM vol. 3, 17.3.1.4). */
export function cancelSingleStep(): void {
  trapFlag = false;
}

/** DR7 bits 8 and 9 (LE, GE) aside: is breakpoint `i` enabled, and of this kind? */
function isBreakpoint(dr7: u32, i: u32, kind: u32): bool {
  return ((dr7 >> (i * 2)) & 3) != 0 && ((dr7 >> (16 + i * 4)) & 3) == kind;
}

/** Before an instruction of a single-stepped block: the shadow, and instruction breakpoints (faults, held off by RF). */
export function beforeInstruction(cpu: usize): void {
  const flags = load<u32>(cpu, CPU_EFLAGS);
  trapFlag = (flags & FLAG_TF) != 0;
  const shadow = load<u32>(cpu, CPU_INTERRUPT_SHADOW);
  if (shadow) store<u32>(cpu, SHADOW_ACTIVE, CPU_INTERRUPT_SHADOW);
  // After a load of SS no instruction breakpoint counts, and what the load has touched traps after this instruction.
  const afterStack = shadow == SHADOW_NEW_STACK;
  if (!afterStack) store<u32>(cpu, 0, CPU_DEBUG_HITS);
  const dr7 = load<u32>(cpu, CPU_DR + 56);
  if (dr7 & 0xff && !(flags & FLAG_RF) && !afterStack) {
    const code64 = (load<u32>(cpu, CPU_BLOCK_MODE) & BLOCK_CODE_MASK) == 2;
    const rip = load<u64>(cpu, CPU_RIP);
    const linear = code64 ? rip : (rip + load<u64>(cpu, CPU_SEG_BASE + 8)) & 0xffffffff;
    let hits: u64 = 0;
    for (let i: u32 = 0; i < 4; i++) {
      if (isBreakpoint(dr7, i, 0) && load<u64>(cpu + (i << 3), CPU_DR) == linear) hits |= 1 << i;
    }
    if (hits) {
      store<u64>(cpu, load<u64>(cpu, CPU_DR + 48) | hits, CPU_DR + 48);
      raise(cpu, VECTOR_DB);
    }
  }
  // RF lasts for one instruction (SDM vol. 3, 17.3.1.1).
  if (flags & FLAG_RF) store<u32>(cpu, flags & ~FLAG_RF, CPU_EFLAGS);
}

/** After it: the shadow ends; the trap flag as it was before the instruction, and data breakpoints, make #DB. */
export function afterInstruction(cpu: usize): void {
  if (load<u32>(cpu, CPU_INTERRUPT_SHADOW) == SHADOW_ACTIVE) {
    store<u32>(cpu, 0, CPU_INTERRUPT_SHADOW);
    updateAttention(cpu);
  }
  // A load of SS holds all traps off with the interrupts (SDM vol. 3, 6.8.3).
  if (load<u32>(cpu, CPU_INTERRUPT_SHADOW) == SHADOW_NEW_STACK) return;
  if (trapFlag || load<u32>(cpu, CPU_DEBUG_HITS)) trapNow(cpu);
}

/** SYSRET that sets TF traps at its target, as if the program's SYSCALL had just ended (AMD APM vol. 3, "SYSRET"). */
export function trapAfterReturn(cpu: usize): void {
  trapFlag = true;
  trapNow(cpu);
}

/** #DB after the instruction that CPU_RIP has left behind. */
function trapNow(cpu: usize): void {
  const hits = <u64>load<u32>(cpu, CPU_DEBUG_HITS);
  store<u32>(cpu, 0, CPU_DEBUG_HITS);
  store<u64>(cpu, load<u64>(cpu, CPU_DR + 48) | hits | (trapFlag ? DR6_BS : 0), CPU_DR + 48);
  raise(cpu, VECTOR_DB);
}
