/** FSIN, FCOS, FSINCOS, FPTAN (Intel SDM vol. 1, 8.3.8; vol. 2A). Precision control does not act on them. */
import {
  CLASS_DENORMAL,
  CLASS_INFINITY,
  CLASS_QUIET,
  CLASS_ZERO,
  CONDITION_2,
  classOf,
  exponentOf,
  NO_RESULT,
  normalisedOf,
  propagateOne,
  respondInvalid,
  resultFlags,
  resultSe,
  resultSignificand,
  roundAsInexact,
  roundToExtended,
  setFlags,
  setResult,
  setZero,
  stopsOnDenormal,
} from './extended';
import { adjustBy, chopToInternal, divide128, squareFraction } from './float128';
import { INEXACT } from './rounding';
import { cosineSeries, sineSeries } from './series';
import {
  EXTENDED_BIAS,
  setNormalised,
  setUnrounded,
  unroundedExponent,
  unroundedHigh,
  unroundedLow,
  unroundedNegative,
} from './unrounded';

/** Pi/2 as the hardware has it, 66 significant bits, in units of 2^-65. */
const HALF_PI_HIGH: u64 = 0x3;
const HALF_PI_LOW: u64 = 0x243f6a8885a308d3;
/** Pi/4 in the same units, rounded down. */
const QUARTER_PI_HIGH: u64 = 0x1;
const QUARTER_PI_LOW: u64 = 0x921fb54442d18469;

/** Below 2^-68 the hardware takes sin x and tan x for x, and cos x for 1, whatever the rounding mode. */
const NEGLIGIBLE: i32 = EXTENDED_BIAS - 68;

/** The second result of the last `extendedSineCosine`: the cosine. */
export let cosineSe: u32 = 0;
export let cosineSignificand: u64 = 0;

/** The reduced angle, at most pi/4 in magnitude, and how many quarter turns were taken off (modulo 4). */
let angleNegative: u32 = 0;
let angleExponent: i32 = 0;
let angleHigh: u64 = 0;
let angleLow: u64 = 0;
let quarterTurns: i32 = 0;

/**
 * Takes multiples of pi/2 off |x| < 2^63. Exact: the 66-bit pi is an integer in units of 2^-65 and so is every x that
 * needs it; bits of x are brought in one at a time.
 */
function reduceAngle(negative: u32, exponent: i32, significand: u64): void {
  quarterTurns = 0;
  angleNegative = negative;
  if (exponent < EXTENDED_BIAS - 1) {
    angleExponent = exponent;
    angleHigh = significand;
    angleLow = 0;
    return;
  }
  let high: u64 = 0;
  let low = significand;
  for (let step = exponent - EXTENDED_BIAS + 2; step > 0; step--) {
    high = (high << 1) | (low >> 63);
    low <<= 1;
    quarterTurns <<= 1;
    if (high > HALF_PI_HIGH || (high === HALF_PI_HIGH && low >= HALF_PI_LOW)) {
      high = high - HALF_PI_HIGH - u64(low < HALF_PI_LOW);
      low -= HALF_PI_LOW;
      quarterTurns++;
    }
  }
  if (high > QUARTER_PI_HIGH || (high === QUARTER_PI_HIGH && low > QUARTER_PI_LOW)) {
    high = HALF_PI_HIGH - high - u64(HALF_PI_LOW < low);
    low = HALF_PI_LOW - low;
    quarterTurns++;
    angleNegative ^= 1;
  }
  // A negative angle counts its quarter turns downward.
  if (negative) quarterTurns = -quarterTurns;
  quarterTurns &= 3;
  setNormalised(angleNegative, EXTENDED_BIAS + 62, high, low);
  angleExponent = unroundedExponent;
  angleHigh = unroundedHigh;
  angleLow = unroundedLow;
}

/** Sine of the reduced angle into the unrounded result, negated if asked. */
function evaluateSine(negate: u32): void {
  squareFraction(angleExponent, angleHigh, angleLow);
  sineSeries();
  adjustBy(true, angleNegative ^ negate, angleExponent, angleHigh, angleLow);
}

/** Cosine of the reduced angle into the unrounded result, negated if asked. */
function evaluateCosine(negate: u32): void {
  squareFraction(angleExponent, angleHigh, angleLow);
  cosineSeries();
  adjustBy(true, negate, EXTENDED_BIAS, 0x8000000000000000, 0);
}

/** Sine (turn 0) or cosine (turn 1) of the angle before reduction. */
function evaluateTurned(turn: i32): void {
  const quadrant = (quarterTurns + turn) & 3;
  if (quadrant & 1) evaluateCosine(u32(quadrant >> 1));
  else evaluateSine(u32(quadrant >> 1));
}

/**
 * Operands that need no computing: NaN, infinity (invalid), out of range (C2 set, nothing changed). True if the
 * instruction ends here; zero is left to the caller.
 */
function endsEarly(se: u32, significand: u64, kind: i32, control: i32): bool {
  if (kind >= CLASS_QUIET) {
    propagateOne(se, significand, kind, control);
    return true;
  }
  if (kind === CLASS_INFINITY) {
    respondInvalid(control);
    return true;
  }
  if (kind !== CLASS_ZERO && exponentOf(se, significand) >= EXTENDED_BIAS + 63) {
    setResult(se, significand, CONDITION_2 | NO_RESULT);
    return true;
  }
  return kind === CLASS_DENORMAL && stopsOnDenormal(control);
}

/** Sine and tangent of a negligible angle: the angle itself. True if it was one. */
function deliversNegligible(se: u32, significand: u64, control: i32): bool {
  const exponent = exponentOf(se, significand);
  if (exponent >= NEGLIGIBLE) return false;
  setUnrounded(se >> 15, exponent, normalisedOf(significand), 0);
  roundAsInexact(control);
  return true;
}

/** FSIN. Out of range sets C2 and `NO_RESULT`. */
export function extendedSine(se: u32, significand: u64, control: i32): void {
  setFlags(0);
  const kind = classOf(se, significand);
  if (endsEarly(se, significand, kind, control)) return;
  if (kind === CLASS_ZERO) {
    setZero(se >> 15);
    return;
  }
  if (deliversNegligible(se, significand, control)) return;
  reduceAngle(se >> 15, exponentOf(se, significand), normalisedOf(significand));
  evaluateTurned(0);
  roundToExtended(control, 64);
}

/** FCOS. */
export function extendedCosine(se: u32, significand: u64, control: i32): void {
  setFlags(0);
  const kind = classOf(se, significand);
  if (endsEarly(se, significand, kind, control)) return;
  if (kind === CLASS_ZERO) {
    setResult(EXTENDED_BIAS, 0x8000000000000000, 0);
    return;
  }
  if (exponentOf(se, significand) < NEGLIGIBLE) {
    setResult(EXTENDED_BIAS, 0x8000000000000000, resultFlags | INEXACT);
    return;
  }
  reduceAngle(se >> 15, exponentOf(se, significand), normalisedOf(significand));
  evaluateTurned(1);
  roundToExtended(control, 64);
}

/** FSINCOS: the sine is the result, the cosine goes to `cosineSe` and `cosineSignificand`. */
export function extendedSineCosine(se: u32, significand: u64, control: i32): void {
  extendedCosine(se, significand, control);
  cosineSe = resultSe;
  cosineSignificand = resultSignificand;
  if (resultFlags & NO_RESULT) return;
  extendedSine(se, significand, control);
}

/** FPTAN: the tangent; the instruction pushes 1.0 after it. */
export function extendedTangent(se: u32, significand: u64, control: i32): void {
  setFlags(0);
  const kind = classOf(se, significand);
  if (endsEarly(se, significand, kind, control)) return;
  if (kind === CLASS_ZERO) {
    setZero(se >> 15);
    return;
  }
  if (deliversNegligible(se, significand, control)) return;
  const size = exponentOf(se, significand);
  if (size < EXTENDED_BIAS - 33) {
    // The hardware's quotient falls just short of x here.
    setNormalised(se >> 15, size, normalisedOf(significand) - 1, 0xffffffffffffffff);
    roundToExtended(control, 64);
    return;
  }
  reduceAngle(se >> 15, size, normalisedOf(significand));
  evaluateTurned(0);
  chopToInternal();
  const negative = unroundedNegative;
  const exponent = unroundedExponent;
  const high = unroundedHigh;
  const low = unroundedLow;
  evaluateTurned(1);
  chopToInternal();
  divide128(
    negative ^ unroundedNegative,
    exponent,
    high,
    low,
    unroundedExponent,
    unroundedHigh,
    unroundedLow,
  );
  roundAsInexact(control);
}
