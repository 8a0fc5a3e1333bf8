// F16C: half-precision conversions.
import { FEATURE_F16C } from '../../cpu-features';
import { checkWrite, write } from '../access';
import { addressOf, writeAddress } from '../address';
import { DENORMAL, INEXACT, INVALID, OVERFLOW, UNDERFLOW } from '../fpu/rounding';
import { HALF_BITS, narrowFlags, roundToNarrow } from '../fpu/narrow';
import { setUnrounded } from '../fpu/unrounded';
import { byL, byW, MAP_0F38, MAP_0F3A, OP_IMM8, OP_NO_VVVV } from '../opcode-table';
import { next } from '../state';
import { areMasked, begin, noteAfter, noteBefore, rounding, settle } from './mxcsr';
import { elementSource, imm8, isMemory, put128, put256, regVector, rmVector, source } from './operands';
import { defineVex, P66, vexEntry } from './shapes';
import { exponentOf, flushed, isDenormal, isInfinite, isNan, isNegative, isSignaling, isZero, significandOf } from './soft-float';

/** A half as a single: exact; DAZ does not apply, denormals raise nothing (SDM vol. 2, "VCVTPH2PS"). */
function halfToSingle(half: u32): u32 {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >> 10) & 31;
  const fraction = half & 0x3ff;
  if (exponent == 31) {
    if (!fraction) return sign | 0x7f800000;
    if (!(fraction & 0x200)) noteBefore(INVALID);
    return sign | 0x7fc00000 | (fraction << 13);
  }
  if (exponent) return sign | ((exponent + 112) << 23) | (fraction << 13);
  // 2^-24 times an integer is exact in single precision.
  return sign | reinterpret<u32>(<f32>fraction * <f32>5.9604644775390625e-8);
}

function halvesToSingles(halves: u64): v128 {
  let result = i32x4.splat(halfToSingle(<u32>halves & 0xffff));
  result = i32x4.replace_lane(result, 1, halfToSingle(<u32>(halves >> 16) & 0xffff));
  result = i32x4.replace_lane(result, 2, halfToSingle(<u32>(halves >> 32) & 0xffff));
  return i32x4.replace_lane(result, 3, halfToSingle(<u32>(halves >> 48)));
}

/** A single rounded to a half; FTZ does not apply (SDM vol. 2, "VCVTPS2PH"). */
function singleToHalf(bits: u32, mode: i32): u64 {
  const x = flushed<f32>(bits);
  const sign = (x >> 16) & 0x8000;
  if (isNan<f32>(x)) {
    if (isSignaling<f32>(x)) noteBefore(INVALID);
    return sign | 0x7e00 | ((x >> 13) & 0x1ff);
  }
  if (isInfinite<f32>(x)) return sign | 0x7c00;
  if (isZero<f32>(x)) return sign;
  if (isDenormal<f32>(x)) noteBefore(DENORMAL);
  setUnrounded(isNegative<f32>(x), exponentOf<f32>(x), significandOf<f32>(x), 0);
  const encoding = roundToNarrow(HALF_BITS, mode, areMasked(UNDERFLOW));
  const events = <u32>narrowFlags;
  noteAfter(events & OVERFLOW && areMasked(OVERFLOW) ? events | INEXACT : events);
  return encoding;
}

function singlesToHalves(x: v128, mode: i32): u64 {
  return (
    singleToHalf(i32x4.extract_lane(x, 0), mode) |
    (singleToHalf(i32x4.extract_lane(x, 1), mode) << 16) |
    (singleToHalf(i32x4.extract_lane(x, 2), mode) << 32) |
    (singleToHalf(i32x4.extract_lane(x, 3), mode) << 48)
  );
}

function VCVTPH2PS(cpu: usize, record: usize): usize {
  const x = elementSource<u64>(cpu, record);
  begin(cpu);
  const result = halvesToSingles(i64x2.extract_lane(x, 0));
  settle(cpu);
  put128(regVector(cpu, record), result);
  return next(record);
}

function VCVTPH2PS256(cpu: usize, record: usize): usize {
  const x = source(cpu, record);
  begin(cpu);
  const low = halvesToSingles(i64x2.extract_lane(x, 0));
  const high = halvesToSingles(i64x2.extract_lane(x, 1));
  settle(cpu);
  put256(regVector(cpu, record), low, high);
  return next(record);
}

/** Bit 2 of the immediate takes the rounding mode of MXCSR, otherwise bits 1:0 are it. */
// @ts-ignore: decorator
@inline
function modeOf(record: usize): i32 {
  const imm = imm8(record);
  return imm & 4 ? rounding() : <i32>(imm & 3);
}

function VCVTPS2PH(cpu: usize, record: usize): usize {
  const x = load<v128>(regVector(cpu, record));
  let linear: u64 = 0;
  if (isMemory(record)) {
    linear = writeAddress<u64>(cpu, record);
    checkWrite(cpu, linear, 8);
  }
  begin(cpu);
  const result = singlesToHalves(x, modeOf(record));
  settle(cpu);
  if (isMemory(record)) write<u64>(cpu, linear, result);
  else put128(rmVector(cpu, record), i64x2.replace_lane(i64x2.splat(0), 0, result));
  return next(record);
}

function VCVTPS2PH256(cpu: usize, record: usize): usize {
  const register = regVector(cpu, record);
  let linear: u64 = 0;
  if (isMemory(record)) {
    linear = addressOf(cpu, record, 16, true);
    checkWrite(cpu, linear, 16);
  }
  begin(cpu);
  const low = singlesToHalves(load<v128>(register), modeOf(record));
  const high = singlesToHalves(load<v128>(register, 16), modeOf(record));
  settle(cpu);
  const result = i64x2.replace_lane(i64x2.splat(low), 1, high);
  if (isMemory(record)) write<v128>(cpu, linear, result);
  else put128(rmVector(cpu, record), result);
  return next(record);
}

export function registerHalf(): void {
  const from = byW(vexEntry(MAP_0F38, 0x13, P66), 0);
  defineVex(byL(from, 0), OP_NO_VVVV, FEATURE_F16C, VCVTPH2PS);
  defineVex(byL(from, 1), OP_NO_VVVV, FEATURE_F16C, VCVTPH2PS256);
  const to = byW(vexEntry(MAP_0F3A, 0x1d, P66), 0);
  defineVex(byL(to, 0), OP_IMM8 | OP_NO_VVVV, FEATURE_F16C, VCVTPS2PH);
  defineVex(byL(to, 1), OP_IMM8 | OP_NO_VVVV, FEATURE_F16C, VCVTPS2PH256);
}
