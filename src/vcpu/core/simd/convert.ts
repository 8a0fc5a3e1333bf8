// Conversions between integers, singles and doubles.
import { FEATURE_AVX, FEATURE_SSE, FEATURE_SSE2 } from '../../cpu-features';
import { read } from '../access';
import { readAddress } from '../address';
import { DENORMAL, INEXACT, INVALID, ROUND_DOWN, ROUND_NEAREST, ROUND_TO_ZERO, ROUND_UP } from '../fpu/rounding';
import { setNormalised, setUnrounded } from '../fpu/unrounded';
import {
  byL,
  defineMem,
  defineReg,
  MAP_0F,
  OP_AVX,
  OP_MODRM,
  OP_NO_VVVV,
  OP_REGNUM,
  OP_RMNUM,
  OP_SSE,
} from '../opcode-table';
import { next, putReg, rm } from '../state';
import { isQuiet } from './arithmetic';
import { areMasked, begin, control, noteAfter, noteBefore, rounding, settle } from './mxcsr';
import {
  alignedSource,
  elementSource,
  isMemory,
  put128,
  put256,
  regVector,
  source,
  source32,
  sourceHigh,
  vvvvVector,
} from './operands';
import { defineLegacy, defineVex, legacyEntry, NP, P66, packed, PF2, PF3, scalar, vexEntry } from './shapes';
import {
  exponentOf,
  flushed,
  isDenormal,
  isInfinite,
  isNan,
  isNegative,
  isSignaling,
  isZero,
  roundResult,
  significandOf,
} from './soft-float';

/** Rounds to an integral value. */
// @ts-ignore: decorator
@inline
export function toIntegral(x: f64, mode: i32): f64 {
  if (mode == ROUND_NEAREST) return nearest<f64>(x);
  if (mode == ROUND_DOWN) return floor<f64>(x);
  return mode == ROUND_UP ? ceil<f64>(x) : trunc<f64>(x);
}

/** The value of an element as a double, exactly; DAZ applied. */
// @ts-ignore: decorator
@inline
function valueOf<E>(bits: u64): f64 {
  const x = flushed<E>(bits);
  return sizeof<E>() == 8 ? reinterpret<f64>(x) : <f64>reinterpret<f32>(<u32>x);
}

/** An element as a signed integer I; what does not fit is invalid and gives the integer indefinite (SDM vol. 1, 4.8.3.7, 11.5.2.1). */
function toInteger<E, I>(bits: u64, mode: i32): I {
  const x = valueOf<E>(bits);
  const integral = toIntegral(x, mode);
  const limit: f64 = sizeof<I>() == 8 ? 9223372036854775808.0 : 2147483648.0;
  if (!(integral >= -limit && integral < limit)) {
    noteBefore(INVALID);
    return sizeof<I>() == 8 ? <I>0x8000000000000000 : <I>0x80000000;
  }
  if (integral != x) noteAfter(INEXACT);
  return <I>integral;
}

/** A signed integer as an element. */
function fromInteger<E>(value: i64): u64 {
  if (!value) return 0;
  if (isQuiet()) return sizeof<E>() == 8 ? reinterpret<u64>(<f64>value) : reinterpret<u32>(<f32>value);
  const negative = <u32>(value < 0);
  setNormalised(negative, 16383 + 63, <u64>(negative ? -value : value), 0);
  return roundResult<E>(negative);
}

/** A single as a double: exact. */
function singleToDouble(bits: u64): u64 {
  const x = flushed<f32>(bits);
  if (isNan<f32>(x)) {
    if (isSignaling<f32>(x)) noteBefore(INVALID);
    return ((x & 0x80000000) << 32) | 0x7ff8000000000000 | ((x & 0x7fffff) << 29);
  }
  if (isDenormal<f32>(x)) noteBefore(DENORMAL);
  return reinterpret<u64>(<f64>reinterpret<f32>(<u32>x));
}

/** A double rounded to a single. */
function doubleToSingle(bits: u64): u32 {
  if (isQuiet()) {
    const narrow = reinterpret<u32>(<f32>reinterpret<f64>(bits));
    const m = narrow & 0x7fffffff;
    if (m > 0x00800000 && m < 0x7f800000) return narrow;
  }
  const x = flushed<f64>(bits);
  const sign = <u32>(x >> 32) & 0x80000000;
  if (isNan<f64>(x)) {
    if (isSignaling<f64>(x)) noteBefore(INVALID);
    return sign | 0x7fc00000 | (<u32>(x >> 29) & 0x3fffff);
  }
  if (isZero<f64>(x)) return sign;
  if (isInfinite<f64>(x)) return sign | 0x7f800000;
  if (isDenormal<f64>(x)) noteBefore(DENORMAL);
  setUnrounded(isNegative<f64>(x), exponentOf<f64>(x), significandOf<f64>(x), 0);
  return <u32>roundResult<f32>(isNegative<f64>(x));
}

// Packed conversions of the same width.

/** Doublewords to singles. */
// @ts-ignore: decorator
@inline
export function integersToSingles(b: v128): v128 {
  if (isQuiet()) return f32x4.convert_i32x4_s(b);
  let result = i32x4.splat(<i32>fromInteger<f32>(i32x4.extract_lane(b, 0)));
  result = i32x4.replace_lane(result, 1, <i32>fromInteger<f32>(i32x4.extract_lane(b, 1)));
  result = i32x4.replace_lane(result, 2, <i32>fromInteger<f32>(i32x4.extract_lane(b, 2)));
  return i32x4.replace_lane(result, 3, <i32>fromInteger<f32>(i32x4.extract_lane(b, 3)));
}

/** Singles to doublewords; the fast path holds for magnitudes that fit and inexact being noted already. */
// @ts-ignore: decorator
@inline
export function singlesToIntegers(b: v128, mode: i32): v128 {
  if (control & INEXACT && areMasked(INEXACT) && mode != ROUND_DOWN && mode != ROUND_UP) {
    const integral = mode == ROUND_NEAREST ? f32x4.nearest(b) : f32x4.trunc(b);
    if (i32x4.all_true(f32x4.lt(f32x4.abs(integral), f32x4.splat(2147483648.0)))) {
      return i32x4.trunc_sat_f32x4_s(integral);
    }
  }
  let result = i32x4.splat(toInteger<f32, i32>(<u32>i32x4.extract_lane(b, 0), mode));
  result = i32x4.replace_lane(result, 1, toInteger<f32, i32>(<u32>i32x4.extract_lane(b, 1), mode));
  result = i32x4.replace_lane(result, 2, toInteger<f32, i32>(<u32>i32x4.extract_lane(b, 2), mode));
  return i32x4.replace_lane(result, 3, toInteger<f32, i32>(<u32>i32x4.extract_lane(b, 3), mode));
}

class CVTDQ2PS { apply(a: v128, b: v128, imm: u32): v128 { return integersToSingles(b); } }
class CVTPS2DQ { apply(a: v128, b: v128, imm: u32): v128 { return singlesToIntegers(b, rounding()); } }
class CVTTPS2DQ { apply(a: v128, b: v128, imm: u32): v128 { return singlesToIntegers(b, ROUND_TO_ZERO); } }

class CVTSS2SD {
  apply(a: v128, b: v128, imm: u32): v128 {
    return i64x2.replace_lane(a, 0, singleToDouble(<u32>i32x4.extract_lane(b, 0)));
  }
}
class CVTSD2SS {
  apply(a: v128, b: v128, imm: u32): v128 {
    return i32x4.replace_lane(a, 0, doubleToSingle(i64x2.extract_lane(b, 0)));
  }
}

// Widening conversions: two elements to two doubles.

/** The two low doublewords to doubles: exact. */
// @ts-ignore: decorator
@inline
export function integersToDoubles(x: v128): v128 {
  return f64x2.convert_low_i32x4_s(x);
}

class SinglesToDoubles {
  convert(x: v128): v128 {
    const first = singleToDouble(<u32>i32x4.extract_lane(x, 0));
    return i64x2.replace_lane(i64x2.splat(first), 1, singleToDouble(<u32>i32x4.extract_lane(x, 1)));
  }
}
class IntegersToDoubles { convert(x: v128): v128 { return integersToDoubles(x); } }

function widen<Op>(cpu: usize, record: usize): usize {
  const x = elementSource<u64>(cpu, record);
  begin(cpu);
  const result = changetype<Op>(0).convert(x);
  settle(cpu);
  store<v128>(regVector(cpu, record), result);
  return next(record);
}
function widenVex<Op>(cpu: usize, record: usize): usize {
  const x = elementSource<u64>(cpu, record);
  begin(cpu);
  const result = changetype<Op>(0).convert(x);
  settle(cpu);
  put128(regVector(cpu, record), result);
  return next(record);
}
function widenVex256<Op>(cpu: usize, record: usize): usize {
  const x = source(cpu, record);
  begin(cpu);
  const low = changetype<Op>(0).convert(x);
  const high = changetype<Op>(0).convert(i64x2.shuffle(x, x, 1, 0));
  settle(cpu);
  put256(regVector(cpu, record), low, high);
  return next(record);
}

function widening<Op>(opcode: u32, prefix: u32): void {
  defineLegacy(legacyEntry(MAP_0F, opcode, prefix), 0, FEATURE_SSE2, (c: usize, r: usize): usize => widen<Op>(c, r));
  const vex = vexEntry(MAP_0F, opcode, prefix);
  defineVex(byL(vex, 0), OP_NO_VVVV, FEATURE_AVX, (c: usize, r: usize): usize => widenVex<Op>(c, r));
  defineVex(byL(vex, 1), OP_NO_VVVV, FEATURE_AVX, (c: usize, r: usize): usize => widenVex256<Op>(c, r));
}

// Narrowing conversions: two doubles to two elements in a quadword.

/** Two doubles to doublewords. */
// @ts-ignore: decorator
@inline
export function doublesToIntegers(x: v128, mode: i32): u64 {
  const first = <u64><u32>toInteger<f64, i32>(i64x2.extract_lane(x, 0), mode);
  return first | (<u64>toInteger<f64, i32>(i64x2.extract_lane(x, 1), mode) << 32);
}

class DoublesToSingles {
  convert(x: v128): u64 {
    const first = <u64>doubleToSingle(i64x2.extract_lane(x, 0));
    return first | (<u64>doubleToSingle(i64x2.extract_lane(x, 1)) << 32);
  }
}
class DoublesToIntegers { convert(x: v128): u64 { return doublesToIntegers(x, rounding()); } }
class DoublesTruncated { convert(x: v128): u64 { return doublesToIntegers(x, ROUND_TO_ZERO); } }

function narrow<Op>(cpu: usize, record: usize): usize {
  const x = alignedSource(cpu, record);
  begin(cpu);
  const result = changetype<Op>(0).convert(x);
  settle(cpu);
  store<v128>(regVector(cpu, record), i64x2.replace_lane(i64x2.splat(0), 0, result));
  return next(record);
}
function narrowVex<Op>(cpu: usize, record: usize): usize {
  const x = source(cpu, record);
  begin(cpu);
  const result = changetype<Op>(0).convert(x);
  settle(cpu);
  put128(regVector(cpu, record), i64x2.replace_lane(i64x2.splat(0), 0, result));
  return next(record);
}
function narrowVex256<Op>(cpu: usize, record: usize): usize {
  const x = source32(cpu, record);
  const y = sourceHigh;
  begin(cpu);
  const low = changetype<Op>(0).convert(x);
  const high = changetype<Op>(0).convert(y);
  settle(cpu);
  put128(regVector(cpu, record), i64x2.replace_lane(i64x2.splat(low), 1, high));
  return next(record);
}

function narrowing<Op>(opcode: u32, prefix: u32): void {
  defineLegacy(legacyEntry(MAP_0F, opcode, prefix), 0, FEATURE_SSE2, (c: usize, r: usize): usize => narrow<Op>(c, r));
  const vex = vexEntry(MAP_0F, opcode, prefix);
  defineVex(byL(vex, 0), OP_NO_VVVV, FEATURE_AVX, (c: usize, r: usize): usize => narrowVex<Op>(c, r));
  defineVex(byL(vex, 1), OP_NO_VVVV, FEATURE_AVX, (c: usize, r: usize): usize => narrowVex256<Op>(c, r));
}

// Between general registers and the low element.

/** CVTSI2SS, CVTSI2SD: `upper` is the register that gives the other elements. */
// @ts-ignore: decorator
@inline
function convertedInteger<E, I>(cpu: usize, record: usize, upper: usize): v128 {
  const value = isMemory(record) ? read<I>(cpu, readAddress<I>(cpu, record)) : rm<I>(cpu, record);
  begin(cpu);
  const result = fromInteger<E>(<i64>value);
  settle(cpu);
  if (sizeof<E>() == 4) return i32x4.replace_lane(load<v128>(upper), 0, <i32>result);
  return i64x2.replace_lane(load<v128>(upper), 0, result);
}
function CVTSI2S<E, I>(cpu: usize, record: usize): usize {
  const register = regVector(cpu, record);
  store<v128>(register, convertedInteger<E, I>(cpu, record, register));
  return next(record);
}
function VCVTSI2S<E, I>(cpu: usize, record: usize): usize {
  put128(regVector(cpu, record), convertedInteger<E, I>(cpu, record, vvvvVector(cpu, record)));
  return next(record);
}

/** CVTSS2SI and kin: `truncate` for the CVTT forms. */
function CVTS2SI<E, I>(cpu: usize, record: usize, truncate: bool): usize {
  const x = elementSource<E>(cpu, record);
  begin(cpu);
  const bits: u64 = sizeof<E>() == 4 ? <u64><u32>i32x4.extract_lane(x, 0) : <u64>i64x2.extract_lane(x, 0);
  const value = toInteger<E, I>(bits, truncate ? ROUND_TO_ZERO : rounding());
  settle(cpu);
  putReg<I>(cpu, record, value);
  return next(record);
}

function scalarIntegers<E>(prefix: u32, feature: u32): void {
  const from = legacyEntry(MAP_0F, 0x2a, prefix);
  defineReg(from, OP_MODRM | OP_REGNUM | OP_SSE, feature, (c: usize, r: usize): usize => CVTSI2S<E, i32>(c, r), (c: usize, r: usize): usize => CVTSI2S<E, i32>(c, r), (c: usize, r: usize): usize => CVTSI2S<E, i64>(c, r));
  defineMem(from, OP_MODRM | OP_REGNUM | OP_SSE, feature, (c: usize, r: usize): usize => CVTSI2S<E, i32>(c, r), (c: usize, r: usize): usize => CVTSI2S<E, i32>(c, r), (c: usize, r: usize): usize => CVTSI2S<E, i64>(c, r));
  const vexFrom = vexEntry(MAP_0F, 0x2a, prefix);
  defineReg(vexFrom, OP_MODRM | OP_REGNUM | OP_AVX, FEATURE_AVX, (c: usize, r: usize): usize => VCVTSI2S<E, i32>(c, r), (c: usize, r: usize): usize => VCVTSI2S<E, i32>(c, r), (c: usize, r: usize): usize => VCVTSI2S<E, i64>(c, r));
  defineMem(vexFrom, OP_MODRM | OP_REGNUM | OP_AVX, FEATURE_AVX, (c: usize, r: usize): usize => VCVTSI2S<E, i32>(c, r), (c: usize, r: usize): usize => VCVTSI2S<E, i32>(c, r), (c: usize, r: usize): usize => VCVTSI2S<E, i64>(c, r));
  toGeneral<E, u8>(0x2c, prefix, feature);
  toGeneral<E, u16>(0x2d, prefix, feature);
}

/** Truncating is u8 for the CVTT forms. */
function toGeneral<E, Truncating>(opcode: u32, prefix: u32, feature: u32): void {
  const legacy = legacyEntry(MAP_0F, opcode, prefix);
  toGeneralForms<E, Truncating>(legacy, OP_MODRM | OP_RMNUM | OP_SSE, feature);
  toGeneralForms<E, Truncating>(vexEntry(MAP_0F, opcode, prefix), OP_MODRM | OP_RMNUM | OP_AVX | OP_NO_VVVV, FEATURE_AVX);
}

function toGeneralForms<E, Truncating>(entry: usize, flags: u32, feature: u32): void {
  defineReg(entry, flags, feature, (c: usize, r: usize): usize => CVTS2SI<E, i32>(c, r, sizeof<Truncating>() == 1), (c: usize, r: usize): usize => CVTS2SI<E, i32>(c, r, sizeof<Truncating>() == 1), (c: usize, r: usize): usize => CVTS2SI<E, i64>(c, r, sizeof<Truncating>() == 1));
  defineMem(entry, flags, feature, (c: usize, r: usize): usize => CVTS2SI<E, i32>(c, r, sizeof<Truncating>() == 1), (c: usize, r: usize): usize => CVTS2SI<E, i32>(c, r, sizeof<Truncating>() == 1), (c: usize, r: usize): usize => CVTS2SI<E, i64>(c, r, sizeof<Truncating>() == 1));
}

export function registerConvert(): void {
  packed<CVTDQ2PS, f32>(MAP_0F, 0x5b, NP, FEATURE_SSE2, FEATURE_AVX, 0, OP_NO_VVVV);
  packed<CVTPS2DQ, f32>(MAP_0F, 0x5b, P66, FEATURE_SSE2, FEATURE_AVX, 0, OP_NO_VVVV);
  packed<CVTTPS2DQ, f32>(MAP_0F, 0x5b, PF3, FEATURE_SSE2, FEATURE_AVX, 0, OP_NO_VVVV);
  scalar<CVTSS2SD, f32>(MAP_0F, 0x5a, PF3, FEATURE_SSE2);
  scalar<CVTSD2SS, f64>(MAP_0F, 0x5a, PF2, FEATURE_SSE2);
  widening<SinglesToDoubles>(0x5a, NP);
  narrowing<DoublesToSingles>(0x5a, P66);
  widening<IntegersToDoubles>(0xe6, PF3);
  narrowing<DoublesTruncated>(0xe6, P66);
  narrowing<DoublesToIntegers>(0xe6, PF2);
  scalarIntegers<f32>(PF3, FEATURE_SSE);
  scalarIntegers<f64>(PF2, FEATURE_SSE2);
}
