/** Conversions among half, single, double and integers under MXCSR, and rounding to integral (Intel SDM vol. 1, 11.5). */
import { CLASS_DENORMAL, CLASS_INFINITY, CLASS_QUIET, CLASS_SIGNALING, CLASS_ZERO } from './extended';
import {
  DOUBLE_BITS,
  HALF_BITS,
  narrowFlags,
  roundToInteger,
  roundToNarrow,
  SINGLE_BITS,
} from './narrow';
import { finishNarrow } from './narrow-arithmetic';
import {
  infinityOf,
  isNegative,
  narrowClass,
  narrowExponent,
  narrowSignificand,
  operandClass,
  quietBit,
  quieted,
  signBit,
} from './narrow-operand';
import { DENORMAL, INEXACT, INVALID, OVERFLOW, ROUND_TO_ZERO, UNDERFLOW } from './rounding';
import { raiseSimd, simdMasks, simdRounding } from './simd-context';
import { EXTENDED_BIAS, setNormalised, setUnrounded } from './unrounded';
import { shiftRightSticky, wideHigh } from './wide';

/** A NaN of one format in another: sign, leading payload bits, made quiet. */
function convertNan(value: u64, kind: i32, from: i32, to: i32): u64 {
  if (kind === CLASS_SIGNALING) raiseSimd(INVALID);
  const payload = value & ((u64(1) << (from - 1)) - 1);
  const moved = to > from ? payload << (to - from) : payload >> (from - to);
  return (isNegative(value, from) ? signBit(to) : 0) | infinityOf(to) | quietBit(to) | moved;
}

/** CVTSS2SD: always exact. */
export function singleToDouble(value: u32): u64 {
  const kind = operandClass(value, SINGLE_BITS);
  if (kind >= CLASS_QUIET) return convertNan(value, kind, SINGLE_BITS, DOUBLE_BITS);
  const sign = u64(value >> 31) << 63;
  if (kind === CLASS_ZERO) return sign;
  if (kind === CLASS_DENORMAL) raiseSimd(DENORMAL);
  return reinterpret<u64>(f64(reinterpret<f32>(value)));
}

/** CVTSD2SS. */
export function doubleToSingle(value: u64): u32 {
  const kind = operandClass(value, DOUBLE_BITS);
  if (kind >= CLASS_QUIET) return u32(convertNan(value, kind, DOUBLE_BITS, SINGLE_BITS));
  const sign = u32(value >> 63) << 31;
  if (kind === CLASS_ZERO) return sign;
  if (kind === CLASS_INFINITY) return sign | 0x7f800000;
  if (kind === CLASS_DENORMAL) raiseSimd(DENORMAL);
  setUnrounded(
    u32(value >> 63),
    narrowExponent(value, DOUBLE_BITS),
    narrowSignificand(value, DOUBLE_BITS),
    0,
  );
  return u32(finishNarrow(SINGLE_BITS));
}

/** Signed integer to single or double by the rounding mode. */
function integerToNarrow(value: i64, bits: i32): u64 {
  if (value === 0) return 0;
  const negative = u32(value < 0);
  setNormalised(negative, EXTENDED_BIAS + 63, u64(value < 0 ? -value : value), 0);
  return finishNarrow(bits);
}

/** CVTSI2SS from a 32- or 64-bit integer (sign-extended), CVTDQ2PS. */
export function integerToSingle(value: i64): u32 {
  return u32(integerToNarrow(value, SINGLE_BITS));
}

/** CVTSI2SD from a 64-bit integer; 32-bit ones are exact. */
export function integerToDouble(value: i64): u64 {
  return integerToNarrow(value, DOUBLE_BITS);
}

/**
 * Single or double to a signed integer of 32 or 64 bits. What does not fit is invalid and gives the most negative
 * integer.
 */
function narrowToInteger(value: u64, bits: i32, width: i32, chop: bool): i64 {
  const kind = operandClass(value, bits);
  if (kind === CLASS_ZERO) return 0;
  const indefinite = i64(-1) << (width - 1);
  const exponent = kind >= CLASS_INFINITY ? 64 : narrowExponent(value, bits) - EXTENDED_BIAS;
  if (exponent > 63) {
    raiseSimd(INVALID);
    return indefinite;
  }
  const negative = isNegative(value, bits);
  const fraction = shiftRightSticky(narrowSignificand(value, bits), 0, 63 - exponent);
  const magnitude = roundToInteger(negative, wideHigh, fraction, chop ? ROUND_TO_ZERO : simdRounding);
  const limit = u64(1) << (width - 1);
  if (magnitude > limit || (magnitude === limit && !negative)) {
    raiseSimd(INVALID);
    return indefinite;
  }
  raiseSimd(narrowFlags);
  return negative ? -i64(magnitude) : i64(magnitude);
}

/** CVTSS2SI, CVTTSS2SI (`chop`), CVTPS2DQ, … to `width` 32 or 64 bits, sign-extended. */
export function singleToInteger(value: u32, width: i32, chop: bool): i64 {
  return narrowToInteger(value, SINGLE_BITS, width, chop);
}

/** CVTSD2SI, CVTTSD2SI (`chop`), CVTPD2DQ, … to `width` 32 or 64 bits, sign-extended. */
export function doubleToInteger(value: u64, width: i32, chop: bool): i64 {
  return narrowToInteger(value, DOUBLE_BITS, width, chop);
}

/** The rounding mode that an immediate selects: bits 1:0, or MXCSR's if bit 2 is set. */
function immediateRounding(immediate: u32): i32 {
  return immediate & 4 ? simdRounding : i32(immediate & 3);
}

/** ROUNDSS and friends: to an integral value; bit 3 of the immediate suppresses the inexact exception. */
function roundNarrow(value: u64, immediate: u32, bits: i32): u64 {
  const kind = operandClass(value, bits);
  if (kind >= CLASS_QUIET) {
    if (kind === CLASS_SIGNALING) raiseSimd(INVALID);
    return quieted(value, bits);
  }
  const sign = value & signBit(bits);
  if (kind === CLASS_ZERO) return sign;
  const exponent = kind === CLASS_INFINITY ? 64 : narrowExponent(value, bits) - EXTENDED_BIAS;
  if (exponent >= bits - 1) return value;
  const negative = isNegative(value, bits);
  const fraction = shiftRightSticky(narrowSignificand(value, bits), 0, 63 - exponent);
  const magnitude = roundToInteger(negative, wideHigh, fraction, immediateRounding(immediate));
  if (!(immediate & 8)) raiseSimd(narrowFlags);
  if (magnitude === 0) return sign;
  setNormalised(negative, EXTENDED_BIAS + 63, magnitude, 0);
  return roundToNarrow(bits, ROUND_TO_ZERO, true);
}

/** ROUNDSS, ROUNDPS. */
export function singleRound(value: u32, immediate: u32): u32 {
  return u32(roundNarrow(value, immediate, SINGLE_BITS));
}

/** ROUNDSD, ROUNDPD. */
export function doubleRound(value: u64, immediate: u32): u64 {
  return roundNarrow(value, immediate, DOUBLE_BITS);
}

/** VCVTPH2PS: exact; DAZ does not apply and a denormal raises nothing (SDM vol. 1, 14.4.1). */
export function halfToSingle(value: u32): u32 {
  const kind = narrowClass(value, HALF_BITS);
  if (kind >= CLASS_QUIET) return u32(convertNan(value, kind, HALF_BITS, SINGLE_BITS));
  const sign = (value & 0x8000) << 16;
  if (kind === CLASS_ZERO) return sign;
  if (kind === CLASS_INFINITY) return sign | 0x7f800000;
  setUnrounded(value >> 15, narrowExponent(value, HALF_BITS), narrowSignificand(value, HALF_BITS), 0);
  return u32(roundToNarrow(SINGLE_BITS, ROUND_TO_ZERO, true));
}

/** VCVTPS2PH: rounding by the immediate or MXCSR; FTZ does not apply. */
export function singleToHalf(value: u32, immediate: u32): u32 {
  const kind = operandClass(value, SINGLE_BITS);
  if (kind >= CLASS_QUIET) return u32(convertNan(value, kind, SINGLE_BITS, HALF_BITS));
  const sign = (value >> 16) & 0x8000;
  if (kind === CLASS_ZERO) return sign;
  if (kind === CLASS_INFINITY) return sign | 0x7c00;
  if (kind === CLASS_DENORMAL) raiseSimd(DENORMAL);
  setUnrounded(value >> 31, narrowExponent(value, SINGLE_BITS), narrowSignificand(value, SINGLE_BITS), 0);
  const encoding = u32(roundToNarrow(HALF_BITS, immediateRounding(immediate), simdMasks(UNDERFLOW)));
  let flags = u32(narrowFlags);
  // Hardware calls a denormal operand's result inexact even when an unmasked underflow would make it exact.
  if (kind === CLASS_DENORMAL) flags |= INEXACT;
  if (flags & OVERFLOW && simdMasks(OVERFLOW)) flags |= INEXACT;
  raiseSimd(flags);
  return encoding;
}
