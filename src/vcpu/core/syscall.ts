// SYSCALL SYSRET SYSENTER SYSEXIT, SWAPGS, RDFSBASE and its kin (SDM vol. 3, 5.8.7 and 5.8.8).
import {
  CPU_CR0,
  CPU_CR4,
  CPU_EFER,
  CPU_EXIT_REASON,
  CPU_MSR_CSTAR,
  CPU_MSR_FMASK,
  CPU_MSR_KERNEL_GS_BASE,
  CPU_MSR_LSTAR,
  CPU_MSR_STAR,
  CPU_MSR_SYSENTER_CS,
  CPU_MSR_SYSENTER_EIP,
  CPU_MSR_SYSENTER_ESP,
  CPU_GPR,
  CPU_FAULT_VECTOR,
  CPU_RCX,
  CPU_RDX,
  CPU_RIP,
  CPU_RSP,
  CPU_SEG_BASE,
  CPU_SYSCALL_HOOK,
  EXIT_SYSCALL,
  INFO_W,
} from '../../memory/layout';
import { FEATURE_FSGSBASE, FEATURE_SEP, FEATURE_SYSCALL } from '../cpu-features';
import { isCanonical } from './access';
import { CR0_PE, CR4_FSGSBASE, EFER_SCE, FLAG_IF, FLAG_RF, FLAG_TF, FLAG_VM, SEG_CS, SEG_FS, SEG_GS, SEG_SS } from './bits';
import { raiseGP, raiseUD } from './fault';
import { eflags, setEflagsRaw } from './flags';
import { updateMode } from './mode';
import { byMem, byPrefix, byReg, byRm, defineOne, defineReg, MAP_0F, OP_END, OP_MODRM, OP_ONLY64, slot } from './opcode-table';
import { setSegment } from './segment';
import { cancelSingleStep, trapAfterReturn } from './single-step';
import { cpl, info, is64, isLongMode, isProtected, leave, next, nextRip, putRm, rm } from './state';

const R11: usize = CPU_GPR + 11 * 8;

// Flat segments as these instructions load them: attributes with USABLE, G, and L or D.
const CODE64: u32 = 0x1a09b;
const CODE32: u32 = 0x1c09b;
const DATA: u32 = 0x1c093;
const DPL3: u32 = 0x60;

function loadFlat(cpu: usize, segment: u32, selector: u32, attributes: u32): void {
  setSegment(cpu, segment, selector, 0, 0xffffffff, attributes);
}

/** The user-mode loader answers system calls itself: RIP is after the instruction, RCX and R11 as SYSCALL leaves them. */
function hook(cpu: usize, record: usize): usize {
  store<u32>(cpu, 0xffffffff, CPU_FAULT_VECTOR);
  store<u32>(cpu, EXIT_SYSCALL, CPU_EXIT_REASON);
  return leave(cpu, record);
}

function SYSCALL(cpu: usize, record: usize): usize {
  const efer = load<u64>(cpu, CPU_EFER);
  if (!(efer & EFER_SCE)) raiseUD(cpu);
  const rip = nextRip(cpu, record);
  const star = load<u64>(cpu, CPU_MSR_STAR);
  const selector = <u32>(star >> 32) & 0xfffc;
  const flags = eflags(cpu);
  if (isLongMode(cpu)) {
    store<u64>(cpu, rip, CPU_RCX);
    store<u64>(cpu + R11, <u64>(flags & ~FLAG_RF));
    if (load<u32>(cpu, CPU_SYSCALL_HOOK)) {
      store<u64>(cpu, rip, CPU_RIP);
      return hook(cpu, record);
    }
    store<u64>(cpu, is64(cpu) ? load<u64>(cpu, CPU_MSR_LSTAR) : load<u64>(cpu, CPU_MSR_CSTAR), CPU_RIP);
    setEflagsRaw(cpu, flags & ~(<u32>load<u64>(cpu, CPU_MSR_FMASK) | FLAG_RF));
    loadFlat(cpu, SEG_CS, selector, CODE64);
  } else {
    // Legacy mode (AMD): the target is STAR's low half.
    store<u64>(cpu, rip & 0xffffffff, CPU_RCX);
    store<u64>(cpu, star & 0xffffffff, CPU_RIP);
    setEflagsRaw(cpu, flags & ~(FLAG_VM | FLAG_IF | FLAG_RF));
    loadFlat(cpu, SEG_CS, selector, CODE32);
  }
  loadFlat(cpu, SEG_SS, selector + 8, DATA);
  if (!(eflags(cpu) & FLAG_TF)) cancelSingleStep();
  updateMode(cpu);
  return leave(cpu, record);
}

function SYSRET(cpu: usize, record: usize): usize {
  if (!(load<u64>(cpu, CPU_EFER) & EFER_SCE) || !isProtected(cpu)) raiseUD(cpu);
  if (cpl(cpu) != 0) raiseGP(cpu, 0);
  const selector = <u32>(load<u64>(cpu, CPU_MSR_STAR) >> 48);
  const wide = isLongMode(cpu) && (info(record) & INFO_W) != 0;
  const rcx = load<u64>(cpu, CPU_RCX);
  if (wide && !isCanonical(rcx)) raiseGP(cpu, 0);
  if (isLongMode(cpu)) setEflagsRaw(cpu, <u32>load<u64>(cpu + R11) & 0x3c7fd7);
  else setEflagsRaw(cpu, eflags(cpu) | FLAG_IF);
  store<u64>(cpu, wide ? rcx : rcx & 0xffffffff, CPU_RIP);
  loadFlat(cpu, SEG_CS, (selector + (wide ? 16 : 0)) | 3, (wide ? CODE64 : CODE32) | DPL3);
  loadFlat(cpu, SEG_SS, (selector + 8) | 3, DATA | DPL3);
  updateMode(cpu);
  leave(cpu, record);
  if (eflags(cpu) & FLAG_TF) trapAfterReturn(cpu);
  return 0;
}

function SYSENTER(cpu: usize, record: usize): usize {
  if (load<u32>(cpu, CPU_SYSCALL_HOOK)) {
    store<u64>(cpu, nextRip(cpu, record), CPU_RIP);
    return hook(cpu, record);
  }
  const selector = <u32>load<u64>(cpu, CPU_MSR_SYSENTER_CS) & 0xfffc;
  // Virtual-8086 mode counts as protected here; real mode does not.
  if (!(load<u64>(cpu, CPU_CR0) & CR0_PE) || !selector) raiseGP(cpu, 0);
  setEflagsRaw(cpu, eflags(cpu) & ~(FLAG_VM | FLAG_IF | FLAG_RF));
  const long = isLongMode(cpu);
  const esp = load<u64>(cpu, CPU_MSR_SYSENTER_ESP);
  const eip = load<u64>(cpu, CPU_MSR_SYSENTER_EIP);
  store<u64>(cpu, long ? esp : esp & 0xffffffff, CPU_RSP);
  store<u64>(cpu, long ? eip : eip & 0xffffffff, CPU_RIP);
  loadFlat(cpu, SEG_CS, selector, long ? CODE64 : CODE32);
  loadFlat(cpu, SEG_SS, selector + 8, DATA);
  updateMode(cpu);
  return leave(cpu, record);
}

function SYSEXIT(cpu: usize, record: usize): usize {
  const selector = <u32>load<u64>(cpu, CPU_MSR_SYSENTER_CS) & 0xfffc;
  if (!isProtected(cpu) || cpl(cpu) != 0 || !selector) raiseGP(cpu, 0);
  const wide = (info(record) & INFO_W) != 0;
  const rcx = load<u64>(cpu, CPU_RCX);
  const rdx = load<u64>(cpu, CPU_RDX);
  if (wide && (!isCanonical(rcx) || !isCanonical(rdx))) raiseGP(cpu, 0);
  store<u64>(cpu, wide ? rcx : rcx & 0xffffffff, CPU_RSP);
  store<u64>(cpu, wide ? rdx : rdx & 0xffffffff, CPU_RIP);
  const base = selector + (wide ? 32 : 16);
  loadFlat(cpu, SEG_CS, base | 3, (wide ? CODE64 : CODE32) | DPL3);
  loadFlat(cpu, SEG_SS, (base + 8) | 3, DATA | DPL3);
  updateMode(cpu);
  return leave(cpu, record);
}

function SWAPGS(cpu: usize, record: usize): usize {
  if (cpl(cpu) != 0) raiseGP(cpu, 0);
  const kernel = load<u64>(cpu, CPU_MSR_KERNEL_GS_BASE);
  store<u64>(cpu, load<u64>(cpu, CPU_SEG_BASE + (SEG_GS << 3)), CPU_MSR_KERNEL_GS_BASE);
  store<u64>(cpu, kernel, CPU_SEG_BASE + (SEG_GS << 3));
  return next(record);
}

/** modrm.reg: 0 RDFSBASE, 1 RDGSBASE, 2 WRFSBASE, 3 WRGSBASE. */
function segmentBase<T>(cpu: usize, record: usize): usize {
  if (!(load<u64>(cpu, CPU_CR4) & CR4_FSGSBASE)) raiseUD(cpu);
  const operation = (info(record) >> 11) & 3;
  const place = cpu + CPU_SEG_BASE + ((operation & 1 ? SEG_GS : SEG_FS) << 3);
  if (operation < 2) {
    putRm<T>(cpu, record, <T>load<u64>(place));
  } else {
    const value = <u64>rm<T>(cpu, record);
    if (!isCanonical(value)) raiseGP(cpu, 0);
    store<u64>(place, value);
  }
  return next(record);
}

export function registerSyscall(): void {
  defineOne(slot(MAP_0F, 0x05), OP_END, FEATURE_SYSCALL, SYSCALL);
  defineOne(slot(MAP_0F, 0x07), OP_END, FEATURE_SYSCALL, SYSRET);
  defineOne(slot(MAP_0F, 0x34), OP_END, FEATURE_SEP, SYSENTER);
  defineOne(slot(MAP_0F, 0x35), OP_END, FEATURE_SEP, SYSEXIT);
  defineOne(byRm(byMem(byReg(slot(MAP_0F, 0x01), 7), 0), 0), OP_MODRM | OP_ONLY64, 0, SWAPGS);
  for (let operation: u32 = 0; operation < 4; operation++) {
    const entry = byMem(byPrefix(byReg(slot(MAP_0F, 0xae), operation), 2), 0);
    defineReg(entry, OP_MODRM | OP_ONLY64, FEATURE_FSGSBASE, (c, r) => segmentBase<u32>(c, r), (c, r) => segmentBase<u32>(c, r), (c, r) => segmentBase<u64>(c, r));
  }
}
