/** FPREM, FPREM1, FSCALE, FXTRACT, FRNDINT (Intel SDM vol. 2A). None of them obeys precision control. */
import {
  CLASS_DENORMAL,
  CLASS_INFINITY,
  CLASS_QUIET,
  CLASS_ZERO,
  CONDITION_0,
  CONDITION_1,
  CONDITION_2,
  CONDITION_3,
  classOf,
  directionFlags,
  EXPONENT_MASK,
  exponentOf,
  keepOperand,
  normalisedOf,
  propagateOne,
  propagateTwo,
  raise,
  respondInvalid,
  respondZeroDivide,
  resultFlags,
  resultSe,
  resultSignificand,
  roundingOf,
  roundToExtended,
  setFlags,
  setInfinity,
  setResult,
  setZero,
  stopsOnDenormal,
} from './extended';
import { roundSignificand } from './rounding';
import { EXTENDED_BIAS, setNormalised, setUnrounded } from './unrounded';
import { divideWide, shiftRightSticky, wideHigh, wideRemainder } from './wide';

/**
 * Partial remainder of a by b: FPREM (`nearest` false, quotient chopped) or FPREM1 (IEEE, quotient to nearest).
 * Exponent differences of 64 and more are reduced in steps of 32 to 63 bits with C2 set; a complete reduction
 * clears C2 and leaves the quotient's low three bits in C0, C3, C1.
 */
export function extendedRemainder(aSe: u32, a: u64, bSe: u32, b: u64, nearest: bool, control: i32): void {
  setFlags(0);
  const aClass = classOf(aSe, a);
  const bClass = classOf(bSe, b);
  if (aClass >= CLASS_QUIET || bClass >= CLASS_QUIET) {
    propagateTwo(aSe, a, aClass, bSe, b, bClass, control);
    return;
  }
  if (aClass === CLASS_INFINITY || bClass === CLASS_ZERO) {
    respondInvalid(control);
    return;
  }
  if ((aClass === CLASS_DENORMAL || bClass === CLASS_DENORMAL) && stopsOnDenormal(control)) return;
  if (aClass === CLASS_ZERO) {
    setZero(aSe >> 15);
    return;
  }
  if (bClass === CLASS_INFINITY) {
    keepOperand(aSe, a);
    return;
  }
  reduce(aSe >> 15, exponentOf(aSe, a), normalisedOf(a), exponentOf(bSe, b), normalisedOf(b), nearest);
  roundToExtended(control, 64);
}

/** The reduction itself, on normalised finite operands. */
function reduce(negative: u32, aExponent: i32, a: u64, bExponent: i32, b: u64, nearest: bool): void {
  const distance = aExponent - bExponent;
  if (distance < 0) {
    // |a| < |b|: the chopped quotient is 0; to nearest it is 1 if |a| > |b|/2.
    if (nearest && distance === -1 && a > b) {
      raise(CONDITION_1);
      // |b| - |a| in units of a's last bit: b is twice as large in weight.
      setNormalised(negative ^ 1, aExponent, (b << 1) - a, 0);
    } else {
      setUnrounded(negative, aExponent, a, 0);
    }
    return;
  }
  const complete = distance < 64;
  const step = complete ? distance : (distance & 31) | 32;
  let quotient = u64(a >= b);
  let rest = quotient ? a - b : a;
  if (step !== 0) {
    quotient = (quotient << step) | divideWide(rest >> (64 - step), rest << step, b);
    rest = wideRemainder;
  }
  if (!complete) {
    raise(CONDITION_2);
    setNormalised(negative, bExponent + distance - step, rest, 0);
    return;
  }
  if (nearest) {
    const complement = b - rest;
    if (rest > complement || (rest === complement && quotient & 1)) {
      rest = complement;
      negative ^= 1;
      quotient++;
    }
  }
  raise(quotientFlags(u32(quotient)));
  setNormalised(negative, bExponent, rest, 0);
}

/** Quotient bits 2, 1, 0 in C0, C3, C1. */
function quotientFlags(quotient: u32): i32 {
  let flags = quotient & 4 ? CONDITION_0 : 0;
  if (quotient & 2) flags |= CONDITION_3;
  if (quotient & 1) flags |= CONDITION_1;
  return flags;
}

/** a × 2^(b chopped to an integer). */
export function extendedScale(aSe: u32, a: u64, bSe: u32, b: u64, control: i32): void {
  setFlags(0);
  const aClass = classOf(aSe, a);
  const bClass = classOf(bSe, b);
  if (aClass >= CLASS_QUIET || bClass >= CLASS_QUIET) {
    propagateTwo(aSe, a, aClass, bSe, b, bClass, control);
    return;
  }
  const negative = aSe >> 15;
  const down = (bSe & 0x8000) !== 0;
  if (bClass === CLASS_INFINITY && (down ? aClass === CLASS_INFINITY : aClass === CLASS_ZERO)) {
    respondInvalid(control);
    return;
  }
  if ((aClass === CLASS_DENORMAL || bClass === CLASS_DENORMAL) && stopsOnDenormal(control)) return;
  if (aClass === CLASS_INFINITY || (bClass === CLASS_INFINITY && !down)) {
    setInfinity(negative);
    return;
  }
  if (aClass === CLASS_ZERO || bClass === CLASS_INFINITY) {
    setZero(negative);
    return;
  }
  if (bClass === CLASS_ZERO) {
    keepOperand(aSe, a);
    return;
  }
  const exponent = i32(bSe & EXPONENT_MASK) - EXTENDED_BIAS;
  // 2^16 already exceeds every exponent difference in the format, bias adjustment included.
  const magnitude = exponent < 0 ? 0 : exponent > 16 ? 0x20000 : i32(b >> (63 - exponent));
  setUnrounded(negative, exponentOf(aSe, a) + (down ? -magnitude : magnitude), normalisedOf(a), 0);
  roundToExtended(control, 64);
}

/** The significand of the last `extendedExtract`, as a value in [1, 2). */
export let extractedSe: u32 = 0;
export let extractedSignificand: u64 = 0;

/**
 * FXTRACT: the exponent of a as a value is the result, its significand goes to `extractedSe` and
 * `extractedSignificand`.
 */
export function extendedExtract(aSe: u32, a: u64, control: i32): void {
  setFlags(0);
  const kind = classOf(aSe, a);
  extractedSe = aSe;
  extractedSignificand = a;
  if (kind >= CLASS_QUIET) {
    propagateOne(aSe, a, kind, control);
    copyResultToExtracted();
    return;
  }
  if (kind === CLASS_INFINITY) {
    setInfinity(0);
    return;
  }
  if (kind === CLASS_ZERO) {
    respondZeroDivide(1, control);
    return;
  }
  if (kind === CLASS_DENORMAL && stopsOnDenormal(control)) return;
  extractedSe = (aSe & 0x8000) | u32(EXTENDED_BIAS);
  extractedSignificand = normalisedOf(a);
  const exponent = exponentOf(aSe, a) - EXTENDED_BIAS;
  if (exponent === 0) {
    setZero(0);
    return;
  }
  setNormalised(u32(exponent < 0), EXTENDED_BIAS + 63, u64(exponent < 0 ? -exponent : exponent), 0);
  roundToExtended(control, 64);
}

/** A NaN is its own exponent and significand. */
function copyResultToExtracted(): void {
  extractedSe = resultSe;
  extractedSignificand = resultSignificand;
}

/** FRNDINT: a rounded to an integer by the rounding control; C1 tells a rounding away from zero. */
export function extendedRoundToInteger(aSe: u32, a: u64, control: i32): void {
  setFlags(0);
  const kind = classOf(aSe, a);
  if (kind >= CLASS_QUIET) {
    propagateOne(aSe, a, kind, control);
    return;
  }
  if (kind === CLASS_DENORMAL && stopsOnDenormal(control)) return;
  const exponent = i32(aSe & EXPONENT_MASK);
  if (kind === CLASS_INFINITY || kind === CLASS_ZERO || exponent >= EXTENDED_BIAS + 63) {
    setResult(aSe, a, resultFlags);
    return;
  }
  const negative = aSe >> 15;
  // The integer part in the high word, the fraction in the low one.
  const low = shiftRightSticky(a, 0, EXTENDED_BIAS + 63 - exponent);
  const integer = roundSignificand(negative, wideHigh, low, 64, roundingOf(control));
  raise(directionFlags());
  if (integer === 0) setZero(negative);
  else setNormalisedInteger(negative, integer);
}

/** An integer of at most 64 bits as an extended real. */
function setNormalisedInteger(negative: u32, integer: u64): void {
  const shift = clz<u64>(integer);
  setResult((negative << 15) | u32(EXTENDED_BIAS + 63 - i32(shift)), integer << shift, resultFlags);
}
