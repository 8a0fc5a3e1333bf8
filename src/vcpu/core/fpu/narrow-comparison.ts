/** MIN, MAX, CMPxx and COMISx in single and double precision (Intel SDM vol. 2A). */
import { CLASS_QUIET, CLASS_SIGNALING, CLASS_ZERO } from './extended';
import { isNegative, noteDenormals, operandClass, signBit } from './narrow-operand';
import { INVALID } from './rounding';
import { raiseSimd } from './simd-context';

/** Relations, as bits so that a predicate is a set of them. */
export const RELATION_LESS: u32 = 1;
export const RELATION_EQUAL: u32 = 2;
export const RELATION_GREATER: u32 = 4;
export const RELATION_UNORDERED: u32 = 8;

/** For each predicate 0..15 the relations that satisfy it, a nibble each (SDM vol. 2A, CMPPD, table 3-1). */
const PREDICATE_RELATIONS: u64 = 0xf4650b9a7ced8312;
/** Predicates 0..15 that signal on a QNaN; 16..31 are the same relations with this turned round. */
const SIGNALING_PREDICATES: u32 = 0x6666;

/** The relation of a to b; a NaN raises invalid if it is signaling or `signaling` is set. */
export function narrowRelation(a: u64, b: u64, signaling: bool, bits: i32): u32 {
  const aClass = operandClass(a, bits);
  const bClass = operandClass(b, bits);
  if (aClass >= CLASS_QUIET || bClass >= CLASS_QUIET) {
    if (signaling || aClass === CLASS_SIGNALING || bClass === CLASS_SIGNALING) raiseSimd(INVALID);
    return RELATION_UNORDERED;
  }
  noteDenormals(aClass, bClass);
  if (aClass === CLASS_ZERO && bClass === CLASS_ZERO) return RELATION_EQUAL;
  const aNegative = isNegative(a, bits);
  const bNegative = isNegative(b, bits);
  const sign = signBit(bits);
  const aMagnitude = aClass === CLASS_ZERO ? 0 : a & (sign - 1);
  const bMagnitude = bClass === CLASS_ZERO ? 0 : b & (sign - 1);
  if (aNegative !== bNegative) return aNegative ? RELATION_LESS : RELATION_GREATER;
  if (aMagnitude === bMagnitude) return RELATION_EQUAL;
  return (aMagnitude < bMagnitude ? 1 : 0) !== aNegative ? RELATION_LESS : RELATION_GREATER;
}

/** Whether a predicate (0..31) holds between a and b. */
export function narrowCompare(a: u64, b: u64, predicate: u32, bits: i32): bool {
  const signaling = ((SIGNALING_PREDICATES >> (predicate & 15)) ^ (predicate >> 4)) & 1;
  const relation = narrowRelation(a, b, signaling !== 0, bits);
  return (u32(PREDICATE_RELATIONS >> ((predicate & 15) * 4)) & relation) !== 0;
}

/** An operand as MIN and MAX deliver it: under DAZ a denormal is a zero. */
function delivered(value: u64, bits: i32): u64 {
  return operandClass(value, bits) === CLASS_ZERO ? value & signBit(bits) : value;
}

/** MIN, or MAX: b whenever a is not strictly smaller (greater), which covers NaNs (invalid) and two zeros. */
export function narrowExtreme(a: u64, b: u64, maximum: bool, bits: i32): u64 {
  const relation = narrowRelation(a, b, true, bits);
  return delivered(relation === (maximum ? RELATION_GREATER : RELATION_LESS) ? a : b, bits);
}
