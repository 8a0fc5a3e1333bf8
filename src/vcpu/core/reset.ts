// Power-up, RESET and INIT, and the start by SIPI (SDM vol. 3, 9.1 and 8.4).
import {
  CPU_CR0,
  CPU_CR2,
  CPU_CR3,
  CPU_CR4,
  CPU_CR8,
  CPU_CURRENT_RECORD,
  CPU_DELIVERING_VECTOR,
  CPU_DR,
  CPU_EFER,
  CPU_FAULT_PENDING,
  CPU_GPR,
  CPU_HALT_STATE,
  CPU_IN_SMM,
  CPU_INTERRUPT_SHADOW,
  CPU_MXCSR,
  CPU_NMI_BLOCKED,
  CPU_PENDING,
  CPU_RDX,
  CPU_RIP,
  CPU_SEG_BASE,
  CPU_SEG_LIMIT,
  CPU_SIPI_VECTOR,
  CPU_MONITOR,
  CPU_SLOW_REASONS,
  CPU_SMBASE,
  CPU_VECTOR,
  CPU_X87,
  CPU_X87_CONTROL,
  CPU_X87_STATUS,
  CPU_X87_TAG,
  CPU_XCR0,
  HALT_RUNNING,
  HALT_WAIT_SIPI,
  PENDING_INIT,
  PENDING_NMI,
  PENDING_SIPI,
  PENDING_SMI,
} from '../../memory/layout';
import { apicInit, apicReset } from './apic/reset';
import { SEG_CS, SEG_GDTR, SEG_GS, SEG_IDTR, SEG_LDTR, SEG_TR } from './bits';
import { cpuidEax } from './cpuid-table';
import { setEflagsRaw } from './flags';
import { updateMode } from './mode';
import { resetMsrs } from './msr';
import { setSegment } from './segment';
import { flushTlb } from './tlb';

const DATA: u32 = 0x10093;
const CODE: u32 = 0x1009b;
const LDT: u32 = 0x10082;
const TSS: u32 = 0x1008b;
const SMBASE_RESET: u32 = 0x30000;

/** What RESET and INIT have in common. INIT leaves CR0.CD and NW, the FPU, the vectors and most MSRs alone. */
function resetCore(cpu: usize): void {
  for (let r: usize = 0; r < 16; r++) store<u64>(cpu + (r << 3), 0, CPU_GPR);
  // EDX holds the processor's signature: family, model, stepping.
  store<u64>(cpu, <u64>cpuidEax(cpu, 1), CPU_RDX);
  setEflagsRaw(cpu, 2);
  for (let segment: u32 = 0; segment <= SEG_GS; segment++) setSegment(cpu, segment, 0, 0, 0xffff, DATA);
  setSegment(cpu, SEG_CS, 0xf000, 0xffff0000, 0xffff, CODE);
  setSegment(cpu, SEG_LDTR, 0, 0, 0xffff, LDT);
  setSegment(cpu, SEG_TR, 0, 0, 0xffff, TSS);
  store<u64>(cpu, 0, CPU_SEG_BASE + (SEG_GDTR << 3));
  store<u64>(cpu, 0, CPU_SEG_BASE + (SEG_IDTR << 3));
  store<u32>(cpu, 0xffff, CPU_SEG_LIMIT + (SEG_GDTR << 2));
  store<u32>(cpu, 0xffff, CPU_SEG_LIMIT + (SEG_IDTR << 2));
  store<u64>(cpu, 0xfff0, CPU_RIP);
  store<u64>(cpu, 0, CPU_CR2);
  store<u64>(cpu, 0, CPU_CR3);
  store<u64>(cpu, 0, CPU_CR4);
  store<u64>(cpu, 0, CPU_CR8);
  store<u64>(cpu, 0, CPU_EFER);
  for (let i: usize = 0; i < 4; i++) store<u64>(cpu + (i << 3), 0, CPU_DR);
  store<u64>(cpu, 0, CPU_DR + 48);
  store<u64>(cpu, 0x400, CPU_DR + 56);
  store<u32>(cpu, 0, CPU_SLOW_REASONS);
  store<u32>(cpu, 0, CPU_MONITOR);
  store<u32>(cpu, 0, CPU_FAULT_PENDING);
  store<u32>(cpu, 0, CPU_DELIVERING_VECTOR);
  store<u32>(cpu, 0, CPU_CURRENT_RECORD);
  store<u32>(cpu, 0, CPU_INTERRUPT_SHADOW);
  store<u32>(cpu, 0, CPU_NMI_BLOCKED);
  store<u32>(cpu, 0, CPU_IN_SMM);
  store<u32>(cpu, HALT_RUNNING, CPU_HALT_STATE);
}

/** RESET: everything. CPUID leaves, features and the APIC's configuration words must be in place. */
export function reset(cpu: usize): void {
  atomic.and<u32>(cpu + CPU_PENDING, ~(PENDING_INIT | PENDING_SIPI | PENDING_NMI | PENDING_SMI));
  resetCore(cpu);
  store<u64>(cpu, 0x60000010, CPU_CR0);
  store<u32>(cpu, SMBASE_RESET, CPU_SMBASE);
  store<u64>(cpu, 1, CPU_XCR0);
  store<u32>(cpu, 0x1f80, CPU_MXCSR);
  memory.fill(cpu + CPU_VECTOR, 0, 2048);
  memory.fill(cpu + CPU_X87, 0, 128);
  store<u16>(cpu, 0x40, CPU_X87_CONTROL);
  store<u16>(cpu, 0, CPU_X87_STATUS);
  store<u16>(cpu, 0x5555, CPU_X87_TAG);
  resetMsrs(cpu);
  apicReset(cpu);
  updateMode(cpu);
  flushTlb(cpu, true);
}

/** INIT: as RESET, but caches' control, FPU, vectors and MSRs stay; application processors then wait for a SIPI. */
export function init(cpu: usize, isBootstrap: bool): void {
  // A SIPI may already be there: SeaBIOS sends it right after the INIT.
  atomic.and<u32>(cpu + CPU_PENDING, ~PENDING_INIT);
  const cr0 = load<u64>(cpu, CPU_CR0);
  resetCore(cpu);
  store<u64>(cpu, 0x10 | (cr0 & 0x60000000), CPU_CR0);
  apicInit(cpu);
  if (!isBootstrap) store<u32>(cpu, HALT_WAIT_SIPI, CPU_HALT_STATE);
  updateMode(cpu);
  flushTlb(cpu, true);
}

/** SIPI: begins at CS = vector << 8, IP = 0; ignored unless the processor waits for it. */
export function startup(cpu: usize): void {
  atomic.and<u32>(cpu + CPU_PENDING, ~PENDING_SIPI);
  if (load<u32>(cpu, CPU_HALT_STATE) != HALT_WAIT_SIPI) return;
  const vector = atomic.load<u32>(cpu + CPU_SIPI_VECTOR) & 0xff;
  setSegment(cpu, SEG_CS, vector << 8, <u64>vector << 12, 0xffff, CODE);
  store<u64>(cpu, 0, CPU_RIP);
  store<u32>(cpu, HALT_RUNNING, CPU_HALT_STATE);
  updateMode(cpu);
}
