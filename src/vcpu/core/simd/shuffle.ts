// Shuffles, unpacking, blends and alignment inside 128-bit lanes.
import {
  FEATURE_AVX,
  FEATURE_AVX2,
  FEATURE_SSE,
  FEATURE_SSE2,
  FEATURE_SSE3,
  FEATURE_SSE4_1,
  FEATURE_SSSE3,
} from '../../cpu-features';
import { CPU_VECTOR } from '../../../memory/layout';
import { byL, byW, MAP_0F, MAP_0F38, MAP_0F3A, OP_IMM8, OP_NO_VVVV } from '../opcode-table';
import { is64, next } from '../state';
import {
  alignedSource,
  imm8,
  put128,
  put256,
  regVector,
  source,
  source32,
  sourceHigh,
  vector,
  vvvvVector,
} from './operands';
import {
  defineLegacy,
  defineVex,
  legacyEntry,
  legacyPacked,
  NP,
  P66,
  packed,
  PF2,
  PF3,
  vexEntry,
  vexPacked,
  vexPackedImm,
} from './shapes';

/** Byte indices that gather the doublewords whose numbers are the four two-bit fields of imm. */
// @ts-ignore: decorator
@inline
function dwordIndices(imm: u32): v128 {
  let fields = i32x4.splat(imm & 3);
  fields = i32x4.replace_lane(fields, 1, (imm >> 2) & 3);
  fields = i32x4.replace_lane(fields, 2, (imm >> 4) & 3);
  fields = i32x4.replace_lane(fields, 3, (imm >> 6) & 3);
  return i32x4.add(i32x4.mul(fields, i32x4.splat(0x04040404)), i32x4.splat(0x03020100));
}

/** Byte indices that gather four words of a quadword. */
// @ts-ignore: decorator
@inline
function wordIndices(imm: u32): u64 {
  const fields =
    <u64>(imm & 3) | (<u64>((imm >> 2) & 3) << 16) | (<u64>((imm >> 4) & 3) << 32) | (<u64>((imm >> 6) & 3) << 48);
  return fields * 0x0202 + 0x0100010001000100;
}

class PSHUFB {
  apply(a: v128, b: v128, imm: u32): v128 { return i8x16.swizzle(a, v128.and(b, i8x16.splat(-0x71))); }
}
class PSHUFD { apply(a: v128, b: v128, imm: u32): v128 { return i8x16.swizzle(b, dwordIndices(imm)); } }
class PSHUFLW {
  apply(a: v128, b: v128, imm: u32): v128 {
    return i8x16.swizzle(b, i64x2.replace_lane(i64x2.splat(0x0f0e0d0c0b0a0908), 0, wordIndices(imm)));
  }
}
class PSHUFHW {
  apply(a: v128, b: v128, imm: u32): v128 {
    const high = wordIndices(imm) + 0x0808080808080808;
    return i8x16.swizzle(b, i64x2.replace_lane(i64x2.splat(0x0706050403020100), 1, high));
  }
}
class SHUFPS {
  apply(a: v128, b: v128, imm: u32): v128 {
    const indices = dwordIndices(imm);
    return i64x2.shuffle(i8x16.swizzle(a, indices), i8x16.swizzle(b, indices), 0, 3);
  }
}
class SHUFPD {
  high(imm: u32): u32 { return imm >> 2; }
  apply(a: v128, b: v128, imm: u32): v128 {
    const low = imm & 1 ? i64x2.extract_lane(a, 1) : i64x2.extract_lane(a, 0);
    const high = imm & 2 ? i64x2.extract_lane(b, 1) : i64x2.extract_lane(b, 0);
    return i64x2.replace_lane(i64x2.splat(low), 1, high);
  }
}

class PUNPCKLBW {
  apply(a: v128, b: v128, imm: u32): v128 {
    return i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  }
}
class PUNPCKHBW {
  apply(a: v128, b: v128, imm: u32): v128 {
    return i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  }
}
class PUNPCKLWD { apply(a: v128, b: v128, imm: u32): v128 { return i16x8.shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11); } }
class PUNPCKHWD { apply(a: v128, b: v128, imm: u32): v128 { return i16x8.shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15); } }
class PUNPCKLDQ { apply(a: v128, b: v128, imm: u32): v128 { return i32x4.shuffle(a, b, 0, 4, 1, 5); } }
class PUNPCKHDQ { apply(a: v128, b: v128, imm: u32): v128 { return i32x4.shuffle(a, b, 2, 6, 3, 7); } }
class PUNPCKLQDQ { apply(a: v128, b: v128, imm: u32): v128 { return i64x2.shuffle(a, b, 0, 2); } }
class PUNPCKHQDQ { apply(a: v128, b: v128, imm: u32): v128 { return i64x2.shuffle(a, b, 1, 3); } }

class MOVSLDUP { apply(a: v128, b: v128, imm: u32): v128 { return i32x4.shuffle(b, b, 0, 0, 2, 2); } }
class MOVSHDUP { apply(a: v128, b: v128, imm: u32): v128 { return i32x4.shuffle(b, b, 1, 1, 3, 3); } }

/** b above a's 16 bytes, moved down by imm bytes. */
class PALIGNR {
  apply(a: v128, b: v128, imm: u32): v128 {
    const first = i8x16.splat(<i8>(imm > 32 ? 32 : imm));
    const indices = i8x16.add(i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), first);
    return v128.or(i8x16.swizzle(b, indices), i8x16.swizzle(a, i8x16.sub(indices, i8x16.splat(16))));
  }
}

class BLENDPS {
  high(imm: u32): u32 { return imm >> 4; }
  apply(a: v128, b: v128, imm: u32): v128 {
    const bits = i32x4(1, 2, 4, 8);
    return v128.bitselect(b, a, i32x4.eq(v128.and(i32x4.splat(imm), bits), bits));
  }
}
class BLENDPD {
  high(imm: u32): u32 { return imm >> 2; }
  apply(a: v128, b: v128, imm: u32): v128 {
    const bits = i64x2(1, 2);
    return v128.bitselect(b, a, i64x2.eq(v128.and(i64x2.splat(imm), bits), bits));
  }
}
class PBLENDW {
  apply(a: v128, b: v128, imm: u32): v128 {
    const bits = i16x8(1, 2, 4, 8, 16, 32, 64, 128);
    return v128.bitselect(b, a, i16x8.eq(v128.and(i16x8.splat(<i16>imm), bits), bits));
  }
}

class PBLENDVB { select(a: v128, b: v128, mask: v128): v128 { return v128.bitselect(b, a, i8x16.shr_s(mask, 7)); } }
class BLENDVPS { select(a: v128, b: v128, mask: v128): v128 { return v128.bitselect(b, a, i32x4.shr_s(mask, 31)); } }
class BLENDVPD { select(a: v128, b: v128, mask: v128): v128 { return v128.bitselect(b, a, i64x2.shr_s(mask, 63)); } }

/** The mask is XMM0. */
function legacyVariable<Op>(cpu: usize, record: usize): usize {
  const b = alignedSource(cpu, record);
  const destination = regVector(cpu, record);
  store<v128>(destination, changetype<Op>(0).select(load<v128>(destination), b, load<v128>(cpu, CPU_VECTOR)));
  return next(record);
}

/** The mask's register is in bits 7:4 of the immediate; outside 64-bit code bit 7 is ignored (SDM vol. 2, 2.3.5). */
function maskVector(cpu: usize, record: usize): usize {
  const number = imm8(record) >> 4;
  return vector(cpu, is64(cpu) ? number : number & 7);
}

function vexVariable<Op>(cpu: usize, record: usize): usize {
  const b = source(cpu, record);
  const mask = load<v128>(maskVector(cpu, record));
  put128(regVector(cpu, record), changetype<Op>(0).select(load<v128>(vvvvVector(cpu, record)), b, mask));
  return next(record);
}

function vexVariable256<Op>(cpu: usize, record: usize): usize {
  const b = source32(cpu, record);
  const bHigh = sourceHigh;
  const mask = maskVector(cpu, record);
  const a = vvvvVector(cpu, record);
  const low = changetype<Op>(0).select(load<v128>(a), b, load<v128>(mask));
  const high = changetype<Op>(0).select(load<v128>(a, 16), bHigh, load<v128>(mask, 16));
  put256(regVector(cpu, record), low, high);
  return next(record);
}

function variableBlend<Op>(legacyOpcode: u32, vexOpcode: u32, feature256: u32): void {
  const legacy = legacyEntry(MAP_0F38, legacyOpcode, P66);
  defineLegacy(legacy, 0, FEATURE_SSE4_1, (c: usize, r: usize): usize => legacyVariable<Op>(c, r));
  const vex = byW(vexEntry(MAP_0F3A, vexOpcode, P66), 0);
  defineVex(byL(vex, 0), OP_IMM8, FEATURE_AVX, (c: usize, r: usize): usize => vexVariable<Op>(c, r));
  defineVex(byL(vex, 1), OP_IMM8, feature256, (c: usize, r: usize): usize => vexVariable256<Op>(c, r));
}

function unpack<Op>(opcode: u32): void {
  packed<Op, u8>(MAP_0F, opcode, P66, FEATURE_SSE2, FEATURE_AVX2);
}

/** Legacy and VEX forms with bits of the immediate for each half. */
function halves<Op>(map: u32, opcode: u32, feature: u32): void {
  legacyPacked<Op, u8>(map, opcode, P66, OP_IMM8, feature);
  vexPackedImm<Op>(vexEntry(map, opcode, P66), 0, FEATURE_AVX, FEATURE_AVX);
}

export function registerShuffle(): void {
  packed<PSHUFB, u8>(MAP_0F38, 0x00, P66, FEATURE_SSSE3, FEATURE_AVX2);
  packed<PSHUFD, u8>(MAP_0F, 0x70, P66, FEATURE_SSE2, FEATURE_AVX2, OP_IMM8, OP_NO_VVVV);
  packed<PSHUFHW, u8>(MAP_0F, 0x70, PF3, FEATURE_SSE2, FEATURE_AVX2, OP_IMM8, OP_NO_VVVV);
  packed<PSHUFLW, u8>(MAP_0F, 0x70, PF2, FEATURE_SSE2, FEATURE_AVX2, OP_IMM8, OP_NO_VVVV);
  packed<SHUFPS, u8>(MAP_0F, 0xc6, NP, FEATURE_SSE, FEATURE_AVX, OP_IMM8);
  halves<SHUFPD>(MAP_0F, 0xc6, FEATURE_SSE2);
  unpack<PUNPCKLBW>(0x60);
  unpack<PUNPCKLWD>(0x61);
  unpack<PUNPCKLDQ>(0x62);
  unpack<PUNPCKHBW>(0x68);
  unpack<PUNPCKHWD>(0x69);
  unpack<PUNPCKHDQ>(0x6a);
  unpack<PUNPCKLQDQ>(0x6c);
  unpack<PUNPCKHQDQ>(0x6d);
  packed<PUNPCKLDQ, u8>(MAP_0F, 0x14, NP, FEATURE_SSE, FEATURE_AVX);
  packed<PUNPCKLQDQ, u8>(MAP_0F, 0x14, P66, FEATURE_SSE2, FEATURE_AVX);
  packed<PUNPCKHDQ, u8>(MAP_0F, 0x15, NP, FEATURE_SSE, FEATURE_AVX);
  packed<PUNPCKHQDQ, u8>(MAP_0F, 0x15, P66, FEATURE_SSE2, FEATURE_AVX);
  packed<MOVSLDUP, u8>(MAP_0F, 0x12, PF3, FEATURE_SSE3, FEATURE_AVX, 0, OP_NO_VVVV);
  packed<MOVSHDUP, u8>(MAP_0F, 0x16, PF3, FEATURE_SSE3, FEATURE_AVX, 0, OP_NO_VVVV);
  packed<PALIGNR, u8>(MAP_0F3A, 0x0f, P66, FEATURE_SSSE3, FEATURE_AVX2, OP_IMM8);
  halves<BLENDPS>(MAP_0F3A, 0x0c, FEATURE_SSE4_1);
  halves<BLENDPD>(MAP_0F3A, 0x0d, FEATURE_SSE4_1);
  packed<PBLENDW, u8>(MAP_0F3A, 0x0e, P66, FEATURE_SSE4_1, FEATURE_AVX2, OP_IMM8);
  vexPackedImm<BLENDPS>(byW(vexEntry(MAP_0F3A, 0x02, P66), 0), 0, FEATURE_AVX2, FEATURE_AVX2);
  variableBlend<PBLENDVB>(0x10, 0x4c, FEATURE_AVX2);
  variableBlend<BLENDVPS>(0x14, 0x4a, FEATURE_AVX);
  variableBlend<BLENDVPD>(0x15, 0x4b, FEATURE_AVX);
}
