/** Emits BSWAP, bit scans and bit tests. Locked bit tests are in atomic.ts. */
import { ADDRESS_FLAT32 } from '../../memory/layout.ts';
import { a, b, op, pushImmediate, r, SIZE_64 } from './arithmetic.ts';
import type { Emitter } from './emitter.ts';
import { KIND_LOGIC, popCarry, setFlags } from './flags.ts';
import * as L from './locals.ts';
import * as O from './ops.ts';

/** BSWAP; of 16 bits it is undefined, and the interpreter's. */
export function swapBytes(e: Emitter): boolean {
  const { size, reg } = e.instruction;
  if (size < 2) return false;
  e.pushOperand(reg, size);
  if (size === SIZE_64) swapQuadword(e);
  else swapDoubleword(e);
  e.popOperand(reg, size);
  return true;
}

function swapDoubleword(e: Emitter): void {
  const { w } = e;
  w.set(L.A32);
  w.get(L.A32);
  w.i32(8);
  w.byte(O.I32_ROTL);
  w.i32(0x00ff00ff);
  w.byte(O.I32_AND);
  w.get(L.A32);
  w.i32(8);
  w.byte(O.I32_ROTR);
  w.i32(0xff00ff00 | 0);
  w.byte(O.I32_AND);
  w.byte(O.I32_OR);
}

/** Neighbouring bytes, then neighbouring words, then the halves. */
function swapQuadword(e: Emitter): void {
  const { w } = e;
  for (const [bits, mask] of [
    [8, 0x00ff00ff00ff00ffn],
    [16, 0x0000ffff0000ffffn],
  ] as const) {
    w.set(L.A64);
    w.get(L.A64);
    w.i64(mask);
    w.byte(O.I64_AND);
    w.i64(bits);
    w.byte(O.I64_SHL);
    w.get(L.A64);
    w.i64(bits);
    w.byte(O.I64_SHR_U);
    w.i64(mask);
    w.byte(O.I64_AND);
    w.byte(O.I64_OR);
  }
  w.i64(32);
  w.byte(O.I64_ROTL);
}

const BT = 0;
const BTS = 1;
const BTR = 2;

/** From the bit string A and the bit number in B: X32 becomes the bit, R the string after `operation`. */
function computeBit(e: Emitter, operation: number, size: number): void {
  const { w } = e;
  w.get(a(size));
  w.get(b(size));
  op(e, size, O.I32_SHR_U, O.I64_SHR_U);
  if (size === SIZE_64) w.byte(O.I32_WRAP_I64);
  w.i32(1);
  w.byte(O.I32_AND);
  w.set(L.X32);
  if (operation === BT) return;
  w.get(a(size));
  pushOne(e, size);
  w.get(b(size));
  op(e, size, O.I32_SHL, O.I64_SHL);
  if (operation === BTS) {
    op(e, size, O.I32_OR, O.I64_OR);
  } else if (operation === BTR) {
    if (size === SIZE_64) w.i64(-1);
    else w.i32(-1);
    op(e, size, O.I32_XOR, O.I64_XOR);
    op(e, size, O.I32_AND, O.I64_AND);
  } else {
    op(e, size, O.I32_XOR, O.I64_XOR);
  }
  w.set(r(size));
}

function pushOne(e: Emitter, size: number): void {
  if (size === SIZE_64) e.w.i64(1);
  else e.w.i32(1);
}

/** Makes B the number that `push` pushes, within the operand. */
function setBitNumber(e: Emitter, size: number, push: () => void): void {
  push();
  if (size === SIZE_64) e.w.i64(63);
  else e.w.i32((8 << size) - 1);
  op(e, size, O.I32_AND, O.I64_AND);
  e.w.set(b(size));
}

function takeBit(e: Emitter): void {
  e.w.get(L.X32);
  popCarry(e);
}

/** The operand rm in a register, or at the address on the stack. */
function bitTest(e: Emitter, operation: number, pushNumber: () => void): void {
  const { w, instruction } = e;
  const { size, rm, isMemory } = instruction;
  const calculate = () => {
    setBitNumber(e, size, pushNumber);
    computeBit(e, operation, size);
  };
  if (isMemory && operation !== BT) {
    e.update(size, calculate, () => takeBit(e));
    return;
  }
  if (isMemory) e.read(size);
  else e.pushOperand(rm, size);
  w.set(a(size));
  calculate();
  takeBit(e);
  if (operation === BT) return;
  w.get(r(size));
  e.popOperand(rm, size);
}

/** BT, BTS, BTR, BTC by an immediate. */
export function bitTestByImmediate(e: Emitter, operation: number): boolean {
  if (e.instruction.isMemory) e.pushAddress();
  bitTest(e, operation, () => pushImmediate(e, e.instruction.size));
  return true;
}

/** The same by a register, which in memory may name a bit before or after the operand (SDM vol. 2, "BT"). */
export function bitTestByRegister(e: Emitter, operation: number): boolean {
  const { w, instruction } = e;
  const { size, reg, isMemory, form } = instruction;
  if (isMemory) {
    if (size < 2) return false;
    e.pushAddress();
    e.pushOperand(reg, size);
    if (size !== SIZE_64) w.byte(O.I64_EXTEND_I32_S);
    w.i64(size + 3);
    w.byte(O.I64_SHR_S);
    w.i64(size);
    w.byte(O.I64_SHL);
    w.byte(O.I64_ADD);
    if (form === ADDRESS_FLAT32) {
      w.i64(0xffffffffn);
      w.byte(O.I64_AND);
    }
  }
  bitTest(e, operation, () => e.pushOperand(reg, size));
  return true;
}

/** BSF and BSR of the operand on the stack: zero leaves the destination alone, except for the upper half of a 32-bit one. */
export function scanBits(e: Emitter, isReverse: boolean): void {
  const { w, instruction } = e;
  const { size, reg } = instruction;
  w.tee(r(size));
  if (isReverse) {
    op(e, size, O.I32_CLZ, O.I64_CLZ);
    w.set(a(size));
    if (size === SIZE_64) w.i64(63);
    else w.i32(31);
    w.get(a(size));
    op(e, size, O.I32_SUB, O.I64_SUB);
  } else {
    op(e, size, O.I32_CTZ, O.I64_CTZ);
  }
  e.pushOperand(reg, size);
  w.get(r(size));
  op(e, size, O.I32_EQZ, O.I64_EQZ);
  w.byte(O.I32_EQZ);
  w.byte(O.OP_SELECT);
  e.popOperand(reg, size);
  setFlags(e, KIND_LOGIC, size);
}
