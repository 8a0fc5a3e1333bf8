/**
 * The exact kernels: add, multiply, divide, square root and fused multiply-add on finite non-zero numbers,
 * giving a result that is not yet rounded. x87, SSE and FMA share them and differ only in how they classify
 * operands before and round after.
 *
 * A number is sign, exponent and significand: (-1)^negative × 1.f × 2^(exponent - 16383), with the leading
 * one at bit 63 of `high`. The exponent is an i32 and so has no range limit. Results keep 128 significant
 * bits; whatever lies below is OR-ed into the last bit.
 */
import { divideWide, multiplyWide, shiftLeftWide, shiftRightSticky, wideHigh, wideRemainder } from './wide';

/** The unrounded result: 1 if negative. */
export let unroundedNegative: u32 = 0;
/** The unrounded result: biased (16383) exponent, not limited to the format. */
export let unroundedExponent: i32 = 0;
/** The unrounded result: leading 64 significand bits, bit 63 set unless the result is zero. */
export let unroundedHigh: u64 = 0;
/** The unrounded result: following 64 significand bits, the last one sticky. */
export let unroundedLow: u64 = 0;

/** Exponent bias of the extended format, used by every unrounded number. */
export const EXTENDED_BIAS: i32 = 16383;

const TOP_BIT: u64 = 0x8000000000000000;

/** Sets the unrounded result, which must be normalised already. */
export function setUnrounded(negative: u32, exponent: i32, high: u64, low: u64): void {
  unroundedNegative = negative;
  unroundedExponent = exponent;
  unroundedHigh = high;
  unroundedLow = low;
}

/** Sets the unrounded result after moving the leading one to bit 63 of `high`; zero stays zero. */
export function setNormalised(negative: u32, exponent: i32, high: u64, low: u64): void {
  if (high === 0) {
    if (low === 0) {
      setUnrounded(negative, 0, 0, 0);
      return;
    }
    high = low;
    low = 0;
    exponent -= 64;
  }
  const shift = i32(clz<u64>(high));
  if (shift !== 0) {
    low = shiftLeftWide(high, low, shift);
    high = wideHigh;
    exponent -= shift;
  }
  setUnrounded(negative, exponent, high, low);
}

/**
 * Sum of two signed 128-bit significands. An exact zero gives high = 0; its sign is the caller's business,
 * because it depends on the rounding mode.
 */
export function addUnrounded(
  aNegative: u32,
  aExponent: i32,
  aHigh: u64,
  aLow: u64,
  bNegative: u32,
  bExponent: i32,
  bHigh: u64,
  bLow: u64,
): void {
  if (
    aExponent < bExponent ||
    (aExponent === bExponent && (aHigh < bHigh || (aHigh === bHigh && aLow < bLow)))
  ) {
    addOrdered(bNegative, bExponent, bHigh, bLow, aNegative, aExponent, aHigh, aLow);
  } else {
    addOrdered(aNegative, aExponent, aHigh, aLow, bNegative, bExponent, bHigh, bLow);
  }
}

/** addUnrounded for |a| >= |b|. */
function addOrdered(
  aNegative: u32,
  aExponent: i32,
  aHigh: u64,
  aLow: u64,
  bNegative: u32,
  bExponent: i32,
  bHigh: u64,
  bLow: u64,
): void {
  const low = shiftRightSticky(bHigh, bLow, aExponent - bExponent);
  const high = wideHigh;
  if (aNegative === bNegative) {
    const sumLow = aLow + low;
    const carryLow = u64(sumLow < aLow);
    const partial = aHigh + high;
    const sumHigh = partial + carryLow;
    if (partial < aHigh || sumHigh < partial) {
      setUnrounded(
        aNegative,
        aExponent + 1,
        TOP_BIT | (sumHigh >> 1),
        (sumHigh << 63) | (sumLow >> 1) | (sumLow & 1),
      );
    } else {
      setUnrounded(aNegative, aExponent, sumHigh, sumLow);
    }
    return;
  }
  const differenceLow = aLow - low;
  setNormalised(aNegative, aExponent, aHigh - high - u64(aLow < low), differenceLow);
}

/** Product of two 64-bit significands, exact in 128 bits. */
export function multiplyUnrounded(negative: u32, aExponent: i32, a: u64, bExponent: i32, b: u64): void {
  const low = multiplyWide(a, b);
  const high = wideHigh;
  const exponent = aExponent + bExponent - EXTENDED_BIAS;
  if (high >> 63) setUnrounded(negative, exponent + 1, high, low);
  else setUnrounded(negative, exponent, (high << 1) | (low >> 63), low << 1);
}

/** Quotient of two 64-bit significands: 64 exact bits, then the half bit and a sticky bit. */
export function divideUnrounded(negative: u32, aExponent: i32, a: u64, bExponent: i32, b: u64): void {
  let exponent = aExponent - bExponent + EXTENDED_BIAS;
  let quotient: u64;
  if (a < b) {
    exponent--;
    quotient = divideWide(a, 0, b);
  } else {
    quotient = divideWide(a >> 1, a << 63, b);
  }
  setUnrounded(negative, exponent, quotient, halfAndSticky(wideRemainder, b));
}

/** Where remainder/divisor lies against one half, as the top bit and a sticky bit of a fraction. */
function halfAndSticky(remainder: u64, divisor: u64): u64 {
  if (remainder === 0) return 0;
  const rest = divisor - remainder;
  if (remainder < rest) return 1;
  return remainder === rest ? TOP_BIT : TOP_BIT | 1;
}

/**
 * Square root of a positive number: 64 exact bits, then half and sticky. A double-precision estimate is
 * corrected once from the exact 128-bit residue and then stepped to the floor.
 */
export function squareRootUnrounded(exponent: i32, significand: u64): void {
  const unbiased = exponent - EXTENDED_BIAS;
  // The radicand, as a 128-bit integer in [2^126, 2^128): its root has bit 63 set.
  const odd = unbiased & 1;
  const radicandHigh = odd ? significand : significand >> 1;
  const radicandLow: u64 = odd ? 0 : significand << 63;
  const estimate = Math.sqrt(f64(radicandHigh)) * 4294967296.0;
  let root: u64 = estimate >= 18446744073709549568.0 ? 0xfffffffffffff800 : u64(estimate);
  let squareLow = multiplyWide(root, root);
  let residueLow = radicandLow - squareLow;
  let residueHigh = i64(radicandHigh - wideHigh - u64(radicandLow < squareLow));
  const residue = f64(residueHigh) * 18446744073709551616.0 + f64(residueLow);
  const step = i64(residue / (2.0 * f64(root)));
  if (step > 0 && root + u64(step) < root) root = 0xffffffffffffffff;
  else root += u64(step);
  squareLow = multiplyWide(root, root);
  residueLow = radicandLow - squareLow;
  residueHigh = i64(radicandHigh - wideHigh - u64(radicandLow < squareLow));
  while (residueHigh < 0) {
    // (r-1)^2 = r^2 - (2r - 1)
    root--;
    const before = residueLow;
    residueLow += (root << 1) | 1;
    residueHigh += i64(root >> 63) + i64(residueLow < before);
  }
  while (residueHigh > i64(root >> 63) || (residueHigh === i64(root >> 63) && residueLow > root << 1)) {
    const subtract = (root << 1) | 1;
    residueHigh -= i64(root >> 63) + i64(residueLow < subtract);
    residueLow -= subtract;
    root++;
  }
  // (r + 1/2)^2 = r^2 + r + 1/4: the root is never exactly half way.
  const above = residueHigh > 0 || residueLow > root;
  const inexact = (residueHigh | i64(residueLow)) !== 0;
  setUnrounded(0, (unbiased >> 1) + EXTENDED_BIAS, root, above ? TOP_BIT | 1 : u64(inexact));
}

/** a × b + c with one rounding: the product is exact, the sum keeps 128 bits. */
export function multiplyAddUnrounded(
  productNegative: u32,
  aExponent: i32,
  a: u64,
  bExponent: i32,
  b: u64,
  cNegative: u32,
  cExponent: i32,
  c: u64,
): void {
  multiplyUnrounded(productNegative, aExponent, a, bExponent, b);
  addUnrounded(productNegative, unroundedExponent, unroundedHigh, unroundedLow, cNegative, cExponent, c, 0);
}
