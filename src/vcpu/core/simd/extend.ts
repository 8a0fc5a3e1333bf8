// PMOVSX and PMOVZX: elements widened from the low part of the source.
import { FEATURE_AVX, FEATURE_AVX2, FEATURE_SSE4_1 } from '../../cpu-features';
import { byL, MAP_0F38, OP_NO_VVVV } from '../opcode-table';
import { next } from '../state';
import { elementSource, put128, put256, regVector } from './operands';
import { defineLegacy, defineVex, legacyEntry, P66, vexEntry } from './shapes';

// low() widens the elements at the start of x, high() those that follow.
class BW {
  low(x: v128): v128 { return i16x8.extend_low_i8x16_s(x); }
  high(x: v128): v128 { return i16x8.extend_high_i8x16_s(x); }
}
class BWZ {
  low(x: v128): v128 { return i16x8.extend_low_i8x16_u(x); }
  high(x: v128): v128 { return i16x8.extend_high_i8x16_u(x); }
}
class WD {
  low(x: v128): v128 { return i32x4.extend_low_i16x8_s(x); }
  high(x: v128): v128 { return i32x4.extend_high_i16x8_s(x); }
}
class WDZ {
  low(x: v128): v128 { return i32x4.extend_low_i16x8_u(x); }
  high(x: v128): v128 { return i32x4.extend_high_i16x8_u(x); }
}
class DQ {
  low(x: v128): v128 { return i64x2.extend_low_i32x4_s(x); }
  high(x: v128): v128 { return i64x2.extend_high_i32x4_s(x); }
}
class DQZ {
  low(x: v128): v128 { return i64x2.extend_low_i32x4_u(x); }
  high(x: v128): v128 { return i64x2.extend_high_i32x4_u(x); }
}
class BD {
  low(x: v128): v128 { return i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(x)); }
  high(x: v128): v128 { return i32x4.extend_high_i16x8_s(i16x8.extend_low_i8x16_s(x)); }
}
class BDZ {
  low(x: v128): v128 { return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(x)); }
  high(x: v128): v128 { return i32x4.extend_high_i16x8_u(i16x8.extend_low_i8x16_u(x)); }
}
class WQ {
  low(x: v128): v128 { return i64x2.extend_low_i32x4_s(i32x4.extend_low_i16x8_s(x)); }
  high(x: v128): v128 { return i64x2.extend_high_i32x4_s(i32x4.extend_low_i16x8_s(x)); }
}
class WQZ {
  low(x: v128): v128 { return i64x2.extend_low_i32x4_u(i32x4.extend_low_i16x8_u(x)); }
  high(x: v128): v128 { return i64x2.extend_high_i32x4_u(i32x4.extend_low_i16x8_u(x)); }
}
class BQ {
  low(x: v128): v128 { return i64x2.extend_low_i32x4_s(i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(x))); }
  high(x: v128): v128 { return i64x2.extend_high_i32x4_s(i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(x))); }
}
class BQZ {
  low(x: v128): v128 { return i64x2.extend_low_i32x4_u(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(x))); }
  high(x: v128): v128 { return i64x2.extend_high_i32x4_u(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(x))); }
}

function extend<Op, Half>(cpu: usize, record: usize): usize {
  store<v128>(regVector(cpu, record), changetype<Op>(0).low(elementSource<Half>(cpu, record)));
  return next(record);
}

function extendVex<Op, Half>(cpu: usize, record: usize): usize {
  put128(regVector(cpu, record), changetype<Op>(0).low(elementSource<Half>(cpu, record)));
  return next(record);
}

function extendVex256<Op, Whole>(cpu: usize, record: usize): usize {
  const x = elementSource<Whole>(cpu, record);
  put256(regVector(cpu, record), changetype<Op>(0).low(x), changetype<Op>(0).high(x));
  return next(record);
}

/** Half and Whole are as wide as the memory operands of the 128- and 256-bit forms. */
function widening<Signed, Unsigned, Half, Whole>(opcode: u32): void {
  wideningOne<Signed, Half, Whole>(0x20 + opcode);
  wideningOne<Unsigned, Half, Whole>(0x30 + opcode);
}

function wideningOne<Op, Half, Whole>(opcode: u32): void {
  const legacy = legacyEntry(MAP_0F38, opcode, P66);
  defineLegacy(legacy, 0, FEATURE_SSE4_1, (c: usize, r: usize): usize => extend<Op, Half>(c, r));
  const vex = vexEntry(MAP_0F38, opcode, P66);
  defineVex(byL(vex, 0), OP_NO_VVVV, FEATURE_AVX, (c: usize, r: usize): usize => extendVex<Op, Half>(c, r));
  defineVex(byL(vex, 1), OP_NO_VVVV, FEATURE_AVX2, (c: usize, r: usize): usize => extendVex256<Op, Whole>(c, r));
}

export function registerExtend(): void {
  widening<BW, BWZ, u64, v128>(0);
  widening<BD, BDZ, u32, u64>(1);
  widening<BQ, BQZ, u16, u32>(2);
  widening<WD, WDZ, u64, v128>(3);
  widening<WQ, WQZ, u32, u64>(4);
  widening<DQ, DQZ, u64, v128>(5);
}
