/**
 * The 80-bit extended real: classes, NaN propagation, and rounding to it (Intel SDM vol. 1, 4.2.2, 4.8, 8.2).
 *
 * A value is two words: `se`, the sign in bit 15 and the biased exponent in bits 14:0, and the 64-bit
 * significand with its explicit integer bit. An operation leaves its result in `resultSe`,
 * `resultSignificand` and its events in `resultFlags`, whose low bits sit where the status word has them.
 */
import {
  DENORMAL,
  INEXACT,
  INVALID,
  OVERFLOW,
  roundedCarry,
  roundedInexact,
  roundedUp,
  roundSignificand,
  UNDERFLOW,
  ZERO_DIVIDE,
} from './rounding';
import { unroundedExponent, unroundedHigh, unroundedLow, unroundedNegative } from './unrounded';
import { shiftRightSticky, wideHigh } from './wide';

/** Sign and exponent of the last result. */
export let resultSe: u32 = 0;
/** Significand of the last result. */
export let resultSignificand: u64 = 0;
/** Exceptions (status word bits 5:0), condition codes and `NO_RESULT` of the last operation. */
export let resultFlags: i32 = 0;

/** Status word bits beside the exceptions. */
export const CONDITION_0: i32 = 0x0100;
export const CONDITION_1: i32 = 0x0200;
export const CONDITION_2: i32 = 0x0400;
export const CONDITION_3: i32 = 0x4000;
/** In `resultFlags`: an unmasked exception kept the operation from delivering a result (SDM vol. 1, 8.5). */
export const NO_RESULT: i32 = 0x10000;

/** Operand classes, ordered so that `>= CLASS_INFINITY` is "not finite" and `>= CLASS_QUIET` is "not a number". */
export const CLASS_ZERO: i32 = 0;
export const CLASS_DENORMAL: i32 = 1;
export const CLASS_NORMAL: i32 = 2;
export const CLASS_INFINITY: i32 = 3;
export const CLASS_QUIET: i32 = 4;
export const CLASS_SIGNALING: i32 = 5;
/** Unnormals, pseudo-infinities and pseudo-NaNs: encodings the 387 and later refuse (SDM vol. 1, 8.2.2). */
export const CLASS_UNSUPPORTED: i32 = 6;

export const INTEGER_BIT: u64 = 0x8000000000000000;
const QUIET_BIT: u64 = 0x4000000000000000;
export const EXPONENT_MASK: u32 = 0x7fff;
const INDEFINITE_SE: u32 = 0xffff;
const INDEFINITE_SIGNIFICAND: u64 = 0xc000000000000000;
/** Added to or taken from the exponent when overflow or underflow is unmasked (SDM vol. 1, 8.5.4, 8.5.5). */
const BIAS_ADJUST: i32 = 24576;

/** Sets the result and its flags. */
export function setResult(se: u32, significand: u64, flags: i32): void {
  resultSe = se;
  resultSignificand = significand;
  resultFlags = flags;
}

/** Sets the flags alone, for operations that deliver no extended real. */
export function setFlags(flags: i32): void {
  resultFlags = flags;
}

/** Adds events to those of the running operation. */
export function raise(flags: i32): void {
  resultFlags |= flags;
}

/** The class of an operand. */
export function classOf(se: u32, significand: u64): i32 {
  const exponent = se & EXPONENT_MASK;
  if (exponent === 0) return significand === 0 ? CLASS_ZERO : CLASS_DENORMAL;
  if (!(significand & INTEGER_BIT)) return CLASS_UNSUPPORTED;
  if (exponent !== EXPONENT_MASK) return CLASS_NORMAL;
  if (significand === INTEGER_BIT) return CLASS_INFINITY;
  return significand & QUIET_BIT ? CLASS_QUIET : CLASS_SIGNALING;
}

/** Whether both operands are plain normal numbers, the case worth being quick. */
export function bothNormal(aSe: u32, a: u64, bSe: u32, b: u64): bool {
  return (
    (aSe & EXPONENT_MASK) - 1 < 0x7ffe && (bSe & EXPONENT_MASK) - 1 < 0x7ffe && (a & b & INTEGER_BIT) !== 0
  );
}

/** Rounding control of a control word. */
export function roundingOf(control: i32): i32 {
  return (control >> 10) & 3;
}

/** Significand bits that the precision control of a control word selects; the reserved value 1 acts as 64. */
export function precisionOf(control: i32): i32 {
  const precision = (control >> 8) & 3;
  return precision === 0 ? 24 : precision === 2 ? 53 : 64;
}

/** The invalid-operation response: the indefinite QNaN if masked, otherwise no result. */
export function respondInvalid(control: i32): void {
  setResult(INDEFINITE_SE, INDEFINITE_SIGNIFICAND, control & INVALID ? INVALID : INVALID | NO_RESULT);
}

/** The zero-divide response: a signed infinity if masked, otherwise no result. */
export function respondZeroDivide(negative: u32, control: i32): void {
  setResult(
    (negative << 15) | EXPONENT_MASK,
    INTEGER_BIT,
    control & ZERO_DIVIDE ? ZERO_DIVIDE : ZERO_DIVIDE | NO_RESULT,
  );
}

/** Records a denormal operand; true if it is unmasked and so ends the operation. */
export function stopsOnDenormal(control: i32): bool {
  if (control & DENORMAL) {
    resultFlags |= DENORMAL;
    return false;
  }
  resultFlags |= DENORMAL | NO_RESULT;
  return true;
}

/** Sets a signed infinity. */
export function setInfinity(negative: u32): void {
  resultSe = (negative << 15) | EXPONENT_MASK;
  resultSignificand = INTEGER_BIT;
}

/** Sets a signed zero. */
export function setZero(negative: u32): void {
  resultSe = negative << 15;
  resultSignificand = 0;
}

/**
 * Handles one operand of class CLASS_QUIET or above: unsupported encodings are invalid, an SNaN is quieted with
 * the invalid exception, a QNaN passes.
 */
export function propagateOne(se: u32, significand: u64, kind: i32, control: i32): void {
  if (kind === CLASS_UNSUPPORTED) {
    respondInvalid(control);
  } else if (kind === CLASS_SIGNALING) {
    setResult(se, significand | QUIET_BIT, control & INVALID ? INVALID : INVALID | NO_RESULT);
  } else {
    setResult(se, significand, 0);
  }
}

/**
 * Handles two operands of which at least one is of class CLASS_QUIET or above (SDM vol. 1, table 4-7): with one
 * NaN, that one; an SNaN with a QNaN gives the QNaN; otherwise the larger significand, and the positive one of
 * two that differ in sign alone.
 */
export function propagateTwo(
  aSe: u32,
  a: u64,
  aClass: i32,
  bSe: u32,
  b: u64,
  bClass: i32,
  control: i32,
): void {
  if (aClass === CLASS_UNSUPPORTED || bClass === CLASS_UNSUPPORTED) {
    respondInvalid(control);
    return;
  }
  const signaling = aClass === CLASS_SIGNALING || bClass === CLASS_SIGNALING;
  const flags = signaling ? (control & INVALID ? INVALID : INVALID | NO_RESULT) : 0;
  let takeA: bool;
  if (aClass < CLASS_QUIET) takeA = false;
  else if (bClass < CLASS_QUIET) takeA = true;
  else if (aClass !== bClass) takeA = aClass === CLASS_QUIET;
  else if (a !== b) takeA = a > b;
  else takeA = aSe < bSe;
  if (takeA) setResult(aSe, a | QUIET_BIT, flags);
  else setResult(bSe, b | QUIET_BIT, flags);
}

/** The unbiased-range exponent of a finite operand: denormals count from 1. Use with `normalisedOf`. */
export function exponentOf(se: u32, significand: u64): i32 {
  const exponent = i32(se & EXPONENT_MASK);
  return exponent !== 0 ? exponent : 1 - i32(clz<u64>(significand));
}

/** The significand of a finite non-zero operand with its leading one moved to bit 63. */
export function normalisedOf(significand: u64): u64 {
  return significand << clz<u64>(significand);
}

/** Rounds the unrounded result at the precision of the control word. */
export function roundToPrecision(control: i32): void {
  roundToExtended(control, precisionOf(control));
}

/**
 * Rounds the unrounded result to `bits` significand bits in the extended format, adding inexact, underflow,
 * overflow and the rounding direction (C1) to the flags. Tininess is detected after rounding.
 */
export function roundToExtended(control: i32, bits: i32): void {
  if (unroundedHigh === 0) {
    setZero(unroundedNegative);
    return;
  }
  const exponent = unroundedExponent;
  if (exponent <= 0) {
    roundSmall(control, bits);
    return;
  }
  const significand = roundSignificand(
    unroundedNegative,
    unroundedHigh,
    unroundedLow,
    bits,
    roundingOf(control),
  );
  const rounded = exponent + roundedCarry;
  if (rounded >= 0x7fff) {
    roundLarge(control, bits, rounded, significand);
    return;
  }
  raise(directionFlags());
  resultSe = (unroundedNegative << 15) | u32(rounded);
  resultSignificand = significand;
}

/** Rounds the unrounded result to 64 bits and reports it as inexact even where it fits. */
export function roundAsInexact(control: i32): void {
  roundToExtended(control, 64);
  raise((resultSe & EXPONENT_MASK) === 0 ? INEXACT | UNDERFLOW : INEXACT);
}

/** Inexact and C1 from the last `roundSignificand`. */
export function directionFlags(): i32 {
  return roundedInexact ? (roundedUp ? INEXACT | CONDITION_1 : INEXACT) : 0;
}

/** Overflow: the masked response depends on rounding mode and sign (SDM vol. 1, table 4-10). */
function roundLarge(control: i32, bits: i32, rounded: i32, significand: u64): void {
  if (!(control & OVERFLOW)) {
    raise(OVERFLOW | directionFlags());
    const adjusted = rounded - BIAS_ADJUST;
    if (adjusted >= 0x7fff) {
      setInfinity(unroundedNegative);
      raise(INEXACT | CONDITION_1);
    } else {
      resultSe = (unroundedNegative << 15) | u32(adjusted);
      resultSignificand = significand;
    }
    return;
  }
  const mode = roundingOf(control);
  if (mode === 0 || (mode === 1 && unroundedNegative) || (mode === 2 && !unroundedNegative)) {
    raise(OVERFLOW | INEXACT | CONDITION_1);
    setInfinity(unroundedNegative);
    return;
  }
  raise(OVERFLOW | INEXACT);
  resultSe = (unroundedNegative << 15) | 0x7ffe;
  resultSignificand = bits === 64 ? 0xffffffffffffffff : ~((u64(1) << (64 - bits)) - 1);
}

/** A result below the normal range: denormalised if underflow is masked, otherwise scaled up. */
function roundSmall(control: i32, bits: i32): void {
  const mode = roundingOf(control);
  const exponent = unroundedExponent;
  const negative = unroundedNegative;
  let significand = roundSignificand(negative, unroundedHigh, unroundedLow, bits, mode);
  const tiny = exponent + roundedCarry <= 0;
  if (tiny && !(control & UNDERFLOW)) {
    raise(UNDERFLOW | directionFlags());
    const adjusted = exponent + roundedCarry + BIAS_ADJUST;
    if (adjusted <= 0) {
      setZero(negative);
      raise(INEXACT);
    } else {
      resultSe = (negative << 15) | u32(adjusted);
      resultSignificand = significand;
    }
    return;
  }
  const low = shiftRightSticky(unroundedHigh, unroundedLow, 1 - exponent);
  significand = roundSignificand(negative, wideHigh, low, bits, mode);
  raise(directionFlags());
  if (roundedInexact && tiny) raise(UNDERFLOW);
  resultSe = (negative << 15) | u32(significand >> 63);
  resultSignificand = significand;
}

/** Delivers a finite operand unchanged; a pseudo-denormal comes out as the normal number of that value. */
export function keepOperand(se: u32, significand: u64): void {
  resultSe = se & EXPONENT_MASK ? se : se | u32(significand >> 63);
  resultSignificand = significand;
}
