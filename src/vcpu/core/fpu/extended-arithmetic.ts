/** FADD, FSUB, FMUL, FDIV, FSQRT on extended reals, rounded at the control word's precision. */
import {
  bothNormal,
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
  roundingOf,
  roundToPrecision,
  setFlags,
  setInfinity,
  setZero,
  stopsOnDenormal,
} from './extended';
import { ROUND_DOWN } from './rounding';
import {
  addUnrounded,
  divideUnrounded,
  multiplyUnrounded,
  squareRootUnrounded,
  unroundedHigh,
} from './unrounded';

/** a + b, or a - b if `subtract` is 1; a NaN operand keeps its sign either way. */
export function extendedAdd(aSe: u32, a: u64, bSe: u32, b: u64, subtract: u32, control: i32): void {
  setFlags(0);
  const aNegative = aSe >> 15;
  const bNegative = (bSe >> 15) ^ subtract;
  if (!bothNormal(aSe, a, bSe, b)) {
    const aClass = classOf(aSe, a);
    const bClass = classOf(bSe, b);
    if (addsSpecially(aSe, a, aClass, bSe, b, bClass, aNegative, bNegative, control)) return;
  }
  addUnrounded(
    aNegative,
    exponentOf(aSe, a),
    normalisedOf(a),
    0,
    bNegative,
    exponentOf(bSe, b),
    normalisedOf(b),
    0,
  );
  if (unroundedHigh === 0) setZero(u32(roundingOf(control) === ROUND_DOWN));
  else roundToPrecision(control);
}

/** Sums with a NaN, infinity, zero or denormal; false if the general path is to go on. */
function addsSpecially(
  aSe: u32,
  a: u64,
  aClass: i32,
  bSe: u32,
  b: u64,
  bClass: i32,
  aNegative: u32,
  bNegative: u32,
  control: i32,
): bool {
  if (aClass >= CLASS_QUIET || bClass >= CLASS_QUIET) {
    propagateTwo(aSe, a, aClass, bSe, b, bClass, control);
    return true;
  }
  if (aClass === CLASS_INFINITY && bClass === CLASS_INFINITY && aNegative !== bNegative) {
    respondInvalid(control);
    return true;
  }
  if ((aClass === CLASS_DENORMAL || bClass === CLASS_DENORMAL) && stopsOnDenormal(control)) return true;
  if (aClass === CLASS_INFINITY || bClass === CLASS_INFINITY) {
    setInfinity(aClass === CLASS_INFINITY ? aNegative : bNegative);
    return true;
  }
  if (aClass === CLASS_ZERO && bClass === CLASS_ZERO) {
    setZero(aNegative === bNegative ? aNegative : u32(roundingOf(control) === ROUND_DOWN));
    return true;
  }
  // A zero takes part in the general path as a significand of 0 with the other's exponent.
  if (aClass === CLASS_ZERO) {
    addUnrounded(bNegative, exponentOf(bSe, b), normalisedOf(b), 0, bNegative, exponentOf(bSe, b), 0, 0);
    roundToPrecision(control);
    return true;
  }
  if (bClass === CLASS_ZERO) {
    addUnrounded(aNegative, exponentOf(aSe, a), normalisedOf(a), 0, aNegative, exponentOf(aSe, a), 0, 0);
    roundToPrecision(control);
    return true;
  }
  return false;
}

/** a × b. */
export function extendedMultiply(aSe: u32, a: u64, bSe: u32, b: u64, control: i32): void {
  setFlags(0);
  const negative = (aSe ^ bSe) >> 15;
  if (!bothNormal(aSe, a, bSe, b)) {
    const aClass = classOf(aSe, a);
    const bClass = classOf(bSe, b);
    if (aClass >= CLASS_QUIET || bClass >= CLASS_QUIET) {
      propagateTwo(aSe, a, aClass, bSe, b, bClass, control);
      return;
    }
    const infinite = aClass === CLASS_INFINITY || bClass === CLASS_INFINITY;
    const zero = aClass === CLASS_ZERO || bClass === CLASS_ZERO;
    if (infinite && zero) {
      respondInvalid(control);
      return;
    }
    if ((aClass === CLASS_DENORMAL || bClass === CLASS_DENORMAL) && stopsOnDenormal(control)) return;
    if (infinite || zero) {
      if (infinite) setInfinity(negative);
      else setZero(negative);
      return;
    }
  }
  multiplyUnrounded(negative, exponentOf(aSe, a), normalisedOf(a), exponentOf(bSe, b), normalisedOf(b));
  roundToPrecision(control);
}

/** a ÷ b. */
export function extendedDivide(aSe: u32, a: u64, bSe: u32, b: u64, control: i32): void {
  setFlags(0);
  const negative = (aSe ^ bSe) >> 15;
  if (!bothNormal(aSe, a, bSe, b)) {
    const aClass = classOf(aSe, a);
    const bClass = classOf(bSe, b);
    if (aClass >= CLASS_QUIET || bClass >= CLASS_QUIET) {
      propagateTwo(aSe, a, aClass, bSe, b, bClass, control);
      return;
    }
    if (aClass === bClass && (aClass === CLASS_INFINITY || aClass === CLASS_ZERO)) {
      respondInvalid(control);
      return;
    }
    if (bClass === CLASS_ZERO && aClass !== CLASS_INFINITY) {
      respondZeroDivide(negative, control);
      return;
    }
    if ((aClass === CLASS_DENORMAL || bClass === CLASS_DENORMAL) && stopsOnDenormal(control)) return;
    if (aClass === CLASS_INFINITY) {
      setInfinity(negative);
      return;
    }
    if (aClass === CLASS_ZERO || bClass === CLASS_INFINITY) {
      setZero(negative);
      return;
    }
  }
  divideUnrounded(negative, exponentOf(aSe, a), normalisedOf(a), exponentOf(bSe, b), normalisedOf(b));
  roundToPrecision(control);
}

/** The square root of a; -0 is its own root, other negatives are invalid. */
export function extendedSquareRoot(aSe: u32, a: u64, control: i32): void {
  setFlags(0);
  const kind = classOf(aSe, a);
  if (kind >= CLASS_QUIET) {
    propagateOne(aSe, a, kind, control);
    return;
  }
  if (kind === CLASS_ZERO) {
    setZero(aSe >> 15);
    return;
  }
  if (aSe > EXPONENT_MASK) {
    respondInvalid(control);
    return;
  }
  if (kind === CLASS_INFINITY) {
    setInfinity(0);
    return;
  }
  if (kind === CLASS_DENORMAL && stopsOnDenormal(control)) return;
  squareRootUnrounded(exponentOf(aSe, a), normalisedOf(a));
  roundToPrecision(control);
}
