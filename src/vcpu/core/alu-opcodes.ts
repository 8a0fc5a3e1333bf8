// Opcodes of ADD OR ADC SBB AND SUB XOR CMP, TEST, INC, DEC, NEG, NOT (SDM vol. 2, appendix A).
import { readAddress } from './address';
import { read } from './access';
import {
  ADC,
  ADD,
  AND,
  CMP,
  DEC,
  INC,
  NEG,
  NOT,
  OR,
  SBB,
  SUB,
  TEST,
  XOR,
  alu,
  lockImm,
  lockReg,
  memImm,
  memReg,
  oneLock,
  oneMem,
  oneRm,
  regMem,
  regRm,
  rmImm,
  rmReg,
} from './alu';
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
} from './opcode-table';
import { imm, next, reg, rm } from './state';

// @ts-ignore: decorator
@inline
export function CMP_RM_REG<T>(cpu: usize, record: usize): usize {
  alu<T>(cpu, CMP, rm<T>(cpu, record), reg<T>(cpu, record));
  return next(record);
}
// @ts-ignore: decorator
@inline
export function CMP_MEM_REG<T>(cpu: usize, record: usize): usize {
  const a = read<T>(cpu, readAddress<T>(cpu, record));
  alu<T>(cpu, CMP, a, reg<T>(cpu, record));
  return next(record);
}
// @ts-ignore: decorator
@inline
export function CMP_REG_RM<T>(cpu: usize, record: usize): usize {
  alu<T>(cpu, CMP, reg<T>(cpu, record), rm<T>(cpu, record));
  return next(record);
}
// @ts-ignore: decorator
@inline
export function CMP_REG_MEM<T>(cpu: usize, record: usize): usize {
  const b = read<T>(cpu, readAddress<T>(cpu, record));
  alu<T>(cpu, CMP, reg<T>(cpu, record), b);
  return next(record);
}
// @ts-ignore: decorator
@inline
export function CMP_RM_IMM<T>(cpu: usize, record: usize): usize {
  alu<T>(cpu, CMP, rm<T>(cpu, record), imm<T>(record));
  return next(record);
}
// @ts-ignore: decorator
@inline
export function CMP_MEM_IMM<T>(cpu: usize, record: usize): usize {
  const a = read<T>(cpu, readAddress<T>(cpu, record));
  alu<T>(cpu, CMP, a, imm<T>(record));
  return next(record);
}
// @ts-ignore: decorator
@inline
export function TEST_RM_REG<T>(cpu: usize, record: usize): usize {
  alu<T>(cpu, TEST, rm<T>(cpu, record), reg<T>(cpu, record));
  return next(record);
}
function TEST_MEM_REG<T>(cpu: usize, record: usize): usize {
  const a = read<T>(cpu, readAddress<T>(cpu, record));
  alu<T>(cpu, TEST, a, reg<T>(cpu, record));
  return next(record);
}
// @ts-ignore: decorator
@inline
export function TEST_RM_IMM<T>(cpu: usize, record: usize): usize {
  alu<T>(cpu, TEST, rm<T>(cpu, record), imm<T>(record));
  return next(record);
}
// @ts-ignore: decorator
@inline
export function TEST_MEM_IMM<T>(cpu: usize, record: usize): usize {
  const a = read<T>(cpu, readAddress<T>(cpu, record));
  alu<T>(cpu, TEST, a, imm<T>(record));
  return next(record);
}

/** Registers the family's opcodes (SDM vol. 2, appendix A). */
export function registerAlu(): void {
  defineReg(slot(MAP_ONE, 0x00), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => rmReg<u8>(c, r, ADD), (c, r) => rmReg<u8>(c, r, ADD), (c, r) => rmReg<u8>(c, r, ADD));
  defineMem(slot(MAP_ONE, 0x00), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => memReg<u8>(c, r, ADD), (c, r) => memReg<u8>(c, r, ADD), (c, r) => memReg<u8>(c, r, ADD));
  defineReg(slot(MAP_ONE, 0x01), OP_MODRM, 0, (c, r) => rmReg<u16>(c, r, ADD), (c, r) => rmReg<u32>(c, r, ADD), (c, r) => rmReg<u64>(c, r, ADD));
  defineMem(slot(MAP_ONE, 0x01), OP_MODRM, 0, (c, r) => memReg<u16>(c, r, ADD), (c, r) => memReg<u32>(c, r, ADD), (c, r) => memReg<u64>(c, r, ADD));
  defineLock(slot(MAP_ONE, 0x00), (c, r) => lockReg<u8>(c, r, ADD), (c, r) => lockReg<u8>(c, r, ADD), (c, r) => lockReg<u8>(c, r, ADD));
  defineLock(slot(MAP_ONE, 0x01), (c, r) => lockReg<u16>(c, r, ADD), (c, r) => lockReg<u32>(c, r, ADD), (c, r) => lockReg<u64>(c, r, ADD));
  defineReg(slot(MAP_ONE, 0x02), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => regRm<u8>(c, r, ADD), (c, r) => regRm<u8>(c, r, ADD), (c, r) => regRm<u8>(c, r, ADD));
  defineMem(slot(MAP_ONE, 0x02), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => regMem<u8>(c, r, ADD), (c, r) => regMem<u8>(c, r, ADD), (c, r) => regMem<u8>(c, r, ADD));
  defineReg(slot(MAP_ONE, 0x03), OP_MODRM, 0, (c, r) => regRm<u16>(c, r, ADD), (c, r) => regRm<u32>(c, r, ADD), (c, r) => regRm<u64>(c, r, ADD));
  defineMem(slot(MAP_ONE, 0x03), OP_MODRM, 0, (c, r) => regMem<u16>(c, r, ADD), (c, r) => regMem<u32>(c, r, ADD), (c, r) => regMem<u64>(c, r, ADD));
  define(slot(MAP_ONE, 0x04), OP_IMM8, 0, (c, r) => rmImm<u8>(c, r, ADD), (c, r) => rmImm<u8>(c, r, ADD), (c, r) => rmImm<u8>(c, r, ADD));
  define(slot(MAP_ONE, 0x05), OP_IMMZ, 0, (c, r) => rmImm<u16>(c, r, ADD), (c, r) => rmImm<u32>(c, r, ADD), (c, r) => rmImm<u64>(c, r, ADD));
  defineReg(byReg(slot(MAP_ONE, 0x80), 0), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => rmImm<u8>(c, r, ADD), (c, r) => rmImm<u8>(c, r, ADD), (c, r) => rmImm<u8>(c, r, ADD));
  defineMem(byReg(slot(MAP_ONE, 0x80), 0), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => memImm<u8>(c, r, ADD), (c, r) => memImm<u8>(c, r, ADD), (c, r) => memImm<u8>(c, r, ADD));
  defineLock(byReg(slot(MAP_ONE, 0x80), 0), (c, r) => lockImm<u8>(c, r, ADD), (c, r) => lockImm<u8>(c, r, ADD), (c, r) => lockImm<u8>(c, r, ADD));
  defineReg(byReg(slot(MAP_ONE, 0x81), 0), OP_MODRM | OP_IMMZ, 0, (c, r) => rmImm<u16>(c, r, ADD), (c, r) => rmImm<u32>(c, r, ADD), (c, r) => rmImm<u64>(c, r, ADD));
  defineMem(byReg(slot(MAP_ONE, 0x81), 0), OP_MODRM | OP_IMMZ, 0, (c, r) => memImm<u16>(c, r, ADD), (c, r) => memImm<u32>(c, r, ADD), (c, r) => memImm<u64>(c, r, ADD));
  defineLock(byReg(slot(MAP_ONE, 0x81), 0), (c, r) => lockImm<u16>(c, r, ADD), (c, r) => lockImm<u32>(c, r, ADD), (c, r) => lockImm<u64>(c, r, ADD));
  defineReg(byReg(slot(MAP_ONE, 0x82), 0), OP_MODRM | OP_RM8 | OP_IMM8 | OP_NO64, 0, (c, r) => rmImm<u8>(c, r, ADD), (c, r) => rmImm<u8>(c, r, ADD), (c, r) => rmImm<u8>(c, r, ADD));
  defineMem(byReg(slot(MAP_ONE, 0x82), 0), OP_MODRM | OP_RM8 | OP_IMM8 | OP_NO64, 0, (c, r) => memImm<u8>(c, r, ADD), (c, r) => memImm<u8>(c, r, ADD), (c, r) => memImm<u8>(c, r, ADD));
  defineLock(byReg(slot(MAP_ONE, 0x82), 0), (c, r) => lockImm<u8>(c, r, ADD), (c, r) => lockImm<u8>(c, r, ADD), (c, r) => lockImm<u8>(c, r, ADD));
  defineReg(byReg(slot(MAP_ONE, 0x83), 0), OP_MODRM | OP_IMM8, 0, (c, r) => rmImm<u16>(c, r, ADD), (c, r) => rmImm<u32>(c, r, ADD), (c, r) => rmImm<u64>(c, r, ADD));
  defineMem(byReg(slot(MAP_ONE, 0x83), 0), OP_MODRM | OP_IMM8, 0, (c, r) => memImm<u16>(c, r, ADD), (c, r) => memImm<u32>(c, r, ADD), (c, r) => memImm<u64>(c, r, ADD));
  defineLock(byReg(slot(MAP_ONE, 0x83), 0), (c, r) => lockImm<u16>(c, r, ADD), (c, r) => lockImm<u32>(c, r, ADD), (c, r) => lockImm<u64>(c, r, ADD));
  defineReg(slot(MAP_ONE, 0x08), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => rmReg<u8>(c, r, OR), (c, r) => rmReg<u8>(c, r, OR), (c, r) => rmReg<u8>(c, r, OR));
  defineMem(slot(MAP_ONE, 0x08), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => memReg<u8>(c, r, OR), (c, r) => memReg<u8>(c, r, OR), (c, r) => memReg<u8>(c, r, OR));
  defineReg(slot(MAP_ONE, 0x09), OP_MODRM, 0, (c, r) => rmReg<u16>(c, r, OR), (c, r) => rmReg<u32>(c, r, OR), (c, r) => rmReg<u64>(c, r, OR));
  defineMem(slot(MAP_ONE, 0x09), OP_MODRM, 0, (c, r) => memReg<u16>(c, r, OR), (c, r) => memReg<u32>(c, r, OR), (c, r) => memReg<u64>(c, r, OR));
  defineLock(slot(MAP_ONE, 0x08), (c, r) => lockReg<u8>(c, r, OR), (c, r) => lockReg<u8>(c, r, OR), (c, r) => lockReg<u8>(c, r, OR));
  defineLock(slot(MAP_ONE, 0x09), (c, r) => lockReg<u16>(c, r, OR), (c, r) => lockReg<u32>(c, r, OR), (c, r) => lockReg<u64>(c, r, OR));
  defineReg(slot(MAP_ONE, 0x0a), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => regRm<u8>(c, r, OR), (c, r) => regRm<u8>(c, r, OR), (c, r) => regRm<u8>(c, r, OR));
  defineMem(slot(MAP_ONE, 0x0a), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => regMem<u8>(c, r, OR), (c, r) => regMem<u8>(c, r, OR), (c, r) => regMem<u8>(c, r, OR));
  defineReg(slot(MAP_ONE, 0x0b), OP_MODRM, 0, (c, r) => regRm<u16>(c, r, OR), (c, r) => regRm<u32>(c, r, OR), (c, r) => regRm<u64>(c, r, OR));
  defineMem(slot(MAP_ONE, 0x0b), OP_MODRM, 0, (c, r) => regMem<u16>(c, r, OR), (c, r) => regMem<u32>(c, r, OR), (c, r) => regMem<u64>(c, r, OR));
  define(slot(MAP_ONE, 0x0c), OP_IMM8, 0, (c, r) => rmImm<u8>(c, r, OR), (c, r) => rmImm<u8>(c, r, OR), (c, r) => rmImm<u8>(c, r, OR));
  define(slot(MAP_ONE, 0x0d), OP_IMMZ, 0, (c, r) => rmImm<u16>(c, r, OR), (c, r) => rmImm<u32>(c, r, OR), (c, r) => rmImm<u64>(c, r, OR));
  defineReg(byReg(slot(MAP_ONE, 0x80), 1), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => rmImm<u8>(c, r, OR), (c, r) => rmImm<u8>(c, r, OR), (c, r) => rmImm<u8>(c, r, OR));
  defineMem(byReg(slot(MAP_ONE, 0x80), 1), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => memImm<u8>(c, r, OR), (c, r) => memImm<u8>(c, r, OR), (c, r) => memImm<u8>(c, r, OR));
  defineLock(byReg(slot(MAP_ONE, 0x80), 1), (c, r) => lockImm<u8>(c, r, OR), (c, r) => lockImm<u8>(c, r, OR), (c, r) => lockImm<u8>(c, r, OR));
  defineReg(byReg(slot(MAP_ONE, 0x81), 1), OP_MODRM | OP_IMMZ, 0, (c, r) => rmImm<u16>(c, r, OR), (c, r) => rmImm<u32>(c, r, OR), (c, r) => rmImm<u64>(c, r, OR));
  defineMem(byReg(slot(MAP_ONE, 0x81), 1), OP_MODRM | OP_IMMZ, 0, (c, r) => memImm<u16>(c, r, OR), (c, r) => memImm<u32>(c, r, OR), (c, r) => memImm<u64>(c, r, OR));
  defineLock(byReg(slot(MAP_ONE, 0x81), 1), (c, r) => lockImm<u16>(c, r, OR), (c, r) => lockImm<u32>(c, r, OR), (c, r) => lockImm<u64>(c, r, OR));
  defineReg(byReg(slot(MAP_ONE, 0x82), 1), OP_MODRM | OP_RM8 | OP_IMM8 | OP_NO64, 0, (c, r) => rmImm<u8>(c, r, OR), (c, r) => rmImm<u8>(c, r, OR), (c, r) => rmImm<u8>(c, r, OR));
  defineMem(byReg(slot(MAP_ONE, 0x82), 1), OP_MODRM | OP_RM8 | OP_IMM8 | OP_NO64, 0, (c, r) => memImm<u8>(c, r, OR), (c, r) => memImm<u8>(c, r, OR), (c, r) => memImm<u8>(c, r, OR));
  defineLock(byReg(slot(MAP_ONE, 0x82), 1), (c, r) => lockImm<u8>(c, r, OR), (c, r) => lockImm<u8>(c, r, OR), (c, r) => lockImm<u8>(c, r, OR));
  defineReg(byReg(slot(MAP_ONE, 0x83), 1), OP_MODRM | OP_IMM8, 0, (c, r) => rmImm<u16>(c, r, OR), (c, r) => rmImm<u32>(c, r, OR), (c, r) => rmImm<u64>(c, r, OR));
  defineMem(byReg(slot(MAP_ONE, 0x83), 1), OP_MODRM | OP_IMM8, 0, (c, r) => memImm<u16>(c, r, OR), (c, r) => memImm<u32>(c, r, OR), (c, r) => memImm<u64>(c, r, OR));
  defineLock(byReg(slot(MAP_ONE, 0x83), 1), (c, r) => lockImm<u16>(c, r, OR), (c, r) => lockImm<u32>(c, r, OR), (c, r) => lockImm<u64>(c, r, OR));
  defineReg(slot(MAP_ONE, 0x10), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => rmReg<u8>(c, r, ADC), (c, r) => rmReg<u8>(c, r, ADC), (c, r) => rmReg<u8>(c, r, ADC));
  defineMem(slot(MAP_ONE, 0x10), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => memReg<u8>(c, r, ADC), (c, r) => memReg<u8>(c, r, ADC), (c, r) => memReg<u8>(c, r, ADC));
  defineReg(slot(MAP_ONE, 0x11), OP_MODRM, 0, (c, r) => rmReg<u16>(c, r, ADC), (c, r) => rmReg<u32>(c, r, ADC), (c, r) => rmReg<u64>(c, r, ADC));
  defineMem(slot(MAP_ONE, 0x11), OP_MODRM, 0, (c, r) => memReg<u16>(c, r, ADC), (c, r) => memReg<u32>(c, r, ADC), (c, r) => memReg<u64>(c, r, ADC));
  defineLock(slot(MAP_ONE, 0x10), (c, r) => lockReg<u8>(c, r, ADC), (c, r) => lockReg<u8>(c, r, ADC), (c, r) => lockReg<u8>(c, r, ADC));
  defineLock(slot(MAP_ONE, 0x11), (c, r) => lockReg<u16>(c, r, ADC), (c, r) => lockReg<u32>(c, r, ADC), (c, r) => lockReg<u64>(c, r, ADC));
  defineReg(slot(MAP_ONE, 0x12), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => regRm<u8>(c, r, ADC), (c, r) => regRm<u8>(c, r, ADC), (c, r) => regRm<u8>(c, r, ADC));
  defineMem(slot(MAP_ONE, 0x12), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => regMem<u8>(c, r, ADC), (c, r) => regMem<u8>(c, r, ADC), (c, r) => regMem<u8>(c, r, ADC));
  defineReg(slot(MAP_ONE, 0x13), OP_MODRM, 0, (c, r) => regRm<u16>(c, r, ADC), (c, r) => regRm<u32>(c, r, ADC), (c, r) => regRm<u64>(c, r, ADC));
  defineMem(slot(MAP_ONE, 0x13), OP_MODRM, 0, (c, r) => regMem<u16>(c, r, ADC), (c, r) => regMem<u32>(c, r, ADC), (c, r) => regMem<u64>(c, r, ADC));
  define(slot(MAP_ONE, 0x14), OP_IMM8, 0, (c, r) => rmImm<u8>(c, r, ADC), (c, r) => rmImm<u8>(c, r, ADC), (c, r) => rmImm<u8>(c, r, ADC));
  define(slot(MAP_ONE, 0x15), OP_IMMZ, 0, (c, r) => rmImm<u16>(c, r, ADC), (c, r) => rmImm<u32>(c, r, ADC), (c, r) => rmImm<u64>(c, r, ADC));
  defineReg(byReg(slot(MAP_ONE, 0x80), 2), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => rmImm<u8>(c, r, ADC), (c, r) => rmImm<u8>(c, r, ADC), (c, r) => rmImm<u8>(c, r, ADC));
  defineMem(byReg(slot(MAP_ONE, 0x80), 2), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => memImm<u8>(c, r, ADC), (c, r) => memImm<u8>(c, r, ADC), (c, r) => memImm<u8>(c, r, ADC));
  defineLock(byReg(slot(MAP_ONE, 0x80), 2), (c, r) => lockImm<u8>(c, r, ADC), (c, r) => lockImm<u8>(c, r, ADC), (c, r) => lockImm<u8>(c, r, ADC));
  defineReg(byReg(slot(MAP_ONE, 0x81), 2), OP_MODRM | OP_IMMZ, 0, (c, r) => rmImm<u16>(c, r, ADC), (c, r) => rmImm<u32>(c, r, ADC), (c, r) => rmImm<u64>(c, r, ADC));
  defineMem(byReg(slot(MAP_ONE, 0x81), 2), OP_MODRM | OP_IMMZ, 0, (c, r) => memImm<u16>(c, r, ADC), (c, r) => memImm<u32>(c, r, ADC), (c, r) => memImm<u64>(c, r, ADC));
  defineLock(byReg(slot(MAP_ONE, 0x81), 2), (c, r) => lockImm<u16>(c, r, ADC), (c, r) => lockImm<u32>(c, r, ADC), (c, r) => lockImm<u64>(c, r, ADC));
  defineReg(byReg(slot(MAP_ONE, 0x82), 2), OP_MODRM | OP_RM8 | OP_IMM8 | OP_NO64, 0, (c, r) => rmImm<u8>(c, r, ADC), (c, r) => rmImm<u8>(c, r, ADC), (c, r) => rmImm<u8>(c, r, ADC));
  defineMem(byReg(slot(MAP_ONE, 0x82), 2), OP_MODRM | OP_RM8 | OP_IMM8 | OP_NO64, 0, (c, r) => memImm<u8>(c, r, ADC), (c, r) => memImm<u8>(c, r, ADC), (c, r) => memImm<u8>(c, r, ADC));
  defineLock(byReg(slot(MAP_ONE, 0x82), 2), (c, r) => lockImm<u8>(c, r, ADC), (c, r) => lockImm<u8>(c, r, ADC), (c, r) => lockImm<u8>(c, r, ADC));
  defineReg(byReg(slot(MAP_ONE, 0x83), 2), OP_MODRM | OP_IMM8, 0, (c, r) => rmImm<u16>(c, r, ADC), (c, r) => rmImm<u32>(c, r, ADC), (c, r) => rmImm<u64>(c, r, ADC));
  defineMem(byReg(slot(MAP_ONE, 0x83), 2), OP_MODRM | OP_IMM8, 0, (c, r) => memImm<u16>(c, r, ADC), (c, r) => memImm<u32>(c, r, ADC), (c, r) => memImm<u64>(c, r, ADC));
  defineLock(byReg(slot(MAP_ONE, 0x83), 2), (c, r) => lockImm<u16>(c, r, ADC), (c, r) => lockImm<u32>(c, r, ADC), (c, r) => lockImm<u64>(c, r, ADC));
  defineReg(slot(MAP_ONE, 0x18), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => rmReg<u8>(c, r, SBB), (c, r) => rmReg<u8>(c, r, SBB), (c, r) => rmReg<u8>(c, r, SBB));
  defineMem(slot(MAP_ONE, 0x18), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => memReg<u8>(c, r, SBB), (c, r) => memReg<u8>(c, r, SBB), (c, r) => memReg<u8>(c, r, SBB));
  defineReg(slot(MAP_ONE, 0x19), OP_MODRM, 0, (c, r) => rmReg<u16>(c, r, SBB), (c, r) => rmReg<u32>(c, r, SBB), (c, r) => rmReg<u64>(c, r, SBB));
  defineMem(slot(MAP_ONE, 0x19), OP_MODRM, 0, (c, r) => memReg<u16>(c, r, SBB), (c, r) => memReg<u32>(c, r, SBB), (c, r) => memReg<u64>(c, r, SBB));
  defineLock(slot(MAP_ONE, 0x18), (c, r) => lockReg<u8>(c, r, SBB), (c, r) => lockReg<u8>(c, r, SBB), (c, r) => lockReg<u8>(c, r, SBB));
  defineLock(slot(MAP_ONE, 0x19), (c, r) => lockReg<u16>(c, r, SBB), (c, r) => lockReg<u32>(c, r, SBB), (c, r) => lockReg<u64>(c, r, SBB));
  defineReg(slot(MAP_ONE, 0x1a), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => regRm<u8>(c, r, SBB), (c, r) => regRm<u8>(c, r, SBB), (c, r) => regRm<u8>(c, r, SBB));
  defineMem(slot(MAP_ONE, 0x1a), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => regMem<u8>(c, r, SBB), (c, r) => regMem<u8>(c, r, SBB), (c, r) => regMem<u8>(c, r, SBB));
  defineReg(slot(MAP_ONE, 0x1b), OP_MODRM, 0, (c, r) => regRm<u16>(c, r, SBB), (c, r) => regRm<u32>(c, r, SBB), (c, r) => regRm<u64>(c, r, SBB));
  defineMem(slot(MAP_ONE, 0x1b), OP_MODRM, 0, (c, r) => regMem<u16>(c, r, SBB), (c, r) => regMem<u32>(c, r, SBB), (c, r) => regMem<u64>(c, r, SBB));
  define(slot(MAP_ONE, 0x1c), OP_IMM8, 0, (c, r) => rmImm<u8>(c, r, SBB), (c, r) => rmImm<u8>(c, r, SBB), (c, r) => rmImm<u8>(c, r, SBB));
  define(slot(MAP_ONE, 0x1d), OP_IMMZ, 0, (c, r) => rmImm<u16>(c, r, SBB), (c, r) => rmImm<u32>(c, r, SBB), (c, r) => rmImm<u64>(c, r, SBB));
  defineReg(byReg(slot(MAP_ONE, 0x80), 3), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => rmImm<u8>(c, r, SBB), (c, r) => rmImm<u8>(c, r, SBB), (c, r) => rmImm<u8>(c, r, SBB));
  defineMem(byReg(slot(MAP_ONE, 0x80), 3), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => memImm<u8>(c, r, SBB), (c, r) => memImm<u8>(c, r, SBB), (c, r) => memImm<u8>(c, r, SBB));
  defineLock(byReg(slot(MAP_ONE, 0x80), 3), (c, r) => lockImm<u8>(c, r, SBB), (c, r) => lockImm<u8>(c, r, SBB), (c, r) => lockImm<u8>(c, r, SBB));
  defineReg(byReg(slot(MAP_ONE, 0x81), 3), OP_MODRM | OP_IMMZ, 0, (c, r) => rmImm<u16>(c, r, SBB), (c, r) => rmImm<u32>(c, r, SBB), (c, r) => rmImm<u64>(c, r, SBB));
  defineMem(byReg(slot(MAP_ONE, 0x81), 3), OP_MODRM | OP_IMMZ, 0, (c, r) => memImm<u16>(c, r, SBB), (c, r) => memImm<u32>(c, r, SBB), (c, r) => memImm<u64>(c, r, SBB));
  defineLock(byReg(slot(MAP_ONE, 0x81), 3), (c, r) => lockImm<u16>(c, r, SBB), (c, r) => lockImm<u32>(c, r, SBB), (c, r) => lockImm<u64>(c, r, SBB));
  defineReg(byReg(slot(MAP_ONE, 0x82), 3), OP_MODRM | OP_RM8 | OP_IMM8 | OP_NO64, 0, (c, r) => rmImm<u8>(c, r, SBB), (c, r) => rmImm<u8>(c, r, SBB), (c, r) => rmImm<u8>(c, r, SBB));
  defineMem(byReg(slot(MAP_ONE, 0x82), 3), OP_MODRM | OP_RM8 | OP_IMM8 | OP_NO64, 0, (c, r) => memImm<u8>(c, r, SBB), (c, r) => memImm<u8>(c, r, SBB), (c, r) => memImm<u8>(c, r, SBB));
  defineLock(byReg(slot(MAP_ONE, 0x82), 3), (c, r) => lockImm<u8>(c, r, SBB), (c, r) => lockImm<u8>(c, r, SBB), (c, r) => lockImm<u8>(c, r, SBB));
  defineReg(byReg(slot(MAP_ONE, 0x83), 3), OP_MODRM | OP_IMM8, 0, (c, r) => rmImm<u16>(c, r, SBB), (c, r) => rmImm<u32>(c, r, SBB), (c, r) => rmImm<u64>(c, r, SBB));
  defineMem(byReg(slot(MAP_ONE, 0x83), 3), OP_MODRM | OP_IMM8, 0, (c, r) => memImm<u16>(c, r, SBB), (c, r) => memImm<u32>(c, r, SBB), (c, r) => memImm<u64>(c, r, SBB));
  defineLock(byReg(slot(MAP_ONE, 0x83), 3), (c, r) => lockImm<u16>(c, r, SBB), (c, r) => lockImm<u32>(c, r, SBB), (c, r) => lockImm<u64>(c, r, SBB));
  defineReg(slot(MAP_ONE, 0x20), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => rmReg<u8>(c, r, AND), (c, r) => rmReg<u8>(c, r, AND), (c, r) => rmReg<u8>(c, r, AND));
  defineMem(slot(MAP_ONE, 0x20), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => memReg<u8>(c, r, AND), (c, r) => memReg<u8>(c, r, AND), (c, r) => memReg<u8>(c, r, AND));
  defineReg(slot(MAP_ONE, 0x21), OP_MODRM, 0, (c, r) => rmReg<u16>(c, r, AND), (c, r) => rmReg<u32>(c, r, AND), (c, r) => rmReg<u64>(c, r, AND));
  defineMem(slot(MAP_ONE, 0x21), OP_MODRM, 0, (c, r) => memReg<u16>(c, r, AND), (c, r) => memReg<u32>(c, r, AND), (c, r) => memReg<u64>(c, r, AND));
  defineLock(slot(MAP_ONE, 0x20), (c, r) => lockReg<u8>(c, r, AND), (c, r) => lockReg<u8>(c, r, AND), (c, r) => lockReg<u8>(c, r, AND));
  defineLock(slot(MAP_ONE, 0x21), (c, r) => lockReg<u16>(c, r, AND), (c, r) => lockReg<u32>(c, r, AND), (c, r) => lockReg<u64>(c, r, AND));
  defineReg(slot(MAP_ONE, 0x22), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => regRm<u8>(c, r, AND), (c, r) => regRm<u8>(c, r, AND), (c, r) => regRm<u8>(c, r, AND));
  defineMem(slot(MAP_ONE, 0x22), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => regMem<u8>(c, r, AND), (c, r) => regMem<u8>(c, r, AND), (c, r) => regMem<u8>(c, r, AND));
  defineReg(slot(MAP_ONE, 0x23), OP_MODRM, 0, (c, r) => regRm<u16>(c, r, AND), (c, r) => regRm<u32>(c, r, AND), (c, r) => regRm<u64>(c, r, AND));
  defineMem(slot(MAP_ONE, 0x23), OP_MODRM, 0, (c, r) => regMem<u16>(c, r, AND), (c, r) => regMem<u32>(c, r, AND), (c, r) => regMem<u64>(c, r, AND));
  define(slot(MAP_ONE, 0x24), OP_IMM8, 0, (c, r) => rmImm<u8>(c, r, AND), (c, r) => rmImm<u8>(c, r, AND), (c, r) => rmImm<u8>(c, r, AND));
  define(slot(MAP_ONE, 0x25), OP_IMMZ, 0, (c, r) => rmImm<u16>(c, r, AND), (c, r) => rmImm<u32>(c, r, AND), (c, r) => rmImm<u64>(c, r, AND));
  defineReg(byReg(slot(MAP_ONE, 0x80), 4), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => rmImm<u8>(c, r, AND), (c, r) => rmImm<u8>(c, r, AND), (c, r) => rmImm<u8>(c, r, AND));
  defineMem(byReg(slot(MAP_ONE, 0x80), 4), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => memImm<u8>(c, r, AND), (c, r) => memImm<u8>(c, r, AND), (c, r) => memImm<u8>(c, r, AND));
  defineLock(byReg(slot(MAP_ONE, 0x80), 4), (c, r) => lockImm<u8>(c, r, AND), (c, r) => lockImm<u8>(c, r, AND), (c, r) => lockImm<u8>(c, r, AND));
  defineReg(byReg(slot(MAP_ONE, 0x81), 4), OP_MODRM | OP_IMMZ, 0, (c, r) => rmImm<u16>(c, r, AND), (c, r) => rmImm<u32>(c, r, AND), (c, r) => rmImm<u64>(c, r, AND));
  defineMem(byReg(slot(MAP_ONE, 0x81), 4), OP_MODRM | OP_IMMZ, 0, (c, r) => memImm<u16>(c, r, AND), (c, r) => memImm<u32>(c, r, AND), (c, r) => memImm<u64>(c, r, AND));
  defineLock(byReg(slot(MAP_ONE, 0x81), 4), (c, r) => lockImm<u16>(c, r, AND), (c, r) => lockImm<u32>(c, r, AND), (c, r) => lockImm<u64>(c, r, AND));
  defineReg(byReg(slot(MAP_ONE, 0x82), 4), OP_MODRM | OP_RM8 | OP_IMM8 | OP_NO64, 0, (c, r) => rmImm<u8>(c, r, AND), (c, r) => rmImm<u8>(c, r, AND), (c, r) => rmImm<u8>(c, r, AND));
  defineMem(byReg(slot(MAP_ONE, 0x82), 4), OP_MODRM | OP_RM8 | OP_IMM8 | OP_NO64, 0, (c, r) => memImm<u8>(c, r, AND), (c, r) => memImm<u8>(c, r, AND), (c, r) => memImm<u8>(c, r, AND));
  defineLock(byReg(slot(MAP_ONE, 0x82), 4), (c, r) => lockImm<u8>(c, r, AND), (c, r) => lockImm<u8>(c, r, AND), (c, r) => lockImm<u8>(c, r, AND));
  defineReg(byReg(slot(MAP_ONE, 0x83), 4), OP_MODRM | OP_IMM8, 0, (c, r) => rmImm<u16>(c, r, AND), (c, r) => rmImm<u32>(c, r, AND), (c, r) => rmImm<u64>(c, r, AND));
  defineMem(byReg(slot(MAP_ONE, 0x83), 4), OP_MODRM | OP_IMM8, 0, (c, r) => memImm<u16>(c, r, AND), (c, r) => memImm<u32>(c, r, AND), (c, r) => memImm<u64>(c, r, AND));
  defineLock(byReg(slot(MAP_ONE, 0x83), 4), (c, r) => lockImm<u16>(c, r, AND), (c, r) => lockImm<u32>(c, r, AND), (c, r) => lockImm<u64>(c, r, AND));
  defineReg(slot(MAP_ONE, 0x28), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => rmReg<u8>(c, r, SUB), (c, r) => rmReg<u8>(c, r, SUB), (c, r) => rmReg<u8>(c, r, SUB));
  defineMem(slot(MAP_ONE, 0x28), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => memReg<u8>(c, r, SUB), (c, r) => memReg<u8>(c, r, SUB), (c, r) => memReg<u8>(c, r, SUB));
  defineReg(slot(MAP_ONE, 0x29), OP_MODRM, 0, (c, r) => rmReg<u16>(c, r, SUB), (c, r) => rmReg<u32>(c, r, SUB), (c, r) => rmReg<u64>(c, r, SUB));
  defineMem(slot(MAP_ONE, 0x29), OP_MODRM, 0, (c, r) => memReg<u16>(c, r, SUB), (c, r) => memReg<u32>(c, r, SUB), (c, r) => memReg<u64>(c, r, SUB));
  defineLock(slot(MAP_ONE, 0x28), (c, r) => lockReg<u8>(c, r, SUB), (c, r) => lockReg<u8>(c, r, SUB), (c, r) => lockReg<u8>(c, r, SUB));
  defineLock(slot(MAP_ONE, 0x29), (c, r) => lockReg<u16>(c, r, SUB), (c, r) => lockReg<u32>(c, r, SUB), (c, r) => lockReg<u64>(c, r, SUB));
  defineReg(slot(MAP_ONE, 0x2a), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => regRm<u8>(c, r, SUB), (c, r) => regRm<u8>(c, r, SUB), (c, r) => regRm<u8>(c, r, SUB));
  defineMem(slot(MAP_ONE, 0x2a), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => regMem<u8>(c, r, SUB), (c, r) => regMem<u8>(c, r, SUB), (c, r) => regMem<u8>(c, r, SUB));
  defineReg(slot(MAP_ONE, 0x2b), OP_MODRM, 0, (c, r) => regRm<u16>(c, r, SUB), (c, r) => regRm<u32>(c, r, SUB), (c, r) => regRm<u64>(c, r, SUB));
  defineMem(slot(MAP_ONE, 0x2b), OP_MODRM, 0, (c, r) => regMem<u16>(c, r, SUB), (c, r) => regMem<u32>(c, r, SUB), (c, r) => regMem<u64>(c, r, SUB));
  define(slot(MAP_ONE, 0x2c), OP_IMM8, 0, (c, r) => rmImm<u8>(c, r, SUB), (c, r) => rmImm<u8>(c, r, SUB), (c, r) => rmImm<u8>(c, r, SUB));
  define(slot(MAP_ONE, 0x2d), OP_IMMZ, 0, (c, r) => rmImm<u16>(c, r, SUB), (c, r) => rmImm<u32>(c, r, SUB), (c, r) => rmImm<u64>(c, r, SUB));
  defineReg(byReg(slot(MAP_ONE, 0x80), 5), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => rmImm<u8>(c, r, SUB), (c, r) => rmImm<u8>(c, r, SUB), (c, r) => rmImm<u8>(c, r, SUB));
  defineMem(byReg(slot(MAP_ONE, 0x80), 5), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => memImm<u8>(c, r, SUB), (c, r) => memImm<u8>(c, r, SUB), (c, r) => memImm<u8>(c, r, SUB));
  defineLock(byReg(slot(MAP_ONE, 0x80), 5), (c, r) => lockImm<u8>(c, r, SUB), (c, r) => lockImm<u8>(c, r, SUB), (c, r) => lockImm<u8>(c, r, SUB));
  defineReg(byReg(slot(MAP_ONE, 0x81), 5), OP_MODRM | OP_IMMZ, 0, (c, r) => rmImm<u16>(c, r, SUB), (c, r) => rmImm<u32>(c, r, SUB), (c, r) => rmImm<u64>(c, r, SUB));
  defineMem(byReg(slot(MAP_ONE, 0x81), 5), OP_MODRM | OP_IMMZ, 0, (c, r) => memImm<u16>(c, r, SUB), (c, r) => memImm<u32>(c, r, SUB), (c, r) => memImm<u64>(c, r, SUB));
  defineLock(byReg(slot(MAP_ONE, 0x81), 5), (c, r) => lockImm<u16>(c, r, SUB), (c, r) => lockImm<u32>(c, r, SUB), (c, r) => lockImm<u64>(c, r, SUB));
  defineReg(byReg(slot(MAP_ONE, 0x82), 5), OP_MODRM | OP_RM8 | OP_IMM8 | OP_NO64, 0, (c, r) => rmImm<u8>(c, r, SUB), (c, r) => rmImm<u8>(c, r, SUB), (c, r) => rmImm<u8>(c, r, SUB));
  defineMem(byReg(slot(MAP_ONE, 0x82), 5), OP_MODRM | OP_RM8 | OP_IMM8 | OP_NO64, 0, (c, r) => memImm<u8>(c, r, SUB), (c, r) => memImm<u8>(c, r, SUB), (c, r) => memImm<u8>(c, r, SUB));
  defineLock(byReg(slot(MAP_ONE, 0x82), 5), (c, r) => lockImm<u8>(c, r, SUB), (c, r) => lockImm<u8>(c, r, SUB), (c, r) => lockImm<u8>(c, r, SUB));
  defineReg(byReg(slot(MAP_ONE, 0x83), 5), OP_MODRM | OP_IMM8, 0, (c, r) => rmImm<u16>(c, r, SUB), (c, r) => rmImm<u32>(c, r, SUB), (c, r) => rmImm<u64>(c, r, SUB));
  defineMem(byReg(slot(MAP_ONE, 0x83), 5), OP_MODRM | OP_IMM8, 0, (c, r) => memImm<u16>(c, r, SUB), (c, r) => memImm<u32>(c, r, SUB), (c, r) => memImm<u64>(c, r, SUB));
  defineLock(byReg(slot(MAP_ONE, 0x83), 5), (c, r) => lockImm<u16>(c, r, SUB), (c, r) => lockImm<u32>(c, r, SUB), (c, r) => lockImm<u64>(c, r, SUB));
  defineReg(slot(MAP_ONE, 0x30), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => rmReg<u8>(c, r, XOR), (c, r) => rmReg<u8>(c, r, XOR), (c, r) => rmReg<u8>(c, r, XOR));
  defineMem(slot(MAP_ONE, 0x30), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => memReg<u8>(c, r, XOR), (c, r) => memReg<u8>(c, r, XOR), (c, r) => memReg<u8>(c, r, XOR));
  defineReg(slot(MAP_ONE, 0x31), OP_MODRM, 0, (c, r) => rmReg<u16>(c, r, XOR), (c, r) => rmReg<u32>(c, r, XOR), (c, r) => rmReg<u64>(c, r, XOR));
  defineMem(slot(MAP_ONE, 0x31), OP_MODRM, 0, (c, r) => memReg<u16>(c, r, XOR), (c, r) => memReg<u32>(c, r, XOR), (c, r) => memReg<u64>(c, r, XOR));
  defineLock(slot(MAP_ONE, 0x30), (c, r) => lockReg<u8>(c, r, XOR), (c, r) => lockReg<u8>(c, r, XOR), (c, r) => lockReg<u8>(c, r, XOR));
  defineLock(slot(MAP_ONE, 0x31), (c, r) => lockReg<u16>(c, r, XOR), (c, r) => lockReg<u32>(c, r, XOR), (c, r) => lockReg<u64>(c, r, XOR));
  defineReg(slot(MAP_ONE, 0x32), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => regRm<u8>(c, r, XOR), (c, r) => regRm<u8>(c, r, XOR), (c, r) => regRm<u8>(c, r, XOR));
  defineMem(slot(MAP_ONE, 0x32), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => regMem<u8>(c, r, XOR), (c, r) => regMem<u8>(c, r, XOR), (c, r) => regMem<u8>(c, r, XOR));
  defineReg(slot(MAP_ONE, 0x33), OP_MODRM, 0, (c, r) => regRm<u16>(c, r, XOR), (c, r) => regRm<u32>(c, r, XOR), (c, r) => regRm<u64>(c, r, XOR));
  defineMem(slot(MAP_ONE, 0x33), OP_MODRM, 0, (c, r) => regMem<u16>(c, r, XOR), (c, r) => regMem<u32>(c, r, XOR), (c, r) => regMem<u64>(c, r, XOR));
  define(slot(MAP_ONE, 0x34), OP_IMM8, 0, (c, r) => rmImm<u8>(c, r, XOR), (c, r) => rmImm<u8>(c, r, XOR), (c, r) => rmImm<u8>(c, r, XOR));
  define(slot(MAP_ONE, 0x35), OP_IMMZ, 0, (c, r) => rmImm<u16>(c, r, XOR), (c, r) => rmImm<u32>(c, r, XOR), (c, r) => rmImm<u64>(c, r, XOR));
  defineReg(byReg(slot(MAP_ONE, 0x80), 6), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => rmImm<u8>(c, r, XOR), (c, r) => rmImm<u8>(c, r, XOR), (c, r) => rmImm<u8>(c, r, XOR));
  defineMem(byReg(slot(MAP_ONE, 0x80), 6), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => memImm<u8>(c, r, XOR), (c, r) => memImm<u8>(c, r, XOR), (c, r) => memImm<u8>(c, r, XOR));
  defineLock(byReg(slot(MAP_ONE, 0x80), 6), (c, r) => lockImm<u8>(c, r, XOR), (c, r) => lockImm<u8>(c, r, XOR), (c, r) => lockImm<u8>(c, r, XOR));
  defineReg(byReg(slot(MAP_ONE, 0x81), 6), OP_MODRM | OP_IMMZ, 0, (c, r) => rmImm<u16>(c, r, XOR), (c, r) => rmImm<u32>(c, r, XOR), (c, r) => rmImm<u64>(c, r, XOR));
  defineMem(byReg(slot(MAP_ONE, 0x81), 6), OP_MODRM | OP_IMMZ, 0, (c, r) => memImm<u16>(c, r, XOR), (c, r) => memImm<u32>(c, r, XOR), (c, r) => memImm<u64>(c, r, XOR));
  defineLock(byReg(slot(MAP_ONE, 0x81), 6), (c, r) => lockImm<u16>(c, r, XOR), (c, r) => lockImm<u32>(c, r, XOR), (c, r) => lockImm<u64>(c, r, XOR));
  defineReg(byReg(slot(MAP_ONE, 0x82), 6), OP_MODRM | OP_RM8 | OP_IMM8 | OP_NO64, 0, (c, r) => rmImm<u8>(c, r, XOR), (c, r) => rmImm<u8>(c, r, XOR), (c, r) => rmImm<u8>(c, r, XOR));
  defineMem(byReg(slot(MAP_ONE, 0x82), 6), OP_MODRM | OP_RM8 | OP_IMM8 | OP_NO64, 0, (c, r) => memImm<u8>(c, r, XOR), (c, r) => memImm<u8>(c, r, XOR), (c, r) => memImm<u8>(c, r, XOR));
  defineLock(byReg(slot(MAP_ONE, 0x82), 6), (c, r) => lockImm<u8>(c, r, XOR), (c, r) => lockImm<u8>(c, r, XOR), (c, r) => lockImm<u8>(c, r, XOR));
  defineReg(byReg(slot(MAP_ONE, 0x83), 6), OP_MODRM | OP_IMM8, 0, (c, r) => rmImm<u16>(c, r, XOR), (c, r) => rmImm<u32>(c, r, XOR), (c, r) => rmImm<u64>(c, r, XOR));
  defineMem(byReg(slot(MAP_ONE, 0x83), 6), OP_MODRM | OP_IMM8, 0, (c, r) => memImm<u16>(c, r, XOR), (c, r) => memImm<u32>(c, r, XOR), (c, r) => memImm<u64>(c, r, XOR));
  defineLock(byReg(slot(MAP_ONE, 0x83), 6), (c, r) => lockImm<u16>(c, r, XOR), (c, r) => lockImm<u32>(c, r, XOR), (c, r) => lockImm<u64>(c, r, XOR));
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
  defineReg(byReg(slot(MAP_ONE, 0xf6), 2), OP_MODRM | OP_RM8, 0, (c, r) => oneRm<u8>(c, r, NOT), (c, r) => oneRm<u8>(c, r, NOT), (c, r) => oneRm<u8>(c, r, NOT));
  defineMem(byReg(slot(MAP_ONE, 0xf6), 2), OP_MODRM | OP_RM8, 0, (c, r) => oneMem<u8>(c, r, NOT), (c, r) => oneMem<u8>(c, r, NOT), (c, r) => oneMem<u8>(c, r, NOT));
  defineLock(byReg(slot(MAP_ONE, 0xf6), 2), (c, r) => oneLock<u8>(c, r, NOT), (c, r) => oneLock<u8>(c, r, NOT), (c, r) => oneLock<u8>(c, r, NOT));
  defineReg(byReg(slot(MAP_ONE, 0xf7), 2), OP_MODRM, 0, (c, r) => oneRm<u16>(c, r, NOT), (c, r) => oneRm<u32>(c, r, NOT), (c, r) => oneRm<u64>(c, r, NOT));
  defineMem(byReg(slot(MAP_ONE, 0xf7), 2), OP_MODRM, 0, (c, r) => oneMem<u16>(c, r, NOT), (c, r) => oneMem<u32>(c, r, NOT), (c, r) => oneMem<u64>(c, r, NOT));
  defineLock(byReg(slot(MAP_ONE, 0xf7), 2), (c, r) => oneLock<u16>(c, r, NOT), (c, r) => oneLock<u32>(c, r, NOT), (c, r) => oneLock<u64>(c, r, NOT));
  defineReg(byReg(slot(MAP_ONE, 0xf6), 3), OP_MODRM | OP_RM8, 0, (c, r) => oneRm<u8>(c, r, NEG), (c, r) => oneRm<u8>(c, r, NEG), (c, r) => oneRm<u8>(c, r, NEG));
  defineMem(byReg(slot(MAP_ONE, 0xf6), 3), OP_MODRM | OP_RM8, 0, (c, r) => oneMem<u8>(c, r, NEG), (c, r) => oneMem<u8>(c, r, NEG), (c, r) => oneMem<u8>(c, r, NEG));
  defineLock(byReg(slot(MAP_ONE, 0xf6), 3), (c, r) => oneLock<u8>(c, r, NEG), (c, r) => oneLock<u8>(c, r, NEG), (c, r) => oneLock<u8>(c, r, NEG));
  defineReg(byReg(slot(MAP_ONE, 0xf7), 3), OP_MODRM, 0, (c, r) => oneRm<u16>(c, r, NEG), (c, r) => oneRm<u32>(c, r, NEG), (c, r) => oneRm<u64>(c, r, NEG));
  defineMem(byReg(slot(MAP_ONE, 0xf7), 3), OP_MODRM, 0, (c, r) => oneMem<u16>(c, r, NEG), (c, r) => oneMem<u32>(c, r, NEG), (c, r) => oneMem<u64>(c, r, NEG));
  defineLock(byReg(slot(MAP_ONE, 0xf7), 3), (c, r) => oneLock<u16>(c, r, NEG), (c, r) => oneLock<u32>(c, r, NEG), (c, r) => oneLock<u64>(c, r, NEG));
  defineReg(byReg(slot(MAP_ONE, 0xfe), 0), OP_MODRM | OP_RM8, 0, (c, r) => oneRm<u8>(c, r, INC), (c, r) => oneRm<u8>(c, r, INC), (c, r) => oneRm<u8>(c, r, INC));
  defineMem(byReg(slot(MAP_ONE, 0xfe), 0), OP_MODRM | OP_RM8, 0, (c, r) => oneMem<u8>(c, r, INC), (c, r) => oneMem<u8>(c, r, INC), (c, r) => oneMem<u8>(c, r, INC));
  defineLock(byReg(slot(MAP_ONE, 0xfe), 0), (c, r) => oneLock<u8>(c, r, INC), (c, r) => oneLock<u8>(c, r, INC), (c, r) => oneLock<u8>(c, r, INC));
  defineReg(byReg(slot(MAP_ONE, 0xff), 0), OP_MODRM, 0, (c, r) => oneRm<u16>(c, r, INC), (c, r) => oneRm<u32>(c, r, INC), (c, r) => oneRm<u64>(c, r, INC));
  defineMem(byReg(slot(MAP_ONE, 0xff), 0), OP_MODRM, 0, (c, r) => oneMem<u16>(c, r, INC), (c, r) => oneMem<u32>(c, r, INC), (c, r) => oneMem<u64>(c, r, INC));
  defineLock(byReg(slot(MAP_ONE, 0xff), 0), (c, r) => oneLock<u16>(c, r, INC), (c, r) => oneLock<u32>(c, r, INC), (c, r) => oneLock<u64>(c, r, INC));
  defineReg(byReg(slot(MAP_ONE, 0xfe), 1), OP_MODRM | OP_RM8, 0, (c, r) => oneRm<u8>(c, r, DEC), (c, r) => oneRm<u8>(c, r, DEC), (c, r) => oneRm<u8>(c, r, DEC));
  defineMem(byReg(slot(MAP_ONE, 0xfe), 1), OP_MODRM | OP_RM8, 0, (c, r) => oneMem<u8>(c, r, DEC), (c, r) => oneMem<u8>(c, r, DEC), (c, r) => oneMem<u8>(c, r, DEC));
  defineLock(byReg(slot(MAP_ONE, 0xfe), 1), (c, r) => oneLock<u8>(c, r, DEC), (c, r) => oneLock<u8>(c, r, DEC), (c, r) => oneLock<u8>(c, r, DEC));
  defineReg(byReg(slot(MAP_ONE, 0xff), 1), OP_MODRM, 0, (c, r) => oneRm<u16>(c, r, DEC), (c, r) => oneRm<u32>(c, r, DEC), (c, r) => oneRm<u64>(c, r, DEC));
  defineMem(byReg(slot(MAP_ONE, 0xff), 1), OP_MODRM, 0, (c, r) => oneMem<u16>(c, r, DEC), (c, r) => oneMem<u32>(c, r, DEC), (c, r) => oneMem<u64>(c, r, DEC));
  defineLock(byReg(slot(MAP_ONE, 0xff), 1), (c, r) => oneLock<u16>(c, r, DEC), (c, r) => oneLock<u32>(c, r, DEC), (c, r) => oneLock<u64>(c, r, DEC));
  for (let r: u32 = 0; r < 8; r++) {
    define(slot(MAP_ONE, 0x40 + r), OP_OPREG | OP_NO64, 0, (c, r) => oneRm<u16>(c, r, INC), (c, r) => oneRm<u32>(c, r, INC), (c, r) => oneRm<u64>(c, r, INC));
    define(slot(MAP_ONE, 0x48 + r), OP_OPREG | OP_NO64, 0, (c, r) => oneRm<u16>(c, r, DEC), (c, r) => oneRm<u32>(c, r, DEC), (c, r) => oneRm<u64>(c, r, DEC));
  }
}
