// SSE arithmetic on one pair of elements, exact in results and exceptions for every MXCSR: what the fast paths fall back
// on. Elements are encodings in u64; E is f32 or f64. Exceptions go to mxcsr.ts (SDM vol. 1, 11.5 and 4.8.3.5).
import { DENORMAL, INEXACT, INVALID, OVERFLOW, ROUND_DOWN, UNDERFLOW, ZERO_DIVIDE } from '../fpu/rounding';
import { DOUBLE_BITS, narrowFlags, narrowTiny, roundToNarrow, SINGLE_BITS } from '../fpu/narrow';
import {
  addUnrounded,
  divideUnrounded,
  multiplyUnrounded,
  setUnrounded,
  squareRootUnrounded,
  unroundedHigh,
  unroundedNegative,
} from '../fpu/unrounded';
import { areMasked, control, MXCSR_DAZ, MXCSR_FTZ, noteAfter, noteBefore, rounding } from './mxcsr';

/** Operations of softBinary(). */
export const SOFT_ADD: i32 = 0;
export const SOFT_SUB: i32 = 1;
export const SOFT_MUL: i32 = 2;
export const SOFT_DIV: i32 = 3;
export const SOFT_SQRT: i32 = 4;
export const SOFT_MIN: i32 = 5;
export const SOFT_MAX: i32 = 6;

// @ts-ignore: decorator
@inline
export function bitsOf<E>(): i32 {
  return sizeof<E>() == 8 ? DOUBLE_BITS : SINGLE_BITS;
}

// @ts-ignore: decorator
@inline
export function signOf<E>(): u64 {
  return sizeof<E>() == 8 ? 0x8000000000000000 : 0x80000000;
}

// @ts-ignore: decorator
@inline
export function infinityOf<E>(): u64 {
  return sizeof<E>() == 8 ? 0x7ff0000000000000 : 0x7f800000;
}

// @ts-ignore: decorator
@inline
export function quietBitOf<E>(): u64 {
  return sizeof<E>() == 8 ? 0x0008000000000000 : 0x00400000;
}

/** The QNaN that stands for an invalid operation (SDM vol. 1, 4.8.3.7). */
// @ts-ignore: decorator
@inline
export function indefiniteOf<E>(): u64 {
  return sizeof<E>() == 8 ? 0xfff8000000000000 : 0xffc00000;
}

// @ts-ignore: decorator
@inline
export function magnitude<E>(x: u64): u64 {
  return x & (signOf<E>() - 1);
}

// @ts-ignore: decorator
@inline
export function isNegative<E>(x: u64): u32 {
  return <u32>((x & signOf<E>()) != 0);
}

// @ts-ignore: decorator
@inline
export function isNan<E>(x: u64): bool {
  return magnitude<E>(x) > infinityOf<E>();
}

// @ts-ignore: decorator
@inline
export function isSignaling<E>(x: u64): bool {
  return isNan<E>(x) && !(x & quietBitOf<E>());
}

// @ts-ignore: decorator
@inline
export function isInfinite<E>(x: u64): bool {
  return magnitude<E>(x) == infinityOf<E>();
}

// @ts-ignore: decorator
@inline
export function isZero<E>(x: u64): bool {
  return magnitude<E>(x) == 0;
}

// @ts-ignore: decorator
@inline
export function isDenormal<E>(x: u64): bool {
  const m = magnitude<E>(x);
  return m != 0 && m < (<u64>1 << (bitsOf<E>() - 1));
}

/** The operand as the operation sees it: with DAZ a denormal is a zero of its sign. */
// @ts-ignore: decorator
@inline
export function flushed<E>(x: u64): u64 {
  return control & MXCSR_DAZ && isDenormal<E>(x) ? x & signOf<E>() : x;
}

/** Biased (16383) exponent of a finite non-zero element, as if it were normalised. */
export function exponentOf<E>(x: u64): i32 {
  const fraction = bitsOf<E>() - 1;
  const bias = sizeof<E>() == 8 ? 1023 : 127;
  const field = <i32>(magnitude<E>(x) >> fraction);
  if (field) return field - bias + 16383;
  return 1 - bias + 16383 - (<i32>clz<u64>(magnitude<E>(x)) - (64 - bitsOf<E>()));
}

/** Significand of a finite non-zero element with its leading one at bit 63. */
export function significandOf<E>(x: u64): u64 {
  const fraction = bitsOf<E>() - 1;
  const m = magnitude<E>(x);
  if (m >> fraction) return (m << (64 - bitsOf<E>())) | 0x8000000000000000;
  return m << clz<u64>(m);
}

/** One NaN, or the first of two, made quiet (SDM vol. 1, table 4-7, SSE row); an SNaN among them is invalid. */
export function propagate<E>(a: u64, b: u64): u64 {
  if (isSignaling<E>(a) || isSignaling<E>(b)) noteBefore(INVALID);
  return (isNan<E>(a) ? a : b) | quietBitOf<E>();
}

function invalid<E>(): u64 {
  noteBefore(INVALID);
  return indefiniteOf<E>();
}

/** Rounds the unrounded result and records its exceptions; a result that FTZ flushes is inexact too (SDM vol. 1, 10.2.3.3). */
export function roundResult<E>(negative: u32): u64 {
  const encoding = roundToNarrow(bitsOf<E>(), rounding(), areMasked(UNDERFLOW));
  if (narrowTiny && control & MXCSR_FTZ && areMasked(UNDERFLOW)) {
    noteAfter(UNDERFLOW | INEXACT);
    return negative ? signOf<E>() : 0;
  }
  const events = <u32>narrowFlags;
  noteAfter(events & OVERFLOW && areMasked(OVERFLOW) ? events | INEXACT : events);
  return encoding;
}

/** a op b. */
export function softBinary<E>(operation: i32, first: u64, second: u64): u64 {
  const a = flushed<E>(first);
  const b = flushed<E>(second);
  if (operation >= SOFT_MIN) return softMinMax<E>(operation, a, b);
  if (operation == SOFT_SQRT) return softSquareRoot<E>(b);
  if (isNan<E>(a) || isNan<E>(b)) return propagate<E>(a, b);
  if (operation == SOFT_ADD) return softAdd<E>(a, b);
  if (operation == SOFT_SUB) return softAdd<E>(a, b ^ signOf<E>());
  return operation == SOFT_MUL ? softMultiply<E>(a, b) : softDivide<E>(a, b);
}

/** Records a denormal operand. */
// @ts-ignore: decorator
@inline
export function noteDenormals<E>(a: u64, b: u64): void {
  if (isDenormal<E>(a) || isDenormal<E>(b)) noteBefore(DENORMAL);
}

/** Sum of two finite or infinite elements. */
export function softAdd<E>(a: u64, b: u64): u64 {
  if (isInfinite<E>(a)) {
    if (isInfinite<E>(b) && a != b) return invalid<E>();
    noteDenormals<E>(a, b);
    return a;
  }
  noteDenormals<E>(a, b);
  if (isInfinite<E>(b)) return b;
  if (isZero<E>(a) && isZero<E>(b)) {
    return a == b ? a : zeroOfRounding<E>();
  }
  if (isZero<E>(a) || isZero<E>(b)) {
    const x = isZero<E>(a) ? b : a;
    setUnrounded(isNegative<E>(x), exponentOf<E>(x), significandOf<E>(x), 0);
    return roundResult<E>(isNegative<E>(x));
  }
  addUnrounded(
    isNegative<E>(a), exponentOf<E>(a), significandOf<E>(a), 0,
    isNegative<E>(b), exponentOf<E>(b), significandOf<E>(b), 0,
  );
  if (!unroundedHigh) return zeroOfRounding<E>();
  return roundResult<E>(unroundedNegative);
}

/** An exact zero sum of non-zero or unlike-signed terms is +0, or -0 when rounding down (SDM vol. 1, 4.8.3.1). */
// @ts-ignore: decorator
@inline
export function zeroOfRounding<E>(): u64 {
  return rounding() == ROUND_DOWN ? signOf<E>() : 0;
}

function softMultiply<E>(a: u64, b: u64): u64 {
  const sign = (a ^ b) & signOf<E>();
  if (isInfinite<E>(a) || isInfinite<E>(b)) {
    if (isZero<E>(a) || isZero<E>(b)) return invalid<E>();
    noteDenormals<E>(a, b);
    return sign | infinityOf<E>();
  }
  noteDenormals<E>(a, b);
  if (isZero<E>(a) || isZero<E>(b)) return sign;
  const negative = <u32>(sign != 0);
  multiplyUnrounded(negative, exponentOf<E>(a), significandOf<E>(a), exponentOf<E>(b), significandOf<E>(b));
  return roundResult<E>(negative);
}

function softDivide<E>(a: u64, b: u64): u64 {
  const sign = (a ^ b) & signOf<E>();
  if (isInfinite<E>(a)) {
    if (isInfinite<E>(b)) return invalid<E>();
    noteDenormals<E>(a, b);
    return sign | infinityOf<E>();
  }
  if (isZero<E>(b)) {
    if (isZero<E>(a)) return invalid<E>();
    noteBefore(ZERO_DIVIDE);
    return sign | infinityOf<E>();
  }
  noteDenormals<E>(a, b);
  if (isInfinite<E>(b) || isZero<E>(a)) return sign;
  const negative = <u32>(sign != 0);
  divideUnrounded(negative, exponentOf<E>(a), significandOf<E>(a), exponentOf<E>(b), significandOf<E>(b));
  return roundResult<E>(negative);
}

function softSquareRoot<E>(b: u64): u64 {
  if (isNan<E>(b)) return propagate<E>(b, b);
  if (isZero<E>(b)) return b;
  if (isNegative<E>(b)) return invalid<E>();
  noteDenormals<E>(b, b);
  if (isInfinite<E>(b)) return b;
  squareRootUnrounded(exponentOf<E>(b), significandOf<E>(b));
  return roundResult<E>(0);
}

/** MIN and MAX give the second source for NaNs and for zeros (SDM vol. 2, "MINPS"). */
function softMinMax<E>(operation: i32, a: u64, b: u64): u64 {
  if (isNan<E>(a) || isNan<E>(b)) {
    noteBefore(INVALID);
    return b;
  }
  noteDenormals<E>(a, b);
  return (operation == SOFT_MIN ? isLess<E>(a, b) : isLess<E>(b, a)) ? a : b;
}

/** a < b for elements that are no NaNs. */
export function isLess<E>(a: u64, b: u64): bool {
  if (sizeof<E>() == 8) return reinterpret<f64>(a) < reinterpret<f64>(b);
  return reinterpret<f32>(<u32>a) < reinterpret<f32>(<u32>b);
}

