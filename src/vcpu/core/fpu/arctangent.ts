/** FPATAN (Intel SDM vol. 2A, table 3-30). Precision control does not act on it. */
import {
  CLASS_DENORMAL,
  CLASS_INFINITY,
  CLASS_QUIET,
  CLASS_ZERO,
  classOf,
  exponentOf,
  normalisedOf,
  propagateTwo,
  roundAsInexact,
  setFlags,
  setZero,
  stopsOnDenormal,
} from './extended';
import { adjustUnroundedBy, divide128, squareFractionOfUnrounded } from './float128';
import { arctangentSeries } from './series';
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
import { multiplyWide, wideHigh } from './wide';

/** Pi, exponent 1; also pi/2 with exponent 0 and pi/4 with -1. */
const PI_HIGH: u64 = 0xc90fdaa22168c234;
const PI_LOW: u64 = 0xc4c6628b80dc1cd1;
/** Three quarters of pi, exponent 1. */
const THREE_QUARTERS_HIGH: u64 = 0x96cbe3f9990e91a7;
const THREE_QUARTERS_LOW: u64 = 0x9394c9e8a0a5159d;

/** Below 2^-40 the hardware takes the arctangent of a quotient for the quotient. */
const NEGLIGIBLE: i32 = EXTENDED_BIAS - 40;

/** arctan(y / x) in the quadrant that the signs of y and x tell: -pi to pi. */
export function extendedArctangent(xSe: u32, x: u64, ySe: u32, y: u64, control: i32): void {
  setFlags(0);
  const xClass = classOf(xSe, x);
  const yClass = classOf(ySe, y);
  if (xClass >= CLASS_QUIET || yClass >= CLASS_QUIET) {
    propagateTwo(xSe, x, xClass, ySe, y, yClass, control);
    return;
  }
  if ((xClass === CLASS_DENORMAL || yClass === CLASS_DENORMAL) && stopsOnDenormal(control)) return;
  const xNegative = xSe >> 15;
  const yNegative = ySe >> 15;
  if (xClass === CLASS_INFINITY && yClass === CLASS_INFINITY) {
    if (xNegative) setUnrounded(yNegative, EXTENDED_BIAS + 1, THREE_QUARTERS_HIGH, THREE_QUARTERS_LOW);
    else setUnrounded(yNegative, EXTENDED_BIAS - 1, PI_HIGH, PI_LOW);
  } else if (yClass === CLASS_ZERO || xClass === CLASS_INFINITY) {
    if (!xNegative) {
      setZero(yNegative);
      return;
    }
    setUnrounded(yNegative, EXTENDED_BIAS + 1, PI_HIGH, PI_LOW);
  } else if (xClass === CLASS_ZERO || yClass === CLASS_INFINITY) {
    setUnrounded(yNegative, EXTENDED_BIAS, PI_HIGH, PI_LOW);
  } else {
    arctangentOf(exponentOf(ySe, y), normalisedOf(y), exponentOf(xSe, x), normalisedOf(x), xNegative);
    setUnrounded(yNegative, unroundedExponent, unroundedHigh, unroundedLow);
  }
  roundAsInexact(control);
}

/** The angle of positive y over x, from the smaller over the larger of the two. */
function arctangentOf(yExponent: i32, y: u64, xExponent: i32, x: u64, xNegative: u32): void {
  const steep = yExponent > xExponent || (yExponent === xExponent && y > x);
  if (steep) {
    arctangentBelowOne(xExponent, x, yExponent, y);
    // pi/2 - angle for positive x, pi/2 + angle for negative x.
    addUnrounded(
      0,
      EXTENDED_BIAS,
      PI_HIGH,
      PI_LOW,
      xNegative ^ 1,
      unroundedExponent,
      unroundedHigh,
      unroundedLow,
    );
    return;
  }
  arctangentBelowOne(yExponent, y, xExponent, x);
  if (xNegative) {
    addUnrounded(0, EXTENDED_BIAS + 1, PI_HIGH, PI_LOW, 1, unroundedExponent, unroundedHigh, unroundedLow);
  }
}

/** arctan(a / b) for 0 < a <= b: arctan(i/8) + arctan((8a - ib) / (8b + ia)), with i/8 the nearest eighth. */
function arctangentBelowOne(aExponent: i32, a: u64, bExponent: i32, b: u64): void {
  const distance = bExponent - aExponent;
  const eighth = distance > 4 ? 0 : nearestEighth(a >> distance, b);
  if (eighth === 0) {
    divide128(0, aExponent, a, 0, bExponent, b, 0);
    if (unroundedExponent >= NEGLIGIBLE) seriesOfUnrounded();
    return;
  }
  const factor = u64(eighth);
  let low = multiplyWide(b, factor);
  setNormalised(1, bExponent + 64, wideHigh, low);
  addUnrounded(0, aExponent + 3, a, 0, 1, unroundedExponent, unroundedHigh, unroundedLow);
  if (unroundedHigh === 0) {
    arctangentOfEighth(eighth);
    return;
  }
  const topNegative = unroundedNegative;
  const topExponent = unroundedExponent;
  const topHigh = unroundedHigh;
  const topLow = unroundedLow;
  low = multiplyWide(a, factor);
  setNormalised(0, aExponent + 64, wideHigh, low);
  addUnrounded(0, bExponent + 3, b, 0, 0, unroundedExponent, unroundedHigh, unroundedLow);
  divide128(topNegative, topExponent, topHigh, topLow, unroundedExponent, unroundedHigh, unroundedLow);
  seriesOfUnrounded();
  const negative = unroundedNegative;
  const exponent = unroundedExponent;
  const high = unroundedHigh;
  low = unroundedLow;
  arctangentOfEighth(eighth);
  addUnrounded(0, unroundedExponent, unroundedHigh, unroundedLow, negative, exponent, high, low);
}

/** arctan of the unrounded result, at most about 1/15 in magnitude. */
function seriesOfUnrounded(): void {
  squareFractionOfUnrounded();
  arctangentSeries();
  adjustUnroundedBy(true);
}

/** 8a/b to the nearest integer, near enough. */
function nearestEighth(a: u64, b: u64): i32 {
  return i32((8.0 * f64(a)) / f64(b) + 0.5);
}

/** arctan(i/8) into the unrounded result. */
function arctangentOfEighth(eighth: i32): void {
  switch (eighth) {
    case 1:
      setUnrounded(0, EXTENDED_BIAS - 4, 0xfeadd4d5617b6e32, 0xc897989f3e888ef8);
      break;
    case 2:
      setUnrounded(0, EXTENDED_BIAS - 3, 0xfadbafc96406eb15, 0x6dc79ef5f7a217e6);
      break;
    case 3:
      setUnrounded(0, EXTENDED_BIAS - 2, 0xb7b0ca0f26f78473, 0x8aa32122dcfe4483);
      break;
    case 4:
      setUnrounded(0, EXTENDED_BIAS - 2, 0xed63382b0dda7b45, 0x6fe445ecbc3a8d03);
      break;
    case 5:
      setUnrounded(0, EXTENDED_BIAS - 1, 0x8f005d5ef7f59f9b, 0x5c835e1665c43748);
      break;
    case 6:
      setUnrounded(0, EXTENDED_BIAS - 1, 0xa4bc7d1934f70924, 0x19a87f2a457dac9f);
      break;
    case 7:
      setUnrounded(0, EXTENDED_BIAS - 1, 0xb8053e2bc2319e73, 0xcb2da55210a4443d);
      break;
    default:
      setUnrounded(0, EXTENDED_BIAS - 1, PI_HIGH, PI_LOW);
  }
}
