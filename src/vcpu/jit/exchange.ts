/** Emits CMPXCHG and XADD without LOCK, with memory; with registers they are the interpreter's. */
import { CPU_RAX } from '../../memory/layout.ts';
import { ADD, a, b, CMP, compute, op, r, setAluFlags } from './arithmetic.ts';
import type { Emitter } from './emitter.ts';
import * as O from './ops.ts';

/** Flags of accumulator - memory. Memory is written in any case (SDM vol. 2, "CMPXCHG"). */
export function compareExchange(e: Emitter, size: number): boolean {
  const { w, instruction } = e;
  if (!instruction.isMemory) return false;
  e.pushAddress();
  const select = () => {
    w.get(a(size));
    w.set(b(size));
    e.pushOperand(CPU_RAX, size);
    w.set(a(size));
    e.pushOperand(instruction.reg, size);
    w.get(b(size));
    w.get(a(size));
    w.get(b(size));
    op(e, size, O.I32_EQ, O.I64_EQ);
    w.byte(O.OP_SELECT);
    w.set(r(size));
  };
  e.update(size, select, () => {
    settleComparison(e, size);
  });
  return true;
}

/** What a comparison of the accumulator (A) with the destination (B) leaves: flags, and the destination if it was another. */
export function settleComparison(e: Emitter, size: number): void {
  const { w } = e;
  compute(e, CMP, size);
  setAluFlags(e, CMP, size);
  w.get(a(size));
  w.get(b(size));
  op(e, size, O.I32_NE, O.I64_NE);
  w.if();
  w.get(b(size));
  e.popOperand(CPU_RAX, size);
  w.end();
}

export function exchangeAdd(e: Emitter, size: number): boolean {
  const { w, instruction } = e;
  if (!instruction.isMemory) return false;
  e.pushAddress();
  const add = () => {
    e.pushOperand(instruction.reg, size);
    w.set(b(size));
    compute(e, ADD, size);
  };
  e.update(size, add, () => {
    setAluFlags(e, ADD, size);
    w.get(a(size));
    e.popOperand(instruction.reg, size);
  });
  return true;
}
