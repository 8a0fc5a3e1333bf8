/** FCOM, FUCOM, FTST and FXAM (Intel SDM vol. 2A); relations come back as C3, C2, C0. */
import {
  CLASS_DENORMAL,
  CLASS_INFINITY,
  CLASS_NORMAL,
  CLASS_QUIET,
  CLASS_SIGNALING,
  CLASS_UNSUPPORTED,
  CLASS_ZERO,
  CONDITION_0,
  CONDITION_1,
  CONDITION_2,
  CONDITION_3,
  classOf,
  NO_RESULT,
  setFlags,
} from './extended';
import { DENORMAL, INVALID } from './rounding';

const UNORDERED: i32 = CONDITION_3 | CONDITION_2 | CONDITION_0;

/**
 * Compares a with b: greater is 0, less C0, equal C3, unordered all three. `quiet` (FUCOM) lets QNaNs pass without
 * the invalid exception.
 */
export function extendedCompare(aSe: u32, a: u64, bSe: u32, b: u64, quiet: bool, control: i32): void {
  const aClass = classOf(aSe, a);
  const bClass = classOf(bSe, b);
  if (aClass >= CLASS_QUIET || bClass >= CLASS_QUIET) {
    const invalid = !quiet || aClass >= CLASS_SIGNALING || bClass >= CLASS_SIGNALING;
    let flags = UNORDERED;
    if (invalid) flags |= control & INVALID ? INVALID : INVALID | NO_RESULT;
    setFlags(flags);
    return;
  }
  let flags = relation(aSe, a, aClass, bSe, b, bClass);
  if (aClass === CLASS_DENORMAL || bClass === CLASS_DENORMAL) {
    flags |= control & DENORMAL ? DENORMAL : DENORMAL | NO_RESULT;
  }
  setFlags(flags);
}

function relation(aSe: u32, a: u64, aClass: i32, bSe: u32, b: u64, bClass: i32): i32 {
  if (aClass === CLASS_ZERO && bClass === CLASS_ZERO) return CONDITION_3;
  const aNegative = aSe >> 15;
  const bNegative = bSe >> 15;
  if (aNegative !== bNegative) return aNegative ? CONDITION_0 : 0;
  // A pseudo-denormal's exponent counts as 1.
  const aExponent = aSe === bSe ? 0 : magnitudeExponent(aSe, aClass);
  const bExponent = aSe === bSe ? 0 : magnitudeExponent(bSe, bClass);
  if (aExponent === bExponent && a === b) return CONDITION_3;
  const less = aExponent < bExponent || (aExponent === bExponent && a < b);
  return (less ? 1 : 0) !== i32(aNegative) ? CONDITION_0 : 0;
}

function magnitudeExponent(se: u32, kind: i32): u32 {
  return kind === CLASS_DENORMAL ? 1 : se & 0x7fff;
}

/** FXAM: the class of a non-empty register in C3, C2, C0 and its sign in C1. */
export function extendedExamine(se: u32, significand: u64): i32 {
  const sign = se >> 15 ? CONDITION_1 : 0;
  switch (classOf(se, significand)) {
    case CLASS_ZERO:
      return sign | CONDITION_3;
    case CLASS_DENORMAL:
      return sign | CONDITION_3 | CONDITION_2;
    case CLASS_NORMAL:
      return sign | CONDITION_2;
    case CLASS_INFINITY:
      return sign | CONDITION_2 | CONDITION_0;
    case CLASS_UNSUPPORTED:
      return sign;
    default:
      return sign | CONDITION_0;
  }
}
