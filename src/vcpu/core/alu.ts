// ADD OR ADC SBB AND SUB XOR CMP, TEST, INC, DEC, NEG, NOT, with and without LOCK.
import { CPU_FLAG_AUX } from "../../memory/layout";
import { readAddress, writeAddress } from "./address";
import { place, read, readForWrite, write } from "./access";
import { AUX_CARRY_IN, AUX_CF, AUX_OVERFLOW_BITS, carry, flagsAdd, flagsLogic, flagsSub } from "./flags";
import {
  byReg,
  define,
  defineLock,
  defineMem,
  defineReg,
  MAP_ONE,
  OP_IMM8,
  OP_IMMZ,
  OP_MODRM,
  OP_NO64,
  OP_OPREG,
  OP_REG8,
  OP_RM8,
  slot,
} from "./opcode-table";
import { imm, next, putGpr, putReg, putRm, reg, rm } from "./state";
import { lockedUpdate } from "./lock";

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
function rmReg<T>(cpu: usize, record: usize, operation: u32): usize {
  putRm<T>(cpu, record, alu<T>(cpu, operation, rm<T>(cpu, record), reg<T>(cpu, record)));
  return next(record);
}

// @ts-ignore: decorator
@inline
function regRm<T>(cpu: usize, record: usize, operation: u32): usize {
  putReg<T>(cpu, record, alu<T>(cpu, operation, reg<T>(cpu, record), rm<T>(cpu, record)));
  return next(record);
}

// @ts-ignore: decorator
@inline
function regMem<T>(cpu: usize, record: usize, operation: u32): usize {
  const b = read<T>(cpu, readAddress<T>(cpu, record));
  putReg<T>(cpu, record, alu<T>(cpu, operation, reg<T>(cpu, record), b));
  return next(record);
}

// @ts-ignore: decorator
@inline
function rmImm<T>(cpu: usize, record: usize, operation: u32): usize {
  putRm<T>(cpu, record, alu<T>(cpu, operation, rm<T>(cpu, record), imm<T>(record)));
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

function CMP_RM_REG<T>(cpu: usize, record: usize): usize {
  alu<T>(cpu, CMP, rm<T>(cpu, record), reg<T>(cpu, record));
  return next(record);
}
function CMP_MEM_REG<T>(cpu: usize, record: usize): usize {
  const a = read<T>(cpu, readAddress<T>(cpu, record));
  alu<T>(cpu, CMP, a, reg<T>(cpu, record));
  return next(record);
}
function CMP_REG_RM<T>(cpu: usize, record: usize): usize {
  alu<T>(cpu, CMP, reg<T>(cpu, record), rm<T>(cpu, record));
  return next(record);
}
function CMP_REG_MEM<T>(cpu: usize, record: usize): usize {
  const b = read<T>(cpu, readAddress<T>(cpu, record));
  alu<T>(cpu, CMP, reg<T>(cpu, record), b);
  return next(record);
}
function CMP_RM_IMM<T>(cpu: usize, record: usize): usize {
  alu<T>(cpu, CMP, rm<T>(cpu, record), imm<T>(record));
  return next(record);
}
function CMP_MEM_IMM<T>(cpu: usize, record: usize): usize {
  const a = read<T>(cpu, readAddress<T>(cpu, record));
  alu<T>(cpu, CMP, a, imm<T>(record));
  return next(record);
}
function TEST_RM_REG<T>(cpu: usize, record: usize): usize {
  alu<T>(cpu, TEST, rm<T>(cpu, record), reg<T>(cpu, record));
  return next(record);
}
function TEST_MEM_REG<T>(cpu: usize, record: usize): usize {
  const a = read<T>(cpu, readAddress<T>(cpu, record));
  alu<T>(cpu, TEST, a, reg<T>(cpu, record));
  return next(record);
}
function TEST_RM_IMM<T>(cpu: usize, record: usize): usize {
  alu<T>(cpu, TEST, rm<T>(cpu, record), imm<T>(record));
  return next(record);
}
function TEST_MEM_IMM<T>(cpu: usize, record: usize): usize {
  const a = read<T>(cpu, readAddress<T>(cpu, record));
  alu<T>(cpu, TEST, a, imm<T>(record));
  return next(record);
}


function ADD_RM_REG<T>(cpu: usize, record: usize): usize {
  return rmReg<T>(cpu, record, ADD);
}
function ADD_REG_RM<T>(cpu: usize, record: usize): usize {
  return regRm<T>(cpu, record, ADD);
}
function ADD_REG_MEM<T>(cpu: usize, record: usize): usize {
  return regMem<T>(cpu, record, ADD);
}
function ADD_RM_IMM<T>(cpu: usize, record: usize): usize {
  return rmImm<T>(cpu, record, ADD);
}
function ADD_MEM_REG<T>(cpu: usize, record: usize): usize {
  return update<T>(cpu, record, ADD, reg<T>(cpu, record));
}
function ADD_MEM_IMM<T>(cpu: usize, record: usize): usize {
  return update<T>(cpu, record, ADD, imm<T>(record));
}
function ADD_LOCK_REG<T>(cpu: usize, record: usize): usize {
  return lockedAlu<T>(cpu, record, ADD, reg<T>(cpu, record));
}
function ADD_LOCK_IMM<T>(cpu: usize, record: usize): usize {
  return lockedAlu<T>(cpu, record, ADD, imm<T>(record));
}

function OR_RM_REG<T>(cpu: usize, record: usize): usize {
  return rmReg<T>(cpu, record, OR);
}
function OR_REG_RM<T>(cpu: usize, record: usize): usize {
  return regRm<T>(cpu, record, OR);
}
function OR_REG_MEM<T>(cpu: usize, record: usize): usize {
  return regMem<T>(cpu, record, OR);
}
function OR_RM_IMM<T>(cpu: usize, record: usize): usize {
  return rmImm<T>(cpu, record, OR);
}
function OR_MEM_REG<T>(cpu: usize, record: usize): usize {
  return update<T>(cpu, record, OR, reg<T>(cpu, record));
}
function OR_MEM_IMM<T>(cpu: usize, record: usize): usize {
  return update<T>(cpu, record, OR, imm<T>(record));
}
function OR_LOCK_REG<T>(cpu: usize, record: usize): usize {
  return lockedAlu<T>(cpu, record, OR, reg<T>(cpu, record));
}
function OR_LOCK_IMM<T>(cpu: usize, record: usize): usize {
  return lockedAlu<T>(cpu, record, OR, imm<T>(record));
}

function ADC_RM_REG<T>(cpu: usize, record: usize): usize {
  return rmReg<T>(cpu, record, ADC);
}
function ADC_REG_RM<T>(cpu: usize, record: usize): usize {
  return regRm<T>(cpu, record, ADC);
}
function ADC_REG_MEM<T>(cpu: usize, record: usize): usize {
  return regMem<T>(cpu, record, ADC);
}
function ADC_RM_IMM<T>(cpu: usize, record: usize): usize {
  return rmImm<T>(cpu, record, ADC);
}
function ADC_MEM_REG<T>(cpu: usize, record: usize): usize {
  return update<T>(cpu, record, ADC, reg<T>(cpu, record));
}
function ADC_MEM_IMM<T>(cpu: usize, record: usize): usize {
  return update<T>(cpu, record, ADC, imm<T>(record));
}
function ADC_LOCK_REG<T>(cpu: usize, record: usize): usize {
  return lockedAlu<T>(cpu, record, ADC, reg<T>(cpu, record));
}
function ADC_LOCK_IMM<T>(cpu: usize, record: usize): usize {
  return lockedAlu<T>(cpu, record, ADC, imm<T>(record));
}

function SBB_RM_REG<T>(cpu: usize, record: usize): usize {
  return rmReg<T>(cpu, record, SBB);
}
function SBB_REG_RM<T>(cpu: usize, record: usize): usize {
  return regRm<T>(cpu, record, SBB);
}
function SBB_REG_MEM<T>(cpu: usize, record: usize): usize {
  return regMem<T>(cpu, record, SBB);
}
function SBB_RM_IMM<T>(cpu: usize, record: usize): usize {
  return rmImm<T>(cpu, record, SBB);
}
function SBB_MEM_REG<T>(cpu: usize, record: usize): usize {
  return update<T>(cpu, record, SBB, reg<T>(cpu, record));
}
function SBB_MEM_IMM<T>(cpu: usize, record: usize): usize {
  return update<T>(cpu, record, SBB, imm<T>(record));
}
function SBB_LOCK_REG<T>(cpu: usize, record: usize): usize {
  return lockedAlu<T>(cpu, record, SBB, reg<T>(cpu, record));
}
function SBB_LOCK_IMM<T>(cpu: usize, record: usize): usize {
  return lockedAlu<T>(cpu, record, SBB, imm<T>(record));
}

function AND_RM_REG<T>(cpu: usize, record: usize): usize {
  return rmReg<T>(cpu, record, AND);
}
function AND_REG_RM<T>(cpu: usize, record: usize): usize {
  return regRm<T>(cpu, record, AND);
}
function AND_REG_MEM<T>(cpu: usize, record: usize): usize {
  return regMem<T>(cpu, record, AND);
}
function AND_RM_IMM<T>(cpu: usize, record: usize): usize {
  return rmImm<T>(cpu, record, AND);
}
function AND_MEM_REG<T>(cpu: usize, record: usize): usize {
  return update<T>(cpu, record, AND, reg<T>(cpu, record));
}
function AND_MEM_IMM<T>(cpu: usize, record: usize): usize {
  return update<T>(cpu, record, AND, imm<T>(record));
}
function AND_LOCK_REG<T>(cpu: usize, record: usize): usize {
  return lockedAlu<T>(cpu, record, AND, reg<T>(cpu, record));
}
function AND_LOCK_IMM<T>(cpu: usize, record: usize): usize {
  return lockedAlu<T>(cpu, record, AND, imm<T>(record));
}

function SUB_RM_REG<T>(cpu: usize, record: usize): usize {
  return rmReg<T>(cpu, record, SUB);
}
function SUB_REG_RM<T>(cpu: usize, record: usize): usize {
  return regRm<T>(cpu, record, SUB);
}
function SUB_REG_MEM<T>(cpu: usize, record: usize): usize {
  return regMem<T>(cpu, record, SUB);
}
function SUB_RM_IMM<T>(cpu: usize, record: usize): usize {
  return rmImm<T>(cpu, record, SUB);
}
function SUB_MEM_REG<T>(cpu: usize, record: usize): usize {
  return update<T>(cpu, record, SUB, reg<T>(cpu, record));
}
function SUB_MEM_IMM<T>(cpu: usize, record: usize): usize {
  return update<T>(cpu, record, SUB, imm<T>(record));
}
function SUB_LOCK_REG<T>(cpu: usize, record: usize): usize {
  return lockedAlu<T>(cpu, record, SUB, reg<T>(cpu, record));
}
function SUB_LOCK_IMM<T>(cpu: usize, record: usize): usize {
  return lockedAlu<T>(cpu, record, SUB, imm<T>(record));
}

function XOR_RM_REG<T>(cpu: usize, record: usize): usize {
  return rmReg<T>(cpu, record, XOR);
}
function XOR_REG_RM<T>(cpu: usize, record: usize): usize {
  return regRm<T>(cpu, record, XOR);
}
function XOR_REG_MEM<T>(cpu: usize, record: usize): usize {
  return regMem<T>(cpu, record, XOR);
}
function XOR_RM_IMM<T>(cpu: usize, record: usize): usize {
  return rmImm<T>(cpu, record, XOR);
}
function XOR_MEM_REG<T>(cpu: usize, record: usize): usize {
  return update<T>(cpu, record, XOR, reg<T>(cpu, record));
}
function XOR_MEM_IMM<T>(cpu: usize, record: usize): usize {
  return update<T>(cpu, record, XOR, imm<T>(record));
}
function XOR_LOCK_REG<T>(cpu: usize, record: usize): usize {
  return lockedAlu<T>(cpu, record, XOR, reg<T>(cpu, record));
}
function XOR_LOCK_IMM<T>(cpu: usize, record: usize): usize {
  return lockedAlu<T>(cpu, record, XOR, imm<T>(record));
}

function INC_RM<T>(cpu: usize, record: usize): usize {
  putRm<T>(cpu, record, alu<T>(cpu, INC, rm<T>(cpu, record), 0));
  return next(record);
}
function INC_MEM<T>(cpu: usize, record: usize): usize {
  return update<T>(cpu, record, INC, 0);
}
function INC_LOCK<T>(cpu: usize, record: usize): usize {
  return lockedAlu<T>(cpu, record, INC, 0);
}

function DEC_RM<T>(cpu: usize, record: usize): usize {
  putRm<T>(cpu, record, alu<T>(cpu, DEC, rm<T>(cpu, record), 0));
  return next(record);
}
function DEC_MEM<T>(cpu: usize, record: usize): usize {
  return update<T>(cpu, record, DEC, 0);
}
function DEC_LOCK<T>(cpu: usize, record: usize): usize {
  return lockedAlu<T>(cpu, record, DEC, 0);
}

function NEG_RM<T>(cpu: usize, record: usize): usize {
  putRm<T>(cpu, record, alu<T>(cpu, NEG, rm<T>(cpu, record), 0));
  return next(record);
}
function NEG_MEM<T>(cpu: usize, record: usize): usize {
  return update<T>(cpu, record, NEG, 0);
}
function NEG_LOCK<T>(cpu: usize, record: usize): usize {
  return lockedAlu<T>(cpu, record, NEG, 0);
}

function NOT_RM<T>(cpu: usize, record: usize): usize {
  putRm<T>(cpu, record, alu<T>(cpu, NOT, rm<T>(cpu, record), 0));
  return next(record);
}
function NOT_MEM<T>(cpu: usize, record: usize): usize {
  return update<T>(cpu, record, NOT, 0);
}
function NOT_LOCK<T>(cpu: usize, record: usize): usize {
  return lockedAlu<T>(cpu, record, NOT, 0);
}

/** Registers the family's opcodes (SDM vol. 2, appendix A). */
export function registerAlu(): void {
  defineReg(slot(MAP_ONE, 0x00), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => ADD_RM_REG<u8>(c, r), (c, r) => ADD_RM_REG<u8>(c, r), (c, r) => ADD_RM_REG<u8>(c, r));
  defineMem(slot(MAP_ONE, 0x00), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => ADD_MEM_REG<u8>(c, r), (c, r) => ADD_MEM_REG<u8>(c, r), (c, r) => ADD_MEM_REG<u8>(c, r));
  defineReg(slot(MAP_ONE, 0x01), OP_MODRM, 0, (c, r) => ADD_RM_REG<u16>(c, r), (c, r) => ADD_RM_REG<u32>(c, r), (c, r) => ADD_RM_REG<u64>(c, r));
  defineMem(slot(MAP_ONE, 0x01), OP_MODRM, 0, (c, r) => ADD_MEM_REG<u16>(c, r), (c, r) => ADD_MEM_REG<u32>(c, r), (c, r) => ADD_MEM_REG<u64>(c, r));
  defineLock(slot(MAP_ONE, 0x00), (c, r) => ADD_LOCK_REG<u8>(c, r), (c, r) => ADD_LOCK_REG<u8>(c, r), (c, r) => ADD_LOCK_REG<u8>(c, r));
  defineLock(slot(MAP_ONE, 0x01), (c, r) => ADD_LOCK_REG<u16>(c, r), (c, r) => ADD_LOCK_REG<u32>(c, r), (c, r) => ADD_LOCK_REG<u64>(c, r));
  defineReg(slot(MAP_ONE, 0x02), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => ADD_REG_RM<u8>(c, r), (c, r) => ADD_REG_RM<u8>(c, r), (c, r) => ADD_REG_RM<u8>(c, r));
  defineMem(slot(MAP_ONE, 0x02), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => ADD_REG_MEM<u8>(c, r), (c, r) => ADD_REG_MEM<u8>(c, r), (c, r) => ADD_REG_MEM<u8>(c, r));
  defineReg(slot(MAP_ONE, 0x03), OP_MODRM, 0, (c, r) => ADD_REG_RM<u16>(c, r), (c, r) => ADD_REG_RM<u32>(c, r), (c, r) => ADD_REG_RM<u64>(c, r));
  defineMem(slot(MAP_ONE, 0x03), OP_MODRM, 0, (c, r) => ADD_REG_MEM<u16>(c, r), (c, r) => ADD_REG_MEM<u32>(c, r), (c, r) => ADD_REG_MEM<u64>(c, r));
  define(slot(MAP_ONE, 0x04), OP_IMM8, 0, (c, r) => ADD_RM_IMM<u8>(c, r), (c, r) => ADD_RM_IMM<u8>(c, r), (c, r) => ADD_RM_IMM<u8>(c, r));
  define(slot(MAP_ONE, 0x05), OP_IMMZ, 0, (c, r) => ADD_RM_IMM<u16>(c, r), (c, r) => ADD_RM_IMM<u32>(c, r), (c, r) => ADD_RM_IMM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x80), 0), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => ADD_RM_IMM<u8>(c, r), (c, r) => ADD_RM_IMM<u8>(c, r), (c, r) => ADD_RM_IMM<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x80), 0), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => ADD_MEM_IMM<u8>(c, r), (c, r) => ADD_MEM_IMM<u8>(c, r), (c, r) => ADD_MEM_IMM<u8>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0x80), 0), (c, r) => ADD_LOCK_IMM<u8>(c, r), (c, r) => ADD_LOCK_IMM<u8>(c, r), (c, r) => ADD_LOCK_IMM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x81), 0), OP_MODRM | OP_IMMZ, 0, (c, r) => ADD_RM_IMM<u16>(c, r), (c, r) => ADD_RM_IMM<u32>(c, r), (c, r) => ADD_RM_IMM<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x81), 0), OP_MODRM | OP_IMMZ, 0, (c, r) => ADD_MEM_IMM<u16>(c, r), (c, r) => ADD_MEM_IMM<u32>(c, r), (c, r) => ADD_MEM_IMM<u64>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0x81), 0), (c, r) => ADD_LOCK_IMM<u16>(c, r), (c, r) => ADD_LOCK_IMM<u32>(c, r), (c, r) => ADD_LOCK_IMM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x82), 0), OP_MODRM | OP_RM8 | OP_IMM8 | OP_NO64, 0, (c, r) => ADD_RM_IMM<u8>(c, r), (c, r) => ADD_RM_IMM<u8>(c, r), (c, r) => ADD_RM_IMM<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x82), 0), OP_MODRM | OP_RM8 | OP_IMM8 | OP_NO64, 0, (c, r) => ADD_MEM_IMM<u8>(c, r), (c, r) => ADD_MEM_IMM<u8>(c, r), (c, r) => ADD_MEM_IMM<u8>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0x82), 0), (c, r) => ADD_LOCK_IMM<u8>(c, r), (c, r) => ADD_LOCK_IMM<u8>(c, r), (c, r) => ADD_LOCK_IMM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x83), 0), OP_MODRM | OP_IMM8, 0, (c, r) => ADD_RM_IMM<u16>(c, r), (c, r) => ADD_RM_IMM<u32>(c, r), (c, r) => ADD_RM_IMM<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x83), 0), OP_MODRM | OP_IMM8, 0, (c, r) => ADD_MEM_IMM<u16>(c, r), (c, r) => ADD_MEM_IMM<u32>(c, r), (c, r) => ADD_MEM_IMM<u64>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0x83), 0), (c, r) => ADD_LOCK_IMM<u16>(c, r), (c, r) => ADD_LOCK_IMM<u32>(c, r), (c, r) => ADD_LOCK_IMM<u64>(c, r));
  defineReg(slot(MAP_ONE, 0x08), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => OR_RM_REG<u8>(c, r), (c, r) => OR_RM_REG<u8>(c, r), (c, r) => OR_RM_REG<u8>(c, r));
  defineMem(slot(MAP_ONE, 0x08), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => OR_MEM_REG<u8>(c, r), (c, r) => OR_MEM_REG<u8>(c, r), (c, r) => OR_MEM_REG<u8>(c, r));
  defineReg(slot(MAP_ONE, 0x09), OP_MODRM, 0, (c, r) => OR_RM_REG<u16>(c, r), (c, r) => OR_RM_REG<u32>(c, r), (c, r) => OR_RM_REG<u64>(c, r));
  defineMem(slot(MAP_ONE, 0x09), OP_MODRM, 0, (c, r) => OR_MEM_REG<u16>(c, r), (c, r) => OR_MEM_REG<u32>(c, r), (c, r) => OR_MEM_REG<u64>(c, r));
  defineLock(slot(MAP_ONE, 0x08), (c, r) => OR_LOCK_REG<u8>(c, r), (c, r) => OR_LOCK_REG<u8>(c, r), (c, r) => OR_LOCK_REG<u8>(c, r));
  defineLock(slot(MAP_ONE, 0x09), (c, r) => OR_LOCK_REG<u16>(c, r), (c, r) => OR_LOCK_REG<u32>(c, r), (c, r) => OR_LOCK_REG<u64>(c, r));
  defineReg(slot(MAP_ONE, 0x0a), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => OR_REG_RM<u8>(c, r), (c, r) => OR_REG_RM<u8>(c, r), (c, r) => OR_REG_RM<u8>(c, r));
  defineMem(slot(MAP_ONE, 0x0a), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => OR_REG_MEM<u8>(c, r), (c, r) => OR_REG_MEM<u8>(c, r), (c, r) => OR_REG_MEM<u8>(c, r));
  defineReg(slot(MAP_ONE, 0x0b), OP_MODRM, 0, (c, r) => OR_REG_RM<u16>(c, r), (c, r) => OR_REG_RM<u32>(c, r), (c, r) => OR_REG_RM<u64>(c, r));
  defineMem(slot(MAP_ONE, 0x0b), OP_MODRM, 0, (c, r) => OR_REG_MEM<u16>(c, r), (c, r) => OR_REG_MEM<u32>(c, r), (c, r) => OR_REG_MEM<u64>(c, r));
  define(slot(MAP_ONE, 0x0c), OP_IMM8, 0, (c, r) => OR_RM_IMM<u8>(c, r), (c, r) => OR_RM_IMM<u8>(c, r), (c, r) => OR_RM_IMM<u8>(c, r));
  define(slot(MAP_ONE, 0x0d), OP_IMMZ, 0, (c, r) => OR_RM_IMM<u16>(c, r), (c, r) => OR_RM_IMM<u32>(c, r), (c, r) => OR_RM_IMM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x80), 1), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => OR_RM_IMM<u8>(c, r), (c, r) => OR_RM_IMM<u8>(c, r), (c, r) => OR_RM_IMM<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x80), 1), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => OR_MEM_IMM<u8>(c, r), (c, r) => OR_MEM_IMM<u8>(c, r), (c, r) => OR_MEM_IMM<u8>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0x80), 1), (c, r) => OR_LOCK_IMM<u8>(c, r), (c, r) => OR_LOCK_IMM<u8>(c, r), (c, r) => OR_LOCK_IMM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x81), 1), OP_MODRM | OP_IMMZ, 0, (c, r) => OR_RM_IMM<u16>(c, r), (c, r) => OR_RM_IMM<u32>(c, r), (c, r) => OR_RM_IMM<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x81), 1), OP_MODRM | OP_IMMZ, 0, (c, r) => OR_MEM_IMM<u16>(c, r), (c, r) => OR_MEM_IMM<u32>(c, r), (c, r) => OR_MEM_IMM<u64>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0x81), 1), (c, r) => OR_LOCK_IMM<u16>(c, r), (c, r) => OR_LOCK_IMM<u32>(c, r), (c, r) => OR_LOCK_IMM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x82), 1), OP_MODRM | OP_RM8 | OP_IMM8 | OP_NO64, 0, (c, r) => OR_RM_IMM<u8>(c, r), (c, r) => OR_RM_IMM<u8>(c, r), (c, r) => OR_RM_IMM<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x82), 1), OP_MODRM | OP_RM8 | OP_IMM8 | OP_NO64, 0, (c, r) => OR_MEM_IMM<u8>(c, r), (c, r) => OR_MEM_IMM<u8>(c, r), (c, r) => OR_MEM_IMM<u8>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0x82), 1), (c, r) => OR_LOCK_IMM<u8>(c, r), (c, r) => OR_LOCK_IMM<u8>(c, r), (c, r) => OR_LOCK_IMM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x83), 1), OP_MODRM | OP_IMM8, 0, (c, r) => OR_RM_IMM<u16>(c, r), (c, r) => OR_RM_IMM<u32>(c, r), (c, r) => OR_RM_IMM<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x83), 1), OP_MODRM | OP_IMM8, 0, (c, r) => OR_MEM_IMM<u16>(c, r), (c, r) => OR_MEM_IMM<u32>(c, r), (c, r) => OR_MEM_IMM<u64>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0x83), 1), (c, r) => OR_LOCK_IMM<u16>(c, r), (c, r) => OR_LOCK_IMM<u32>(c, r), (c, r) => OR_LOCK_IMM<u64>(c, r));
  defineReg(slot(MAP_ONE, 0x10), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => ADC_RM_REG<u8>(c, r), (c, r) => ADC_RM_REG<u8>(c, r), (c, r) => ADC_RM_REG<u8>(c, r));
  defineMem(slot(MAP_ONE, 0x10), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => ADC_MEM_REG<u8>(c, r), (c, r) => ADC_MEM_REG<u8>(c, r), (c, r) => ADC_MEM_REG<u8>(c, r));
  defineReg(slot(MAP_ONE, 0x11), OP_MODRM, 0, (c, r) => ADC_RM_REG<u16>(c, r), (c, r) => ADC_RM_REG<u32>(c, r), (c, r) => ADC_RM_REG<u64>(c, r));
  defineMem(slot(MAP_ONE, 0x11), OP_MODRM, 0, (c, r) => ADC_MEM_REG<u16>(c, r), (c, r) => ADC_MEM_REG<u32>(c, r), (c, r) => ADC_MEM_REG<u64>(c, r));
  defineLock(slot(MAP_ONE, 0x10), (c, r) => ADC_LOCK_REG<u8>(c, r), (c, r) => ADC_LOCK_REG<u8>(c, r), (c, r) => ADC_LOCK_REG<u8>(c, r));
  defineLock(slot(MAP_ONE, 0x11), (c, r) => ADC_LOCK_REG<u16>(c, r), (c, r) => ADC_LOCK_REG<u32>(c, r), (c, r) => ADC_LOCK_REG<u64>(c, r));
  defineReg(slot(MAP_ONE, 0x12), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => ADC_REG_RM<u8>(c, r), (c, r) => ADC_REG_RM<u8>(c, r), (c, r) => ADC_REG_RM<u8>(c, r));
  defineMem(slot(MAP_ONE, 0x12), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => ADC_REG_MEM<u8>(c, r), (c, r) => ADC_REG_MEM<u8>(c, r), (c, r) => ADC_REG_MEM<u8>(c, r));
  defineReg(slot(MAP_ONE, 0x13), OP_MODRM, 0, (c, r) => ADC_REG_RM<u16>(c, r), (c, r) => ADC_REG_RM<u32>(c, r), (c, r) => ADC_REG_RM<u64>(c, r));
  defineMem(slot(MAP_ONE, 0x13), OP_MODRM, 0, (c, r) => ADC_REG_MEM<u16>(c, r), (c, r) => ADC_REG_MEM<u32>(c, r), (c, r) => ADC_REG_MEM<u64>(c, r));
  define(slot(MAP_ONE, 0x14), OP_IMM8, 0, (c, r) => ADC_RM_IMM<u8>(c, r), (c, r) => ADC_RM_IMM<u8>(c, r), (c, r) => ADC_RM_IMM<u8>(c, r));
  define(slot(MAP_ONE, 0x15), OP_IMMZ, 0, (c, r) => ADC_RM_IMM<u16>(c, r), (c, r) => ADC_RM_IMM<u32>(c, r), (c, r) => ADC_RM_IMM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x80), 2), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => ADC_RM_IMM<u8>(c, r), (c, r) => ADC_RM_IMM<u8>(c, r), (c, r) => ADC_RM_IMM<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x80), 2), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => ADC_MEM_IMM<u8>(c, r), (c, r) => ADC_MEM_IMM<u8>(c, r), (c, r) => ADC_MEM_IMM<u8>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0x80), 2), (c, r) => ADC_LOCK_IMM<u8>(c, r), (c, r) => ADC_LOCK_IMM<u8>(c, r), (c, r) => ADC_LOCK_IMM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x81), 2), OP_MODRM | OP_IMMZ, 0, (c, r) => ADC_RM_IMM<u16>(c, r), (c, r) => ADC_RM_IMM<u32>(c, r), (c, r) => ADC_RM_IMM<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x81), 2), OP_MODRM | OP_IMMZ, 0, (c, r) => ADC_MEM_IMM<u16>(c, r), (c, r) => ADC_MEM_IMM<u32>(c, r), (c, r) => ADC_MEM_IMM<u64>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0x81), 2), (c, r) => ADC_LOCK_IMM<u16>(c, r), (c, r) => ADC_LOCK_IMM<u32>(c, r), (c, r) => ADC_LOCK_IMM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x82), 2), OP_MODRM | OP_RM8 | OP_IMM8 | OP_NO64, 0, (c, r) => ADC_RM_IMM<u8>(c, r), (c, r) => ADC_RM_IMM<u8>(c, r), (c, r) => ADC_RM_IMM<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x82), 2), OP_MODRM | OP_RM8 | OP_IMM8 | OP_NO64, 0, (c, r) => ADC_MEM_IMM<u8>(c, r), (c, r) => ADC_MEM_IMM<u8>(c, r), (c, r) => ADC_MEM_IMM<u8>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0x82), 2), (c, r) => ADC_LOCK_IMM<u8>(c, r), (c, r) => ADC_LOCK_IMM<u8>(c, r), (c, r) => ADC_LOCK_IMM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x83), 2), OP_MODRM | OP_IMM8, 0, (c, r) => ADC_RM_IMM<u16>(c, r), (c, r) => ADC_RM_IMM<u32>(c, r), (c, r) => ADC_RM_IMM<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x83), 2), OP_MODRM | OP_IMM8, 0, (c, r) => ADC_MEM_IMM<u16>(c, r), (c, r) => ADC_MEM_IMM<u32>(c, r), (c, r) => ADC_MEM_IMM<u64>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0x83), 2), (c, r) => ADC_LOCK_IMM<u16>(c, r), (c, r) => ADC_LOCK_IMM<u32>(c, r), (c, r) => ADC_LOCK_IMM<u64>(c, r));
  defineReg(slot(MAP_ONE, 0x18), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => SBB_RM_REG<u8>(c, r), (c, r) => SBB_RM_REG<u8>(c, r), (c, r) => SBB_RM_REG<u8>(c, r));
  defineMem(slot(MAP_ONE, 0x18), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => SBB_MEM_REG<u8>(c, r), (c, r) => SBB_MEM_REG<u8>(c, r), (c, r) => SBB_MEM_REG<u8>(c, r));
  defineReg(slot(MAP_ONE, 0x19), OP_MODRM, 0, (c, r) => SBB_RM_REG<u16>(c, r), (c, r) => SBB_RM_REG<u32>(c, r), (c, r) => SBB_RM_REG<u64>(c, r));
  defineMem(slot(MAP_ONE, 0x19), OP_MODRM, 0, (c, r) => SBB_MEM_REG<u16>(c, r), (c, r) => SBB_MEM_REG<u32>(c, r), (c, r) => SBB_MEM_REG<u64>(c, r));
  defineLock(slot(MAP_ONE, 0x18), (c, r) => SBB_LOCK_REG<u8>(c, r), (c, r) => SBB_LOCK_REG<u8>(c, r), (c, r) => SBB_LOCK_REG<u8>(c, r));
  defineLock(slot(MAP_ONE, 0x19), (c, r) => SBB_LOCK_REG<u16>(c, r), (c, r) => SBB_LOCK_REG<u32>(c, r), (c, r) => SBB_LOCK_REG<u64>(c, r));
  defineReg(slot(MAP_ONE, 0x1a), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => SBB_REG_RM<u8>(c, r), (c, r) => SBB_REG_RM<u8>(c, r), (c, r) => SBB_REG_RM<u8>(c, r));
  defineMem(slot(MAP_ONE, 0x1a), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => SBB_REG_MEM<u8>(c, r), (c, r) => SBB_REG_MEM<u8>(c, r), (c, r) => SBB_REG_MEM<u8>(c, r));
  defineReg(slot(MAP_ONE, 0x1b), OP_MODRM, 0, (c, r) => SBB_REG_RM<u16>(c, r), (c, r) => SBB_REG_RM<u32>(c, r), (c, r) => SBB_REG_RM<u64>(c, r));
  defineMem(slot(MAP_ONE, 0x1b), OP_MODRM, 0, (c, r) => SBB_REG_MEM<u16>(c, r), (c, r) => SBB_REG_MEM<u32>(c, r), (c, r) => SBB_REG_MEM<u64>(c, r));
  define(slot(MAP_ONE, 0x1c), OP_IMM8, 0, (c, r) => SBB_RM_IMM<u8>(c, r), (c, r) => SBB_RM_IMM<u8>(c, r), (c, r) => SBB_RM_IMM<u8>(c, r));
  define(slot(MAP_ONE, 0x1d), OP_IMMZ, 0, (c, r) => SBB_RM_IMM<u16>(c, r), (c, r) => SBB_RM_IMM<u32>(c, r), (c, r) => SBB_RM_IMM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x80), 3), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => SBB_RM_IMM<u8>(c, r), (c, r) => SBB_RM_IMM<u8>(c, r), (c, r) => SBB_RM_IMM<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x80), 3), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => SBB_MEM_IMM<u8>(c, r), (c, r) => SBB_MEM_IMM<u8>(c, r), (c, r) => SBB_MEM_IMM<u8>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0x80), 3), (c, r) => SBB_LOCK_IMM<u8>(c, r), (c, r) => SBB_LOCK_IMM<u8>(c, r), (c, r) => SBB_LOCK_IMM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x81), 3), OP_MODRM | OP_IMMZ, 0, (c, r) => SBB_RM_IMM<u16>(c, r), (c, r) => SBB_RM_IMM<u32>(c, r), (c, r) => SBB_RM_IMM<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x81), 3), OP_MODRM | OP_IMMZ, 0, (c, r) => SBB_MEM_IMM<u16>(c, r), (c, r) => SBB_MEM_IMM<u32>(c, r), (c, r) => SBB_MEM_IMM<u64>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0x81), 3), (c, r) => SBB_LOCK_IMM<u16>(c, r), (c, r) => SBB_LOCK_IMM<u32>(c, r), (c, r) => SBB_LOCK_IMM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x82), 3), OP_MODRM | OP_RM8 | OP_IMM8 | OP_NO64, 0, (c, r) => SBB_RM_IMM<u8>(c, r), (c, r) => SBB_RM_IMM<u8>(c, r), (c, r) => SBB_RM_IMM<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x82), 3), OP_MODRM | OP_RM8 | OP_IMM8 | OP_NO64, 0, (c, r) => SBB_MEM_IMM<u8>(c, r), (c, r) => SBB_MEM_IMM<u8>(c, r), (c, r) => SBB_MEM_IMM<u8>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0x82), 3), (c, r) => SBB_LOCK_IMM<u8>(c, r), (c, r) => SBB_LOCK_IMM<u8>(c, r), (c, r) => SBB_LOCK_IMM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x83), 3), OP_MODRM | OP_IMM8, 0, (c, r) => SBB_RM_IMM<u16>(c, r), (c, r) => SBB_RM_IMM<u32>(c, r), (c, r) => SBB_RM_IMM<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x83), 3), OP_MODRM | OP_IMM8, 0, (c, r) => SBB_MEM_IMM<u16>(c, r), (c, r) => SBB_MEM_IMM<u32>(c, r), (c, r) => SBB_MEM_IMM<u64>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0x83), 3), (c, r) => SBB_LOCK_IMM<u16>(c, r), (c, r) => SBB_LOCK_IMM<u32>(c, r), (c, r) => SBB_LOCK_IMM<u64>(c, r));
  defineReg(slot(MAP_ONE, 0x20), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => AND_RM_REG<u8>(c, r), (c, r) => AND_RM_REG<u8>(c, r), (c, r) => AND_RM_REG<u8>(c, r));
  defineMem(slot(MAP_ONE, 0x20), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => AND_MEM_REG<u8>(c, r), (c, r) => AND_MEM_REG<u8>(c, r), (c, r) => AND_MEM_REG<u8>(c, r));
  defineReg(slot(MAP_ONE, 0x21), OP_MODRM, 0, (c, r) => AND_RM_REG<u16>(c, r), (c, r) => AND_RM_REG<u32>(c, r), (c, r) => AND_RM_REG<u64>(c, r));
  defineMem(slot(MAP_ONE, 0x21), OP_MODRM, 0, (c, r) => AND_MEM_REG<u16>(c, r), (c, r) => AND_MEM_REG<u32>(c, r), (c, r) => AND_MEM_REG<u64>(c, r));
  defineLock(slot(MAP_ONE, 0x20), (c, r) => AND_LOCK_REG<u8>(c, r), (c, r) => AND_LOCK_REG<u8>(c, r), (c, r) => AND_LOCK_REG<u8>(c, r));
  defineLock(slot(MAP_ONE, 0x21), (c, r) => AND_LOCK_REG<u16>(c, r), (c, r) => AND_LOCK_REG<u32>(c, r), (c, r) => AND_LOCK_REG<u64>(c, r));
  defineReg(slot(MAP_ONE, 0x22), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => AND_REG_RM<u8>(c, r), (c, r) => AND_REG_RM<u8>(c, r), (c, r) => AND_REG_RM<u8>(c, r));
  defineMem(slot(MAP_ONE, 0x22), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => AND_REG_MEM<u8>(c, r), (c, r) => AND_REG_MEM<u8>(c, r), (c, r) => AND_REG_MEM<u8>(c, r));
  defineReg(slot(MAP_ONE, 0x23), OP_MODRM, 0, (c, r) => AND_REG_RM<u16>(c, r), (c, r) => AND_REG_RM<u32>(c, r), (c, r) => AND_REG_RM<u64>(c, r));
  defineMem(slot(MAP_ONE, 0x23), OP_MODRM, 0, (c, r) => AND_REG_MEM<u16>(c, r), (c, r) => AND_REG_MEM<u32>(c, r), (c, r) => AND_REG_MEM<u64>(c, r));
  define(slot(MAP_ONE, 0x24), OP_IMM8, 0, (c, r) => AND_RM_IMM<u8>(c, r), (c, r) => AND_RM_IMM<u8>(c, r), (c, r) => AND_RM_IMM<u8>(c, r));
  define(slot(MAP_ONE, 0x25), OP_IMMZ, 0, (c, r) => AND_RM_IMM<u16>(c, r), (c, r) => AND_RM_IMM<u32>(c, r), (c, r) => AND_RM_IMM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x80), 4), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => AND_RM_IMM<u8>(c, r), (c, r) => AND_RM_IMM<u8>(c, r), (c, r) => AND_RM_IMM<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x80), 4), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => AND_MEM_IMM<u8>(c, r), (c, r) => AND_MEM_IMM<u8>(c, r), (c, r) => AND_MEM_IMM<u8>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0x80), 4), (c, r) => AND_LOCK_IMM<u8>(c, r), (c, r) => AND_LOCK_IMM<u8>(c, r), (c, r) => AND_LOCK_IMM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x81), 4), OP_MODRM | OP_IMMZ, 0, (c, r) => AND_RM_IMM<u16>(c, r), (c, r) => AND_RM_IMM<u32>(c, r), (c, r) => AND_RM_IMM<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x81), 4), OP_MODRM | OP_IMMZ, 0, (c, r) => AND_MEM_IMM<u16>(c, r), (c, r) => AND_MEM_IMM<u32>(c, r), (c, r) => AND_MEM_IMM<u64>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0x81), 4), (c, r) => AND_LOCK_IMM<u16>(c, r), (c, r) => AND_LOCK_IMM<u32>(c, r), (c, r) => AND_LOCK_IMM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x82), 4), OP_MODRM | OP_RM8 | OP_IMM8 | OP_NO64, 0, (c, r) => AND_RM_IMM<u8>(c, r), (c, r) => AND_RM_IMM<u8>(c, r), (c, r) => AND_RM_IMM<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x82), 4), OP_MODRM | OP_RM8 | OP_IMM8 | OP_NO64, 0, (c, r) => AND_MEM_IMM<u8>(c, r), (c, r) => AND_MEM_IMM<u8>(c, r), (c, r) => AND_MEM_IMM<u8>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0x82), 4), (c, r) => AND_LOCK_IMM<u8>(c, r), (c, r) => AND_LOCK_IMM<u8>(c, r), (c, r) => AND_LOCK_IMM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x83), 4), OP_MODRM | OP_IMM8, 0, (c, r) => AND_RM_IMM<u16>(c, r), (c, r) => AND_RM_IMM<u32>(c, r), (c, r) => AND_RM_IMM<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x83), 4), OP_MODRM | OP_IMM8, 0, (c, r) => AND_MEM_IMM<u16>(c, r), (c, r) => AND_MEM_IMM<u32>(c, r), (c, r) => AND_MEM_IMM<u64>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0x83), 4), (c, r) => AND_LOCK_IMM<u16>(c, r), (c, r) => AND_LOCK_IMM<u32>(c, r), (c, r) => AND_LOCK_IMM<u64>(c, r));
  defineReg(slot(MAP_ONE, 0x28), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => SUB_RM_REG<u8>(c, r), (c, r) => SUB_RM_REG<u8>(c, r), (c, r) => SUB_RM_REG<u8>(c, r));
  defineMem(slot(MAP_ONE, 0x28), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => SUB_MEM_REG<u8>(c, r), (c, r) => SUB_MEM_REG<u8>(c, r), (c, r) => SUB_MEM_REG<u8>(c, r));
  defineReg(slot(MAP_ONE, 0x29), OP_MODRM, 0, (c, r) => SUB_RM_REG<u16>(c, r), (c, r) => SUB_RM_REG<u32>(c, r), (c, r) => SUB_RM_REG<u64>(c, r));
  defineMem(slot(MAP_ONE, 0x29), OP_MODRM, 0, (c, r) => SUB_MEM_REG<u16>(c, r), (c, r) => SUB_MEM_REG<u32>(c, r), (c, r) => SUB_MEM_REG<u64>(c, r));
  defineLock(slot(MAP_ONE, 0x28), (c, r) => SUB_LOCK_REG<u8>(c, r), (c, r) => SUB_LOCK_REG<u8>(c, r), (c, r) => SUB_LOCK_REG<u8>(c, r));
  defineLock(slot(MAP_ONE, 0x29), (c, r) => SUB_LOCK_REG<u16>(c, r), (c, r) => SUB_LOCK_REG<u32>(c, r), (c, r) => SUB_LOCK_REG<u64>(c, r));
  defineReg(slot(MAP_ONE, 0x2a), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => SUB_REG_RM<u8>(c, r), (c, r) => SUB_REG_RM<u8>(c, r), (c, r) => SUB_REG_RM<u8>(c, r));
  defineMem(slot(MAP_ONE, 0x2a), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => SUB_REG_MEM<u8>(c, r), (c, r) => SUB_REG_MEM<u8>(c, r), (c, r) => SUB_REG_MEM<u8>(c, r));
  defineReg(slot(MAP_ONE, 0x2b), OP_MODRM, 0, (c, r) => SUB_REG_RM<u16>(c, r), (c, r) => SUB_REG_RM<u32>(c, r), (c, r) => SUB_REG_RM<u64>(c, r));
  defineMem(slot(MAP_ONE, 0x2b), OP_MODRM, 0, (c, r) => SUB_REG_MEM<u16>(c, r), (c, r) => SUB_REG_MEM<u32>(c, r), (c, r) => SUB_REG_MEM<u64>(c, r));
  define(slot(MAP_ONE, 0x2c), OP_IMM8, 0, (c, r) => SUB_RM_IMM<u8>(c, r), (c, r) => SUB_RM_IMM<u8>(c, r), (c, r) => SUB_RM_IMM<u8>(c, r));
  define(slot(MAP_ONE, 0x2d), OP_IMMZ, 0, (c, r) => SUB_RM_IMM<u16>(c, r), (c, r) => SUB_RM_IMM<u32>(c, r), (c, r) => SUB_RM_IMM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x80), 5), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => SUB_RM_IMM<u8>(c, r), (c, r) => SUB_RM_IMM<u8>(c, r), (c, r) => SUB_RM_IMM<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x80), 5), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => SUB_MEM_IMM<u8>(c, r), (c, r) => SUB_MEM_IMM<u8>(c, r), (c, r) => SUB_MEM_IMM<u8>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0x80), 5), (c, r) => SUB_LOCK_IMM<u8>(c, r), (c, r) => SUB_LOCK_IMM<u8>(c, r), (c, r) => SUB_LOCK_IMM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x81), 5), OP_MODRM | OP_IMMZ, 0, (c, r) => SUB_RM_IMM<u16>(c, r), (c, r) => SUB_RM_IMM<u32>(c, r), (c, r) => SUB_RM_IMM<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x81), 5), OP_MODRM | OP_IMMZ, 0, (c, r) => SUB_MEM_IMM<u16>(c, r), (c, r) => SUB_MEM_IMM<u32>(c, r), (c, r) => SUB_MEM_IMM<u64>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0x81), 5), (c, r) => SUB_LOCK_IMM<u16>(c, r), (c, r) => SUB_LOCK_IMM<u32>(c, r), (c, r) => SUB_LOCK_IMM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x82), 5), OP_MODRM | OP_RM8 | OP_IMM8 | OP_NO64, 0, (c, r) => SUB_RM_IMM<u8>(c, r), (c, r) => SUB_RM_IMM<u8>(c, r), (c, r) => SUB_RM_IMM<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x82), 5), OP_MODRM | OP_RM8 | OP_IMM8 | OP_NO64, 0, (c, r) => SUB_MEM_IMM<u8>(c, r), (c, r) => SUB_MEM_IMM<u8>(c, r), (c, r) => SUB_MEM_IMM<u8>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0x82), 5), (c, r) => SUB_LOCK_IMM<u8>(c, r), (c, r) => SUB_LOCK_IMM<u8>(c, r), (c, r) => SUB_LOCK_IMM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x83), 5), OP_MODRM | OP_IMM8, 0, (c, r) => SUB_RM_IMM<u16>(c, r), (c, r) => SUB_RM_IMM<u32>(c, r), (c, r) => SUB_RM_IMM<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x83), 5), OP_MODRM | OP_IMM8, 0, (c, r) => SUB_MEM_IMM<u16>(c, r), (c, r) => SUB_MEM_IMM<u32>(c, r), (c, r) => SUB_MEM_IMM<u64>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0x83), 5), (c, r) => SUB_LOCK_IMM<u16>(c, r), (c, r) => SUB_LOCK_IMM<u32>(c, r), (c, r) => SUB_LOCK_IMM<u64>(c, r));
  defineReg(slot(MAP_ONE, 0x30), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => XOR_RM_REG<u8>(c, r), (c, r) => XOR_RM_REG<u8>(c, r), (c, r) => XOR_RM_REG<u8>(c, r));
  defineMem(slot(MAP_ONE, 0x30), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => XOR_MEM_REG<u8>(c, r), (c, r) => XOR_MEM_REG<u8>(c, r), (c, r) => XOR_MEM_REG<u8>(c, r));
  defineReg(slot(MAP_ONE, 0x31), OP_MODRM, 0, (c, r) => XOR_RM_REG<u16>(c, r), (c, r) => XOR_RM_REG<u32>(c, r), (c, r) => XOR_RM_REG<u64>(c, r));
  defineMem(slot(MAP_ONE, 0x31), OP_MODRM, 0, (c, r) => XOR_MEM_REG<u16>(c, r), (c, r) => XOR_MEM_REG<u32>(c, r), (c, r) => XOR_MEM_REG<u64>(c, r));
  defineLock(slot(MAP_ONE, 0x30), (c, r) => XOR_LOCK_REG<u8>(c, r), (c, r) => XOR_LOCK_REG<u8>(c, r), (c, r) => XOR_LOCK_REG<u8>(c, r));
  defineLock(slot(MAP_ONE, 0x31), (c, r) => XOR_LOCK_REG<u16>(c, r), (c, r) => XOR_LOCK_REG<u32>(c, r), (c, r) => XOR_LOCK_REG<u64>(c, r));
  defineReg(slot(MAP_ONE, 0x32), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => XOR_REG_RM<u8>(c, r), (c, r) => XOR_REG_RM<u8>(c, r), (c, r) => XOR_REG_RM<u8>(c, r));
  defineMem(slot(MAP_ONE, 0x32), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => XOR_REG_MEM<u8>(c, r), (c, r) => XOR_REG_MEM<u8>(c, r), (c, r) => XOR_REG_MEM<u8>(c, r));
  defineReg(slot(MAP_ONE, 0x33), OP_MODRM, 0, (c, r) => XOR_REG_RM<u16>(c, r), (c, r) => XOR_REG_RM<u32>(c, r), (c, r) => XOR_REG_RM<u64>(c, r));
  defineMem(slot(MAP_ONE, 0x33), OP_MODRM, 0, (c, r) => XOR_REG_MEM<u16>(c, r), (c, r) => XOR_REG_MEM<u32>(c, r), (c, r) => XOR_REG_MEM<u64>(c, r));
  define(slot(MAP_ONE, 0x34), OP_IMM8, 0, (c, r) => XOR_RM_IMM<u8>(c, r), (c, r) => XOR_RM_IMM<u8>(c, r), (c, r) => XOR_RM_IMM<u8>(c, r));
  define(slot(MAP_ONE, 0x35), OP_IMMZ, 0, (c, r) => XOR_RM_IMM<u16>(c, r), (c, r) => XOR_RM_IMM<u32>(c, r), (c, r) => XOR_RM_IMM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x80), 6), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => XOR_RM_IMM<u8>(c, r), (c, r) => XOR_RM_IMM<u8>(c, r), (c, r) => XOR_RM_IMM<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x80), 6), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => XOR_MEM_IMM<u8>(c, r), (c, r) => XOR_MEM_IMM<u8>(c, r), (c, r) => XOR_MEM_IMM<u8>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0x80), 6), (c, r) => XOR_LOCK_IMM<u8>(c, r), (c, r) => XOR_LOCK_IMM<u8>(c, r), (c, r) => XOR_LOCK_IMM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x81), 6), OP_MODRM | OP_IMMZ, 0, (c, r) => XOR_RM_IMM<u16>(c, r), (c, r) => XOR_RM_IMM<u32>(c, r), (c, r) => XOR_RM_IMM<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x81), 6), OP_MODRM | OP_IMMZ, 0, (c, r) => XOR_MEM_IMM<u16>(c, r), (c, r) => XOR_MEM_IMM<u32>(c, r), (c, r) => XOR_MEM_IMM<u64>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0x81), 6), (c, r) => XOR_LOCK_IMM<u16>(c, r), (c, r) => XOR_LOCK_IMM<u32>(c, r), (c, r) => XOR_LOCK_IMM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x82), 6), OP_MODRM | OP_RM8 | OP_IMM8 | OP_NO64, 0, (c, r) => XOR_RM_IMM<u8>(c, r), (c, r) => XOR_RM_IMM<u8>(c, r), (c, r) => XOR_RM_IMM<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x82), 6), OP_MODRM | OP_RM8 | OP_IMM8 | OP_NO64, 0, (c, r) => XOR_MEM_IMM<u8>(c, r), (c, r) => XOR_MEM_IMM<u8>(c, r), (c, r) => XOR_MEM_IMM<u8>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0x82), 6), (c, r) => XOR_LOCK_IMM<u8>(c, r), (c, r) => XOR_LOCK_IMM<u8>(c, r), (c, r) => XOR_LOCK_IMM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x83), 6), OP_MODRM | OP_IMM8, 0, (c, r) => XOR_RM_IMM<u16>(c, r), (c, r) => XOR_RM_IMM<u32>(c, r), (c, r) => XOR_RM_IMM<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x83), 6), OP_MODRM | OP_IMM8, 0, (c, r) => XOR_MEM_IMM<u16>(c, r), (c, r) => XOR_MEM_IMM<u32>(c, r), (c, r) => XOR_MEM_IMM<u64>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0x83), 6), (c, r) => XOR_LOCK_IMM<u16>(c, r), (c, r) => XOR_LOCK_IMM<u32>(c, r), (c, r) => XOR_LOCK_IMM<u64>(c, r));
  defineReg(slot(MAP_ONE, 0x38), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => CMP_RM_REG<u8>(c, r), (c, r) => CMP_RM_REG<u8>(c, r), (c, r) => CMP_RM_REG<u8>(c, r));
  defineMem(slot(MAP_ONE, 0x38), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => CMP_MEM_REG<u8>(c, r), (c, r) => CMP_MEM_REG<u8>(c, r), (c, r) => CMP_MEM_REG<u8>(c, r));
  defineReg(slot(MAP_ONE, 0x39), OP_MODRM, 0, (c, r) => CMP_RM_REG<u16>(c, r), (c, r) => CMP_RM_REG<u32>(c, r), (c, r) => CMP_RM_REG<u64>(c, r));
  defineMem(slot(MAP_ONE, 0x39), OP_MODRM, 0, (c, r) => CMP_MEM_REG<u16>(c, r), (c, r) => CMP_MEM_REG<u32>(c, r), (c, r) => CMP_MEM_REG<u64>(c, r));
  defineReg(slot(MAP_ONE, 0x3a), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => CMP_REG_RM<u8>(c, r), (c, r) => CMP_REG_RM<u8>(c, r), (c, r) => CMP_REG_RM<u8>(c, r));
  defineMem(slot(MAP_ONE, 0x3a), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => CMP_REG_MEM<u8>(c, r), (c, r) => CMP_REG_MEM<u8>(c, r), (c, r) => CMP_REG_MEM<u8>(c, r));
  defineReg(slot(MAP_ONE, 0x3b), OP_MODRM, 0, (c, r) => CMP_REG_RM<u16>(c, r), (c, r) => CMP_REG_RM<u32>(c, r), (c, r) => CMP_REG_RM<u64>(c, r));
  defineMem(slot(MAP_ONE, 0x3b), OP_MODRM, 0, (c, r) => CMP_REG_MEM<u16>(c, r), (c, r) => CMP_REG_MEM<u32>(c, r), (c, r) => CMP_REG_MEM<u64>(c, r));
  define(slot(MAP_ONE, 0x3c), OP_IMM8, 0, (c, r) => CMP_RM_IMM<u8>(c, r), (c, r) => CMP_RM_IMM<u8>(c, r), (c, r) => CMP_RM_IMM<u8>(c, r));
  define(slot(MAP_ONE, 0x3d), OP_IMMZ, 0, (c, r) => CMP_RM_IMM<u16>(c, r), (c, r) => CMP_RM_IMM<u32>(c, r), (c, r) => CMP_RM_IMM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x80), 7), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => CMP_RM_IMM<u8>(c, r), (c, r) => CMP_RM_IMM<u8>(c, r), (c, r) => CMP_RM_IMM<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x80), 7), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => CMP_MEM_IMM<u8>(c, r), (c, r) => CMP_MEM_IMM<u8>(c, r), (c, r) => CMP_MEM_IMM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x81), 7), OP_MODRM | OP_IMMZ, 0, (c, r) => CMP_RM_IMM<u16>(c, r), (c, r) => CMP_RM_IMM<u32>(c, r), (c, r) => CMP_RM_IMM<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x81), 7), OP_MODRM | OP_IMMZ, 0, (c, r) => CMP_MEM_IMM<u16>(c, r), (c, r) => CMP_MEM_IMM<u32>(c, r), (c, r) => CMP_MEM_IMM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x82), 7), OP_MODRM | OP_RM8 | OP_IMM8 | OP_NO64, 0, (c, r) => CMP_RM_IMM<u8>(c, r), (c, r) => CMP_RM_IMM<u8>(c, r), (c, r) => CMP_RM_IMM<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x82), 7), OP_MODRM | OP_RM8 | OP_IMM8 | OP_NO64, 0, (c, r) => CMP_MEM_IMM<u8>(c, r), (c, r) => CMP_MEM_IMM<u8>(c, r), (c, r) => CMP_MEM_IMM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0x83), 7), OP_MODRM | OP_IMM8, 0, (c, r) => CMP_RM_IMM<u16>(c, r), (c, r) => CMP_RM_IMM<u32>(c, r), (c, r) => CMP_RM_IMM<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0x83), 7), OP_MODRM | OP_IMM8, 0, (c, r) => CMP_MEM_IMM<u16>(c, r), (c, r) => CMP_MEM_IMM<u32>(c, r), (c, r) => CMP_MEM_IMM<u64>(c, r));
  defineReg(slot(MAP_ONE, 0x84), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => TEST_RM_REG<u8>(c, r), (c, r) => TEST_RM_REG<u8>(c, r), (c, r) => TEST_RM_REG<u8>(c, r));
  defineMem(slot(MAP_ONE, 0x84), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => TEST_MEM_REG<u8>(c, r), (c, r) => TEST_MEM_REG<u8>(c, r), (c, r) => TEST_MEM_REG<u8>(c, r));
  defineReg(slot(MAP_ONE, 0x85), OP_MODRM, 0, (c, r) => TEST_RM_REG<u16>(c, r), (c, r) => TEST_RM_REG<u32>(c, r), (c, r) => TEST_RM_REG<u64>(c, r));
  defineMem(slot(MAP_ONE, 0x85), OP_MODRM, 0, (c, r) => TEST_MEM_REG<u16>(c, r), (c, r) => TEST_MEM_REG<u32>(c, r), (c, r) => TEST_MEM_REG<u64>(c, r));
  define(slot(MAP_ONE, 0xa8), OP_IMM8, 0, (c, r) => TEST_RM_IMM<u8>(c, r), (c, r) => TEST_RM_IMM<u8>(c, r), (c, r) => TEST_RM_IMM<u8>(c, r));
  define(slot(MAP_ONE, 0xa9), OP_IMMZ, 0, (c, r) => TEST_RM_IMM<u16>(c, r), (c, r) => TEST_RM_IMM<u32>(c, r), (c, r) => TEST_RM_IMM<u64>(c, r));
  // F6 /1 and F7 /1 are undocumented forms of TEST.
  defineReg(byReg(slot(MAP_ONE, 0xf6), 0), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => TEST_RM_IMM<u8>(c, r), (c, r) => TEST_RM_IMM<u8>(c, r), (c, r) => TEST_RM_IMM<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xf6), 0), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => TEST_MEM_IMM<u8>(c, r), (c, r) => TEST_MEM_IMM<u8>(c, r), (c, r) => TEST_MEM_IMM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xf7), 0), OP_MODRM | OP_IMMZ, 0, (c, r) => TEST_RM_IMM<u16>(c, r), (c, r) => TEST_RM_IMM<u32>(c, r), (c, r) => TEST_RM_IMM<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xf7), 0), OP_MODRM | OP_IMMZ, 0, (c, r) => TEST_MEM_IMM<u16>(c, r), (c, r) => TEST_MEM_IMM<u32>(c, r), (c, r) => TEST_MEM_IMM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xf6), 1), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => TEST_RM_IMM<u8>(c, r), (c, r) => TEST_RM_IMM<u8>(c, r), (c, r) => TEST_RM_IMM<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xf6), 1), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => TEST_MEM_IMM<u8>(c, r), (c, r) => TEST_MEM_IMM<u8>(c, r), (c, r) => TEST_MEM_IMM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xf7), 1), OP_MODRM | OP_IMMZ, 0, (c, r) => TEST_RM_IMM<u16>(c, r), (c, r) => TEST_RM_IMM<u32>(c, r), (c, r) => TEST_RM_IMM<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xf7), 1), OP_MODRM | OP_IMMZ, 0, (c, r) => TEST_MEM_IMM<u16>(c, r), (c, r) => TEST_MEM_IMM<u32>(c, r), (c, r) => TEST_MEM_IMM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xf6), 2), OP_MODRM | OP_RM8, 0, (c, r) => NOT_RM<u8>(c, r), (c, r) => NOT_RM<u8>(c, r), (c, r) => NOT_RM<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xf6), 2), OP_MODRM | OP_RM8, 0, (c, r) => NOT_MEM<u8>(c, r), (c, r) => NOT_MEM<u8>(c, r), (c, r) => NOT_MEM<u8>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0xf6), 2), (c, r) => NOT_LOCK<u8>(c, r), (c, r) => NOT_LOCK<u8>(c, r), (c, r) => NOT_LOCK<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xf7), 2), OP_MODRM, 0, (c, r) => NOT_RM<u16>(c, r), (c, r) => NOT_RM<u32>(c, r), (c, r) => NOT_RM<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xf7), 2), OP_MODRM, 0, (c, r) => NOT_MEM<u16>(c, r), (c, r) => NOT_MEM<u32>(c, r), (c, r) => NOT_MEM<u64>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0xf7), 2), (c, r) => NOT_LOCK<u16>(c, r), (c, r) => NOT_LOCK<u32>(c, r), (c, r) => NOT_LOCK<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xf6), 3), OP_MODRM | OP_RM8, 0, (c, r) => NEG_RM<u8>(c, r), (c, r) => NEG_RM<u8>(c, r), (c, r) => NEG_RM<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xf6), 3), OP_MODRM | OP_RM8, 0, (c, r) => NEG_MEM<u8>(c, r), (c, r) => NEG_MEM<u8>(c, r), (c, r) => NEG_MEM<u8>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0xf6), 3), (c, r) => NEG_LOCK<u8>(c, r), (c, r) => NEG_LOCK<u8>(c, r), (c, r) => NEG_LOCK<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xf7), 3), OP_MODRM, 0, (c, r) => NEG_RM<u16>(c, r), (c, r) => NEG_RM<u32>(c, r), (c, r) => NEG_RM<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xf7), 3), OP_MODRM, 0, (c, r) => NEG_MEM<u16>(c, r), (c, r) => NEG_MEM<u32>(c, r), (c, r) => NEG_MEM<u64>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0xf7), 3), (c, r) => NEG_LOCK<u16>(c, r), (c, r) => NEG_LOCK<u32>(c, r), (c, r) => NEG_LOCK<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xfe), 0), OP_MODRM | OP_RM8, 0, (c, r) => INC_RM<u8>(c, r), (c, r) => INC_RM<u8>(c, r), (c, r) => INC_RM<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xfe), 0), OP_MODRM | OP_RM8, 0, (c, r) => INC_MEM<u8>(c, r), (c, r) => INC_MEM<u8>(c, r), (c, r) => INC_MEM<u8>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0xfe), 0), (c, r) => INC_LOCK<u8>(c, r), (c, r) => INC_LOCK<u8>(c, r), (c, r) => INC_LOCK<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xff), 0), OP_MODRM, 0, (c, r) => INC_RM<u16>(c, r), (c, r) => INC_RM<u32>(c, r), (c, r) => INC_RM<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xff), 0), OP_MODRM, 0, (c, r) => INC_MEM<u16>(c, r), (c, r) => INC_MEM<u32>(c, r), (c, r) => INC_MEM<u64>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0xff), 0), (c, r) => INC_LOCK<u16>(c, r), (c, r) => INC_LOCK<u32>(c, r), (c, r) => INC_LOCK<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xfe), 1), OP_MODRM | OP_RM8, 0, (c, r) => DEC_RM<u8>(c, r), (c, r) => DEC_RM<u8>(c, r), (c, r) => DEC_RM<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xfe), 1), OP_MODRM | OP_RM8, 0, (c, r) => DEC_MEM<u8>(c, r), (c, r) => DEC_MEM<u8>(c, r), (c, r) => DEC_MEM<u8>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0xfe), 1), (c, r) => DEC_LOCK<u8>(c, r), (c, r) => DEC_LOCK<u8>(c, r), (c, r) => DEC_LOCK<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xff), 1), OP_MODRM, 0, (c, r) => DEC_RM<u16>(c, r), (c, r) => DEC_RM<u32>(c, r), (c, r) => DEC_RM<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xff), 1), OP_MODRM, 0, (c, r) => DEC_MEM<u16>(c, r), (c, r) => DEC_MEM<u32>(c, r), (c, r) => DEC_MEM<u64>(c, r));
  defineLock(byReg(slot(MAP_ONE, 0xff), 1), (c, r) => DEC_LOCK<u16>(c, r), (c, r) => DEC_LOCK<u32>(c, r), (c, r) => DEC_LOCK<u64>(c, r));
  for (let r: u32 = 0; r < 8; r++) {
    define(slot(MAP_ONE, 0x40 + r), OP_OPREG | OP_NO64, 0, (c, r) => INC_RM<u16>(c, r), (c, r) => INC_RM<u32>(c, r), (c, r) => INC_RM<u64>(c, r));
    define(slot(MAP_ONE, 0x48 + r), OP_OPREG | OP_NO64, 0, (c, r) => DEC_RM<u16>(c, r), (c, r) => DEC_RM<u32>(c, r), (c, r) => DEC_RM<u64>(c, r));
  }
}
