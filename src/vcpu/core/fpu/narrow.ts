/**
 * Rounding to single and double precision, shared by FST (Intel SDM vol. 1, 8.5) and SSE (11.5). A format is
 * described by its significand width and the extended-biased exponents of its normal range.
 */
import {
  INEXACT,
  incrementsMagnitude,
  OVERFLOW,
  ROUND_DOWN,
  ROUND_NEAREST,
  ROUND_UP,
  roundedCarry,
  roundedInexact,
  roundedUp,
  roundSignificand,
  UNDERFLOW,
} from './rounding';
import { unroundedExponent, unroundedHigh, unroundedLow, unroundedNegative } from './unrounded';
import { shiftRightSticky, wideHigh } from './wide';

/** Exceptions of the last `roundToNarrow` (OVERFLOW, UNDERFLOW, INEXACT). */
export let narrowFlags: i32 = 0;
/** Whether the last `roundToNarrow` increased the magnitude. */
export let narrowUp: bool = false;
/** Whether the last result was below the normal range after rounding. */
export let narrowTiny: bool = false;

/** Half precision: 11 significand bits, exponents -14 to 15. */
export const HALF_BITS: i32 = 11;
/** Single precision: 24 significand bits, exponents -126 to 127. */
export const SINGLE_BITS: i32 = 24;
/** Double precision: 53 significand bits, exponents -1022 to 1023. */
export const DOUBLE_BITS: i32 = 53;

/** Bits of the exponent field of the format with that many significand bits. */
function exponentBits(bits: i32): i32 {
  return bits === DOUBLE_BITS ? 11 : bits === SINGLE_BITS ? 8 : 5;
}

/**
 * Rounds the unrounded result to the format of `bits` significand bits and returns its encoding. Underflow is
 * reported when the result is tiny after rounding and either inexact or `underflowMasked` is false; then, and when an
 * unmasked overflow is reported, the encoding is of no use.
 */
export function roundToNarrow(bits: i32, mode: i32, underflowMasked: bool): u64 {
  const fieldBits = exponentBits(bits);
  const maximumField = (1 << fieldBits) - 1;
  const negative = unroundedNegative;
  const sign = u64(negative) << (bits + fieldBits - 1);
  narrowFlags = 0;
  narrowUp = false;
  narrowTiny = false;
  if (unroundedHigh === 0) return sign;
  const field = unroundedExponent - 16383 + (maximumField >> 1);
  let significand = roundSignificand(negative, unroundedHigh, unroundedLow, bits, mode);
  let rounded = field + roundedCarry;
  if (field <= 0) {
    const tiny = rounded <= 0;
    narrowTiny = tiny;
    if (tiny && !underflowMasked) {
      narrowFlags = UNDERFLOW | (roundedInexact ? INEXACT : 0);
      narrowUp = roundedInexact && roundedUp;
      return sign;
    }
    const low = shiftRightSticky(unroundedHigh, unroundedLow, 1 - field);
    significand = roundSignificand(negative, wideHigh, low, bits, mode);
    if (roundedInexact) narrowFlags = tiny ? UNDERFLOW | INEXACT : INEXACT;
    rounded = i32(significand >> 63);
  } else if (roundedInexact) {
    narrowFlags = INEXACT;
  }
  narrowUp = roundedInexact && roundedUp;
  if (rounded >= maximumField) {
    narrowFlags |= OVERFLOW;
    return sign | overflowEncoding(negative, mode, maximumField, bits);
  }
  return sign | (u64(rounded) << (bits - 1)) | ((significand << 1) >> (65 - bits));
}

/** Masked overflow: infinity, or the largest finite number when rounding away from the infinity's side. */
function overflowEncoding(negative: u32, mode: i32, maximumField: i32, bits: i32): u64 {
  const infinity = u64(maximumField) << (bits - 1);
  if (mode === ROUND_NEAREST || mode === (negative ? ROUND_DOWN : ROUND_UP)) return infinity;
  return infinity - 1;
}

/** Rounds a magnitude given as integer and 64-bit fraction to an integer; sets the `rounded…` globals' narrow twins. */
export function roundToInteger(negative: u32, integer: u64, fraction: u64, mode: i32): u64 {
  narrowUp = fraction !== 0 && incrementsMagnitude(negative, fraction, (integer & 1) !== 0, mode);
  narrowFlags = fraction !== 0 ? INEXACT : 0;
  return narrowUp ? integer + 1 : integer;
}
