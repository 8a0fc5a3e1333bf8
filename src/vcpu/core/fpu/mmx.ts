/**
 * MMX: moves and the two-operand instructions on MM0 to MM7, which are the significands of the x87 registers by their
 * physical numbers (Intel SDM vol. 1, 9.2). Every one but EMMS makes TOP zero and all tags valid, and raises a pending
 * x87 exception first.
 */
import {
  FEATURE_MMX,
  FEATURE_SSE,
  FEATURE_SSE2,
  FEATURE_SSSE3,
} from '../../cpu-features';
import {
  CPU_RDI,
  CPU_X87,
  CPU_X87_STATUS,
  CPU_X87_TAG,
  INFO_W,
  RECORD_ADDRESS,
  RECORD_REG,
  RECORD_RM,
} from '../../../memory/layout';
import { readAddress, segmentAddress, truncateAddress, writeAddress } from '../address';
import { checkWrite, read, write } from '../access';
import {
  byPrefix,
  byReg,
  defineMem,
  defineOne,
  defineReg,
  MAP_0F,
  MAP_0F38,
  MAP_0F3A,
  OP_IMM8,
  OP_MMX,
  OP_MODRM,
  OP_REGNUM,
  OP_RMNUM,
  slot,
} from '../opcode-table';
import { Handler, imm, info, next, putReg, putRm, reg, rm } from '../state';
import {
  alignRight,
  mmx0f,
  mmx0f38,
  shiftLeft,
  shiftRight,
  shiftRightArithmetic,
  shuffleWords,
  signMask,
} from './mmx-compute';
import { statusWord, wait } from './x87-state';

/** Contents of MMn. */
export function getMm(cpu: usize, index: u32): u64 {
  return load<u64>(cpu + CPU_X87 + (usize(index & 7) << 4));
}

/** Writes MMn: exponent and sign of the x87 register become ones. */
export function setMm(cpu: usize, index: u32, value: u64): void {
  const at = cpu + CPU_X87 + (usize(index & 7) << 4);
  store<u64>(at, value);
  store<u16>(at, 0xffff, 8);
}

/** What an MMX instruction does to TOP and tags, once nothing can fault any more. */
export function enterMmx(cpu: usize): void {
  store<u16>(cpu, u16(statusWord(cpu) & 0xc7ff), CPU_X87_STATUS);
  store<u16>(cpu, 0, CPU_X87_TAG);
}

function mmOperand(cpu: usize, record: usize): u64 {
  return getMm(cpu, load<u8>(record, RECORD_RM));
}

function mmDestination(cpu: usize, record: usize): u64 {
  return getMm(cpu, load<u8>(record, RECORD_REG));
}

function finishMmx(cpu: usize, record: usize, value: u64): usize {
  enterMmx(cpu);
  setMm(cpu, load<u8>(record, RECORD_REG), value);
  return next(record);
}

function opcodeOf(record: usize): u32 {
  return info(record) & 0xff;
}

function binaryRegister(cpu: usize, record: usize): usize {
  wait(cpu, record);
  return finishMmx(cpu, record, mmx0f(opcodeOf(record), mmDestination(cpu, record), mmOperand(cpu, record)));
}

function binaryMemory(cpu: usize, record: usize): usize {
  wait(cpu, record);
  const source = read<u64>(cpu, readAddress<u64>(cpu, record));
  return finishMmx(cpu, record, mmx0f(opcodeOf(record), mmDestination(cpu, record), source));
}

/** PUNPCKLxx reads only 32 bits. */
function binaryMemory32(cpu: usize, record: usize): usize {
  wait(cpu, record);
  const source = u64(read<u32>(cpu, readAddress<u32>(cpu, record)));
  return finishMmx(cpu, record, mmx0f(opcodeOf(record), mmDestination(cpu, record), source));
}

function ssse3Register(cpu: usize, record: usize): usize {
  wait(cpu, record);
  return finishMmx(cpu, record, mmx0f38(opcodeOf(record), mmDestination(cpu, record), mmOperand(cpu, record)));
}

function ssse3Memory(cpu: usize, record: usize): usize {
  wait(cpu, record);
  const source = read<u64>(cpu, readAddress<u64>(cpu, record));
  return finishMmx(cpu, record, mmx0f38(opcodeOf(record), mmDestination(cpu, record), source));
}

/** 71, 72, 73: shifts by an immediate; the opcode tells the width, modrm.reg the direction. */
function shiftImmediate(cpu: usize, record: usize): usize {
  wait(cpu, record);
  const index = u32(load<u8>(record, RECORD_RM));
  const width: u32 = 16 << (opcodeOf(record) - 0x71);
  const count = u64(imm<u8>(record));
  const value = getMm(cpu, index);
  let result: u64;
  // REX.R, which the number may carry, means nothing here.
  switch (load<u8>(record, RECORD_REG) & 7) {
    case 2:
      result = shiftRight(width, value, count);
      break;
    case 4:
      result = shiftRightArithmetic(width, value, count);
      break;
    default:
      result = shiftLeft(width, value, count);
  }
  enterMmx(cpu);
  setMm(cpu, index, result);
  return next(record);
}

function shuffleRegister(cpu: usize, record: usize): usize {
  wait(cpu, record);
  return finishMmx(cpu, record, shuffleWords(mmOperand(cpu, record), u32(imm<u8>(record))));
}

function shuffleMemory(cpu: usize, record: usize): usize {
  wait(cpu, record);
  const source = read<u64>(cpu, readAddress<u64>(cpu, record));
  return finishMmx(cpu, record, shuffleWords(source, u32(imm<u8>(record))));
}

function alignRegister(cpu: usize, record: usize): usize {
  wait(cpu, record);
  const value = alignRight(mmDestination(cpu, record), mmOperand(cpu, record), u32(imm<u8>(record)));
  return finishMmx(cpu, record, value);
}

function alignMemory(cpu: usize, record: usize): usize {
  wait(cpu, record);
  const source = read<u64>(cpu, readAddress<u64>(cpu, record));
  return finishMmx(cpu, record, alignRight(mmDestination(cpu, record), source, u32(imm<u8>(record))));
}

/** MOVQ mm, mm. */
function moveRegister(cpu: usize, record: usize): usize {
  wait(cpu, record);
  return finishMmx(cpu, record, mmOperand(cpu, record));
}

/** MOVQ mm, m64. */
function moveMemory(cpu: usize, record: usize): usize {
  wait(cpu, record);
  return finishMmx(cpu, record, read<u64>(cpu, readAddress<u64>(cpu, record)));
}

/** MOVQ mm, mm in the direction of 7F. */
function moveToRegister(cpu: usize, record: usize): usize {
  wait(cpu, record);
  enterMmx(cpu);
  setMm(cpu, load<u8>(record, RECORD_RM), mmDestination(cpu, record));
  return next(record);
}

/** MOVQ m64, mm and MOVNTQ. */
function moveToMemory(cpu: usize, record: usize): usize {
  wait(cpu, record);
  write<u64>(cpu, writeAddress<u64>(cpu, record), mmDestination(cpu, record));
  enterMmx(cpu);
  return next(record);
}

/** MOVD mm, r32 and MOVQ mm, r64. */
function loadGeneral(cpu: usize, record: usize): usize {
  wait(cpu, record);
  const value = info(record) & INFO_W ? rm<u64>(cpu, record) : u64(rm<u32>(cpu, record));
  return finishMmx(cpu, record, value);
}

function loadGeneralMemory(cpu: usize, record: usize): usize {
  wait(cpu, record);
  const value =
    info(record) & INFO_W
      ? read<u64>(cpu, readAddress<u64>(cpu, record))
      : u64(read<u32>(cpu, readAddress<u32>(cpu, record)));
  return finishMmx(cpu, record, value);
}

/** MOVD r32, mm and MOVQ r64, mm. */
function storeGeneral(cpu: usize, record: usize): usize {
  wait(cpu, record);
  const value = mmDestination(cpu, record);
  enterMmx(cpu);
  if (info(record) & INFO_W) putRm<u64>(cpu, record, value);
  else putRm<u32>(cpu, record, u32(value));
  return next(record);
}

function storeGeneralMemory(cpu: usize, record: usize): usize {
  wait(cpu, record);
  const value = mmDestination(cpu, record);
  if (info(record) & INFO_W) write<u64>(cpu, writeAddress<u64>(cpu, record), value);
  else write<u32>(cpu, writeAddress<u32>(cpu, record), u32(value));
  enterMmx(cpu);
  return next(record);
}

/** PINSRW: a word into the one of four that the immediate names. */
function insertWord(cpu: usize, record: usize, word: u64): usize {
  const shift = u64(imm<u8>(record) & 3) << 4;
  const value = (mmDestination(cpu, record) & ~(u64(0xffff) << shift)) | (word << shift);
  return finishMmx(cpu, record, value);
}

function insertFromGeneral(cpu: usize, record: usize): usize {
  wait(cpu, record);
  return insertWord(cpu, record, u64(rm<u16>(cpu, record)));
}

function insertFromMemory(cpu: usize, record: usize): usize {
  wait(cpu, record);
  return insertWord(cpu, record, u64(read<u16>(cpu, readAddress<u16>(cpu, record))));
}

/** PEXTRW. */
function extractWord(cpu: usize, record: usize): usize {
  wait(cpu, record);
  const word = (mmOperand(cpu, record) >> (u64(imm<u8>(record) & 3) << 4)) & 0xffff;
  enterMmx(cpu);
  putReg<u32>(cpu, record, u32(word));
  return next(record);
}

/** PMOVMSKB. */
function moveMask(cpu: usize, record: usize): usize {
  wait(cpu, record);
  const mask = signMask(mmOperand(cpu, record));
  enterMmx(cpu);
  putReg<u32>(cpu, record, mask);
  return next(record);
}

/** MASKMOVQ: the bytes of mm that the other operand's top bits choose, to DS:(R/E)DI. */
function maskMove(cpu: usize, record: usize): usize {
  wait(cpu, record);
  const value = mmDestination(cpu, record);
  const mask = mmOperand(cpu, record);
  const offset = truncateAddress(record, load<u64>(cpu, CPU_RDI));
  const segment = u32(load<u8>(record, RECORD_ADDRESS) >> 4);
  const linear = segmentAddress(cpu, segment, offset, 8, true);
  if (signMask(mask) != 0) checkWrite(cpu, linear, 8);
  for (let i: u64 = 0; i < 8; i++) {
    if ((mask >> (8 * i + 7)) & 1) write<u8>(cpu, linear + i, u8(value >> (8 * i)));
  }
  enterMmx(cpu);
  return next(record);
}

/** EMMS: all registers empty. */
export function EMMS(cpu: usize, record: usize): usize {
  wait(cpu, record);
  enterMmx(cpu);
  store<u16>(cpu, 0xffff, CPU_X87_TAG);
  return next(record);
}

const OP: u32 = OP_MODRM | OP_MMX | OP_REGNUM | OP_RMNUM;

/** Register and memory form of an opcode without mandatory prefix. */
function both(map: u32, opcode: u32, flags: u32, feature: u32, register: Handler, memory: Handler): void {
  const entry = byPrefix(slot(map, opcode), 0);
  defineReg(entry, flags, feature, register, register, register);
  defineMem(entry, flags, feature, memory, memory, memory);
}

function registerOnly(map: u32, opcode: u32, flags: u32, feature: u32, handler: Handler): void {
  defineReg(byPrefix(slot(map, opcode), 0), flags, feature, handler, handler, handler);
}

/** The CPUID bit that an opcode of the map 0F needs. */
function featureOf(opcode: u32): u32 {
  switch (opcode) {
    case 0xd4:
    case 0xf4:
    case 0xfb:
      return FEATURE_SSE2;
    case 0xda:
    case 0xde:
    case 0xe0:
    case 0xe3:
    case 0xe4:
    case 0xea:
    case 0xee:
    case 0xf6:
      return FEATURE_SSE;
    default:
      return FEATURE_MMX;
  }
}

function registerBinary(first: u32, last: u32): void {
  for (let opcode = first; opcode <= last; opcode++) {
    const memory = opcode <= 0x62 ? binaryMemory32 : binaryMemory;
    both(MAP_0F, opcode, OP, featureOf(opcode), binaryRegister, memory);
  }
}

function registerShift(opcode: u32, reg: u32): void {
  const entry = byPrefix(byReg(slot(MAP_0F, opcode), reg), 0);
  defineReg(entry, OP | OP_IMM8, FEATURE_MMX, shiftImmediate, shiftImmediate, shiftImmediate);
}

function registerMoves(): void {
  both(MAP_0F, 0x6e, OP_MODRM | OP_MMX | OP_REGNUM, FEATURE_MMX, loadGeneral, loadGeneralMemory);
  both(MAP_0F, 0x7e, OP_MODRM | OP_MMX | OP_REGNUM, FEATURE_MMX, storeGeneral, storeGeneralMemory);
  both(MAP_0F, 0x6f, OP, FEATURE_MMX, moveRegister, moveMemory);
  both(MAP_0F, 0x7f, OP, FEATURE_MMX, moveToRegister, moveToMemory);
  const streaming = byPrefix(slot(MAP_0F, 0xe7), 0);
  defineMem(streaming, OP, FEATURE_SSE, moveToMemory, moveToMemory, moveToMemory);
  both(MAP_0F, 0x70, OP | OP_IMM8, FEATURE_SSE, shuffleRegister, shuffleMemory);
  both(MAP_0F, 0xc4, OP_MODRM | OP_MMX | OP_REGNUM | OP_IMM8, FEATURE_SSE, insertFromGeneral, insertFromMemory);
  registerOnly(MAP_0F, 0xc5, OP_MODRM | OP_MMX | OP_RMNUM | OP_IMM8, FEATURE_SSE, extractWord);
  registerOnly(MAP_0F, 0xd7, OP_MODRM | OP_MMX | OP_RMNUM, FEATURE_SSE, moveMask);
  registerOnly(MAP_0F, 0xf7, OP, FEATURE_SSE, maskMove);
  defineOne(byPrefix(slot(MAP_0F, 0x77), 0), OP_MMX, FEATURE_MMX, EMMS);
}

/** Registers every MMX instruction, with SSE's, SSE2's and SSSE3's additions for MMX registers. */
export function registerMmx(): void {
  registerBinary(0x60, 0x6b);
  registerBinary(0x74, 0x76);
  registerBinary(0xd1, 0xd5);
  registerBinary(0xd8, 0xe5);
  registerBinary(0xe8, 0xef);
  registerBinary(0xf1, 0xf6);
  registerBinary(0xf8, 0xfe);
  for (let opcode: u32 = 0x71; opcode <= 0x73; opcode++) {
    registerShift(opcode, 2);
    registerShift(opcode, 6);
    if (opcode != 0x73) registerShift(opcode, 4);
  }
  registerMoves();
  for (let opcode: u32 = 0x00; opcode <= 0x0b; opcode++) {
    both(MAP_0F38, opcode, OP, FEATURE_SSSE3, ssse3Register, ssse3Memory);
  }
  for (let opcode: u32 = 0x1c; opcode <= 0x1e; opcode++) {
    both(MAP_0F38, opcode, OP, FEATURE_SSSE3, ssse3Register, ssse3Memory);
  }
  both(MAP_0F3A, 0x0f, OP | OP_IMM8, FEATURE_SSSE3, alignRegister, alignMemory);
}
