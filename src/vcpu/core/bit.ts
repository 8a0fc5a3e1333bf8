// BT BTS BTR BTC, BSF BSR, POPCNT LZCNT TZCNT.
import { RECORD_ADDRESS, RECORD_IMM } from '../../memory/layout';
import {
  FEATURE_ABM,
  FEATURE_BMI1,
  FEATURE_POPCNT,
} from '../cpu-features';
import { place, read } from './access';
import { effectiveAddress, readAddress, segmentAddress, truncateAddress, writeAddress } from './address';
import { AUX_CF, setCarry, setFlags } from './flags';
import { AND, OR, XOR } from './alu';
import { lockedUpdate } from './lock';
import { byPrefix, byReg, defineLock, defineMem, defineReg, MAP_0F, OP_IMM8, OP_MODRM, slot } from './opcode-table';
import { hasFeature, next, putReg, putRm, reg, rm } from './state';
import { fetchOperand, putOperand } from './update';

const BT: u32 = 0;
const BTS: u32 = 1;
const BTR: u32 = 2;
const BTC: u32 = 3;

// @ts-ignore: decorator
@inline
function bitsOf<T>(): u32 {
  return sizeof<T>() * 8;
}

// @ts-ignore: decorator
@inline
function changed<T>(operation: u32, a: T, mask: T): T {
  if (operation == BTS) return <T>(a | mask);
  if (operation == BTR) return <T>(a & ~mask);
  return <T>(a ^ mask);
}

// @ts-ignore: decorator
@inline
function bitRm<T>(cpu: usize, record: usize, operation: u32, index: u32): usize {
  const n = index & (bitsOf<T>() - 1);
  const a = rm<T>(cpu, record);
  setCarry(cpu, <u32>(<u64>a >> n) & 1);
  if (operation != BT) putRm<T>(cpu, record, changed<T>(operation, a, <T>((<u64>1) << n)));
  return next(record);
}

/** Linear address of the operand that holds a bit string's bit (SDM vol. 2, "BT"): the offset is signed. */
function bitStringAddress<T>(cpu: usize, record: usize, isWrite: bool): u64 {
  const index = <i64>reg<T>(cpu, record);
  const step = (index >> (sizeof<T>() == 8 ? 6 : sizeof<T>() == 4 ? 5 : 4)) * sizeof<T>();
  const segment = <u32>load<u8>(record, RECORD_ADDRESS) >> 4;
  const offset = truncateAddress(record, effectiveAddress(cpu, record) + <u64>step);
  return segmentAddress(cpu, segment, offset, sizeof<T>(), isWrite);
}

// @ts-ignore: decorator
@inline
function bitAt<T>(cpu: usize, linear: u64, operation: u32, index: u32, record: usize): usize {
  const n = index & (bitsOf<T>() - 1);
  if (operation == BT) {
    setCarry(cpu, <u32>(<u64>read<T>(cpu, linear) >> n) & 1);
    return next(record);
  }
  const at = place<T>(cpu, linear);
  const a = fetchOperand<T>(cpu, linear, at);
  putOperand<T>(cpu, linear, at, changed<T>(operation, a, <T>((<u64>1) << n)));
  setCarry(cpu, <u32>(<u64>a >> n) & 1);
  return next(record);
}

// @ts-ignore: decorator
@inline
function lockedBit<T>(cpu: usize, linear: u64, operation: u32, index: u32, record: usize): usize {
  const n = index & (bitsOf<T>() - 1);
  const mask = <T>((<u64>1) << n);
  let old: T;
  if (operation == BTS) old = lockedUpdate<T>(cpu, linear, OR, mask, 0);
  else if (operation == BTR) old = lockedUpdate<T>(cpu, linear, AND, <T>~mask, 0);
  else old = lockedUpdate<T>(cpu, linear, XOR, mask, 0);
  setCarry(cpu, <u32>(<u64>old >> n) & 1);
  return next(record);
}

function BT_RM_REG<T>(cpu: usize, record: usize): usize {
  return bitRm<T>(cpu, record, BT, <u32>reg<T>(cpu, record));
}
function BT_RM_IMM<T>(cpu: usize, record: usize): usize {
  return bitRm<T>(cpu, record, BT, load<u8>(record, RECORD_IMM));
}
function BT_MEM_REG<T>(cpu: usize, record: usize): usize {
  return bitAt<T>(cpu, bitStringAddress<T>(cpu, record, false), BT, <u32>reg<T>(cpu, record), record);
}
function BT_MEM_IMM<T>(cpu: usize, record: usize): usize {
  return bitAt<T>(cpu, readAddress<T>(cpu, record), BT, load<u8>(record, RECORD_IMM), record);
}

function BTS_RM_REG<T>(cpu: usize, record: usize): usize {
  return bitRm<T>(cpu, record, BTS, <u32>reg<T>(cpu, record));
}
function BTS_RM_IMM<T>(cpu: usize, record: usize): usize {
  return bitRm<T>(cpu, record, BTS, load<u8>(record, RECORD_IMM));
}
function BTS_MEM_REG<T>(cpu: usize, record: usize): usize {
  return bitAt<T>(cpu, bitStringAddress<T>(cpu, record, true), BTS, <u32>reg<T>(cpu, record), record);
}
function BTS_MEM_IMM<T>(cpu: usize, record: usize): usize {
  return bitAt<T>(cpu, writeAddress<T>(cpu, record), BTS, load<u8>(record, RECORD_IMM), record);
}
function BTS_LOCK_REG<T>(cpu: usize, record: usize): usize {
  return lockedBit<T>(cpu, bitStringAddress<T>(cpu, record, true), BTS, <u32>reg<T>(cpu, record), record);
}
function BTS_LOCK_IMM<T>(cpu: usize, record: usize): usize {
  return lockedBit<T>(cpu, writeAddress<T>(cpu, record), BTS, load<u8>(record, RECORD_IMM), record);
}

function BTR_RM_REG<T>(cpu: usize, record: usize): usize {
  return bitRm<T>(cpu, record, BTR, <u32>reg<T>(cpu, record));
}
function BTR_RM_IMM<T>(cpu: usize, record: usize): usize {
  return bitRm<T>(cpu, record, BTR, load<u8>(record, RECORD_IMM));
}
function BTR_MEM_REG<T>(cpu: usize, record: usize): usize {
  return bitAt<T>(cpu, bitStringAddress<T>(cpu, record, true), BTR, <u32>reg<T>(cpu, record), record);
}
function BTR_MEM_IMM<T>(cpu: usize, record: usize): usize {
  return bitAt<T>(cpu, writeAddress<T>(cpu, record), BTR, load<u8>(record, RECORD_IMM), record);
}
function BTR_LOCK_REG<T>(cpu: usize, record: usize): usize {
  return lockedBit<T>(cpu, bitStringAddress<T>(cpu, record, true), BTR, <u32>reg<T>(cpu, record), record);
}
function BTR_LOCK_IMM<T>(cpu: usize, record: usize): usize {
  return lockedBit<T>(cpu, writeAddress<T>(cpu, record), BTR, load<u8>(record, RECORD_IMM), record);
}

function BTC_RM_REG<T>(cpu: usize, record: usize): usize {
  return bitRm<T>(cpu, record, BTC, <u32>reg<T>(cpu, record));
}
function BTC_RM_IMM<T>(cpu: usize, record: usize): usize {
  return bitRm<T>(cpu, record, BTC, load<u8>(record, RECORD_IMM));
}
function BTC_MEM_REG<T>(cpu: usize, record: usize): usize {
  return bitAt<T>(cpu, bitStringAddress<T>(cpu, record, true), BTC, <u32>reg<T>(cpu, record), record);
}
function BTC_MEM_IMM<T>(cpu: usize, record: usize): usize {
  return bitAt<T>(cpu, writeAddress<T>(cpu, record), BTC, load<u8>(record, RECORD_IMM), record);
}
function BTC_LOCK_REG<T>(cpu: usize, record: usize): usize {
  return lockedBit<T>(cpu, bitStringAddress<T>(cpu, record, true), BTC, <u32>reg<T>(cpu, record), record);
}
function BTC_LOCK_IMM<T>(cpu: usize, record: usize): usize {
  return lockedBit<T>(cpu, writeAddress<T>(cpu, record), BTC, load<u8>(record, RECORD_IMM), record);
}

/** BSF, BSR: ZF tells a zero source, which leaves the destination alone (AMD APM vol. 3, "BSF"). */
// @ts-ignore: decorator
@inline
function scan<T>(cpu: usize, record: usize, source: T, reverse: bool): usize {
  setFlags<T>(cpu, source, 0);
  if (source != 0) {
    const n = reverse ? 63 - clz<u64>(<u64>source) : ctz<u64>(<u64>source);
    putReg<T>(cpu, record, <T>n);
  } else if (sizeof<T>() == 4) {
    // Processors clear the upper half even so.
    putReg<T>(cpu, record, reg<T>(cpu, record));
  }
  return next(record);
}

/** LZCNT, TZCNT: CF tells a zero source, ZF a zero result. */
// @ts-ignore: decorator
@inline
function countZeros<T>(cpu: usize, record: usize, source: T, leading: bool): usize {
  const n = <T>(leading
    ? clz<u64>(<u64>source) - (64 - bitsOf<T>())
    : source == 0
      ? <u64>bitsOf<T>()
      : ctz<u64>(<u64>source));
  putReg<T>(cpu, record, n);
  setFlags<T>(cpu, n, source == 0 ? AUX_CF | 0x40000000 : 0);
  return next(record);
}

function BSF_RM<T>(cpu: usize, record: usize): usize {
  return scan<T>(cpu, record, rm<T>(cpu, record), false);
}
function BSF_MEM<T>(cpu: usize, record: usize): usize {
  return scan<T>(cpu, record, read<T>(cpu, readAddress<T>(cpu, record)), false);
}
function BSR_RM<T>(cpu: usize, record: usize): usize {
  return scan<T>(cpu, record, rm<T>(cpu, record), true);
}
function BSR_MEM<T>(cpu: usize, record: usize): usize {
  return scan<T>(cpu, record, read<T>(cpu, readAddress<T>(cpu, record)), true);
}
// A processor without the instruction runs F3 0F BC and BD as BSF and BSR (SDM vol. 2, "TZCNT", "LZCNT").
function TZCNT_RM<T>(cpu: usize, record: usize): usize {
  const source = rm<T>(cpu, record);
  return hasFeature(cpu, FEATURE_BMI1) ? countZeros<T>(cpu, record, source, false) : scan<T>(cpu, record, source, false);
}
function TZCNT_MEM<T>(cpu: usize, record: usize): usize {
  const source = read<T>(cpu, readAddress<T>(cpu, record));
  return hasFeature(cpu, FEATURE_BMI1) ? countZeros<T>(cpu, record, source, false) : scan<T>(cpu, record, source, false);
}
function LZCNT_RM<T>(cpu: usize, record: usize): usize {
  const source = rm<T>(cpu, record);
  return hasFeature(cpu, FEATURE_ABM) ? countZeros<T>(cpu, record, source, true) : scan<T>(cpu, record, source, true);
}
function LZCNT_MEM<T>(cpu: usize, record: usize): usize {
  const source = read<T>(cpu, readAddress<T>(cpu, record));
  return hasFeature(cpu, FEATURE_ABM) ? countZeros<T>(cpu, record, source, true) : scan<T>(cpu, record, source, true);
}

// @ts-ignore: decorator
@inline
function countOnes<T>(cpu: usize, record: usize, source: T): usize {
  const n = <T>popcnt<u64>(<u64>source);
  putReg<T>(cpu, record, n);
  // Only ZF may be set; PF is clear whatever the result.
  setFlags<T>(cpu, source != 0 ? <T>1 : <T>0, source != 0 ? 0 : 0x100);
  return next(record);
}
function POPCNT_RM<T>(cpu: usize, record: usize): usize {
  return countOnes<T>(cpu, record, rm<T>(cpu, record));
}
function POPCNT_MEM<T>(cpu: usize, record: usize): usize {
  return countOnes<T>(cpu, record, read<T>(cpu, readAddress<T>(cpu, record)));
}

export function registerBit(): void {
  defineReg(slot(MAP_0F, 0xa3), OP_MODRM, 0, (c, r) => BT_RM_REG<i16>(c, r), (c, r) => BT_RM_REG<i32>(c, r), (c, r) => BT_RM_REG<i64>(c, r));
  defineMem(slot(MAP_0F, 0xa3), OP_MODRM, 0, (c, r) => BT_MEM_REG<i16>(c, r), (c, r) => BT_MEM_REG<i32>(c, r), (c, r) => BT_MEM_REG<i64>(c, r));
  defineReg(byReg(slot(MAP_0F, 0xba), 4), OP_MODRM | OP_IMM8, 0, (c, r) => BT_RM_IMM<i16>(c, r), (c, r) => BT_RM_IMM<i32>(c, r), (c, r) => BT_RM_IMM<i64>(c, r));
  defineMem(byReg(slot(MAP_0F, 0xba), 4), OP_MODRM | OP_IMM8, 0, (c, r) => BT_MEM_IMM<i16>(c, r), (c, r) => BT_MEM_IMM<i32>(c, r), (c, r) => BT_MEM_IMM<i64>(c, r));
  defineReg(slot(MAP_0F, 0xab), OP_MODRM, 0, (c, r) => BTS_RM_REG<i16>(c, r), (c, r) => BTS_RM_REG<i32>(c, r), (c, r) => BTS_RM_REG<i64>(c, r));
  defineMem(slot(MAP_0F, 0xab), OP_MODRM, 0, (c, r) => BTS_MEM_REG<i16>(c, r), (c, r) => BTS_MEM_REG<i32>(c, r), (c, r) => BTS_MEM_REG<i64>(c, r));
  defineLock(slot(MAP_0F, 0xab), (c, r) => BTS_LOCK_REG<i16>(c, r), (c, r) => BTS_LOCK_REG<i32>(c, r), (c, r) => BTS_LOCK_REG<i64>(c, r));
  defineReg(byReg(slot(MAP_0F, 0xba), 5), OP_MODRM | OP_IMM8, 0, (c, r) => BTS_RM_IMM<i16>(c, r), (c, r) => BTS_RM_IMM<i32>(c, r), (c, r) => BTS_RM_IMM<i64>(c, r));
  defineMem(byReg(slot(MAP_0F, 0xba), 5), OP_MODRM | OP_IMM8, 0, (c, r) => BTS_MEM_IMM<i16>(c, r), (c, r) => BTS_MEM_IMM<i32>(c, r), (c, r) => BTS_MEM_IMM<i64>(c, r));
  defineLock(byReg(slot(MAP_0F, 0xba), 5), (c, r) => BTS_LOCK_IMM<i16>(c, r), (c, r) => BTS_LOCK_IMM<i32>(c, r), (c, r) => BTS_LOCK_IMM<i64>(c, r));
  defineReg(slot(MAP_0F, 0xb3), OP_MODRM, 0, (c, r) => BTR_RM_REG<i16>(c, r), (c, r) => BTR_RM_REG<i32>(c, r), (c, r) => BTR_RM_REG<i64>(c, r));
  defineMem(slot(MAP_0F, 0xb3), OP_MODRM, 0, (c, r) => BTR_MEM_REG<i16>(c, r), (c, r) => BTR_MEM_REG<i32>(c, r), (c, r) => BTR_MEM_REG<i64>(c, r));
  defineLock(slot(MAP_0F, 0xb3), (c, r) => BTR_LOCK_REG<i16>(c, r), (c, r) => BTR_LOCK_REG<i32>(c, r), (c, r) => BTR_LOCK_REG<i64>(c, r));
  defineReg(byReg(slot(MAP_0F, 0xba), 6), OP_MODRM | OP_IMM8, 0, (c, r) => BTR_RM_IMM<i16>(c, r), (c, r) => BTR_RM_IMM<i32>(c, r), (c, r) => BTR_RM_IMM<i64>(c, r));
  defineMem(byReg(slot(MAP_0F, 0xba), 6), OP_MODRM | OP_IMM8, 0, (c, r) => BTR_MEM_IMM<i16>(c, r), (c, r) => BTR_MEM_IMM<i32>(c, r), (c, r) => BTR_MEM_IMM<i64>(c, r));
  defineLock(byReg(slot(MAP_0F, 0xba), 6), (c, r) => BTR_LOCK_IMM<i16>(c, r), (c, r) => BTR_LOCK_IMM<i32>(c, r), (c, r) => BTR_LOCK_IMM<i64>(c, r));
  defineReg(slot(MAP_0F, 0xbb), OP_MODRM, 0, (c, r) => BTC_RM_REG<i16>(c, r), (c, r) => BTC_RM_REG<i32>(c, r), (c, r) => BTC_RM_REG<i64>(c, r));
  defineMem(slot(MAP_0F, 0xbb), OP_MODRM, 0, (c, r) => BTC_MEM_REG<i16>(c, r), (c, r) => BTC_MEM_REG<i32>(c, r), (c, r) => BTC_MEM_REG<i64>(c, r));
  defineLock(slot(MAP_0F, 0xbb), (c, r) => BTC_LOCK_REG<i16>(c, r), (c, r) => BTC_LOCK_REG<i32>(c, r), (c, r) => BTC_LOCK_REG<i64>(c, r));
  defineReg(byReg(slot(MAP_0F, 0xba), 7), OP_MODRM | OP_IMM8, 0, (c, r) => BTC_RM_IMM<i16>(c, r), (c, r) => BTC_RM_IMM<i32>(c, r), (c, r) => BTC_RM_IMM<i64>(c, r));
  defineMem(byReg(slot(MAP_0F, 0xba), 7), OP_MODRM | OP_IMM8, 0, (c, r) => BTC_MEM_IMM<i16>(c, r), (c, r) => BTC_MEM_IMM<i32>(c, r), (c, r) => BTC_MEM_IMM<i64>(c, r));
  defineLock(byReg(slot(MAP_0F, 0xba), 7), (c, r) => BTC_LOCK_IMM<i16>(c, r), (c, r) => BTC_LOCK_IMM<i32>(c, r), (c, r) => BTC_LOCK_IMM<i64>(c, r));
  defineReg(byPrefix(slot(MAP_0F, 0xbc), 0), OP_MODRM, 0, (c, r) => BSF_RM<u16>(c, r), (c, r) => BSF_RM<u32>(c, r), (c, r) => BSF_RM<u64>(c, r));
  defineMem(byPrefix(slot(MAP_0F, 0xbc), 0), OP_MODRM, 0, (c, r) => BSF_MEM<u16>(c, r), (c, r) => BSF_MEM<u32>(c, r), (c, r) => BSF_MEM<u64>(c, r));
  defineReg(byPrefix(slot(MAP_0F, 0xbc), 2), OP_MODRM, 0, (c, r) => TZCNT_RM<u16>(c, r), (c, r) => TZCNT_RM<u32>(c, r), (c, r) => TZCNT_RM<u64>(c, r));
  defineMem(byPrefix(slot(MAP_0F, 0xbc), 2), OP_MODRM, 0, (c, r) => TZCNT_MEM<u16>(c, r), (c, r) => TZCNT_MEM<u32>(c, r), (c, r) => TZCNT_MEM<u64>(c, r));
  defineReg(byPrefix(slot(MAP_0F, 0xbd), 0), OP_MODRM, 0, (c, r) => BSR_RM<u16>(c, r), (c, r) => BSR_RM<u32>(c, r), (c, r) => BSR_RM<u64>(c, r));
  defineMem(byPrefix(slot(MAP_0F, 0xbd), 0), OP_MODRM, 0, (c, r) => BSR_MEM<u16>(c, r), (c, r) => BSR_MEM<u32>(c, r), (c, r) => BSR_MEM<u64>(c, r));
  defineReg(byPrefix(slot(MAP_0F, 0xbd), 2), OP_MODRM, 0, (c, r) => LZCNT_RM<u16>(c, r), (c, r) => LZCNT_RM<u32>(c, r), (c, r) => LZCNT_RM<u64>(c, r));
  defineMem(byPrefix(slot(MAP_0F, 0xbd), 2), OP_MODRM, 0, (c, r) => LZCNT_MEM<u16>(c, r), (c, r) => LZCNT_MEM<u32>(c, r), (c, r) => LZCNT_MEM<u64>(c, r));
  defineReg(byPrefix(slot(MAP_0F, 0xb8), 2), OP_MODRM, FEATURE_POPCNT, (c, r) => POPCNT_RM<u16>(c, r), (c, r) => POPCNT_RM<u32>(c, r), (c, r) => POPCNT_RM<u64>(c, r));
  defineMem(byPrefix(slot(MAP_0F, 0xb8), 2), OP_MODRM, FEATURE_POPCNT, (c, r) => POPCNT_MEM<u16>(c, r), (c, r) => POPCNT_MEM<u32>(c, r), (c, r) => POPCNT_MEM<u64>(c, r));
}
