// ADD, SUB, MUL, DIV, SQRT, MIN, MAX, ADDSUB, HADD, HSUB on singles and doubles, packed and scalar. WebAssembly's own
// operations serve where they provably give x86's result and nothing new in MXCSR; everything else is softBinary()'s.
import { FEATURE_AVX, FEATURE_SSE, FEATURE_SSE2, FEATURE_SSE3 } from '../../cpu-features';
import { MAP_0F, OP_NO_VVVV } from '../opcode-table';
import { DENORMAL, INEXACT, UNDERFLOW } from '../fpu/rounding';
import { control, lanes, MXCSR_DAZ, MXCSR_FTZ, MXCSR_MASKS } from './mxcsr';
import { NP, P66, packed, PF2, PF3, scalar } from './shapes';
import {
  SOFT_ADD,
  SOFT_DIV,
  SOFT_MAX,
  SOFT_MIN,
  SOFT_MUL,
  SOFT_SQRT,
  SOFT_SUB,
  softBinary,
} from './soft-float';

/** Round to nearest, everything masked, inexact already noted: DAZ and FTZ may be either. */
// @ts-ignore: decorator
@inline
export function isQuiet(): bool {
  return (control & (0x6000 | MXCSR_MASKS | INEXACT)) == (MXCSR_MASKS | INEXACT);
}

/** DAZ or FTZ is on. */
// @ts-ignore: decorator
@inline
export function isFlushing(): bool {
  return (control & (MXCSR_DAZ | MXCSR_FTZ)) != 0;
}

// @ts-ignore: decorator
@inline
function splatBits<E>(single: i32, double: i64): v128 {
  return sizeof<E>() == 4 ? i32x4.splat(single) : i64x2.splat(double);
}

// @ts-ignore: decorator
@inline
export function magnitudes<E>(x: v128): v128 {
  return v128.and(x, splatBits<E>(0x7fffffff, 0x7fffffffffffffff));
}

// @ts-ignore: decorator
@inline
function greater<E>(a: v128, b: v128): v128 {
  return sizeof<E>() == 4 ? i32x4.gt_s(a, b) : i64x2.gt_s(a, b);
}

// @ts-ignore: decorator
@inline
export function smallestNormals<E>(): v128 {
  return splatBits<E>(0x00800000, 0x0010000000000000);
}

// @ts-ignore: decorator
@inline
export function infinities<E>(): v128 {
  return splatBits<E>(0x7f800000, 0x7ff0000000000000);
}

/** Any of these magnitudes is that of a denormal. */
// @ts-ignore: decorator
@inline
export function anyDenormal<E>(m: v128): bool {
  return v128.any_true(v128.and(greater<E>(m, i64x2.splat(0)), greater<E>(smallestNormals<E>(), m)));
}

/** All of these magnitudes are finite. */
// @ts-ignore: decorator
@inline
export function allFinite<E>(m: v128): bool {
  const finite = greater<E>(infinities<E>(), m);
  return sizeof<E>() == 4 ? i32x4.all_true(finite) : i64x2.all_true(finite);
}

/** A denormal operand would change the result or MXCSR. */
// @ts-ignore: decorator
@inline
export function denormalsMatter(): bool {
  return isFlushing() || !(control & DENORMAL);
}

/**
 * Whether `result` of WebAssembly's operation on a and b stands: finite, no denormal operand that matters, and no
 * chance of an underflow that matters. In sums tiny results are exact, so only flushing matters; in products and
 * quotients a result of at most the smallest normal number may have underflowed unless an operand was zero.
 */
// @ts-ignore: decorator
@inline
function stands<E>(isSum: bool, a: v128, b: v128, result: v128): bool {
  const m = magnitudes<E>(result);
  if (!allFinite<E>(m)) return false;
  if (denormalsMatter() && (anyDenormal<E>(magnitudes<E>(a)) || anyDenormal<E>(magnitudes<E>(b)))) return false;
  if (isSum) {
    if (!isFlushing()) return true;
    const small = v128.andnot(greater<E>(m, i64x2.splat(0)), greater<E>(m, smallestNormals<E>()));
    return !v128.any_true(small);
  }
  if (!isFlushing() && control & UNDERFLOW) return true;
  const small = v128.not(greater<E>(m, smallestNormals<E>()));
  if (!v128.any_true(small)) return true;
  const zero = i64x2.splat(0);
  const zeroOperand = v128.or(v128.eq<E>(a, zero), v128.eq<E>(b, zero));
  return !v128.any_true(v128.andnot(small, zeroOperand));
}

/** The soft operation on every lane. */
export function softPacked<E>(operation: i32, a: v128, b: v128): v128 {
  const at = lanes;
  store<v128>(at, a);
  store<v128>(at, b, 16);
  if (sizeof<E>() == 4) {
    for (let i: usize = 0; i < 16; i += 4) {
      store<u32>(at + i, <u32>softBinary<E>(operation, load<u32>(at + i), load<u32>(at + i, 16)));
    }
  } else {
    for (let i: usize = 0; i < 16; i += 8) {
      store<u64>(at + i, softBinary<E>(operation, load<u64>(at + i), load<u64>(at + i, 16)));
    }
  }
  return load<v128>(at);
}

/** `a` with its lowest element replaced by the soft operation's result. */
export function softLowest<E>(operation: i32, a: v128, b: v128): v128 {
  if (sizeof<E>() == 4) {
    const result = softBinary<E>(operation, <u32>i32x4.extract_lane(a, 0), <u32>i32x4.extract_lane(b, 0));
    return i32x4.replace_lane(a, 0, <i32>result);
  }
  const result = softBinary<E>(operation, i64x2.extract_lane(a, 0), i64x2.extract_lane(b, 0));
  return i64x2.replace_lane(a, 0, result);
}

/** The lowest element of x, with ones elsewhere so that the other lanes raise nothing. */
// @ts-ignore: decorator
@inline
export function lowest<E>(x: v128): v128 {
  if (sizeof<E>() == 4) return f32x4.replace_lane(f32x4.splat(1), 0, f32x4.extract_lane(x, 0));
  return f64x2.replace_lane(f64x2.splat(1), 0, f64x2.extract_lane(x, 0));
}

/** `a` with the lowest element of `result`. */
// @ts-ignore: decorator
@inline
export function merge<E>(a: v128, result: v128): v128 {
  if (sizeof<E>() == 4) return i8x16.shuffle(a, result, 16, 17, 18, 19, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return i64x2.shuffle(a, result, 2, 1);
}

class Add {
  code(): i32 { return SOFT_ADD; }
  isSum(): bool { return true; }
  native<E>(a: v128, b: v128): v128 { return v128.add<E>(a, b); }
}
class Sub {
  code(): i32 { return SOFT_SUB; }
  isSum(): bool { return true; }
  native<E>(a: v128, b: v128): v128 { return v128.sub<E>(a, b); }
}
class Mul {
  code(): i32 { return SOFT_MUL; }
  isSum(): bool { return false; }
  native<E>(a: v128, b: v128): v128 { return v128.mul<E>(a, b); }
}
class Div {
  code(): i32 { return SOFT_DIV; }
  isSum(): bool { return false; }
  native<E>(a: v128, b: v128): v128 { return v128.div<E>(a, b); }
}

/** a op b by the fast path or the exact one. */
// @ts-ignore: decorator
@inline
function compute<Op, E>(a: v128, b: v128): v128 {
  if (isQuiet()) {
    const result = changetype<Op>(0).native<E>(a, b);
    if (stands<E>(changetype<Op>(0).isSum(), a, b, result)) return result;
  }
  return softPacked<E>(changetype<Op>(0).code(), a, b);
}

class Packed<Op, E> {
  apply(a: v128, b: v128, imm: u32): v128 { return compute<Op, E>(a, b); }
}

class Scalar<Op, E> {
  apply(a: v128, b: v128, imm: u32): v128 {
    const x = lowest<E>(a);
    const y = lowest<E>(b);
    if (isQuiet()) {
      const result = changetype<Op>(0).native<E>(x, y);
      if (stands<E>(changetype<Op>(0).isSum(), x, y, result)) return merge<E>(a, result);
    }
    return softLowest<E>(changetype<Op>(0).code(), a, b);
  }
}

/** A root neither overflows nor underflows; a NaN result or an infinity goes the exact way. */
// @ts-ignore: decorator
@inline
function rootStands<E>(b: v128, result: v128): bool {
  if (!allFinite<E>(magnitudes<E>(result))) return false;
  return !denormalsMatter() || !anyDenormal<E>(magnitudes<E>(b));
}

class Sqrt<E> {
  apply(a: v128, b: v128, imm: u32): v128 {
    const result = v128.sqrt<E>(b);
    return isQuiet() && rootStands<E>(b, result) ? result : softPacked<E>(SOFT_SQRT, b, b);
  }
}

class SqrtScalar<E> {
  apply(a: v128, b: v128, imm: u32): v128 {
    const x = lowest<E>(b);
    const result = v128.sqrt<E>(x);
    return isQuiet() && rootStands<E>(x, result) ? merge<E>(a, result) : softLowest<E>(SOFT_SQRT, a, b);
  }
}

class Min {
  code(): i32 { return SOFT_MIN; }
  // pmin(x, y) is y < x ? y : x, which is MINPS with its operands exchanged.
  native<E>(a: v128, b: v128): v128 { return sizeof<E>() == 4 ? f32x4.pmin(b, a) : f64x2.pmin(b, a); }
}
class Max {
  code(): i32 { return SOFT_MAX; }
  native<E>(a: v128, b: v128): v128 { return sizeof<E>() == 4 ? f32x4.pmax(b, a) : f64x2.pmax(b, a); }
}

/** No NaN, and no denormal: comparisons of these raise nothing and need no flushing. */
// @ts-ignore: decorator
@inline
export function arePlain<E>(a: v128, b: v128): bool {
  const x = magnitudes<E>(a);
  const y = magnitudes<E>(b);
  if (anyDenormal<E>(x) || anyDenormal<E>(y)) return false;
  return !v128.any_true(v128.or(greater<E>(x, infinities<E>()), greater<E>(y, infinities<E>())));
}

class PackedMinMax<Op, E> {
  apply(a: v128, b: v128, imm: u32): v128 {
    if (arePlain<E>(a, b)) return changetype<Op>(0).native<E>(a, b);
    return softPacked<E>(changetype<Op>(0).code(), a, b);
  }
}

class ScalarMinMax<Op, E> {
  apply(a: v128, b: v128, imm: u32): v128 {
    const x = lowest<E>(a);
    const y = lowest<E>(b);
    if (arePlain<E>(x, y)) return merge<E>(a, changetype<Op>(0).native<E>(x, y));
    return softLowest<E>(changetype<Op>(0).code(), a, b);
  }
}

/** Even lanes of `even`, odd lanes of `odd`. */
// @ts-ignore: decorator
@inline
function alternate<E>(even: v128, odd: v128): v128 {
  return sizeof<E>() == 4 ? i32x4.shuffle(even, odd, 0, 5, 2, 7) : i64x2.shuffle(even, odd, 0, 3);
}

/** Subtracts even elements and adds odd ones: as a sum with the signs of the even ones of b turned, except for NaNs. */
class AddSub<E> {
  apply(a: v128, b: v128, imm: u32): v128 {
    if (isQuiet()) {
      const result = alternate<E>(v128.sub<E>(a, b), v128.add<E>(a, b));
      if (stands<E>(true, a, b, result)) return result;
    }
    return softAlternate<E>(a, b);
  }
}

function softAlternate<E>(a: v128, b: v128): v128 {
  const at = lanes;
  store<v128>(at, a);
  store<v128>(at, b, 16);
  for (let i: usize = 0; i < 16; i += sizeof<E>()) {
    const operation = i & sizeof<E>() ? SOFT_ADD : SOFT_SUB;
    if (sizeof<E>() == 4) {
      store<u32>(at + i, <u32>softBinary<E>(operation, load<u32>(at + i), load<u32>(at + i, 16)));
    } else {
      store<u64>(at + i, softBinary<E>(operation, load<u64>(at + i), load<u64>(at + i, 16)));
    }
  }
  return load<v128>(at);
}

/** HADD and HSUB: neighbours of the first source, then of the second. */
class Horizontal<Op, E> {
  apply(a: v128, b: v128, imm: u32): v128 {
    if (sizeof<E>() == 4) return compute<Op, E>(i32x4.shuffle(a, b, 0, 2, 4, 6), i32x4.shuffle(a, b, 1, 3, 5, 7));
    return compute<Op, E>(i64x2.shuffle(a, b, 0, 2), i64x2.shuffle(a, b, 1, 3));
  }
}

function registerFour<Op>(opcode: u32): void {
  packed<Packed<Op, f32>, f32>(MAP_0F, opcode, NP, FEATURE_SSE, FEATURE_AVX);
  packed<Packed<Op, f64>, f64>(MAP_0F, opcode, P66, FEATURE_SSE2, FEATURE_AVX);
  scalar<Scalar<Op, f32>, f32>(MAP_0F, opcode, PF3, FEATURE_SSE);
  scalar<Scalar<Op, f64>, f64>(MAP_0F, opcode, PF2, FEATURE_SSE2);
}

function registerMinMax<Op>(opcode: u32): void {
  packed<PackedMinMax<Op, f32>, f32>(MAP_0F, opcode, NP, FEATURE_SSE, FEATURE_AVX);
  packed<PackedMinMax<Op, f64>, f64>(MAP_0F, opcode, P66, FEATURE_SSE2, FEATURE_AVX);
  scalar<ScalarMinMax<Op, f32>, f32>(MAP_0F, opcode, PF3, FEATURE_SSE);
  scalar<ScalarMinMax<Op, f64>, f64>(MAP_0F, opcode, PF2, FEATURE_SSE2);
}

export function registerFloatArithmetic(): void {
  registerFour<Add>(0x58);
  registerFour<Mul>(0x59);
  registerFour<Sub>(0x5c);
  registerFour<Div>(0x5e);
  registerMinMax<Min>(0x5d);
  registerMinMax<Max>(0x5f);
  packed<Sqrt<f32>, f32>(MAP_0F, 0x51, NP, FEATURE_SSE, FEATURE_AVX, 0, OP_NO_VVVV);
  packed<Sqrt<f64>, f64>(MAP_0F, 0x51, P66, FEATURE_SSE2, FEATURE_AVX, 0, OP_NO_VVVV);
  scalar<SqrtScalar<f32>, f32>(MAP_0F, 0x51, PF3, FEATURE_SSE);
  scalar<SqrtScalar<f64>, f64>(MAP_0F, 0x51, PF2, FEATURE_SSE2);
  packed<AddSub<f64>, f64>(MAP_0F, 0xd0, P66, FEATURE_SSE3, FEATURE_AVX);
  packed<AddSub<f32>, f32>(MAP_0F, 0xd0, PF2, FEATURE_SSE3, FEATURE_AVX);
  packed<Horizontal<Add, f64>, f64>(MAP_0F, 0x7c, P66, FEATURE_SSE3, FEATURE_AVX);
  packed<Horizontal<Add, f32>, f32>(MAP_0F, 0x7c, PF2, FEATURE_SSE3, FEATURE_AVX);
  packed<Horizontal<Sub, f64>, f64>(MAP_0F, 0x7d, P66, FEATURE_SSE3, FEATURE_AVX);
  packed<Horizontal<Sub, f32>, f32>(MAP_0F, 0x7d, PF2, FEATURE_SSE3, FEATURE_AVX);
}
