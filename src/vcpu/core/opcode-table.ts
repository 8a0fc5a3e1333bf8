// The decode table and its registration. Every instruction family calls define() for its opcodes from its register…()
// function; decode.ts walks the table. An entry has 40 bytes:
//   +0 u8 kind, +4 u32 OP_* flags, +2 u16 feature (one-based CPUID bit of cpu-features.ts, 0 = always there),
//   +8 u16[3] handlers for 16/32/64-bit operands with a register rm, +14 u16[3] with a memory rm,
//   +20 u16[3] with a memory rm and LOCK, +28 u32 address of the sub-table (split kinds),
//   +32 u8[3] cases of the run loop (case-numbers.ts) with a register rm, +35 u8[3] with a memory rm; 0 = none.
import { OPCODE_TABLE_BASE, OPCODE_TABLE_END } from '../../memory/layout';
import { Handler } from './state';

export const MAP_ONE: u32 = 0;
export const MAP_0F: u32 = 1;
export const MAP_0F38: u32 = 2;
export const MAP_0F3A: u32 = 3;
export const MAP_VEX_0F: u32 = 4;
export const MAP_VEX_0F38: u32 = 5;
export const MAP_VEX_0F3A: u32 = 6;
const MAPS: u32 = 7;

export const KIND_UNDEFINED: u32 = 0;
export const KIND_LEAF: u32 = 1;
export const KIND_BY_PREFIX: u32 = 2;
export const KIND_BY_REG: u32 = 3;
export const KIND_BY_MEM: u32 = 4;
export const KIND_BY_RM: u32 = 5;
export const KIND_BY_W: u32 = 6;
export const KIND_BY_L: u32 = 7;
export const KIND_BY_CODE64: u32 = 8;

export const ENTRY_SIZE: usize = 40;
export const ENTRY_FEATURE: usize = 2;
export const ENTRY_FLAGS: usize = 4;
export const ENTRY_REG: usize = 8;
export const ENTRY_MEM: usize = 14;
export const ENTRY_LOCK: usize = 20;
export const ENTRY_TABLE: usize = 28;
export const ENTRY_REG_CASES: usize = 32;
export const ENTRY_MEM_CASES: usize = 35;

/** A modrm byte follows. */
export const OP_MODRM: u32 = 0x1;
/** An 8-bit immediate, sign-extended. */
export const OP_IMM8: u32 = 0x2;
/** A 16- or 32-bit immediate by operand size, sign-extended. */
export const OP_IMMZ: u32 = 0x4;
/** A 16-, 32- or 64-bit immediate by operand size. */
export const OP_IMMV: u32 = 0x8;
/** A 16-bit immediate, zero-extended. */
export const OP_IMM16: u32 = 0x10;
/** ENTER: a 16-bit and an 8-bit immediate (in bits 16..23). */
export const OP_ENTER: u32 = 0x20;
/** An absolute address of the address size. */
export const OP_MOFFS: u32 = 0x40;
/** A far pointer: offset of the operand size, selector in bits 32..47. */
export const OP_FAR: u32 = 0x80;
export const OP_REL8: u32 = 0x100;
export const OP_RELZ: u32 = 0x200;
/** modrm.reg (or the opcode's register) names an 8-bit register. */
export const OP_REG8: u32 = 0x400;
export const OP_RM8: u32 = 0x800;
/** RECORD_REG / RECORD_RM hold the plain number (vector, segment, control, x87 registers), not an offset. */
export const OP_REGNUM: u32 = 0x1000;
export const OP_RMNUM: u32 = 0x2000;
/** The low three bits of the opcode name a register: RECORD_REG and RECORD_RM. */
export const OP_OPREG: u32 = 0x4000;
/** Operand size is 64 bits in 64-bit code unless 66h says 16. */
export const OP_DEF64: u32 = 0x8000;
/** Operand size is 64 bits in 64-bit code whatever the prefixes. */
export const OP_FORCE64: u32 = 0x10000;
/** #UD in 64-bit code; only in 64-bit code. */
export const OP_NO64: u32 = 0x20000;
export const OP_ONLY64: u32 = 0x40000;
/** The block ends after this instruction. */
export const OP_END: u32 = 0x80000;
/** The unit that must be available, else #UD or #NM. */
export const OP_X87: u32 = 0x100000;
export const OP_SSE: u32 = 0x200000;
export const OP_AVX: u32 = 0x400000;
export const OP_MMX: u32 = 0x10000000;
/** VEX.vvvv must be 1111b; VEX.L must be 0; must be 1. */
export const OP_NO_VVVV: u32 = 0x800000;
export const OP_L0: u32 = 0x1000000;
export const OP_L1: u32 = 0x2000000;
/** Memory accesses without a modrm operand go through SS: decides #SS against #GP. */
export const OP_STACK: u32 = 0x4000000;
/** #UD unless protected mode (not real, not virtual-8086). */
export const OP_PROTECTED: u32 = 0x8000000;
/** The handlers for LOCK serve a register operand, too. */
export const OP_LOCK_REG: u32 = 0x20000000;

let nextTable: usize = <usize>OPCODE_TABLE_BASE + <usize>(MAPS * 256) * ENTRY_SIZE;

/** The entry of an opcode. */
export function slot(map: u32, opcode: u32): usize {
  return <usize>OPCODE_TABLE_BASE + <usize>(map * 256 + opcode) * ENTRY_SIZE;
}

function child(entry: usize, kind: u32, count: u32, index: u32): usize {
  const known = <u32>load<u8>(entry);
  if (known == KIND_UNDEFINED) {
    store<u8>(entry, <u8>kind);
    store<u32>(entry, <u32>nextTable, ENTRY_TABLE);
    nextTable += <usize>count * ENTRY_SIZE;
    assert(nextTable <= <usize>OPCODE_TABLE_END);
  } else {
    assert(known == kind);
  }
  return <usize>load<u32>(entry, ENTRY_TABLE) + <usize>index * ENTRY_SIZE;
}

/** Sub-entry for a mandatory prefix: 0 none, 1 = 66h, 2 = F3h, 3 = F2h. */
export function byPrefix(entry: usize, prefix: u32): usize {
  return child(entry, KIND_BY_PREFIX, 4, prefix);
}

/** Sub-entry for modrm.reg. */
export function byReg(entry: usize, reg: u32): usize {
  return child(entry, KIND_BY_REG, 8, reg);
}

/** Sub-entry for a register rm (0) or a memory rm (1). */
export function byMem(entry: usize, isMem: u32): usize {
  return child(entry, KIND_BY_MEM, 2, isMem);
}

/** Sub-entry for modrm.rm. */
export function byRm(entry: usize, rm: u32): usize {
  return child(entry, KIND_BY_RM, 8, rm);
}

/** Sub-entry for REX.W or VEX.W. */
export function byW(entry: usize, w: u32): usize {
  return child(entry, KIND_BY_W, 2, w);
}

/** Sub-entry for VEX.L. */
export function byL(entry: usize, l: u32): usize {
  return child(entry, KIND_BY_L, 2, l);
}

/** Sub-entry for 64-bit code (1) or any other (0). */
export function byCode64(entry: usize, code64: u32): usize {
  return child(entry, KIND_BY_CODE64, 2, code64);
}

/** Makes `entry` a leaf whose handlers (for 16-, 32- and 64-bit operands) serve register and memory operands alike. */
export function define(entry: usize, flags: u32, feature: u32, h16: Handler, h32: Handler, h64: Handler): void {
  describe(entry, flags, feature);
  setHandlers(entry + ENTRY_REG, h16, h32, h64);
  setHandlers(entry + ENTRY_MEM, h16, h32, h64);
}

/** The same with one handler for every operand size. */
export function defineOne(entry: usize, flags: u32, feature: u32, handler: Handler): void {
  define(entry, flags, feature, handler, handler, handler);
}

/** Register operands only: a memory operand is #UD (until defineMem()). */
export function defineReg(entry: usize, flags: u32, feature: u32, h16: Handler, h32: Handler, h64: Handler): void {
  describe(entry, flags, feature);
  setHandlers(entry + ENTRY_REG, h16, h32, h64);
}

/** Memory operands; leaves the register handlers as they are. */
export function defineMem(entry: usize, flags: u32, feature: u32, h16: Handler, h32: Handler, h64: Handler): void {
  describe(entry, flags, feature);
  setHandlers(entry + ENTRY_MEM, h16, h32, h64);
}

/** Handlers for a memory operand with LOCK; without them LOCK is #UD. */
export function defineLock(entry: usize, h16: Handler, h32: Handler, h64: Handler): void {
  setHandlers(entry + ENTRY_LOCK, h16, h32, h64);
}

/** The cases of the run loop that serve 32- and 64-bit operands of a leaf with a register rm, or without modrm; 0 none. */
export function caseReg(entry: usize, case32: u32, case64: u32): void {
  store<u8>(entry, <u8>case32, ENTRY_REG_CASES + 1);
  store<u8>(entry, <u8>case64, ENTRY_REG_CASES + 2);
}

/** The same with a memory rm. */
export function caseMem(entry: usize, case32: u32, case64: u32): void {
  store<u8>(entry, <u8>case32, ENTRY_MEM_CASES + 1);
  store<u8>(entry, <u8>case64, ENTRY_MEM_CASES + 2);
}

function describe(entry: usize, flags: u32, feature: u32): void {
  const kind = <u32>load<u8>(entry);
  assert(kind == KIND_UNDEFINED || kind == KIND_LEAF);
  store<u8>(entry, <u8>KIND_LEAF);
  store<u16>(entry, <u16>feature, ENTRY_FEATURE);
  store<u32>(entry, flags, ENTRY_FLAGS);
}

function setHandlers(at: usize, h16: Handler, h32: Handler, h64: Handler): void {
  store<u16>(at, <u16>h16.index);
  store<u16>(at, <u16>h32.index, 2);
  store<u16>(at, <u16>h64.index, 4);
}
