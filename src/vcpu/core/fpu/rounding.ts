/** Rounding a normalised 128-bit significand to a number of leading bits (Intel SDM vol. 1, 4.8.4). */

/** Rounding control, as in the x87 control word bits 11:10 and MXCSR bits 14:13. */
export const ROUND_NEAREST: i32 = 0;
export const ROUND_DOWN: i32 = 1;
export const ROUND_UP: i32 = 2;
export const ROUND_TO_ZERO: i32 = 3;

/** Exception flags, as in the low byte of the x87 status word and of MXCSR. */
export const INVALID: i32 = 1;
export const DENORMAL: i32 = 2;
export const ZERO_DIVIDE: i32 = 4;
export const OVERFLOW: i32 = 8;
export const UNDERFLOW: i32 = 16;
export const INEXACT: i32 = 32;

/** The last `roundSignificand` dropped bits that were not zero. */
export let roundedInexact: bool = false;
/** The last `roundSignificand` increased the magnitude. */
export let roundedUp: bool = false;
/** The last `roundSignificand` overflowed into the next power of two. */
export let roundedCarry: i32 = 0;

const TOP_BIT: u64 = 0x8000000000000000;

/**
 * Rounds (high:low) to its leading `bits` bits (24 to 64) and returns them left-aligned. When rounding up
 * overflows bit 63 the result is 2^63 and `roundedCarry` is 1: the exponent is to be raised.
 */
export function roundSignificand(negative: u32, high: u64, low: u64, bits: i32, mode: i32): u64 {
  let fraction = low;
  let ulp: u64 = 1;
  if (bits < 64) {
    ulp = u64(1) << (64 - bits);
    fraction = (high << bits) | u64(low !== 0);
    high &= ~(ulp - 1);
  }
  roundedCarry = 0;
  roundedUp = false;
  roundedInexact = fraction !== 0;
  if (fraction === 0 || !incrementsMagnitude(negative, fraction, (high & ulp) !== 0, mode)) return high;
  roundedUp = true;
  high += ulp;
  if (high !== 0) return high;
  roundedCarry = 1;
  return TOP_BIT;
}

/** Whether a magnitude with a dropped non-zero fraction (in units of 2^-64 ulp) is rounded away from zero. */
export function incrementsMagnitude(negative: u32, fraction: u64, odd: bool, mode: i32): bool {
  switch (mode) {
    case ROUND_NEAREST:
      return fraction > TOP_BIT || (fraction === TOP_BIT && odd);
    case ROUND_DOWN:
      return negative !== 0;
    case ROUND_UP:
      return negative === 0;
    default:
      return false;
  }
}
