/** Single and double encodings taken apart, and the NaN rules of SSE (Intel SDM vol. 1, 4.8.3.5, table 4-7). */
import {
  CLASS_DENORMAL,
  CLASS_INFINITY,
  CLASS_NORMAL,
  CLASS_QUIET,
  CLASS_SIGNALING,
  CLASS_ZERO,
} from './extended';
import { DOUBLE_BITS, SINGLE_BITS } from './narrow';
import { DENORMAL, INVALID } from './rounding';
import { MXCSR_DAZ, raiseSimd, simdControl } from './simd-context';
import { EXTENDED_BIAS } from './unrounded';

/** Sign bit of the format with that many significand bits. */
export function signBit(bits: i32): u64 {
  return bits === DOUBLE_BITS ? 0x8000000000000000 : bits === SINGLE_BITS ? 0x80000000 : 0x8000;
}

/** Encoding of +infinity. */
export function infinityOf(bits: i32): u64 {
  return bits === DOUBLE_BITS ? 0x7ff0000000000000 : bits === SINGLE_BITS ? 0x7f800000 : 0x7c00;
}

/** The bit that tells a quiet NaN. */
export function quietBit(bits: i32): u64 {
  return u64(1) << (bits - 2);
}

/** The NaN of an invalid operation: negative, quiet, no payload. */
export function indefiniteOf(bits: i32): u64 {
  return signBit(bits) | infinityOf(bits) | quietBit(bits);
}

/** 1 if the encoding's sign is set. */
export function isNegative(value: u64, bits: i32): u32 {
  return u32((value & signBit(bits)) !== 0);
}

/** The class of an encoding as it stands, denormals included. */
export function narrowClass(value: u64, bits: i32): i32 {
  const infinity = infinityOf(bits);
  const magnitude = value & (signBit(bits) - 1);
  if (magnitude < infinity) {
    if (magnitude >> (bits - 1)) return CLASS_NORMAL;
    return magnitude === 0 ? CLASS_ZERO : CLASS_DENORMAL;
  }
  if (magnitude === infinity) return CLASS_INFINITY;
  return magnitude & quietBit(bits) ? CLASS_QUIET : CLASS_SIGNALING;
}

/** The class under the running instruction's DAZ: a denormal may count as zero. */
export function operandClass(value: u64, bits: i32): i32 {
  const kind = narrowClass(value, bits);
  return kind === CLASS_DENORMAL && simdControl & MXCSR_DAZ ? CLASS_ZERO : kind;
}

/** Extended-biased exponent of a finite non-zero encoding, as of a normalised significand. */
export function narrowExponent(value: u64, bits: i32): i32 {
  const magnitude = value & (signBit(bits) - 1);
  const rebias = EXTENDED_BIAS - i32((infinityOf(bits) >> (bits - 1)) >> 1);
  const field = i32(magnitude >> (bits - 1));
  if (field !== 0) return field + rebias;
  return rebias + 64 - bits + 1 - i32(clz<u64>(magnitude));
}

/** Significand of a finite non-zero encoding with its leading one at bit 63. */
export function narrowSignificand(value: u64, bits: i32): u64 {
  const magnitude = value & (signBit(bits) - 1);
  if (magnitude >> (bits - 1)) return (magnitude << (64 - bits)) | 0x8000000000000000;
  return magnitude << clz<u64>(magnitude);
}

/** A NaN made quiet. */
export function quieted(value: u64, bits: i32): u64 {
  return value | quietBit(bits);
}

/** Raises invalid and gives the indefinite NaN. */
export function invalidSimd(bits: i32): u64 {
  raiseSimd(INVALID);
  return indefiniteOf(bits);
}

/** The NaN of two operands of which one is a NaN: the first one that is, quieted; an SNaN among them is invalid. */
export function chooseNan(a: u64, aClass: i32, b: u64, bClass: i32, bits: i32): u64 {
  if (aClass === CLASS_SIGNALING || bClass === CLASS_SIGNALING) raiseSimd(INVALID);
  return quieted(aClass >= CLASS_QUIET ? a : b, bits);
}

/** Raises the denormal exception if one of two classes asks for it. */
export function noteDenormals(aClass: i32, bClass: i32): void {
  if (aClass === CLASS_DENORMAL || bClass === CLASS_DENORMAL) raiseSimd(DENORMAL);
}
