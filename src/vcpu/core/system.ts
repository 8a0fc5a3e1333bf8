// HLT, MONITOR, MWAIT, WBINVD, INVD, moves of debug registers.
import {
  CPU_CR4,
  CPU_DR,
  CPU_HALT_STATE,
  CPU_MONITOR,
  CPU_MONITOR_CONTENTS,
  CPU_MWAIT_LINE,
  CPU_RAX,
  CPU_RCX,
  CPU_SLOW_REASONS,
  HALT_HLT,
  HALT_MWAIT,
  MONITOR_LINE_BYTES,
  RECORD_REG,
} from '../../memory/layout';
import { FEATURE_MONITOR } from '../cpu-features';
import { segmentAddress, truncateAddress } from './address';
import { CR4_DE } from './bits';
import { raise, raiseGP, raiseUD, VECTOR_DB } from './fault';
import { updateAttention } from './mode';
import { byMem, byReg, byRm, defineOne, MAP_0F, OP_END, OP_FORCE64, OP_MODRM, OP_REGNUM, slot, MAP_ONE } from './opcode-table';
import { cpl, finish, is64, next, putRm, rm } from './state';
import { readHost, sourceSegment } from './string';
import { flushTlb } from './tlb';

const DR7_GENERAL_DETECT: u64 = 0x2000;
const DR6_BD: u64 = 0x2000;
const DR6_FIXED: u64 = 0xffff0ff0;
const DR7_FIXED: u64 = 0x400;
/** Bit of CPU_SLOW_REASONS; the debugger has another. */
const SLOW_BREAKPOINTS: u32 = 1;

function checkSupervisor(cpu: usize): void {
  if (cpl(cpu) != 0) raiseGP(cpu, 0);
}

function HLT(cpu: usize, record: usize): usize {
  checkSupervisor(cpu);
  store<u32>(cpu, HALT_HLT, CPU_HALT_STATE);
  return finish(cpu, record);
}

/** MONITOR notes the line and what it holds; only memory is watched. */
function MONITOR(cpu: usize, record: usize): usize {
  checkSupervisor(cpu);
  if (load<u64>(cpu, CPU_RCX)) raiseGP(cpu, 0);
  const offset = truncateAddress(record, load<u64>(cpu, CPU_RAX));
  const linear = segmentAddress(cpu, sourceSegment(record), offset, 1, false);
  const line = readHost(cpu, linear) & ~(MONITOR_LINE_BYTES - 1);
  if (line) memory.copy(cpu + CPU_MONITOR_CONTENTS, line, MONITOR_LINE_BYTES);
  store<u32>(cpu, <u32>line, CPU_MONITOR);
  return next(record);
}

/**
 * The vCPU sleeps as with HLT, unless the armed line has changed already or none is armed; whoever runs it looks at the
 * line from time to time. MWAIT may end for any reason (SDM vol. 2, "MWAIT").
 */
function MWAIT(cpu: usize, record: usize): usize {
  checkSupervisor(cpu);
  if (load<u64>(cpu, CPU_RCX) & ~(<u64>1)) raiseGP(cpu, 0);
  const line = <usize>load<u32>(cpu, CPU_MONITOR);
  store<u32>(cpu, 0, CPU_MONITOR);
  store<u32>(cpu, <u32>line, CPU_MWAIT_LINE);
  if (line && memory.compare(line, cpu + CPU_MONITOR_CONTENTS, MONITOR_LINE_BYTES) == 0) {
    store<u32>(cpu, HALT_MWAIT, CPU_HALT_STATE);
  }
  return finish(cpu, record);
}

/** There are no caches to write back or to drop. */
function WBINVD(cpu: usize, record: usize): usize {
  checkSupervisor(cpu);
  return next(record);
}

/** DR4 and DR5 are DR6 and DR7 while CR4.DE is clear (SDM vol. 3, 17.2.2). */
function debugRegister(cpu: usize, record: usize): u32 {
  const n = <u32>load<u8>(record, RECORD_REG);
  if (n > 7) raiseUD(cpu);
  if (n == 4 || n == 5) {
    if (load<u64>(cpu, CPU_CR4) & CR4_DE) raiseUD(cpu);
    return n + 2;
  }
  return n;
}

/** General detect: any access to a debug register is a #DB before it happens (SDM vol. 3, 17.2.4). */
function checkDetect(cpu: usize): void {
  const dr7 = load<u64>(cpu, CPU_DR + 56);
  if (!(dr7 & DR7_GENERAL_DETECT)) return;
  store<u64>(cpu, dr7 & ~DR7_GENERAL_DETECT, CPU_DR + 56);
  store<u64>(cpu, load<u64>(cpu, CPU_DR + 48) | DR6_BD, CPU_DR + 48);
  raise(cpu, VECTOR_DB);
}

function MOV_FROM_DR(cpu: usize, record: usize): usize {
  const n = debugRegister(cpu, record);
  checkSupervisor(cpu);
  checkDetect(cpu);
  let value = load<u64>(cpu + (n << 3), CPU_DR);
  if (n == 6) value |= DR6_FIXED;
  if (n == 7) value |= DR7_FIXED;
  if (is64(cpu)) putRm<u64>(cpu, record, value);
  else putRm<u32>(cpu, record, <u32>value);
  return next(record);
}

function MOV_TO_DR(cpu: usize, record: usize): usize {
  const n = debugRegister(cpu, record);
  checkSupervisor(cpu);
  checkDetect(cpu);
  const value = is64(cpu) ? rm<u64>(cpu, record) : <u64>rm<u32>(cpu, record);
  if (n >= 6 && value >> 32) raiseGP(cpu, 0);
  store<u64>(cpu + (n << 3), n == 6 ? value & 0xe00f : value, CPU_DR);
  breakpointsChanged(cpu);
  return finish(cpu, record);
}

/** Watched pages leave the TLB, and instructions run one at a time while an instruction breakpoint is armed. */
export function breakpointsChanged(cpu: usize): void {
  flushTlb(cpu, true);
  const others = load<u32>(cpu, CPU_SLOW_REASONS) & ~SLOW_BREAKPOINTS;
  store<u32>(cpu, load<u32>(cpu, CPU_DR + 56) & 0xff ? others | SLOW_BREAKPOINTS : others, CPU_SLOW_REASONS);
  updateAttention(cpu);
}

export function registerSystem(): void {
  defineOne(slot(MAP_ONE, 0xf4), OP_END, 0, HLT);
  defineOne(slot(MAP_0F, 0x08), 0, 0, WBINVD);
  defineOne(slot(MAP_0F, 0x09), 0, 0, WBINVD);
  const one = byMem(byReg(slot(MAP_0F, 0x01), 1), 0);
  defineOne(byRm(one, 0), OP_MODRM, FEATURE_MONITOR, MONITOR);
  defineOne(byRm(one, 1), OP_MODRM | OP_END, FEATURE_MONITOR, MWAIT);
  defineOne(slot(MAP_0F, 0x21), OP_MODRM | OP_REGNUM | OP_FORCE64, 0, MOV_FROM_DR);
  defineOne(slot(MAP_0F, 0x23), OP_MODRM | OP_REGNUM | OP_FORCE64 | OP_END, 0, MOV_TO_DR);
}
