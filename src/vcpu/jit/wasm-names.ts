/** Names of WebAssembly's instructions by opcode (core specification 3.0, 7.10; threads proposal for the atomic ones). */

const COMPARE_INTEGERS = 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u';
const COMPARE_FLOATS = 'eq ne lt gt le ge';
const INTEGERS = 'clz ctz popcnt add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr';
const FLOATS = 'abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign';
const WIDE_COMPARE = 'eq ne lt_s gt_s le_s ge_s';
const WIDE_FLOATS = 'abs neg - sqrt add sub mul div min max pmin pmax';
const SHIFTS = 'shl shr_s shr_u';

/** Runs of names: opcode of the first, what stands before each, the names; `-` where there is none. */
type Runs = readonly (readonly [first: number, prefix: string, names: string])[];

function tableOf(runs: Runs): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const [first, prefix, words] of runs) {
    words.split(' ').forEach((word, i) => {
      if (word !== '-') names.set(first + i, prefix + word);
    });
  }
  return names;
}

export const PLAIN_NAMES = tableOf([
  [0x00, '', 'unreachable nop block loop if else'],
  [0x0b, '', 'end br br_if br_table return call call_indirect return_call return_call_indirect'],
  [0x1a, '', 'drop select'],
  [0x20, '', 'local.get local.set local.tee global.get global.set'],
  [0x28, '', 'i32.load i64.load f32.load f64.load'],
  [0x2c, 'i32.load', '8_s 8_u 16_s 16_u'],
  [0x30, 'i64.load', '8_s 8_u 16_s 16_u 32_s 32_u'],
  [0x36, '', 'i32.store i64.store f32.store f64.store i32.store8 i32.store16'],
  [0x3c, 'i64.store', '8 16 32'],
  [0x3f, 'memory.', 'size grow'],
  [0x41, '', 'i32.const i64.const f32.const f64.const'],
  [0x45, 'i32.', `eqz ${COMPARE_INTEGERS}`],
  [0x50, 'i64.', `eqz ${COMPARE_INTEGERS}`],
  [0x5b, 'f32.', COMPARE_FLOATS],
  [0x61, 'f64.', COMPARE_FLOATS],
  [0x67, 'i32.', INTEGERS],
  [0x79, 'i64.', INTEGERS],
  [0x8b, 'f32.', FLOATS],
  [0x99, 'f64.', FLOATS],
  [0xa7, 'i32.', 'wrap_i64 trunc_f32_s trunc_f32_u trunc_f64_s trunc_f64_u'],
  [0xac, 'i64.', 'extend_i32_s extend_i32_u trunc_f32_s trunc_f32_u trunc_f64_s trunc_f64_u'],
  [0xb2, 'f32.', 'convert_i32_s convert_i32_u convert_i64_s convert_i64_u demote_f64'],
  [0xb7, 'f64.', 'convert_i32_s convert_i32_u convert_i64_s convert_i64_u promote_f32'],
  [0xbc, '', 'i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64'],
  [0xc0, '', 'i32.extend8_s i32.extend16_s i64.extend8_s i64.extend16_s i64.extend32_s'],
]);

/** After FCH. */
export const MISCELLANEOUS_NAMES = tableOf([
  [0, 'i32.trunc_sat_', 'f32_s f32_u f64_s f64_u'],
  [4, 'i64.trunc_sat_', 'f32_s f32_u f64_s f64_u'],
]);

/** After FDH. */
export const VECTOR_NAMES = tableOf([
  [0x00, 'v128.load', ' 8x8_s 8x8_u 16x4_s 16x4_u 32x2_s 32x2_u 8_splat 16_splat 32_splat 64_splat'],
  [0x0b, '', 'v128.store v128.const i8x16.shuffle i8x16.swizzle'],
  [0x0f, '', 'i8x16.splat i16x8.splat i32x4.splat i64x2.splat f32x4.splat f64x2.splat'],
  [0x15, 'i8x16.', 'extract_lane_s extract_lane_u replace_lane'],
  [0x18, 'i16x8.', 'extract_lane_s extract_lane_u replace_lane'],
  [0x1b, 'i32x4.', 'extract_lane replace_lane'],
  [0x1d, 'i64x2.', 'extract_lane replace_lane'],
  [0x1f, 'f32x4.', 'extract_lane replace_lane'],
  [0x21, 'f64x2.', 'extract_lane replace_lane'],
  [0x23, 'i8x16.', COMPARE_INTEGERS],
  [0x2d, 'i16x8.', COMPARE_INTEGERS],
  [0x37, 'i32x4.', COMPARE_INTEGERS],
  [0x41, 'f32x4.', COMPARE_FLOATS],
  [0x47, 'f64x2.', COMPARE_FLOATS],
  [0x4d, 'v128.', 'not and andnot or xor bitselect any_true'],
  [0x54, 'v128.', 'load8_lane load16_lane load32_lane load64_lane'],
  [0x58, 'v128.', 'store8_lane store16_lane store32_lane store64_lane load32_zero load64_zero'],
  [0x5e, '', 'f32x4.demote_f64x2_zero f64x2.promote_low_f32x4'],
  [0x60, 'i8x16.', 'abs neg popcnt all_true bitmask narrow_i16x8_s narrow_i16x8_u'],
  [0x67, 'f32x4.', 'ceil floor trunc nearest'],
  [0x6b, 'i8x16.', `${SHIFTS} add add_sat_s add_sat_u sub sub_sat_s sub_sat_u`],
  [0x74, 'f64x2.', 'ceil floor'],
  [0x76, 'i8x16.', 'min_s min_u max_s max_u'],
  [0x7a, '', 'f64x2.trunc i8x16.avgr_u'],
  [0x7c, 'i16x8.', 'extadd_pairwise_i8x16_s extadd_pairwise_i8x16_u'],
  [0x7e, 'i32x4.', 'extadd_pairwise_i16x8_s extadd_pairwise_i16x8_u'],
  [0x80, 'i16x8.', 'abs neg q15mulr_sat_s all_true bitmask narrow_i32x4_s narrow_i32x4_u'],
  [0x87, 'i16x8.extend_', 'low_i8x16_s high_i8x16_s low_i8x16_u high_i8x16_u'],
  [0x8b, 'i16x8.', `${SHIFTS} add add_sat_s add_sat_u sub sub_sat_s sub_sat_u`],
  [0x94, '', 'f64x2.nearest i16x8.mul i16x8.min_s i16x8.min_u i16x8.max_s i16x8.max_u - i16x8.avgr_u'],
  [0x9c, 'i16x8.extmul_', 'low_i8x16_s high_i8x16_s low_i8x16_u high_i8x16_u'],
  [0xa0, 'i32x4.', 'abs neg - all_true bitmask'],
  [0xa7, 'i32x4.extend_', 'low_i16x8_s high_i16x8_s low_i16x8_u high_i16x8_u'],
  [0xab, 'i32x4.', `${SHIFTS} add - - sub - - - mul min_s min_u max_s max_u dot_i16x8_s`],
  [0xbc, 'i32x4.extmul_', 'low_i16x8_s high_i16x8_s low_i16x8_u high_i16x8_u'],
  [0xc0, 'i64x2.', 'abs neg - all_true bitmask'],
  [0xc7, 'i64x2.extend_', 'low_i32x4_s high_i32x4_s low_i32x4_u high_i32x4_u'],
  [0xcb, 'i64x2.', `${SHIFTS} add - - sub - - - mul ${WIDE_COMPARE}`],
  [0xdc, 'i64x2.extmul_', 'low_i32x4_s high_i32x4_s low_i32x4_u high_i32x4_u'],
  [0xe0, 'f32x4.', WIDE_FLOATS],
  [0xec, 'f64x2.', WIDE_FLOATS],
  [0xf8, '', 'i32x4.trunc_sat_f32x4_s i32x4.trunc_sat_f32x4_u f32x4.convert_i32x4_s f32x4.convert_i32x4_u'],
  [0xfc, 'i32x4.trunc_sat_f64x2_', 's_zero u_zero'],
  [0xfe, 'f64x2.convert_low_i32x4_', 's u'],
]);

function atomicOperation(first: number, operation: string): Runs[number] {
  const names = ['i32.atomic.rmw', 'i64.atomic.rmw'].map((name) => `${name}.${operation}`);
  const narrow = [
    'i32.atomic.rmw8',
    'i32.atomic.rmw16',
    'i64.atomic.rmw8',
    'i64.atomic.rmw16',
    'i64.atomic.rmw32',
  ];
  return [first, '', [...names, ...narrow.map((name) => `${name}.${operation}_u`)].join(' ')];
}

/** After FEH. */
export const ATOMIC_NAMES = tableOf([
  [0x00, '', 'memory.atomic.notify memory.atomic.wait32 memory.atomic.wait64 atomic.fence'],
  [0x10, '', 'i32.atomic.load i64.atomic.load i32.atomic.load8_u i32.atomic.load16_u'],
  [0x14, 'i64.atomic.load', '8_u 16_u 32_u'],
  [0x17, '', 'i32.atomic.store i64.atomic.store i32.atomic.store8 i32.atomic.store16'],
  [0x1b, 'i64.atomic.store', '8 16 32'],
  atomicOperation(0x1e, 'add'),
  atomicOperation(0x25, 'sub'),
  atomicOperation(0x2c, 'and'),
  atomicOperation(0x33, 'or'),
  atomicOperation(0x3a, 'xor'),
  atomicOperation(0x41, 'xchg'),
  atomicOperation(0x48, 'cmpxchg'),
]);
