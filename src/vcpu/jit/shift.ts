/** Emits shifts and rotates of the one-byte map (SDM vol. 2, "SAL/SAR/SHL/SHR", "RCL/RCR/ROL/ROR"). */
import { CPU_RCX } from '../../memory/layout.ts';
import type { Emitter } from './emitter.ts';
import { forgetFlags, KIND_SAR, KIND_SHL, KIND_SHR, popCarryAndOverflow, setFlags } from './flags.ts';
import * as L from './locals.ts';
import * as O from './ops.ts';

const ROL = 0;
const ROR = 1;
const RCL = 2;
const RCR = 3;
const SHR = 5;
const SAR = 7;
const SIZE_64 = 3;
const KINDS = [0, 0, 0, 0, KIND_SHL, KIND_SHR, KIND_SHL, KIND_SAR];

function op(e: Emitter, size: number, narrow: number, wide: number): void {
  e.w.byte(size === SIZE_64 ? wide : narrow);
}

function get(e: Emitter, size: number, narrow: number, wide: number): void {
  e.w.get(size === SIZE_64 ? wide : narrow);
}

/** R = A shifted by B, a count modulo 32 or 64. Narrow operands are zero-extended and may be shifted out. */
function computeShift(e: Emitter, operation: number, size: number): void {
  const { w } = e;
  get(e, size, L.A32, L.A64);
  if (operation === SAR && size === 0) w.byte(O.I32_EXTEND8_S);
  if (operation === SAR && size === 1) w.byte(O.I32_EXTEND16_S);
  get(e, size, L.B32, L.B64);
  if (operation === SHR) op(e, size, O.I32_SHR_U, O.I64_SHR_U);
  else if (operation === SAR) op(e, size, O.I32_SHR_S, O.I64_SHR_S);
  else op(e, size, O.I32_SHL, O.I64_SHL);
  w.set(size === SIZE_64 ? L.R64 : L.R32);
}

function computeRotate(e: Emitter, operation: number, size: number): void {
  get(e, size, L.A32, L.A64);
  get(e, size, L.B32, L.B64);
  if (operation === ROL) op(e, size, O.I32_ROTL, O.I64_ROTL);
  else op(e, size, O.I32_ROTR, O.I64_ROTR);
  e.w.set(size === SIZE_64 ? L.R64 : L.R32);
}

/** Pushes bit `index` of R as i32. */
function pushResultBit(e: Emitter, size: number, index: number): void {
  const { w } = e;
  get(e, size, L.R32, L.R64);
  if (index > 0) {
    if (size === SIZE_64) w.i64(index);
    else w.i32(index);
    op(e, size, O.I32_SHR_U, O.I64_SHR_U);
  }
  if (size === SIZE_64) w.byte(O.I32_WRAP_I64);
  w.i32(1);
  w.byte(O.I32_AND);
}

/** Carry and overflow of a rotate by a count that is not zero, as of one by one. */
function setRotateFlags(e: Emitter, operation: number, size: number): void {
  const { w } = e;
  const top = (8 << size) - 1;
  const carryBit = operation === ROL ? 0 : top;
  const otherBit = operation === ROL ? top : top - 1;
  pushResultBit(e, size, carryBit);
  pushResultBit(e, size, carryBit);
  pushResultBit(e, size, otherBit);
  w.byte(O.I32_XOR);
  popCarryAndOverflow(e);
}

/** Emits A = operand, B = count, `transform`, and the flags, for a constant count that is not zero. */
function byConstant(e: Emitter, operation: number, size: number, count: number): void {
  const { w, instruction } = e;
  const isRotate = operation <= ROR;
  const modify = () => {
    if (size === SIZE_64) w.i64(count);
    else w.i32(count);
    w.set(size === SIZE_64 ? L.B64 : L.B32);
    if (isRotate) computeRotate(e, operation, size);
    else computeShift(e, operation, size);
  };
  const after = () => {
    if (isRotate) setRotateFlags(e, operation, size);
    else setFlags(e, KINDS[operation] ?? KIND_SHL, size);
  };
  if (instruction.isMemory) {
    e.pushAddress();
    e.update(size, modify, after);
    return;
  }
  e.pushOperand(instruction.rm, size);
  w.set(size === SIZE_64 ? L.A64 : L.A32);
  modify();
  after();
  get(e, size, L.R32, L.R64);
  e.popOperand(instruction.rm, size);
}

/** By CL: a count of zero leaves the flags. */
function byCounter(e: Emitter, operation: number, size: number): void {
  const { w, instruction } = e;
  const isRotate = operation <= ROR;
  e.pushOperand(instruction.rm, size);
  w.set(size === SIZE_64 ? L.A64 : L.A32);
  e.pushOperand(CPU_RCX, 0);
  w.i32(size === SIZE_64 ? 63 : 31);
  w.byte(O.I32_AND);
  w.tee(L.B32);
  w.byte(O.I64_EXTEND_I32_U);
  w.set(L.B64);
  if (isRotate) computeRotate(e, operation, size);
  else computeShift(e, operation, size);
  w.get(L.B32);
  w.hint(true);
  w.if();
  if (isRotate) setRotateFlags(e, operation, size);
  else setFlags(e, KINDS[operation] ?? KIND_SHL, size);
  w.end();
  forgetFlags(e);
  get(e, size, L.R32, L.R64);
  e.popOperand(instruction.rm, size);
}

/** Emits a shift or rotate by modrm.reg; false, with nothing emitted, if it is the interpreter's. */
export function emitShift(e: Emitter, operation: number, size: number): boolean {
  const { instruction } = e;
  if (operation === RCL || operation === RCR) return false;
  if (operation <= ROR && size < 2) return false;
  const opcode = instruction.operation & 0xff;
  if (opcode >= 0xd2) {
    if (instruction.isMemory) return false;
    byCounter(e, operation, size);
    return true;
  }
  const count = (opcode >= 0xd0 ? 1 : Number(instruction.imm & 0xffn)) & (size === SIZE_64 ? 63 : 31);
  if (count === 0) return false;
  byConstant(e, operation, size, count);
  return true;
}
