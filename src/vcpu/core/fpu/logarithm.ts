/** F2XM1, FYL2X, FYL2XP1 (Intel SDM vol. 2A). Precision control does not act on them. */
import {
  CLASS_DENORMAL,
  CLASS_INFINITY,
  CLASS_QUIET,
  CLASS_ZERO,
  classOf,
  EXPONENT_MASK,
  exponentOf,
  normalisedOf,
  propagateOne,
  propagateTwo,
  respondInvalid,
  respondZeroDivide,
  resultFlags,
  roundAsInexact,
  roundToExtended,
  setFlags,
  setInfinity,
  setResult,
  setZero,
  stopsOnDenormal,
} from './extended';
import {
  adjustUnroundedBy,
  chopToInternal,
  divide128,
  fractionOf,
  multiply128,
  squareFractionOfUnrounded,
} from './float128';
import { INEXACT } from './rounding';
import { areaTangentSeries, exponentialSeries, negativeExponentialSeries } from './series';
import {
  addUnrounded,
  EXTENDED_BIAS,
  setNormalised,
  setUnrounded,
  unroundedExponent,
  unroundedHigh,
  unroundedLow,
  unroundedNegative,
} from './unrounded';

const ONE: u64 = 0x8000000000000000;
/** ln 2 chopped to 67 bits, as the hardware has it; exponent -1. */
const LN2_HIGH: u64 = 0xb17217f7d1cf79ab;
const LN2_LOW: u64 = 0xc000000000000000;
/** 2/ln 2, exponent 1. */
const TWO_BY_LN2_HIGH: u64 = 0xb8aa3b295c17f0bb;
const TWO_BY_LN2_LOW: u64 = 0xbe87fed0691d3e89;
/** The square root of 2, rounded down: the break between neighbouring powers of two. */
const SQRT2: u64 = 0xb504f333f9de6484;

/** F2XM1: 2^x - 1 for -1 <= x <= 1. Outside, where the manual leaves the result undefined, x is delivered. */
export function extendedExp2Minus1(se: u32, significand: u64, control: i32): void {
  setFlags(0);
  const kind = classOf(se, significand);
  const negative = se >> 15;
  if (kind >= CLASS_QUIET) {
    propagateOne(se, significand, kind, control);
    return;
  }
  if (kind === CLASS_ZERO) {
    setZero(negative);
    return;
  }
  if (kind === CLASS_INFINITY) {
    if (negative) setResult(0xbfff, ONE, 0);
    else setInfinity(0);
    return;
  }
  if (kind === CLASS_DENORMAL && stopsOnDenormal(control)) return;
  const exponent = exponentOf(se, significand);
  if (exponent >= EXTENDED_BIAS) {
    if (exponent > EXTENDED_BIAS || significand !== ONE) setResult(se, significand, INEXACT);
    else setResult(negative ? 0xbffe : 0x3fff, ONE, INEXACT);
    return;
  }
  multiply128(negative, exponent, normalisedOf(significand), 0, EXTENDED_BIAS - 1, LN2_HIGH, LN2_LOW);
  chopToInternal();
  fractionOf(unroundedExponent, unroundedHigh, unroundedLow);
  if (negative) negativeExponentialSeries();
  else exponentialSeries();
  adjustUnroundedBy(negative !== 0);
  roundToExtended(control, 64);
}

/** artanh of the unrounded result, at most 0.1716 in magnitude, times 2/ln 2. */
function doubleAreaTangentBase2(): void {
  squareFractionOfUnrounded();
  areaTangentSeries();
  adjustUnroundedBy(false);
  multiply128(
    unroundedNegative,
    unroundedExponent,
    unroundedHigh,
    unroundedLow,
    EXTENDED_BIAS + 1,
    TWO_BY_LN2_HIGH,
    TWO_BY_LN2_LOW,
  );
}

/** log2 of a positive number other than 1, given with 128 significant bits, into the unrounded result. */
function logarithm2(exponent: i32, high: u64, low: u64): void {
  let power = exponent - EXTENDED_BIAS;
  let reduced = EXTENDED_BIAS;
  if (high > SQRT2) {
    power++;
    reduced--;
  }
  // w = (m - 1) / (m + 1), log2 m = 2 artanh(w) / ln 2.
  addUnrounded(0, reduced, high, low, 1, EXTENDED_BIAS, ONE, 0);
  if (unroundedHigh !== 0) {
    const topNegative = unroundedNegative;
    const topExponent = unroundedExponent;
    const topHigh = unroundedHigh;
    const topLow = unroundedLow;
    addUnrounded(0, reduced, high, low, 0, EXTENDED_BIAS, ONE, 0);
    divide128(topNegative, topExponent, topHigh, topLow, unroundedExponent, unroundedHigh, unroundedLow);
    doubleAreaTangentBase2();
    if (power === 0) return;
    addPower(power, unroundedNegative, unroundedExponent, unroundedHigh, unroundedLow);
  } else {
    addPower(power, 0, EXTENDED_BIAS - 200, 0, 0);
  }
}

/** Adds an integer other than zero to a number. */
function addPower(power: i32, negative: u32, exponent: i32, high: u64, low: u64): void {
  const magnitude = u64(power < 0 ? -power : power);
  const shift = i32(clz<u64>(magnitude));
  addUnrounded(
    u32(power < 0),
    EXTENDED_BIAS + 63 - shift,
    magnitude << shift,
    0,
    negative,
    exponent,
    high,
    low,
  );
}

/**
 * Multiplies the unrounded logarithm by y and rounds. Always inexact: log2(2) = 1 delivers y, every other exact product
 * comes out as just below itself, as in hardware.
 */
function timesAndRound(ySe: u32, y: u64, control: i32): void {
  const isOne =
    !unroundedNegative && unroundedExponent === EXTENDED_BIAS && unroundedHigh === ONE && unroundedLow === 0;
  chopToInternal();
  multiply128(
    unroundedNegative ^ (ySe >> 15),
    unroundedExponent,
    unroundedHigh,
    unroundedLow,
    exponentOf(ySe, y),
    normalisedOf(y),
    0,
  );
  if (unroundedLow === 0 && !isOne) {
    setNormalised(unroundedNegative, unroundedExponent, unroundedHigh - 1, 0xffffffffffffffff);
  }
  roundAsInexact(control);
}

/** FYL2X: y × log2(x). */
export function extendedYLog2X(xSe: u32, x: u64, ySe: u32, y: u64, control: i32): void {
  setFlags(0);
  const xClass = classOf(xSe, x);
  const yClass = classOf(ySe, y);
  if (xClass >= CLASS_QUIET || yClass >= CLASS_QUIET) {
    propagateTwo(xSe, x, xClass, ySe, y, yClass, control);
    return;
  }
  const yNegative = ySe >> 15;
  if (xClass === CLASS_ZERO) {
    if (yClass === CLASS_ZERO) respondInvalid(control);
    else if (yClass === CLASS_INFINITY) setInfinity(yNegative ^ 1);
    else respondZeroDivide(yNegative ^ 1, control);
    return;
  }
  if (xSe > EXPONENT_MASK) {
    respondInvalid(control);
    return;
  }
  const exponent = exponentOf(xSe, x);
  const isOne = xClass !== CLASS_INFINITY && exponent === EXTENDED_BIAS && x === ONE;
  if ((xClass === CLASS_INFINITY && yClass === CLASS_ZERO) || (isOne && yClass === CLASS_INFINITY)) {
    respondInvalid(control);
    return;
  }
  if ((xClass === CLASS_DENORMAL || yClass === CLASS_DENORMAL) && stopsOnDenormal(control)) return;
  const below = u32(exponent < EXTENDED_BIAS);
  if (xClass === CLASS_INFINITY || yClass === CLASS_INFINITY) {
    setInfinity(yNegative ^ below);
    return;
  }
  if (isOne || yClass === CLASS_ZERO) {
    setZero(isOne ? yNegative : yNegative ^ below);
    return;
  }
  logarithm2(exponent, normalisedOf(x), 0);
  timesAndRound(ySe, y, control);
}

/** FYL2XP1: y × log2(x + 1), accurate for small x. */
export function extendedYLog2XPlus1(xSe: u32, x: u64, ySe: u32, y: u64, control: i32): void {
  setFlags(0);
  const xClass = classOf(xSe, x);
  const yClass = classOf(ySe, y);
  if (xClass >= CLASS_QUIET || yClass >= CLASS_QUIET) {
    propagateTwo(xSe, x, xClass, ySe, y, yClass, control);
    return;
  }
  const xNegative = xSe >> 15;
  const negative = (xSe ^ ySe) >> 15;
  if (
    (xClass === CLASS_ZERO && yClass === CLASS_INFINITY) ||
    (xClass === CLASS_INFINITY && (xNegative || yClass === CLASS_ZERO))
  ) {
    respondInvalid(control);
    return;
  }
  if ((xClass === CLASS_DENORMAL || yClass === CLASS_DENORMAL) && stopsOnDenormal(control)) return;
  if (xClass === CLASS_INFINITY || yClass === CLASS_INFINITY) {
    setInfinity(negative);
    return;
  }
  if (xClass === CLASS_ZERO || yClass === CLASS_ZERO) {
    setZero(negative);
    return;
  }
  const exponent = exponentOf(xSe, x);
  const significand = normalisedOf(x);
  if (xNegative && exponent >= EXTENDED_BIAS) {
    // x <= -1: undefined by the manual; hardware delivers x.
    setResult(xSe, x, resultFlags | INEXACT);
    return;
  }
  if (exponent < EXTENDED_BIAS - 2) {
    // w = x / (2 + x)
    addUnrounded(0, EXTENDED_BIAS + 1, ONE, 0, xNegative, exponent, significand, 0);
    divide128(xNegative, exponent, significand, 0, unroundedExponent, unroundedHigh, unroundedLow);
    doubleAreaTangentBase2();
  } else {
    addUnrounded(0, EXTENDED_BIAS, ONE, 0, xNegative, exponent, significand, 0);
    logarithm2(unroundedExponent, unroundedHigh, unroundedLow);
  }
  timesAndRound(ySe, y, control);
}

/** Rounds one of the constants of FLDPI, FLDL2T and the like by the rounding control; they raise nothing. */
export function loadConstant(exponent: i32, high: u64, low: u64, control: i32): void {
  setFlags(0);
  setUnrounded(0, EXTENDED_BIAS + exponent, high, low);
  roundToExtended(control, 64);
  setFlags(0);
}
