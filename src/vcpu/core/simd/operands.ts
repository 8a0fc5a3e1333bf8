// Operands of vector instructions: registers of 64 bytes in the page group, memory of 2 to 32 bytes, immediates.
import {
  CPU_VECTOR,
  INFO_MODRM_SHIFT,
  INFO_VVVV_SHIFT,
  RECORD_ADDRESS,
  RECORD_IMM,
  RECORD_REG,
  RECORD_RM,
} from '../../../memory/layout';
import { checkWrite, read, write } from '../access';
import { addressOf, readAddress } from '../address';
import { raiseGP } from '../fault';
import { info } from '../state';

/** State address of vector register `number`. */
// @ts-ignore: decorator
@inline
export function vector(cpu: usize, number: u32): usize {
  return cpu + CPU_VECTOR + (<usize>number << 6);
}

/** Vector register in modrm.reg. */
// @ts-ignore: decorator
@inline
export function regVector(cpu: usize, record: usize): usize {
  return vector(cpu, <u32>load<u8>(record, RECORD_REG));
}

/** Vector register in modrm.rm. */
// @ts-ignore: decorator
@inline
export function rmVector(cpu: usize, record: usize): usize {
  return vector(cpu, <u32>load<u8>(record, RECORD_RM));
}

/** Vector register in VEX.vvvv. */
// @ts-ignore: decorator
@inline
export function vvvvVector(cpu: usize, record: usize): usize {
  return vector(cpu, info(record) >> INFO_VVVV_SHIFT);
}

// @ts-ignore: decorator
@inline
export function isMemory(record: usize): bool {
  return ((info(record) >> INFO_MODRM_SHIFT) & 0xff) < 0xc0;
}

/** The 8-bit immediate, zero-extended. */
// @ts-ignore: decorator
@inline
export function imm8(record: usize): u32 {
  return <u32>load<u8>(record, RECORD_IMM);
}

/** Linear address of a 16-byte operand of a legacy instruction: #GP(0) unless it is aligned (SDM vol. 2, 2.4 "type 4"). */
export function alignedAddress(cpu: usize, record: usize, size: u32, isWrite: bool): u64 {
  const linear = addressOf(cpu, record, size, isWrite);
  if (linear & <u64>(size - 1)) raiseGP(cpu, 0);
  return linear;
}

/** The 16-byte source in modrm.rm, which must be aligned in memory. */
// @ts-ignore: decorator
@inline
export function alignedSource(cpu: usize, record: usize): v128 {
  if (isMemory(record)) return readAligned(cpu, record);
  return load<v128>(rmVector(cpu, record));
}

function readAligned(cpu: usize, record: usize): v128 {
  return read<v128>(cpu, alignedAddress(cpu, record, 16, false));
}

/** The 16-byte source in modrm.rm. */
// @ts-ignore: decorator
@inline
export function source(cpu: usize, record: usize): v128 {
  if (isMemory(record)) return readUnaligned(cpu, record);
  return load<v128>(rmVector(cpu, record));
}

function readUnaligned(cpu: usize, record: usize): v128 {
  return read<v128>(cpu, readAddress<v128>(cpu, record));
}

/** Upper half of the last source32(). */
export let sourceHigh: v128 = i64x2.splat(0);

/** The 32-byte source in modrm.rm: gives its lower half and leaves the upper one in `sourceHigh`. */
export function source32(cpu: usize, record: usize): v128 {
  if (isMemory(record)) {
    const linear = addressOf(cpu, record, 32, false);
    const low = read<v128>(cpu, linear);
    sourceHigh = read<v128>(cpu, linear + 16);
    return low;
  }
  const register = rmVector(cpu, record);
  sourceHigh = load<v128>(register, 16);
  return load<v128>(register);
}

/** The source in modrm.rm of sizeof<E>() bytes in memory, zero-extended then; a whole register otherwise. */
// @ts-ignore: decorator
@inline
export function elementSource<E>(cpu: usize, record: usize): v128 {
  if (isMemory(record)) return readElement<E>(cpu, record);
  return load<v128>(rmVector(cpu, record));
}

function readElement<E>(cpu: usize, record: usize): v128 {
  if (sizeof<E>() == 16) return readUnaligned(cpu, record);
  const linear = addressOf(cpu, record, sizeof<E>(), false);
  const zero = i64x2.splat(0);
  if (sizeof<E>() == 8) return i64x2.replace_lane(zero, 0, read<i64>(cpu, linear));
  if (sizeof<E>() == 4) return i32x4.replace_lane(zero, 0, read<i32>(cpu, linear));
  if (sizeof<E>() == 2) return i16x8.replace_lane(zero, 0, read<i16>(cpu, linear));
  return i8x16.replace_lane(zero, 0, read<i8>(cpu, linear));
}

/** Writes the low half of a register and clears the rest: what every VEX.128 instruction does (SDM vol. 1, 14.1). */
// @ts-ignore: decorator
@inline
export function put128(register: usize, value: v128): void {
  store<v128>(register, value);
  store<v128>(register, i64x2.splat(0), 16);
}

// @ts-ignore: decorator
@inline
export function put256(register: usize, low: v128, high: v128): void {
  store<v128>(register, low);
  store<v128>(register, high, 16);
}

/** Writes 32 bytes; faults before either half is written. */
export function write32(cpu: usize, linear: u64, low: v128, high: v128): void {
  checkWrite(cpu, linear, 32);
  write<v128>(cpu, linear, low);
  write<v128>(cpu, linear + 16, high);
}

/** The segment of the record's memory operand, explicit or not. */
// @ts-ignore: decorator
@inline
export function segmentOf(record: usize): u32 {
  return <u32>load<u8>(record, RECORD_ADDRESS) >> 4;
}
