// Linear memory accesses: the inline TLB hit, and the slow path of everything else (misses, page crossings, MMIO, ROM,
// pages with code). All raise #PF, or #GP/#SS for non-canonical addresses, before anything is written.
import {
  CPU_ALIGNMENT_CHECK,
  CPU_TLB,
  CPU_TLB_SUPERVISOR,
  CPU_CURRENT_RECORD,
  CPU_DR,
  CPU_MODE,
  MODE_CODE64,
  MODE_CODE_MASK,
  MODE_CPL_MASK,
  MODE_LONG,
  TLB_ADDEND,
  TLB_READ,
  TLB_WRITE,
  PHYS_TYPE_MASK,
  RECORD_ADDRESS,
} from '../../memory/layout';
import { entryOf, translate, translatedPhysical } from './tlb';
import { ACCESS_READ, ACCESS_WRITE } from './paging';
import { busRead, busWrite } from './apic/bus';
import { raiseWithError, VECTOR_AC, VECTOR_GP, VECTOR_SS } from './fault';
import { SEG_SS } from './bits';
import { noteDataAccess } from './debug';

const PAGE: u64 = 0xfffffffffffff000;

/** Reads a value of 1, 2, 4, 8 or 16 (v128) bytes at a linear address, as the current privilege level. */
// @ts-ignore: decorator
@inline
export function read<T>(cpu: usize, linear: u64): T {
  const entry = entryOf(load<u32>(cpu, CPU_TLB), linear);
  if (((linear + (sizeof<T>() - 1)) & PAGE) == load<u64>(entry, TLB_READ)) {
    return load<T>(<usize>(<u32>linear + load<u32>(entry, TLB_ADDEND)));
  }
  return readMiss<T>(cpu, linear);
}

function readMiss<T>(cpu: usize, linear: u64): T {
  const tlb = <usize>load<u32>(cpu, CPU_TLB);
  if (sizeof<T>() == 16) {
    const low = readSlow(cpu, tlb, linear, 8);
    const high = readSlow(cpu, tlb, linear + 8, 8);
    // @ts-ignore: T is v128
    return i64x2.replace_lane(i64x2.splat(low), 1, high);
  }
  checkAlignment(cpu, linear, sizeof<T>());
  const bits = readSlow(cpu, tlb, linear, sizeof<T>());
  if (isFloat<T>()) {
    if (sizeof<T>() == 4) return <T>reinterpret<f32>(<u32>bits);
    return <T>reinterpret<f64>(bits);
  }
  return <T>bits;
}

/** Writes a value of 1, 2, 4, 8 or 16 (v128) bytes at a linear address, as the current privilege level. */
// @ts-ignore: decorator
@inline
export function write<T>(cpu: usize, linear: u64, value: T): void {
  const entry = entryOf(load<u32>(cpu, CPU_TLB), linear);
  if (((linear + (sizeof<T>() - 1)) & PAGE) == load<u64>(entry, TLB_WRITE)) {
    store<T>(<usize>(<u32>linear + load<u32>(entry, TLB_ADDEND)), value);
  } else {
    writeMiss<T>(cpu, linear, value);
  }
}

function writeMiss<T>(cpu: usize, linear: u64, value: T): void {
  const tlb = <usize>load<u32>(cpu, CPU_TLB);
  if (sizeof<T>() == 16) {
    checkWrite(cpu, linear, 16);
    // @ts-ignore: T is v128
    writeSlow(cpu, tlb, linear, 8, i64x2.extract_lane(value, 0));
    // @ts-ignore: T is v128
    writeSlow(cpu, tlb, linear + 8, 8, i64x2.extract_lane(value, 1));
    return;
  }
  checkAlignment(cpu, linear, sizeof<T>());
  if (isFloat<T>()) {
    // @ts-ignore: T is f32 or f64
    writeSlow(cpu, tlb, linear, sizeof<T>(), sizeof<T>() == 4 ? <u64>reinterpret<u32>(<f32>value) : reinterpret<u64>(<f64>value));
  } else {
    writeSlow(cpu, tlb, linear, sizeof<T>(), <u64>value);
  }
}

/**
 * Host address of a whole operand that may be read and written in place, or 0: then use readForWrite() and write().
 * Raises the write's faults.
 */
// @ts-ignore: decorator
@inline
export function place<T>(cpu: usize, linear: u64): usize {
  const entry = entryOf(load<u32>(cpu, CPU_TLB), linear);
  if (((linear + (sizeof<T>() - 1)) & PAGE) == load<u64>(entry, TLB_WRITE)) {
    return <usize>(<u32>linear + load<u32>(entry, TLB_ADDEND));
  }
  return placeMiss(cpu, linear, sizeof<T>());
}

function placeMiss(cpu: usize, linear: u64, size: u32): usize {
  checkWrite(cpu, linear, size);
  const entry = entryOf(load<u32>(cpu, CPU_TLB), linear);
  if (((linear + (size - 1)) & PAGE) == load<u64>(entry, TLB_WRITE)) {
    return <usize>(<u32>linear + load<u32>(entry, TLB_ADDEND));
  }
  return 0;
}

/** Reads an operand that will be written: place() gave 0 and has checked the write. */
export function readForWrite<T>(cpu: usize, linear: u64): T {
  return <T>readSlow(cpu, <usize>load<u32>(cpu, CPU_TLB), linear, sizeof<T>());
}

/** Raises what a write of `size` bytes (at most 4096) would raise; changes nothing else that the guest can see. */
export function checkWrite(cpu: usize, linear: u64, size: u32): void {
  checkAlignment(cpu, linear, size);
  const tlb = <usize>load<u32>(cpu, CPU_TLB);
  checkCanonical(cpu, linear, size);
  const address = truncate(cpu, linear);
  if (load<u64>(entryOf(tlb, address), TLB_WRITE) != (address & PAGE)) translate(cpu, tlb, address, ACCESS_WRITE);
  const last = truncate(cpu, linear + (size - 1));
  if ((last & PAGE) != (address & PAGE)) translate(cpu, tlb, last & PAGE, ACCESS_WRITE);
}

/** Raises what a read of `size` bytes (at most 4096) would raise. */
export function checkRead(cpu: usize, linear: u64, size: u32): void {
  checkAlignment(cpu, linear, size);
  const tlb = <usize>load<u32>(cpu, CPU_TLB);
  checkCanonical(cpu, linear, size);
  const address = truncate(cpu, linear);
  if (load<u64>(entryOf(tlb, address), TLB_READ) != (address & PAGE)) translate(cpu, tlb, address, ACCESS_READ);
  const last = truncate(cpu, linear + (size - 1));
  if ((last & PAGE) != (address & PAGE)) translate(cpu, tlb, last & PAGE, ACCESS_READ);
}

/**
 * Raises #AC for a misaligned operand of 2, 4 or 8 bytes at CPL 3 while CR0.AM and EFLAGS.AC are set (SDM vol. 3, 6.15
 * "Interrupt 17"), before any page fault. Unaligned vectors are free of it, as the manual allows and Intel's parts do;
 * what is made of several parts is checked part by part.
 */
export function checkAlignment(cpu: usize, linear: u64, size: u32): void {
  if (!load<u32>(cpu, CPU_ALIGNMENT_CHECK)) return;
  if (!(<u32>linear & (size - 1)) || (size != 2 && size != 4 && size != 8)) return;
  if ((load<u32>(cpu, CPU_MODE) & MODE_CPL_MASK) != 3) return;
  checkCanonical(cpu, linear, size);
  raiseWithError(cpu, VECTOR_AC, 0);
}

/** Reads as the supervisor whatever the privilege level: descriptor tables, TSS (SDM vol. 3, 4.6 "implicit"). */
export function readSystem(cpu: usize, linear: u64, size: u32): u64 {
  return readSlow(cpu, cpu + CPU_TLB_SUPERVISOR, linear, size);
}

/** Writes as the supervisor. */
export function writeSystem(cpu: usize, linear: u64, size: u32, value: u64): void {
  writeSlow(cpu, cpu + CPU_TLB_SUPERVISOR, linear, size, value);
}

/** Outside 64-bit code linear addresses wrap at 4 GiB. */
// @ts-ignore: decorator
@inline
function truncate(cpu: usize, linear: u64): u64 {
  return load<u32>(cpu, CPU_MODE) & MODE_LONG ? linear : linear & 0xffffffff;
}

// @ts-ignore: decorator
@inline
export function isCanonical(linear: u64): bool {
  return <u64>((<i64>linear << 16) >> 16) == linear;
}

function checkCanonical(cpu: usize, linear: u64, size: u32): void {
  if ((load<u32>(cpu, CPU_MODE) & MODE_CODE_MASK) != MODE_CODE64) return;
  if (isCanonical(linear) && isCanonical(linear + (size - 1))) return;
  // SDM vol. 1, 3.3.7.1: stack references raise #SS, all others #GP.
  const record = <usize>load<u32>(cpu, CPU_CURRENT_RECORD);
  const stack = record && <u32>load<u8>(record, RECORD_ADDRESS) >> 4 == SEG_SS;
  raiseWithError(cpu, stack ? VECTOR_SS : VECTOR_GP, 0);
}

/** Reads 1, 2, 4 or 8 bytes through a given TLB of the vCPU. */
export function readSlow(cpu: usize, tlb: usize, linear: u64, size: u32): u64 {
  checkCanonical(cpu, linear, size);
  const address = truncate(cpu, linear);
  const inPage: u32 = 4096 - (<u32>address & 4095);
  let value: u64;
  if (size <= inPage) {
    value = readPart(cpu, tlb, address, size);
  } else {
    const second = truncate(cpu, address + inPage);
    const low = readBytes(cpu, tlb, address, inPage);
    value = low | (readBytes(cpu, tlb, second, size - inPage) << (inPage << 3));
  }
  if (load<u32>(cpu, CPU_DR + 56) & 0xff) noteDataAccess(cpu, address, size, false);
  return value;
}

function readPart(cpu: usize, tlb: usize, linear: u64, size: u32): u64 {
  const entry = entryOf(tlb, linear);
  let host: u32;
  if (load<u64>(entry, TLB_READ) == (linear & PAGE)) host = <u32>linear + load<u32>(entry, TLB_ADDEND);
  else host = translate(cpu, tlb, linear, ACCESS_READ);
  if (!host) return busRead(cpu, translatedPhysical, size);
  if (size == 8) return load<u64>(host);
  if (size == 4) return load<u32>(host);
  if (size == 2) return load<u16>(host);
  return load<u8>(host);
}

function readBytes(cpu: usize, tlb: usize, linear: u64, count: u32): u64 {
  let value: u64 = 0;
  for (let i: u32 = 0; i < count; i++) value |= readPart(cpu, tlb, linear + i, 1) << (i << 3);
  return value;
}

/** Writes 1, 2, 4 or 8 bytes through a given TLB of the vCPU; both pages are checked before either is written. */
export function writeSlow(cpu: usize, tlb: usize, linear: u64, size: u32, value: u64): void {
  checkCanonical(cpu, linear, size);
  const address = truncate(cpu, linear);
  const inPage: u32 = 4096 - (<u32>address & 4095);
  if (size <= inPage) {
    writePart(cpu, tlb, address, size, value);
  } else {
    const second = truncate(cpu, address + inPage);
    translate(cpu, tlb, address, ACCESS_WRITE);
    translate(cpu, tlb, second, ACCESS_WRITE);
    for (let i: u32 = 0; i < size; i++) {
      writePart(cpu, tlb, i < inPage ? address + i : second + (i - inPage), 1, value >> (i << 3));
    }
  }
  if (load<u32>(cpu, CPU_DR + 56) & 0xff) noteDataAccess(cpu, address, size, true);
}

function writePart(cpu: usize, tlb: usize, linear: u64, size: u32, value: u64): void {
  const entry = entryOf(tlb, linear);
  if (load<u64>(entry, TLB_WRITE) == (linear & PAGE)) {
    const host = <u32>linear + load<u32>(entry, TLB_ADDEND);
    if (size == 8) store<u64>(host, value);
    else if (size == 4) store<u32>(host, <u32>value);
    else if (size == 2) store<u16>(host, <u16>value);
    else store<u8>(host, <u8>value);
    return;
  }
  translate(cpu, tlb, linear, ACCESS_WRITE);
  busWrite(cpu, translatedPhysical, size, value);
}
