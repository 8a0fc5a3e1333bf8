// Effective and linear addresses of a record's memory operand.
import {
  CPU_SEG_ATTRIBUTES,
  CPU_SEG_BASE,
  CPU_SEG_LIMIT,
  CPU_MODE,
  MODE_CODE64,
  MODE_CODE_MASK,
  MODE_LONG,
  MODE_PROTECTED,
  MODE_V86,
  RECORD_ADDRESS,
  RECORD_BASE,
  RECORD_DISP,
  RECORD_INDEX,
  RECORD_SCALE,
  RECORD_SCALE_MASK,
  ADDRESS_FLAT64,
  ADDRESS_BASED64,
  ADDRESS_FLAT32,
  INFO_ADDRSIZE_SHIFT,
  INFO_RIP_RELATIVE,
} from '../../memory/layout';
import { ATTR_CODE, ATTR_DB, ATTR_EXPAND_DOWN, ATTR_RW, ATTR_USABLE, SEG_CS, SEG_FS, SEG_SS } from './bits';
import { raiseWithError, VECTOR_GP, VECTOR_SS } from './fault';
import { info, nextRip } from './state';

/** Base, scaled index and displacement, not truncated. */
// @ts-ignore: decorator
@inline
export function sum(cpu: usize, record: usize): u64 {
  return (
    load<u64>(cpu + <usize>load<u8>(record, RECORD_BASE)) +
    (load<u64>(cpu + <usize>load<u8>(record, RECORD_INDEX)) << <u64>(load<u8>(record, RECORD_SCALE) & RECORD_SCALE_MASK)) +
    <u64><i64>load<i32>(record, RECORD_DISP)
  );
}

/** Linear address of the record's memory operand, for a read of `sizeof<T>()` bytes. Raises #GP, #SS. */
// @ts-ignore: decorator
@inline
export function readAddress<T>(cpu: usize, record: usize): u64 {
  if (!(load<u8>(record, RECORD_ADDRESS) & 15)) return sum(cpu, record);
  return addressOf(cpu, record, sizeof<T>(), false);
}

/** Linear address of the record's memory operand, for a write (or read and write) of `sizeof<T>()` bytes. */
// @ts-ignore: decorator
@inline
export function writeAddress<T>(cpu: usize, record: usize): u64 {
  if (!(load<u8>(record, RECORD_ADDRESS) & 15)) return sum(cpu, record);
  return addressOf(cpu, record, sizeof<T>(), true);
}

/** The same for any size in bytes. */
export function addressOf(cpu: usize, record: usize, size: u32, isWrite: bool): u64 {
  const form = load<u8>(record, RECORD_ADDRESS) & 15;
  if (form == ADDRESS_FLAT32) return sum(cpu, record) & 0xffffffff;
  const segment = <u32>load<u8>(record, RECORD_ADDRESS) >> 4;
  if (form == ADDRESS_FLAT64) return sum(cpu, record);
  if (form == ADDRESS_BASED64) return sum(cpu, record) + load<u64>(cpu + (segment << 3), CPU_SEG_BASE);
  return segmentAddress(cpu, segment, effectiveAddress(cpu, record), size, isWrite);
}

/** Offset part of the address, truncated to the address size: LEA, and what segmentAddress() takes. */
export function effectiveAddress(cpu: usize, record: usize): u64 {
  let offset = sum(cpu, record);
  if (info(record) & INFO_RIP_RELATIVE) offset += nextRip(cpu, record);
  return truncateAddress(record, offset);
}

/** Truncates an offset to the record's address size. */
// @ts-ignore: decorator
@inline
export function truncateAddress(record: usize, offset: u64): u64 {
  const size = (info(record) >> INFO_ADDRSIZE_SHIFT) & 3;
  if (size == 2) return offset;
  return size == 1 ? offset & 0xffffffff : offset & 0xffff;
}

/**
 * Linear address of `offset` in a segment register's segment, after the checks that its type and limit ask for
 * (SDM vol. 3, 5.3 and 5.5): #SS for the stack segment, #GP for the others.
 */
export function segmentAddress(cpu: usize, segment: u32, offset: u64, size: u32, isWrite: bool): u64 {
  const mode = load<u32>(cpu, CPU_MODE);
  if ((mode & MODE_CODE_MASK) == MODE_CODE64) {
    return segment >= SEG_FS ? offset + load<u64>(cpu + (segment << 3), CPU_SEG_BASE) : offset;
  }
  const attributes = load<u32>(cpu + (segment << 2), CPU_SEG_ATTRIBUTES);
  const limit = <u64>load<u32>(cpu + (segment << 2), CPU_SEG_LIMIT);
  let ok = true;
  if ((mode & (MODE_PROTECTED | MODE_V86)) == MODE_PROTECTED) {
    if (!(attributes & ATTR_USABLE)) ok = false;
    else if (attributes & ATTR_CODE) ok = !isWrite && (attributes & ATTR_RW) != 0;
    else ok = !isWrite || (attributes & ATTR_RW) != 0;
  }
  if (ok) {
    const last = offset + (size - 1);
    if (attributes & ATTR_EXPAND_DOWN && !(attributes & ATTR_CODE)) {
      ok = offset > limit && last <= (attributes & ATTR_DB ? <u64>0xffffffff : <u64>0xffff);
    } else {
      // With a 4 GiB limit an operand may wrap around the top of the address space.
      ok = last <= limit || limit == 0xffffffff;
    }
  }
  if (!ok) raiseWithError(cpu, segment == SEG_SS ? VECTOR_SS : VECTOR_GP, 0);
  return (offset + load<u64>(cpu + (segment << 3), CPU_SEG_BASE)) & 0xffffffff;
}
