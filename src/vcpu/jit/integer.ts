/** Emits general-purpose instructions: arithmetic, logic, moves, shifts, multiplication, division, stack. */
import { CPU_RAX, CPU_RDX } from '../../memory/layout.ts';
import {
  ADD,
  a,
  b,
  CMP,
  compute,
  op,
  pushImmediate,
  r,
  SIZE_64,
  SUB,
  setAluFlags,
  TEST,
} from './arithmetic.ts';
import { emitAtomic } from './atomic.ts';
import { bitTestByImmediate, bitTestByRegister, scanBits, swapBytes } from './bit.ts';
import type { Emitter } from './emitter.ts';
import { compareExchange, exchangeAdd } from './exchange.ts';
import {
  KIND_ADD,
  KIND_SUB,
  popCarry,
  pushCarry,
  pushCondition,
  saveCarry,
  setFlags,
  setFlagsKeepingCarry,
} from './flags.ts';
import { extension, hasPlainAddress, type Instruction, MAP_0F, MAP_ONE, PREFIX_NONE } from './instruction.ts';
import { emitMultiplication } from './multiply.ts';
import * as O from './ops.ts';
import { emitShift } from './shift.ts';
import { emitStack } from './stack.ts';

/** Reads the operand rm, a register or memory, onto the stack. */
function pushRm(e: Emitter, size: number): void {
  if (e.instruction.isMemory) {
    e.pushAddress();
    e.read(size);
  } else {
    e.pushOperand(e.instruction.rm, size);
  }
}

/** rm = rm operation what `pushB` pushes. */
function aluToRm(e: Emitter, operation: number, size: number, pushB: () => void): void {
  const { w, instruction } = e;
  const isCompare = operation === CMP || operation === TEST;
  if (!instruction.isMemory || isCompare) {
    pushRm(e, size);
    w.set(a(size));
    pushB();
    w.set(b(size));
    compute(e, operation, size);
    setAluFlags(e, operation, size);
    if (!isCompare) {
      w.get(r(size));
      e.popOperand(instruction.rm, size);
    }
    return;
  }
  e.pushAddress();
  const modify = () => {
    pushB();
    w.set(b(size));
    compute(e, operation, size);
  };
  e.update(size, modify, () => setAluFlags(e, operation, size));
}

/** reg = reg operation rm. */
function aluToReg(e: Emitter, operation: number, size: number): void {
  const { w, instruction } = e;
  pushRm(e, size);
  w.set(b(size));
  e.pushOperand(instruction.reg, size);
  w.set(a(size));
  compute(e, operation, size);
  setAluFlags(e, operation, size);
  if (operation !== CMP) {
    w.get(r(size));
    e.popOperand(instruction.reg, size);
  }
}

/** accumulator = accumulator operation immediate. */
function aluToAccumulator(e: Emitter, operation: number, size: number): void {
  const { w } = e;
  e.pushOperand(CPU_RAX, size);
  w.set(a(size));
  pushImmediate(e, size);
  w.set(b(size));
  compute(e, operation, size);
  setAluFlags(e, operation, size);
  if (operation !== CMP && operation !== TEST) {
    w.get(r(size));
    e.popOperand(CPU_RAX, size);
  }
}

/** INC and DEC. */
function step(e: Emitter, operation: number, size: number): void {
  const { w, instruction } = e;
  const modify = () => {
    if (size === SIZE_64) w.i64(1);
    else w.i32(1);
    w.set(b(size));
    compute(e, operation, size);
  };
  const kind = operation === ADD ? KIND_ADD : KIND_SUB;
  if (instruction.isMemory && instruction.operation >= MAP_ONE + 0xfe) {
    e.pushAddress();
    // The carry is taken once, before the flags change on either path.
    e.update(size, modify, () => {
      saveCarry(e);
      setFlagsKeepingCarry(e, kind, size);
    });
    return;
  }
  e.pushOperand(instruction.rm, size);
  w.set(a(size));
  modify();
  saveCarry(e);
  setFlagsKeepingCarry(e, kind, size);
  w.get(r(size));
  e.popOperand(instruction.rm, size);
}

function negate(e: Emitter, size: number): void {
  const { w, instruction } = e;
  const modify = () => {
    w.get(a(size));
    w.set(b(size));
    if (size === SIZE_64) w.i64(0);
    else w.i32(0);
    w.set(a(size));
    compute(e, SUB, size);
  };
  if (instruction.isMemory) {
    e.pushAddress();
    e.update(size, modify, () => setFlags(e, KIND_SUB, size, true));
    return;
  }
  e.pushOperand(instruction.rm, size);
  w.set(a(size));
  modify();
  setFlags(e, KIND_SUB, size, true);
  w.get(r(size));
  e.popOperand(instruction.rm, size);
}

function complement(e: Emitter, size: number): void {
  const { w, instruction } = e;
  const modify = () => {
    w.get(a(size));
    if (size === SIZE_64) w.i64(-1);
    else w.i32(-1);
    op(e, size, O.I32_XOR, O.I64_XOR);
    w.set(r(size));
  };
  if (instruction.isMemory) {
    e.pushAddress();
    e.update(size, modify, () => {});
    return;
  }
  e.pushOperand(instruction.rm, size);
  w.set(a(size));
  modify();
  w.get(r(size));
  e.popOperand(instruction.rm, size);
}

/** Stores what `push` pushes in rm. */
function storeRm(e: Emitter, size: number, push: () => void): void {
  if (e.instruction.isMemory) {
    e.pushAddress();
    e.write(size, push);
  } else {
    push();
    e.popOperand(e.instruction.rm, size);
  }
}

/** MOVZX, MOVSX, MOVSXD: `from` is log2 of the source's size. */
function extend(e: Emitter, from: number, isSigned: boolean): void {
  const { w, instruction } = e;
  const { size } = instruction;
  pushRm(e, from);
  if (isSigned && from === 0) w.byte(O.I32_EXTEND8_S);
  if (isSigned && from === 1) w.byte(O.I32_EXTEND16_S);
  if (size === SIZE_64) w.byte(isSigned ? O.I64_EXTEND_I32_S : O.I64_EXTEND_I32_U);
  e.popOperand(instruction.reg, size);
}

function loadEffectiveAddress(e: Emitter): void {
  const { size, reg } = e.instruction;
  e.pushOffset();
  if (size !== SIZE_64) e.w.byte(O.I32_WRAP_I64);
  e.popOperand(reg, size);
}

function conditionalMove(e: Emitter, condition: number): void {
  const { w, instruction } = e;
  const { size, reg } = instruction;
  pushRm(e, size);
  e.pushOperand(reg, size);
  pushCondition(e, condition);
  w.byte(O.OP_SELECT);
  e.popOperand(reg, size);
}

function exchangeRegisters(e: Emitter, size: number, first: number, second: number): void {
  const { w } = e;
  e.pushOperand(first, size);
  w.set(a(size));
  e.pushOperand(second, size);
  e.popOperand(first, size);
  w.get(a(size));
  e.popOperand(second, size);
}

/** CBW, CWDE, CDQE. */
function widenAccumulator(e: Emitter): void {
  const { w, instruction } = e;
  const { size } = instruction;
  e.pushOperand(CPU_RAX, size - 1);
  w.byte(
    [O.I32_EXTEND8_S, O.I32_EXTEND8_S, O.I32_EXTEND16_S, O.I64_EXTEND_I32_S][size] ?? O.I64_EXTEND_I32_S,
  );
  e.popOperand(CPU_RAX, size);
}

/** CWD, CDQ, CQO. */
function signOfAccumulator(e: Emitter): void {
  const { w, instruction } = e;
  const { size } = instruction;
  e.pushOperand(CPU_RAX, size);
  if (size === 1) w.byte(O.I32_EXTEND16_S);
  if (size === SIZE_64) {
    w.i64(63);
    w.byte(O.I64_SHR_S);
  } else {
    w.i32(31);
    w.byte(O.I32_SHR_S);
  }
  e.popOperand(CPU_RDX, size);
}

/** The operand size in log2 of an opcode whose bit 0 tells bytes from words. */
function sizeOf(instruction: Instruction): number {
  return (instruction.operation & 1) === 0 ? 0 : instruction.size;
}

/** Whether the memory operand, if the instruction has a modrm byte and it names one, can be inlined. */
function isAccessible(instruction: Instruction): boolean {
  return !instruction.isMemory || hasPlainAddress(instruction);
}

function emitGroup3(e: Emitter): boolean {
  const { instruction } = e;
  const size = sizeOf(instruction);
  const operation = extension(instruction);
  if (operation < 2) aluToRm(e, TEST, size, () => pushImmediate(e, size));
  else if (operation === 2) complement(e, size);
  else if (operation === 3) negate(e, size);
  else return emitMultiplication(e, operation, size, () => pushRm(e, size));
  return true;
}

/** The arithmetic opcodes 00 to 3D: six forms for each of eight operations. */
function emitArithmetic(e: Emitter): boolean {
  const { instruction } = e;
  const operation = instruction.operation >> 3;
  const size = sizeOf(instruction);
  const form = instruction.operation & 7;
  if (form < 4 && !isAccessible(instruction)) return false;
  if (form < 2) aluToRm(e, operation, size, () => e.pushOperand(instruction.reg, size));
  else if (form < 4) aluToReg(e, operation, size);
  else if (form < 6) aluToAccumulator(e, operation, size);
  else return false;
  return true;
}

function emitOneByte(e: Emitter): boolean {
  const { w, instruction } = e;
  const { operation } = instruction;
  if (operation < 0x40) return emitArithmetic(e);
  const size = sizeOf(instruction);
  if (operation < 0x50) {
    step(e, operation < 0x48 ? ADD : SUB, instruction.size);
    return true;
  }
  if (operation >= 0xb0 && operation <= 0xbf) {
    const width = operation < 0xb8 ? 0 : instruction.size;
    pushImmediate(e, width);
    e.popOperand(instruction.rm, width);
    return true;
  }
  if (operation >= 0x90 && operation <= 0x97) {
    if (instruction.reg !== CPU_RAX) exchangeRegisters(e, instruction.size, instruction.reg, CPU_RAX);
    return true;
  }
  switch (operation) {
    case 0x98:
      widenAccumulator(e);
      return true;
    case 0x99:
      signOfAccumulator(e);
      return true;
    case 0xa8:
    case 0xa9:
      aluToAccumulator(e, TEST, size);
      return true;
    case 0xf5:
      pushCarry(e);
      w.byte(O.I32_EQZ);
      popCarry(e);
      return true;
    case 0xf8:
    case 0xf9:
      w.i32(operation & 1);
      popCarry(e);
      return true;
    default:
      break;
  }
  if (emitStack(e)) return true;
  return isAccessible(instruction) && emitWithModrm(e, size);
}

function emitWithModrm(e: Emitter, size: number): boolean {
  const { instruction } = e;
  const { operation } = instruction;
  switch (operation) {
    case 0x63:
      if (instruction.size !== SIZE_64) return false;
      extendDoubleword(e);
      return true;
    case 0x69:
    case 0x6b:
      return emitMultiplication(e, 8, instruction.size, () => pushRm(e, instruction.size));
    case 0x80:
    case 0x81:
    case 0x83:
      aluToRm(e, extension(instruction), size, () => pushImmediate(e, size));
      return true;
    case 0x84:
    case 0x85:
      aluToRm(e, TEST, size, () => e.pushOperand(instruction.reg, size));
      return true;
    case 0x86:
    case 0x87:
      if (instruction.isMemory) return false;
      exchangeRegisters(e, size, instruction.rm, instruction.reg);
      return true;
    case 0x88:
    case 0x89:
      storeRm(e, size, () => e.pushOperand(instruction.reg, size));
      return true;
    case 0x8a:
    case 0x8b:
      pushRm(e, size);
      e.popOperand(instruction.reg, size);
      return true;
    case 0x8d:
      loadEffectiveAddress(e);
      return true;
    case 0xc0:
    case 0xc1:
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
      return emitShift(e, extension(instruction), size);
    case 0xc6:
    case 0xc7:
      storeRm(e, size, () => pushImmediate(e, size));
      return true;
    case 0xf6:
    case 0xf7:
      return emitGroup3(e);
    case 0xfe:
    case 0xff:
      if (extension(instruction) > 1) return false;
      step(e, extension(instruction) === 0 ? ADD : SUB, size);
      return true;
    default:
      return false;
  }
}

function extendDoubleword(e: Emitter): void {
  pushRm(e, 2);
  e.w.byte(O.I64_EXTEND_I32_S);
  e.popOperand(e.instruction.reg, SIZE_64);
}

function emitTwoByte(e: Emitter): boolean {
  const { instruction } = e;
  const operation = instruction.operation - MAP_0F;
  // Hinting NOPs and PREFETCHW.
  if ((operation >= 0x18 && operation <= 0x1f) || operation === 0x0d) return true;
  if (operation >= 0xc8 && operation <= 0xcf) return swapBytes(e);
  if (!isAccessible(instruction)) return false;
  if (operation >= 0x40 && operation <= 0x4f) {
    conditionalMove(e, operation & 15);
    return true;
  }
  if (operation >= 0x90 && operation <= 0x9f) {
    storeRm(e, 0, () => pushCondition(e, operation & 15));
    return true;
  }
  switch (operation) {
    case 0xa3:
    case 0xab:
    case 0xb3:
    case 0xbb:
      return bitTestByRegister(e, (operation >> 3) & 3);
    case 0xba:
      return bitTestByImmediate(e, extension(instruction) & 3);
    case 0xb0:
    case 0xb1:
      return compareExchange(e, sizeOf(instruction));
    case 0xc0:
    case 0xc1:
      return exchangeAdd(e, sizeOf(instruction));
    case 0xaf:
      return emitMultiplication(e, 9, instruction.size, () => pushRm(e, instruction.size));
    case 0xb6:
    case 0xb7:
      extend(e, operation & 1, false);
      return true;
    case 0xbe:
    case 0xbf:
      extend(e, operation & 1, true);
      return true;
    case 0xbc:
    case 0xbd:
      if (instruction.prefix !== PREFIX_NONE || instruction.size < 2) return false;
      pushRm(e, instruction.size);
      scanBits(e, operation === 0xbd);
      return true;
    default:
      return false;
  }
}

/** Emits a general-purpose instruction; false, with nothing emitted, if it is the interpreter's. */
export function emitInteger(e: Emitter): boolean {
  const { instruction } = e;
  const isExchange = instruction.operation === MAP_ONE + 0x86 || instruction.operation === MAP_ONE + 0x87;
  if (instruction.locked || (isExchange && instruction.isMemory)) return emitAtomic(e);
  if (instruction.operation < MAP_0F) return emitOneByte(e);
  if (instruction.operation < MAP_0F + 0x100) return emitTwoByte(e);
  return false;
}
