// MOV between general registers, memory and immediates, MOVZX, MOVSX, MOVSXD, LEA, XCHG, NOP, CMOVcc, SETcc, BSWAP, XLAT.
import { CPU_RAX, CPU_RBX, RECORD_ADDRESS, RECORD_IMM, RECORD_REG } from '../../memory/layout';
import { effectiveAddress, readAddress, segmentAddress, sum, truncateAddress, writeAddress } from './address';
import { read, write } from './access';
import { condition } from './flags';
import { lockedExchange } from './lock';
import {
  define,
  defineLock,
  defineMem,
  defineOne,
  defineReg,
  byCode64,
  byPrefix,
  byReg,
  MAP_0F,
  MAP_ONE,
  OP_IMM8,
  OP_IMMV,
  OP_IMMZ,
  OP_MODRM,
  OP_MOFFS,
  OP_NO64,
  OP_ONLY64,
  OP_OPREG,
  OP_REG8,
  OP_RM8,
  slot,
} from './opcode-table';
import { Handler, imm, next, putGpr, putReg, putRm, reg, rm } from './state';

// @ts-ignore: decorator
@inline
export function MOV_RM_REG<T>(cpu: usize, record: usize): usize {
  putRm<T>(cpu, record, reg<T>(cpu, record));
  return next(record);
}
// @ts-ignore: decorator
@inline
export function MOV_MEM_REG<T>(cpu: usize, record: usize): usize {
  write<T>(cpu, writeAddress<T>(cpu, record), reg<T>(cpu, record));
  return next(record);
}
// @ts-ignore: decorator
@inline
export function MOV_REG_RM<T>(cpu: usize, record: usize): usize {
  putReg<T>(cpu, record, rm<T>(cpu, record));
  return next(record);
}
// @ts-ignore: decorator
@inline
export function MOV_REG_MEM<T>(cpu: usize, record: usize): usize {
  putReg<T>(cpu, record, read<T>(cpu, readAddress<T>(cpu, record)));
  return next(record);
}
// @ts-ignore: decorator
@inline
export function MOV_RM_IMM<T>(cpu: usize, record: usize): usize {
  putRm<T>(cpu, record, imm<T>(record));
  return next(record);
}
// @ts-ignore: decorator
@inline
export function MOV_MEM_IMM<T>(cpu: usize, record: usize): usize {
  write<T>(cpu, writeAddress<T>(cpu, record), imm<T>(record));
  return next(record);
}

/** Linear address of a MOV moffs operand. */
function moffs(cpu: usize, record: usize, size: u32, isWrite: bool): u64 {
  const segment = <u32>load<u8>(record, RECORD_ADDRESS) >> 4;
  return segmentAddress(cpu, segment, load<u64>(record, RECORD_IMM), size, isWrite);
}
function MOV_ACC_MOFFS<T>(cpu: usize, record: usize): usize {
  putGpr<T>(cpu, CPU_RAX, read<T>(cpu, moffs(cpu, record, sizeof<T>(), false)));
  return next(record);
}
function MOV_MOFFS_ACC<T>(cpu: usize, record: usize): usize {
  write<T>(cpu, moffs(cpu, record, sizeof<T>(), true), load<T>(cpu, CPU_RAX));
  return next(record);
}

// @ts-ignore: decorator
@inline
export function MOVX_REG_RM<T, S>(cpu: usize, record: usize): usize {
  putReg<T>(cpu, record, <T>rm<S>(cpu, record));
  return next(record);
}
// @ts-ignore: decorator
@inline
export function MOVX_REG_MEM<T, S>(cpu: usize, record: usize): usize {
  putReg<T>(cpu, record, <T>read<S>(cpu, readAddress<S>(cpu, record)));
  return next(record);
}

function LEA<T>(cpu: usize, record: usize): usize {
  putReg<T>(cpu, record, <T>effectiveAddress(cpu, record));
  return next(record);
}

/** LEA whose address needs no truncation but to the operand size, and no RIP. */
// @ts-ignore: decorator
@inline
export function LEA_PLAIN<T>(cpu: usize, record: usize): usize {
  putReg<T>(cpu, record, <T>sum(cpu, record));
  return next(record);
}

function XCHG_RM_REG<T>(cpu: usize, record: usize): usize {
  const a = rm<T>(cpu, record);
  const b = reg<T>(cpu, record);
  putRm<T>(cpu, record, b);
  putReg<T>(cpu, record, a);
  return next(record);
}
function XCHG_MEM_REG<T>(cpu: usize, record: usize): usize {
  const old = lockedExchange<T>(cpu, writeAddress<T>(cpu, record), reg<T>(cpu, record));
  putReg<T>(cpu, record, old);
  return next(record);
}
export function XCHG_ACC<T>(cpu: usize, record: usize): usize {
  // 90h is NOP: it does not clear the upper half of RAX.
  if (!load<u8>(record, RECORD_REG)) return next(record);
  const a = load<T>(cpu, CPU_RAX);
  const b = reg<T>(cpu, record);
  putReg<T>(cpu, record, a);
  putGpr<T>(cpu, CPU_RAX, b);
  return next(record);
}

function NOP(cpu: usize, record: usize): usize {
  return next(record);
}

function BSWAP16(cpu: usize, record: usize): usize {
  // Undefined for 16 bits (SDM vol. 2, "BSWAP"); processors give zero.
  putReg<u16>(cpu, record, 0);
  return next(record);
}
function BSWAP<T>(cpu: usize, record: usize): usize {
  putReg<T>(cpu, record, bswap<T>(reg<T>(cpu, record)));
  return next(record);
}

function XLAT(cpu: usize, record: usize): usize {
  const segment = <u32>load<u8>(record, RECORD_ADDRESS) >> 4;
  const offset = truncateAddress(record, load<u64>(cpu, CPU_RBX) + <u64>load<u8>(cpu, CPU_RAX));
  store<u8>(cpu, read<u8>(cpu, segmentAddress(cpu, segment, offset, 1, false)), CPU_RAX);
  return next(record);
}

// @ts-ignore: decorator
@inline
function cmovReg<T>(cpu: usize, record: usize, cc: u32): usize {
  // A false condition still clears the upper half of a 32-bit destination (SDM vol. 2, "CMOVcc").
  putReg<T>(cpu, record, condition(cpu, cc) ? rm<T>(cpu, record) : reg<T>(cpu, record));
  return next(record);
}
// @ts-ignore: decorator
@inline
function cmovMem<T>(cpu: usize, record: usize, cc: u32): usize {
  const value = read<T>(cpu, readAddress<T>(cpu, record));
  putReg<T>(cpu, record, condition(cpu, cc) ? value : reg<T>(cpu, record));
  return next(record);
}
// @ts-ignore: decorator
@inline
function setReg(cpu: usize, record: usize, cc: u32): usize {
  putRm<u8>(cpu, record, <u8>condition(cpu, cc));
  return next(record);
}
// @ts-ignore: decorator
@inline
function setMem(cpu: usize, record: usize, cc: u32): usize {
  write<u8>(cpu, writeAddress<u8>(cpu, record), <u8>condition(cpu, cc));
  return next(record);
}
function CMOVO_RM<T>(cpu: usize, record: usize): usize {
  return cmovReg<T>(cpu, record, 0);
}
function CMOVO_MEM<T>(cpu: usize, record: usize): usize {
  return cmovMem<T>(cpu, record, 0);
}
function SETO_RM(cpu: usize, record: usize): usize {
  return setReg(cpu, record, 0);
}
function SETO_MEM(cpu: usize, record: usize): usize {
  return setMem(cpu, record, 0);
}
function CMOVNO_RM<T>(cpu: usize, record: usize): usize {
  return cmovReg<T>(cpu, record, 1);
}
function CMOVNO_MEM<T>(cpu: usize, record: usize): usize {
  return cmovMem<T>(cpu, record, 1);
}
function SETNO_RM(cpu: usize, record: usize): usize {
  return setReg(cpu, record, 1);
}
function SETNO_MEM(cpu: usize, record: usize): usize {
  return setMem(cpu, record, 1);
}
function CMOVB_RM<T>(cpu: usize, record: usize): usize {
  return cmovReg<T>(cpu, record, 2);
}
function CMOVB_MEM<T>(cpu: usize, record: usize): usize {
  return cmovMem<T>(cpu, record, 2);
}
function SETB_RM(cpu: usize, record: usize): usize {
  return setReg(cpu, record, 2);
}
function SETB_MEM(cpu: usize, record: usize): usize {
  return setMem(cpu, record, 2);
}
function CMOVAE_RM<T>(cpu: usize, record: usize): usize {
  return cmovReg<T>(cpu, record, 3);
}
function CMOVAE_MEM<T>(cpu: usize, record: usize): usize {
  return cmovMem<T>(cpu, record, 3);
}
function SETAE_RM(cpu: usize, record: usize): usize {
  return setReg(cpu, record, 3);
}
function SETAE_MEM(cpu: usize, record: usize): usize {
  return setMem(cpu, record, 3);
}
function CMOVE_RM<T>(cpu: usize, record: usize): usize {
  return cmovReg<T>(cpu, record, 4);
}
function CMOVE_MEM<T>(cpu: usize, record: usize): usize {
  return cmovMem<T>(cpu, record, 4);
}
function SETE_RM(cpu: usize, record: usize): usize {
  return setReg(cpu, record, 4);
}
function SETE_MEM(cpu: usize, record: usize): usize {
  return setMem(cpu, record, 4);
}
function CMOVNE_RM<T>(cpu: usize, record: usize): usize {
  return cmovReg<T>(cpu, record, 5);
}
function CMOVNE_MEM<T>(cpu: usize, record: usize): usize {
  return cmovMem<T>(cpu, record, 5);
}
function SETNE_RM(cpu: usize, record: usize): usize {
  return setReg(cpu, record, 5);
}
function SETNE_MEM(cpu: usize, record: usize): usize {
  return setMem(cpu, record, 5);
}
function CMOVBE_RM<T>(cpu: usize, record: usize): usize {
  return cmovReg<T>(cpu, record, 6);
}
function CMOVBE_MEM<T>(cpu: usize, record: usize): usize {
  return cmovMem<T>(cpu, record, 6);
}
function SETBE_RM(cpu: usize, record: usize): usize {
  return setReg(cpu, record, 6);
}
function SETBE_MEM(cpu: usize, record: usize): usize {
  return setMem(cpu, record, 6);
}
function CMOVA_RM<T>(cpu: usize, record: usize): usize {
  return cmovReg<T>(cpu, record, 7);
}
function CMOVA_MEM<T>(cpu: usize, record: usize): usize {
  return cmovMem<T>(cpu, record, 7);
}
function SETA_RM(cpu: usize, record: usize): usize {
  return setReg(cpu, record, 7);
}
function SETA_MEM(cpu: usize, record: usize): usize {
  return setMem(cpu, record, 7);
}
function CMOVS_RM<T>(cpu: usize, record: usize): usize {
  return cmovReg<T>(cpu, record, 8);
}
function CMOVS_MEM<T>(cpu: usize, record: usize): usize {
  return cmovMem<T>(cpu, record, 8);
}
function SETS_RM(cpu: usize, record: usize): usize {
  return setReg(cpu, record, 8);
}
function SETS_MEM(cpu: usize, record: usize): usize {
  return setMem(cpu, record, 8);
}
function CMOVNS_RM<T>(cpu: usize, record: usize): usize {
  return cmovReg<T>(cpu, record, 9);
}
function CMOVNS_MEM<T>(cpu: usize, record: usize): usize {
  return cmovMem<T>(cpu, record, 9);
}
function SETNS_RM(cpu: usize, record: usize): usize {
  return setReg(cpu, record, 9);
}
function SETNS_MEM(cpu: usize, record: usize): usize {
  return setMem(cpu, record, 9);
}
function CMOVP_RM<T>(cpu: usize, record: usize): usize {
  return cmovReg<T>(cpu, record, 10);
}
function CMOVP_MEM<T>(cpu: usize, record: usize): usize {
  return cmovMem<T>(cpu, record, 10);
}
function SETP_RM(cpu: usize, record: usize): usize {
  return setReg(cpu, record, 10);
}
function SETP_MEM(cpu: usize, record: usize): usize {
  return setMem(cpu, record, 10);
}
function CMOVNP_RM<T>(cpu: usize, record: usize): usize {
  return cmovReg<T>(cpu, record, 11);
}
function CMOVNP_MEM<T>(cpu: usize, record: usize): usize {
  return cmovMem<T>(cpu, record, 11);
}
function SETNP_RM(cpu: usize, record: usize): usize {
  return setReg(cpu, record, 11);
}
function SETNP_MEM(cpu: usize, record: usize): usize {
  return setMem(cpu, record, 11);
}
function CMOVL_RM<T>(cpu: usize, record: usize): usize {
  return cmovReg<T>(cpu, record, 12);
}
function CMOVL_MEM<T>(cpu: usize, record: usize): usize {
  return cmovMem<T>(cpu, record, 12);
}
function SETL_RM(cpu: usize, record: usize): usize {
  return setReg(cpu, record, 12);
}
function SETL_MEM(cpu: usize, record: usize): usize {
  return setMem(cpu, record, 12);
}
function CMOVGE_RM<T>(cpu: usize, record: usize): usize {
  return cmovReg<T>(cpu, record, 13);
}
function CMOVGE_MEM<T>(cpu: usize, record: usize): usize {
  return cmovMem<T>(cpu, record, 13);
}
function SETGE_RM(cpu: usize, record: usize): usize {
  return setReg(cpu, record, 13);
}
function SETGE_MEM(cpu: usize, record: usize): usize {
  return setMem(cpu, record, 13);
}
function CMOVLE_RM<T>(cpu: usize, record: usize): usize {
  return cmovReg<T>(cpu, record, 14);
}
function CMOVLE_MEM<T>(cpu: usize, record: usize): usize {
  return cmovMem<T>(cpu, record, 14);
}
function SETLE_RM(cpu: usize, record: usize): usize {
  return setReg(cpu, record, 14);
}
function SETLE_MEM(cpu: usize, record: usize): usize {
  return setMem(cpu, record, 14);
}
function CMOVG_RM<T>(cpu: usize, record: usize): usize {
  return cmovReg<T>(cpu, record, 15);
}
function CMOVG_MEM<T>(cpu: usize, record: usize): usize {
  return cmovMem<T>(cpu, record, 15);
}
function SETG_RM(cpu: usize, record: usize): usize {
  return setReg(cpu, record, 15);
}
function SETG_MEM(cpu: usize, record: usize): usize {
  return setMem(cpu, record, 15);
}

function registerConditional(
  cc: u32,
  r16: Handler, r32: Handler, r64: Handler,
  m16: Handler, m32: Handler, m64: Handler,
  setRegister: Handler, setMemory: Handler,
): void {
  defineReg(slot(MAP_0F, 0x40 + cc), OP_MODRM, 0, r16, r32, r64);
  defineMem(slot(MAP_0F, 0x40 + cc), OP_MODRM, 0, m16, m32, m64);
  defineReg(slot(MAP_0F, 0x90 + cc), OP_MODRM | OP_RM8, 0, setRegister, setRegister, setRegister);
  defineMem(slot(MAP_0F, 0x90 + cc), OP_MODRM | OP_RM8, 0, setMemory, setMemory, setMemory);
}

function registerXchg(entry: usize): void {
  define(entry, OP_OPREG, 0, (c, r) => XCHG_ACC<u16>(c, r), (c, r) => XCHG_ACC<u32>(c, r), (c, r) => XCHG_ACC<u64>(c, r));
}

export function registerMov(): void {
  defineReg(slot(MAP_ONE, 0x88), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => MOV_RM_REG<u8>(c, r), (c, r) => MOV_RM_REG<u8>(c, r), (c, r) => MOV_RM_REG<u8>(c, r));
  defineMem(slot(MAP_ONE, 0x88), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => MOV_MEM_REG<u8>(c, r), (c, r) => MOV_MEM_REG<u8>(c, r), (c, r) => MOV_MEM_REG<u8>(c, r));
  defineReg(slot(MAP_ONE, 0x89), OP_MODRM, 0, (c, r) => MOV_RM_REG<u16>(c, r), (c, r) => MOV_RM_REG<u32>(c, r), (c, r) => MOV_RM_REG<u64>(c, r));
  defineMem(slot(MAP_ONE, 0x89), OP_MODRM, 0, (c, r) => MOV_MEM_REG<u16>(c, r), (c, r) => MOV_MEM_REG<u32>(c, r), (c, r) => MOV_MEM_REG<u64>(c, r));
  defineReg(slot(MAP_ONE, 0x8a), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => MOV_REG_RM<u8>(c, r), (c, r) => MOV_REG_RM<u8>(c, r), (c, r) => MOV_REG_RM<u8>(c, r));
  defineMem(slot(MAP_ONE, 0x8a), OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => MOV_REG_MEM<u8>(c, r), (c, r) => MOV_REG_MEM<u8>(c, r), (c, r) => MOV_REG_MEM<u8>(c, r));
  defineReg(slot(MAP_ONE, 0x8b), OP_MODRM, 0, (c, r) => MOV_REG_RM<u16>(c, r), (c, r) => MOV_REG_RM<u32>(c, r), (c, r) => MOV_REG_RM<u64>(c, r));
  defineMem(slot(MAP_ONE, 0x8b), OP_MODRM, 0, (c, r) => MOV_REG_MEM<u16>(c, r), (c, r) => MOV_REG_MEM<u32>(c, r), (c, r) => MOV_REG_MEM<u64>(c, r));
  const c6 = byReg(slot(MAP_ONE, 0xc6), 0);
  defineReg(c6, OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => MOV_RM_IMM<u8>(c, r), (c, r) => MOV_RM_IMM<u8>(c, r), (c, r) => MOV_RM_IMM<u8>(c, r));
  defineMem(c6, OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => MOV_MEM_IMM<u8>(c, r), (c, r) => MOV_MEM_IMM<u8>(c, r), (c, r) => MOV_MEM_IMM<u8>(c, r));
  const c7 = byReg(slot(MAP_ONE, 0xc7), 0);
  defineReg(c7, OP_MODRM | OP_IMMZ, 0, (c, r) => MOV_RM_IMM<u16>(c, r), (c, r) => MOV_RM_IMM<u32>(c, r), (c, r) => MOV_RM_IMM<u64>(c, r));
  defineMem(c7, OP_MODRM | OP_IMMZ, 0, (c, r) => MOV_MEM_IMM<u16>(c, r), (c, r) => MOV_MEM_IMM<u32>(c, r), (c, r) => MOV_MEM_IMM<u64>(c, r));
  define(slot(MAP_ONE, 0xa0), OP_MOFFS, 0, (c, r) => MOV_ACC_MOFFS<u8>(c, r), (c, r) => MOV_ACC_MOFFS<u8>(c, r), (c, r) => MOV_ACC_MOFFS<u8>(c, r));
  define(slot(MAP_ONE, 0xa1), OP_MOFFS, 0, (c, r) => MOV_ACC_MOFFS<u16>(c, r), (c, r) => MOV_ACC_MOFFS<u32>(c, r), (c, r) => MOV_ACC_MOFFS<u64>(c, r));
  define(slot(MAP_ONE, 0xa2), OP_MOFFS, 0, (c, r) => MOV_MOFFS_ACC<u8>(c, r), (c, r) => MOV_MOFFS_ACC<u8>(c, r), (c, r) => MOV_MOFFS_ACC<u8>(c, r));
  define(slot(MAP_ONE, 0xa3), OP_MOFFS, 0, (c, r) => MOV_MOFFS_ACC<u16>(c, r), (c, r) => MOV_MOFFS_ACC<u32>(c, r), (c, r) => MOV_MOFFS_ACC<u64>(c, r));
  // F3 90 without REX.B is PAUSE: pause.ts.
  registerXchg(byPrefix(slot(MAP_ONE, 0x90), 0));
  for (let r: u32 = 0; r < 8; r++) {
    if (r) registerXchg(slot(MAP_ONE, 0x90 + r));
    define(slot(MAP_ONE, 0xb0 + r), OP_OPREG | OP_REG8 | OP_IMM8, 0, (c, r) => MOV_RM_IMM<u8>(c, r), (c, r) => MOV_RM_IMM<u8>(c, r), (c, r) => MOV_RM_IMM<u8>(c, r));
    define(slot(MAP_ONE, 0xb8 + r), OP_OPREG | OP_IMMV, 0, (c, r) => MOV_RM_IMM<u16>(c, r), (c, r) => MOV_RM_IMM<u32>(c, r), (c, r) => MOV_RM_IMM<u64>(c, r));
    define(slot(MAP_0F, 0xc8 + r), OP_OPREG, 0, BSWAP16, (c, r) => BSWAP<u32>(c, r), (c, r) => BSWAP<u64>(c, r));
  }
  // Zero- and sign-extending moves.
  const b6 = slot(MAP_0F, 0xb6);
  defineReg(b6, OP_MODRM | OP_RM8, 0, (c, r) => MOVX_REG_RM<u16, u8>(c, r), (c, r) => MOVX_REG_RM<u32, u8>(c, r), (c, r) => MOVX_REG_RM<u64, u8>(c, r));
  defineMem(b6, OP_MODRM | OP_RM8, 0, (c, r) => MOVX_REG_MEM<u16, u8>(c, r), (c, r) => MOVX_REG_MEM<u32, u8>(c, r), (c, r) => MOVX_REG_MEM<u64, u8>(c, r));
  const b7 = slot(MAP_0F, 0xb7);
  defineReg(b7, OP_MODRM, 0, (c, r) => MOV_REG_RM<u16>(c, r), (c, r) => MOVX_REG_RM<u32, u16>(c, r), (c, r) => MOVX_REG_RM<u64, u16>(c, r));
  defineMem(b7, OP_MODRM, 0, (c, r) => MOV_REG_MEM<u16>(c, r), (c, r) => MOVX_REG_MEM<u32, u16>(c, r), (c, r) => MOVX_REG_MEM<u64, u16>(c, r));
  const be = slot(MAP_0F, 0xbe);
  defineReg(be, OP_MODRM | OP_RM8, 0, (c, r) => MOVX_REG_RM<i16, i8>(c, r), (c, r) => MOVX_REG_RM<i32, i8>(c, r), (c, r) => MOVX_REG_RM<i64, i8>(c, r));
  defineMem(be, OP_MODRM | OP_RM8, 0, (c, r) => MOVX_REG_MEM<i16, i8>(c, r), (c, r) => MOVX_REG_MEM<i32, i8>(c, r), (c, r) => MOVX_REG_MEM<i64, i8>(c, r));
  const bf = slot(MAP_0F, 0xbf);
  defineReg(bf, OP_MODRM, 0, (c, r) => MOV_REG_RM<u16>(c, r), (c, r) => MOVX_REG_RM<i32, i16>(c, r), (c, r) => MOVX_REG_RM<i64, i16>(c, r));
  defineMem(bf, OP_MODRM, 0, (c, r) => MOV_REG_MEM<u16>(c, r), (c, r) => MOVX_REG_MEM<i32, i16>(c, r), (c, r) => MOVX_REG_MEM<i64, i16>(c, r));
  const movsxd = byCode64(slot(MAP_ONE, 0x63), 1);
  defineReg(movsxd, OP_MODRM, 0, (c, r) => MOV_REG_RM<u16>(c, r), (c, r) => MOV_REG_RM<u32>(c, r), (c, r) => MOVX_REG_RM<i64, i32>(c, r));
  defineMem(movsxd, OP_MODRM, 0, (c, r) => MOV_REG_MEM<u16>(c, r), (c, r) => MOV_REG_MEM<u32>(c, r), (c, r) => MOVX_REG_MEM<i64, i32>(c, r));
  defineMem(slot(MAP_ONE, 0x8d), OP_MODRM, 0, (c, r) => LEA<u16>(c, r), (c, r) => LEA<u32>(c, r), (c, r) => LEA<u64>(c, r));
  const xchg8 = slot(MAP_ONE, 0x86);
  defineReg(xchg8, OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => XCHG_RM_REG<u8>(c, r), (c, r) => XCHG_RM_REG<u8>(c, r), (c, r) => XCHG_RM_REG<u8>(c, r));
  defineMem(xchg8, OP_MODRM | OP_REG8 | OP_RM8, 0, (c, r) => XCHG_MEM_REG<u8>(c, r), (c, r) => XCHG_MEM_REG<u8>(c, r), (c, r) => XCHG_MEM_REG<u8>(c, r));
  defineLock(xchg8, (c, r) => XCHG_MEM_REG<u8>(c, r), (c, r) => XCHG_MEM_REG<u8>(c, r), (c, r) => XCHG_MEM_REG<u8>(c, r));
  const xchg = slot(MAP_ONE, 0x87);
  defineReg(xchg, OP_MODRM, 0, (c, r) => XCHG_RM_REG<u16>(c, r), (c, r) => XCHG_RM_REG<u32>(c, r), (c, r) => XCHG_RM_REG<u64>(c, r));
  defineMem(xchg, OP_MODRM, 0, (c, r) => XCHG_MEM_REG<u16>(c, r), (c, r) => XCHG_MEM_REG<u32>(c, r), (c, r) => XCHG_MEM_REG<u64>(c, r));
  defineLock(xchg, (c, r) => XCHG_MEM_REG<u16>(c, r), (c, r) => XCHG_MEM_REG<u32>(c, r), (c, r) => XCHG_MEM_REG<u64>(c, r));
  defineOne(slot(MAP_ONE, 0xd7), 0, 0, XLAT);
  // The hinting NOPs (SDM vol. 2, appendix A, 0F 18..1F).
  for (let opcode: u32 = 0x18; opcode <= 0x1f; opcode++) defineOne(slot(MAP_0F, opcode), OP_MODRM, 0, NOP);
  registerConditional(0, (c, r) => CMOVO_RM<u16>(c, r), (c, r) => CMOVO_RM<u32>(c, r), (c, r) => CMOVO_RM<u64>(c, r), (c, r) => CMOVO_MEM<u16>(c, r), (c, r) => CMOVO_MEM<u32>(c, r), (c, r) => CMOVO_MEM<u64>(c, r), SETO_RM, SETO_MEM);
  registerConditional(1, (c, r) => CMOVNO_RM<u16>(c, r), (c, r) => CMOVNO_RM<u32>(c, r), (c, r) => CMOVNO_RM<u64>(c, r), (c, r) => CMOVNO_MEM<u16>(c, r), (c, r) => CMOVNO_MEM<u32>(c, r), (c, r) => CMOVNO_MEM<u64>(c, r), SETNO_RM, SETNO_MEM);
  registerConditional(2, (c, r) => CMOVB_RM<u16>(c, r), (c, r) => CMOVB_RM<u32>(c, r), (c, r) => CMOVB_RM<u64>(c, r), (c, r) => CMOVB_MEM<u16>(c, r), (c, r) => CMOVB_MEM<u32>(c, r), (c, r) => CMOVB_MEM<u64>(c, r), SETB_RM, SETB_MEM);
  registerConditional(3, (c, r) => CMOVAE_RM<u16>(c, r), (c, r) => CMOVAE_RM<u32>(c, r), (c, r) => CMOVAE_RM<u64>(c, r), (c, r) => CMOVAE_MEM<u16>(c, r), (c, r) => CMOVAE_MEM<u32>(c, r), (c, r) => CMOVAE_MEM<u64>(c, r), SETAE_RM, SETAE_MEM);
  registerConditional(4, (c, r) => CMOVE_RM<u16>(c, r), (c, r) => CMOVE_RM<u32>(c, r), (c, r) => CMOVE_RM<u64>(c, r), (c, r) => CMOVE_MEM<u16>(c, r), (c, r) => CMOVE_MEM<u32>(c, r), (c, r) => CMOVE_MEM<u64>(c, r), SETE_RM, SETE_MEM);
  registerConditional(5, (c, r) => CMOVNE_RM<u16>(c, r), (c, r) => CMOVNE_RM<u32>(c, r), (c, r) => CMOVNE_RM<u64>(c, r), (c, r) => CMOVNE_MEM<u16>(c, r), (c, r) => CMOVNE_MEM<u32>(c, r), (c, r) => CMOVNE_MEM<u64>(c, r), SETNE_RM, SETNE_MEM);
  registerConditional(6, (c, r) => CMOVBE_RM<u16>(c, r), (c, r) => CMOVBE_RM<u32>(c, r), (c, r) => CMOVBE_RM<u64>(c, r), (c, r) => CMOVBE_MEM<u16>(c, r), (c, r) => CMOVBE_MEM<u32>(c, r), (c, r) => CMOVBE_MEM<u64>(c, r), SETBE_RM, SETBE_MEM);
  registerConditional(7, (c, r) => CMOVA_RM<u16>(c, r), (c, r) => CMOVA_RM<u32>(c, r), (c, r) => CMOVA_RM<u64>(c, r), (c, r) => CMOVA_MEM<u16>(c, r), (c, r) => CMOVA_MEM<u32>(c, r), (c, r) => CMOVA_MEM<u64>(c, r), SETA_RM, SETA_MEM);
  registerConditional(8, (c, r) => CMOVS_RM<u16>(c, r), (c, r) => CMOVS_RM<u32>(c, r), (c, r) => CMOVS_RM<u64>(c, r), (c, r) => CMOVS_MEM<u16>(c, r), (c, r) => CMOVS_MEM<u32>(c, r), (c, r) => CMOVS_MEM<u64>(c, r), SETS_RM, SETS_MEM);
  registerConditional(9, (c, r) => CMOVNS_RM<u16>(c, r), (c, r) => CMOVNS_RM<u32>(c, r), (c, r) => CMOVNS_RM<u64>(c, r), (c, r) => CMOVNS_MEM<u16>(c, r), (c, r) => CMOVNS_MEM<u32>(c, r), (c, r) => CMOVNS_MEM<u64>(c, r), SETNS_RM, SETNS_MEM);
  registerConditional(10, (c, r) => CMOVP_RM<u16>(c, r), (c, r) => CMOVP_RM<u32>(c, r), (c, r) => CMOVP_RM<u64>(c, r), (c, r) => CMOVP_MEM<u16>(c, r), (c, r) => CMOVP_MEM<u32>(c, r), (c, r) => CMOVP_MEM<u64>(c, r), SETP_RM, SETP_MEM);
  registerConditional(11, (c, r) => CMOVNP_RM<u16>(c, r), (c, r) => CMOVNP_RM<u32>(c, r), (c, r) => CMOVNP_RM<u64>(c, r), (c, r) => CMOVNP_MEM<u16>(c, r), (c, r) => CMOVNP_MEM<u32>(c, r), (c, r) => CMOVNP_MEM<u64>(c, r), SETNP_RM, SETNP_MEM);
  registerConditional(12, (c, r) => CMOVL_RM<u16>(c, r), (c, r) => CMOVL_RM<u32>(c, r), (c, r) => CMOVL_RM<u64>(c, r), (c, r) => CMOVL_MEM<u16>(c, r), (c, r) => CMOVL_MEM<u32>(c, r), (c, r) => CMOVL_MEM<u64>(c, r), SETL_RM, SETL_MEM);
  registerConditional(13, (c, r) => CMOVGE_RM<u16>(c, r), (c, r) => CMOVGE_RM<u32>(c, r), (c, r) => CMOVGE_RM<u64>(c, r), (c, r) => CMOVGE_MEM<u16>(c, r), (c, r) => CMOVGE_MEM<u32>(c, r), (c, r) => CMOVGE_MEM<u64>(c, r), SETGE_RM, SETGE_MEM);
  registerConditional(14, (c, r) => CMOVLE_RM<u16>(c, r), (c, r) => CMOVLE_RM<u32>(c, r), (c, r) => CMOVLE_RM<u64>(c, r), (c, r) => CMOVLE_MEM<u16>(c, r), (c, r) => CMOVLE_MEM<u32>(c, r), (c, r) => CMOVLE_MEM<u64>(c, r), SETLE_RM, SETLE_MEM);
  registerConditional(15, (c, r) => CMOVG_RM<u16>(c, r), (c, r) => CMOVG_RM<u32>(c, r), (c, r) => CMOVG_RM<u64>(c, r), (c, r) => CMOVG_MEM<u16>(c, r), (c, r) => CMOVG_MEM<u32>(c, r), (c, r) => CMOVG_MEM<u64>(c, r), SETG_RM, SETG_MEM);
}
