// ROL ROR RCL RCR SHL SHR SAR, SHLD, SHRD (SDM vol. 2, "SAL/SAR/SHL/SHR", "RCL/RCR/ROL/ROR", "SHLD", "SHRD").
import { CPU_FLAG_AUX, CPU_RCX, INFO_OPCODE_MASK, RECORD_IMM } from '../../memory/layout';
import { place } from './access';
import { writeAddress } from './address';
import { AUX_OVERFLOW_BITS, carry, setFlags } from './flags';
import { byReg, defineMem, defineReg, MAP_0F, MAP_ONE, OP_IMM8, OP_MODRM, OP_RM8, slot } from './opcode-table';
import { info, next, putRm, reg, rm } from './state';
import { fetchOperand, putOperand } from './update';

const ROL: u32 = 0;
const ROR: u32 = 1;
const RCL: u32 = 2;
const RCR: u32 = 3;
export const SHL: u32 = 4;
export const SHR: u32 = 5;
export const SAR: u32 = 7;

/** Where the count comes from. */
export const BY_IMMEDIATE: u32 = 0;
const BY_ONE: u32 = 1;
const BY_CL: u32 = 2;

// @ts-ignore: decorator
@inline
function bitsOf<T>(): u32 {
  return sizeof<T>() * 8;
}

// @ts-ignore: decorator
@inline
function auxOf(cf: u32, over: u32): u32 {
  return (cf << 31) | ((cf ^ over) << 30);
}

/** Rotates change CF and OF alone. */
// @ts-ignore: decorator
@inline
function setCarryAndOverflow(cpu: usize, cf: u32, over: u32): void {
  store<u32>(cpu, (load<u32>(cpu, CPU_FLAG_AUX) & ~AUX_OVERFLOW_BITS) | auxOf(cf, over), CPU_FLAG_AUX);
}

// @ts-ignore: decorator
@inline
function top<T>(value: T): u32 {
  return <u32>(<u64>value >> (bitsOf<T>() - 1)) & 1;
}

/** Shifts count modulo 32, or 64 for 64-bit operands. OF is what it is for a count of one. */
// @ts-ignore: decorator
@inline
function shift<T>(cpu: usize, operation: u32, a: T, rawCount: u32): T {
  const bits = bitsOf<T>();
  const count = rawCount & (bits == 64 ? 63 : 31);
  if (!count) return a;
  if (operation == SHL) {
    const wide = <u64>a << count;
    const r = <T>wide;
    const cf = bits == 64 ? <u32>(<u64>a >> (64 - count)) & 1 : <u32>(wide >> bits) & 1;
    setFlags<T>(cpu, r, auxOf(cf, cf ^ top<T>(r)));
    return r;
  }
  if (operation == SHR) {
    const r = <T>(<u64>a >> count);
    setFlags<T>(cpu, r, auxOf(<u32>(<u64>a >> (count - 1)) & 1, top<T>(a)));
    return r;
  }
  if (operation == SAR) {
    const extended = signExtend<T>(a);
    const r = <T>(extended >> count);
    setFlags<T>(cpu, r, auxOf(<u32>(extended >> (count - 1)) & 1, 0));
    return r;
  }
  if (operation == ROL) {
    const n = count & (bits - 1);
    const r = n ? <T>((<u64>a << n) | (<u64>a >> (bits - n))) : a;
    const cf = <u32>r & 1;
    setCarryAndOverflow(cpu, cf, cf ^ top<T>(r));
    return r;
  }
  if (operation == ROR) {
    const n = count & (bits - 1);
    const r = n ? <T>((<u64>a >> n) | (<u64>a << (bits - n))) : a;
    const cf = top<T>(r);
    setCarryAndOverflow(cpu, cf, cf ^ (<u32>(<u64>r >> (bits - 2)) & 1));
    return r;
  }
  return rotateThroughCarry<T>(cpu, operation, a, count);
}

// @ts-ignore: decorator
@inline
function signExtend<T>(a: T): i64 {
  if (sizeof<T>() == 1) return <i64><i8>a;
  if (sizeof<T>() == 2) return <i64><i16>a;
  if (sizeof<T>() == 4) return <i64><i32>a;
  return <i64>a;
}

function rotateThroughCarry<T>(cpu: usize, operation: u32, a: T, count: u32): T {
  const bits = bitsOf<T>();
  const n = bits < 32 ? count % (bits + 1) : count;
  if (!n) return a;
  const cf = <u64>carry(cpu);
  const value = <u64>a;
  let r: u64;
  let out: u32;
  if (operation == RCL) {
    // Bits beyond the operand come from CF and then from its own top.
    r = (value << n) | (cf << (n - 1));
    if (n > 1) r |= value >> (bits + 1 - n);
    out = <u32>(value >> (bits - n)) & 1;
    const narrowed = <T>r;
    setCarryAndOverflow(cpu, out, out ^ top<T>(narrowed));
    return narrowed;
  }
  r = (value >> n) | (cf << (bits - n));
  if (n > 1) r |= value << (bits + 1 - n);
  out = <u32>(value >> (n - 1)) & 1;
  const narrowed = <T>r;
  setCarryAndOverflow(cpu, out, top<T>(narrowed) ^ (<u32>(<u64>narrowed >> (bits - 2)) & 1));
  return narrowed;
}

// @ts-ignore: decorator
@inline
function count(cpu: usize, record: usize, source: u32): u32 {
  if (source == BY_ONE) return 1;
  if (source == BY_CL) return <u32>load<u8>(cpu, CPU_RCX);
  return <u32>load<u8>(record, RECORD_IMM);
}

// @ts-ignore: decorator
@inline
export function shiftRm<T>(cpu: usize, record: usize, operation: u32, source: u32): usize {
  putRm<T>(cpu, record, shift<T>(cpu, operation, rm<T>(cpu, record), count(cpu, record, source)));
  return next(record);
}

/** SHL, SHR or SAR by an immediate, whose count is not 0, where nobody reads the flags. */
// @ts-ignore: decorator
@inline
export function shiftRmQuiet<T>(cpu: usize, record: usize, operation: u32): usize {
  // WebAssembly takes the count modulo the size, too.
  const n = <T>load<u8>(record, RECORD_IMM);
  const a = rm<T>(cpu, record);
  if (operation == SHL) putRm<T>(cpu, record, <T>(a << n));
  else if (operation == SHR) putRm<T>(cpu, record, <T>(a >> n));
  else putRm<T>(cpu, record, <T>(signExtend<T>(a) >> <i64>(n & (bitsOf<T>() - 1))));
  return next(record);
}

/** C0, C1: by an immediate; D0, D1: by one; D2, D3: by CL. */
// @ts-ignore: decorator
@inline
function shiftMem<T>(cpu: usize, record: usize, operation: u32): usize {
  const opcode = info(record) & INFO_OPCODE_MASK;
  const n = opcode < 0xd0 ? count(cpu, record, BY_IMMEDIATE) : opcode < 0xd2 ? 1 : count(cpu, record, BY_CL);
  const linear = writeAddress<T>(cpu, record);
  const at = place<T>(cpu, linear);
  const a = fetchOperand<T>(cpu, linear, at);
  putOperand<T>(cpu, linear, at, shift<T>(cpu, operation, a, n));
  return next(record);
}

/** SHLD (`left`) or SHRD of `a` with bits of `b`. For 16 bits a count above 16 is undefined; the bits of both repeat. */
function double<T>(cpu: usize, left: bool, a: T, b: T, rawCount: u32): T {
  const bits = bitsOf<T>();
  const n = rawCount & (bits == 64 ? 63 : 31);
  if (!n) return a;
  let r: T;
  let cf: u32;
  if (bits == 16) {
    const pair = (<u64>a << 32) | (<u64>b << 16) | <u64>a;
    if (left) {
      r = <T>((pair << n) >> 32);
      cf = <u32>(pair >> (48 - n)) & 1;
    } else {
      r = <T>(pair >> n);
      cf = <u32>(pair >> (n - 1)) & 1;
    }
  } else if (left) {
    r = <T>((<u64>a << n) | (<u64>b >> (bits - n)));
    cf = <u32>(<u64>a >> (bits - n)) & 1;
  } else {
    r = <T>((<u64>a >> n) | (<u64>b << (bits - n)));
    cf = <u32>(<u64>a >> (n - 1)) & 1;
  }
  setFlags<T>(cpu, r, auxOf(cf, top<T>(a) ^ top<T>(r)));
  return r;
}

function doubleCount(cpu: usize, record: usize): u32 {
  // 0F A4, AC: immediate; A5, AD: CL.
  return info(record) & 1 ? <u32>load<u8>(cpu, CPU_RCX) : <u32>load<u8>(record, RECORD_IMM);
}

// @ts-ignore: decorator
@inline
function doubleRm<T>(cpu: usize, record: usize, left: bool): usize {
  putRm<T>(cpu, record, double<T>(cpu, left, rm<T>(cpu, record), reg<T>(cpu, record), doubleCount(cpu, record)));
  return next(record);
}

// @ts-ignore: decorator
@inline
function doubleMem<T>(cpu: usize, record: usize, left: bool): usize {
  const linear = writeAddress<T>(cpu, record);
  const at = place<T>(cpu, linear);
  const a = fetchOperand<T>(cpu, linear, at);
  putOperand<T>(cpu, linear, at, double<T>(cpu, left, a, reg<T>(cpu, record), doubleCount(cpu, record)));
  return next(record);
}

function SHLD_RM<T>(cpu: usize, record: usize): usize {
  return doubleRm<T>(cpu, record, true);
}
function SHLD_MEM<T>(cpu: usize, record: usize): usize {
  return doubleMem<T>(cpu, record, true);
}
function SHRD_RM<T>(cpu: usize, record: usize): usize {
  return doubleRm<T>(cpu, record, false);
}
function SHRD_MEM<T>(cpu: usize, record: usize): usize {
  return doubleMem<T>(cpu, record, false);
}

function ROL_RM_IMM<T>(cpu: usize, record: usize): usize {
  return shiftRm<T>(cpu, record, ROL, BY_IMMEDIATE);
}
function ROL_RM_ONE<T>(cpu: usize, record: usize): usize {
  return shiftRm<T>(cpu, record, ROL, BY_ONE);
}
function ROL_RM_CL<T>(cpu: usize, record: usize): usize {
  return shiftRm<T>(cpu, record, ROL, BY_CL);
}
function ROL_MEM<T>(cpu: usize, record: usize): usize {
  return shiftMem<T>(cpu, record, ROL);
}
function ROR_RM_IMM<T>(cpu: usize, record: usize): usize {
  return shiftRm<T>(cpu, record, ROR, BY_IMMEDIATE);
}
function ROR_RM_ONE<T>(cpu: usize, record: usize): usize {
  return shiftRm<T>(cpu, record, ROR, BY_ONE);
}
function ROR_RM_CL<T>(cpu: usize, record: usize): usize {
  return shiftRm<T>(cpu, record, ROR, BY_CL);
}
function ROR_MEM<T>(cpu: usize, record: usize): usize {
  return shiftMem<T>(cpu, record, ROR);
}
function RCL_RM_IMM<T>(cpu: usize, record: usize): usize {
  return shiftRm<T>(cpu, record, RCL, BY_IMMEDIATE);
}
function RCL_RM_ONE<T>(cpu: usize, record: usize): usize {
  return shiftRm<T>(cpu, record, RCL, BY_ONE);
}
function RCL_RM_CL<T>(cpu: usize, record: usize): usize {
  return shiftRm<T>(cpu, record, RCL, BY_CL);
}
function RCL_MEM<T>(cpu: usize, record: usize): usize {
  return shiftMem<T>(cpu, record, RCL);
}
function RCR_RM_IMM<T>(cpu: usize, record: usize): usize {
  return shiftRm<T>(cpu, record, RCR, BY_IMMEDIATE);
}
function RCR_RM_ONE<T>(cpu: usize, record: usize): usize {
  return shiftRm<T>(cpu, record, RCR, BY_ONE);
}
function RCR_RM_CL<T>(cpu: usize, record: usize): usize {
  return shiftRm<T>(cpu, record, RCR, BY_CL);
}
function RCR_MEM<T>(cpu: usize, record: usize): usize {
  return shiftMem<T>(cpu, record, RCR);
}
function SHL_RM_IMM<T>(cpu: usize, record: usize): usize {
  return shiftRm<T>(cpu, record, SHL, BY_IMMEDIATE);
}
function SHL_RM_ONE<T>(cpu: usize, record: usize): usize {
  return shiftRm<T>(cpu, record, SHL, BY_ONE);
}
function SHL_RM_CL<T>(cpu: usize, record: usize): usize {
  return shiftRm<T>(cpu, record, SHL, BY_CL);
}
function SHL_MEM<T>(cpu: usize, record: usize): usize {
  return shiftMem<T>(cpu, record, SHL);
}
function SHR_RM_IMM<T>(cpu: usize, record: usize): usize {
  return shiftRm<T>(cpu, record, SHR, BY_IMMEDIATE);
}
function SHR_RM_ONE<T>(cpu: usize, record: usize): usize {
  return shiftRm<T>(cpu, record, SHR, BY_ONE);
}
function SHR_RM_CL<T>(cpu: usize, record: usize): usize {
  return shiftRm<T>(cpu, record, SHR, BY_CL);
}
function SHR_MEM<T>(cpu: usize, record: usize): usize {
  return shiftMem<T>(cpu, record, SHR);
}
function SAR_RM_IMM<T>(cpu: usize, record: usize): usize {
  return shiftRm<T>(cpu, record, SAR, BY_IMMEDIATE);
}
function SAR_RM_ONE<T>(cpu: usize, record: usize): usize {
  return shiftRm<T>(cpu, record, SAR, BY_ONE);
}
function SAR_RM_CL<T>(cpu: usize, record: usize): usize {
  return shiftRm<T>(cpu, record, SAR, BY_CL);
}
function SAR_MEM<T>(cpu: usize, record: usize): usize {
  return shiftMem<T>(cpu, record, SAR);
}

export function registerShift(): void {
  defineReg(byReg(slot(MAP_ONE, 0xc0), 0), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => ROL_RM_IMM<u8>(c, r), (c, r) => ROL_RM_IMM<u8>(c, r), (c, r) => ROL_RM_IMM<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xc0), 0), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => ROL_MEM<u8>(c, r), (c, r) => ROL_MEM<u8>(c, r), (c, r) => ROL_MEM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xc1), 0), OP_MODRM | OP_IMM8, 0, (c, r) => ROL_RM_IMM<u16>(c, r), (c, r) => ROL_RM_IMM<u32>(c, r), (c, r) => ROL_RM_IMM<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xc1), 0), OP_MODRM | OP_IMM8, 0, (c, r) => ROL_MEM<u16>(c, r), (c, r) => ROL_MEM<u32>(c, r), (c, r) => ROL_MEM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd0), 0), OP_MODRM | OP_RM8, 0, (c, r) => ROL_RM_ONE<u8>(c, r), (c, r) => ROL_RM_ONE<u8>(c, r), (c, r) => ROL_RM_ONE<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd0), 0), OP_MODRM | OP_RM8, 0, (c, r) => ROL_MEM<u8>(c, r), (c, r) => ROL_MEM<u8>(c, r), (c, r) => ROL_MEM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd1), 0), OP_MODRM, 0, (c, r) => ROL_RM_ONE<u16>(c, r), (c, r) => ROL_RM_ONE<u32>(c, r), (c, r) => ROL_RM_ONE<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd1), 0), OP_MODRM, 0, (c, r) => ROL_MEM<u16>(c, r), (c, r) => ROL_MEM<u32>(c, r), (c, r) => ROL_MEM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd2), 0), OP_MODRM | OP_RM8, 0, (c, r) => ROL_RM_CL<u8>(c, r), (c, r) => ROL_RM_CL<u8>(c, r), (c, r) => ROL_RM_CL<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd2), 0), OP_MODRM | OP_RM8, 0, (c, r) => ROL_MEM<u8>(c, r), (c, r) => ROL_MEM<u8>(c, r), (c, r) => ROL_MEM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd3), 0), OP_MODRM, 0, (c, r) => ROL_RM_CL<u16>(c, r), (c, r) => ROL_RM_CL<u32>(c, r), (c, r) => ROL_RM_CL<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd3), 0), OP_MODRM, 0, (c, r) => ROL_MEM<u16>(c, r), (c, r) => ROL_MEM<u32>(c, r), (c, r) => ROL_MEM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xc0), 1), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => ROR_RM_IMM<u8>(c, r), (c, r) => ROR_RM_IMM<u8>(c, r), (c, r) => ROR_RM_IMM<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xc0), 1), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => ROR_MEM<u8>(c, r), (c, r) => ROR_MEM<u8>(c, r), (c, r) => ROR_MEM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xc1), 1), OP_MODRM | OP_IMM8, 0, (c, r) => ROR_RM_IMM<u16>(c, r), (c, r) => ROR_RM_IMM<u32>(c, r), (c, r) => ROR_RM_IMM<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xc1), 1), OP_MODRM | OP_IMM8, 0, (c, r) => ROR_MEM<u16>(c, r), (c, r) => ROR_MEM<u32>(c, r), (c, r) => ROR_MEM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd0), 1), OP_MODRM | OP_RM8, 0, (c, r) => ROR_RM_ONE<u8>(c, r), (c, r) => ROR_RM_ONE<u8>(c, r), (c, r) => ROR_RM_ONE<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd0), 1), OP_MODRM | OP_RM8, 0, (c, r) => ROR_MEM<u8>(c, r), (c, r) => ROR_MEM<u8>(c, r), (c, r) => ROR_MEM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd1), 1), OP_MODRM, 0, (c, r) => ROR_RM_ONE<u16>(c, r), (c, r) => ROR_RM_ONE<u32>(c, r), (c, r) => ROR_RM_ONE<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd1), 1), OP_MODRM, 0, (c, r) => ROR_MEM<u16>(c, r), (c, r) => ROR_MEM<u32>(c, r), (c, r) => ROR_MEM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd2), 1), OP_MODRM | OP_RM8, 0, (c, r) => ROR_RM_CL<u8>(c, r), (c, r) => ROR_RM_CL<u8>(c, r), (c, r) => ROR_RM_CL<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd2), 1), OP_MODRM | OP_RM8, 0, (c, r) => ROR_MEM<u8>(c, r), (c, r) => ROR_MEM<u8>(c, r), (c, r) => ROR_MEM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd3), 1), OP_MODRM, 0, (c, r) => ROR_RM_CL<u16>(c, r), (c, r) => ROR_RM_CL<u32>(c, r), (c, r) => ROR_RM_CL<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd3), 1), OP_MODRM, 0, (c, r) => ROR_MEM<u16>(c, r), (c, r) => ROR_MEM<u32>(c, r), (c, r) => ROR_MEM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xc0), 2), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => RCL_RM_IMM<u8>(c, r), (c, r) => RCL_RM_IMM<u8>(c, r), (c, r) => RCL_RM_IMM<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xc0), 2), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => RCL_MEM<u8>(c, r), (c, r) => RCL_MEM<u8>(c, r), (c, r) => RCL_MEM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xc1), 2), OP_MODRM | OP_IMM8, 0, (c, r) => RCL_RM_IMM<u16>(c, r), (c, r) => RCL_RM_IMM<u32>(c, r), (c, r) => RCL_RM_IMM<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xc1), 2), OP_MODRM | OP_IMM8, 0, (c, r) => RCL_MEM<u16>(c, r), (c, r) => RCL_MEM<u32>(c, r), (c, r) => RCL_MEM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd0), 2), OP_MODRM | OP_RM8, 0, (c, r) => RCL_RM_ONE<u8>(c, r), (c, r) => RCL_RM_ONE<u8>(c, r), (c, r) => RCL_RM_ONE<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd0), 2), OP_MODRM | OP_RM8, 0, (c, r) => RCL_MEM<u8>(c, r), (c, r) => RCL_MEM<u8>(c, r), (c, r) => RCL_MEM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd1), 2), OP_MODRM, 0, (c, r) => RCL_RM_ONE<u16>(c, r), (c, r) => RCL_RM_ONE<u32>(c, r), (c, r) => RCL_RM_ONE<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd1), 2), OP_MODRM, 0, (c, r) => RCL_MEM<u16>(c, r), (c, r) => RCL_MEM<u32>(c, r), (c, r) => RCL_MEM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd2), 2), OP_MODRM | OP_RM8, 0, (c, r) => RCL_RM_CL<u8>(c, r), (c, r) => RCL_RM_CL<u8>(c, r), (c, r) => RCL_RM_CL<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd2), 2), OP_MODRM | OP_RM8, 0, (c, r) => RCL_MEM<u8>(c, r), (c, r) => RCL_MEM<u8>(c, r), (c, r) => RCL_MEM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd3), 2), OP_MODRM, 0, (c, r) => RCL_RM_CL<u16>(c, r), (c, r) => RCL_RM_CL<u32>(c, r), (c, r) => RCL_RM_CL<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd3), 2), OP_MODRM, 0, (c, r) => RCL_MEM<u16>(c, r), (c, r) => RCL_MEM<u32>(c, r), (c, r) => RCL_MEM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xc0), 3), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => RCR_RM_IMM<u8>(c, r), (c, r) => RCR_RM_IMM<u8>(c, r), (c, r) => RCR_RM_IMM<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xc0), 3), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => RCR_MEM<u8>(c, r), (c, r) => RCR_MEM<u8>(c, r), (c, r) => RCR_MEM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xc1), 3), OP_MODRM | OP_IMM8, 0, (c, r) => RCR_RM_IMM<u16>(c, r), (c, r) => RCR_RM_IMM<u32>(c, r), (c, r) => RCR_RM_IMM<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xc1), 3), OP_MODRM | OP_IMM8, 0, (c, r) => RCR_MEM<u16>(c, r), (c, r) => RCR_MEM<u32>(c, r), (c, r) => RCR_MEM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd0), 3), OP_MODRM | OP_RM8, 0, (c, r) => RCR_RM_ONE<u8>(c, r), (c, r) => RCR_RM_ONE<u8>(c, r), (c, r) => RCR_RM_ONE<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd0), 3), OP_MODRM | OP_RM8, 0, (c, r) => RCR_MEM<u8>(c, r), (c, r) => RCR_MEM<u8>(c, r), (c, r) => RCR_MEM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd1), 3), OP_MODRM, 0, (c, r) => RCR_RM_ONE<u16>(c, r), (c, r) => RCR_RM_ONE<u32>(c, r), (c, r) => RCR_RM_ONE<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd1), 3), OP_MODRM, 0, (c, r) => RCR_MEM<u16>(c, r), (c, r) => RCR_MEM<u32>(c, r), (c, r) => RCR_MEM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd2), 3), OP_MODRM | OP_RM8, 0, (c, r) => RCR_RM_CL<u8>(c, r), (c, r) => RCR_RM_CL<u8>(c, r), (c, r) => RCR_RM_CL<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd2), 3), OP_MODRM | OP_RM8, 0, (c, r) => RCR_MEM<u8>(c, r), (c, r) => RCR_MEM<u8>(c, r), (c, r) => RCR_MEM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd3), 3), OP_MODRM, 0, (c, r) => RCR_RM_CL<u16>(c, r), (c, r) => RCR_RM_CL<u32>(c, r), (c, r) => RCR_RM_CL<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd3), 3), OP_MODRM, 0, (c, r) => RCR_MEM<u16>(c, r), (c, r) => RCR_MEM<u32>(c, r), (c, r) => RCR_MEM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xc0), 4), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => SHL_RM_IMM<u8>(c, r), (c, r) => SHL_RM_IMM<u8>(c, r), (c, r) => SHL_RM_IMM<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xc0), 4), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => SHL_MEM<u8>(c, r), (c, r) => SHL_MEM<u8>(c, r), (c, r) => SHL_MEM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xc1), 4), OP_MODRM | OP_IMM8, 0, (c, r) => SHL_RM_IMM<u16>(c, r), (c, r) => SHL_RM_IMM<u32>(c, r), (c, r) => SHL_RM_IMM<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xc1), 4), OP_MODRM | OP_IMM8, 0, (c, r) => SHL_MEM<u16>(c, r), (c, r) => SHL_MEM<u32>(c, r), (c, r) => SHL_MEM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd0), 4), OP_MODRM | OP_RM8, 0, (c, r) => SHL_RM_ONE<u8>(c, r), (c, r) => SHL_RM_ONE<u8>(c, r), (c, r) => SHL_RM_ONE<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd0), 4), OP_MODRM | OP_RM8, 0, (c, r) => SHL_MEM<u8>(c, r), (c, r) => SHL_MEM<u8>(c, r), (c, r) => SHL_MEM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd1), 4), OP_MODRM, 0, (c, r) => SHL_RM_ONE<u16>(c, r), (c, r) => SHL_RM_ONE<u32>(c, r), (c, r) => SHL_RM_ONE<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd1), 4), OP_MODRM, 0, (c, r) => SHL_MEM<u16>(c, r), (c, r) => SHL_MEM<u32>(c, r), (c, r) => SHL_MEM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd2), 4), OP_MODRM | OP_RM8, 0, (c, r) => SHL_RM_CL<u8>(c, r), (c, r) => SHL_RM_CL<u8>(c, r), (c, r) => SHL_RM_CL<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd2), 4), OP_MODRM | OP_RM8, 0, (c, r) => SHL_MEM<u8>(c, r), (c, r) => SHL_MEM<u8>(c, r), (c, r) => SHL_MEM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd3), 4), OP_MODRM, 0, (c, r) => SHL_RM_CL<u16>(c, r), (c, r) => SHL_RM_CL<u32>(c, r), (c, r) => SHL_RM_CL<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd3), 4), OP_MODRM, 0, (c, r) => SHL_MEM<u16>(c, r), (c, r) => SHL_MEM<u32>(c, r), (c, r) => SHL_MEM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xc0), 5), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => SHR_RM_IMM<u8>(c, r), (c, r) => SHR_RM_IMM<u8>(c, r), (c, r) => SHR_RM_IMM<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xc0), 5), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => SHR_MEM<u8>(c, r), (c, r) => SHR_MEM<u8>(c, r), (c, r) => SHR_MEM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xc1), 5), OP_MODRM | OP_IMM8, 0, (c, r) => SHR_RM_IMM<u16>(c, r), (c, r) => SHR_RM_IMM<u32>(c, r), (c, r) => SHR_RM_IMM<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xc1), 5), OP_MODRM | OP_IMM8, 0, (c, r) => SHR_MEM<u16>(c, r), (c, r) => SHR_MEM<u32>(c, r), (c, r) => SHR_MEM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd0), 5), OP_MODRM | OP_RM8, 0, (c, r) => SHR_RM_ONE<u8>(c, r), (c, r) => SHR_RM_ONE<u8>(c, r), (c, r) => SHR_RM_ONE<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd0), 5), OP_MODRM | OP_RM8, 0, (c, r) => SHR_MEM<u8>(c, r), (c, r) => SHR_MEM<u8>(c, r), (c, r) => SHR_MEM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd1), 5), OP_MODRM, 0, (c, r) => SHR_RM_ONE<u16>(c, r), (c, r) => SHR_RM_ONE<u32>(c, r), (c, r) => SHR_RM_ONE<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd1), 5), OP_MODRM, 0, (c, r) => SHR_MEM<u16>(c, r), (c, r) => SHR_MEM<u32>(c, r), (c, r) => SHR_MEM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd2), 5), OP_MODRM | OP_RM8, 0, (c, r) => SHR_RM_CL<u8>(c, r), (c, r) => SHR_RM_CL<u8>(c, r), (c, r) => SHR_RM_CL<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd2), 5), OP_MODRM | OP_RM8, 0, (c, r) => SHR_MEM<u8>(c, r), (c, r) => SHR_MEM<u8>(c, r), (c, r) => SHR_MEM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd3), 5), OP_MODRM, 0, (c, r) => SHR_RM_CL<u16>(c, r), (c, r) => SHR_RM_CL<u32>(c, r), (c, r) => SHR_RM_CL<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd3), 5), OP_MODRM, 0, (c, r) => SHR_MEM<u16>(c, r), (c, r) => SHR_MEM<u32>(c, r), (c, r) => SHR_MEM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xc0), 6), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => SHL_RM_IMM<u8>(c, r), (c, r) => SHL_RM_IMM<u8>(c, r), (c, r) => SHL_RM_IMM<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xc0), 6), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => SHL_MEM<u8>(c, r), (c, r) => SHL_MEM<u8>(c, r), (c, r) => SHL_MEM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xc1), 6), OP_MODRM | OP_IMM8, 0, (c, r) => SHL_RM_IMM<u16>(c, r), (c, r) => SHL_RM_IMM<u32>(c, r), (c, r) => SHL_RM_IMM<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xc1), 6), OP_MODRM | OP_IMM8, 0, (c, r) => SHL_MEM<u16>(c, r), (c, r) => SHL_MEM<u32>(c, r), (c, r) => SHL_MEM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd0), 6), OP_MODRM | OP_RM8, 0, (c, r) => SHL_RM_ONE<u8>(c, r), (c, r) => SHL_RM_ONE<u8>(c, r), (c, r) => SHL_RM_ONE<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd0), 6), OP_MODRM | OP_RM8, 0, (c, r) => SHL_MEM<u8>(c, r), (c, r) => SHL_MEM<u8>(c, r), (c, r) => SHL_MEM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd1), 6), OP_MODRM, 0, (c, r) => SHL_RM_ONE<u16>(c, r), (c, r) => SHL_RM_ONE<u32>(c, r), (c, r) => SHL_RM_ONE<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd1), 6), OP_MODRM, 0, (c, r) => SHL_MEM<u16>(c, r), (c, r) => SHL_MEM<u32>(c, r), (c, r) => SHL_MEM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd2), 6), OP_MODRM | OP_RM8, 0, (c, r) => SHL_RM_CL<u8>(c, r), (c, r) => SHL_RM_CL<u8>(c, r), (c, r) => SHL_RM_CL<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd2), 6), OP_MODRM | OP_RM8, 0, (c, r) => SHL_MEM<u8>(c, r), (c, r) => SHL_MEM<u8>(c, r), (c, r) => SHL_MEM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd3), 6), OP_MODRM, 0, (c, r) => SHL_RM_CL<u16>(c, r), (c, r) => SHL_RM_CL<u32>(c, r), (c, r) => SHL_RM_CL<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd3), 6), OP_MODRM, 0, (c, r) => SHL_MEM<u16>(c, r), (c, r) => SHL_MEM<u32>(c, r), (c, r) => SHL_MEM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xc0), 7), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => SAR_RM_IMM<u8>(c, r), (c, r) => SAR_RM_IMM<u8>(c, r), (c, r) => SAR_RM_IMM<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xc0), 7), OP_MODRM | OP_RM8 | OP_IMM8, 0, (c, r) => SAR_MEM<u8>(c, r), (c, r) => SAR_MEM<u8>(c, r), (c, r) => SAR_MEM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xc1), 7), OP_MODRM | OP_IMM8, 0, (c, r) => SAR_RM_IMM<u16>(c, r), (c, r) => SAR_RM_IMM<u32>(c, r), (c, r) => SAR_RM_IMM<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xc1), 7), OP_MODRM | OP_IMM8, 0, (c, r) => SAR_MEM<u16>(c, r), (c, r) => SAR_MEM<u32>(c, r), (c, r) => SAR_MEM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd0), 7), OP_MODRM | OP_RM8, 0, (c, r) => SAR_RM_ONE<u8>(c, r), (c, r) => SAR_RM_ONE<u8>(c, r), (c, r) => SAR_RM_ONE<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd0), 7), OP_MODRM | OP_RM8, 0, (c, r) => SAR_MEM<u8>(c, r), (c, r) => SAR_MEM<u8>(c, r), (c, r) => SAR_MEM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd1), 7), OP_MODRM, 0, (c, r) => SAR_RM_ONE<u16>(c, r), (c, r) => SAR_RM_ONE<u32>(c, r), (c, r) => SAR_RM_ONE<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd1), 7), OP_MODRM, 0, (c, r) => SAR_MEM<u16>(c, r), (c, r) => SAR_MEM<u32>(c, r), (c, r) => SAR_MEM<u64>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd2), 7), OP_MODRM | OP_RM8, 0, (c, r) => SAR_RM_CL<u8>(c, r), (c, r) => SAR_RM_CL<u8>(c, r), (c, r) => SAR_RM_CL<u8>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd2), 7), OP_MODRM | OP_RM8, 0, (c, r) => SAR_MEM<u8>(c, r), (c, r) => SAR_MEM<u8>(c, r), (c, r) => SAR_MEM<u8>(c, r));
  defineReg(byReg(slot(MAP_ONE, 0xd3), 7), OP_MODRM, 0, (c, r) => SAR_RM_CL<u16>(c, r), (c, r) => SAR_RM_CL<u32>(c, r), (c, r) => SAR_RM_CL<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xd3), 7), OP_MODRM, 0, (c, r) => SAR_MEM<u16>(c, r), (c, r) => SAR_MEM<u32>(c, r), (c, r) => SAR_MEM<u64>(c, r));
  defineReg(slot(MAP_0F, 0xa4), OP_MODRM | OP_IMM8, 0, (c, r) => SHLD_RM<u16>(c, r), (c, r) => SHLD_RM<u32>(c, r), (c, r) => SHLD_RM<u64>(c, r));
  defineMem(slot(MAP_0F, 0xa4), OP_MODRM | OP_IMM8, 0, (c, r) => SHLD_MEM<u16>(c, r), (c, r) => SHLD_MEM<u32>(c, r), (c, r) => SHLD_MEM<u64>(c, r));
  defineReg(slot(MAP_0F, 0xa5), OP_MODRM, 0, (c, r) => SHLD_RM<u16>(c, r), (c, r) => SHLD_RM<u32>(c, r), (c, r) => SHLD_RM<u64>(c, r));
  defineMem(slot(MAP_0F, 0xa5), OP_MODRM, 0, (c, r) => SHLD_MEM<u16>(c, r), (c, r) => SHLD_MEM<u32>(c, r), (c, r) => SHLD_MEM<u64>(c, r));
  defineReg(slot(MAP_0F, 0xac), OP_MODRM | OP_IMM8, 0, (c, r) => SHRD_RM<u16>(c, r), (c, r) => SHRD_RM<u32>(c, r), (c, r) => SHRD_RM<u64>(c, r));
  defineMem(slot(MAP_0F, 0xac), OP_MODRM | OP_IMM8, 0, (c, r) => SHRD_MEM<u16>(c, r), (c, r) => SHRD_MEM<u32>(c, r), (c, r) => SHRD_MEM<u64>(c, r));
  defineReg(slot(MAP_0F, 0xad), OP_MODRM, 0, (c, r) => SHRD_RM<u16>(c, r), (c, r) => SHRD_RM<u32>(c, r), (c, r) => SHRD_RM<u64>(c, r));
  defineMem(slot(MAP_0F, 0xad), OP_MODRM, 0, (c, r) => SHRD_MEM<u16>(c, r), (c, r) => SHRD_MEM<u32>(c, r), (c, r) => SHRD_MEM<u64>(c, r));
}
