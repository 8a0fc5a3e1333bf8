// Floating-point comparisons: CMPPS and kin with all 32 predicates, COMIS and UCOMIS, PTEST and VTEST.
import { FEATURE_AVX, FEATURE_SSE, FEATURE_SSE2, FEATURE_SSE4_1 } from '../../cpu-features';
import { DENORMAL, INVALID } from '../fpu/rounding';
import { FLAG_CF, FLAG_PF, FLAG_ZF } from '../bits';
import { setStatusFlags } from '../flags';
import { byL, byW, MAP_0F, MAP_0F38, OP_IMM8, OP_NO_VVVV } from '../opcode-table';
import { next } from '../state';
import { arePlain, lowest, merge } from './arithmetic';
import { begin, lanes, noteBefore, settle } from './mxcsr';
import { alignedSource, elementSource, regVector, source, source32, sourceHigh } from './operands';
import {
  defineLegacy,
  defineVex,
  legacyEntry,
  legacyPacked,
  NP,
  P66,
  PF2,
  PF3,
  scalarForms,
  vexEntry,
  vexPacked,
} from './shapes';
import { flushed, isDenormal, isLess, isNan, isSignaling } from './soft-float';

const UNORDERED: u32 = 1;
const LESS: u32 = 2;
const GREATER: u32 = 4;
const EQUAL: u32 = 8;

/** How a and b compare, with the exceptions of a comparison that is quiet about QNaNs or not. */
function relate<E>(first: u64, second: u64, quiet: bool): u32 {
  const a = flushed<E>(first);
  const b = flushed<E>(second);
  if (isNan<E>(a) || isNan<E>(b)) {
    if (!quiet || isSignaling<E>(a) || isSignaling<E>(b)) noteBefore(INVALID);
    return UNORDERED;
  }
  if (isDenormal<E>(a) || isDenormal<E>(b)) noteBefore(DENORMAL);
  if (isLess<E>(a, b)) return LESS;
  return isLess<E>(b, a) ? GREATER : EQUAL;
}

/** Which relations a predicate is true for (SDM vol. 2, table 3-1 "Comparison Predicate for CMPPD and CMPPS"). */
function truthOf(predicate: u32): u32 {
  switch (predicate & 15) {
    case 0: return EQUAL;
    case 1: return LESS;
    case 2: return LESS | EQUAL;
    case 3: return UNORDERED;
    case 4: return LESS | GREATER | UNORDERED;
    case 5: return EQUAL | GREATER | UNORDERED;
    case 6: return GREATER | UNORDERED;
    case 7: return LESS | EQUAL | GREATER;
    case 8: return EQUAL | UNORDERED;
    case 9: return LESS | UNORDERED;
    case 10: return LESS | EQUAL | UNORDERED;
    case 11: return 0;
    case 12: return LESS | GREATER;
    case 13: return EQUAL | GREATER;
    case 14: return GREATER;
    default: return LESS | EQUAL | GREATER | UNORDERED;
  }
}

/** Predicates 0, 3, 4, 7 of each eight are quiet in the lower sixteen; in the upper sixteen it is the other way round. */
// @ts-ignore: decorator
@inline
function isQuietPredicate(predicate: u32): bool {
  const symmetric = (predicate & 3) == 0 || (predicate & 3) == 3;
  return symmetric != ((predicate & 16) != 0);
}

/** Ones where the predicate holds, for operands that are plain. */
function nativeCompare<E>(a: v128, b: v128, predicate: u32): v128 {
  const truth = truthOf(predicate) & (LESS | GREATER | EQUAL);
  let result = i64x2.splat(0);
  if (truth & LESS) result = v128.or(result, v128.lt<E>(a, b));
  if (truth & GREATER) result = v128.or(result, v128.gt<E>(a, b));
  if (truth & EQUAL) result = v128.or(result, v128.eq<E>(a, b));
  return result;
}

function softCompare<E>(a: v128, b: v128, predicate: u32): v128 {
  const at = lanes;
  const truth = truthOf(predicate);
  const quiet = isQuietPredicate(predicate);
  store<v128>(at, a);
  store<v128>(at, b, 16);
  for (let i: usize = 0; i < 16; i += sizeof<E>()) {
    if (sizeof<E>() == 4) {
      store<i32>(at + i, relate<E>(load<u32>(at + i), load<u32>(at + i, 16), quiet) & truth ? -1 : 0);
    } else {
      store<i64>(at + i, relate<E>(load<u64>(at + i), load<u64>(at + i, 16), quiet) & truth ? -1 : 0);
    }
  }
  return load<v128>(at);
}

/** Legacy forms know the predicates 0..7 only; Mask is as wide as what counts. */
class Compare<E, Mask> {
  apply(a: v128, b: v128, imm: u32): v128 {
    const predicate = imm & (sizeof<Mask>() == 1 ? 7 : 31);
    return arePlain<E>(a, b) ? nativeCompare<E>(a, b, predicate) : softCompare<E>(a, b, predicate);
  }
}

class CompareScalar<E, Mask> {
  apply(a: v128, b: v128, imm: u32): v128 {
    const predicate = imm & (sizeof<Mask>() == 1 ? 7 : 31);
    const x = lowest<E>(a);
    const y = lowest<E>(b);
    return merge<E>(a, arePlain<E>(x, y) ? nativeCompare<E>(x, y, predicate) : softCompare<E>(x, y, predicate));
  }
}

/** ZF PF CF: 111 unordered, 000 greater, 001 less, 100 equal; OF SF AF cleared (SDM vol. 2, "COMISS"). */
function compareFlags<E>(cpu: usize, record: usize, quiet: bool): usize {
  const b = elementSource<E>(cpu, record);
  const a = load<v128>(regVector(cpu, record));
  begin(cpu);
  let relation: u32;
  if (sizeof<E>() == 4) relation = relate<E>(<u32>i32x4.extract_lane(a, 0), <u32>i32x4.extract_lane(b, 0), quiet);
  else relation = relate<E>(i64x2.extract_lane(a, 0), i64x2.extract_lane(b, 0), quiet);
  settle(cpu);
  const unordered = relation == UNORDERED;
  setStatusFlags(cpu, unordered ? FLAG_ZF | FLAG_PF | FLAG_CF : relation == EQUAL ? FLAG_ZF : relation == LESS ? FLAG_CF : 0);
  return next(record);
}

class TestBits { reduce(x: v128): bool { return v128.any_true(x); } }
class TestSingles { reduce(x: v128): bool { return i32x4.bitmask(x) != 0; } }
class TestDoubles { reduce(x: v128): bool { return i64x2.bitmask(x) != 0; } }

/** ZF: reg AND rm is zero; CF: rm AND NOT reg is. VTESTPS and VTESTPD look at sign bits alone. */
function test128<Op>(cpu: usize, record: usize, b: v128): usize {
  const a = load<v128>(regVector(cpu, record));
  const both = changetype<Op>(0).reduce(v128.and(a, b));
  const outside = changetype<Op>(0).reduce(v128.andnot(b, a));
  setStatusFlags(cpu, (both ? 0 : FLAG_ZF) | (outside ? 0 : FLAG_CF));
  return next(record);
}

function test256<Op>(cpu: usize, record: usize): usize {
  const b = source32(cpu, record);
  const bHigh = sourceHigh;
  const register = regVector(cpu, record);
  const a = load<v128>(register);
  const aHigh = load<v128>(register, 16);
  const both = changetype<Op>(0).reduce(v128.or(v128.and(a, b), v128.and(aHigh, bHigh)));
  const outside = changetype<Op>(0).reduce(v128.or(v128.andnot(b, a), v128.andnot(bHigh, aHigh)));
  setStatusFlags(cpu, (both ? 0 : FLAG_ZF) | (outside ? 0 : FLAG_CF));
  return next(record);
}

function vexTest<Op>(entry: usize): void {
  defineVex(byL(entry, 0), OP_NO_VVVV, FEATURE_AVX, (c: usize, r: usize): usize => test128<Op>(c, r, source(c, r)));
  defineVex(byL(entry, 1), OP_NO_VVVV, FEATURE_AVX, (c: usize, r: usize): usize => test256<Op>(c, r));
}

function flagsComparison<E>(prefix: u32, feature: u32): void {
  const quiet = legacyEntry(MAP_0F, 0x2e, prefix);
  defineLegacy(quiet, 0, feature, (c: usize, r: usize): usize => compareFlags<E>(c, r, true));
  const signaling = legacyEntry(MAP_0F, 0x2f, prefix);
  defineLegacy(signaling, 0, feature, (c: usize, r: usize): usize => compareFlags<E>(c, r, false));
  const vexQuiet = vexEntry(MAP_0F, 0x2e, prefix);
  defineVex(vexQuiet, OP_NO_VVVV, FEATURE_AVX, (c: usize, r: usize): usize => compareFlags<E>(c, r, true));
  const vexSignaling = vexEntry(MAP_0F, 0x2f, prefix);
  defineVex(vexSignaling, OP_NO_VVVV, FEATURE_AVX, (c: usize, r: usize): usize => compareFlags<E>(c, r, false));
}

function comparison<E>(packedPrefix: u32, scalarPrefix: u32, feature: u32): void {
  legacyPacked<Compare<E, u8>, E>(MAP_0F, 0xc2, packedPrefix, OP_IMM8, feature);
  vexPacked<Compare<E, u16>, E>(vexEntry(MAP_0F, 0xc2, packedPrefix), OP_IMM8, FEATURE_AVX, FEATURE_AVX);
  scalarForms<CompareScalar<E, u8>, CompareScalar<E, u16>, E>(MAP_0F, 0xc2, scalarPrefix, feature, OP_IMM8);
}

export function registerCompare(): void {
  comparison<f32>(NP, PF3, FEATURE_SSE);
  comparison<f64>(P66, PF2, FEATURE_SSE2);
  flagsComparison<f32>(NP, FEATURE_SSE);
  flagsComparison<f64>(P66, FEATURE_SSE2);
  const legacy = legacyEntry(MAP_0F38, 0x17, P66);
  defineLegacy(legacy, 0, FEATURE_SSE4_1, (c: usize, r: usize): usize => test128<TestBits>(c, r, alignedSource(c, r)));
  vexTest<TestBits>(vexEntry(MAP_0F38, 0x17, P66));
  vexTest<TestSingles>(byW(vexEntry(MAP_0F38, 0x0e, P66), 0));
  vexTest<TestDoubles>(byW(vexEntry(MAP_0F38, 0x0f, P66), 0));
}
