/** Emits PUSH, POP and LEAVE where the stack segment is flat. */
import { BLOCK_FLAT, BLOCK_STACK32, CPU_RBP, CPU_RSP } from '../../memory/layout.ts';
import type { Emitter } from './emitter.ts';
import { extension, hasPlainAddress } from './instruction.ts';
import * as L from './locals.ts';
import * as O from './ops.ts';

const SIZE_64 = 3;

/** Whether pushes of the full size can be inlined: 64-bit code, or 32-bit code with a flat stack. */
export function hasFlatStack(e: Emitter): boolean {
  return e.is64 || (e.graph.mode & (BLOCK_FLAT | BLOCK_STACK32)) === (BLOCK_FLAT | BLOCK_STACK32);
}

/** log2 of the size of an address on the stack. */
export function stackSize(e: Emitter): number {
  return e.is64 ? SIZE_64 : 2;
}

/** Truncates the stack address on the stack. */
function truncate(e: Emitter): void {
  if (e.is64) return;
  e.w.i64(0xffffffffn);
  e.w.byte(O.I64_AND);
}

/**
 * Pushes what `value` pushes (narrow or wide, by stackSize()) on the guest's stack.
 * @param next where execution goes on, if not with the next instruction
 */
export function emitPush(e: Emitter, value: () => void, next?: number | 'target'): void {
  const { w } = e;
  const size = stackSize(e);
  e.pushRegister(CPU_RSP >> 3);
  w.i64(1 << size);
  w.byte(O.I64_SUB);
  truncate(e);
  const after = () => {
    w.get(L.ADDRESS);
    e.popRegister(CPU_RSP >> 3);
  };
  e.write(size, value, after, true, next);
}

/** Moves the stack pointer up by `bytes`. */
export function emitRelease(e: Emitter, bytes: number): void {
  const { w } = e;
  e.pushRegister(CPU_RSP >> 3);
  w.i64(bytes);
  w.byte(O.I64_ADD);
  truncate(e);
  e.popRegister(CPU_RSP >> 3);
}

/** Reads the top of the guest's stack onto the operand stack. */
export function pushTop(e: Emitter): void {
  e.pushRegister(CPU_RSP >> 3);
  truncate(e);
  e.read(stackSize(e), true);
}

function emitLeave(e: Emitter): void {
  const { w } = e;
  const size = stackSize(e);
  e.pushRegister(CPU_RBP >> 3);
  truncate(e);
  e.read(size, true);
  e.pushRegister(CPU_RBP >> 3);
  w.i64(1 << size);
  w.byte(O.I64_ADD);
  truncate(e);
  e.popRegister(CPU_RSP >> 3);
  e.popOperand(CPU_RBP, size);
}

/** Emits a stack instruction; false, with nothing emitted, if it is the interpreter's. */
export function emitStack(e: Emitter): boolean {
  const { w, instruction } = e;
  const { operation } = instruction;
  const size = stackSize(e);
  if (instruction.size !== size || !hasFlatStack(e)) return false;
  if (operation >= 0x50 && operation <= 0x57) {
    emitPush(e, () => e.pushOperand(instruction.rm, size));
    return true;
  }
  if (operation >= 0x58 && operation <= 0x5f) {
    pushTop(e);
    emitRelease(e, 1 << size);
    e.popOperand(instruction.rm, size);
    return true;
  }
  if (operation === 0x68 || operation === 0x6a) {
    emitPush(e, () => {
      if (size === SIZE_64) w.i64(instruction.imm);
      else w.i32(Number(BigInt.asIntN(32, instruction.imm)));
    });
    return true;
  }
  if (
    operation === 0xff &&
    extension(instruction) === 6 &&
    instruction.isMemory &&
    hasPlainAddress(instruction)
  ) {
    const value = size === SIZE_64 ? L.A64 : L.A32;
    e.pushAddress();
    e.read(size);
    w.set(value);
    emitPush(e, () => w.get(value));
    return true;
  }
  if (operation === 0xc9) {
    emitLeave(e);
    return true;
  }
  return false;
}
