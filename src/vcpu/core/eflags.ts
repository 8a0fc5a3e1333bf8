// PUSHF POPF, LAHF SAHF, CLC STC CMC, CLD STD, CLI STI, CLAC STAC.
import { CPU_EFLAGS, CPU_INTERRUPT_SHADOW, CPU_CR4, CPU_RAX } from '../../memory/layout';
import { FEATURE_LAHF_LM, FEATURE_SMAP } from '../cpu-features';
import {
  CR4_PVI,
  CR4_VME,
  FLAG_AC,
  FLAG_DF,
  FLAG_ID,
  FLAG_IF,
  FLAG_IOPL,
  FLAG_IOPL_SHIFT,
  FLAG_NT,
  FLAG_OF,
  FLAG_RF,
  FLAG_TF,
  FLAG_VIF,
  FLAG_VIP,
  FLAG_VM,
  FLAGS_STATUS,
} from './bits';
import { raiseGP, raiseUD } from './fault';
import { carry, eflags, overflow, setCarry, setEflagsRaw, setStatusFlags, statusFlags } from './flags';
import { updateAttention, updateDataTlb } from './mode';
import { byReg, byRm, byMem, define, defineOne, MAP_0F, MAP_ONE, OP_DEF64, OP_END, OP_MODRM, OP_STACK, slot } from './opcode-table';
import { SHADOW_NEW } from './single-step';
import { peek, push, release } from './stack';
import { cpl, finish, hasFeature, is64, isProtected, isV86, next } from './state';

// @ts-ignore: decorator
@inline
function iopl(cpu: usize): u32 {
  return (load<u32>(cpu, CPU_EFLAGS) & FLAG_IOPL) >> FLAG_IOPL_SHIFT;
}

/** Replaces the bits of RFLAGS in `mask`, and whatever depends on them. The block must end. */
export function changeFlags(cpu: usize, value: u32, mask: u32): void {
  setEflagsRaw(cpu, (eflags(cpu) & ~mask) | (value & mask));
  updateAttention(cpu);
  updateDataTlb(cpu);
}

/** In virtual-8086 mode with IOPL below 3, only VME lets PUSHF and POPF run, in their 16-bit forms (SDM vol. 3, 20.3). */
function checkVirtual(cpu: usize, is16: bool): bool {
  if (!isV86(cpu) || iopl(cpu) == 3) return false;
  if (!is16 || !(load<u64>(cpu, CPU_CR4) & CR4_VME)) raiseGP(cpu, 0);
  return true;
}

function PUSHF<T>(cpu: usize, record: usize): usize {
  let flags = eflags(cpu) & ~(FLAG_VM | FLAG_RF);
  if (checkVirtual(cpu, sizeof<T>() == 2)) {
    // IF shows VIF, and IOPL shows 3.
    flags = (flags & ~FLAG_IF) | (flags & FLAG_VIF ? FLAG_IF : 0) | FLAG_IOPL;
  }
  push<T>(cpu, <T>flags);
  return next(record);
}

/** Which flags POPF may change at this privilege (SDM vol. 2, table 4-16). */
function popMask(cpu: usize, is16: bool): u32 {
  let mask = FLAGS_STATUS | FLAG_TF | FLAG_DF | FLAG_NT | FLAG_AC | FLAG_ID;
  if (!isProtected(cpu) && !isV86(cpu)) mask |= FLAG_IF | FLAG_IOPL;
  else if (isV86(cpu)) mask |= FLAG_IF;
  else {
    if (cpl(cpu) == 0) mask |= FLAG_IOPL;
    if (cpl(cpu) <= iopl(cpu)) mask |= FLAG_IF;
  }
  return is16 ? mask & 0xffff : mask;
}

function POPF<T>(cpu: usize, record: usize): usize {
  const virtual = checkVirtual(cpu, sizeof<T>() == 2);
  const value = <u32>peek<T>(cpu, 0);
  if (virtual) {
    if (value & FLAG_TF || (value & FLAG_IF && load<u32>(cpu, CPU_EFLAGS) & FLAG_VIP)) raiseGP(cpu, 0);
    release(cpu, sizeof<T>());
    changeFlags(cpu, value, (FLAGS_STATUS | FLAG_DF | FLAG_NT) & 0xffff);
    changeFlags(cpu, value & FLAG_IF ? FLAG_VIF : 0, FLAG_VIF);
    return finish(cpu, record);
  }
  release(cpu, sizeof<T>());
  changeFlags(cpu, value, popMask(cpu, sizeof<T>() == 2));
  return finish(cpu, record);
}

function LAHF(cpu: usize, record: usize): usize {
  if (is64(cpu) && !hasFeature(cpu, FEATURE_LAHF_LM)) raiseUD(cpu);
  store<u8>(cpu, <u8>(statusFlags(cpu) | 2), CPU_RAX + 1);
  return next(record);
}
function SAHF(cpu: usize, record: usize): usize {
  if (is64(cpu) && !hasFeature(cpu, FEATURE_LAHF_LM)) raiseUD(cpu);
  const ah = <u32>load<u8>(cpu, CPU_RAX + 1);
  setStatusFlags(cpu, (ah & 0xd5) | (overflow(cpu) ? FLAG_OF : 0));
  return next(record);
}
function CLC(cpu: usize, record: usize): usize {
  setCarry(cpu, 0);
  return next(record);
}
function STC(cpu: usize, record: usize): usize {
  setCarry(cpu, 1);
  return next(record);
}
function CMC(cpu: usize, record: usize): usize {
  setCarry(cpu, carry(cpu) ^ 1);
  return next(record);
}
function CLD(cpu: usize, record: usize): usize {
  store<u32>(cpu, load<u32>(cpu, CPU_EFLAGS) & ~FLAG_DF, CPU_EFLAGS);
  return next(record);
}
function STD(cpu: usize, record: usize): usize {
  store<u32>(cpu, load<u32>(cpu, CPU_EFLAGS) | FLAG_DF, CPU_EFLAGS);
  return next(record);
}

/** CLI and STI below IOPL act on VIF, with VME in virtual-8086 mode or PVI at CPL 3, else they are #GP. */
function usesVirtualFlag(cpu: usize): bool {
  if (!isProtected(cpu) && !isV86(cpu)) return false;
  if (isV86(cpu)) {
    if (iopl(cpu) == 3) return false;
    if (!(load<u64>(cpu, CPU_CR4) & CR4_VME)) raiseGP(cpu, 0);
    return true;
  }
  if (cpl(cpu) <= iopl(cpu)) return false;
  if (cpl(cpu) != 3 || !(load<u64>(cpu, CPU_CR4) & CR4_PVI)) raiseGP(cpu, 0);
  return true;
}

function CLI(cpu: usize, record: usize): usize {
  if (usesVirtualFlag(cpu)) {
    store<u32>(cpu, load<u32>(cpu, CPU_EFLAGS) & ~FLAG_VIF, CPU_EFLAGS);
    return next(record);
  }
  store<u32>(cpu, load<u32>(cpu, CPU_EFLAGS) & ~FLAG_IF, CPU_EFLAGS);
  updateAttention(cpu);
  return next(record);
}

function STI(cpu: usize, record: usize): usize {
  const flags = load<u32>(cpu, CPU_EFLAGS);
  if (usesVirtualFlag(cpu)) {
    if (flags & FLAG_VIP) raiseGP(cpu, 0);
    store<u32>(cpu, flags | FLAG_VIF, CPU_EFLAGS);
    return finish(cpu, record);
  }
  // The block ends here (OP_END), so there is no next record.
  if (flags & FLAG_IF) return finish(cpu, record);
  store<u32>(cpu, flags | FLAG_IF, CPU_EFLAGS);
  store<u32>(cpu, SHADOW_NEW, CPU_INTERRUPT_SHADOW);
  updateAttention(cpu);
  return finish(cpu, record);
}

function CLAC(cpu: usize, record: usize): usize {
  if (cpl(cpu) != 0 || isV86(cpu)) raiseUD(cpu);
  store<u32>(cpu, load<u32>(cpu, CPU_EFLAGS) & ~FLAG_AC, CPU_EFLAGS);
  updateDataTlb(cpu);
  return next(record);
}
function STAC(cpu: usize, record: usize): usize {
  if (cpl(cpu) != 0 || isV86(cpu)) raiseUD(cpu);
  store<u32>(cpu, load<u32>(cpu, CPU_EFLAGS) | FLAG_AC, CPU_EFLAGS);
  updateDataTlb(cpu);
  return next(record);
}

export function registerEflags(): void {
  define(slot(MAP_ONE, 0x9c), OP_DEF64 | OP_STACK, 0, (c, r) => PUSHF<u16>(c, r), (c, r) => PUSHF<u32>(c, r), (c, r) => PUSHF<u64>(c, r));
  define(slot(MAP_ONE, 0x9d), OP_DEF64 | OP_STACK | OP_END, 0, (c, r) => POPF<u16>(c, r), (c, r) => POPF<u32>(c, r), (c, r) => POPF<u64>(c, r));
  defineOne(slot(MAP_ONE, 0x9e), 0, 0, SAHF);
  defineOne(slot(MAP_ONE, 0x9f), 0, 0, LAHF);
  defineOne(slot(MAP_ONE, 0xf5), 0, 0, CMC);
  defineOne(slot(MAP_ONE, 0xf8), 0, 0, CLC);
  defineOne(slot(MAP_ONE, 0xf9), 0, 0, STC);
  defineOne(slot(MAP_ONE, 0xfa), 0, 0, CLI);
  defineOne(slot(MAP_ONE, 0xfb), OP_END, 0, STI);
  defineOne(slot(MAP_ONE, 0xfc), 0, 0, CLD);
  defineOne(slot(MAP_ONE, 0xfd), 0, 0, STD);
  const group = byMem(byReg(slot(MAP_0F, 0x01), 1), 0);
  defineOne(byRm(group, 2), OP_MODRM, FEATURE_SMAP, CLAC);
  defineOne(byRm(group, 3), OP_MODRM, FEATURE_SMAP, STAC);
}
