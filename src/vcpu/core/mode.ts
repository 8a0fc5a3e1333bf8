// Derived state: what follows from CR0, CR4, EFER, EFLAGS and the segment registers. Whoever changes one of them calls
// the matching function here and ends the block.
import {
  BLOCK_AVX,
  BLOCK_CODE_LIMIT,
  BLOCK_FLAT,
  BLOCK_PROTECTED,
  BLOCK_SINGLE,
  BLOCK_SSE,
  BLOCK_STACK32,
  BLOCK_X87,
  CPU_ALIGNMENT_CHECK,
  CPU_ATTENTION_MASK,
  CPU_BLOCK_MODE,
  CPU_CR0,
  CPU_CR4,
  CPU_EFER,
  CPU_EFLAGS,
  CPU_HALT_STATE,
  CPU_IN_SMM,
  CPU_INTERRUPT_SHADOW,
  CPU_MODE,
  CPU_NMI_BLOCKED,
  CPU_SEG_ATTRIBUTES,
  CPU_SEG_BASE,
  CPU_SEG_LIMIT,
  CPU_SLOW_REASONS,
  CPU_TLB,
  CPU_TLB_SUPERVISOR,
  CPU_TLB_SUPERVISOR_AC,
  CPU_TLB_USER,
  CPU_XCR0,
  HALT_SHUTDOWN,
  HALT_WAIT_SIPI,
  MODE_CODE16,
  MODE_CODE32,
  MODE_CODE64,
  MODE_LONG,
  MODE_PAGING,
  MODE_PROTECTED,
  MODE_SMM,
  MODE_V86,
  PENDING_ALWAYS,
  PENDING_APIC,
  PENDING_NMI,
  PENDING_PIC,
  PENDING_SMI,
  PENDING_INIT,
} from '../../memory/layout';
import { flushTlb } from './tlb';
import {
  ATTR_CODE,
  ATTR_DB,
  ATTR_DPL,
  ATTR_DPL_SHIFT,
  ATTR_EXPAND_DOWN,
  ATTR_L,
  ATTR_RW,
  ATTR_USABLE,
  CR0_AM,
  CR0_EM,
  CR0_PE,
  CR0_PG,
  CR0_TS,
  CR4_OSFXSR,
  CR4_OSXSAVE,
  CR4_SMAP,
  EFER_LMA,
  FLAG_AC,
  FLAG_IF,
  FLAG_TF,
  FLAG_VM,
  SEG_CS,
  SEG_DS,
  SEG_ES,
  SEG_SS,
} from './bits';
import { noteModeOfJumps } from './jump-cache';

function isFlatData(cpu: usize, segment: u32): bool {
  const attributes = load<u32>(cpu + (segment << 2), CPU_SEG_ATTRIBUTES);
  return (
    load<u64>(cpu + (segment << 3), CPU_SEG_BASE) == 0 &&
    load<u32>(cpu + (segment << 2), CPU_SEG_LIMIT) == 0xffffffff &&
    (attributes & (ATTR_USABLE | ATTR_RW | ATTR_CODE | ATTR_EXPAND_DOWN)) == (ATTR_USABLE | ATTR_RW)
  );
}

/** CPL: SS.DPL in protected mode, 3 in virtual-8086, 0 in real mode (SDM vol. 3, 5.5 and AMD APM vol. 2, 4.9.1). */
function privilege(cpu: usize, isProtected: bool, isV86: bool): u32 {
  if (!isProtected) return 0;
  if (isV86) return 3;
  return (load<u32>(cpu + (SEG_SS << 2), CPU_SEG_ATTRIBUTES) & ATTR_DPL) >> ATTR_DPL_SHIFT;
}

/** Derives everything anew. */
export function updateMode(cpu: usize): void {
  const cr0 = load<u64>(cpu, CPU_CR0);
  const efer = load<u64>(cpu, CPU_EFER);
  const flags = load<u32>(cpu, CPU_EFLAGS);
  const isProtected = (cr0 & CR0_PE) != 0;
  const isV86 = isProtected && (flags & FLAG_VM) != 0;
  const isLong = (efer & EFER_LMA) != 0;
  const code = load<u32>(cpu + (SEG_CS << 2), CPU_SEG_ATTRIBUTES);
  let mode = privilege(cpu, isProtected, isV86);
  let block: u32 = 0;
  if (isLong && code & ATTR_L) {
    mode |= MODE_CODE64;
    block = 2;
  } else if (code & ATTR_DB) {
    mode |= MODE_CODE32;
    block = 1;
  } else {
    mode |= MODE_CODE16;
  }
  if (isProtected) mode |= MODE_PROTECTED;
  if (isV86) mode |= MODE_V86;
  if (isLong) mode |= MODE_LONG;
  if (cr0 & CR0_PG) mode |= MODE_PAGING;
  if (load<u32>(cpu, CPU_IN_SMM)) mode |= MODE_SMM;
  store<u32>(cpu, mode, CPU_MODE);

  if (isProtected && !isV86) block |= BLOCK_PROTECTED;
  if (block & 2 || load<u32>(cpu + (SEG_SS << 2), CPU_SEG_ATTRIBUTES) & ATTR_DB) block |= BLOCK_STACK32;
  if (!(block & 2)) {
    if (isFlatData(cpu, SEG_DS) && isFlatData(cpu, SEG_ES) && isFlatData(cpu, SEG_SS)) block |= BLOCK_FLAT;
    if (load<u32>(cpu + (SEG_CS << 2), CPU_SEG_LIMIT) != 0xffffffff) block |= BLOCK_CODE_LIMIT;
  }
  if (!(cr0 & (CR0_EM | CR0_TS))) {
    block |= BLOCK_X87;
    if (load<u64>(cpu, CPU_CR4) & CR4_OSFXSR) block |= BLOCK_SSE;
  }
  const avxOn = load<u64>(cpu, CPU_CR4) & CR4_OSXSAVE && (load<u64>(cpu, CPU_XCR0) & 6) == 6;
  if (avxOn && !(cr0 & CR0_TS) && block & BLOCK_PROTECTED) block |= BLOCK_AVX;
  store<u32>(cpu, block, CPU_BLOCK_MODE);
  updateDataTlb(cpu);
  updateAttention(cpu);
}

/** Chooses the TLB of data accesses: after a change of CPL, EFLAGS.AC, CR0.AM or CR4.SMAP. */
export function updateDataTlb(cpu: usize): void {
  const mode = load<u32>(cpu, CPU_MODE);
  let tlb = cpu + CPU_TLB_SUPERVISOR;
  if ((mode & 3) == 3) {
    tlb = cpu + CPU_TLB_USER;
    updateAlignmentCheck(cpu);
  } else if (load<u64>(cpu, CPU_CR4) & CR4_SMAP && load<u32>(cpu, CPU_EFLAGS) & FLAG_AC) tlb = cpu + CPU_TLB_SUPERVISOR_AC;
  store<u32>(cpu, <u32>tlb, CPU_TLB);
  noteModeOfJumps(cpu);
}

/** Alignment checking at CPL 3 (SDM vol. 3, 6.15 "Interrupt 17"): entries filled before it was on must not be hit. */
function updateAlignmentCheck(cpu: usize): void {
  const on: u32 = load<u64>(cpu, CPU_CR0) & CR0_AM && load<u32>(cpu, CPU_EFLAGS) & FLAG_AC ? 1 : 0;
  if (load<u32>(cpu, CPU_ALIGNMENT_CHECK) == on) return;
  store<u32>(cpu, on, CPU_ALIGNMENT_CHECK);
  if (on) flushTlb(cpu, true);
}

/** Decides which requests interrupt the guest and whether it runs one instruction at a time: after a change of EFLAGS.IF or TF. */
export function updateAttention(cpu: usize): void {
  const flags = load<u32>(cpu, CPU_EFLAGS);
  const shadow = load<u32>(cpu, CPU_INTERRUPT_SHADOW);
  let mask: u32 = PENDING_ALWAYS;
  if (flags & FLAG_IF && !shadow) mask |= PENDING_APIC | PENDING_PIC;
  if (load<u32>(cpu, CPU_NMI_BLOCKED) || shadow) mask &= ~PENDING_NMI;
  // Firmware must not see an instruction's shadow, nor RSM lose it: an SMI waits for one instruction too.
  if (shadow) mask &= ~PENDING_SMI;
  if (load<u32>(cpu, CPU_IN_SMM)) mask &= ~(PENDING_SMI | PENDING_INIT);
  const halt = load<u32>(cpu, CPU_HALT_STATE);
  if (halt == HALT_WAIT_SIPI || halt == HALT_SHUTDOWN) mask &= ~(PENDING_APIC | PENDING_PIC | PENDING_NMI | PENDING_SMI);
  store<u32>(cpu, mask, CPU_ATTENTION_MASK);
  let block = load<u32>(cpu, CPU_BLOCK_MODE) & ~BLOCK_SINGLE;
  if (shadow || flags & FLAG_TF || load<u32>(cpu, CPU_SLOW_REASONS)) block |= BLOCK_SINGLE;
  store<u32>(cpu, block, CPU_BLOCK_MODE);
  noteModeOfJumps(cpu);
}
