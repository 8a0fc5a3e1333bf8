/** Extended reals from and to integers, single and double precision (Intel SDM vol. 2A, FILD/FIST/FLD/FST). */
import {
  CLASS_INFINITY,
  CLASS_QUIET,
  CLASS_UNSUPPORTED,
  CLASS_ZERO,
  CONDITION_1,
  classOf,
  EXPONENT_MASK,
  exponentOf,
  INTEGER_BIT,
  NO_RESULT,
  normalisedOf,
  raise,
  roundingOf,
  setFlags,
  setResult,
} from './extended';
import { DOUBLE_BITS, narrowFlags, narrowUp, roundToInteger, roundToNarrow, SINGLE_BITS } from './narrow';
import { DENORMAL, INEXACT, INVALID, OVERFLOW, ROUND_TO_ZERO, UNDERFLOW } from './rounding';
import { EXTENDED_BIAS, setUnrounded } from './unrounded';
import { shiftRightSticky, wideHigh } from './wide';

const QUIET_BIT: u64 = 0x4000000000000000;

/** A signed integer as an extended real: always exact. */
export function extendedFromInteger(value: i64): void {
  if (value === 0) {
    setResult(0, 0, 0);
    return;
  }
  const negative = u32(value < 0);
  const magnitude = u64(value < 0 ? -value : value);
  const shift = clz<u64>(magnitude);
  setResult((negative << 15) | u32(EXTENDED_BIAS + 63 - i32(shift)), magnitude << shift, 0);
}

/**
 * FIST, FISTP, FISTTP: rounds to a signed integer of 16, 32 or 64 bits. Out of range, infinite and NaN operands are
 * invalid and give the integer indefinite, the most negative integer.
 */
export function extendedToInteger(se: u32, significand: u64, bits: i32, chop: bool, control: i32): i64 {
  setFlags(0);
  const kind = classOf(se, significand);
  if (kind === CLASS_ZERO) return 0;
  const exponent = i32(se & EXPONENT_MASK) - EXTENDED_BIAS;
  if (kind >= CLASS_INFINITY || exponent > 63) return integerIndefinite(bits, control);
  const negative = se >> 15;
  const low = shiftRightSticky(significand, 0, 63 - exponent);
  const mode = chop ? ROUND_TO_ZERO : roundingOf(control);
  const magnitude = roundToInteger(negative, wideHigh, low, mode);
  const limit = u64(1) << (bits - 1);
  // A carry out of 2^64 - 1 wraps to zero.
  const wrapped = magnitude === 0 && wideHigh !== 0;
  if (wrapped || magnitude > limit || (magnitude === limit && !negative)) {
    return integerIndefinite(bits, control);
  }
  raise(narrowUp ? narrowFlags | CONDITION_1 : narrowFlags);
  return negative ? -i64(magnitude) : i64(magnitude);
}

function integerIndefinite(bits: i32, control: i32): i64 {
  setFlags(control & INVALID ? INVALID : INVALID | NO_RESULT);
  return i64(-1) << (bits - 1);
}

/** FLD m32: a single as an extended real; an SNaN is invalid, a denormal raises the denormal exception. */
export function extendedFromSingle(value: u32, control: i32): void {
  const exponent = i32((value >> 23) & 0xff);
  const fraction = u64(value & 0x7fffff) << 40;
  fromNarrow(value >> 31, exponent, 0xff, EXTENDED_BIAS - 127, fraction, control);
}

/** FLD m64: a double as an extended real. */
export function extendedFromDouble(value: u64, control: i32): void {
  const exponent = i32((value >> 52) & 0x7ff);
  const fraction = (value & 0x000fffffffffffff) << 11;
  fromNarrow(u32(value >> 63), exponent, 0x7ff, EXTENDED_BIAS - 1023, fraction, control);
}

/** `fraction` is left-aligned below the integer bit. */
function fromNarrow(
  negative: u32,
  exponent: i32,
  maximum: i32,
  rebias: i32,
  fraction: u64,
  control: i32,
): void {
  const sign = negative << 15;
  if (exponent === maximum) {
    const signaling = fraction !== 0 && !(fraction & QUIET_BIT);
    const quiet = fraction !== 0 ? QUIET_BIT : 0;
    let flags = 0;
    if (signaling) flags = control & INVALID ? INVALID : INVALID | NO_RESULT;
    setResult(sign | EXPONENT_MASK, INTEGER_BIT | fraction | quiet, flags);
    return;
  }
  if (exponent === 0) {
    if (fraction === 0) {
      setResult(sign, 0, 0);
      return;
    }
    const shift = clz<u64>(fraction);
    // The load goes on even when the denormal exception is unmasked.
    setResult(sign | u32(rebias + 1 - i32(shift)), fraction << shift, DENORMAL);
    return;
  }
  setResult(sign | u32(exponent + rebias), INTEGER_BIT | fraction, 0);
}

/** FST m32: the encoding of a rounded to single precision. */
export function extendedToSingle(se: u32, significand: u64, control: i32): u32 {
  return u32(toNarrow(se, significand, SINGLE_BITS, 0xff, control));
}

/** FST m64: the encoding of a rounded to double precision. */
export function extendedToDouble(se: u32, significand: u64, control: i32): u64 {
  return toNarrow(se, significand, DOUBLE_BITS, 0x7ff, control);
}

function toNarrow(se: u32, significand: u64, bits: i32, maximum: u64, control: i32): u64 {
  setFlags(0);
  const kind = classOf(se, significand);
  const sign = u64(se >> 15);
  const signShift = bits === SINGLE_BITS ? 31 : 63;
  const infinity = maximum << (bits - 1);
  if (kind >= CLASS_QUIET) {
    if (kind !== CLASS_QUIET) setFlags(control & INVALID ? INVALID : INVALID | NO_RESULT);
    const quiet = u64(1) << (bits - 2);
    if (kind === CLASS_UNSUPPORTED) return (u64(1) << signShift) | infinity | quiet;
    return (sign << signShift) | infinity | quiet | ((significand << 1) >> (65 - bits));
  }
  if (kind === CLASS_INFINITY) return (sign << signShift) | infinity;
  if (kind === CLASS_ZERO) return sign << signShift;
  setUnrounded(se >> 15, exponentOf(se, significand), normalisedOf(significand), 0);
  const encoding = roundToNarrow(bits, roundingOf(control), (control & UNDERFLOW) !== 0);
  let flags = narrowUp ? narrowFlags | CONDITION_1 : narrowFlags;
  if (flags & OVERFLOW && control & OVERFLOW) {
    // A masked overflow is always inexact; C1 tells whether infinity was chosen.
    flags =
      OVERFLOW | INEXACT | (encoding << (64 - signShift) === infinity << (64 - signShift) ? CONDITION_1 : 0);
  } else if (flags & ~control & (OVERFLOW | UNDERFLOW)) {
    // Nothing is stored, and inexact is not looked at.
    flags = (flags & (OVERFLOW | UNDERFLOW)) | NO_RESULT;
  }
  setFlags(flags);
  return encoding;
}

/** Whether the last `expandSingle` or `expandDouble` met a denormal. */
export let expandedDenormal: bool = false;

/** A single as an extended real of the same class: an SNaN stays signaling, nothing is raised (memory operands). */
export function expandSingle(value: u32): void {
  expand(value >> 31, i32((value >> 23) & 0xff), 0xff, EXTENDED_BIAS - 127, u64(value & 0x7fffff) << 40);
}

/** A double as an extended real of the same class. */
export function expandDouble(value: u64): void {
  expand(
    u32(value >> 63),
    i32((value >> 52) & 0x7ff),
    0x7ff,
    EXTENDED_BIAS - 1023,
    (value & 0x000fffffffffffff) << 11,
  );
}

function expand(negative: u32, exponent: i32, maximum: i32, rebias: i32, fraction: u64): void {
  const sign = negative << 15;
  expandedDenormal = exponent === 0 && fraction !== 0;
  if (exponent === maximum) {
    setResult(sign | EXPONENT_MASK, INTEGER_BIT | fraction, 0);
  } else if (expandedDenormal) {
    const shift = clz<u64>(fraction);
    setResult(sign | u32(rebias + 1 - i32(shift)), fraction << shift, 0);
  } else if (exponent === 0) {
    setResult(sign, 0, 0);
  } else {
    setResult(sign | u32(exponent + rebias), INTEGER_BIT | fraction, 0);
  }
}
