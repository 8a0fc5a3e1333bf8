/**
 * Add, subtract, multiply, divide, square root and fused multiply-add in single and double precision under MXCSR:
 * exact flags, any rounding, DAZ, FTZ, x86's choice of NaN. One body serves both formats; `bits` is the significand width.
 */
import { CLASS_DENORMAL, CLASS_INFINITY, CLASS_QUIET, CLASS_SIGNALING, CLASS_ZERO } from './extended';
import { narrowFlags, narrowTiny, roundToNarrow } from './narrow';
import {
  chooseNan,
  infinityOf,
  invalidSimd,
  isNegative,
  narrowExponent,
  narrowSignificand,
  noteDenormals,
  operandClass,
  quieted,
  signBit,
} from './narrow-operand';
import { DENORMAL, INEXACT, INVALID, OVERFLOW, ROUND_DOWN, UNDERFLOW, ZERO_DIVIDE } from './rounding';
import { MXCSR_FTZ, raiseSimd, simdControl, simdMasks, simdRounding } from './simd-context';
import {
  addUnrounded,
  divideUnrounded,
  multiplyAddUnrounded,
  multiplyUnrounded,
  squareRootUnrounded,
  unroundedHigh,
} from './unrounded';

/** Rounds the unrounded result to the format and raises what that brings; FTZ turns a tiny result into zero. */
export function finishNarrow(bits: i32): u64 {
  const encoding = roundToNarrow(bits, simdRounding, simdMasks(UNDERFLOW));
  if (narrowFlags === 0 && !narrowTiny) return encoding;
  let flags = u32(narrowFlags);
  if (flags & OVERFLOW && simdMasks(OVERFLOW)) flags |= INEXACT;
  if (narrowTiny && simdControl & MXCSR_FTZ && simdMasks(UNDERFLOW)) {
    raiseSimd(UNDERFLOW | INEXACT);
    return encoding & signBit(bits);
  }
  raiseSimd(flags);
  return encoding;
}

function signedZero(negative: u32, bits: i32): u64 {
  return negative ? signBit(bits) : 0;
}

function signedInfinity(negative: u32, bits: i32): u64 {
  return signedZero(negative, bits) | infinityOf(bits);
}

/** Sign of a sum that is exactly zero. */
function cancelledZero(bits: i32): u64 {
  return signedZero(u32(simdRounding === ROUND_DOWN), bits);
}

/** a + b, or a - b with `subtract` 1. */
export function narrowAdd(a: u64, b: u64, subtract: u32, bits: i32): u64 {
  const aClass = operandClass(a, bits);
  const bClass = operandClass(b, bits);
  if (aClass >= CLASS_QUIET || bClass >= CLASS_QUIET) return chooseNan(a, aClass, b, bClass, bits);
  const aNegative = isNegative(a, bits);
  const bNegative = isNegative(b, bits) ^ subtract;
  if (aClass === CLASS_INFINITY && bClass === CLASS_INFINITY && aNegative !== bNegative) return invalidSimd(bits);
  noteDenormals(aClass, bClass);
  if (aClass === CLASS_INFINITY) return signedInfinity(aNegative, bits);
  if (bClass === CLASS_INFINITY) return signedInfinity(bNegative, bits);
  if (aClass === CLASS_ZERO && bClass === CLASS_ZERO) {
    return aNegative === bNegative ? signedZero(aNegative, bits) : cancelledZero(bits);
  }
  const aExponent = aClass === CLASS_ZERO ? narrowExponent(b, bits) : narrowExponent(a, bits);
  const bExponent = bClass === CLASS_ZERO ? aExponent : narrowExponent(b, bits);
  const aSignificand = aClass === CLASS_ZERO ? 0 : narrowSignificand(a, bits);
  const bSignificand = bClass === CLASS_ZERO ? 0 : narrowSignificand(b, bits);
  addUnrounded(aNegative, aExponent, aSignificand, 0, bNegative, bExponent, bSignificand, 0);
  return unroundedHigh === 0 ? cancelledZero(bits) : finishNarrow(bits);
}

/** a × b. */
export function narrowMultiply(a: u64, b: u64, bits: i32): u64 {
  const aClass = operandClass(a, bits);
  const bClass = operandClass(b, bits);
  if (aClass >= CLASS_QUIET || bClass >= CLASS_QUIET) return chooseNan(a, aClass, b, bClass, bits);
  const infinite = aClass === CLASS_INFINITY || bClass === CLASS_INFINITY;
  const zero = aClass === CLASS_ZERO || bClass === CLASS_ZERO;
  if (infinite && zero) return invalidSimd(bits);
  noteDenormals(aClass, bClass);
  const negative = isNegative(a ^ b, bits);
  if (infinite) return signedInfinity(negative, bits);
  if (zero) return signedZero(negative, bits);
  multiplyUnrounded(
    negative,
    narrowExponent(a, bits),
    narrowSignificand(a, bits),
    narrowExponent(b, bits),
    narrowSignificand(b, bits),
  );
  return finishNarrow(bits);
}

/** a ÷ b. */
export function narrowDivide(a: u64, b: u64, bits: i32): u64 {
  const aClass = operandClass(a, bits);
  const bClass = operandClass(b, bits);
  if (aClass >= CLASS_QUIET || bClass >= CLASS_QUIET) return chooseNan(a, aClass, b, bClass, bits);
  if (aClass === bClass && (aClass === CLASS_INFINITY || aClass === CLASS_ZERO)) return invalidSimd(bits);
  const negative = isNegative(a ^ b, bits);
  if (bClass === CLASS_ZERO && aClass !== CLASS_INFINITY) {
    raiseSimd(ZERO_DIVIDE);
    return signedInfinity(negative, bits);
  }
  noteDenormals(aClass, bClass);
  if (aClass === CLASS_INFINITY) return signedInfinity(negative, bits);
  if (aClass === CLASS_ZERO || bClass === CLASS_INFINITY) return signedZero(negative, bits);
  divideUnrounded(
    negative,
    narrowExponent(a, bits),
    narrowSignificand(a, bits),
    narrowExponent(b, bits),
    narrowSignificand(b, bits),
  );
  return finishNarrow(bits);
}

/** The square root of a. */
export function narrowSquareRoot(a: u64, bits: i32): u64 {
  const kind = operandClass(a, bits);
  if (kind >= CLASS_QUIET) return chooseNan(a, kind, a, kind, bits);
  const negative = isNegative(a, bits);
  if (kind === CLASS_ZERO) return signedZero(negative, bits);
  if (negative) return invalidSimd(bits);
  if (kind === CLASS_INFINITY) return a;
  noteDenormals(kind, kind);
  squareRootUnrounded(narrowExponent(a, bits), narrowSignificand(a, bits));
  return finishNarrow(bits);
}

/**
 * ±(a × b) ± c with one rounding. Of several NaNs the first of a, b, c is taken, so a caller passes them in the order
 * of its instruction's operands (VFMADD132: first, third, second). Negation does not touch a NaN.
 */
export function narrowMultiplyAdd(
  a: u64,
  b: u64,
  c: u64,
  negateProduct: u32,
  negateAddend: u32,
  bits: i32,
): u64 {
  const aClass = operandClass(a, bits);
  const bClass = operandClass(b, bits);
  const cClass = operandClass(c, bits);
  if (aClass >= CLASS_QUIET || bClass >= CLASS_QUIET || cClass >= CLASS_QUIET) {
    if (aClass === CLASS_SIGNALING || bClass === CLASS_SIGNALING || cClass === CLASS_SIGNALING) {
      raiseSimd(INVALID);
    }
    return quieted(aClass >= CLASS_QUIET ? a : bClass >= CLASS_QUIET ? b : c, bits);
  }
  const productNegative = isNegative(a ^ b, bits) ^ negateProduct;
  const cNegative = isNegative(c, bits) ^ negateAddend;
  const infinite = aClass === CLASS_INFINITY || bClass === CLASS_INFINITY;
  const zero = aClass === CLASS_ZERO || bClass === CLASS_ZERO;
  if (infinite && (zero || (cClass === CLASS_INFINITY && productNegative !== cNegative))) {
    return invalidSimd(bits);
  }
  noteDenormals(aClass, bClass);
  if (cClass === CLASS_DENORMAL) raiseSimd(DENORMAL);
  if (infinite) return signedInfinity(productNegative, bits);
  if (cClass === CLASS_INFINITY) return signedInfinity(cNegative, bits);
  if (zero && cClass === CLASS_ZERO) {
    return productNegative === cNegative ? signedZero(cNegative, bits) : cancelledZero(bits);
  }
  if (zero) {
    const exponent = narrowExponent(c, bits);
    addUnrounded(cNegative, exponent, narrowSignificand(c, bits), 0, cNegative, exponent, 0, 0);
    return finishNarrow(bits);
  }
  const aExponent = narrowExponent(a, bits);
  const bExponent = narrowExponent(b, bits);
  const aSignificand = narrowSignificand(a, bits);
  const bSignificand = narrowSignificand(b, bits);
  if (cClass === CLASS_ZERO) {
    multiplyUnrounded(productNegative, aExponent, aSignificand, bExponent, bSignificand);
    return finishNarrow(bits);
  }
  multiplyAddUnrounded(
    productNegative,
    aExponent,
    aSignificand,
    bExponent,
    bSignificand,
    cNegative,
    narrowExponent(c, bits),
    narrowSignificand(c, bits),
  );
  return unroundedHigh === 0 ? cancelledZero(bits) : finishNarrow(bits);
}
