// PUSH, POP, PUSHA, POPA, ENTER, LEAVE, and the stack access that other families share. PUSHF and POPF: eflags.ts.
import {
  BLOCK_CODE_MASK,
  BLOCK_FLAT,
  BLOCK_STACK32,
  CPU_BLOCK_MODE,
  CPU_GPR,
  CPU_RBP,
  CPU_RSP,
  RECORD_ADDRESS,
  RECORD_IMM,
} from '../../memory/layout';
import { checkWrite, read, write } from './access';
import { effectiveAddress, readAddress, segmentAddress } from './address';
import { SEG_SS } from './bits';
import {
  byReg,
  define,
  defineMem,
  defineReg,
  MAP_ONE,
  OP_DEF64,
  OP_ENTER,
  OP_IMM8,
  OP_IMMZ,
  OP_MODRM,
  OP_NO64,
  OP_OPREG,
  OP_STACK,
  slot,
} from './opcode-table';
import { imm, next, putGpr, putRm, rm } from './state';

/** Which bits of RSP count: 64 in 64-bit code, else by SS.B (SDM vol. 1, 6.2.3). */
export function stackMask(cpu: usize): u64 {
  const mode = load<u32>(cpu, CPU_BLOCK_MODE);
  if ((mode & BLOCK_CODE_MASK) == 2) return 0xffffffffffffffff;
  return mode & BLOCK_STACK32 ? 0xffffffff : 0xffff;
}

/** Linear address of an offset in the stack segment. Raises #SS. */
export function stackAddress(cpu: usize, offset: u64, size: u32, isWrite: bool): u64 {
  const mode = load<u32>(cpu, CPU_BLOCK_MODE);
  if ((mode & BLOCK_CODE_MASK) == 2 || (mode & (BLOCK_FLAT | BLOCK_STACK32)) == (BLOCK_FLAT | BLOCK_STACK32)) return offset;
  return segmentAddress(cpu, SEG_SS, offset, size, isWrite);
}

/** Stores a stack pointer, leaving the bits that do not count; a 32-bit one clears the upper half. */
export function putStackPointer(cpu: usize, value: u64, mask: u64): void {
  if (mask == 0xffff) store<u16>(cpu, <u16>value, CPU_RSP);
  else store<u64>(cpu, value & mask, CPU_RSP);
}

/** Pushes one value; the stack pointer moves after the write has succeeded. */
// @ts-ignore: decorator
@inline
export function push<T>(cpu: usize, value: T): void {
  if (sizeof<T>() == 8) {
    const at = load<u64>(cpu, CPU_RSP) - 8;
    write<T>(cpu, at, value);
    store<u64>(cpu, at, CPU_RSP);
  } else {
    pushLegacy<T>(cpu, value);
  }
}

function pushLegacy<T>(cpu: usize, value: T): void {
  const mask = stackMask(cpu);
  const at = (load<u64>(cpu, CPU_RSP) - sizeof<T>()) & mask;
  write<T>(cpu, stackAddress(cpu, at, sizeof<T>(), true), value);
  putStackPointer(cpu, at, mask);
}

/** Reads the value `index` bytes above the top of the stack, without moving the pointer. */
export function peek<T>(cpu: usize, index: u32): T {
  const at = (load<u64>(cpu, CPU_RSP) + index) & stackMask(cpu);
  return read<T>(cpu, stackAddress(cpu, at, sizeof<T>(), false));
}

/** Moves the stack pointer up by `bytes`. */
export function release(cpu: usize, bytes: u32): void {
  const mask = stackMask(cpu);
  putStackPointer(cpu, load<u64>(cpu, CPU_RSP) + bytes, mask);
}

/** Pops one value. */
// @ts-ignore: decorator
@inline
export function pop<T>(cpu: usize): T {
  if (sizeof<T>() == 8) {
    const at = load<u64>(cpu, CPU_RSP);
    const value = read<T>(cpu, at);
    store<u64>(cpu, at + 8, CPU_RSP);
    return value;
  }
  const value = peek<T>(cpu, 0);
  release(cpu, sizeof<T>());
  return value;
}

// @ts-ignore: decorator
@inline
export function PUSH_RM<T>(cpu: usize, record: usize): usize {
  push<T>(cpu, rm<T>(cpu, record));
  return next(record);
}
function PUSH_MEM<T>(cpu: usize, record: usize): usize {
  push<T>(cpu, read<T>(cpu, readAddress<T>(cpu, record)));
  return next(record);
}
function PUSH_IMM<T>(cpu: usize, record: usize): usize {
  push<T>(cpu, imm<T>(record));
  return next(record);
}
// @ts-ignore: decorator
@inline
export function POP_RM<T>(cpu: usize, record: usize): usize {
  // POP SP stores what was popped, after the pointer has moved.
  const value = pop<T>(cpu);
  putRm<T>(cpu, record, value);
  return next(record);
}
function POP_MEM<T>(cpu: usize, record: usize): usize {
  // The address is computed with the stack pointer already moved (SDM vol. 2, "POP"); on a fault it must not have moved.
  const before = load<u64>(cpu, CPU_RSP);
  const value = peek<T>(cpu, 0);
  release(cpu, sizeof<T>());
  const after = load<u64>(cpu, CPU_RSP);
  const segment = <u32>load<u8>(record, RECORD_ADDRESS) >> 4;
  const offset = effectiveAddress(cpu, record);
  store<u64>(cpu, before, CPU_RSP);
  write<T>(cpu, segmentAddress(cpu, segment, offset, sizeof<T>(), true), value);
  store<u64>(cpu, after, CPU_RSP);
  return next(record);
}

function PUSHA<T>(cpu: usize, record: usize): usize {
  const mask = stackMask(cpu);
  const top = load<u64>(cpu, CPU_RSP);
  // A fault leaves the pointer and what was stored before it, as the host does.
  for (let i: u32 = 0; i < 8; i++) {
    const at = (top - (i + 1) * sizeof<T>()) & mask;
    write<T>(cpu, stackAddress(cpu, at, sizeof<T>(), true), load<T>(cpu + (i << 3), CPU_GPR));
  }
  putStackPointer(cpu, top - 8 * sizeof<T>(), mask);
  return next(record);
}

function POPA<T>(cpu: usize, record: usize): usize {
  const mask = stackMask(cpu);
  const top = load<u64>(cpu, CPU_RSP);
  // A fault leaves the pointer and the registers that were loaded before it, as the host does.
  for (let i: u32 = 0; i < 8; i++) {
    const at = (top + i * sizeof<T>()) & mask;
    // DI first, AX last; the place of SP is skipped.
    const r = 7 - i;
    if (r != 4) putGpr<T>(cpu, <usize>r << 3, read<T>(cpu, stackAddress(cpu, at, sizeof<T>(), false)));
  }
  putStackPointer(cpu, top + 8 * sizeof<T>(), mask);
  return next(record);
}

/** ENTER with its nesting level (SDM vol. 2, "ENTER"). */
function ENTER<T>(cpu: usize, record: usize): usize {
  const size: u32 = sizeof<T>();
  const bytes = load<u32>(record, RECORD_IMM) & 0xffff;
  const level = (load<u32>(record, RECORD_IMM) >> 16) & 31;
  const mask = stackMask(cpu);
  let top = load<u64>(cpu, CPU_RSP);
  let frame = load<u64>(cpu, CPU_RBP);
  top -= size;
  write<T>(cpu, stackAddress(cpu, top & mask, size, true), load<T>(cpu, CPU_RBP));
  const framePointer = top;
  if (level > 0) {
    for (let i: u32 = 1; i < level; i++) {
      frame -= size;
      const value = read<T>(cpu, stackAddress(cpu, frame & mask, size, false));
      top -= size;
      write<T>(cpu, stackAddress(cpu, top & mask, size, true), value);
    }
    top -= size;
    write<T>(cpu, stackAddress(cpu, top & mask, size, true), <T>framePointer);
  }
  // An operand at the final stack pointer must be writable too, and aligned if alignment is checked.
  checkWrite(cpu, stackAddress(cpu, (top - bytes) & mask, size, true), size);
  putGpr<T>(cpu, CPU_RBP, <T>framePointer);
  putStackPointer(cpu, top - bytes, mask);
  return next(record);
}

function LEAVE<T>(cpu: usize, record: usize): usize {
  const mask = stackMask(cpu);
  const frame = load<u64>(cpu, CPU_RBP);
  const value = read<T>(cpu, stackAddress(cpu, frame & mask, sizeof<T>(), false));
  putStackPointer(cpu, frame + sizeof<T>(), mask);
  putGpr<T>(cpu, CPU_RBP, value);
  return next(record);
}

export function registerStack(): void {
  for (let r: u32 = 0; r < 8; r++) {
    define(slot(MAP_ONE, 0x50 + r), OP_OPREG | OP_DEF64 | OP_STACK, 0, (c, r) => PUSH_RM<u16>(c, r), (c, r) => PUSH_RM<u32>(c, r), (c, r) => PUSH_RM<u64>(c, r));
    define(slot(MAP_ONE, 0x58 + r), OP_OPREG | OP_DEF64 | OP_STACK, 0, (c, r) => POP_RM<u16>(c, r), (c, r) => POP_RM<u32>(c, r), (c, r) => POP_RM<u64>(c, r));
  }
  define(slot(MAP_ONE, 0x60), OP_NO64 | OP_STACK, 0, (c, r) => PUSHA<u16>(c, r), (c, r) => PUSHA<u32>(c, r), (c, r) => PUSHA<u32>(c, r));
  define(slot(MAP_ONE, 0x61), OP_NO64 | OP_STACK, 0, (c, r) => POPA<u16>(c, r), (c, r) => POPA<u32>(c, r), (c, r) => POPA<u32>(c, r));
  define(slot(MAP_ONE, 0x68), OP_IMMZ | OP_DEF64 | OP_STACK, 0, (c, r) => PUSH_IMM<u16>(c, r), (c, r) => PUSH_IMM<u32>(c, r), (c, r) => PUSH_IMM<u64>(c, r));
  define(slot(MAP_ONE, 0x6a), OP_IMM8 | OP_DEF64 | OP_STACK, 0, (c, r) => PUSH_IMM<u16>(c, r), (c, r) => PUSH_IMM<u32>(c, r), (c, r) => PUSH_IMM<u64>(c, r));
  const pop = byReg(slot(MAP_ONE, 0x8f), 0);
  defineReg(pop, OP_MODRM | OP_DEF64, 0, (c, r) => POP_RM<u16>(c, r), (c, r) => POP_RM<u32>(c, r), (c, r) => POP_RM<u64>(c, r));
  defineMem(pop, OP_MODRM | OP_DEF64, 0, (c, r) => POP_MEM<u16>(c, r), (c, r) => POP_MEM<u32>(c, r), (c, r) => POP_MEM<u64>(c, r));
  const push = byReg(slot(MAP_ONE, 0xff), 6);
  defineReg(push, OP_MODRM | OP_DEF64, 0, (c, r) => PUSH_RM<u16>(c, r), (c, r) => PUSH_RM<u32>(c, r), (c, r) => PUSH_RM<u64>(c, r));
  defineMem(push, OP_MODRM | OP_DEF64, 0, (c, r) => PUSH_MEM<u16>(c, r), (c, r) => PUSH_MEM<u32>(c, r), (c, r) => PUSH_MEM<u64>(c, r));
  define(slot(MAP_ONE, 0xc8), OP_ENTER | OP_DEF64 | OP_STACK, 0, (c, r) => ENTER<u16>(c, r), (c, r) => ENTER<u32>(c, r), (c, r) => ENTER<u64>(c, r));
  define(slot(MAP_ONE, 0xc9), OP_DEF64 | OP_STACK, 0, (c, r) => LEAVE<u16>(c, r), (c, r) => LEAVE<u32>(c, r), (c, r) => LEAVE<u64>(c, r));
}
