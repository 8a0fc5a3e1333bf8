// Lazy flags: arithmetic stores its result and a word of carries; flags are computed when something reads them.
// AUX: bit 31 CF, bit 30 the carry into the sign bit, bits 8..15 parity byte, bit 3 AF, bit 0 sign (see layout.ts).
import { CPU_FLAG_RESULT, CPU_FLAG_AUX, CPU_EFLAGS } from '../../memory/layout';
import { FLAG_CF, FLAG_PF, FLAG_AF, FLAG_ZF, FLAG_SF, FLAG_OF, FLAGS_STATUS } from './bits';

export const AUX_CF: u32 = 0x80000000;
export const AUX_CARRY_IN: u32 = 0x40000000;
export const AUX_OVERFLOW_BITS: u32 = 0xc0000000;
export const AUX_AF: u32 = 0x8;
export const AUX_SIGN: u32 = 0x1;

/** Sign-extends a value of type T to 64 bits. */
// @ts-ignore: decorator
@inline
export function extend<T>(value: T): i64 {
  if (sizeof<T>() == 1) return <i64><i8>value;
  if (sizeof<T>() == 2) return <i64><i16>value;
  if (sizeof<T>() == 4) return <i64><i32>value;
  return <i64>value;
}

/** Moves the top two carries of a carry-out vector to bits 31 and 30 and keeps the carry out of bit 3. */
// @ts-ignore: decorator
@inline
export function auxOfCarries<T>(carries: T): u32 {
  if (sizeof<T>() == 8) return (<u32>(<u64>carries >> 32) & AUX_OVERFLOW_BITS) | (<u32>carries & AUX_AF);
  if (sizeof<T>() == 4) return <u32>carries & (AUX_OVERFLOW_BITS | AUX_AF);
  if (sizeof<T>() == 2) return ((<u32>carries << 16) & AUX_OVERFLOW_BITS) | (<u32>carries & AUX_AF);
  return ((<u32>carries << 24) & AUX_OVERFLOW_BITS) | (<u32>carries & AUX_AF);
}

// @ts-ignore: decorator
@inline
export function setFlags<T>(cpu: usize, result: T, aux: u32): void {
  store<i64>(cpu, extend<T>(result), CPU_FLAG_RESULT);
  store<u32>(cpu, aux, CPU_FLAG_AUX);
}

/** Flags of `result` = `a` + `b` (+ carry). */
// @ts-ignore: decorator
@inline
export function flagsAdd<T>(cpu: usize, a: T, b: T, result: T): void {
  setFlags<T>(cpu, result, auxOfCarries<T>(<T>((a & b) | ((a | b) & ~result))));
}

/** Flags of `result` = `a` - `b` (- borrow). */
// @ts-ignore: decorator
@inline
export function flagsSub<T>(cpu: usize, a: T, b: T, result: T): void {
  setFlags<T>(cpu, result, auxOfCarries<T>(<T>((~a & b) | ((~a | b) & result))));
}

/** Flags of a bitwise result: CF = OF = AF = 0. */
// @ts-ignore: decorator
@inline
export function flagsLogic<T>(cpu: usize, result: T): void {
  setFlags<T>(cpu, result, 0);
}

// @ts-ignore: decorator
@inline
export function carry(cpu: usize): u32 {
  return load<u32>(cpu, CPU_FLAG_AUX) >> 31;
}

// @ts-ignore: decorator
@inline
export function zero(cpu: usize): bool {
  return load<u64>(cpu, CPU_FLAG_RESULT) == 0;
}

// @ts-ignore: decorator
@inline
export function sign(cpu: usize): u32 {
  return <u32>(load<u64>(cpu, CPU_FLAG_RESULT) >> 63) ^ (load<u32>(cpu, CPU_FLAG_AUX) & AUX_SIGN);
}

// @ts-ignore: decorator
@inline
export function overflow(cpu: usize): u32 {
  const aux = load<u32>(cpu, CPU_FLAG_AUX);
  return ((aux >> 31) ^ (aux >> 30)) & 1;
}

// @ts-ignore: decorator
@inline
export function parity(cpu: usize): u32 {
  const byte = (load<u32>(cpu, CPU_FLAG_RESULT) ^ (load<u32>(cpu, CPU_FLAG_AUX) >> 8)) & 0xff;
  return ~popcnt<u32>(byte) & 1;
}

// @ts-ignore: decorator
@inline
export function adjust(cpu: usize): u32 {
  return (load<u32>(cpu, CPU_FLAG_AUX) >> 3) & 1;
}

/** CF PF AF ZF SF OF in their places. */
export function statusFlags(cpu: usize): u32 {
  return (
    carry(cpu) |
    (parity(cpu) << 2) |
    (adjust(cpu) << 4) |
    ((<u32>zero(cpu)) << 6) |
    (sign(cpu) << 7) |
    (overflow(cpu) << 11)
  );
}

/** Stores any combination of the six arithmetic flags. */
export function setStatusFlags(cpu: usize, flags: u32): void {
  // Result 0 or 1: its sign is 0, its parity even or odd; AUX corrects both.
  const result: u32 = flags & FLAG_ZF ? 0 : 1;
  const wantEven = (flags & FLAG_PF) != 0;
  const isEven = result == 0;
  let aux: u32 = 0;
  if (flags & FLAG_CF) aux |= AUX_CF;
  if (((flags & FLAG_OF) != 0) != ((flags & FLAG_CF) != 0)) aux |= AUX_CARRY_IN;
  if (flags & FLAG_AF) aux |= AUX_AF;
  if (flags & FLAG_SF) aux |= AUX_SIGN;
  if (wantEven != isEven) aux |= 0x100;
  store<u64>(cpu, <u64>result, CPU_FLAG_RESULT);
  store<u32>(cpu, aux, CPU_FLAG_AUX);
}

/** Changes CF alone; OF keeps its value. */
export function setCarry(cpu: usize, value: u32): void {
  const aux = load<u32>(cpu, CPU_FLAG_AUX);
  if (aux >> 31 != value) store<u32>(cpu, aux ^ AUX_OVERFLOW_BITS, CPU_FLAG_AUX);
}

/** The whole of RFLAGS, bit 1 set. */
export function eflags(cpu: usize): u32 {
  return statusFlags(cpu) | load<u32>(cpu, CPU_EFLAGS) | 2;
}

/** Replaces the arithmetic flags and, in CPU_EFLAGS, the rest; the caller then calls flagsChanged() in mode.ts. */
export function setEflagsRaw(cpu: usize, flags: u32): void {
  setStatusFlags(cpu, flags);
  store<u32>(cpu, flags & ~(FLAGS_STATUS | 2), CPU_EFLAGS);
}

/** Condition codes 0..15 (SDM vol. 1, appendix B). `cc` should be a constant where speed matters. */
// @ts-ignore: decorator
@inline
export function condition(cpu: usize, cc: u32): bool {
  if (cc == 0) return overflow(cpu) != 0;
  if (cc == 1) return overflow(cpu) == 0;
  if (cc == 2) return carry(cpu) != 0;
  if (cc == 3) return carry(cpu) == 0;
  if (cc == 4) return zero(cpu);
  if (cc == 5) return !zero(cpu);
  if (cc == 6) return (carry(cpu) | <u32>zero(cpu)) != 0;
  if (cc == 7) return (carry(cpu) | <u32>zero(cpu)) == 0;
  if (cc == 8) return sign(cpu) != 0;
  if (cc == 9) return sign(cpu) == 0;
  if (cc == 10) return parity(cpu) != 0;
  if (cc == 11) return parity(cpu) == 0;
  if (cc == 12) return sign(cpu) != overflow(cpu);
  if (cc == 13) return sign(cpu) == overflow(cpu);
  if (cc == 14) return zero(cpu) || sign(cpu) != overflow(cpu);
  return !zero(cpu) && sign(cpu) == overflow(cpu);
}
