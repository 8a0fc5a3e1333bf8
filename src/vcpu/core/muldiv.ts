// MUL, IMUL, DIV, IDIV, CBW…CQO.
import { CPU_RAX, CPU_RDX } from '../../memory/layout';
import { read } from './access';
import { readAddress } from './address';
import { raise, VECTOR_DE } from './fault';
import { AUX_CF, setFlags } from './flags';
import { byReg, define, defineMem, defineReg, MAP_0F, MAP_ONE, OP_IMM8, OP_IMMZ, OP_MODRM, OP_RM8, slot } from './opcode-table';
import { imm, next, putGpr, putReg, reg, rm } from './state';
import { divUnsigned, mulSigned, mulUnsigned, productHigh, remainder } from './wide';

/** CF = OF = `overflow`; the other flags, undefined, follow the low half. */
// @ts-ignore: decorator
@inline
function productFlags<T>(cpu: usize, low: T, overflow: bool): void {
  setFlags<T>(cpu, low, overflow ? AUX_CF : 0);
}

/** Accumulator times `b` into AX, DX:AX, EDX:EAX or RDX:RAX. */
// @ts-ignore: decorator
@inline
function mul<T>(cpu: usize, b: T): void {
  if (sizeof<T>() == 1) {
    const p = <u32>load<u8>(cpu, CPU_RAX) * <u32>b;
    store<u16>(cpu, <u16>p, CPU_RAX);
    productFlags<T>(cpu, <T>p, p >> 8 != 0);
  } else if (sizeof<T>() == 8) {
    const low = mulUnsigned(load<u64>(cpu, CPU_RAX), <u64>b);
    store<u64>(cpu, low, CPU_RAX);
    store<u64>(cpu, productHigh, CPU_RDX);
    productFlags<T>(cpu, <T>low, productHigh != 0);
  } else {
    const p = <u64>load<T>(cpu, CPU_RAX) * <u64>b;
    const high = p >> (sizeof<T>() * 8);
    putGpr<T>(cpu, CPU_RAX, <T>p);
    putGpr<T>(cpu, CPU_RDX, <T>high);
    productFlags<T>(cpu, <T>p, high != 0);
  }
}

/** The same, signed; T is a signed type. */
// @ts-ignore: decorator
@inline
function imul<T>(cpu: usize, b: T): void {
  if (sizeof<T>() == 1) {
    const p = <i32>load<i8>(cpu, CPU_RAX) * <i32>b;
    store<u16>(cpu, <u16>p, CPU_RAX);
    productFlags<T>(cpu, <T>p, p != <i32><i8>p);
  } else if (sizeof<T>() == 8) {
    const low = mulSigned(load<u64>(cpu, CPU_RAX), <u64>b);
    store<u64>(cpu, low, CPU_RAX);
    store<u64>(cpu, productHigh, CPU_RDX);
    productFlags<T>(cpu, <T>low, <i64>productHigh != (<i64>low) >> 63);
  } else {
    const p = <i64>load<T>(cpu, CPU_RAX) * <i64>b;
    putGpr<T>(cpu, CPU_RAX, <T>p);
    putGpr<T>(cpu, CPU_RDX, <T>(p >> (sizeof<T>() * 8)));
    productFlags<T>(cpu, <T>p, p != <i64><T>p);
  }
}

/** Two-operand signed product, truncated. */
// @ts-ignore: decorator
@inline
function product<T>(cpu: usize, a: T, b: T): T {
  if (sizeof<T>() == 8) {
    const low = mulSigned(<u64>a, <u64>b);
    productFlags<T>(cpu, <T>low, <i64>productHigh != (<i64>low) >> 63);
    return <T>low;
  }
  const p = <i64>a * <i64>b;
  productFlags<T>(cpu, <T>p, p != <i64><T>p);
  return <T>p;
}

/** Unsigned division of the double-sized accumulator; flags are undefined and stay. */
// @ts-ignore: decorator
@inline
function div<T>(cpu: usize, b: T): void {
  if (b == 0) raise(cpu, VECTOR_DE);
  if (sizeof<T>() == 1) {
    const a = <u32>load<u16>(cpu, CPU_RAX);
    const q = a / <u32>b;
    if (q > 0xff) raise(cpu, VECTOR_DE);
    store<u16>(cpu, <u16>(((a % <u32>b) << 8) | q), CPU_RAX);
  } else if (sizeof<T>() == 8) {
    const high = load<u64>(cpu, CPU_RDX);
    if (high >= <u64>b) raise(cpu, VECTOR_DE);
    store<u64>(cpu, divUnsigned(high, load<u64>(cpu, CPU_RAX), <u64>b), CPU_RAX);
    store<u64>(cpu, remainder, CPU_RDX);
  } else {
    const a = (<u64>load<T>(cpu, CPU_RDX) << (sizeof<T>() * 8)) | <u64>load<T>(cpu, CPU_RAX);
    const q = a / <u64>b;
    if (q >> (sizeof<T>() * 8)) raise(cpu, VECTOR_DE);
    putGpr<T>(cpu, CPU_RDX, <T>(a % <u64>b));
    putGpr<T>(cpu, CPU_RAX, <T>q);
  }
}

// @ts-ignore: decorator
@inline
function idiv<T>(cpu: usize, b: T): void {
  if (b == 0) raise(cpu, VECTOR_DE);
  if (sizeof<T>() == 1) {
    const a = <i32>load<i16>(cpu, CPU_RAX);
    const q = a / <i32>b;
    if (q != <i32><i8>q) raise(cpu, VECTOR_DE);
    store<u16>(cpu, <u16>(((a % <i32>b) << 8) | (q & 0xff)), CPU_RAX);
  } else if (sizeof<T>() == 8) {
    idivWide(cpu, <i64>b);
  } else {
    const a = <i64>((<u64>load<T>(cpu, CPU_RDX) << (sizeof<T>() * 8)) | (<u64>load<T>(cpu, CPU_RAX) & (((<u64>1) << (sizeof<T>() * 8)) - 1)));
    const dividend = sizeof<T>() == 2 ? <i64><i32>a : a;
    // The one quotient that WebAssembly's division would trap on does not fit either.
    if (dividend == i64.MIN_VALUE && b == -1) raise(cpu, VECTOR_DE);
    const q = dividend / <i64>b;
    if (q != <i64><T>q) raise(cpu, VECTOR_DE);
    putGpr<T>(cpu, CPU_RDX, <T>(dividend % <i64>b));
    putGpr<T>(cpu, CPU_RAX, <T>q);
  }
}

function idivWide(cpu: usize, b: i64): void {
  let high = load<u64>(cpu, CPU_RDX);
  let low = load<u64>(cpu, CPU_RAX);
  const negative = <i64>high < 0;
  if (negative) {
    low = 0 - low;
    high = ~high + <u64>(low == 0);
  }
  const divisor = b < 0 ? 0 - <u64>b : <u64>b;
  if (high >= divisor) raise(cpu, VECTOR_DE);
  const q = divUnsigned(high, low, divisor);
  const negativeQuotient = negative != b < 0;
  if (q > (negativeQuotient ? <u64>0x8000000000000000 : <u64>0x7fffffffffffffff)) raise(cpu, VECTOR_DE);
  store<u64>(cpu, negativeQuotient ? 0 - q : q, CPU_RAX);
  store<u64>(cpu, negative ? 0 - remainder : remainder, CPU_RDX);
}

function MUL_RM<T>(cpu: usize, record: usize): usize {
  mul<T>(cpu, rm<T>(cpu, record));
  return next(record);
}
function MUL_MEM<T>(cpu: usize, record: usize): usize {
  mul<T>(cpu, read<T>(cpu, readAddress<T>(cpu, record)));
  return next(record);
}
function IMUL_RM<T>(cpu: usize, record: usize): usize {
  imul<T>(cpu, rm<T>(cpu, record));
  return next(record);
}
function IMUL_MEM<T>(cpu: usize, record: usize): usize {
  imul<T>(cpu, read<T>(cpu, readAddress<T>(cpu, record)));
  return next(record);
}
function DIV_RM<T>(cpu: usize, record: usize): usize {
  div<T>(cpu, rm<T>(cpu, record));
  return next(record);
}
function DIV_MEM<T>(cpu: usize, record: usize): usize {
  div<T>(cpu, read<T>(cpu, readAddress<T>(cpu, record)));
  return next(record);
}
function IDIV_RM<T>(cpu: usize, record: usize): usize {
  idiv<T>(cpu, rm<T>(cpu, record));
  return next(record);
}
function IDIV_MEM<T>(cpu: usize, record: usize): usize {
  idiv<T>(cpu, read<T>(cpu, readAddress<T>(cpu, record)));
  return next(record);
}
// @ts-ignore: decorator
@inline
export function IMUL2_RM<T>(cpu: usize, record: usize): usize {
  putReg<T>(cpu, record, product<T>(cpu, reg<T>(cpu, record), rm<T>(cpu, record)));
  return next(record);
}
/** Where nobody reads the flags. */
// @ts-ignore: decorator
@inline
export function IMUL2_RM_QUIET<T>(cpu: usize, record: usize): usize {
  putReg<T>(cpu, record, <T>(reg<T>(cpu, record) * rm<T>(cpu, record)));
  return next(record);
}
function IMUL2_MEM<T>(cpu: usize, record: usize): usize {
  const b = read<T>(cpu, readAddress<T>(cpu, record));
  putReg<T>(cpu, record, product<T>(cpu, reg<T>(cpu, record), b));
  return next(record);
}
// @ts-ignore: decorator
@inline
export function IMUL3_RM<T>(cpu: usize, record: usize): usize {
  putReg<T>(cpu, record, product<T>(cpu, rm<T>(cpu, record), imm<T>(record)));
  return next(record);
}
// @ts-ignore: decorator
@inline
export function IMUL3_RM_QUIET<T>(cpu: usize, record: usize): usize {
  putReg<T>(cpu, record, <T>(rm<T>(cpu, record) * imm<T>(record)));
  return next(record);
}
function IMUL3_MEM<T>(cpu: usize, record: usize): usize {
  const a = read<T>(cpu, readAddress<T>(cpu, record));
  putReg<T>(cpu, record, product<T>(cpu, a, imm<T>(record)));
  return next(record);
}

/** CBW, CWDE, CDQE. */
function CBW<T, S>(cpu: usize, record: usize): usize {
  putGpr<T>(cpu, CPU_RAX, <T>load<S>(cpu, CPU_RAX));
  return next(record);
}
/** CWD, CDQ, CQO. */
function CWD<T>(cpu: usize, record: usize): usize {
  putGpr<T>(cpu, CPU_RDX, <T>(<i64>load<T>(cpu, CPU_RAX) >> 63));
  return next(record);
}

export function registerMulDiv(): void {
  const f6 = slot(MAP_ONE, 0xf6);
  const f7 = slot(MAP_ONE, 0xf7);
  defineReg(byReg(f6, 4), OP_MODRM | OP_RM8, 0, (c, r) => MUL_RM<u8>(c, r), (c, r) => MUL_RM<u8>(c, r), (c, r) => MUL_RM<u8>(c, r));
  defineMem(byReg(f6, 4), OP_MODRM | OP_RM8, 0, (c, r) => MUL_MEM<u8>(c, r), (c, r) => MUL_MEM<u8>(c, r), (c, r) => MUL_MEM<u8>(c, r));
  defineReg(byReg(f7, 4), OP_MODRM, 0, (c, r) => MUL_RM<u16>(c, r), (c, r) => MUL_RM<u32>(c, r), (c, r) => MUL_RM<u64>(c, r));
  defineMem(byReg(f7, 4), OP_MODRM, 0, (c, r) => MUL_MEM<u16>(c, r), (c, r) => MUL_MEM<u32>(c, r), (c, r) => MUL_MEM<u64>(c, r));
  defineReg(byReg(f6, 5), OP_MODRM | OP_RM8, 0, (c, r) => IMUL_RM<i8>(c, r), (c, r) => IMUL_RM<i8>(c, r), (c, r) => IMUL_RM<i8>(c, r));
  defineMem(byReg(f6, 5), OP_MODRM | OP_RM8, 0, (c, r) => IMUL_MEM<i8>(c, r), (c, r) => IMUL_MEM<i8>(c, r), (c, r) => IMUL_MEM<i8>(c, r));
  defineReg(byReg(f7, 5), OP_MODRM, 0, (c, r) => IMUL_RM<i16>(c, r), (c, r) => IMUL_RM<i32>(c, r), (c, r) => IMUL_RM<i64>(c, r));
  defineMem(byReg(f7, 5), OP_MODRM, 0, (c, r) => IMUL_MEM<i16>(c, r), (c, r) => IMUL_MEM<i32>(c, r), (c, r) => IMUL_MEM<i64>(c, r));
  defineReg(byReg(f6, 6), OP_MODRM | OP_RM8, 0, (c, r) => DIV_RM<u8>(c, r), (c, r) => DIV_RM<u8>(c, r), (c, r) => DIV_RM<u8>(c, r));
  defineMem(byReg(f6, 6), OP_MODRM | OP_RM8, 0, (c, r) => DIV_MEM<u8>(c, r), (c, r) => DIV_MEM<u8>(c, r), (c, r) => DIV_MEM<u8>(c, r));
  defineReg(byReg(f7, 6), OP_MODRM, 0, (c, r) => DIV_RM<u16>(c, r), (c, r) => DIV_RM<u32>(c, r), (c, r) => DIV_RM<u64>(c, r));
  defineMem(byReg(f7, 6), OP_MODRM, 0, (c, r) => DIV_MEM<u16>(c, r), (c, r) => DIV_MEM<u32>(c, r), (c, r) => DIV_MEM<u64>(c, r));
  defineReg(byReg(f6, 7), OP_MODRM | OP_RM8, 0, (c, r) => IDIV_RM<i8>(c, r), (c, r) => IDIV_RM<i8>(c, r), (c, r) => IDIV_RM<i8>(c, r));
  defineMem(byReg(f6, 7), OP_MODRM | OP_RM8, 0, (c, r) => IDIV_MEM<i8>(c, r), (c, r) => IDIV_MEM<i8>(c, r), (c, r) => IDIV_MEM<i8>(c, r));
  defineReg(byReg(f7, 7), OP_MODRM, 0, (c, r) => IDIV_RM<i16>(c, r), (c, r) => IDIV_RM<i32>(c, r), (c, r) => IDIV_RM<i64>(c, r));
  defineMem(byReg(f7, 7), OP_MODRM, 0, (c, r) => IDIV_MEM<i16>(c, r), (c, r) => IDIV_MEM<i32>(c, r), (c, r) => IDIV_MEM<i64>(c, r));
  defineReg(slot(MAP_0F, 0xaf), OP_MODRM, 0, (c, r) => IMUL2_RM<i16>(c, r), (c, r) => IMUL2_RM<i32>(c, r), (c, r) => IMUL2_RM<i64>(c, r));
  defineMem(slot(MAP_0F, 0xaf), OP_MODRM, 0, (c, r) => IMUL2_MEM<i16>(c, r), (c, r) => IMUL2_MEM<i32>(c, r), (c, r) => IMUL2_MEM<i64>(c, r));
  defineReg(slot(MAP_ONE, 0x69), OP_MODRM | OP_IMMZ, 0, (c, r) => IMUL3_RM<i16>(c, r), (c, r) => IMUL3_RM<i32>(c, r), (c, r) => IMUL3_RM<i64>(c, r));
  defineMem(slot(MAP_ONE, 0x69), OP_MODRM | OP_IMMZ, 0, (c, r) => IMUL3_MEM<i16>(c, r), (c, r) => IMUL3_MEM<i32>(c, r), (c, r) => IMUL3_MEM<i64>(c, r));
  defineReg(slot(MAP_ONE, 0x6b), OP_MODRM | OP_IMM8, 0, (c, r) => IMUL3_RM<i16>(c, r), (c, r) => IMUL3_RM<i32>(c, r), (c, r) => IMUL3_RM<i64>(c, r));
  defineMem(slot(MAP_ONE, 0x6b), OP_MODRM | OP_IMM8, 0, (c, r) => IMUL3_MEM<i16>(c, r), (c, r) => IMUL3_MEM<i32>(c, r), (c, r) => IMUL3_MEM<i64>(c, r));
  define(slot(MAP_ONE, 0x98), 0, 0, (c, r) => CBW<i16, i8>(c, r), (c, r) => CBW<i32, i16>(c, r), (c, r) => CBW<i64, i32>(c, r));
  define(slot(MAP_ONE, 0x99), 0, 0, (c, r) => CWD<i16>(c, r), (c, r) => CWD<i32>(c, r), (c, r) => CWD<i64>(c, r));
}
