/** Emits the lazy flags of a region: setting them, and conditions on them (SDM vol. 1, appendix B). */
import { type Emitter, KIND_RAW, UNKNOWN, UNKNOWN_FLAGS } from './emitter.ts';
import * as L from './locals.ts';
import * as O from './ops.ts';

/** Kinds of lazy flags, as in core/region.ts; the operand size is added above KIND_SIZE_SHIFT. */
export const KIND_LOGIC = 1;
export const KIND_ADD = 2;
export const KIND_SUB = 3;
export const KIND_SHL = 4;
export const KIND_SHR = 5;
export const KIND_SAR = 6;
export const KIND_IMUL = 7;
const KIND_SIZE_SHIFT = 4;
const KIND_MASK = 15;
const CARRY_AND_OVERFLOW = 2;

/** Condition numbers, without the bit that negates them. */
const BELOW = 1;
const EQUAL = 2;
const BELOW_OR_EQUAL = 3;
const SIGN = 4;
const PARITY = 5;
const LESS = 6;
const LESS_OR_EQUAL = 7;

function setKind(e: Emitter, kind: number, size: number): void {
  e.w.i32(kind | (size << KIND_SIZE_SHIFT));
  e.w.set(L.FLAG_KIND);
}

function dropCarry(e: Emitter): void {
  if (e.flags.carry !== 'none') {
    e.w.i32(-1);
    e.w.set(L.FLAG_CARRY);
  }
}

/** Pushes local `narrow` or `wide`, as i64. */
function pushWide(e: Emitter, size: number, narrow: number, wide: number): void {
  if (size === 3) {
    e.w.get(wide);
  } else {
    e.w.get(narrow);
    e.w.byte(O.I64_EXTEND_I32_U);
  }
}

function setOperands(e: Emitter, size: number): void {
  pushWide(e, size, L.A32, L.A64);
  e.w.set(L.FLAG_A);
  pushWide(e, size, L.B32, L.B64);
  e.w.set(L.FLAG_B);
}

function setResult(e: Emitter, size: number): void {
  pushWide(e, size, L.R32, L.R64);
  e.w.set(L.FLAG_RESULT);
}

/** Flags of the result in R32 or R64, of the operands in A and B. `isPlain`: of an addition or subtraction without carry. */
export function setFlags(e: Emitter, kind: number, size: number, isPlain = false): void {
  setKind(e, kind, size);
  if (kind !== KIND_LOGIC) setOperands(e, size);
  setResult(e, size);
  dropCarry(e);
  e.flags = { kind: kind | (size << KIND_SIZE_SHIFT), isPlain, carry: 'none' };
}

/** Flags of INC (KIND_ADD) and DEC (KIND_SUB), whose operand B is 1: the carry, taken by saveCarry() before, stays. */
export function setFlagsKeepingCarry(e: Emitter, kind: number, size: number): void {
  setKind(e, kind, size);
  setOperands(e, size);
  setResult(e, size);
  e.flags = { kind: kind | (size << KIND_SIZE_SHIFT), isPlain: true, carry: 'value' };
}

/** Makes FLAG_CARRY the carry: 0 or 1. */
export function saveCarry(e: Emitter): void {
  if (e.flags.carry === 'value') return;
  pushCarry(e);
  e.w.set(L.FLAG_CARRY);
}

/** Pushes the carry as i32. */
export function pushCarry(e: Emitter): void {
  const { w } = e;
  if (e.flags.carry === 'value') {
    w.get(L.FLAG_CARRY);
    return;
  }
  if (e.flags.carry === 'any') {
    w.get(L.FLAG_CARRY);
    w.i32(CARRY_AND_OVERFLOW);
    w.byte(O.I32_LT_U);
    w.hint(true);
    w.if(0x7f);
    w.get(L.FLAG_CARRY);
    w.else();
    pushGeneral(e, BELOW * 2);
    w.end();
    return;
  }
  pushCondition(e, BELOW * 2);
}

/** Pops an i32 of 0 or 1 that becomes the carry; overflow and the rest stay. */
export function popCarry(e: Emitter): void {
  const { w } = e;
  if (e.flags.carry === 'any') {
    // An overriding overflow stays in its bit beside the carry.
    w.set(L.X32);
    w.get(L.X32);
    w.get(L.FLAG_CARRY);
    w.i32(-2);
    w.byte(O.I32_AND);
    w.get(L.X32);
    w.byte(O.I32_OR);
    w.get(L.FLAG_CARRY);
    w.i32(-1);
    w.byte(O.I32_EQ);
    w.byte(O.OP_SELECT);
    w.set(L.FLAG_CARRY);
    return;
  }
  w.set(L.FLAG_CARRY);
  e.flags = { ...e.flags, carry: 'value' };
}

/** Pops overflow, then carry (i32 each, 0 or 1), which override those of the lazy state: rotates. */
export function popCarryAndOverflow(e: Emitter): void {
  const { w } = e;
  w.i32(2);
  w.byte(O.I32_SHL);
  w.byte(O.I32_OR);
  w.i32(CARRY_AND_OVERFLOW);
  w.byte(O.I32_OR);
  w.set(L.FLAG_CARRY);
  e.flags = { ...e.flags, carry: 'any' };
}

/** Pops AUX (i32) and makes the flags raw, with the sign-extended result in R64. */
export function popRaw(e: Emitter): void {
  const { w } = e;
  w.byte(O.I64_EXTEND_I32_U);
  w.set(L.FLAG_A);
  w.get(L.R64);
  w.set(L.FLAG_RESULT);
  w.i32(KIND_RAW);
  w.set(L.FLAG_KIND);
  dropCarry(e);
  e.flags = { kind: KIND_RAW, isPlain: false, carry: 'none' };
}

/** Nothing is known of the flags any more: paths with different ones have met. */
export function forgetFlags(e: Emitter): void {
  e.flags = UNKNOWN_FLAGS;
}

function pushGeneral(e: Emitter, condition: number): void {
  const { w } = e;
  w.get(L.FLAG_KIND);
  w.get(L.FLAG_A);
  w.get(L.FLAG_B);
  w.get(L.FLAG_RESULT);
  w.get(L.FLAG_CARRY);
  w.i32(condition);
  w.call(L.FLAG_CONDITION);
}

function negateIf(e: Emitter, condition: number): void {
  if ((condition & 1) !== 0) e.w.byte(O.I32_EQZ);
}

/** Pushes FLAG_RESULT, sign-extended to i32 (size below 3) or as i64. */
function pushSigned(e: Emitter, size: number, local: number): void {
  const { w } = e;
  w.get(local);
  if (size === 3) return;
  w.byte(O.I32_WRAP_I64);
  if (size === 0) w.byte(O.I32_EXTEND8_S);
  else if (size === 1) w.byte(O.I32_EXTEND16_S);
}

function pushUnsigned(e: Emitter, size: number, local: number): void {
  const { w } = e;
  w.get(local);
  if (size === 3) return;
  w.byte(O.I32_WRAP_I64);
  if (size < 2) {
    w.i32(size === 0 ? 0xff : 0xffff);
    w.byte(O.I32_AND);
  }
}

/** Comparison opcodes of a plain subtraction by condition: i32 and i64, and whether the operands are signed. */
const COMPARISONS = new Map<number, readonly [number, number, boolean]>([
  [0x2, [O.I32_LT_U, O.I64_LT_U, false]],
  [0x3, [O.I32_GE_U, O.I64_GE_U, false]],
  [0x4, [O.I32_EQ, O.I64_EQ, false]],
  [0x5, [O.I32_NE, O.I64_NE, false]],
  [0x6, [O.I32_LE_U, O.I64_LE_U, false]],
  [0x7, [O.I32_GT_U, O.I64_GT_U, false]],
  [0xc, [O.I32_LT_S, O.I64_LT_S, true]],
  [0xd, [O.I32_GE_S, O.I64_GE_S, true]],
  [0xe, [O.I32_LE_S, O.I64_LE_S, true]],
  [0xf, [O.I32_GT_S, O.I64_GT_S, true]],
]);

/** Pushes whether `condition` (0 to 15) holds, as i32. */
export function pushCondition(e: Emitter, condition: number): void {
  const { kind, isPlain, carry } = e.flags;
  const size = kind >> KIND_SIZE_SHIFT;
  const operation = kind & KIND_MASK;
  if (kind === UNKNOWN || operation === KIND_RAW) {
    pushOfUnknown(e, condition);
    return;
  }
  const comparison = COMPARISONS.get(condition);
  // An overriding carry leaves equality and the signed comparisons as they are; an overriding overflow does not.
  const usesCarry = condition >> 1 === BELOW || condition >> 1 === BELOW_OR_EQUAL;
  const mayCompare = carry === 'none' || (carry === 'value' && !usesCarry);
  if (operation === KIND_SUB && isPlain && comparison !== undefined && mayCompare) {
    const [narrow, wide, isSigned] = comparison;
    const push = isSigned ? pushSigned : pushUnsigned;
    push(e, size, L.FLAG_A);
    push(e, size, L.FLAG_B);
    e.w.byte(size === 3 ? wide : narrow);
    return;
  }
  pushOfResult(e, condition, operation, size);
}

/** Conditions that the result's zero, sign or parity decide; others are computed in general. */
function pushOfResult(e: Emitter, condition: number, operation: number, size: number): void {
  const { w } = e;
  const isLogic = operation === KIND_LOGIC && e.flags.carry === 'none';
  const isAddition = operation === KIND_ADD && e.flags.isPlain && e.flags.carry === 'none';
  switch (condition >> 1) {
    case EQUAL:
      pushSigned(e, size, L.FLAG_RESULT);
      w.byte(size === 3 ? O.I64_EQZ : O.I32_EQZ);
      break;
    case SIGN:
      pushSignOf(e, size);
      break;
    case PARITY:
      w.get(L.FLAG_RESULT);
      w.byte(O.I32_WRAP_I64);
      w.i32(0xff);
      w.byte(O.I32_AND);
      w.byte(O.I32_POPCNT);
      w.i32(1);
      w.byte(O.I32_AND);
      w.byte(O.I32_EQZ);
      break;
    case BELOW:
      if (isLogic) w.i32(0);
      else if (isAddition) {
        pushUnsigned(e, size, L.FLAG_RESULT);
        pushUnsigned(e, size, L.FLAG_A);
        w.byte(size === 3 ? O.I64_LT_U : O.I32_LT_U);
      } else {
        pushGeneral(e, condition);
        return;
      }
      break;
    case BELOW_OR_EQUAL:
      if (!isLogic) {
        pushGeneral(e, condition);
        return;
      }
      pushSigned(e, size, L.FLAG_RESULT);
      w.byte(size === 3 ? O.I64_EQZ : O.I32_EQZ);
      break;
    case LESS:
      if (!isLogic) {
        pushGeneral(e, condition);
        return;
      }
      pushSignOf(e, size);
      break;
    case LESS_OR_EQUAL:
      if (!isLogic) {
        pushGeneral(e, condition);
        return;
      }
      pushSigned(e, size, L.FLAG_RESULT);
      if (size === 3) w.i64(0);
      else w.i32(0);
      w.byte(size === 3 ? O.I64_LE_S : O.I32_LE_S);
      break;
    default:
      if (!isLogic) {
        pushGeneral(e, condition);
        return;
      }
      w.i32(0);
  }
  negateIf(e, condition);
}

function pushSignOf(e: Emitter, size: number): void {
  const { w } = e;
  pushSigned(e, size, L.FLAG_RESULT);
  if (size === 3) w.i64(0);
  else w.i32(0);
  w.byte(size === 3 ? O.I64_LT_S : O.I32_LT_S);
}

/** Of raw flags the zero flag alone is cheap; the size of unknown ones is unknown. */
function pushOfUnknown(e: Emitter, condition: number): void {
  if (e.flags.kind === KIND_RAW && condition >> 1 === EQUAL) {
    e.w.get(L.FLAG_RESULT);
    e.w.byte(O.I64_EQZ);
    negateIf(e, condition);
    return;
  }
  pushGeneral(e, condition);
}
