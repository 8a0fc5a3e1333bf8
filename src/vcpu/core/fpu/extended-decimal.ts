/** Packed BCD: 18 digits and a sign byte (Intel SDM vol. 1, 4.7; vol. 2A, FBLD and FBSTP). */
import {
  CLASS_INFINITY,
  CLASS_ZERO,
  CONDITION_1,
  classOf,
  EXPONENT_MASK,
  NO_RESULT,
  raise,
  resultSe,
  resultSignificand,
  roundingOf,
  setFlags,
  setResult,
} from './extended';
import { extendedFromInteger } from './extended-conversion';
import { narrowFlags, narrowUp, roundToInteger } from './narrow';
import { INVALID } from './rounding';
import { EXTENDED_BIAS } from './unrounded';
import { shiftRightSticky, wideHigh } from './wide';

const LARGEST: u64 = 999999999999999999;

/** Bytes 9:8 of the last `extendedToDecimal`: sign byte and the two leading digits. */
export let decimalHigh: u32 = 0;

/** FBLD: bytes 7:0 in `low`, bytes 9:8 in `high`. Digits above 9 are taken at their face value, as hardware does. */
export function extendedFromDecimal(low: u64, high: u32): void {
  let value: u64 = u64((high >> 4) & 15) * 10 + u64(high & 15);
  for (let shift = 60; shift >= 0; shift -= 4) value = value * 10 + ((low >> shift) & 15);
  extendedFromInteger(i64(value));
  if (high & 0x8000) setResult(resultSe | 0x8000, resultSignificand, 0);
}

/**
 * FBSTP: rounds to an integer and returns digits 15:0, the rest in `decimalHigh`. What does not fit 18 digits is
 * invalid and gives the packed decimal indefinite.
 */
export function extendedToDecimal(se: u32, significand: u64, control: i32): u64 {
  setFlags(0);
  const kind = classOf(se, significand);
  const exponent = i32(se & EXPONENT_MASK) - EXTENDED_BIAS;
  let magnitude: u64 = 0;
  if (kind !== CLASS_ZERO) {
    if (kind >= CLASS_INFINITY || exponent > 59) return decimalIndefinite(control);
    const low = shiftRightSticky(significand, 0, 63 - exponent);
    magnitude = roundToInteger(se >> 15, wideHigh, low, roundingOf(control));
    if (magnitude > LARGEST) return decimalIndefinite(control);
    raise(narrowUp ? narrowFlags | CONDITION_1 : narrowFlags);
  }
  let digits: u64 = 0;
  for (let shift = 0; shift < 64; shift += 4) {
    digits |= (magnitude % 10) << shift;
    magnitude /= 10;
  }
  decimalHigh = ((se >> 15) << 15) | (u32(magnitude / 10) << 4) | u32(magnitude % 10);
  return digits;
}

function decimalIndefinite(control: i32): u64 {
  setFlags(control & INVALID ? INVALID : INVALID | NO_RESULT);
  decimalHigh = 0xffff;
  return 0xc000000000000000;
}
