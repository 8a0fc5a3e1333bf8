// Elements between vector registers, general registers and memory: MOVD, MOVQ, PINSR, PEXTR, EXTRACTPS, INSERTPS, MOVMSK.
import { FEATURE_AVX, FEATURE_AVX2, FEATURE_SSE, FEATURE_SSE2, FEATURE_SSE4_1 } from '../../cpu-features';
import { read, write } from '../access';
import { readAddress, writeAddress } from '../address';
import {
  byL,
  defineMem,
  defineReg,
  MAP_0F,
  MAP_0F3A,
  OP_AVX,
  OP_IMM8,
  OP_L0,
  OP_MODRM,
  OP_NO_VVVV,
  OP_REGNUM,
  OP_RMNUM,
  OP_SSE,
} from '../opcode-table';
import { Handler, next, putReg, putRm, rm } from '../state';
import { imm8, isMemory, put128, regVector, rmVector, vvvvVector } from './operands';
import { legacyEntry, NP, P66, vexEntry } from './shapes';

/** A general register in modrm.rm or memory. */
// @ts-ignore: decorator
@inline
function generalSource<T>(cpu: usize, record: usize): T {
  return isMemory(record) ? read<T>(cpu, readAddress<T>(cpu, record)) : rm<T>(cpu, record);
}

function MOV_TO_VECTOR<T>(cpu: usize, record: usize): usize {
  const value = <u64>generalSource<T>(cpu, record);
  store<v128>(regVector(cpu, record), i64x2.replace_lane(i64x2.splat(0), 0, value));
  return next(record);
}
function VMOV_TO_VECTOR<T>(cpu: usize, record: usize): usize {
  const value = <u64>generalSource<T>(cpu, record);
  put128(regVector(cpu, record), i64x2.replace_lane(i64x2.splat(0), 0, value));
  return next(record);
}
function MOV_FROM_VECTOR<T>(cpu: usize, record: usize): usize {
  const value = load<T>(regVector(cpu, record));
  if (isMemory(record)) write<T>(cpu, writeAddress<T>(cpu, record), value);
  else putRm<T>(cpu, record, value);
  return next(record);
}

/** PINSR: the element numbered by the immediate, modulo their count. */
function PINSR<T>(cpu: usize, record: usize): usize {
  const value = generalSource<T>(cpu, record);
  store<T>(regVector(cpu, record) + elementOffset<T>(record), value);
  return next(record);
}
function VPINSR<T>(cpu: usize, record: usize): usize {
  const value = generalSource<T>(cpu, record);
  const register = regVector(cpu, record);
  put128(register, load<v128>(vvvvVector(cpu, record)));
  store<T>(register + elementOffset<T>(record), value);
  return next(record);
}
/** PEXTR to modrm.rm: a register gets it zero-extended to 64 bits. */
function PEXTR<T>(cpu: usize, record: usize): usize {
  const value = load<T>(regVector(cpu, record) + elementOffset<T>(record));
  if (isMemory(record)) write<T>(cpu, writeAddress<T>(cpu, record), value);
  else putRm<u64>(cpu, record, <u64>value);
  return next(record);
}
/** The old PEXTRW: from modrm.rm to modrm.reg. */
function PEXTRW_REG(cpu: usize, record: usize): usize {
  putReg<u64>(cpu, record, <u64>load<u16>(rmVector(cpu, record) + elementOffset<u16>(record)));
  return next(record);
}

// @ts-ignore: decorator
@inline
function elementOffset<T>(record: usize): usize {
  return (<usize>imm8(record) * sizeof<T>()) & 15;
}

/** Bits 7:6 of the control select the source element of a register, 5:4 its place, 3:0 what is cleared. */
function insertSingle(cpu: usize, record: usize, a: v128): v128 {
  const imm = imm8(record);
  const value = isMemory(record)
    ? read<u32>(cpu, readAddress<u32>(cpu, record))
    : load<u32>(rmVector(cpu, record) + <usize>((imm >> 6) << 2));
  const place = i32x4.eq(i32x4(0, 1, 2, 3), i32x4.splat((imm >> 4) & 3));
  const bits = i32x4(1, 2, 4, 8);
  const cleared = i32x4.eq(v128.and(i32x4.splat(imm), bits), bits);
  return v128.andnot(v128.bitselect(i32x4.splat(value), a, place), cleared);
}
function INSERTPS(cpu: usize, record: usize): usize {
  const register = regVector(cpu, record);
  store<v128>(register, insertSingle(cpu, record, load<v128>(register)));
  return next(record);
}
function VINSERTPS(cpu: usize, record: usize): usize {
  put128(regVector(cpu, record), insertSingle(cpu, record, load<v128>(vvvvVector(cpu, record))));
  return next(record);
}

class MaskSingles { of(x: v128): u32 { return i32x4.bitmask(x); } width(): u32 { return 4; } }
class MaskDoubles { of(x: v128): u32 { return i64x2.bitmask(x); } width(): u32 { return 2; } }
class MaskBytes { of(x: v128): u32 { return i8x16.bitmask(x); } width(): u32 { return 16; } }

function MOVMSK<Op>(cpu: usize, record: usize): usize {
  putReg<u64>(cpu, record, <u64>changetype<Op>(0).of(load<v128>(rmVector(cpu, record))));
  return next(record);
}
function VMOVMSK256<Op>(cpu: usize, record: usize): usize {
  const register = rmVector(cpu, record);
  const low = changetype<Op>(0).of(load<v128>(register));
  const high = changetype<Op>(0).of(load<v128>(register, 16));
  putReg<u64>(cpu, record, <u64>(low | (high << changetype<Op>(0).width())));
  return next(record);
}

function masks<Op>(opcode: u32, prefix: u32, feature: u32, feature256: u32): void {
  const one: Handler = (c: usize, r: usize): usize => MOVMSK<Op>(c, r);
  const two: Handler = (c: usize, r: usize): usize => VMOVMSK256<Op>(c, r);
  const flags = OP_MODRM | OP_RMNUM;
  defineReg(legacyEntry(MAP_0F, opcode, prefix), flags | OP_SSE, feature, one, one, one);
  const vex = vexEntry(MAP_0F, opcode, prefix);
  defineReg(byL(vex, 0), flags | OP_AVX | OP_NO_VVVV, FEATURE_AVX, one, one, one);
  defineReg(byL(vex, 1), flags | OP_AVX | OP_NO_VVVV, feature256, two, two, two);
}

/** Operand forms of an instruction between a vector in modrm.reg and a general register or memory in modrm.rm. */
function general(entry: usize, flags: u32, feature: u32, h32: Handler, h64: Handler): void {
  defineReg(entry, OP_MODRM | OP_REGNUM | flags, feature, h32, h32, h64);
  defineMem(entry, OP_MODRM | OP_REGNUM | flags, feature, h32, h32, h64);
}

function registerMovd(): void {
  general(legacyEntry(MAP_0F, 0x6e, P66), OP_SSE, FEATURE_SSE2, (c, r) => MOV_TO_VECTOR<u32>(c, r), (c, r) => MOV_TO_VECTOR<u64>(c, r));
  general(legacyEntry(MAP_0F, 0x7e, P66), OP_SSE, FEATURE_SSE2, (c, r) => MOV_FROM_VECTOR<u32>(c, r), (c, r) => MOV_FROM_VECTOR<u64>(c, r));
  const vexFlags = OP_AVX | OP_L0 | OP_NO_VVVV;
  general(vexEntry(MAP_0F, 0x6e, P66), vexFlags, FEATURE_AVX, (c, r) => VMOV_TO_VECTOR<u32>(c, r), (c, r) => VMOV_TO_VECTOR<u64>(c, r));
  general(vexEntry(MAP_0F, 0x7e, P66), vexFlags, FEATURE_AVX, (c, r) => MOV_FROM_VECTOR<u32>(c, r), (c, r) => MOV_FROM_VECTOR<u64>(c, r));
}

function insertion(map: u32, opcode: u32, prefix: u32, feature: u32, h32: Handler, h64: Handler, v32: Handler, v64: Handler): void {
  general(legacyEntry(map, opcode, prefix), OP_SSE | OP_IMM8, feature, h32, h64);
  general(vexEntry(map, opcode, prefix), OP_AVX | OP_IMM8 | OP_L0, FEATURE_AVX, v32, v64);
}

function extraction(opcode: u32, h32: Handler, h64: Handler): void {
  general(legacyEntry(MAP_0F3A, opcode, P66), OP_SSE | OP_IMM8, FEATURE_SSE4_1, h32, h64);
  general(vexEntry(MAP_0F3A, opcode, P66), OP_AVX | OP_IMM8 | OP_L0 | OP_NO_VVVV, FEATURE_AVX, h32, h64);
}

export function registerElement(): void {
  registerMovd();
  insertion(MAP_0F, 0xc4, P66, FEATURE_SSE2, (c, r) => PINSR<u16>(c, r), (c, r) => PINSR<u16>(c, r), (c, r) => VPINSR<u16>(c, r), (c, r) => VPINSR<u16>(c, r));
  insertion(MAP_0F3A, 0x20, P66, FEATURE_SSE4_1, (c, r) => PINSR<u8>(c, r), (c, r) => PINSR<u8>(c, r), (c, r) => VPINSR<u8>(c, r), (c, r) => VPINSR<u8>(c, r));
  insertion(MAP_0F3A, 0x22, P66, FEATURE_SSE4_1, (c, r) => PINSR<u32>(c, r), (c, r) => PINSR<u64>(c, r), (c, r) => VPINSR<u32>(c, r), (c, r) => VPINSR<u64>(c, r));
  extraction(0x14, (c, r) => PEXTR<u8>(c, r), (c, r) => PEXTR<u8>(c, r));
  extraction(0x15, (c, r) => PEXTR<u16>(c, r), (c, r) => PEXTR<u16>(c, r));
  extraction(0x16, (c, r) => PEXTR<u32>(c, r), (c, r) => PEXTR<u64>(c, r));
  extraction(0x17, (c, r) => PEXTR<u32>(c, r), (c, r) => PEXTR<u32>(c, r));
  const old: Handler = (c: usize, r: usize): usize => PEXTRW_REG(c, r);
  const flags = OP_MODRM | OP_RMNUM | OP_IMM8;
  defineReg(legacyEntry(MAP_0F, 0xc5, P66), flags | OP_SSE, FEATURE_SSE2, old, old, old);
  defineReg(vexEntry(MAP_0F, 0xc5, P66), flags | OP_AVX | OP_L0 | OP_NO_VVVV, FEATURE_AVX, old, old, old);
  const place = OP_RMNUM | OP_IMM8;
  general(legacyEntry(MAP_0F3A, 0x21, P66), OP_SSE | place, FEATURE_SSE4_1, INSERTPS, INSERTPS);
  general(vexEntry(MAP_0F3A, 0x21, P66), OP_AVX | OP_L0 | place, FEATURE_AVX, VINSERTPS, VINSERTPS);
  masks<MaskSingles>(0x50, NP, FEATURE_SSE, FEATURE_AVX);
  masks<MaskDoubles>(0x50, P66, FEATURE_SSE2, FEATURE_AVX);
  masks<MaskBytes>(0xd7, P66, FEATURE_SSE2, FEATURE_AVX2);
}
