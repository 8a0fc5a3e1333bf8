/**
 * What the two-operand MMX instructions compute, by opcode (Intel SDM vol. 2). WebAssembly's 128-bit vectors do the
 * work on their low half.
 */

/** A 64-bit value in the low half of a vector. */
function wide(value: u64): v128 {
  return i64x2.replace_lane(i64x2.splat(0), 0, value);
}

function low(value: v128): u64 {
  return i64x2.extract_lane(value, 0);
}

/** 0F xx: destination a, source b. */
export function mmx0f(opcode: u32, a: u64, b: u64): u64 {
  if (opcode < 0x70) return unpackOrPack(opcode, a, b);
  if (opcode < 0xd8) return compareOrShift(opcode, a, b);
  if (opcode < 0xe8) return middleRow(opcode, a, b);
  return lastRows(opcode, a, b);
}

/** 60 to 6B: unpacking, packing with saturation, comparison for greater. */
function unpackOrPack(opcode: u32, a: u64, b: u64): u64 {
  const x = wide(a);
  const y = wide(b);
  switch (opcode) {
    case 0x60:
      return low(i8x16.shuffle(x, y, 0, 16, 1, 17, 2, 18, 3, 19, 0, 0, 0, 0, 0, 0, 0, 0));
    case 0x61:
      return low(i16x8.shuffle(x, y, 0, 8, 1, 9, 0, 0, 0, 0));
    case 0x62:
      return (a & 0xffffffff) | (b << 32);
    case 0x63:
      return low(i8x16.narrow_i16x8_s(i64x2.replace_lane(x, 1, b), x));
    case 0x64:
      return low(i8x16.gt_s(x, y));
    case 0x65:
      return low(i16x8.gt_s(x, y));
    case 0x66:
      return low(i32x4.gt_s(x, y));
    case 0x67:
      return low(i8x16.narrow_i16x8_u(i64x2.replace_lane(x, 1, b), x));
    case 0x68:
      return low(i8x16.shuffle(x, y, 4, 20, 5, 21, 6, 22, 7, 23, 0, 0, 0, 0, 0, 0, 0, 0));
    case 0x69:
      return low(i16x8.shuffle(x, y, 2, 10, 3, 11, 0, 0, 0, 0));
    case 0x6a:
      return (a >> 32) | (b & 0xffffffff00000000);
    default:
      return low(i16x8.narrow_i32x4_s(i64x2.replace_lane(x, 1, b), x));
  }
}

/** 74 to 76 and D1 to D5: comparison for equality, logical right shifts by a count operand, PADDQ, PMULLW. */
function compareOrShift(opcode: u32, a: u64, b: u64): u64 {
  switch (opcode) {
    case 0x74:
      return low(i8x16.eq(wide(a), wide(b)));
    case 0x75:
      return low(i16x8.eq(wide(a), wide(b)));
    case 0x76:
      return low(i32x4.eq(wide(a), wide(b)));
    case 0xd1:
    case 0xd2:
    case 0xd3:
      return shiftRight(16 << (opcode - 0xd1), a, b);
    case 0xd4:
      return a + b;
    default:
      return low(i16x8.mul(wide(a), wide(b)));
  }
}

/** D8 to E5: unsigned saturation, minimum and maximum of bytes, averages, arithmetic shifts, high products. */
function middleRow(opcode: u32, a: u64, b: u64): u64 {
  const x = wide(a);
  const y = wide(b);
  switch (opcode) {
    case 0xd8:
      return low(i8x16.sub_sat_u(x, y));
    case 0xd9:
      return low(i16x8.sub_sat_u(x, y));
    case 0xda:
      return low(i8x16.min_u(x, y));
    case 0xdb:
      return a & b;
    case 0xdc:
      return low(i8x16.add_sat_u(x, y));
    case 0xdd:
      return low(i16x8.add_sat_u(x, y));
    case 0xde:
      return low(i8x16.max_u(x, y));
    case 0xdf:
      return ~a & b;
    case 0xe0:
      return low(i8x16.avgr_u(x, y));
    case 0xe1:
      return shiftRightArithmetic(16, a, b);
    case 0xe2:
      return shiftRightArithmetic(32, a, b);
    case 0xe3:
      return low(i16x8.avgr_u(x, y));
    case 0xe4:
      return highHalves(i32x4.extmul_low_i16x8_u(x, y));
    default:
      return highHalves(i32x4.extmul_low_i16x8_s(x, y));
  }
}

/** E8 to FE: signed saturation, logic, left shifts, wide products, plain addition and subtraction. */
function lastRows(opcode: u32, a: u64, b: u64): u64 {
  const x = wide(a);
  const y = wide(b);
  switch (opcode) {
    case 0xe8:
      return low(i8x16.sub_sat_s(x, y));
    case 0xe9:
      return low(i16x8.sub_sat_s(x, y));
    case 0xea:
      return low(i16x8.min_s(x, y));
    case 0xeb:
      return a | b;
    case 0xec:
      return low(i8x16.add_sat_s(x, y));
    case 0xed:
      return low(i16x8.add_sat_s(x, y));
    case 0xee:
      return low(i16x8.max_s(x, y));
    case 0xef:
      return a ^ b;
    case 0xf1:
    case 0xf2:
    case 0xf3:
      return shiftLeft(16 << (opcode - 0xf1), a, b);
    case 0xf4:
      return (a & 0xffffffff) * (b & 0xffffffff);
    case 0xf5:
      return low(i32x4.dot_i16x8_s(x, y));
    case 0xf6:
      return absoluteDifferences(x, y);
    case 0xf8:
      return low(i8x16.sub(x, y));
    case 0xf9:
      return low(i16x8.sub(x, y));
    case 0xfa:
      return low(i32x4.sub(x, y));
    case 0xfb:
      return a - b;
    case 0xfc:
      return low(i8x16.add(x, y));
    case 0xfd:
      return low(i16x8.add(x, y));
    default:
      return low(i32x4.add(x, y));
  }
}

/** The upper halves of four 32-bit products. */
function highHalves(products: v128): u64 {
  return low(i16x8.shuffle(products, products, 1, 3, 5, 7, 0, 0, 0, 0));
}

/** PSADBW: the sum of the absolute differences of unsigned bytes. */
function absoluteDifferences(x: v128, y: v128): u64 {
  const differences = v128.or(i8x16.sub_sat_u(x, y), i8x16.sub_sat_u(y, x));
  const sums = i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(differences));
  return u64(i32x4.extract_lane(sums, 0) + i32x4.extract_lane(sums, 1));
}

/** Logical left shift of elements of `width` bits; a count beyond the width gives zero. */
export function shiftLeft(width: u32, a: u64, count: u64): u64 {
  if (count >= u64(width)) return 0;
  if (width == 16) return low(i16x8.shl(wide(a), i32(count)));
  if (width == 32) return low(i32x4.shl(wide(a), i32(count)));
  return a << count;
}

/** Logical right shift of elements of `width` bits. */
export function shiftRight(width: u32, a: u64, count: u64): u64 {
  if (count >= u64(width)) return 0;
  if (width == 16) return low(i16x8.shr_u(wide(a), i32(count)));
  if (width == 32) return low(i32x4.shr_u(wide(a), i32(count)));
  return a >> count;
}

/** Arithmetic right shift of elements of 16 or 32 bits; a count beyond the width leaves copies of the sign. */
export function shiftRightArithmetic(width: u32, a: u64, count: u64): u64 {
  const limited = i32(count >= u64(width) ? u64(width - 1) : count);
  return width == 16 ? low(i16x8.shr_s(wide(a), limited)) : low(i32x4.shr_s(wide(a), limited));
}

/** 0F 38 xx: the SSSE3 operations. */
export function mmx0f38(opcode: u32, a: u64, b: u64): u64 {
  const x = wide(a);
  const y = wide(b);
  // a's words, then b's, to be added or subtracted in pairs.
  const both = i64x2.replace_lane(x, 1, b);
  switch (opcode) {
    case 0x00:
      // An index with bit 7 set must give zero, and only three bits of the others count.
      return low(i8x16.swizzle(x, v128.and(y, i8x16.splat(i8(0x87)))));
    case 0x01:
      return low(i16x8.add(evenWords(both), oddWords(both)));
    case 0x02:
      return (u64(u32(a) + u32(a >> 32))) | (u64(u32(b) + u32(b >> 32)) << 32);
    case 0x03:
      return low(i16x8.add_sat_s(evenWords(both), oddWords(both)));
    case 0x04:
      return multiplyAddBytes(x, y);
    case 0x05:
      return low(i16x8.sub(evenWords(both), oddWords(both)));
    case 0x06:
      return (u64(u32(a) - u32(a >> 32))) | (u64(u32(b) - u32(b >> 32)) << 32);
    case 0x07:
      return low(i16x8.sub_sat_s(evenWords(both), oddWords(both)));
    case 0x08:
      return low(bySign(x, i8x16.neg(x), i8x16.shr_s(y, 7), i8x16.eq(y, i64x2.splat(0))));
    case 0x09:
      return low(bySign(x, i16x8.neg(x), i16x8.shr_s(y, 15), i16x8.eq(y, i64x2.splat(0))));
    case 0x0a:
      return low(bySign(x, i32x4.neg(x), i32x4.shr_s(y, 31), i32x4.eq(y, i64x2.splat(0))));
    case 0x0b:
      return multiplyHighRounded(x, y);
    case 0x1c:
      return low(i8x16.abs(y));
    case 0x1d:
      return low(i16x8.abs(y));
    default:
      return low(i32x4.abs(y));
  }
}

function evenWords(value: v128): v128 {
  return i16x8.shuffle(value, value, 0, 2, 4, 6, 0, 0, 0, 0);
}

function oddWords(value: v128): v128 {
  return i16x8.shuffle(value, value, 1, 3, 5, 7, 0, 0, 0, 0);
}

/** PSIGN: x, its negation or zero, by the sign of the control elements. */
function bySign(x: v128, negated: v128, isNegative: v128, isZero: v128): v128 {
  return v128.andnot(v128.bitselect(negated, x, isNegative), isZero);
}

/** PMADDUBSW: unsigned bytes of x times signed bytes of y, neighbours added with saturation. */
function multiplyAddBytes(x: v128, y: v128): u64 {
  const products = i16x8.mul(i16x8.extend_low_i8x16_u(x), i16x8.extend_low_i8x16_s(y));
  return low(i16x8.add_sat_s(evenWords(products), oddWords(products)));
}

/** PMULHRSW: (x × y + 2^14) >> 15, where the one overflow (-1 × -1) wraps instead of saturating. */
function multiplyHighRounded(x: v128, y: v128): u64 {
  const products = i32x4.extmul_low_i16x8_s(x, y);
  const rounded = i32x4.shr_s(i32x4.add(products, i32x4.splat(0x4000)), 15);
  return low(i16x8.shuffle(rounded, rounded, 0, 2, 4, 6, 0, 0, 0, 0));
}

/** PSHUFW: four words of b by pairs of bits of the immediate. */
export function shuffleWords(b: u64, immediate: u32): u64 {
  let result: u64 = 0;
  for (let i: u32 = 0; i < 4; i++) {
    const word = (b >> (u64((immediate >> (2 * i)) & 3) << 4)) & 0xffff;
    result |= word << (u64(i) << 4);
  }
  return result;
}

/** PALIGNR: bytes immediate to immediate + 7 of a:b. */
export function alignRight(a: u64, b: u64, immediate: u32): u64 {
  if (immediate >= 16) return 0;
  const bits = u64(immediate) << 3;
  if (immediate >= 8) return a >> (bits - 64);
  return immediate == 0 ? b : (b >> bits) | (a << (64 - bits));
}

/** PMOVMSKB: the top bits of eight bytes. */
export function signMask(a: u64): u32 {
  return u32(i8x16.bitmask(wide(a)));
}
