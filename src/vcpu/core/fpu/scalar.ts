/**
 * The element operations that SSE, AVX and FMA instructions call, in single and double precision. Each takes and gives
 * encodings. WebAssembly's own arithmetic is used where it is provably the same: with round to nearest, everything
 * masked and no DAZ or FTZ, when operands are normal numbers and the result is normal, not at the edge of underflow or
 * overflow, the only flag in question is inexact; it is set already, or an exact test tells. Everything else goes the
 * way of narrow-arithmetic.
 */
import { DOUBLE_BITS, SINGLE_BITS } from './narrow';
import {
  narrowAdd,
  narrowDivide,
  narrowMultiply,
  narrowMultiplyAdd,
  narrowSquareRoot,
} from './narrow-arithmetic';
import { narrowCompare, narrowExtreme, narrowRelation } from './narrow-comparison';
import { INEXACT } from './rounding';
import { raiseSimd, simdNative, simdQuick } from './simd-context';

/** A normal single. */
function ordinarySingle(value: u32): bool {
  return (value << 1) - 0x01000000 < 0xfe000000;
}

/** A normal single other than the smallest, which an unbounded exponent might have rounded to something tiny. */
function safeSingle(value: u32): bool {
  return (value << 1) - 0x01000001 < 0xfdffffff;
}

function ordinaryDouble(value: u64): bool {
  return (value << 1) - 0x0020000000000000 < 0xffc0000000000000;
}

function safeDouble(value: u64): bool {
  return (value << 1) - 0x0020000000000001 < 0xffbfffffffffffff;
}

/** a + b. */
export function singleAdd(a: u32, b: u32): u32 {
  if (simdNative && ordinarySingle(a) && ordinarySingle(b)) {
    const x = reinterpret<f32>(a);
    const y = reinterpret<f32>(b);
    const sum = x + y;
    if (sum === 0 || safeSingle(reinterpret<u32>(sum))) {
      if (!simdQuick && singleSumError(x, y, sum) !== 0) raiseSimd(INEXACT);
      return reinterpret<u32>(sum);
    }
  }
  return u32(narrowAdd(a, b, 0, SINGLE_BITS));
}

/** a - b. */
export function singleSubtract(a: u32, b: u32): u32 {
  if (simdNative && ordinarySingle(a) && ordinarySingle(b)) {
    const x = reinterpret<f32>(a);
    const y = -reinterpret<f32>(b);
    const sum = x + y;
    if (sum === 0 || safeSingle(reinterpret<u32>(sum))) {
      if (!simdQuick && singleSumError(x, y, sum) !== 0) raiseSimd(INEXACT);
      return reinterpret<u32>(sum);
    }
  }
  return u32(narrowAdd(a, b, 1, SINGLE_BITS));
}

/** The exact error of a rounded sum (Knuth's two-sum). */
function singleSumError(x: f32, y: f32, sum: f32): f32 {
  const yPart = sum - x;
  return x - (sum - yPart) + (y - yPart);
}

function doubleSumError(x: f64, y: f64, sum: f64): f64 {
  const yPart = sum - x;
  return x - (sum - yPart) + (y - yPart);
}

/** a × b. */
export function singleMultiply(a: u32, b: u32): u32 {
  if (simdNative && ordinarySingle(a) && ordinarySingle(b)) {
    // 24 × 24 bits fit a double: rounding it is the correctly rounded product.
    const exact = f64(reinterpret<f32>(a)) * f64(reinterpret<f32>(b));
    const product = f32(exact);
    if (safeSingle(reinterpret<u32>(product))) {
      if (f64(product) !== exact) raiseSimd(INEXACT);
      return reinterpret<u32>(product);
    }
  }
  return u32(narrowMultiply(a, b, SINGLE_BITS));
}

/** a ÷ b. */
export function singleDivide(a: u32, b: u32): u32 {
  if (simdNative && ordinarySingle(a) && ordinarySingle(b)) {
    const quotient = reinterpret<f32>(a) / reinterpret<f32>(b);
    if (safeSingle(reinterpret<u32>(quotient))) {
      // The quotient is exact if the divisor times it, exact in a double, is the dividend.
      if (f64(quotient) * f64(reinterpret<f32>(b)) !== f64(reinterpret<f32>(a))) raiseSimd(INEXACT);
      return reinterpret<u32>(quotient);
    }
  }
  return u32(narrowDivide(a, b, SINGLE_BITS));
}

/** Square root. */
export function singleSquareRoot(a: u32): u32 {
  if (simdNative && ordinarySingle(a) && i32(a) > 0) {
    const root = sqrt<f32>(reinterpret<f32>(a));
    if (f64(root) * f64(root) !== f64(reinterpret<f32>(a))) raiseSimd(INEXACT);
    return reinterpret<u32>(root);
  }
  return u32(narrowSquareRoot(a, SINGLE_BITS));
}

/** a + b. */
export function doubleAdd(a: u64, b: u64): u64 {
  if (simdNative && ordinaryDouble(a) && ordinaryDouble(b)) {
    const x = reinterpret<f64>(a);
    const y = reinterpret<f64>(b);
    const sum = x + y;
    if (sum === 0 || safeDouble(reinterpret<u64>(sum))) {
      if (!simdQuick && doubleSumError(x, y, sum) !== 0) raiseSimd(INEXACT);
      return reinterpret<u64>(sum);
    }
  }
  return narrowAdd(a, b, 0, DOUBLE_BITS);
}

/** a - b. */
export function doubleSubtract(a: u64, b: u64): u64 {
  if (simdNative && ordinaryDouble(a) && ordinaryDouble(b)) {
    const x = reinterpret<f64>(a);
    const y = -reinterpret<f64>(b);
    const sum = x + y;
    if (sum === 0 || safeDouble(reinterpret<u64>(sum))) {
      if (!simdQuick && doubleSumError(x, y, sum) !== 0) raiseSimd(INEXACT);
      return reinterpret<u64>(sum);
    }
  }
  return narrowAdd(a, b, 1, DOUBLE_BITS);
}

/** a × b. */
export function doubleMultiply(a: u64, b: u64): u64 {
  if (simdQuick && ordinaryDouble(a) && ordinaryDouble(b)) {
    const product = reinterpret<u64>(reinterpret<f64>(a) * reinterpret<f64>(b));
    if (safeDouble(product)) return product;
  }
  return narrowMultiply(a, b, DOUBLE_BITS);
}

/** a ÷ b. */
export function doubleDivide(a: u64, b: u64): u64 {
  if (simdQuick && ordinaryDouble(a) && ordinaryDouble(b)) {
    const quotient = reinterpret<u64>(reinterpret<f64>(a) / reinterpret<f64>(b));
    if (safeDouble(quotient)) return quotient;
  }
  return narrowDivide(a, b, DOUBLE_BITS);
}

/** Square root. */
export function doubleSquareRoot(a: u64): u64 {
  if (simdQuick && ordinaryDouble(a) && i64(a) > 0) return reinterpret<u64>(sqrt<f64>(reinterpret<f64>(a)));
  return narrowSquareRoot(a, DOUBLE_BITS);
}

/** ±(a × b) ± c, rounded once; see `narrowMultiplyAdd` for the order of operands. */
export function singleMultiplyAdd(a: u32, b: u32, c: u32, negateProduct: u32, negateAddend: u32): u32 {
  return u32(narrowMultiplyAdd(a, b, c, negateProduct, negateAddend, SINGLE_BITS));
}

/** ±(a × b) ± c, rounded once. */
export function doubleMultiplyAdd(a: u64, b: u64, c: u64, negateProduct: u32, negateAddend: u32): u64 {
  return narrowMultiplyAdd(a, b, c, negateProduct, negateAddend, DOUBLE_BITS);
}

/** MINSS, MINPS. */
export function singleMinimum(a: u32, b: u32): u32 {
  return u32(narrowExtreme(a, b, false, SINGLE_BITS));
}

/** MAXSS, MAXPS. */
export function singleMaximum(a: u32, b: u32): u32 {
  return u32(narrowExtreme(a, b, true, SINGLE_BITS));
}

/** MINSD, MINPD. */
export function doubleMinimum(a: u64, b: u64): u64 {
  return narrowExtreme(a, b, false, DOUBLE_BITS);
}

/** MAXSD, MAXPD. */
export function doubleMaximum(a: u64, b: u64): u64 {
  return narrowExtreme(a, b, true, DOUBLE_BITS);
}

/** CMPSS, CMPPS, VCMPxx: whether predicate 0..31 holds. */
export function singleCompare(a: u32, b: u32, predicate: u32): bool {
  return narrowCompare(a, b, predicate, SINGLE_BITS);
}

/** CMPSD, CMPPD, VCMPxx. */
export function doubleCompare(a: u64, b: u64, predicate: u32): bool {
  return narrowCompare(a, b, predicate, DOUBLE_BITS);
}

/** COMISS (`signaling`) and UCOMISS: a RELATION_* bit. */
export function singleRelation(a: u32, b: u32, signaling: bool): u32 {
  return narrowRelation(a, b, signaling, SINGLE_BITS);
}

/** COMISD (`signaling`) and UCOMISD: a RELATION_* bit. */
export function doubleRelation(a: u64, b: u64, signaling: bool): u32 {
  return narrowRelation(a, b, signaling, DOUBLE_BITS);
}
