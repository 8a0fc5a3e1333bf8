/** Emits MUL, IMUL, DIV and IDIV (SDM vol. 2). Bytes and words are the interpreter's, as is whatever raises #DE. */
import { CPU_RAX, CPU_RDX } from '../../memory/layout.ts';
import type { Emitter } from './emitter.ts';
import { KIND_IMUL, popRaw, setFlags } from './flags.ts';
import * as L from './locals.ts';
import * as O from './ops.ts';

const MUL = 4;
const IMUL = 5;
const DIV = 6;
const IDIV = 7;
/** Not extensions of F7: IMUL of rm by an immediate, and of reg by rm. */
const IMUL_IMMEDIATE = 8;
const IMUL_REGISTER = 9;
const SIZE_64 = 3;
const LOW_HALF = 0xffffffffn;

/** reg = rm × immediate, or reg × rm. */
function multiplyTruncating(e: Emitter, operation: number, pushRm: () => void): void {
  const { w, instruction } = e;
  const { size, reg } = instruction;
  const [a, b, r] = size === SIZE_64 ? [L.A64, L.B64, L.R64] : [L.A32, L.B32, L.R32];
  pushRm();
  w.set(a);
  if (operation === IMUL_REGISTER) e.pushOperand(reg, size);
  else if (size === SIZE_64) w.i64(instruction.imm);
  else w.i32(Number(BigInt.asIntN(32, instruction.imm)));
  w.set(b);
  w.get(a);
  w.get(b);
  w.byte(size === SIZE_64 ? O.I64_MUL : O.I32_MUL);
  w.set(r);
  setFlags(e, KIND_IMUL, size);
  w.get(r);
  e.popOperand(reg, size);
}

function pushHalf(e: Emitter, local: number, isHigh: boolean): void {
  const { w } = e;
  w.get(local);
  if (isHigh) {
    w.i64(32);
    w.byte(O.I64_SHR_U);
  } else {
    w.i64(LOW_HALF);
    w.byte(O.I64_AND);
  }
}

function pushPartialProduct(e: Emitter, highA: boolean, highB: boolean): void {
  pushHalf(e, L.A64, highA);
  pushHalf(e, L.B64, highB);
  e.w.byte(O.I64_MUL);
}

/** Pushes the upper 64 bits of the unsigned product A64 × B64; uses X64 and Y64. */
function pushHighProduct(e: Emitter): void {
  const { w } = e;
  pushPartialProduct(e, true, false);
  pushPartialProduct(e, false, false);
  w.i64(32);
  w.byte(O.I64_SHR_U);
  w.byte(O.I64_ADD);
  w.set(L.X64);
  pushPartialProduct(e, false, true);
  pushHalf(e, L.X64, false);
  w.byte(O.I64_ADD);
  w.set(L.Y64);
  pushPartialProduct(e, true, true);
  pushHalf(e, L.X64, true);
  w.byte(O.I64_ADD);
  pushHalf(e, L.Y64, true);
  w.byte(O.I64_ADD);
}

/** Subtracts `other` from the i64 on the stack if `local` is negative. */
function subtractIfNegative(e: Emitter, local: number, other: number): void {
  const { w } = e;
  w.get(local);
  w.i64(63);
  w.byte(O.I64_SHR_S);
  w.get(other);
  w.byte(O.I64_AND);
  w.byte(O.I64_SUB);
}

/** RDX:RAX = RAX × rm. */
function multiplyWide(e: Emitter, isSigned: boolean, pushRm: () => void): void {
  const { w } = e;
  pushRm();
  w.set(L.B64);
  e.pushOperand(CPU_RAX, SIZE_64);
  w.set(L.A64);
  w.get(L.A64);
  w.get(L.B64);
  w.byte(O.I64_MUL);
  w.set(L.R64);
  pushHighProduct(e);
  if (isSigned) {
    subtractIfNegative(e, L.A64, L.B64);
    subtractIfNegative(e, L.B64, L.A64);
  }
  w.tee(L.X64);
  e.popOperand(CPU_RDX, SIZE_64);
  w.get(L.R64);
  e.popOperand(CPU_RAX, SIZE_64);
  w.get(L.X64);
  if (isSigned) {
    w.get(L.R64);
    w.i64(63);
    w.byte(O.I64_SHR_S);
  } else {
    w.i64(0);
  }
  w.byte(O.I64_NE);
  popOverflow(e);
}

/** Pops whether the product is longer than its low half: carry and overflow. */
function popOverflow(e: Emitter): void {
  e.w.i32(31);
  e.w.byte(O.I32_SHL);
  popRaw(e);
}

/** EDX:EAX = EAX × rm. */
function multiplyDouble(e: Emitter, isSigned: boolean, pushRm: () => void): void {
  const { w } = e;
  const extend = isSigned ? O.I64_EXTEND_I32_S : O.I64_EXTEND_I32_U;
  pushRm();
  w.byte(extend);
  e.pushOperand(CPU_RAX, 2);
  w.byte(extend);
  w.byte(O.I64_MUL);
  w.set(L.X64);
  w.get(L.X64);
  w.i64(32);
  w.byte(O.I64_SHR_U);
  e.popRegister(CPU_RDX >> 3);
  w.get(L.X64);
  w.i64(LOW_HALF);
  w.byte(O.I64_AND);
  e.popRegister(CPU_RAX >> 3);
  w.get(L.X64);
  w.byte(O.I64_EXTEND32_S);
  w.set(L.R64);
  w.get(L.X64);
  if (isSigned) {
    w.get(L.R64);
    w.byte(O.I64_NE);
  } else {
    w.i64(32);
    w.byte(O.I64_SHR_U);
    w.byte(O.I64_EQZ);
    w.byte(O.I32_EQZ);
  }
  popOverflow(e);
}

/**
 * EAX, EDX = EDX:EAX divided by rm. What is zero, or has a quotient that does not fit, is left to the interpreter; so is
 * a 64-bit dividend that does not fit one register.
 */
function divide(e: Emitter, isSigned: boolean, size: number, pushRm: () => void): void {
  const { w } = e;
  pushRm();
  if (size === 2) w.byte(isSigned ? O.I64_EXTEND_I32_S : O.I64_EXTEND_I32_U);
  w.set(L.B64);
  if (size === 2) {
    e.pushRegister(CPU_RDX >> 3);
    w.i64(32);
    w.byte(O.I64_SHL);
    e.pushRegister(CPU_RAX >> 3);
    w.i64(LOW_HALF);
    w.byte(O.I64_AND);
    w.byte(O.I64_OR);
  } else {
    e.pushRegister(CPU_RAX >> 3);
  }
  w.set(L.A64);
  pushIsHard(e, isSigned, size);
  w.hint(false);
  w.if();
  e.duringBranch(() => e.callInterpreter({ registers: true }));
  w.else();
  e.duringBranch(() => storeQuotient(e, isSigned, size));
  w.end();
}

/** Pushes whether A64 ÷ B64 is not simply WebAssembly's division; leaves the quotient in R64 if it is. */
function pushIsHard(e: Emitter, isSigned: boolean, size: number): void {
  const { w } = e;
  w.get(L.B64);
  w.byte(O.I64_EQZ);
  if (isSigned) {
    w.get(L.B64);
    w.i64(-1);
    w.byte(O.I64_EQ);
    w.byte(O.I32_OR);
  }
  if (size === SIZE_64) {
    e.pushRegister(CPU_RDX >> 3);
    if (isSigned) {
      w.get(L.A64);
      w.i64(63);
      w.byte(O.I64_SHR_S);
      w.byte(O.I64_NE);
    } else {
      w.byte(O.I64_EQZ);
      w.byte(O.I32_EQZ);
    }
    w.byte(O.I32_OR);
    return;
  }
  // The quotient's size is known only after a division, which a zero divisor must not reach.
  w.if(0x7f);
  w.i32(1);
  w.else();
  w.get(L.A64);
  w.get(L.B64);
  w.byte(isSigned ? O.I64_DIV_S : O.I64_DIV_U);
  w.tee(L.R64);
  w.get(L.R64);
  if (isSigned) {
    w.byte(O.I64_EXTEND32_S);
  } else {
    w.i64(LOW_HALF);
    w.byte(O.I64_AND);
  }
  w.byte(O.I64_NE);
  w.end();
}

function storeQuotient(e: Emitter, isSigned: boolean, size: number): void {
  const { w } = e;
  if (size === SIZE_64) {
    w.get(L.A64);
    w.get(L.B64);
    w.byte(isSigned ? O.I64_DIV_S : O.I64_DIV_U);
    w.set(L.R64);
  }
  // The remainder by multiplication: cheaper than a second division.
  w.get(L.A64);
  w.get(L.R64);
  w.get(L.B64);
  w.byte(O.I64_MUL);
  w.byte(O.I64_SUB);
  if (size === 2) {
    w.i64(LOW_HALF);
    w.byte(O.I64_AND);
  }
  e.popRegister(CPU_RDX >> 3);
  w.get(L.R64);
  if (size === 2) {
    w.i64(LOW_HALF);
    w.byte(O.I64_AND);
  }
  e.popRegister(CPU_RAX >> 3);
}

/** Emits the instruction by its extension of F6 and F7 or IMUL_*; false, with nothing emitted, if it is the interpreter's. */
export function emitMultiplication(e: Emitter, operation: number, size: number, pushRm: () => void): boolean {
  if (size < 2) return false;
  switch (operation) {
    case IMUL_IMMEDIATE:
    case IMUL_REGISTER:
      multiplyTruncating(e, operation, pushRm);
      return true;
    case MUL:
    case IMUL:
      if (size === SIZE_64) multiplyWide(e, operation === IMUL, pushRm);
      else multiplyDouble(e, operation === IMUL, pushRm);
      return true;
    case DIV:
    case IDIV:
      divide(e, operation === IDIV, size, pushRm);
      return true;
    default:
      return false;
  }
}
