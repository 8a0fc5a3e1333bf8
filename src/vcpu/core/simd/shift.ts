// Packed shifts by a register's count, by an immediate, and by a count of each element's own.
import { FEATURE_AVX, FEATURE_AVX2, FEATURE_SSE2 } from '../../cpu-features';
import { byL, byPrefix, byReg, byW, MAP_0F, MAP_0F38, OP_IMM8, slot } from '../opcode-table';
import { next } from '../state';
import { imm8, put128, put256, regVector, rmVector, source, vvvvVector } from './operands';
import { defineVex, defineVexReg, defineLegacyReg, legacyPacked, P66, vexEntry, vexPacked } from './shapes';

// Counts past the element's width clear it, or fill it with the sign (SDM vol. 2, "PSLLW", "PSRAW").
class Sllw { shift(a: v128, count: u64): v128 { return count > 15 ? i64x2.splat(0) : i16x8.shl(a, <i32>count); } }
class Slld { shift(a: v128, count: u64): v128 { return count > 31 ? i64x2.splat(0) : i32x4.shl(a, <i32>count); } }
class Sllq { shift(a: v128, count: u64): v128 { return count > 63 ? i64x2.splat(0) : i64x2.shl(a, <i32>count); } }
class Srlw { shift(a: v128, count: u64): v128 { return count > 15 ? i64x2.splat(0) : i16x8.shr_u(a, <i32>count); } }
class Srld { shift(a: v128, count: u64): v128 { return count > 31 ? i64x2.splat(0) : i32x4.shr_u(a, <i32>count); } }
class Srlq { shift(a: v128, count: u64): v128 { return count > 63 ? i64x2.splat(0) : i64x2.shr_u(a, <i32>count); } }
class Sraw { shift(a: v128, count: u64): v128 { return i16x8.shr_s(a, count > 15 ? 15 : <i32>count); } }
class Srad { shift(a: v128, count: u64): v128 { return i32x4.shr_s(a, count > 31 ? 31 : <i32>count); } }

// @ts-ignore: decorator
@inline
function indices(): v128 {
  return i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

/** Bytes move; indices outside 0..15 give zero. */
class Slldq {
  shift(a: v128, count: u64): v128 {
    return i8x16.swizzle(a, i8x16.sub(indices(), i8x16.splat(count > 15 ? 16 : <i8>count)));
  }
}
class Srldq {
  shift(a: v128, count: u64): v128 {
    return i8x16.swizzle(a, i8x16.add(indices(), i8x16.splat(count > 15 ? 16 : <i8>count)));
  }
}

class ByRegister<Op> {
  apply(a: v128, b: v128, imm: u32): v128 { return changetype<Op>(0).shift(a, i64x2.extract_lane(b, 0)); }
}

/** The count is the low half of an XMM register or m128 for both halves. */
function vexByRegister256<Op>(cpu: usize, record: usize): usize {
  const count = <u64>i64x2.extract_lane(source(cpu, record), 0);
  const a = vvvvVector(cpu, record);
  const low = changetype<Op>(0).shift(load<v128>(a), count);
  const high = changetype<Op>(0).shift(load<v128>(a, 16), count);
  put256(regVector(cpu, record), low, high);
  return next(record);
}

function legacyByImmediate<Op>(cpu: usize, record: usize): usize {
  const register = rmVector(cpu, record);
  store<v128>(register, changetype<Op>(0).shift(load<v128>(register), imm8(record)));
  return next(record);
}

/** The destination is VEX.vvvv, the source modrm.rm. */
function vexByImmediate<Op>(cpu: usize, record: usize): usize {
  put128(vvvvVector(cpu, record), changetype<Op>(0).shift(load<v128>(rmVector(cpu, record)), imm8(record)));
  return next(record);
}

function vexByImmediate256<Op>(cpu: usize, record: usize): usize {
  const register = rmVector(cpu, record);
  const low = changetype<Op>(0).shift(load<v128>(register), imm8(record));
  const high = changetype<Op>(0).shift(load<v128>(register, 16), imm8(record));
  put256(vvvvVector(cpu, record), low, high);
  return next(record);
}

function byRegister<Op>(opcode: u32): void {
  legacyPacked<ByRegister<Op>, u8>(MAP_0F, opcode, P66, 0, FEATURE_SSE2);
  const vex = vexEntry(MAP_0F, opcode, P66);
  vexPacked<ByRegister<Op>, u8>(vex, 0, FEATURE_AVX, 0);
  defineVex(byL(vex, 1), 0, FEATURE_AVX2, (c: usize, r: usize): usize => vexByRegister256<Op>(c, r));
}

function byImmediate<Op>(opcode: u32, extension: u32): void {
  // In the legacy group modrm.reg is told apart before the prefix: MMX has the same opcodes.
  const legacy = byPrefix(byReg(slot(MAP_0F, opcode), extension), P66);
  defineLegacyReg(legacy, OP_IMM8, FEATURE_SSE2, (c: usize, r: usize): usize => legacyByImmediate<Op>(c, r));
  const vex = byReg(vexEntry(MAP_0F, opcode, P66), extension);
  defineVexReg(byL(vex, 0), OP_IMM8, FEATURE_AVX, (c: usize, r: usize): usize => vexByImmediate<Op>(c, r));
  defineVexReg(byL(vex, 1), OP_IMM8, FEATURE_AVX2, (c: usize, r: usize): usize => vexByImmediate256<Op>(c, r));
}

class SLL { one<T>(a: T, count: T): T { return count >= sizeof<T>() * 8 ? 0 : a << count; } }
class SRL { one<T>(a: T, count: T): T { return count >= sizeof<T>() * 8 ? 0 : a >> count; } }
class SRA { one<T>(a: T, count: T): T { return <T>(<i32>a >> (count > 31 ? 31 : <i32>count)); } }

class ByDword<Op> {
  apply(a: v128, b: v128, imm: u32): v128 {
    let result = i32x4.splat(changetype<Op>(0).one<u32>(i32x4.extract_lane(a, 0), i32x4.extract_lane(b, 0)));
    result = i32x4.replace_lane(result, 1, changetype<Op>(0).one<u32>(i32x4.extract_lane(a, 1), i32x4.extract_lane(b, 1)));
    result = i32x4.replace_lane(result, 2, changetype<Op>(0).one<u32>(i32x4.extract_lane(a, 2), i32x4.extract_lane(b, 2)));
    return i32x4.replace_lane(result, 3, changetype<Op>(0).one<u32>(i32x4.extract_lane(a, 3), i32x4.extract_lane(b, 3)));
  }
}

class ByQword<Op> {
  apply(a: v128, b: v128, imm: u32): v128 {
    const low = changetype<Op>(0).one<u64>(i64x2.extract_lane(a, 0), i64x2.extract_lane(b, 0));
    const high = changetype<Op>(0).one<u64>(i64x2.extract_lane(a, 1), i64x2.extract_lane(b, 1));
    return i64x2.replace_lane(i64x2.splat(low), 1, high);
  }
}

export function registerVectorShift(): void {
  byRegister<Srlw>(0xd1);
  byRegister<Srld>(0xd2);
  byRegister<Srlq>(0xd3);
  byRegister<Sraw>(0xe1);
  byRegister<Srad>(0xe2);
  byRegister<Sllw>(0xf1);
  byRegister<Slld>(0xf2);
  byRegister<Sllq>(0xf3);
  byImmediate<Srlw>(0x71, 2);
  byImmediate<Sraw>(0x71, 4);
  byImmediate<Sllw>(0x71, 6);
  byImmediate<Srld>(0x72, 2);
  byImmediate<Srad>(0x72, 4);
  byImmediate<Slld>(0x72, 6);
  byImmediate<Srlq>(0x73, 2);
  byImmediate<Srldq>(0x73, 3);
  byImmediate<Sllq>(0x73, 6);
  byImmediate<Slldq>(0x73, 7);
  vexPacked<ByDword<SRL>, u8>(byW(vexEntry(MAP_0F38, 0x45, P66), 0), 0, FEATURE_AVX2, FEATURE_AVX2);
  vexPacked<ByQword<SRL>, u8>(byW(vexEntry(MAP_0F38, 0x45, P66), 1), 0, FEATURE_AVX2, FEATURE_AVX2);
  vexPacked<ByDword<SRA>, u8>(byW(vexEntry(MAP_0F38, 0x46, P66), 0), 0, FEATURE_AVX2, FEATURE_AVX2);
  vexPacked<ByDword<SLL>, u8>(byW(vexEntry(MAP_0F38, 0x47, P66), 0), 0, FEATURE_AVX2, FEATURE_AVX2);
  vexPacked<ByQword<SLL>, u8>(byW(vexEntry(MAP_0F38, 0x47, P66), 1), 0, FEATURE_AVX2, FEATURE_AVX2);
}
