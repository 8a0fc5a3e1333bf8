// Moves between vector registers and memory, whole and in halves, aligned, unaligned and non-temporal.
import { CPU_RDI, CPU_VECTOR, INFO_VL_SHIFT } from '../../../memory/layout';
import {
  FEATURE_AVX,
  FEATURE_AVX2,
  FEATURE_SSE,
  FEATURE_SSE2,
  FEATURE_SSE3,
  FEATURE_SSE4_1,
} from '../../cpu-features';
import { checkWrite, read, write } from '../access';
import { addressOf, readAddress, segmentAddress, truncateAddress, writeAddress } from '../address';
import { SEG_DS } from '../bits';
import {
  byL,
  byMem,
  defineMem,
  defineOne,
  MAP_0F,
  MAP_0F38,
  OP_AVX,
  OP_L0,
  OP_MODRM,
  OP_NO_VVVV,
} from '../opcode-table';
import { info, is64, next, reg } from '../state';
import {
  alignedAddress,
  isMemory,
  put128,
  put256,
  regVector,
  rmVector,
  vvvvVector,
  write32,
} from './operands';
import {
  defineLegacyMem,
  defineLegacyReg,
  defineVex,
  defineVexMem,
  defineVexReg,
  legacyEntry,
  NP,
  P66,
  PF2,
  PF3,
  vexEntry,
} from './shapes';

// @ts-ignore: decorator
@inline
function address16(cpu: usize, record: usize, aligned: bool, isWrite: bool): u64 {
  if (aligned) return alignedAddress(cpu, record, 16, isWrite);
  return isWrite ? writeAddress<v128>(cpu, record) : readAddress<v128>(cpu, record);
}

// @ts-ignore: decorator
@inline
function address32(cpu: usize, record: usize, aligned: bool, isWrite: bool): u64 {
  return aligned ? alignedAddress(cpu, record, 32, isWrite) : addressOf(cpu, record, 32, isWrite);
}

// @ts-ignore: decorator
@inline
function loadLegacy(cpu: usize, record: usize, aligned: bool): usize {
  store<v128>(regVector(cpu, record), read<v128>(cpu, address16(cpu, record, aligned, false)));
  return next(record);
}

// @ts-ignore: decorator
@inline
function loadVex(cpu: usize, record: usize, aligned: bool): usize {
  put128(regVector(cpu, record), read<v128>(cpu, address16(cpu, record, aligned, false)));
  return next(record);
}

// @ts-ignore: decorator
@inline
function loadVex256(cpu: usize, record: usize, aligned: bool): usize {
  const linear = address32(cpu, record, aligned, false);
  const low = read<v128>(cpu, linear);
  put256(regVector(cpu, record), low, read<v128>(cpu, linear + 16));
  return next(record);
}

// @ts-ignore: decorator
@inline
function storeLow(cpu: usize, record: usize, aligned: bool): usize {
  write<v128>(cpu, address16(cpu, record, aligned, true), load<v128>(regVector(cpu, record)));
  return next(record);
}

// @ts-ignore: decorator
@inline
function storeVex256(cpu: usize, record: usize, aligned: bool): usize {
  const register = regVector(cpu, record);
  write32(cpu, address32(cpu, record, aligned, true), load<v128>(register), load<v128>(register, 16));
  return next(record);
}

function LOAD_ALIGNED(cpu: usize, record: usize): usize { return loadLegacy(cpu, record, true); }
function LOAD_UNALIGNED(cpu: usize, record: usize): usize { return loadLegacy(cpu, record, false); }
function VLOAD_ALIGNED(cpu: usize, record: usize): usize { return loadVex(cpu, record, true); }
function VLOAD_UNALIGNED(cpu: usize, record: usize): usize { return loadVex(cpu, record, false); }
function VLOAD_ALIGNED256(cpu: usize, record: usize): usize { return loadVex256(cpu, record, true); }
function VLOAD_UNALIGNED256(cpu: usize, record: usize): usize { return loadVex256(cpu, record, false); }
function STORE_ALIGNED(cpu: usize, record: usize): usize { return storeLow(cpu, record, true); }
function STORE_UNALIGNED(cpu: usize, record: usize): usize { return storeLow(cpu, record, false); }
function VSTORE_ALIGNED256(cpu: usize, record: usize): usize { return storeVex256(cpu, record, true); }
function VSTORE_UNALIGNED256(cpu: usize, record: usize): usize { return storeVex256(cpu, record, false); }

function COPY(cpu: usize, record: usize): usize {
  store<v128>(regVector(cpu, record), load<v128>(rmVector(cpu, record)));
  return next(record);
}
function VCOPY(cpu: usize, record: usize): usize {
  put128(regVector(cpu, record), load<v128>(rmVector(cpu, record)));
  return next(record);
}
function VCOPY256(cpu: usize, record: usize): usize {
  const from = rmVector(cpu, record);
  put256(regVector(cpu, record), load<v128>(from), load<v128>(from, 16));
  return next(record);
}
/** The same with the store opcode, whose destination is modrm.rm. */
function COPY_BACK(cpu: usize, record: usize): usize {
  store<v128>(rmVector(cpu, record), load<v128>(regVector(cpu, record)));
  return next(record);
}
function VCOPY_BACK(cpu: usize, record: usize): usize {
  put128(rmVector(cpu, record), load<v128>(regVector(cpu, record)));
  return next(record);
}
function VCOPY_BACK256(cpu: usize, record: usize): usize {
  const from = regVector(cpu, record);
  put256(rmVector(cpu, record), load<v128>(from), load<v128>(from, 16));
  return next(record);
}

/** A load opcode and its store opcode, for whole registers. */
function wholeMoves(loadOpcode: u32, storeOpcode: u32, prefix: u32, feature: u32, aligned: bool): void {
  const from = legacyEntry(MAP_0F, loadOpcode, prefix);
  defineLegacyReg(from, 0, feature, COPY);
  defineLegacyMem(from, 0, feature, aligned ? LOAD_ALIGNED : LOAD_UNALIGNED);
  const to = legacyEntry(MAP_0F, storeOpcode, prefix);
  defineLegacyReg(to, 0, feature, COPY_BACK);
  defineLegacyMem(to, 0, feature, aligned ? STORE_ALIGNED : STORE_UNALIGNED);
  const vexFrom = vexEntry(MAP_0F, loadOpcode, prefix);
  defineVexReg(byL(vexFrom, 0), OP_NO_VVVV, FEATURE_AVX, VCOPY);
  defineVexReg(byL(vexFrom, 1), OP_NO_VVVV, FEATURE_AVX, VCOPY256);
  defineVexMem(byL(vexFrom, 0), OP_NO_VVVV, FEATURE_AVX, aligned ? VLOAD_ALIGNED : VLOAD_UNALIGNED);
  defineVexMem(byL(vexFrom, 1), OP_NO_VVVV, FEATURE_AVX, aligned ? VLOAD_ALIGNED256 : VLOAD_UNALIGNED256);
  const vexTo = vexEntry(MAP_0F, storeOpcode, prefix);
  defineVexReg(byL(vexTo, 0), OP_NO_VVVV, FEATURE_AVX, VCOPY_BACK);
  defineVexReg(byL(vexTo, 1), OP_NO_VVVV, FEATURE_AVX, VCOPY_BACK256);
  defineVexMem(byL(vexTo, 0), OP_NO_VVVV, FEATURE_AVX, aligned ? STORE_ALIGNED : STORE_UNALIGNED);
  defineVexMem(byL(vexTo, 1), OP_NO_VVVV, FEATURE_AVX, aligned ? VSTORE_ALIGNED256 : VSTORE_UNALIGNED256);
}

function nonTemporalStore(opcode: u32, prefix: u32, feature: u32): void {
  defineLegacyMem(legacyEntry(MAP_0F, opcode, prefix), 0, feature, STORE_ALIGNED);
  defineVexMem(byL(vexEntry(MAP_0F, opcode, prefix), 0), OP_NO_VVVV, FEATURE_AVX, STORE_ALIGNED);
  defineVexMem(byL(vexEntry(MAP_0F, opcode, prefix), 1), OP_NO_VVVV, FEATURE_AVX, VSTORE_ALIGNED256);
}

function MOVNTI<T>(cpu: usize, record: usize): usize {
  write<T>(cpu, writeAddress<T>(cpu, record), reg<T>(cpu, record));
  return next(record);
}

// Halves: offset 0 is the low quadword of the register, 8 the high one.

function LOAD_LOW(cpu: usize, record: usize): usize {
  store<u64>(regVector(cpu, record), read<u64>(cpu, readAddress<u64>(cpu, record)));
  return next(record);
}
function LOAD_HIGH(cpu: usize, record: usize): usize {
  store<u64>(regVector(cpu, record), read<u64>(cpu, readAddress<u64>(cpu, record)), 8);
  return next(record);
}
function VLOAD_LOW(cpu: usize, record: usize): usize {
  const value = read<u64>(cpu, readAddress<u64>(cpu, record));
  put128(regVector(cpu, record), i64x2.replace_lane(load<v128>(vvvvVector(cpu, record)), 0, value));
  return next(record);
}
function VLOAD_HIGH(cpu: usize, record: usize): usize {
  const value = read<u64>(cpu, readAddress<u64>(cpu, record));
  put128(regVector(cpu, record), i64x2.replace_lane(load<v128>(vvvvVector(cpu, record)), 1, value));
  return next(record);
}
function STORE_LOW(cpu: usize, record: usize): usize {
  write<u64>(cpu, writeAddress<u64>(cpu, record), load<u64>(regVector(cpu, record)));
  return next(record);
}
function STORE_HIGH(cpu: usize, record: usize): usize {
  write<u64>(cpu, writeAddress<u64>(cpu, record), load<u64>(regVector(cpu, record), 8));
  return next(record);
}
function MOVHLPS(cpu: usize, record: usize): usize {
  store<u64>(regVector(cpu, record), load<u64>(rmVector(cpu, record), 8));
  return next(record);
}
function MOVLHPS(cpu: usize, record: usize): usize {
  store<u64>(regVector(cpu, record), load<u64>(rmVector(cpu, record)), 8);
  return next(record);
}
function VMOVHLPS(cpu: usize, record: usize): usize {
  const high = load<u64>(rmVector(cpu, record), 8);
  put128(regVector(cpu, record), i64x2.replace_lane(load<v128>(vvvvVector(cpu, record)), 0, high));
  return next(record);
}
function VMOVLHPS(cpu: usize, record: usize): usize {
  const low = load<u64>(rmVector(cpu, record));
  put128(regVector(cpu, record), i64x2.replace_lane(load<v128>(vvvvVector(cpu, record)), 1, low));
  return next(record);
}

function halfMoves(prefix: u32, feature: u32): void {
  defineLegacyMem(legacyEntry(MAP_0F, 0x12, prefix), 0, feature, LOAD_LOW);
  defineLegacyMem(legacyEntry(MAP_0F, 0x13, prefix), 0, feature, STORE_LOW);
  defineLegacyMem(legacyEntry(MAP_0F, 0x16, prefix), 0, feature, LOAD_HIGH);
  defineLegacyMem(legacyEntry(MAP_0F, 0x17, prefix), 0, feature, STORE_HIGH);
  defineVexMem(vexEntry(MAP_0F, 0x12, prefix), OP_L0, FEATURE_AVX, VLOAD_LOW);
  defineVexMem(vexEntry(MAP_0F, 0x13, prefix), OP_L0 | OP_NO_VVVV, FEATURE_AVX, STORE_LOW);
  defineVexMem(vexEntry(MAP_0F, 0x16, prefix), OP_L0, FEATURE_AVX, VLOAD_HIGH);
  defineVexMem(vexEntry(MAP_0F, 0x17, prefix), OP_L0 | OP_NO_VVVV, FEATURE_AVX, STORE_HIGH);
}

// MOVSS and MOVSD: loads clear the rest of the register, register forms keep it (SDM vol. 2, "MOVSS").

function LOAD_SCALAR<T>(cpu: usize, record: usize): usize {
  const value = read<T>(cpu, readAddress<T>(cpu, record));
  const register = regVector(cpu, record);
  store<v128>(register, i64x2.splat(0));
  store<T>(register, value);
  return next(record);
}
function VLOAD_SCALAR<T>(cpu: usize, record: usize): usize {
  const value = read<T>(cpu, readAddress<T>(cpu, record));
  const register = regVector(cpu, record);
  put128(register, i64x2.splat(0));
  store<T>(register, value);
  return next(record);
}
function STORE_SCALAR<T>(cpu: usize, record: usize): usize {
  write<T>(cpu, writeAddress<T>(cpu, record), load<T>(regVector(cpu, record)));
  return next(record);
}
function COPY_SCALAR<T>(cpu: usize, record: usize): usize {
  store<T>(regVector(cpu, record), load<T>(rmVector(cpu, record)));
  return next(record);
}
function COPY_SCALAR_BACK<T>(cpu: usize, record: usize): usize {
  store<T>(rmVector(cpu, record), load<T>(regVector(cpu, record)));
  return next(record);
}
function VCOPY_SCALAR<T>(cpu: usize, record: usize): usize {
  const low = load<T>(rmVector(cpu, record));
  const register = regVector(cpu, record);
  put128(register, load<v128>(vvvvVector(cpu, record)));
  store<T>(register, low);
  return next(record);
}
function VCOPY_SCALAR_BACK<T>(cpu: usize, record: usize): usize {
  const low = load<T>(regVector(cpu, record));
  const register = rmVector(cpu, record);
  put128(register, load<v128>(vvvvVector(cpu, record)));
  store<T>(register, low);
  return next(record);
}

function scalarMoves<T>(prefix: u32, feature: u32): void {
  const from = legacyEntry(MAP_0F, 0x10, prefix);
  defineLegacyReg(from, 0, feature, (c: usize, r: usize): usize => COPY_SCALAR<T>(c, r));
  defineLegacyMem(from, 0, feature, (c: usize, r: usize): usize => LOAD_SCALAR<T>(c, r));
  const to = legacyEntry(MAP_0F, 0x11, prefix);
  defineLegacyReg(to, 0, feature, (c: usize, r: usize): usize => COPY_SCALAR_BACK<T>(c, r));
  defineLegacyMem(to, 0, feature, (c: usize, r: usize): usize => STORE_SCALAR<T>(c, r));
  const vexFrom = vexEntry(MAP_0F, 0x10, prefix);
  defineVexReg(byMem(vexFrom, 0), 0, FEATURE_AVX, (c: usize, r: usize): usize => VCOPY_SCALAR<T>(c, r));
  defineVexMem(byMem(vexFrom, 1), OP_NO_VVVV, FEATURE_AVX, (c: usize, r: usize): usize => VLOAD_SCALAR<T>(c, r));
  const vexTo = vexEntry(MAP_0F, 0x11, prefix);
  defineVexReg(byMem(vexTo, 0), 0, FEATURE_AVX, (c: usize, r: usize): usize => VCOPY_SCALAR_BACK<T>(c, r));
  defineVexMem(byMem(vexTo, 1), OP_NO_VVVV, FEATURE_AVX, (c: usize, r: usize): usize => STORE_SCALAR<T>(c, r));
}

/** MOVQ xmm, xmm clears the upper quadword. */
function COPY_LOW(cpu: usize, record: usize): usize {
  const low = load<u64>(rmVector(cpu, record));
  store<v128>(regVector(cpu, record), i64x2.replace_lane(i64x2.splat(0), 0, low));
  return next(record);
}
function VCOPY_LOW(cpu: usize, record: usize): usize {
  const low = load<u64>(rmVector(cpu, record));
  put128(regVector(cpu, record), i64x2.replace_lane(i64x2.splat(0), 0, low));
  return next(record);
}
function COPY_LOW_BACK(cpu: usize, record: usize): usize {
  const low = load<u64>(regVector(cpu, record));
  store<v128>(rmVector(cpu, record), i64x2.replace_lane(i64x2.splat(0), 0, low));
  return next(record);
}
function VCOPY_LOW_BACK(cpu: usize, record: usize): usize {
  const low = load<u64>(regVector(cpu, record));
  put128(rmVector(cpu, record), i64x2.replace_lane(i64x2.splat(0), 0, low));
  return next(record);
}

function registerMovq(): void {
  const from = legacyEntry(MAP_0F, 0x7e, PF3);
  defineLegacyReg(from, 0, FEATURE_SSE2, COPY_LOW);
  defineLegacyMem(from, 0, FEATURE_SSE2, (c: usize, r: usize): usize => LOAD_SCALAR<u64>(c, r));
  const to = legacyEntry(MAP_0F, 0xd6, P66);
  defineLegacyReg(to, 0, FEATURE_SSE2, COPY_LOW_BACK);
  defineLegacyMem(to, 0, FEATURE_SSE2, STORE_LOW);
  const vexFrom = vexEntry(MAP_0F, 0x7e, PF3);
  defineVexReg(vexFrom, OP_L0 | OP_NO_VVVV, FEATURE_AVX, VCOPY_LOW);
  defineVexMem(vexFrom, OP_L0 | OP_NO_VVVV, FEATURE_AVX, (c: usize, r: usize): usize => VLOAD_SCALAR<u64>(c, r));
  const vexTo = vexEntry(MAP_0F, 0xd6, P66);
  defineVexReg(vexTo, OP_L0 | OP_NO_VVVV, FEATURE_AVX, VCOPY_LOW_BACK);
  defineVexMem(vexTo, OP_L0 | OP_NO_VVVV, FEATURE_AVX, STORE_LOW);
}

// MOVDDUP: 8 bytes from memory, or 32 in the 256-bit form.

function low8(cpu: usize, record: usize): u64 {
  if (isMemory(record)) return read<u64>(cpu, readAddress<u64>(cpu, record));
  return load<u64>(rmVector(cpu, record));
}
function MOVDDUP(cpu: usize, record: usize): usize {
  store<v128>(regVector(cpu, record), i64x2.splat(low8(cpu, record)));
  return next(record);
}
function VMOVDDUP(cpu: usize, record: usize): usize {
  put128(regVector(cpu, record), i64x2.splat(low8(cpu, record)));
  return next(record);
}
function VMOVDDUP256(cpu: usize, record: usize): usize {
  let low: u64;
  let high: u64;
  if (isMemory(record)) {
    const linear = addressOf(cpu, record, 32, false);
    low = read<u64>(cpu, linear);
    high = <u64>i64x2.extract_lane(read<v128>(cpu, linear + 16), 0);
  } else {
    low = load<u64>(rmVector(cpu, record));
    high = load<u64>(rmVector(cpu, record), 16);
  }
  put256(regVector(cpu, record), i64x2.splat(low), i64x2.splat(high));
  return next(record);
}

/** MASKMOVDQU: bytes of reg whose mask in rm has bit 7 set go to DS:rDI; nothing is written before all may be. */
function MASKMOVDQU(cpu: usize, record: usize): usize {
  const mask = load<v128>(rmVector(cpu, record));
  let bits = i8x16.bitmask(mask);
  if (!bits) return next(record);
  const offset = truncateAddress(record, load<u64>(cpu, CPU_RDI));
  const linear = segmentAddress(cpu, SEG_DS, offset, 16, true);
  checkWrite(cpu, linear, 16);
  const from = regVector(cpu, record);
  while (bits) {
    const i = ctz(bits);
    write<u8>(cpu, linear + <u64>i, load<u8>(from + <usize>i));
    bits &= bits - 1;
  }
  return next(record);
}

/** VZEROUPPER clears the upper halves, VZEROALL whole registers: sixteen of them in 64-bit code, else eight. */
function VZERO(cpu: usize, record: usize): usize {
  const all = ((info(record) >> INFO_VL_SHIFT) & 1) != 0;
  const count: u32 = is64(cpu) ? 16 : 8;
  for (let i: u32 = 0; i < count; i++) {
    const register = cpu + CPU_VECTOR + (<usize>i << 6);
    if (all) store<v128>(register, i64x2.splat(0));
    store<v128>(register, i64x2.splat(0), 16);
  }
  return next(record);
}

export function registerVectorMove(): void {
  wholeMoves(0x28, 0x29, NP, FEATURE_SSE, true);
  wholeMoves(0x28, 0x29, P66, FEATURE_SSE2, true);
  wholeMoves(0x10, 0x11, NP, FEATURE_SSE, false);
  wholeMoves(0x10, 0x11, P66, FEATURE_SSE2, false);
  wholeMoves(0x6f, 0x7f, P66, FEATURE_SSE2, true);
  wholeMoves(0x6f, 0x7f, PF3, FEATURE_SSE2, false);
  scalarMoves<u32>(PF3, FEATURE_SSE);
  scalarMoves<u64>(PF2, FEATURE_SSE2);
  halfMoves(NP, FEATURE_SSE);
  halfMoves(P66, FEATURE_SSE2);
  defineLegacyReg(legacyEntry(MAP_0F, 0x12, NP), 0, FEATURE_SSE, MOVHLPS);
  defineLegacyReg(legacyEntry(MAP_0F, 0x16, NP), 0, FEATURE_SSE, MOVLHPS);
  defineVexReg(vexEntry(MAP_0F, 0x12, NP), OP_L0, FEATURE_AVX, VMOVHLPS);
  defineVexReg(vexEntry(MAP_0F, 0x16, NP), OP_L0, FEATURE_AVX, VMOVLHPS);
  registerMovq();
  const duplicate = legacyEntry(MAP_0F, 0x12, PF2);
  defineLegacyReg(duplicate, 0, FEATURE_SSE3, MOVDDUP);
  defineLegacyMem(duplicate, 0, FEATURE_SSE3, MOVDDUP);
  const vexDuplicate = vexEntry(MAP_0F, 0x12, PF2);
  defineVex(byL(vexDuplicate, 0), OP_NO_VVVV, FEATURE_AVX, VMOVDDUP);
  defineVex(byL(vexDuplicate, 1), OP_NO_VVVV, FEATURE_AVX, VMOVDDUP256);
  nonTemporalStore(0x2b, NP, FEATURE_SSE);
  nonTemporalStore(0x2b, P66, FEATURE_SSE2);
  nonTemporalStore(0xe7, P66, FEATURE_SSE2);
  defineLegacyMem(legacyEntry(MAP_0F38, 0x2a, P66), 0, FEATURE_SSE4_1, LOAD_ALIGNED);
  defineVexMem(byL(vexEntry(MAP_0F38, 0x2a, P66), 0), OP_NO_VVVV, FEATURE_AVX, VLOAD_ALIGNED);
  defineVexMem(byL(vexEntry(MAP_0F38, 0x2a, P66), 1), OP_NO_VVVV, FEATURE_AVX2, VLOAD_ALIGNED256);
  defineLegacyMem(legacyEntry(MAP_0F, 0xf0, PF2), 0, FEATURE_SSE3, LOAD_UNALIGNED);
  defineVexMem(byL(vexEntry(MAP_0F, 0xf0, PF2), 0), OP_NO_VVVV, FEATURE_AVX, VLOAD_UNALIGNED);
  defineVexMem(byL(vexEntry(MAP_0F, 0xf0, PF2), 1), OP_NO_VVVV, FEATURE_AVX, VLOAD_UNALIGNED256);
  defineMem(legacyEntry(MAP_0F, 0xc3, NP), OP_MODRM, FEATURE_SSE2, (c, r) => MOVNTI<u32>(c, r), (c, r) => MOVNTI<u32>(c, r), (c, r) => MOVNTI<u64>(c, r));
  defineLegacyReg(legacyEntry(MAP_0F, 0xf7, P66), 0, FEATURE_SSE2, MASKMOVDQU);
  defineVexReg(vexEntry(MAP_0F, 0xf7, P66), OP_L0 | OP_NO_VVVV, FEATURE_AVX, MASKMOVDQU);
  defineOne(vexEntry(MAP_0F, 0x77, NP), OP_AVX | OP_NO_VVVV, FEATURE_AVX, VZERO);
}
