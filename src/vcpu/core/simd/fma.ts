// Fused multiply-add: one rounding. Order of operands in the mnemonic: 132 = dst x src3 + src2, 213 = src2 x dst + src3,
// 231 = src2 x src3 + dst (SDM vol. 2, "VFMADD132PD").
import { FEATURE_FMA } from '../../cpu-features';
import { DENORMAL, INVALID } from '../fpu/rounding';
import { multiplyAddUnrounded, multiplyUnrounded, unroundedHigh, unroundedNegative } from '../fpu/unrounded';
import { byL, byW, MAP_0F38 } from '../opcode-table';
import { next } from '../state';
import { begin, lanes, noteBefore, settle } from './mxcsr';
import {
  elementSource,
  put128,
  put256,
  regVector,
  source,
  source32,
  sourceHigh,
  vvvvVector,
} from './operands';
import { defineVex, P66, vexEntry } from './shapes';
import {
  exponentOf,
  flushed,
  indefiniteOf,
  infinityOf,
  isDenormal,
  isInfinite,
  isNan,
  isNegative,
  isSignaling,
  isZero,
  quietBitOf,
  roundResult,
  signOf,
  significandOf,
  softAdd,
  zeroOfRounding,
} from './soft-float';

/** +-(a x b) +- c. Of several NaNs the first in the order a, b, c is given, quiet, with its own sign. */
function multiplyAdd<E>(first: u64, second: u64, third: u64, negateProduct: bool, negateSum: bool): u64 {
  const a = flushed<E>(first);
  const b = flushed<E>(second);
  const addend = flushed<E>(third);
  if (isNan<E>(a) || isNan<E>(b) || isNan<E>(addend)) {
    if (isSignaling<E>(a) || isSignaling<E>(b) || isSignaling<E>(addend)) noteBefore(INVALID);
    return (isNan<E>(a) ? a : isNan<E>(b) ? b : addend) | quietBitOf<E>();
  }
  const c = negateSum ? addend ^ signOf<E>() : addend;
  const sign = (a ^ b ^ (negateProduct ? signOf<E>() : 0)) & signOf<E>();
  const infiniteProduct = isInfinite<E>(a) || isInfinite<E>(b);
  const zeroProduct = isZero<E>(a) || isZero<E>(b);
  if (infiniteProduct && (zeroProduct || (isInfinite<E>(c) && (c & signOf<E>()) != sign))) {
    noteBefore(INVALID);
    return indefiniteOf<E>();
  }
  if (isDenormal<E>(a) || isDenormal<E>(b) || isDenormal<E>(c)) noteBefore(DENORMAL);
  if (infiniteProduct) return sign | infinityOf<E>();
  if (isInfinite<E>(c)) return c;
  if (zeroProduct) return softAdd<E>(sign, c);
  const negative = <u32>(sign != 0);
  if (isZero<E>(c)) return product<E>(negative, a, b);
  multiplyAddUnrounded(
    negative, exponentOf<E>(a), significandOf<E>(a), exponentOf<E>(b), significandOf<E>(b),
    isNegative<E>(c), exponentOf<E>(c), significandOf<E>(c),
  );
  if (!unroundedHigh) return zeroOfRounding<E>();
  return roundResult<E>(unroundedNegative);
}

function product<E>(negative: u32, a: u64, b: u64): u64 {
  multiplyUnrounded(negative, exponentOf<E>(a), significandOf<E>(a), exponentOf<E>(b), significandOf<E>(b));
  return roundResult<E>(negative);
}

// Kinds: which signs are turned in even and in odd elements.
class MADD { product(): bool { return false; } even(): bool { return false; } odd(): bool { return false; } }
class MSUB { product(): bool { return false; } even(): bool { return true; } odd(): bool { return true; } }
class NMADD { product(): bool { return true; } even(): bool { return false; } odd(): bool { return false; } }
class NMSUB { product(): bool { return true; } even(): bool { return true; } odd(): bool { return true; } }
class MADDSUB { product(): bool { return false; } even(): bool { return true; } odd(): bool { return false; } }
class MSUBADD { product(): bool { return false; } even(): bool { return false; } odd(): bool { return true; } }

/** On `bytes` bytes of elements: 16, or one element. */
function lanesOf<Kind, E>(a: v128, b: v128, c: v128, bytes: usize): v128 {
  const at = lanes;
  store<v128>(at, a);
  store<v128>(at, b, 16);
  store<v128>(at, c, 32);
  for (let i: usize = 0; i < bytes; i += sizeof<E>()) {
    const negateSum = i & sizeof<E>() ? changetype<Kind>(0).odd() : changetype<Kind>(0).even();
    const negateProduct = changetype<Kind>(0).product();
    if (sizeof<E>() == 4) {
      const x = multiplyAdd<E>(load<u32>(at + i), load<u32>(at + i, 16), load<u32>(at + i, 32), negateProduct, negateSum);
      store<u32>(at + i, <u32>x);
    } else {
      store<u64>(at + i, multiplyAdd<E>(load<u64>(at + i), load<u64>(at + i, 16), load<u64>(at + i, 32), negateProduct, negateSum));
    }
  }
  return load<v128>(at);
}

/** Puts the operands in the order a x b + c; Order is sized 1 for 132, 2 for 213, 4 for 231. */
// @ts-ignore: decorator
@inline
function ordered<Kind, E, Order>(destination: v128, second: v128, third: v128, bytes: usize): v128 {
  if (sizeof<Order>() == 1) return lanesOf<Kind, E>(destination, third, second, bytes);
  if (sizeof<Order>() == 2) return lanesOf<Kind, E>(second, destination, third, bytes);
  return lanesOf<Kind, E>(second, third, destination, bytes);
}

function fma128<Kind, E, Order>(cpu: usize, record: usize): usize {
  const third = source(cpu, record);
  const register = regVector(cpu, record);
  begin(cpu);
  const result = ordered<Kind, E, Order>(load<v128>(register), load<v128>(vvvvVector(cpu, record)), third, 16);
  settle(cpu);
  put128(register, result);
  return next(record);
}

function fma256<Kind, E, Order>(cpu: usize, record: usize): usize {
  const third = source32(cpu, record);
  const thirdHigh = sourceHigh;
  const register = regVector(cpu, record);
  const second = vvvvVector(cpu, record);
  begin(cpu);
  const low = ordered<Kind, E, Order>(load<v128>(register), load<v128>(second), third, 16);
  const high = ordered<Kind, E, Order>(load<v128>(register, 16), load<v128>(second, 16), thirdHigh, 16);
  settle(cpu);
  put256(register, low, high);
  return next(record);
}

/** The low element; the others are the destination's. */
function fmaScalar<Kind, E, Order>(cpu: usize, record: usize): usize {
  const third = elementSource<E>(cpu, record);
  const register = regVector(cpu, record);
  begin(cpu);
  const result = ordered<Kind, E, Order>(load<v128>(register), load<v128>(vvvvVector(cpu, record)), third, sizeof<E>());
  settle(cpu);
  const kept = load<v128>(register);
  if (sizeof<E>() == 4) put128(register, i32x4.replace_lane(kept, 0, i32x4.extract_lane(result, 0)));
  else put128(register, i64x2.replace_lane(kept, 0, i64x2.extract_lane(result, 0)));
  return next(record);
}

function packedForms<Kind, E, Order>(entry: usize): void {
  defineVex(byL(entry, 0), 0, FEATURE_FMA, (c: usize, r: usize): usize => fma128<Kind, E, Order>(c, r));
  defineVex(byL(entry, 1), 0, FEATURE_FMA, (c: usize, r: usize): usize => fma256<Kind, E, Order>(c, r));
}

function packedKind<Kind, Order>(opcode: u32): void {
  packedForms<Kind, f32, Order>(byW(vexEntry(MAP_0F38, opcode, P66), 0));
  packedForms<Kind, f64, Order>(byW(vexEntry(MAP_0F38, opcode, P66), 1));
}

function scalarKind<Kind, Order>(opcode: u32): void {
  const entry = vexEntry(MAP_0F38, opcode, P66);
  defineVex(byW(entry, 0), 0, FEATURE_FMA, (c: usize, r: usize): usize => fmaScalar<Kind, f32, Order>(c, r));
  defineVex(byW(entry, 1), 0, FEATURE_FMA, (c: usize, r: usize): usize => fmaScalar<Kind, f64, Order>(c, r));
}

function registerOrder<Order>(base: u32): void {
  packedKind<MADDSUB, Order>(base);
  packedKind<MSUBADD, Order>(base + 1);
  packedKind<MADD, Order>(base + 2);
  scalarKind<MADD, Order>(base + 3);
  packedKind<MSUB, Order>(base + 4);
  scalarKind<MSUB, Order>(base + 5);
  packedKind<NMADD, Order>(base + 6);
  scalarKind<NMADD, Order>(base + 7);
  packedKind<NMSUB, Order>(base + 8);
  scalarKind<NMSUB, Order>(base + 9);
}

export function registerFma(): void {
  registerOrder<u8>(0x96);
  registerOrder<u16>(0xa6);
  registerOrder<u32>(0xb6);
}
