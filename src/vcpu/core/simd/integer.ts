// Packed integer arithmetic, logic, comparison and packing: SSE2 to SSE4.2 and their AVX and AVX2 forms.
import {
  FEATURE_AVX,
  FEATURE_AVX2,
  FEATURE_SSE,
  FEATURE_SSE2,
  FEATURE_SSE4_1,
  FEATURE_SSE4_2,
  FEATURE_SSSE3,
} from '../../cpu-features';
import { MAP_0F, MAP_0F38, OP_NO_VVVV } from '../opcode-table';
import { NP, P66, packed } from './shapes';

class PADDB { apply(a: v128, b: v128, imm: u32): v128 { return i8x16.add(a, b); } }
class PADDW { apply(a: v128, b: v128, imm: u32): v128 { return i16x8.add(a, b); } }
class PADDD { apply(a: v128, b: v128, imm: u32): v128 { return i32x4.add(a, b); } }
class PADDQ { apply(a: v128, b: v128, imm: u32): v128 { return i64x2.add(a, b); } }
class PADDSB { apply(a: v128, b: v128, imm: u32): v128 { return i8x16.add_sat_s(a, b); } }
class PADDSW { apply(a: v128, b: v128, imm: u32): v128 { return i16x8.add_sat_s(a, b); } }
class PADDUSB { apply(a: v128, b: v128, imm: u32): v128 { return i8x16.add_sat_u(a, b); } }
class PADDUSW { apply(a: v128, b: v128, imm: u32): v128 { return i16x8.add_sat_u(a, b); } }
class PSUBB { apply(a: v128, b: v128, imm: u32): v128 { return i8x16.sub(a, b); } }
class PSUBW { apply(a: v128, b: v128, imm: u32): v128 { return i16x8.sub(a, b); } }
class PSUBD { apply(a: v128, b: v128, imm: u32): v128 { return i32x4.sub(a, b); } }
class PSUBQ { apply(a: v128, b: v128, imm: u32): v128 { return i64x2.sub(a, b); } }
class PSUBSB { apply(a: v128, b: v128, imm: u32): v128 { return i8x16.sub_sat_s(a, b); } }
class PSUBSW { apply(a: v128, b: v128, imm: u32): v128 { return i16x8.sub_sat_s(a, b); } }
class PSUBUSB { apply(a: v128, b: v128, imm: u32): v128 { return i8x16.sub_sat_u(a, b); } }
class PSUBUSW { apply(a: v128, b: v128, imm: u32): v128 { return i16x8.sub_sat_u(a, b); } }
class PMINSB { apply(a: v128, b: v128, imm: u32): v128 { return i8x16.min_s(a, b); } }
class PMINSW { apply(a: v128, b: v128, imm: u32): v128 { return i16x8.min_s(a, b); } }
class PMINSD { apply(a: v128, b: v128, imm: u32): v128 { return i32x4.min_s(a, b); } }
class PMINUB { apply(a: v128, b: v128, imm: u32): v128 { return i8x16.min_u(a, b); } }
class PMINUW { apply(a: v128, b: v128, imm: u32): v128 { return i16x8.min_u(a, b); } }
class PMINUD { apply(a: v128, b: v128, imm: u32): v128 { return i32x4.min_u(a, b); } }
class PMAXSB { apply(a: v128, b: v128, imm: u32): v128 { return i8x16.max_s(a, b); } }
class PMAXSW { apply(a: v128, b: v128, imm: u32): v128 { return i16x8.max_s(a, b); } }
class PMAXSD { apply(a: v128, b: v128, imm: u32): v128 { return i32x4.max_s(a, b); } }
class PMAXUB { apply(a: v128, b: v128, imm: u32): v128 { return i8x16.max_u(a, b); } }
class PMAXUW { apply(a: v128, b: v128, imm: u32): v128 { return i16x8.max_u(a, b); } }
class PMAXUD { apply(a: v128, b: v128, imm: u32): v128 { return i32x4.max_u(a, b); } }
class PAVGB { apply(a: v128, b: v128, imm: u32): v128 { return i8x16.avgr_u(a, b); } }
class PAVGW { apply(a: v128, b: v128, imm: u32): v128 { return i16x8.avgr_u(a, b); } }
class PABSB { apply(a: v128, b: v128, imm: u32): v128 { return i8x16.abs(b); } }
class PABSW { apply(a: v128, b: v128, imm: u32): v128 { return i16x8.abs(b); } }
class PABSD { apply(a: v128, b: v128, imm: u32): v128 { return i32x4.abs(b); } }
class PCMPEQB { apply(a: v128, b: v128, imm: u32): v128 { return i8x16.eq(a, b); } }
class PCMPEQW { apply(a: v128, b: v128, imm: u32): v128 { return i16x8.eq(a, b); } }
class PCMPEQD { apply(a: v128, b: v128, imm: u32): v128 { return i32x4.eq(a, b); } }
class PCMPEQQ { apply(a: v128, b: v128, imm: u32): v128 { return i64x2.eq(a, b); } }
class PCMPGTB { apply(a: v128, b: v128, imm: u32): v128 { return i8x16.gt_s(a, b); } }
class PCMPGTW { apply(a: v128, b: v128, imm: u32): v128 { return i16x8.gt_s(a, b); } }
class PCMPGTD { apply(a: v128, b: v128, imm: u32): v128 { return i32x4.gt_s(a, b); } }
class PCMPGTQ { apply(a: v128, b: v128, imm: u32): v128 { return i64x2.gt_s(a, b); } }
class AND { apply(a: v128, b: v128, imm: u32): v128 { return v128.and(a, b); } }
class ANDN { apply(a: v128, b: v128, imm: u32): v128 { return v128.andnot(b, a); } }
class OR { apply(a: v128, b: v128, imm: u32): v128 { return v128.or(a, b); } }
class XOR { apply(a: v128, b: v128, imm: u32): v128 { return v128.xor(a, b); } }
class PACKSSWB { apply(a: v128, b: v128, imm: u32): v128 { return i8x16.narrow_i16x8_s(a, b); } }
class PACKUSWB { apply(a: v128, b: v128, imm: u32): v128 { return i8x16.narrow_i16x8_u(a, b); } }
class PACKSSDW { apply(a: v128, b: v128, imm: u32): v128 { return i16x8.narrow_i32x4_s(a, b); } }
class PACKUSDW { apply(a: v128, b: v128, imm: u32): v128 { return i16x8.narrow_i32x4_u(a, b); } }

/** Negates, clears or keeps each element of a by the sign of b's. */
class PSIGNB {
  apply(a: v128, b: v128, imm: u32): v128 {
    const negative = i8x16.shr_s(b, 7);
    return v128.andnot(i8x16.sub(v128.xor(a, negative), negative), i8x16.eq(b, i64x2.splat(0)));
  }
}
class PSIGNW {
  apply(a: v128, b: v128, imm: u32): v128 {
    const negative = i16x8.shr_s(b, 15);
    return v128.andnot(i16x8.sub(v128.xor(a, negative), negative), i16x8.eq(b, i64x2.splat(0)));
  }
}
class PSIGND {
  apply(a: v128, b: v128, imm: u32): v128 {
    const negative = i32x4.shr_s(b, 31);
    return v128.andnot(i32x4.sub(v128.xor(a, negative), negative), i32x4.eq(b, i64x2.splat(0)));
  }
}

// @ts-ignore: decorator
@inline
function evenWords(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
}

// @ts-ignore: decorator
@inline
function oddWords(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
}

// @ts-ignore: decorator
@inline
function evenDwords(a: v128, b: v128): v128 {
  return i32x4.shuffle(a, b, 0, 2, 4, 6);
}

// @ts-ignore: decorator
@inline
function oddDwords(a: v128, b: v128): v128 {
  return i32x4.shuffle(a, b, 1, 3, 5, 7);
}

class PHADDW { apply(a: v128, b: v128, imm: u32): v128 { return i16x8.add(evenWords(a, b), oddWords(a, b)); } }
class PHADDD { apply(a: v128, b: v128, imm: u32): v128 { return i32x4.add(evenDwords(a, b), oddDwords(a, b)); } }
class PHADDSW { apply(a: v128, b: v128, imm: u32): v128 { return i16x8.add_sat_s(evenWords(a, b), oddWords(a, b)); } }
class PHSUBW { apply(a: v128, b: v128, imm: u32): v128 { return i16x8.sub(evenWords(a, b), oddWords(a, b)); } }
class PHSUBD { apply(a: v128, b: v128, imm: u32): v128 { return i32x4.sub(evenDwords(a, b), oddDwords(a, b)); } }
class PHSUBSW { apply(a: v128, b: v128, imm: u32): v128 { return i16x8.sub_sat_s(evenWords(a, b), oddWords(a, b)); } }

class PMULLW { apply(a: v128, b: v128, imm: u32): v128 { return i16x8.mul(a, b); } }
class PMULLD { apply(a: v128, b: v128, imm: u32): v128 { return i32x4.mul(a, b); } }
class PMULHW {
  apply(a: v128, b: v128, imm: u32): v128 {
    return oddWords(i32x4.extmul_low_i16x8_s(a, b), i32x4.extmul_high_i16x8_s(a, b));
  }
}
class PMULHUW {
  apply(a: v128, b: v128, imm: u32): v128 {
    return oddWords(i32x4.extmul_low_i16x8_u(a, b), i32x4.extmul_high_i16x8_u(a, b));
  }
}
/** WebAssembly saturates -1 x -1 where x86 wraps to -1. */
class PMULHRSW {
  apply(a: v128, b: v128, imm: u32): v128 {
    const least = i16x8.splat(-0x8000);
    const both = v128.and(i16x8.eq(a, least), i16x8.eq(b, least));
    return v128.xor(i16x8.q15mulr_sat_s(a, b), both);
  }
}
class PMULUDQ {
  apply(a: v128, b: v128, imm: u32): v128 {
    return i64x2.extmul_low_i32x4_u(evenDwords(a, a), evenDwords(b, b));
  }
}
class PMULDQ {
  apply(a: v128, b: v128, imm: u32): v128 {
    return i64x2.extmul_low_i32x4_s(evenDwords(a, a), evenDwords(b, b));
  }
}
class PMADDWD { apply(a: v128, b: v128, imm: u32): v128 { return i32x4.dot_i16x8_s(a, b); } }
/** Unsigned bytes of a by signed bytes of b, neighbours added with saturation. */
class PMADDUBSW {
  apply(a: v128, b: v128, imm: u32): v128 {
    const even = i16x8.mul(v128.and(a, i16x8.splat(0xff)), i16x8.shr_s(i16x8.shl(b, 8), 8));
    const odd = i16x8.mul(i16x8.shr_u(a, 8), i16x8.shr_s(b, 8));
    return i16x8.add_sat_s(even, odd);
  }
}
class PSADBW {
  apply(a: v128, b: v128, imm: u32): v128 {
    const difference = v128.or(i8x16.sub_sat_u(a, b), i8x16.sub_sat_u(b, a));
    const sums = i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(difference));
    return i64x2.add(i64x2.shr_u(sums, 32), v128.and(sums, i64x2.splat(0xffffffff)));
  }
}

/** The least word and its index (SDM vol. 2, "PHMINPOSUW"). */
class PHMINPOSUW {
  apply(a: v128, b: v128, imm: u32): v128 {
    let low = <u64>i64x2.extract_lane(b, 0);
    let high = <u64>i64x2.extract_lane(b, 1);
    let least: u64 = 0xffff;
    let place: u64 = 0;
    for (let i: u64 = 0; i < 8; i++) {
      const word = i < 4 ? low & 0xffff : high & 0xffff;
      if (i < 4) low >>= 16;
      else high >>= 16;
      if (word < least) {
        least = word;
        place = i;
      }
    }
    return i64x2.replace_lane(i64x2.splat(0), 0, least | (place << 16));
  }
}

/** A packed operation of SSE2, AVX and AVX2. */
function sse2<Op>(opcode: u32): void {
  packed<Op, u8>(MAP_0F, opcode, P66, FEATURE_SSE2, FEATURE_AVX2);
}

/** One of map 0F38. */
function newer<Op>(opcode: u32, feature: u32): void {
  packed<Op, u8>(MAP_0F38, opcode, P66, feature, FEATURE_AVX2);
}

function logic<Op>(opcode: u32, integerOpcode: u32): void {
  packed<Op, u8>(MAP_0F, opcode, NP, FEATURE_SSE, FEATURE_AVX);
  packed<Op, u8>(MAP_0F, opcode, P66, FEATURE_SSE2, FEATURE_AVX);
  sse2<Op>(integerOpcode);
}

function registerSse2(): void {
  sse2<PADDB>(0xfc);
  sse2<PADDW>(0xfd);
  sse2<PADDD>(0xfe);
  sse2<PADDQ>(0xd4);
  sse2<PADDSB>(0xec);
  sse2<PADDSW>(0xed);
  sse2<PADDUSB>(0xdc);
  sse2<PADDUSW>(0xdd);
  sse2<PSUBB>(0xf8);
  sse2<PSUBW>(0xf9);
  sse2<PSUBD>(0xfa);
  sse2<PSUBQ>(0xfb);
  sse2<PSUBSB>(0xe8);
  sse2<PSUBSW>(0xe9);
  sse2<PSUBUSB>(0xd8);
  sse2<PSUBUSW>(0xd9);
  sse2<PMINUB>(0xda);
  sse2<PMINSW>(0xea);
  sse2<PMAXUB>(0xde);
  sse2<PMAXSW>(0xee);
  sse2<PAVGB>(0xe0);
  sse2<PAVGW>(0xe3);
  sse2<PCMPGTB>(0x64);
  sse2<PCMPGTW>(0x65);
  sse2<PCMPGTD>(0x66);
  sse2<PCMPEQB>(0x74);
  sse2<PCMPEQW>(0x75);
  sse2<PCMPEQD>(0x76);
  sse2<PACKSSWB>(0x63);
  sse2<PACKUSWB>(0x67);
  sse2<PACKSSDW>(0x6b);
  sse2<PMULLW>(0xd5);
  sse2<PMULHUW>(0xe4);
  sse2<PMULHW>(0xe5);
  sse2<PMULUDQ>(0xf4);
  sse2<PMADDWD>(0xf5);
  sse2<PSADBW>(0xf6);
  logic<AND>(0x54, 0xdb);
  logic<ANDN>(0x55, 0xdf);
  logic<OR>(0x56, 0xeb);
  logic<XOR>(0x57, 0xef);
}

export function registerVectorInteger(): void {
  registerSse2();
  newer<PHADDW>(0x01, FEATURE_SSSE3);
  newer<PHADDD>(0x02, FEATURE_SSSE3);
  newer<PHADDSW>(0x03, FEATURE_SSSE3);
  newer<PMADDUBSW>(0x04, FEATURE_SSSE3);
  newer<PHSUBW>(0x05, FEATURE_SSSE3);
  newer<PHSUBD>(0x06, FEATURE_SSSE3);
  newer<PHSUBSW>(0x07, FEATURE_SSSE3);
  newer<PSIGNB>(0x08, FEATURE_SSSE3);
  newer<PSIGNW>(0x09, FEATURE_SSSE3);
  newer<PSIGND>(0x0a, FEATURE_SSSE3);
  newer<PMULHRSW>(0x0b, FEATURE_SSSE3);
  newer<PMULDQ>(0x28, FEATURE_SSE4_1);
  newer<PCMPEQQ>(0x29, FEATURE_SSE4_1);
  newer<PACKUSDW>(0x2b, FEATURE_SSE4_1);
  newer<PCMPGTQ>(0x37, FEATURE_SSE4_2);
  newer<PMINSB>(0x38, FEATURE_SSE4_1);
  newer<PMINSD>(0x39, FEATURE_SSE4_1);
  newer<PMINUW>(0x3a, FEATURE_SSE4_1);
  newer<PMINUD>(0x3b, FEATURE_SSE4_1);
  newer<PMAXSB>(0x3c, FEATURE_SSE4_1);
  newer<PMAXSD>(0x3d, FEATURE_SSE4_1);
  newer<PMAXUW>(0x3e, FEATURE_SSE4_1);
  newer<PMAXUD>(0x3f, FEATURE_SSE4_1);
  newer<PMULLD>(0x40, FEATURE_SSE4_1);
  packed<PABSB, u8>(MAP_0F38, 0x1c, P66, FEATURE_SSSE3, FEATURE_AVX2, 0, OP_NO_VVVV);
  packed<PABSW, u8>(MAP_0F38, 0x1d, P66, FEATURE_SSSE3, FEATURE_AVX2, 0, OP_NO_VVVV);
  packed<PABSD, u8>(MAP_0F38, 0x1e, P66, FEATURE_SSSE3, FEATURE_AVX2, 0, OP_NO_VVVV);
  packed<PHMINPOSUW, u8>(MAP_0F38, 0x41, P66, FEATURE_SSE4_1, 0, 0, OP_NO_VVVV);
}
