// Pushing onto a stack that is not (yet) the current one: interrupt frames and far calls build their frames here, and only
// commit SS:RSP when nothing can fault any more.
import {
  CPU_RSP,
  CPU_SEG_ATTRIBUTES,
  CPU_SEG_BASE,
  CPU_SEG_LIMIT,
  CPU_TLB_SUPERVISOR,
  CPU_TLB_USER,
} from '../../memory/layout';
import { checkAlignment, isCanonical, readSlow, writeSlow } from './access';
import { ATTR_DB, ATTR_EXPAND_DOWN, SEG_SS } from './bits';
import { raiseWithError, VECTOR_SS } from './fault';
import { is64 } from './state';
import { putStackPointer, stackMask } from './stack';

let base: u64 = 0;
let limit: u32 = 0;
let attributes: u32 = 0;
let mask: u64 = 0;
let tlb: usize = 0;
/** Selector for the error code of #SS: 0 for the current stack. */
let errorCode: u32 = 0;
/** Stack pointer of the frame being built. */
export let framePointer: u64 = 0;

/** Begins on the current stack, as privilege `level`. */
export function beginFrame(cpu: usize, level: u32): void {
  const flat = is64(cpu);
  openFrame(
    cpu,
    flat ? 0 : load<u64>(cpu, CPU_SEG_BASE + (SEG_SS << 3)),
    load<u32>(cpu, CPU_SEG_LIMIT + (SEG_SS << 2)),
    load<u32>(cpu, CPU_SEG_ATTRIBUTES + (SEG_SS << 2)),
    load<u64>(cpu, CPU_RSP),
    level,
    0,
  );
  if (flat) mask = 0xffffffffffffffff;
}

/** Begins on another stack segment. */
export function openFrame(cpu: usize, newBase: u64, newLimit: u32, newAttributes: u32, pointer: u64, level: u32, error: u32): void {
  base = newBase;
  limit = newLimit;
  attributes = newAttributes;
  mask = newAttributes & ATTR_DB ? 0xffffffff : 0xffff;
  framePointer = pointer;
  tlb = level == 3 ? cpu + CPU_TLB_USER : cpu + CPU_TLB_SUPERVISOR;
  errorCode = error;
}

/** Begins on a flat 64-bit stack, aligned as interrupts in long mode do. */
export function openLongFrame(cpu: usize, pointer: u64, level: u32): void {
  base = 0;
  mask = 0xffffffffffffffff;
  framePointer = pointer;
  tlb = level == 3 ? cpu + CPU_TLB_USER : cpu + CPU_TLB_SUPERVISOR;
  errorCode = 0;
}

function addressAt(cpu: usize, pointer: u64, size: u32): u64 {
  if (mask == 0xffffffffffffffff) {
    if (!isCanonical(pointer)) raiseWithError(cpu, VECTOR_SS, 0);
    return pointer;
  }
  const offset = pointer & mask;
  const last = offset + (size - 1);
  const ok = attributes & ATTR_EXPAND_DOWN
    ? offset > <u64>limit && last <= mask
    : last <= <u64>limit || limit == 0xffffffff;
  if (!ok) raiseWithError(cpu, VECTOR_SS, errorCode);
  return (base + offset) & 0xffffffff;
}

/** Pushes `size` bytes: 2, 4 or 8. */
export function pushFrame(cpu: usize, size: u32, value: u64): void {
  const pointer = framePointer - size;
  const linear = addressAt(cpu, pointer, size);
  if (tlb == cpu + CPU_TLB_USER) checkAlignment(cpu, linear, size);
  writeSlow(cpu, tlb, linear, size, value);
  framePointer = pointer;
}

/** Pops `size` bytes. */
export function popFrame(cpu: usize, size: u32): u64 {
  const linear = addressAt(cpu, framePointer, size);
  if (tlb == cpu + CPU_TLB_USER) checkAlignment(cpu, linear, size);
  const value = readSlow(cpu, tlb, linear, size);
  framePointer += size;
  return value;
}

/** Makes the frame's pointer the stack pointer; SS must be the frame's by now (and updateMode() called). */
export function commitFrame(cpu: usize): void {
  putStackPointer(cpu, framePointer, mask == 0xffffffffffffffff ? stackMask(cpu) : mask);
}
