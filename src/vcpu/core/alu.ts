// The operations of ADD OR ADC SBB AND SUB XOR CMP TEST INC DEC NEG NOT on every form of operands, with and without LOCK;
// alu-opcodes.ts has their opcodes.
import { CPU_FLAG_AUX } from '../../memory/layout';
import { readAddress, writeAddress } from './address';
import { place, read, readForWrite, write } from './access';
import { AUX_OVERFLOW_BITS, carry, flagsAdd, flagsLogic, flagsSub } from './flags';
import { imm, next, putReg, putRm, reg, rm } from './state';
import { lockedUpdate } from './lock';

export const ADD: u32 = 0;
export const OR: u32 = 1;
export const ADC: u32 = 2;
export const SBB: u32 = 3;
export const AND: u32 = 4;
export const SUB: u32 = 5;
export const XOR: u32 = 6;
export const CMP: u32 = 7;
export const TEST: u32 = 8;
export const INC: u32 = 9;
export const DEC: u32 = 10;
export const NEG: u32 = 11;
export const NOT: u32 = 12;

/** INC and DEC leave CF: takes it from before, and keeps OF. */
// @ts-ignore: decorator
@inline
function keepCarry(cpu: usize, before: u32): void {
  const aux = load<u32>(cpu, CPU_FLAG_AUX);
  if (aux >> 31 != before) store<u32>(cpu, aux ^ AUX_OVERFLOW_BITS, CPU_FLAG_AUX);
}

/** The operation's result; sets the flags. `operation` is a constant at every call. */
// @ts-ignore: decorator
@inline
export function alu<T>(cpu: usize, operation: u32, a: T, b: T): T {
  if (operation == ADD) {
    const r = <T>(a + b);
    flagsAdd<T>(cpu, a, b, r);
    return r;
  }
  if (operation == ADC) {
    const r = <T>(a + b + <T>carry(cpu));
    flagsAdd<T>(cpu, a, b, r);
    return r;
  }
  if (operation == SUB || operation == CMP) {
    const r = <T>(a - b);
    flagsSub<T>(cpu, a, b, r);
    return r;
  }
  if (operation == SBB) {
    const r = <T>(a - b - <T>carry(cpu));
    flagsSub<T>(cpu, a, b, r);
    return r;
  }
  if (operation == OR) {
    const r = <T>(a | b);
    flagsLogic<T>(cpu, r);
    return r;
  }
  if (operation == AND || operation == TEST) {
    const r = <T>(a & b);
    flagsLogic<T>(cpu, r);
    return r;
  }
  if (operation == XOR) {
    const r = <T>(a ^ b);
    flagsLogic<T>(cpu, r);
    return r;
  }
  if (operation == INC) {
    const before = carry(cpu);
    const r = <T>(a + 1);
    flagsAdd<T>(cpu, a, 1, r);
    keepCarry(cpu, before);
    return r;
  }
  if (operation == DEC) {
    const before = carry(cpu);
    const r = <T>(a - 1);
    flagsSub<T>(cpu, a, 1, r);
    keepCarry(cpu, before);
    return r;
  }
  if (operation == NEG) {
    const r = <T>(0 - a);
    flagsSub<T>(cpu, 0, a, r);
    return r;
  }
  return <T>~a;
}

// @ts-ignore: decorator
@inline
export function rmReg<T>(cpu: usize, record: usize, operation: u32): usize {
  putRm<T>(cpu, record, alu<T>(cpu, operation, rm<T>(cpu, record), reg<T>(cpu, record)));
  return next(record);
}

// @ts-ignore: decorator
@inline
export function regRm<T>(cpu: usize, record: usize, operation: u32): usize {
  putReg<T>(cpu, record, alu<T>(cpu, operation, reg<T>(cpu, record), rm<T>(cpu, record)));
  return next(record);
}

// @ts-ignore: decorator
@inline
export function regMem<T>(cpu: usize, record: usize, operation: u32): usize {
  const b = read<T>(cpu, readAddress<T>(cpu, record));
  putReg<T>(cpu, record, alu<T>(cpu, operation, reg<T>(cpu, record), b));
  return next(record);
}

// @ts-ignore: decorator
@inline
export function rmImm<T>(cpu: usize, record: usize, operation: u32): usize {
  putRm<T>(cpu, record, alu<T>(cpu, operation, rm<T>(cpu, record), imm<T>(record)));
  return next(record);
}

// The same where nobody reads the flags (peephole.ts).

// @ts-ignore: decorator
@inline
function quietly<T>(operation: u32, a: T, b: T): T {
  if (operation == ADD || operation == INC) return <T>(a + b);
  if (operation == SUB || operation == DEC) return <T>(a - b);
  if (operation == OR) return <T>(a | b);
  if (operation == AND) return <T>(a & b);
  if (operation == XOR) return <T>(a ^ b);
  return <T>(0 - a);
}

// @ts-ignore: decorator
@inline
export function rmRegQuiet<T>(cpu: usize, record: usize, operation: u32): usize {
  putRm<T>(cpu, record, quietly<T>(operation, rm<T>(cpu, record), reg<T>(cpu, record)));
  return next(record);
}

// @ts-ignore: decorator
@inline
export function regRmQuiet<T>(cpu: usize, record: usize, operation: u32): usize {
  putReg<T>(cpu, record, quietly<T>(operation, reg<T>(cpu, record), rm<T>(cpu, record)));
  return next(record);
}

// @ts-ignore: decorator
@inline
export function rmImmQuiet<T>(cpu: usize, record: usize, operation: u32): usize {
  putRm<T>(cpu, record, quietly<T>(operation, rm<T>(cpu, record), imm<T>(record)));
  return next(record);
}

/** INC, DEC, NEG. */
// @ts-ignore: decorator
@inline
export function oneRmQuiet<T>(cpu: usize, record: usize, operation: u32): usize {
  putRm<T>(cpu, record, quietly<T>(operation, rm<T>(cpu, record), 1));
  return next(record);
}

/** Reads, computes and writes a memory operand. */
// @ts-ignore: decorator
@inline
function update<T>(cpu: usize, record: usize, operation: u32, b: T): usize {
  const linear = writeAddress<T>(cpu, record);
  const at = place<T>(cpu, linear);
  if (at) store<T>(at, alu<T>(cpu, operation, load<T>(at), b));
  else updateSlow<T>(cpu, linear, operation, b);
  return next(record);
}

/** MMIO, page crossings, pages with code. The flags are set only after the write has succeeded. */
function updateSlow<T>(cpu: usize, linear: u64, operation: u32, b: T): void {
  const a = readForWrite<T>(cpu, linear);
  write<T>(cpu, linear, compute<T>(cpu, operation, a, b));
}

function compute<T>(cpu: usize, operation: u32, a: T, b: T): T {
  switch (operation) {
    case ADD: return alu<T>(cpu, ADD, a, b);
    case OR: return alu<T>(cpu, OR, a, b);
    case ADC: return alu<T>(cpu, ADC, a, b);
    case SBB: return alu<T>(cpu, SBB, a, b);
    case AND: return alu<T>(cpu, AND, a, b);
    case SUB: return alu<T>(cpu, SUB, a, b);
    case XOR: return alu<T>(cpu, XOR, a, b);
    case INC: return alu<T>(cpu, INC, a, b);
    case DEC: return alu<T>(cpu, DEC, a, b);
    case NEG: return alu<T>(cpu, NEG, a, b);
    default: return alu<T>(cpu, NOT, a, b);
  }
}

/** LOCK: the operand changes in one atomic step; flags come from the value that was replaced. */
// @ts-ignore: decorator
@inline
function lockedAlu<T>(cpu: usize, record: usize, operation: u32, b: T): usize {
  const linear = writeAddress<T>(cpu, record);
  const c = operation == ADC || operation == SBB ? <T>carry(cpu) : <T>0;
  const old = lockedUpdate<T>(cpu, linear, operation, b, c);
  alu<T>(cpu, operation, old, b);
  return next(record);
}

/** The remaining operand forms: memory with a register or an immediate, with and without LOCK; one operand. */
// @ts-ignore: decorator
@inline
export function memReg<T>(cpu: usize, record: usize, operation: u32): usize {
  return update<T>(cpu, record, operation, reg<T>(cpu, record));
}

// @ts-ignore: decorator
@inline
export function memImm<T>(cpu: usize, record: usize, operation: u32): usize {
  return update<T>(cpu, record, operation, imm<T>(record));
}

// @ts-ignore: decorator
@inline
export function lockReg<T>(cpu: usize, record: usize, operation: u32): usize {
  return lockedAlu<T>(cpu, record, operation, reg<T>(cpu, record));
}

// @ts-ignore: decorator
@inline
export function lockImm<T>(cpu: usize, record: usize, operation: u32): usize {
  return lockedAlu<T>(cpu, record, operation, imm<T>(record));
}

// @ts-ignore: decorator
@inline
export function oneRm<T>(cpu: usize, record: usize, operation: u32): usize {
  putRm<T>(cpu, record, alu<T>(cpu, operation, rm<T>(cpu, record), 0));
  return next(record);
}

// @ts-ignore: decorator
@inline
export function oneMem<T>(cpu: usize, record: usize, operation: u32): usize {
  return update<T>(cpu, record, operation, 0);
}

// @ts-ignore: decorator
@inline
export function oneLock<T>(cpu: usize, record: usize, operation: u32): usize {
  return lockedAlu<T>(cpu, record, operation, 0);
}
