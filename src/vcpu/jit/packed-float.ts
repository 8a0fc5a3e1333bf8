/** Emits packed SSE floating point, under the same conditions as the scalar one (float.ts), for every element. */
import type { Emitter } from './emitter.ts';
import { guarded } from './guard.ts';
import { PREFIX_66, PREFIX_NONE } from './instruction.ts';
import * as L from './locals.ts';
import * as O from './ops.ts';

const SQRT = 0x51;
const MUL = 0x59;
const MIN = 0x5d;
const DIV = 0x5e;
const MAX = 0x5f;
const V128_AND = 0x4e;
const V128_OR = 0x50;

/** WebAssembly's opcodes for one element type. */
interface Lanes {
  readonly isDouble: boolean;
  readonly splat: number;
  readonly abs: number;
  readonly eq: number;
  readonly ne: number;
  readonly lt: number;
  readonly gt: number;
  readonly allTrue: number;
  /** pmin(a, b) is b < a ? b : a. */
  readonly pmin: number;
  readonly pmax: number;
  readonly sqrt: number;
  /** By x86's opcode. */
  readonly arithmetic: ReadonlyMap<number, number>;
}

const DOUBLES: Lanes = {
  isDouble: true,
  splat: 0x14,
  abs: 0xec,
  eq: 0x47,
  ne: 0x48,
  lt: 0x49,
  gt: 0x4a,
  allTrue: 0xc3,
  pmin: 0xf6,
  pmax: 0xf7,
  sqrt: 0xef,
  arithmetic: new Map([
    [0x58, 0xf0],
    [MUL, 0xf2],
    [0x5c, 0xf1],
    [DIV, 0xf3],
  ]),
};
const SINGLES: Lanes = {
  isDouble: false,
  splat: 0x13,
  abs: 0xe0,
  eq: 0x41,
  ne: 0x42,
  lt: 0x43,
  gt: 0x44,
  allTrue: 0xa3,
  pmin: 0xea,
  pmax: 0xeb,
  sqrt: 0xe3,
  arithmetic: new Map([
    [0x58, 0xe4],
    [MUL, 0xe6],
    [0x5c, 0xe5],
    [DIV, 0xe7],
  ]),
};

function pushLimit(e: Emitter, lanes: Lanes, isMost: boolean): void {
  const ofDouble = isMost ? L.DOUBLE_MOST : L.DOUBLE_LEAST;
  const ofSingle = isMost ? L.SINGLE_MOST : L.SINGLE_LEAST;
  e.w.get(lanes.isDouble ? ofDouble : ofSingle);
  e.w.simd(lanes.splat);
}

/** Pushes ones in the elements whose magnitude is above the smallest normal number. */
function pushAreLarge(e: Emitter, lanes: Lanes, push: () => void): void {
  push();
  e.w.simd(lanes.abs);
  pushLimit(e, lanes, false);
  e.w.simd(lanes.gt);
}

function pushAreFinite(e: Emitter, lanes: Lanes, push: () => void): void {
  push();
  e.w.simd(lanes.abs);
  pushLimit(e, lanes, true);
  e.w.simd(lanes.lt);
}

/** Pushes ones in the elements that are zero, or that are not. */
function pushCompareZero(e: Emitter, comparison: number, push: () => void): void {
  push();
  e.w.i64(0);
  e.w.simd(O.I64X2_SPLAT);
  e.w.simd(comparison);
}

/** Pushes ones in the elements that are normal or zero. */
function pushAreUsable(e: Emitter, lanes: Lanes, push: () => void): void {
  pushAreLarge(e, lanes, push);
  pushAreFinite(e, lanes, push);
  e.w.simd(V128_AND);
  pushCompareZero(e, lanes.eq, push);
  e.w.simd(V128_OR);
}

function isKnown(e: Emitter, lanes: Lanes, register: number): boolean {
  return lanes.isDouble && ((e.normalPairs >> register) & 1) !== 0;
}

/** Notes that all doubles of the register are normal or zero, unless the interpreter may have come back here. */
function know(e: Emitter, lanes: Lanes, register: number): void {
  if (!lanes.isDouble || e.instruction.at === e.graph.first) return;
  e.normalPairs |= 1 << register;
  e.normalDoubles |= 1 << register;
}

/** Makes VB the operand rm. */
function takeOperand(e: Emitter): void {
  const { w, instruction } = e;
  if (instruction.isMemory) {
    e.pushAddress();
    e.readVector(true);
  } else {
    e.pushVector(instruction.rm);
  }
  w.set(L.VB);
}

interface Operands {
  readonly x: () => void;
  readonly y: () => void;
  readonly r: () => void;
}

/** Pushes whether zeros are harmless: that of a product or quotient must come from an operand. */
function pushIsHarmless(e: Emitter, lanes: Lanes, opcode: number, { x, y, r }: Operands): void {
  const { w } = e;
  pushAreUsable(e, lanes, x);
  pushAreUsable(e, lanes, y);
  w.simd(V128_AND);
  pushAreUsable(e, lanes, r);
  w.simd(V128_AND);
  if (opcode === MUL || opcode === DIV) {
    pushCompareZero(e, lanes.ne, r);
    pushCompareZero(e, lanes.eq, x);
    w.simd(V128_OR);
    pushCompareZero(e, opcode === MUL ? lanes.eq : lanes.ne, y);
    w.simd(opcode === MUL ? V128_OR : V128_AND);
    w.simd(V128_AND);
  }
  w.simd(lanes.allTrue);
  w.get(L.QUIET);
  w.byte(O.I32_AND);
}

function arithmetic(e: Emitter, lanes: Lanes, opcode: number, operation: number): void {
  const { w, instruction } = e;
  const { reg, rm, isMemory } = instruction;
  const operands = { x: () => e.pushVector(reg), y: () => w.get(L.VB), r: () => w.get(L.VR) };
  const unknown = [
    ...(isKnown(e, lanes, reg) ? [] : [operands.x]),
    ...(!isMemory && isKnown(e, lanes, rm) ? [] : [operands.y]),
  ];
  takeOperand(e);
  e.pushVector(reg);
  w.get(L.VB);
  w.simd(operation);
  w.set(L.VR);
  guarded(e, {
    checks: (fail) => {
      w.get(L.QUIET);
      w.byte(O.I32_EQZ);
      fail();
      pushAreFinite(e, lanes, operands.r);
      for (const operand of [operands.r, ...unknown]) {
        pushAreLarge(e, lanes, operand);
        w.simd(V128_AND);
      }
      w.simd(lanes.allTrue);
      w.byte(O.I32_EQZ);
      fail();
    },
    pushIsHarmless: () => pushIsHarmless(e, lanes, opcode, operands),
    reload: { vectors: true },
    commit: () => {
      w.get(L.VR);
      e.popVector(reg);
    },
  });
  know(e, lanes, reg);
  if (!isMemory) know(e, lanes, rm);
}

/** MIN and MAX give the second operand unless the first is less (greater). */
function extremum(e: Emitter, lanes: Lanes, operation: number): void {
  const { w, instruction } = e;
  takeOperand(e);
  guarded(e, {
    checks: (fail) => {
      pushAreUsable(e, lanes, () => e.pushVector(instruction.reg));
      pushAreUsable(e, lanes, () => w.get(L.VB));
      w.simd(V128_AND);
      w.simd(lanes.allTrue);
      w.byte(O.I32_EQZ);
      fail();
    },
    reload: { vectors: true },
    commit: () => {
      w.get(L.VB);
      e.pushVector(instruction.reg);
      w.simd(operation);
      e.popVector(instruction.reg);
    },
  });
  know(e, lanes, instruction.reg);
}

/** Roots of numbers that are normal and positive. */
function squareRoot(e: Emitter, lanes: Lanes): void {
  const { w, instruction } = e;
  takeOperand(e);
  w.get(L.VB);
  w.simd(lanes.sqrt);
  w.set(L.VR);
  guarded(e, {
    checks: (fail) => {
      w.get(L.QUIET);
      w.byte(O.I32_EQZ);
      fail();
      pushAreLarge(e, lanes, () => w.get(L.VB));
      pushAreFinite(e, lanes, () => w.get(L.VR));
      w.simd(V128_AND);
      w.simd(lanes.allTrue);
      w.byte(O.I32_EQZ);
      fail();
    },
    reload: { vectors: true },
    commit: () => {
      w.get(L.VR);
      e.popVector(instruction.reg);
    },
  });
  know(e, lanes, instruction.reg);
}

/** Emits an instruction of the 0F map without F2 or F3; false, with nothing emitted, if it is the interpreter's. */
export function emitPackedFloat(e: Emitter, opcode: number): boolean {
  const { prefix } = e.instruction;
  if (prefix !== PREFIX_66 && prefix !== PREFIX_NONE) return false;
  const lanes = prefix === PREFIX_66 ? DOUBLES : SINGLES;
  const operation = lanes.arithmetic.get(opcode);
  if (operation === undefined && opcode !== MIN && opcode !== MAX && opcode !== SQRT) return false;
  e.usesMxcsr = true;
  if (operation !== undefined) arithmetic(e, lanes, opcode, operation);
  else if (opcode === SQRT) squareRoot(e, lanes);
  else extremum(e, lanes, opcode === MIN ? lanes.pmin : lanes.pmax);
  return true;
}
