// ROUND to integral values, RCP and RSQRT approximations, DPPS and DPPD, MPSADBW.
import { FEATURE_AVX, FEATURE_AVX2, FEATURE_SSE, FEATURE_SSE4_1 } from '../../cpu-features';
import { INEXACT, INVALID } from '../fpu/rounding';
import { MAP_0F, MAP_0F3A, OP_IMM8, OP_NO_VVVV } from '../opcode-table';
import { toIntegral } from './convert';
import { lanes, noteAfter, noteBefore, rounding, stageFails } from './mxcsr';
import { legacyPacked, NP, P66, packed, PF3, scalar, vexEntry, vexPackedImm } from './shapes';
import { flushed, isNan, isSignaling, quietBitOf, SOFT_ADD, SOFT_MUL, softBinary } from './soft-float';

/** Bits 1:0 of the control are the mode, bit 2 takes MXCSR's instead, bit 3 keeps inexact quiet. */
function roundElement<E>(bits: u64, imm: u32): u64 {
  const x = flushed<E>(bits);
  if (isNan<E>(x)) {
    if (isSignaling<E>(x)) noteBefore(INVALID);
    return x | quietBitOf<E>();
  }
  const mode = imm & 4 ? rounding() : <i32>(imm & 3);
  const value: f64 = sizeof<E>() == 8 ? reinterpret<f64>(x) : <f64>reinterpret<f32>(<u32>x);
  const integral = toIntegral(value, mode);
  if (integral != value && !(imm & 8)) noteAfter(INEXACT);
  return sizeof<E>() == 8 ? reinterpret<u64>(integral) : reinterpret<u32>(<f32>integral);
}

class Round<E> {
  apply(a: v128, b: v128, imm: u32): v128 {
    const at = lanes;
    store<v128>(at, b);
    for (let i: usize = 0; i < 16; i += sizeof<E>()) {
      if (sizeof<E>() == 4) store<u32>(at + i, <u32>roundElement<E>(load<u32>(at + i), imm));
      else store<u64>(at + i, roundElement<E>(load<u64>(at + i), imm));
    }
    return load<v128>(at);
  }
}

class RoundScalar<E> {
  apply(a: v128, b: v128, imm: u32): v128 {
    if (sizeof<E>() == 4) return i32x4.replace_lane(a, 0, <i32>roundElement<E>(<u32>i32x4.extract_lane(b, 0), imm));
    return i64x2.replace_lane(a, 0, roundElement<E>(i64x2.extract_lane(b, 0), imm));
  }
}

/**
 * Vendors' tables differ; here an approximation is the exact value rounded to twelve significant bits, well inside the
 * promised 1.5 x 2^-12. MXCSR plays no part; denormals count as zeros, tiny results are zero (SDM vol. 2, "RCPPS").
 */
function approximate(bits: u32, isRoot: bool): u32 {
  const sign = bits & 0x80000000;
  const m = bits & 0x7fffffff;
  if (m > 0x7f800000) return bits | 0x00400000;
  if (m < 0x00800000) return sign | 0x7f800000;
  if (isRoot && sign) return 0xffc00000;
  if (m == 0x7f800000) return sign;
  const x = <f64>reinterpret<f32>(bits);
  const exact = reinterpret<u32>(<f32>(isRoot ? 1 / sqrt<f64>(x) : 1 / x));
  const rounded = (exact + 0x800) & 0xfffff000;
  return (rounded & 0x7fffffff) < 0x00800000 ? sign : rounded;
}

class Approximation<Root> {
  apply(a: v128, b: v128, imm: u32): v128 {
    const isRoot = sizeof<Root>() == 1;
    let result = i32x4.splat(approximate(i32x4.extract_lane(b, 0), isRoot));
    result = i32x4.replace_lane(result, 1, approximate(i32x4.extract_lane(b, 1), isRoot));
    result = i32x4.replace_lane(result, 2, approximate(i32x4.extract_lane(b, 2), isRoot));
    return i32x4.replace_lane(result, 3, approximate(i32x4.extract_lane(b, 3), isRoot));
  }
}

class ApproximationScalar<Root> {
  apply(a: v128, b: v128, imm: u32): v128 {
    return i32x4.replace_lane(a, 0, approximate(i32x4.extract_lane(b, 0), sizeof<Root>() == 1));
  }
}

/**
 * Products selected by imm[7:4], added pairwise, (0 + 1) + (2 + 3), given to the elements selected by imm[3:0]. Which of
 * several NaNs is given depends on the element, as if each lane added its neighbour's product first.
 */
class DPPS {
  apply(a: v128, b: v128, imm: u32): v128 {
    const p0 = selectedProduct(i32x4.extract_lane(a, 0), i32x4.extract_lane(b, 0), imm & 16);
    const p1 = selectedProduct(i32x4.extract_lane(a, 1), i32x4.extract_lane(b, 1), imm & 32);
    const p2 = selectedProduct(i32x4.extract_lane(a, 2), i32x4.extract_lane(b, 2), imm & 64);
    const p3 = selectedProduct(i32x4.extract_lane(a, 3), i32x4.extract_lane(b, 3), imm & 128);
    if (stageFails()) return a;
    const s0 = <u32>softBinary<f32>(SOFT_ADD, p1, p0);
    const s2 = <u32>softBinary<f32>(SOFT_ADD, p3, p2);
    if (stageFails()) return a;
    let sums = i32x4.splat(<u32>softBinary<f32>(SOFT_ADD, s0, s2));
    if (isNan<f32>(<u64>i32x4.extract_lane(sums, 0))) {
      const s1 = <u32>softBinary<f32>(SOFT_ADD, p0, p1);
      const s3 = <u32>softBinary<f32>(SOFT_ADD, p2, p3);
      sums = i32x4.replace_lane(sums, 1, <u32>softBinary<f32>(SOFT_ADD, s1, s3));
      sums = i32x4.replace_lane(sums, 2, <u32>softBinary<f32>(SOFT_ADD, s2, s0));
      sums = i32x4.replace_lane(sums, 3, <u32>softBinary<f32>(SOFT_ADD, s3, s1));
    }
    const places = i32x4(1, 2, 4, 8);
    return v128.and(sums, i32x4.eq(v128.and(i32x4.splat(imm), places), places));
  }
}

function selectedProduct(a: u32, b: u32, selected: u32): u64 {
  return selected ? softBinary<f32>(SOFT_MUL, a, b) : 0;
}

class DPPD {
  apply(a: v128, b: v128, imm: u32): v128 {
    const p0 = imm & 16 ? softBinary<f64>(SOFT_MUL, i64x2.extract_lane(a, 0), i64x2.extract_lane(b, 0)) : 0;
    const p1 = imm & 32 ? softBinary<f64>(SOFT_MUL, i64x2.extract_lane(a, 1), i64x2.extract_lane(b, 1)) : 0;
    if (stageFails()) return a;
    const low = imm & 1 ? softBinary<f64>(SOFT_ADD, p0, p1) : 0;
    const high = imm & 2 ? softBinary<f64>(SOFT_ADD, p1, p0) : 0;
    if (!(imm & 3)) softBinary<f64>(SOFT_ADD, p0, p1);
    return i64x2.replace_lane(i64x2.splat(low), 1, high);
  }
}

/** Eight sums of four absolute differences; imm[2] and imm[1:0] place the blocks of a and b. */
class MPSADBW {
  high(imm: u32): u32 { return imm >> 3; }
  apply(a: v128, b: v128, imm: u32): v128 {
    const indices = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const from = i8x16.swizzle(a, i8x16.add(indices, i8x16.splat(imm & 4 ? 4 : 0)));
    const block = i8x16.swizzle(b, i32x4.splat((imm & 3) * 0x04040404 + 0x03020100));
    let sums = i64x2.splat(0);
    sums = i16x8.add(sums, differences(from, i8x16.shuffle(block, block, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)));
    const from1 = i8x16.swizzle(from, i8x16.add(indices, i8x16.splat(1)));
    sums = i16x8.add(sums, differences(from1, i8x16.shuffle(block, block, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)));
    const from2 = i8x16.swizzle(from, i8x16.add(indices, i8x16.splat(2)));
    sums = i16x8.add(sums, differences(from2, i8x16.shuffle(block, block, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2)));
    const from3 = i8x16.swizzle(from, i8x16.add(indices, i8x16.splat(3)));
    return i16x8.add(sums, differences(from3, i8x16.shuffle(block, block, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3)));
  }
}

/** Absolute differences of the low eight bytes as words. */
function differences(x: v128, y: v128): v128 {
  return i16x8.extend_low_i8x16_u(v128.or(i8x16.sub_sat_u(x, y), i8x16.sub_sat_u(y, x)));
}

export function registerRound(): void {
  packed<Round<f32>, f32>(MAP_0F3A, 0x08, P66, FEATURE_SSE4_1, FEATURE_AVX, OP_IMM8, OP_NO_VVVV);
  packed<Round<f64>, f64>(MAP_0F3A, 0x09, P66, FEATURE_SSE4_1, FEATURE_AVX, OP_IMM8, OP_NO_VVVV);
  scalar<RoundScalar<f32>, f32>(MAP_0F3A, 0x0a, P66, FEATURE_SSE4_1, OP_IMM8);
  scalar<RoundScalar<f64>, f64>(MAP_0F3A, 0x0b, P66, FEATURE_SSE4_1, OP_IMM8);
  packed<Approximation<u8>, u8>(MAP_0F, 0x52, NP, FEATURE_SSE, FEATURE_AVX, 0, OP_NO_VVVV);
  packed<Approximation<u16>, u8>(MAP_0F, 0x53, NP, FEATURE_SSE, FEATURE_AVX, 0, OP_NO_VVVV);
  scalar<ApproximationScalar<u8>, u32>(MAP_0F, 0x52, PF3, FEATURE_SSE);
  scalar<ApproximationScalar<u16>, u32>(MAP_0F, 0x53, PF3, FEATURE_SSE);
  packed<DPPS, f32>(MAP_0F3A, 0x40, P66, FEATURE_SSE4_1, FEATURE_AVX, OP_IMM8);
  packed<DPPD, f64>(MAP_0F3A, 0x41, P66, FEATURE_SSE4_1, 0, OP_IMM8);
  legacyPacked<MPSADBW, u8>(MAP_0F3A, 0x42, P66, OP_IMM8, FEATURE_SSE4_1);
  vexPackedImm<MPSADBW>(vexEntry(MAP_0F3A, 0x42, P66), 0, FEATURE_AVX, FEATURE_AVX2);
}
