// CMPXCHG, XADD, CMPXCHG8B, CMPXCHG16B.
import { CPU_RAX, CPU_RBX, CPU_RCX, CPU_RDX } from '../../memory/layout';
import { FEATURE_CX16, FEATURE_CX8 } from '../cpu-features';
import { checkWrite, place, read, write } from './access';
import { addressOf, writeAddress } from './address';
import { ADD } from './alu';
import { beginExclusive, endExclusive } from './exclusive';
import { FLAG_ZF } from './bits';
import { raiseGP, raiseUD } from './fault';
import { flagsAdd, flagsSub, setStatusFlags, statusFlags } from './flags';
import { lockedCompareExchange, lockedUpdate } from './lock';
import { byReg, defineLock, defineMem, defineReg, MAP_0F, OP_MODRM, OP_REG8, OP_RM8, slot } from './opcode-table';
import { hasFeature, next, putGpr, putReg, putRm, reg, rm } from './state';
import { fetchOperand, putOperand } from './update';

/** Flags as of CMP accumulator, old; on a mismatch the accumulator gets the old value. */
// @ts-ignore: decorator
@inline
function settle<T>(cpu: usize, accumulator: T, old: T): void {
  flagsSub<T>(cpu, accumulator, old, <T>(accumulator - old));
  if (accumulator != old) putGpr<T>(cpu, CPU_RAX, old);
}

function CMPXCHG_RM<T>(cpu: usize, record: usize): usize {
  const accumulator = load<T>(cpu, CPU_RAX);
  const old = rm<T>(cpu, record);
  settle<T>(cpu, accumulator, old);
  if (accumulator == old) putRm<T>(cpu, record, reg<T>(cpu, record));
  return next(record);
}
function CMPXCHG_MEM<T>(cpu: usize, record: usize): usize {
  const accumulator = load<T>(cpu, CPU_RAX);
  const linear = writeAddress<T>(cpu, record);
  const at = place<T>(cpu, linear);
  const old = fetchOperand<T>(cpu, linear, at);
  // The destination is written even when it does not change (SDM vol. 2, "CMPXCHG").
  putOperand<T>(cpu, linear, at, accumulator == old ? reg<T>(cpu, record) : old);
  settle<T>(cpu, accumulator, old);
  return next(record);
}
function CMPXCHG_LOCK<T>(cpu: usize, record: usize): usize {
  const accumulator = load<T>(cpu, CPU_RAX);
  const linear = writeAddress<T>(cpu, record);
  const old = lockedCompareExchange<T>(cpu, linear, accumulator, reg<T>(cpu, record));
  settle<T>(cpu, accumulator, old);
  return next(record);
}

function XADD_RM<T>(cpu: usize, record: usize): usize {
  const a = rm<T>(cpu, record);
  const b = reg<T>(cpu, record);
  const r = <T>(a + b);
  flagsAdd<T>(cpu, a, b, r);
  putReg<T>(cpu, record, a);
  putRm<T>(cpu, record, r);
  return next(record);
}
function XADD_MEM<T>(cpu: usize, record: usize): usize {
  const linear = writeAddress<T>(cpu, record);
  const at = place<T>(cpu, linear);
  const a = fetchOperand<T>(cpu, linear, at);
  const b = reg<T>(cpu, record);
  const r = <T>(a + b);
  putOperand<T>(cpu, linear, at, r);
  flagsAdd<T>(cpu, a, b, r);
  putReg<T>(cpu, record, a);
  return next(record);
}
function XADD_LOCK<T>(cpu: usize, record: usize): usize {
  const b = reg<T>(cpu, record);
  const a = lockedUpdate<T>(cpu, writeAddress<T>(cpu, record), ADD, b, 0);
  flagsAdd<T>(cpu, a, b, <T>(a + b));
  putReg<T>(cpu, record, a);
  return next(record);
}

function setZero(cpu: usize, isZero: bool): void {
  setStatusFlags(cpu, (statusFlags(cpu) & ~FLAG_ZF) | (isZero ? FLAG_ZF : 0));
}

// @ts-ignore: decorator
@inline
function pair32(cpu: usize, high: usize, low: usize): u64 {
  return (<u64>load<u32>(cpu + high) << 32) | <u64>load<u32>(cpu + low);
}

function settle8(cpu: usize, expected: u64, old: u64): void {
  if (old != expected) {
    store<u64>(cpu, <u64><u32>old, CPU_RAX);
    store<u64>(cpu, old >> 32, CPU_RDX);
  }
  setZero(cpu, old == expected);
}

function CMPXCHG8B(cpu: usize, record: usize): usize {
  const expected = pair32(cpu, CPU_RDX, CPU_RAX);
  const linear = writeAddress<u64>(cpu, record);
  const at = place<u64>(cpu, linear);
  const old = fetchOperand<u64>(cpu, linear, at);
  putOperand<u64>(cpu, linear, at, old == expected ? pair32(cpu, CPU_RCX, CPU_RBX) : old);
  settle8(cpu, expected, old);
  return next(record);
}
function CMPXCHG8B_LOCK(cpu: usize, record: usize): usize {
  const expected = pair32(cpu, CPU_RDX, CPU_RAX);
  const linear = writeAddress<u64>(cpu, record);
  settle8(cpu, expected, lockedCompareExchange<u64>(cpu, linear, expected, pair32(cpu, CPU_RCX, CPU_RBX)));
  return next(record);
}

function compareExchange16(cpu: usize, record: usize, locked: bool): usize {
  if (!hasFeature(cpu, FEATURE_CX16)) raiseUD(cpu);
  const linear = addressOf(cpu, record, 16, true);
  if (linear & 15) raiseGP(cpu, 0);
  checkWrite(cpu, linear, 16);
  // There is no 16-byte atomic: the other vCPUs stand still meanwhile.
  if (locked) beginExclusive(cpu);
  const low = read<u64>(cpu, linear);
  const high = read<u64>(cpu, linear + 8);
  const equal = low == load<u64>(cpu, CPU_RAX) && high == load<u64>(cpu, CPU_RDX);
  write<u64>(cpu, linear, equal ? load<u64>(cpu, CPU_RBX) : low);
  write<u64>(cpu, linear + 8, equal ? load<u64>(cpu, CPU_RCX) : high);
  if (locked) endExclusive(cpu);
  if (!equal) {
    store<u64>(cpu, low, CPU_RAX);
    store<u64>(cpu, high, CPU_RDX);
  }
  setZero(cpu, equal);
  return next(record);
}
function CMPXCHG16B(cpu: usize, record: usize): usize {
  return compareExchange16(cpu, record, false);
}
function CMPXCHG16B_LOCK(cpu: usize, record: usize): usize {
  return compareExchange16(cpu, record, true);
}

export function registerCmpxchg(): void {
  const b0 = slot(MAP_0F, 0xb0);
  defineReg(b0, OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => CMPXCHG_RM<u8>(c, r), (c, r) => CMPXCHG_RM<u8>(c, r), (c, r) => CMPXCHG_RM<u8>(c, r));
  defineMem(b0, OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => CMPXCHG_MEM<u8>(c, r), (c, r) => CMPXCHG_MEM<u8>(c, r), (c, r) => CMPXCHG_MEM<u8>(c, r));
  defineLock(b0, (c, r) => CMPXCHG_LOCK<u8>(c, r), (c, r) => CMPXCHG_LOCK<u8>(c, r), (c, r) => CMPXCHG_LOCK<u8>(c, r));
  const b1 = slot(MAP_0F, 0xb1);
  defineReg(b1, OP_MODRM, 0, (c, r) => CMPXCHG_RM<u16>(c, r), (c, r) => CMPXCHG_RM<u32>(c, r), (c, r) => CMPXCHG_RM<u64>(c, r));
  defineMem(b1, OP_MODRM, 0, (c, r) => CMPXCHG_MEM<u16>(c, r), (c, r) => CMPXCHG_MEM<u32>(c, r), (c, r) => CMPXCHG_MEM<u64>(c, r));
  defineLock(b1, (c, r) => CMPXCHG_LOCK<u16>(c, r), (c, r) => CMPXCHG_LOCK<u32>(c, r), (c, r) => CMPXCHG_LOCK<u64>(c, r));
  const c0 = slot(MAP_0F, 0xc0);
  defineReg(c0, OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => XADD_RM<u8>(c, r), (c, r) => XADD_RM<u8>(c, r), (c, r) => XADD_RM<u8>(c, r));
  defineMem(c0, OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => XADD_MEM<u8>(c, r), (c, r) => XADD_MEM<u8>(c, r), (c, r) => XADD_MEM<u8>(c, r));
  defineLock(c0, (c, r) => XADD_LOCK<u8>(c, r), (c, r) => XADD_LOCK<u8>(c, r), (c, r) => XADD_LOCK<u8>(c, r));
  const c1 = slot(MAP_0F, 0xc1);
  defineReg(c1, OP_MODRM, 0, (c, r) => XADD_RM<u16>(c, r), (c, r) => XADD_RM<u32>(c, r), (c, r) => XADD_RM<u64>(c, r));
  defineMem(c1, OP_MODRM, 0, (c, r) => XADD_MEM<u16>(c, r), (c, r) => XADD_MEM<u32>(c, r), (c, r) => XADD_MEM<u64>(c, r));
  defineLock(c1, (c, r) => XADD_LOCK<u16>(c, r), (c, r) => XADD_LOCK<u32>(c, r), (c, r) => XADD_LOCK<u64>(c, r));
  const c7 = byReg(slot(MAP_0F, 0xc7), 1);
  defineMem(c7, OP_MODRM, FEATURE_CX8, CMPXCHG8B, CMPXCHG8B, CMPXCHG16B);
  defineLock(c7, CMPXCHG8B_LOCK, CMPXCHG8B_LOCK, CMPXCHG16B_LOCK);
}
