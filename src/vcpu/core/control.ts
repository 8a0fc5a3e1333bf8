// Near jumps, calls and returns, Jcc, LOOPcc, JCXZ. Far transfers: far.ts.
import {

  CPU_RCX,

  CPU_SEG_LIMIT,
  CPU_BLOCK_MODE,
  BLOCK_CODE_LIMIT,
  BLOCK_CODE_MASK,
  INFO_ADDRSIZE_SHIFT,
  RECORD_IMM,
} from '../../memory/layout';
import { isCanonical, read } from './access';
import { readAddress } from './address';
import { branchDirect, branchTo } from './block';
import { raiseGP } from './fault';
import { condition } from './flags';
import {
  byReg,
  define,
  defineMem,
  defineReg,
  MAP_0F,
  MAP_ONE,
  OP_DEF64,
  OP_END,
  OP_FORCE64,
  OP_IMM16,
  OP_MODRM,
  OP_REL8,
  OP_RELZ,
  OP_STACK,
  slot,
} from './opcode-table';
import { Handler, info, next, nextRip, rm } from './state';
import { peek, push, release } from './stack';

/** A near branch's target must be in the code segment, or canonical; checked before anything changes. */
// @ts-ignore: decorator
@inline
function checkTarget(cpu: usize, rip: u64): void {
  const mode = load<u32>(cpu, CPU_BLOCK_MODE);
  if ((mode & BLOCK_CODE_MASK) == 2) {
    if (!isCanonical(rip)) raiseGP(cpu, 0);
  } else if (mode & BLOCK_CODE_LIMIT && rip > <u64>load<u32>(cpu, CPU_SEG_LIMIT + 4)) {
    raiseGP(cpu, 0);
  }
}

/** Target of a direct branch: truncated by the operand size (SDM vol. 2, "JMP"). */
// @ts-ignore: decorator
@inline
function target<T>(cpu: usize, record: usize): u64 {
  return <u64><T>(nextRip(cpu, record) + load<u64>(record, RECORD_IMM));
}

function JMP_REL<T>(cpu: usize, record: usize): usize {
  const rip = target<T>(cpu, record);
  checkTarget(cpu, rip);
  return branchDirect(cpu, record, rip);
}

// @ts-ignore: decorator
@inline
function jcc<T>(cpu: usize, record: usize, cc: u32): usize {
  if (!condition(cpu, cc)) return next(record);
  const rip = target<T>(cpu, record);
  checkTarget(cpu, rip);
  return branchDirect(cpu, record, rip);
}

export function CALL_REL<T>(cpu: usize, record: usize): usize {
  const rip = target<T>(cpu, record);
  checkTarget(cpu, rip);
  push<T>(cpu, <T>nextRip(cpu, record));
  return branchDirect(cpu, record, rip);
}

export function RET<T>(cpu: usize, record: usize): usize {
  const rip = <u64>peek<T>(cpu, 0);
  checkTarget(cpu, rip);
  release(cpu, sizeof<T>());
  return branchTo(cpu, record, rip);
}

function RET_IMM<T>(cpu: usize, record: usize): usize {
  const rip = <u64>peek<T>(cpu, 0);
  checkTarget(cpu, rip);
  release(cpu, sizeof<T>() + load<u16>(record, RECORD_IMM));
  return branchTo(cpu, record, rip);
}

function JMP_RM<T>(cpu: usize, record: usize): usize {
  const rip = <u64>rm<T>(cpu, record);
  checkTarget(cpu, rip);
  return branchTo(cpu, record, rip);
}
function JMP_MEM<T>(cpu: usize, record: usize): usize {
  const rip = <u64>read<T>(cpu, readAddress<T>(cpu, record));
  checkTarget(cpu, rip);
  return branchTo(cpu, record, rip);
}
function CALL_RM<T>(cpu: usize, record: usize): usize {
  const rip = <u64>rm<T>(cpu, record);
  checkTarget(cpu, rip);
  push<T>(cpu, <T>nextRip(cpu, record));
  return branchTo(cpu, record, rip);
}
function CALL_MEM<T>(cpu: usize, record: usize): usize {
  const rip = <u64>read<T>(cpu, readAddress<T>(cpu, record));
  checkTarget(cpu, rip);
  push<T>(cpu, <T>nextRip(cpu, record));
  return branchTo(cpu, record, rip);
}

/** RCX, ECX or CX by the address size. */
function counter(cpu: usize, record: usize): u64 {
  const size = (info(record) >> INFO_ADDRSIZE_SHIFT) & 3;
  if (size == 2) return load<u64>(cpu, CPU_RCX);
  return size == 1 ? <u64>load<u32>(cpu, CPU_RCX) : <u64>load<u16>(cpu, CPU_RCX);
}

function putCounter(cpu: usize, record: usize, value: u64): void {
  const size = (info(record) >> INFO_ADDRSIZE_SHIFT) & 3;
  if (size == 0) store<u16>(cpu, <u16>value, CPU_RCX);
  else store<u64>(cpu, size == 1 ? value & 0xffffffff : value, CPU_RCX);
}

function JCXZ<T>(cpu: usize, record: usize): usize {
  if (counter(cpu, record) != 0) return next(record);
  const rip = target<T>(cpu, record);
  checkTarget(cpu, rip);
  return branchDirect(cpu, record, rip);
}

// @ts-ignore: decorator
@inline
function loop<T>(cpu: usize, record: usize, cc: u32): usize {
  const left = counter(cpu, record) - 1;
  const taken = (cc == 16 || condition(cpu, cc)) && !isZero(record, left);
  const rip = target<T>(cpu, record);
  if (taken) checkTarget(cpu, rip);
  putCounter(cpu, record, left);
  return taken ? branchDirect(cpu, record, rip) : next(record);
}

/** Is the counter zero in its size, after it wrapped? */
function isZero(record: usize, value: u64): bool {
  const size = (info(record) >> INFO_ADDRSIZE_SHIFT) & 3;
  return size == 2 ? value == 0 : size == 1 ? <u32>value == 0 : <u16>value == 0;
}

function LOOP<T>(cpu: usize, record: usize): usize {
  return loop<T>(cpu, record, 16);
}
function LOOPE<T>(cpu: usize, record: usize): usize {
  return loop<T>(cpu, record, 4);
}
function LOOPNE<T>(cpu: usize, record: usize): usize {
  return loop<T>(cpu, record, 5);
}
function JO<T>(cpu: usize, record: usize): usize {
  return jcc<T>(cpu, record, 0);
}
function JNO<T>(cpu: usize, record: usize): usize {
  return jcc<T>(cpu, record, 1);
}
function JB<T>(cpu: usize, record: usize): usize {
  return jcc<T>(cpu, record, 2);
}
function JAE<T>(cpu: usize, record: usize): usize {
  return jcc<T>(cpu, record, 3);
}
function JE<T>(cpu: usize, record: usize): usize {
  return jcc<T>(cpu, record, 4);
}
function JNE<T>(cpu: usize, record: usize): usize {
  return jcc<T>(cpu, record, 5);
}
function JBE<T>(cpu: usize, record: usize): usize {
  return jcc<T>(cpu, record, 6);
}
function JA<T>(cpu: usize, record: usize): usize {
  return jcc<T>(cpu, record, 7);
}
function JS<T>(cpu: usize, record: usize): usize {
  return jcc<T>(cpu, record, 8);
}
function JNS<T>(cpu: usize, record: usize): usize {
  return jcc<T>(cpu, record, 9);
}
function JP<T>(cpu: usize, record: usize): usize {
  return jcc<T>(cpu, record, 10);
}
function JNP<T>(cpu: usize, record: usize): usize {
  return jcc<T>(cpu, record, 11);
}
function JL<T>(cpu: usize, record: usize): usize {
  return jcc<T>(cpu, record, 12);
}
function JGE<T>(cpu: usize, record: usize): usize {
  return jcc<T>(cpu, record, 13);
}
function JLE<T>(cpu: usize, record: usize): usize {
  return jcc<T>(cpu, record, 14);
}
function JG<T>(cpu: usize, record: usize): usize {
  return jcc<T>(cpu, record, 15);
}

function registerJcc(cc: u32, h16: Handler, h32: Handler, h64: Handler): void {
  // Not a block's end: the block goes on with what follows when the branch is not taken.
  define(slot(MAP_ONE, 0x70 + cc), OP_REL8 | OP_FORCE64, 0, h16, h32, h64);
  define(slot(MAP_0F, 0x80 + cc), OP_RELZ | OP_FORCE64, 0, h16, h32, h64);
}

export function registerControl(): void {
  define(slot(MAP_ONE, 0xeb), OP_REL8 | OP_FORCE64 | OP_END, 0, (c, r) => JMP_REL<u16>(c, r), (c, r) => JMP_REL<u32>(c, r), (c, r) => JMP_REL<u64>(c, r));
  define(slot(MAP_ONE, 0xe9), OP_RELZ | OP_FORCE64 | OP_END, 0, (c, r) => JMP_REL<u16>(c, r), (c, r) => JMP_REL<u32>(c, r), (c, r) => JMP_REL<u64>(c, r));
  define(slot(MAP_ONE, 0xe8), OP_RELZ | OP_FORCE64 | OP_END | OP_STACK, 0, (c, r) => CALL_REL<u16>(c, r), (c, r) => CALL_REL<u32>(c, r), (c, r) => CALL_REL<u64>(c, r));
  define(slot(MAP_ONE, 0xc3), OP_FORCE64 | OP_END | OP_STACK, 0, (c, r) => RET<u16>(c, r), (c, r) => RET<u32>(c, r), (c, r) => RET<u64>(c, r));
  define(slot(MAP_ONE, 0xc2), OP_IMM16 | OP_FORCE64 | OP_END | OP_STACK, 0, (c, r) => RET_IMM<u16>(c, r), (c, r) => RET_IMM<u32>(c, r), (c, r) => RET_IMM<u64>(c, r));
  const jump = byReg(slot(MAP_ONE, 0xff), 4);
  defineReg(jump, OP_MODRM | OP_FORCE64 | OP_END, 0, (c, r) => JMP_RM<u16>(c, r), (c, r) => JMP_RM<u32>(c, r), (c, r) => JMP_RM<u64>(c, r));
  defineMem(jump, OP_MODRM | OP_FORCE64 | OP_END, 0, (c, r) => JMP_MEM<u16>(c, r), (c, r) => JMP_MEM<u32>(c, r), (c, r) => JMP_MEM<u64>(c, r));
  const call = byReg(slot(MAP_ONE, 0xff), 2);
  defineReg(call, OP_MODRM | OP_FORCE64 | OP_END | OP_STACK, 0, (c, r) => CALL_RM<u16>(c, r), (c, r) => CALL_RM<u32>(c, r), (c, r) => CALL_RM<u64>(c, r));
  defineMem(call, OP_MODRM | OP_FORCE64 | OP_END, 0, (c, r) => CALL_MEM<u16>(c, r), (c, r) => CALL_MEM<u32>(c, r), (c, r) => CALL_MEM<u64>(c, r));
  define(slot(MAP_ONE, 0xe0), OP_REL8 | OP_FORCE64, 0, (c, r) => LOOPNE<u16>(c, r), (c, r) => LOOPNE<u32>(c, r), (c, r) => LOOPNE<u64>(c, r));
  define(slot(MAP_ONE, 0xe1), OP_REL8 | OP_FORCE64, 0, (c, r) => LOOPE<u16>(c, r), (c, r) => LOOPE<u32>(c, r), (c, r) => LOOPE<u64>(c, r));
  define(slot(MAP_ONE, 0xe2), OP_REL8 | OP_FORCE64, 0, (c, r) => LOOP<u16>(c, r), (c, r) => LOOP<u32>(c, r), (c, r) => LOOP<u64>(c, r));
  define(slot(MAP_ONE, 0xe3), OP_REL8 | OP_FORCE64, 0, (c, r) => JCXZ<u16>(c, r), (c, r) => JCXZ<u32>(c, r), (c, r) => JCXZ<u64>(c, r));
  registerJcc(0, (c, r) => JO<u16>(c, r), (c, r) => JO<u32>(c, r), (c, r) => JO<u64>(c, r));
  registerJcc(1, (c, r) => JNO<u16>(c, r), (c, r) => JNO<u32>(c, r), (c, r) => JNO<u64>(c, r));
  registerJcc(2, (c, r) => JB<u16>(c, r), (c, r) => JB<u32>(c, r), (c, r) => JB<u64>(c, r));
  registerJcc(3, (c, r) => JAE<u16>(c, r), (c, r) => JAE<u32>(c, r), (c, r) => JAE<u64>(c, r));
  registerJcc(4, (c, r) => JE<u16>(c, r), (c, r) => JE<u32>(c, r), (c, r) => JE<u64>(c, r));
  registerJcc(5, (c, r) => JNE<u16>(c, r), (c, r) => JNE<u32>(c, r), (c, r) => JNE<u64>(c, r));
  registerJcc(6, (c, r) => JBE<u16>(c, r), (c, r) => JBE<u32>(c, r), (c, r) => JBE<u64>(c, r));
  registerJcc(7, (c, r) => JA<u16>(c, r), (c, r) => JA<u32>(c, r), (c, r) => JA<u64>(c, r));
  registerJcc(8, (c, r) => JS<u16>(c, r), (c, r) => JS<u32>(c, r), (c, r) => JS<u64>(c, r));
  registerJcc(9, (c, r) => JNS<u16>(c, r), (c, r) => JNS<u32>(c, r), (c, r) => JNS<u64>(c, r));
  registerJcc(10, (c, r) => JP<u16>(c, r), (c, r) => JP<u32>(c, r), (c, r) => JP<u64>(c, r));
  registerJcc(11, (c, r) => JNP<u16>(c, r), (c, r) => JNP<u32>(c, r), (c, r) => JNP<u64>(c, r));
  registerJcc(12, (c, r) => JL<u16>(c, r), (c, r) => JL<u32>(c, r), (c, r) => JL<u64>(c, r));
  registerJcc(13, (c, r) => JGE<u16>(c, r), (c, r) => JGE<u32>(c, r), (c, r) => JGE<u64>(c, r));
  registerJcc(14, (c, r) => JLE<u16>(c, r), (c, r) => JLE<u32>(c, r), (c, r) => JLE<u64>(c, r));
  registerJcc(15, (c, r) => JG<u16>(c, r), (c, r) => JG<u32>(c, r), (c, r) => JG<u64>(c, r));
}
