/** The arithmetic that general-purpose instructions share: operands in A and B, result in R, lazy flags. */
import type { Emitter } from './emitter.ts';
import { KIND_ADD, KIND_LOGIC, KIND_SUB, pushCarry, setFlags } from './flags.ts';
import * as L from './locals.ts';
import * as O from './ops.ts';

export const ADD = 0;
export const OR = 1;
export const ADC = 2;
export const SBB = 3;
export const AND = 4;
export const SUB = 5;
export const XOR = 6;
export const CMP = 7;
export const TEST = 8;
export const SIZE_64 = 3;

/** Local of an operand by size: A, B or R. */
export const a = (size: number) => (size === SIZE_64 ? L.A64 : L.A32);
export const b = (size: number) => (size === SIZE_64 ? L.B64 : L.B32);
export const r = (size: number) => (size === SIZE_64 ? L.R64 : L.R32);

/** Emits the narrow or the wide opcode. */
export function op(e: Emitter, size: number, narrow: number, wide: number): void {
  e.w.byte(size === SIZE_64 ? wide : narrow);
}

/** Pushes the immediate, truncated to the operand's size. */
export function pushImmediate(e: Emitter, size: number): void {
  const { imm } = e.instruction;
  if (size === SIZE_64) e.w.i64(imm);
  else if (size === 2) e.w.i32(Number(BigInt.asIntN(32, imm)));
  else e.w.i32(Number(BigInt.asUintN(8 << size, imm)));
}

/** Computes R from A and B; the flags follow with setAluFlags(). */
export function compute(e: Emitter, operation: number, size: number): void {
  const { w } = e;
  w.get(a(size));
  w.get(b(size));
  switch (operation) {
    case ADD:
    case ADC:
      op(e, size, O.I32_ADD, O.I64_ADD);
      break;
    case OR:
      op(e, size, O.I32_OR, O.I64_OR);
      break;
    case AND:
    case TEST:
      op(e, size, O.I32_AND, O.I64_AND);
      break;
    case XOR:
      op(e, size, O.I32_XOR, O.I64_XOR);
      break;
    default:
      op(e, size, O.I32_SUB, O.I64_SUB);
  }
  if (operation === ADC || operation === SBB) {
    pushCarry(e);
    if (size === SIZE_64) w.byte(O.I64_EXTEND_I32_U);
    if (operation === ADC) op(e, size, O.I32_ADD, O.I64_ADD);
    else op(e, size, O.I32_SUB, O.I64_SUB);
  }
  w.set(r(size));
}

export function setAluFlags(e: Emitter, operation: number, size: number): void {
  if (operation === ADD || operation === ADC) setFlags(e, KIND_ADD, size, operation === ADD);
  else if (operation === SUB || operation === SBB || operation === CMP)
    setFlags(e, KIND_SUB, size, operation !== SBB);
  else setFlags(e, KIND_LOGIC, size);
}
