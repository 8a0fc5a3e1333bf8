/**
 * Emits scalar SSE floating point on WebAssembly's own. That gives what x86 gives, and nothing new in MXCSR, while MXCSR is
 * quiet (locals.ts, QUIET), no operand is a denormal, an infinity or a NaN, and no result may have over- or underflowed.
 * Anything else is the interpreter's. An infinity or a NaN shows in the result, so that operands are only looked at for
 * denormals, and not even for these where a check before has done so (Emitter.normalDoubles).
 */
import { type Emitter, KIND_RAW, RAW_FLAGS } from './emitter.ts';
import { guarded } from './guard.ts';
import { hasPlainAddress, PREFIX_66, PREFIX_F2, PREFIX_F3, PREFIX_NONE } from './instruction.ts';
import * as L from './locals.ts';
import * as O from './ops.ts';
import { emitPackedFloat } from './packed-float.ts';

const ADD = 0x58;
const MUL = 0x59;
const SUB = 0x5c;
const MIN = 0x5d;
const DIV = 0x5e;
const MAX = 0x5f;
const SQRT = 0x51;

/** Smallest normal number, next above it, and infinity, as bits without a sign. */
const DOUBLE_SMALLEST = 0x0010000000000000n;
const DOUBLE_INFINITY = 0x7ff0000000000000n;
const SINGLE_SMALLEST = 0x00800000;
const SINGLE_INFINITY = 0x7f800000;

/** Opcodes and locals of one precision. */
interface Precision {
  readonly size: number;
  readonly x: number;
  readonly y: number;
  readonly r: number;
  readonly extract: number;
  readonly replace: number;
  readonly fromBits: number;
  readonly arithmetic: ReadonlyMap<number, number>;
  readonly eq: number;
  readonly lt: number;
  readonly gt: number;
  readonly abs: number;
}

const DOUBLE: Precision = {
  size: 3,
  x: L.DX,
  y: L.DY,
  r: L.DR,
  extract: O.F64X2_EXTRACT,
  replace: O.F64X2_REPLACE,
  fromBits: O.F64_REINTERPRET_I64,
  arithmetic: new Map([
    [ADD, O.F64_ADD],
    [MUL, O.F64_MUL],
    [SUB, O.F64_SUB],
    [DIV, O.F64_DIV],
  ]),
  eq: O.F64_EQ,
  lt: O.F64_LT,
  gt: O.F64_GT,
  abs: O.F64_ABS,
};
const SINGLE: Precision = {
  size: 2,
  x: L.SX,
  y: L.SY,
  r: L.SR,
  extract: O.F32X4_EXTRACT,
  replace: O.F32X4_REPLACE,
  fromBits: O.F32_REINTERPRET_I32,
  arithmetic: new Map([
    [ADD, O.F32_ADD],
    [MUL, O.F32_MUL],
    [SUB, O.F32_SUB],
    [DIV, O.F32_DIV],
  ]),
  eq: O.F32_EQ,
  lt: O.F32_LT,
  gt: O.F32_GT,
  abs: O.F32_ABS,
};

/** Pushes the scalar operand rm. */
function pushScalar(e: Emitter, p: Precision): void {
  const { w, instruction } = e;
  if (instruction.isMemory) {
    e.pushAddress();
    e.read(p.size);
    w.byte(p.fromBits);
  } else {
    e.pushVector(instruction.rm);
    w.simdLane(p.extract, 0);
  }
}

/** Pushes whether the number in a local is normal and finite, and not the smallest such number. */
function pushIsNormal(e: Emitter, p: Precision, local: number): void {
  const { w } = e;
  w.get(local);
  if (p === DOUBLE) {
    w.byte(O.I64_REINTERPRET_F64);
    w.i64(1);
    w.byte(O.I64_SHL);
    w.i64((DOUBLE_SMALLEST + 1n) * 2n);
    w.byte(O.I64_SUB);
    w.i64((DOUBLE_INFINITY - DOUBLE_SMALLEST - 1n) * 2n);
    w.byte(O.I64_LT_U);
  } else {
    w.byte(O.I32_REINTERPRET_F32);
    w.i32(1);
    w.byte(O.I32_SHL);
    w.i32((SINGLE_SMALLEST + 1) * 2);
    w.byte(O.I32_SUB);
    w.i32((SINGLE_INFINITY - SINGLE_SMALLEST - 1) * 2);
    w.byte(O.I32_LT_U);
  }
}

function pushIsZero(e: Emitter, p: Precision, local: number): void {
  const { w } = e;
  w.get(local);
  if (p === DOUBLE) {
    w.byte(O.I64_REINTERPRET_F64);
    w.i64(1);
    w.byte(O.I64_SHL);
    w.byte(O.I64_EQZ);
  } else {
    w.byte(O.I32_REINTERPRET_F32);
    w.i32(1);
    w.byte(O.I32_SHL);
    w.byte(O.I32_EQZ);
  }
}

function pushIsNormalOrZero(e: Emitter, p: Precision, local: number): void {
  pushIsNormal(e, p, local);
  pushIsZero(e, p, local);
  e.w.byte(O.I32_OR);
}

/** Local of the smallest normal number, or of infinity. */
const least = (p: Precision): number => (p === DOUBLE ? L.DOUBLE_LEAST : L.SINGLE_LEAST);
const most = (p: Precision): number => (p === DOUBLE ? L.DOUBLE_MOST : L.SINGLE_MOST);

/** Emits a branch away if the number's magnitude is not above the smallest normal number. */
function failIfSmall(e: Emitter, p: Precision, local: number, fail: () => void): void {
  const { w } = e;
  w.get(local);
  w.byte(p.abs);
  w.get(least(p));
  w.byte(p.gt);
  w.byte(O.I32_EQZ);
  fail();
}

function failIfInfinite(e: Emitter, p: Precision, local: number, fail: () => void): void {
  const { w } = e;
  w.get(local);
  w.byte(p.abs);
  w.get(most(p));
  w.byte(p.lt);
  w.byte(O.I32_EQZ);
  fail();
}

function failUnlessQuiet(e: Emitter, fail: () => void): void {
  e.usesMxcsr = true;
  e.w.get(L.QUIET);
  e.w.byte(O.I32_EQZ);
  fail();
}

function isKnown(e: Emitter, p: Precision, register: number): boolean {
  return (((p === DOUBLE ? e.normalDoubles : e.normalSingles) >> register) & 1) !== 0;
}

/** Notes that the register's lowest element is normal or zero, unless the interpreter may have come back here. */
function know(e: Emitter, p: Precision, register: number): void {
  if (e.instruction.at === e.graph.first) return;
  if (p === DOUBLE) e.normalDoubles |= 1 << register;
  else e.normalSingles |= 1 << register;
}

const isOperandKnown = (e: Emitter, p: Precision): boolean =>
  !e.instruction.isMemory && isKnown(e, p, e.instruction.rm);

function knowOperand(e: Emitter, p: Precision): void {
  if (!e.instruction.isMemory) know(e, p, e.instruction.rm);
}

/** Reads the operands into the locals x (reg) and y (rm). */
function takeOperands(e: Emitter, p: Precision): void {
  const { w } = e;
  pushScalar(e, p);
  w.set(p.y);
  e.pushVector(e.instruction.reg);
  w.simdLane(p.extract, 0);
  w.set(p.x);
}

/** Puts the result in the register's lowest element. */
function storeResult(e: Emitter, p: Precision): void {
  const { w, instruction } = e;
  e.pushVector(instruction.reg);
  w.get(p.r);
  w.simdLane(p.replace, 0);
  e.popVector(instruction.reg);
}

/** Pushes whether an operand that no check has seen is normal or zero. */
function pushIsUsable(e: Emitter, p: Precision, local: number, known: boolean): void {
  if (known) e.w.i32(1);
  else pushIsNormalOrZero(e, p, local);
}

/** reg = reg operation rm in the lowest element. */
function arithmetic(e: Emitter, p: Precision, operation: number): void {
  const { w, instruction } = e;
  const isXKnown = isKnown(e, p, instruction.reg);
  const isYKnown = isOperandKnown(e, p);
  takeOperands(e, p);
  w.get(p.x);
  w.get(p.y);
  w.byte(p.arithmetic.get(operation) ?? O.F64_ADD);
  w.set(p.r);
  guarded(e, {
    checks: (fail) => {
      failUnlessQuiet(e, fail);
      if (!isXKnown) failIfSmall(e, p, p.x, fail);
      if (!isYKnown) failIfSmall(e, p, p.y, fail);
      failIfSmall(e, p, p.r, fail);
      failIfInfinite(e, p, p.r, fail);
    },
    pushIsHarmless: () => pushIsExactZero(e, p, operation, isXKnown, isYKnown),
    reload: { vectors: true },
    commit: () => storeResult(e, p),
  });
  know(e, p, instruction.reg);
  knowOperand(e, p);
}

/** Pushes whether zeros among operands and result are harmless: that of a product or quotient must come from an operand. */
function pushIsExactZero(
  e: Emitter,
  p: Precision,
  operation: number,
  isXKnown: boolean,
  isYKnown: boolean,
): void {
  const { w } = e;
  w.get(L.QUIET);
  pushIsUsable(e, p, p.x, isXKnown);
  w.byte(O.I32_AND);
  if (operation === DIV) pushIsNormal(e, p, p.y);
  else pushIsUsable(e, p, p.y, isYKnown);
  w.byte(O.I32_AND);
  pushIsNormalOrZero(e, p, p.r);
  w.byte(O.I32_AND);
  if (operation !== MUL && operation !== DIV) return;
  pushIsNormal(e, p, p.r);
  pushIsZero(e, p, p.x);
  w.byte(O.I32_OR);
  if (operation === MUL) {
    pushIsZero(e, p, p.y);
    w.byte(O.I32_OR);
  }
  w.byte(O.I32_AND);
}

/** MIN and MAX give the second operand unless the first is less (greater); only NaNs and denormals leave traces. */
function minimum(e: Emitter, p: Precision, operation: number): void {
  const { w, instruction } = e;
  const isXKnown = isKnown(e, p, instruction.reg);
  const isYKnown = isOperandKnown(e, p);
  e.usesMxcsr = true;
  takeOperands(e, p);
  w.get(p.x);
  w.get(p.y);
  w.get(operation === MIN ? p.x : p.y);
  w.get(operation === MIN ? p.y : p.x);
  w.byte(p.lt);
  w.byte(O.OP_SELECT);
  w.set(p.r);
  guarded(e, {
    checks: (fail) => {
      for (const [local, known] of [
        [p.x, isXKnown],
        [p.y, isYKnown],
      ] as const) {
        if (known) continue;
        failIfSmall(e, p, local, fail);
        failIfInfinite(e, p, local, fail);
      }
    },
    pushIsHarmless: () => pushAreUsable(e, p, isXKnown, isYKnown),
    reload: { vectors: true },
    commit: () => storeResult(e, p),
  });
  know(e, p, instruction.reg);
  knowOperand(e, p);
}

function pushAreUsable(e: Emitter, p: Precision, isXKnown: boolean, isYKnown: boolean): void {
  pushIsUsable(e, p, p.x, isXKnown);
  pushIsUsable(e, p, p.y, isYKnown);
  e.w.byte(O.I32_AND);
}

function squareRoot(e: Emitter, p: Precision): void {
  const { w, instruction } = e;
  pushScalar(e, p);
  w.tee(p.x);
  w.byte(p === DOUBLE ? O.F64_SQRT : O.F32_SQRT);
  w.set(p.r);
  guarded(e, {
    checks: (fail) => {
      failUnlessQuiet(e, fail);
      failIfSmall(e, p, p.x, fail);
      failIfInfinite(e, p, p.r, fail);
    },
    pushIsHarmless: () => {
      w.get(L.QUIET);
      pushIsZero(e, p, p.x);
      w.byte(O.I32_AND);
    },
    reload: { vectors: true },
    commit: () => storeResult(e, p),
  });
  know(e, p, instruction.reg);
  knowOperand(e, p);
}

/** COMIS and UCOMIS of numbers: ZF equal, CF less, the rest 0; raw flags as core/flags.ts has them. */
function compare(e: Emitter, p: Precision): void {
  const isXKnown = isKnown(e, p, e.instruction.reg);
  const isYKnown = isOperandKnown(e, p);
  e.usesMxcsr = true;
  takeOperands(e, p);
  guarded(e, {
    checks: (fail) => {
      if (!isXKnown) failIfSmall(e, p, p.x, fail);
      if (!isYKnown) failIfSmall(e, p, p.y, fail);
    },
    pushIsHarmless: () => pushAreUsable(e, p, isXKnown, isYKnown),
    reload: { vectors: true, flags: true },
    commit: () => setComparisonFlags(e, p),
  });
  // Both ways leave raw flags.
  e.flags = RAW_FLAGS;
}

function setComparisonFlags(e: Emitter, p: Precision): void {
  const { w } = e;
  w.get(p.x);
  w.get(p.y);
  w.byte(p.lt);
  w.set(L.X32);
  // A result of 0 is even, which would be PF: bit 8 of AUX turns it.
  w.i64(FLOAT_LESS);
  w.i64(FLOAT_EQUAL);
  w.i64(0);
  w.get(p.x);
  w.get(p.y);
  w.byte(p.eq);
  w.byte(O.OP_SELECT);
  w.get(L.X32);
  w.byte(O.OP_SELECT);
  w.set(L.FLAG_A);
  w.get(p.x);
  w.get(p.y);
  w.byte(p.eq);
  w.byte(O.I32_EQZ);
  w.byte(O.I64_EXTEND_I32_U);
  w.set(L.FLAG_RESULT);
  w.i32(KIND_RAW);
  w.set(L.FLAG_KIND);
  w.i32(-1);
  w.set(L.FLAG_CARRY);
}

/** AUX: carry out of and into the sign bit, so that overflow is 0; the parity of result 0. */
const FLOAT_LESS = 0xc0000000n;
const FLOAT_EQUAL = 0x100n;

/** CVTSI2SD, and CVTSI2SS of what needs no rounding or may be rounded quietly. */
function fromInteger(e: Emitter, p: Precision): void {
  const { w, instruction } = e;
  const isWide = instruction.size === 3;
  const width = isWide ? 3 : 2;
  const isExact = p === DOUBLE && !isWide;
  e.usesMxcsr = true;
  if (instruction.isMemory) {
    e.pushAddress();
    e.read(width);
  } else {
    e.pushOperand(instruction.rm, width);
  }
  if (p === DOUBLE) w.byte(isWide ? O.F64_CONVERT_I64_S : O.F64_CONVERT_I32_S);
  else w.byte(isWide ? O.F32_CONVERT_I64_S : O.F32_CONVERT_I32_S);
  w.set(p.r);
  if (isExact) {
    storeResult(e, p);
    know(e, p, instruction.reg);
    return;
  }
  guarded(e, {
    checks: (fail) => failUnlessQuiet(e, fail),
    reload: { vectors: true },
    commit: () => storeResult(e, p),
  });
  know(e, p, instruction.reg);
}

/** CVTTSD2SI of numbers that fit 32 bits. */
function truncate(e: Emitter): void {
  const { w, instruction } = e;
  const isWide = instruction.size === 3;
  e.usesMxcsr = true;
  pushScalar(e, DOUBLE);
  w.set(L.DX);
  guarded(e, {
    checks: (fail) => {
      failUnlessQuiet(e, fail);
      w.get(L.DX);
      w.byte(O.F64_ABS);
      pushDouble(e, isWide ? 9.2e18 : 2147483647);
      w.byte(O.F64_LT);
      w.byte(O.I32_EQZ);
      fail();
    },
    reload: { vectors: true, registers: true },
    commit: () => {
      w.get(L.DX);
      w.byte(isWide ? O.I64_TRUNC_F64_S : O.I32_TRUNC_F64_S);
      e.popOperand(instruction.reg, isWide ? 3 : 2);
    },
  });
}

function pushDouble(e: Emitter, value: number): void {
  const bytes = new Uint8Array(new Float64Array([value]).buffer);
  e.w.byte(0x44);
  e.w.bytes(bytes);
}

/** CVTSD2SS and CVTSS2SD. */
function convertPrecision(e: Emitter, from: Precision, to: Precision): void {
  const { w, instruction } = e;
  e.usesMxcsr = true;
  pushScalar(e, from);
  w.tee(from.x);
  w.byte(to === DOUBLE ? O.F64_PROMOTE_F32 : O.F32_DEMOTE_F64);
  w.set(to.r);
  guarded(e, {
    checks: (fail) => {
      if (to === SINGLE) failUnlessQuiet(e, fail);
      failIfSmall(e, from, from.x, fail);
      if (to === SINGLE) failIfSmall(e, to, to.r, fail);
      failIfInfinite(e, to, to.r, fail);
    },
    pushIsHarmless: () => {
      pushIsZero(e, from, from.x);
      if (to === DOUBLE) return;
      w.get(L.QUIET);
      w.byte(O.I32_AND);
    },
    reload: { vectors: true },
    commit: () => storeResult(e, to),
  });
  know(e, to, instruction.reg);
}

/** Emits a floating-point instruction of the 0F map by its opcode; false, with nothing emitted, if it is the interpreter's. */
export function emitFloat(e: Emitter, opcode: number): boolean {
  const { instruction } = e;
  const { prefix } = instruction;
  if (instruction.isMemory && !hasPlainAddress(instruction)) return false;
  const scalar = prefix === PREFIX_F2 ? DOUBLE : prefix === PREFIX_F3 ? SINGLE : undefined;
  if (opcode === 0x2e || opcode === 0x2f) {
    if (prefix !== PREFIX_66 && prefix !== PREFIX_NONE) return false;
    compare(e, prefix === PREFIX_66 ? DOUBLE : SINGLE);
    return true;
  }
  if (scalar === undefined) {
    return emitPackedFloat(e, opcode);
  }
  switch (opcode) {
    case ADD:
    case MUL:
    case SUB:
    case DIV:
      arithmetic(e, scalar, opcode);
      return true;
    case MIN:
    case MAX:
      minimum(e, scalar, opcode);
      return true;
    case SQRT:
      squareRoot(e, scalar);
      return true;
    case 0x2a:
      fromInteger(e, scalar);
      return true;
    case 0x2c:
      if (scalar !== DOUBLE) return false;
      truncate(e);
      return true;
    case 0x5a:
      if (scalar === DOUBLE) convertPrecision(e, DOUBLE, SINGLE);
      else convertPrecision(e, SINGLE, DOUBLE);
      return true;
    default:
      return false;
  }
}
