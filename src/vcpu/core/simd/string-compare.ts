// PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM (SDM vol. 2, 4.1 "Imm8 control byte operation").
import { CPU_RAX, CPU_RCX, CPU_RDX, CPU_VECTOR, INFO_W } from '../../../memory/layout';
import { FEATURE_AVX, FEATURE_SSE4_2 } from '../../cpu-features';
import { FLAG_CF, FLAG_OF, FLAG_SF, FLAG_ZF } from '../bits';
import { setStatusFlags } from '../flags';
import { MAP_0F3A, OP_IMM8, OP_L0, OP_NO_VVVV } from '../opcode-table';
import { info, next, putGpr } from '../state';
import { lanes, begin } from './mxcsr';
import { imm8, put128, regVector, source } from './operands';
import { defineLegacy, defineVex, legacyEntry, P66, vexEntry } from './shapes';

// Aggregations, imm8[3:2].
const EQUAL_ANY: u32 = 0;
const RANGES: u32 = 1;
const EQUAL_EACH: u32 = 2;

/** Element i of the operand laid out at `at`: bytes or words, signed or not by imm8[1:0]. */
// @ts-ignore: decorator
@inline
function element(at: usize, i: u32, imm: u32): i32 {
  if (imm & 1) return imm & 2 ? <i32>load<i16>(at + (<usize>i << 1)) : <i32>load<u16>(at + (<usize>i << 1));
  return imm & 2 ? <i32>load<i8>(at + <usize>i) : <i32>load<u8>(at + <usize>i);
}

function implicitLength(at: usize, count: u32, imm: u32): u32 {
  let length: u32 = 0;
  while (length < count && element(at, length, imm)) length++;
  return length;
}

/** The magnitude of EAX or EDX (RAX, RDX with W), at most the count of elements. */
function explicitLength(cpu: usize, record: usize, register: usize, count: u32): u32 {
  const value: i64 = info(record) & INFO_W ? load<i64>(cpu + register) : <i64>load<i32>(cpu + register);
  const size: u64 = value < 0 ? <u64>-value : <u64>value;
  return size > count ? count : <u32>size;
}

/** Whether element j of the second operand matches under the aggregation. */
function matches(a: usize, lengthA: u32, b: usize, lengthB: u32, j: u32, count: u32, imm: u32): bool {
  const aggregation = (imm >> 2) & 3;
  if (aggregation == EQUAL_EACH) {
    if (j >= lengthA || j >= lengthB) return j >= lengthA && j >= lengthB;
    return element(a, j, imm) == element(b, j, imm);
  }
  if (aggregation == EQUAL_ANY) {
    if (j >= lengthB) return false;
    for (let i: u32 = 0; i < lengthA; i++) if (element(a, i, imm) == element(b, j, imm)) return true;
    return false;
  }
  if (aggregation == RANGES) {
    if (j >= lengthB) return false;
    const x = element(b, j, imm);
    for (let i: u32 = 0; i + 1 < lengthA; i += 2) {
      if (element(a, i, imm) <= x && x <= element(a, i + 1, imm)) return true;
    }
    return false;
  }
  for (let i: u32 = 0; i < lengthA && i + j < count; i++) {
    if (i + j >= lengthB || element(a, i, imm) != element(b, i + j, imm)) return false;
  }
  return true;
}

/** The result bits; sets the flags. */
function compare(cpu: usize, record: usize, isExplicit: bool): u32 {
  const imm = imm8(record);
  const count: u32 = imm & 1 ? 8 : 16;
  const second = source(cpu, record);
  begin(cpu);
  const a = lanes;
  const b = lanes + 16;
  store<v128>(a, load<v128>(regVector(cpu, record)));
  store<v128>(b, second);
  const lengthA = isExplicit ? explicitLength(cpu, record, CPU_RAX, count) : implicitLength(a, count, imm);
  const lengthB = isExplicit ? explicitLength(cpu, record, CPU_RDX, count) : implicitLength(b, count, imm);
  let bits: u32 = 0;
  for (let j: u32 = 0; j < count; j++) {
    if (matches(a, lengthA, b, lengthB, j, count, imm)) bits |= 1 << j;
  }
  if (imm & 16) bits ^= imm & 32 ? (1 << lengthB) - 1 : (1 << count) - 1;
  let flags: u32 = bits ? FLAG_CF : 0;
  if (lengthB < count) flags |= FLAG_ZF;
  if (lengthA < count) flags |= FLAG_SF;
  if (bits & 1) flags |= FLAG_OF;
  setStatusFlags(cpu, flags);
  return bits;
}

/** ECX gets the lowest or highest matching index, or the count. */
function index(cpu: usize, record: usize, isExplicit: bool): usize {
  const bits = compare(cpu, record, isExplicit);
  const imm = imm8(record);
  let result: u32 = imm & 1 ? 8 : 16;
  if (bits) result = imm & 64 ? 31 - clz<u32>(bits) : ctz<u32>(bits);
  putGpr<u32>(cpu, CPU_RCX, result);
  return next(record);
}

/** The result as a mask of bits, or of whole elements. */
function mask(cpu: usize, record: usize, isExplicit: bool): v128 {
  const bits = compare(cpu, record, isExplicit);
  const imm = imm8(record);
  if (!(imm & 64)) return i64x2.replace_lane(i64x2.splat(0), 0, <u64>bits);
  if (imm & 1) {
    const places = i16x8(1, 2, 4, 8, 16, 32, 64, 128);
    return i16x8.eq(v128.and(i16x8.splat(<i16>bits), places), places);
  }
  const places = i8x16(1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128);
  const spread = i64x2.shuffle(i8x16.splat(<i8>bits), i8x16.splat(<i8>(bits >> 8)), 0, 2);
  return i8x16.eq(v128.and(spread, places), places);
}

function maskLegacy(cpu: usize, record: usize, isExplicit: bool): usize {
  store<v128>(cpu, mask(cpu, record, isExplicit), CPU_VECTOR);
  return next(record);
}

function maskVex(cpu: usize, record: usize, isExplicit: bool): usize {
  put128(cpu + CPU_VECTOR, mask(cpu, record, isExplicit));
  return next(record);
}

export function registerStringCompare(): void {
  const vexFlags = OP_IMM8 | OP_L0 | OP_NO_VVVV;
  defineLegacy(legacyEntry(MAP_0F3A, 0x60, P66), OP_IMM8, FEATURE_SSE4_2, (c: usize, r: usize): usize => maskLegacy(c, r, true));
  defineLegacy(legacyEntry(MAP_0F3A, 0x61, P66), OP_IMM8, FEATURE_SSE4_2, (c: usize, r: usize): usize => index(c, r, true));
  defineLegacy(legacyEntry(MAP_0F3A, 0x62, P66), OP_IMM8, FEATURE_SSE4_2, (c: usize, r: usize): usize => maskLegacy(c, r, false));
  defineLegacy(legacyEntry(MAP_0F3A, 0x63, P66), OP_IMM8, FEATURE_SSE4_2, (c: usize, r: usize): usize => index(c, r, false));
  defineVex(vexEntry(MAP_0F3A, 0x60, P66), vexFlags, FEATURE_AVX, (c: usize, r: usize): usize => maskVex(c, r, true));
  defineVex(vexEntry(MAP_0F3A, 0x61, P66), vexFlags, FEATURE_AVX, (c: usize, r: usize): usize => index(c, r, true));
  defineVex(vexEntry(MAP_0F3A, 0x62, P66), vexFlags, FEATURE_AVX, (c: usize, r: usize): usize => maskVex(c, r, false));
  defineVex(vexEntry(MAP_0F3A, 0x63, P66), vexFlags, FEATURE_AVX, (c: usize, r: usize): usize => index(c, r, false));
}
