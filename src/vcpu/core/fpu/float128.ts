/**
 * Unrounded numbers of 128 significant bits as intermediate values of the transcendental functions. An operation takes
 * words and leaves its result in the `unrounded…` globals; fractions (polynomial arguments and sums) are 128-bit
 * numbers in [0, 1) whose words come back as `fractionHigh` and `fractionLow`. Errors are a few units of the last bit,
 * against 64 bits that are finally kept.
 */
import {
  EXTENDED_BIAS,
  setNormalised,
  setUnrounded,
  unroundedExponent,
  unroundedHigh,
  unroundedLow,
  unroundedNegative,
} from './unrounded';
import { multiplyHigh, multiplyWide, shiftRightSticky, wideHigh } from './wide';

/** The last fraction, in units of 2^-64 and 2^-128. */
export let fractionHigh: u64 = 0;
export let fractionLow: u64 = 0;

/** The three bits below the 64 that Intel's 67-bit internal format keeps. */
const INTERNAL_MASK: u64 = 0xe000000000000000;

/**
 * Chops the unrounded result to 67 bits. Intel's hardware does so with some intermediate results; doing it in the same
 * places turns most differences in the last bit into agreement.
 */
export function chopToInternal(): void {
  setUnrounded(unroundedNegative, unroundedExponent, unroundedHigh, unroundedLow & INTERNAL_MASK);
}

/** Sets the fraction. */
export function setFraction(high: u64, low: u64): void {
  fractionHigh = high;
  fractionLow = low;
}

/** Leading 128 bits of the product of two 128-bit words, up to two units short; left as the fraction. */
export function multiplyFraction(aHigh: u64, aLow: u64, bHigh: u64, bLow: u64): void {
  let low = multiplyWide(aHigh, bHigh);
  let high = wideHigh;
  const first = multiplyHigh(aHigh, bLow);
  low += first;
  high += u64(low < first);
  const second = multiplyHigh(aLow, bHigh);
  low += second;
  fractionHigh = high + u64(low < second);
  fractionLow = low;
}

/** fraction = constant - fraction × (xHigh:xLow): one Horner step of an alternating series. */
export function hornerSubtract(constantHigh: u64, constantLow: u64, xHigh: u64, xLow: u64): void {
  multiplyFraction(fractionHigh, fractionLow, xHigh, xLow);
  fractionHigh = constantHigh - fractionHigh - u64(constantLow < fractionLow);
  fractionLow = constantLow - fractionLow;
}

/** fraction = constant + fraction × (xHigh:xLow): one Horner step. */
export function hornerAdd(constantHigh: u64, constantLow: u64, xHigh: u64, xLow: u64): void {
  multiplyFraction(fractionHigh, fractionLow, xHigh, xLow);
  fractionLow += constantLow;
  fractionHigh = constantHigh + fractionHigh + u64(fractionLow < constantLow);
}

/** The magnitude of a number below one as a fraction. */
export function fractionOf(exponent: i32, high: u64, low: u64): void {
  fractionLow = shiftRightSticky(high, low, EXTENDED_BIAS - 1 - exponent);
  fractionHigh = wideHigh;
}

/** The square of a number below one as a fraction. */
export function squareFraction(exponent: i32, high: u64, low: u64): void {
  multiplyFraction(high, low, high, low);
  // (1.f × 2^k)² with both significands read as fractions of two: weight 2^(2k + 2).
  fractionLow = shiftRightSticky(fractionHigh, fractionLow, 2 * (EXTENDED_BIAS - 1 - exponent));
  fractionHigh = wideHigh;
}

/** Product of two numbers. */
export function multiply128(
  negative: u32,
  aExponent: i32,
  aHigh: u64,
  aLow: u64,
  bExponent: i32,
  bHigh: u64,
  bLow: u64,
): void {
  multiplyFraction(aHigh, aLow, bHigh, bLow);
  setNormalised(negative, aExponent + bExponent - EXTENDED_BIAS + 1, fractionHigh, fractionLow);
}

/**
 * a × (1 - fraction), or a × (1 + fraction). A fraction too small to matter still makes the result inexact and on its
 * own side of a.
 */
export function adjustBy(subtract: bool, negative: u32, exponent: i32, high: u64, low: u64): void {
  multiplyFraction(high, low, fractionHigh, fractionLow);
  if (fractionHigh === 0 && fractionLow === 0) fractionLow = 1;
  if (subtract) {
    setNormalised(negative, exponent, high - fractionHigh - u64(low < fractionLow), low - fractionLow);
    return;
  }
  const sumLow = low + fractionLow;
  const partial = high + fractionHigh;
  const sumHigh = partial + u64(sumLow < low);
  if (partial < high || sumHigh < partial) {
    setUnrounded(
      negative,
      exponent + 1,
      0x8000000000000000 | (sumHigh >> 1),
      (sumHigh << 63) | (sumLow >> 1) | 1,
    );
  } else {
    setUnrounded(negative, exponent, sumHigh, sumLow);
  }
}

/** Quotient of two numbers, 128 bits by restoring division; the last bit is sticky. */
export function divide128(
  negative: u32,
  aExponent: i32,
  aHigh: u64,
  aLow: u64,
  bExponent: i32,
  bHigh: u64,
  bLow: u64,
): void {
  let quotientHigh: u64 = 0;
  let quotientLow: u64 = 0;
  let restHigh = aHigh;
  let restLow = aLow;
  // The rest stays below twice the divisor, so it may need bit 128: `carry`.
  let carry = false;
  for (let i = 0; i < 128; i++) {
    quotientHigh = (quotientHigh << 1) | (quotientLow >> 63);
    quotientLow <<= 1;
    if (carry || restHigh > bHigh || (restHigh === bHigh && restLow >= bLow)) {
      restHigh = restHigh - bHigh - u64(restLow < bLow);
      restLow -= bLow;
      quotientLow |= 1;
    }
    carry = restHigh >> 63 !== 0;
    restHigh = (restHigh << 1) | (restLow >> 63);
    restLow <<= 1;
  }
  const inexact = carry || (restHigh | restLow) !== 0;
  setNormalised(negative, aExponent - bExponent + EXTENDED_BIAS, quotientHigh, quotientLow | u64(inexact));
}

/** The square of the unrounded result as a fraction; it must be below one in magnitude. */
export function squareFractionOfUnrounded(): void {
  squareFraction(unroundedExponent, unroundedHigh, unroundedLow);
}

/** adjustBy on the unrounded result. */
export function adjustUnroundedBy(subtract: bool): void {
  adjustBy(subtract, unroundedNegative, unroundedExponent, unroundedHigh, unroundedLow);
}
