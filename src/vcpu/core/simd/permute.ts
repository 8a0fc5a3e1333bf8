// AVX and AVX2: permutations inside and across lanes, broadcasts, insertion and extraction of halves.
import { FEATURE_AVX, FEATURE_AVX2 } from '../../cpu-features';
import { write } from '../access';
import { writeAddress } from '../address';
import { byMem, byL, byW, MAP_0F38, MAP_0F3A, OP_IMM8, OP_L1, OP_NO_VVVV } from '../opcode-table';
import { next } from '../state';
import {
  elementSource,
  imm8,
  isMemory,
  put128,
  put256,
  regVector,
  rmVector,
  source,
  source32,
  sourceHigh,
  vvvvVector,
} from './operands';
import { defineVex, defineVexMem, P66, vexEntry, vexPacked, vexPackedImm } from './shapes';

class VPERMILPS_IMM {
  apply(a: v128, b: v128, imm: u32): v128 {
    let fields = i32x4.splat(imm & 3);
    fields = i32x4.replace_lane(fields, 1, (imm >> 2) & 3);
    fields = i32x4.replace_lane(fields, 2, (imm >> 4) & 3);
    fields = i32x4.replace_lane(fields, 3, imm >> 6);
    return i8x16.swizzle(b, dwordIndices(fields));
  }
}
class VPERMILPD_IMM {
  high(imm: u32): u32 { return imm >> 2; }
  apply(a: v128, b: v128, imm: u32): v128 {
    const low = imm & 1 ? i64x2.extract_lane(b, 1) : i64x2.extract_lane(b, 0);
    const high = imm & 2 ? i64x2.extract_lane(b, 1) : i64x2.extract_lane(b, 0);
    return i64x2.replace_lane(i64x2.splat(low), 1, high);
  }
}
class VPERMILPS {
  apply(a: v128, b: v128, imm: u32): v128 {
    return i8x16.swizzle(a, dwordIndices(v128.and(b, i32x4.splat(3))));
  }
}
/** Bit 1 of each quadword of the control selects. */
class VPERMILPD {
  apply(a: v128, b: v128, imm: u32): v128 {
    const upper = i64x2.shr_s(i64x2.shl(b, 62), 63);
    return v128.bitselect(i64x2.shuffle(a, a, 1, 1), i64x2.shuffle(a, a, 0, 0), upper);
  }
}

/** Byte indices of the doublewords numbered 0..7 by each doubleword of `fields`. */
// @ts-ignore: decorator
@inline
function dwordIndices(fields: v128): v128 {
  return i32x4.add(i32x4.mul(fields, i32x4.splat(0x04040404)), i32x4.splat(0x03020100));
}

/** Bytes of low:high by indices 0..31. */
// @ts-ignore: decorator
@inline
function select32(low: v128, high: v128, indices: v128): v128 {
  return v128.or(i8x16.swizzle(low, indices), i8x16.swizzle(high, i8x16.sub(indices, i8x16.splat(16))));
}

/** VPERMD, VPERMPS: the control is in VEX.vvvv. */
function VPERMD(cpu: usize, record: usize): usize {
  const low = source32(cpu, record);
  const high = sourceHigh;
  const control = vvvvVector(cpu, record);
  const mask = i32x4.splat(7);
  const first = select32(low, high, dwordIndices(v128.and(load<v128>(control), mask)));
  const second = select32(low, high, dwordIndices(v128.and(load<v128>(control, 16), mask)));
  put256(regVector(cpu, record), first, second);
  return next(record);
}

/** VPERMQ, VPERMPD: four quadwords by an immediate. */
function VPERMQ(cpu: usize, record: usize): usize {
  const low = source32(cpu, record);
  const high = sourceHigh;
  const imm = imm8(record);
  put256(regVector(cpu, record), quadwords(low, high, imm), quadwords(low, high, imm >> 4));
  return next(record);
}

function quadwords(low: v128, high: v128, imm: u32): v128 {
  return i64x2.replace_lane(i64x2.splat(quadword(low, high, imm & 3)), 1, quadword(low, high, (imm >> 2) & 3));
}

function quadword(low: v128, high: v128, number: u32): u64 {
  const half = number & 2 ? high : low;
  return number & 1 ? i64x2.extract_lane(half, 1) : i64x2.extract_lane(half, 0);
}

/** VPERM2F128, VPERM2I128: each half is one of four, or zero. */
function VPERM2(cpu: usize, record: usize): usize {
  const low = source32(cpu, record);
  const high = sourceHigh;
  const a = vvvvVector(cpu, record);
  const aLow = load<v128>(a);
  const aHigh = load<v128>(a, 16);
  const imm = imm8(record);
  put256(regVector(cpu, record), half(aLow, aHigh, low, high, imm), half(aLow, aHigh, low, high, imm >> 4));
  return next(record);
}

function half(aLow: v128, aHigh: v128, bLow: v128, bHigh: v128, imm: u32): v128 {
  if (imm & 8) return i64x2.splat(0);
  if (imm & 2) return imm & 1 ? bHigh : bLow;
  return imm & 1 ? aHigh : aLow;
}

class SplatByte { of(x: v128): v128 { return i8x16.splat(i8x16.extract_lane_s(x, 0)); } }
class SplatWord { of(x: v128): v128 { return i16x8.splat(i16x8.extract_lane_s(x, 0)); } }
class SplatDword { of(x: v128): v128 { return i32x4.splat(i32x4.extract_lane(x, 0)); } }
class SplatQword { of(x: v128): v128 { return i64x2.splat(i64x2.extract_lane(x, 0)); } }

function broadcast128<Op, E>(cpu: usize, record: usize): usize {
  put128(regVector(cpu, record), changetype<Op>(0).of(elementSource<E>(cpu, record)));
  return next(record);
}

function broadcast256<Op, E>(cpu: usize, record: usize): usize {
  const x = changetype<Op>(0).of(elementSource<E>(cpu, record));
  put256(regVector(cpu, record), x, x);
  return next(record);
}

function VBROADCAST128(cpu: usize, record: usize): usize {
  const x = source(cpu, record);
  put256(regVector(cpu, record), x, x);
  return next(record);
}

/** `featureMem` is for a memory source; a register source always needs AVX2. */
function broadcast<Op, E>(opcode: u32, featureMem: u32, has128: bool): void {
  const entry = byW(vexEntry(MAP_0F38, opcode, P66), 0);
  for (let mem: u32 = 0; mem < 2; mem++) {
    const feature = mem ? featureMem : FEATURE_AVX2;
    const form = byMem(entry, mem);
    if (has128) defineVex(byL(form, 0), OP_NO_VVVV, feature, (c: usize, r: usize): usize => broadcast128<Op, E>(c, r));
    defineVex(byL(form, 1), OP_NO_VVVV, feature, (c: usize, r: usize): usize => broadcast256<Op, E>(c, r));
  }
}

function VINSERT128(cpu: usize, record: usize): usize {
  const b = source(cpu, record);
  const a = vvvvVector(cpu, record);
  if (imm8(record) & 1) put256(regVector(cpu, record), load<v128>(a), b);
  else put256(regVector(cpu, record), b, load<v128>(a, 16));
  return next(record);
}

function VEXTRACT128(cpu: usize, record: usize): usize {
  const value = load<v128>(regVector(cpu, record) + (<usize>(imm8(record) & 1) << 4));
  if (isMemory(record)) write<v128>(cpu, writeAddress<v128>(cpu, record), value);
  else put128(rmVector(cpu, record), value);
  return next(record);
}

export function registerPermute(): void {
  vexPacked<VPERMILPS, u8>(byW(vexEntry(MAP_0F38, 0x0c, P66), 0), 0, FEATURE_AVX, FEATURE_AVX);
  vexPacked<VPERMILPD, u8>(byW(vexEntry(MAP_0F38, 0x0d, P66), 0), 0, FEATURE_AVX, FEATURE_AVX);
  const singles = byW(vexEntry(MAP_0F3A, 0x04, P66), 0);
  vexPacked<VPERMILPS_IMM, u8>(singles, OP_IMM8 | OP_NO_VVVV, FEATURE_AVX, FEATURE_AVX);
  vexPackedImm<VPERMILPD_IMM>(byW(vexEntry(MAP_0F3A, 0x05, P66), 0), OP_NO_VVVV, FEATURE_AVX, FEATURE_AVX);
  defineVex(byW(vexEntry(MAP_0F38, 0x16, P66), 0), OP_L1, FEATURE_AVX2, VPERMD);
  defineVex(byW(vexEntry(MAP_0F38, 0x36, P66), 0), OP_L1, FEATURE_AVX2, VPERMD);
  defineVex(byW(vexEntry(MAP_0F3A, 0x00, P66), 1), OP_L1 | OP_IMM8 | OP_NO_VVVV, FEATURE_AVX2, VPERMQ);
  defineVex(byW(vexEntry(MAP_0F3A, 0x01, P66), 1), OP_L1 | OP_IMM8 | OP_NO_VVVV, FEATURE_AVX2, VPERMQ);
  defineVex(byW(vexEntry(MAP_0F3A, 0x06, P66), 0), OP_L1 | OP_IMM8, FEATURE_AVX, VPERM2);
  defineVex(byW(vexEntry(MAP_0F3A, 0x46, P66), 0), OP_L1 | OP_IMM8, FEATURE_AVX2, VPERM2);
  broadcast<SplatDword, u32>(0x18, FEATURE_AVX, true);
  broadcast<SplatQword, u64>(0x19, FEATURE_AVX, false);
  broadcast<SplatByte, u8>(0x78, FEATURE_AVX2, true);
  broadcast<SplatWord, u16>(0x79, FEATURE_AVX2, true);
  broadcast<SplatDword, u32>(0x58, FEATURE_AVX2, true);
  broadcast<SplatQword, u64>(0x59, FEATURE_AVX2, true);
  defineVexMem(byW(vexEntry(MAP_0F38, 0x1a, P66), 0), OP_L1 | OP_NO_VVVV, FEATURE_AVX, VBROADCAST128);
  defineVexMem(byW(vexEntry(MAP_0F38, 0x5a, P66), 0), OP_L1 | OP_NO_VVVV, FEATURE_AVX2, VBROADCAST128);
  defineVex(byW(vexEntry(MAP_0F3A, 0x18, P66), 0), OP_L1 | OP_IMM8, FEATURE_AVX, VINSERT128);
  defineVex(byW(vexEntry(MAP_0F3A, 0x38, P66), 0), OP_L1 | OP_IMM8, FEATURE_AVX2, VINSERT128);
  defineVex(byW(vexEntry(MAP_0F3A, 0x19, P66), 0), OP_L1 | OP_IMM8 | OP_NO_VVVV, FEATURE_AVX, VEXTRACT128);
  defineVex(byW(vexEntry(MAP_0F3A, 0x39, P66), 0), OP_L1 | OP_IMM8 | OP_NO_VVVV, FEATURE_AVX2, VEXTRACT128);
}
