// Shapes of vector instructions, as templates over the operation. An operation is a class whose method
// apply(a, b, imm) gives 16 bytes of result from 16 bytes of each source; it is never instantiated: the templates call
// it on a null reference, and the compiler inlines it. One registration gives the legacy form (destination is the first
// source, memory aligned, upper bits kept), VEX.128 (three operands, upper bits cleared) and VEX.256 (applied to both
// halves). E is f32 or f64 where MXCSR is obeyed, and the size of a scalar.
import { FEATURE_AVX } from '../../cpu-features';
import {
  byL,
  byPrefix,
  defineMem,
  defineOne,
  defineReg,
  OP_AVX,
  OP_IMM8,
  OP_MODRM,
  OP_REGNUM,
  OP_RMNUM,
  OP_SSE,
  slot,
} from '../opcode-table';
import { Handler, next } from '../state';
import { begin, settle } from './mxcsr';
import {
  alignedSource,
  elementSource,
  imm8,
  put128,
  put256,
  regVector,
  source,
  source32,
  sourceHigh,
  vvvvVector,
} from './operands';

/** Mandatory prefixes. */
export const NP: u32 = 0;
export const P66: u32 = 1;
export const PF3: u32 = 2;
export const PF2: u32 = 3;

/** MAP_VEX_0F - MAP_0F. */
const TO_VEX: u32 = 3;
const LEGACY: u32 = OP_MODRM | OP_REGNUM | OP_RMNUM | OP_SSE;
const VEX: u32 = OP_MODRM | OP_REGNUM | OP_RMNUM | OP_AVX;

/** Table entry of a legacy instruction. */
export function legacyEntry(map: u32, opcode: u32, prefix: u32): usize {
  return byPrefix(slot(map, opcode), prefix);
}

/** Table entry of its VEX form; `map` is the legacy map. */
export function vexEntry(map: u32, opcode: u32, prefix: u32): usize {
  return byPrefix(slot(map + TO_VEX, opcode), prefix);
}

/** Makes an entry a legacy instruction for register and memory sources. */
export function defineLegacy(entry: usize, flags: u32, feature: u32, handler: Handler): void {
  defineOne(entry, LEGACY | flags, feature, handler);
}

export function defineLegacyReg(entry: usize, flags: u32, feature: u32, handler: Handler): void {
  defineReg(entry, LEGACY | flags, feature, handler, handler, handler);
}

export function defineLegacyMem(entry: usize, flags: u32, feature: u32, handler: Handler): void {
  defineMem(entry, LEGACY | flags, feature, handler, handler, handler);
}

/** Makes an entry a VEX instruction for register and memory sources. */
export function defineVex(entry: usize, flags: u32, feature: u32, handler: Handler): void {
  defineOne(entry, VEX | flags, feature, handler);
}

export function defineVexReg(entry: usize, flags: u32, feature: u32, handler: Handler): void {
  defineReg(entry, VEX | flags, feature, handler, handler, handler);
}

export function defineVexMem(entry: usize, flags: u32, feature: u32, handler: Handler): void {
  defineMem(entry, VEX | flags, feature, handler, handler, handler);
}

/** dst = dst op rm/m128. */
export function legacyBinary<Op, E>(cpu: usize, record: usize): usize {
  const destination = regVector(cpu, record);
  const b = alignedSource(cpu, record);
  if (isFloat<E>()) begin(cpu);
  const result = changetype<Op>(0).apply(load<v128>(destination), b, imm8(record));
  if (isFloat<E>()) settle(cpu);
  store<v128>(destination, result);
  return next(record);
}

/** dst = vvvv op rm/m128. */
export function vexBinary<Op, E>(cpu: usize, record: usize): usize {
  const b = source(cpu, record);
  if (isFloat<E>()) begin(cpu);
  const result = changetype<Op>(0).apply(load<v128>(vvvvVector(cpu, record)), b, imm8(record));
  if (isFloat<E>()) settle(cpu);
  put128(regVector(cpu, record), result);
  return next(record);
}

/** dst = vvvv op rm/m256. */
export function vexBinary256<Op, E>(cpu: usize, record: usize): usize {
  const b = source32(cpu, record);
  const high = sourceHigh;
  const a = vvvvVector(cpu, record);
  const imm = imm8(record);
  if (isFloat<E>()) begin(cpu);
  const resultLow = changetype<Op>(0).apply(load<v128>(a), b, imm);
  const resultHigh = changetype<Op>(0).apply(load<v128>(a, 16), high, imm);
  if (isFloat<E>()) settle(cpu);
  put256(regVector(cpu, record), resultLow, resultHigh);
  return next(record);
}

/** The same where the upper half takes other bits of the immediate, given by the operation's high(imm). */
function vexBinary256Imm<Op>(cpu: usize, record: usize): usize {
  const b = source32(cpu, record);
  const high = sourceHigh;
  const a = vvvvVector(cpu, record);
  const imm = imm8(record);
  const resultLow = changetype<Op>(0).apply(load<v128>(a), b, imm);
  const resultHigh = changetype<Op>(0).apply(load<v128>(a, 16), high, changetype<Op>(0).high(imm));
  put256(regVector(cpu, record), resultLow, resultHigh);
  return next(record);
}

/** Low element: dst = dst op rm/m; the operation keeps the upper elements of its first source. */
function legacyScalar<Op, E>(cpu: usize, record: usize): usize {
  const destination = regVector(cpu, record);
  const b = elementSource<E>(cpu, record);
  if (isFloat<E>()) begin(cpu);
  const result = changetype<Op>(0).apply(load<v128>(destination), b, imm8(record));
  if (isFloat<E>()) settle(cpu);
  store<v128>(destination, result);
  return next(record);
}

/** Low element: dst = vvvv op rm/m. */
function vexScalar<Op, E>(cpu: usize, record: usize): usize {
  const b = elementSource<E>(cpu, record);
  if (isFloat<E>()) begin(cpu);
  const result = changetype<Op>(0).apply(load<v128>(vvvvVector(cpu, record)), b, imm8(record));
  if (isFloat<E>()) settle(cpu);
  put128(regVector(cpu, record), result);
  return next(record);
}

/** The VEX forms of a packed operation at an entry of vexEntry(); a feature of 0 leaves that length undefined. */
export function vexPacked<Op, E>(entry: usize, flags: u32, feature128: u32, feature256: u32): void {
  if (feature128) {
    defineVex(byL(entry, 0), flags, feature128, (c: usize, r: usize): usize => vexBinary<Op, E>(c, r));
  }
  if (feature256) {
    defineVex(byL(entry, 1), flags, feature256, (c: usize, r: usize): usize => vexBinary256<Op, E>(c, r));
  }
}

/** The VEX forms of a packed operation with an immediate that has bits of its own for each half. */
export function vexPackedImm<Op>(entry: usize, flags: u32, feature128: u32, feature256: u32): void {
  const all = flags | OP_IMM8;
  defineVex(byL(entry, 0), all, feature128, (c: usize, r: usize): usize => vexBinary<Op, u8>(c, r));
  defineVex(byL(entry, 1), all, feature256, (c: usize, r: usize): usize => vexBinary256Imm<Op>(c, r));
}

/** The legacy form of a packed operation. */
export function legacyPacked<Op, E>(map: u32, opcode: u32, prefix: u32, flags: u32, feature: u32): void {
  const entry = legacyEntry(map, opcode, prefix);
  defineLegacy(entry, flags, feature, (c: usize, r: usize): usize => legacyBinary<Op, E>(c, r));
}

/** Legacy and VEX forms of a packed operation. `vexFlags` are those of the VEX forms beside `flags`. */
export function packed<Op, E>(
  map: u32,
  opcode: u32,
  prefix: u32,
  feature: u32,
  feature256: u32,
  flags: u32 = 0,
  vexFlags: u32 = 0,
): void {
  legacyPacked<Op, E>(map, opcode, prefix, flags, feature);
  vexPacked<Op, E>(vexEntry(map, opcode, prefix), flags | vexFlags, FEATURE_AVX, feature256);
}

/** Legacy and VEX forms of an operation on the low element, by different operations; VEX.L is ignored. */
export function scalarForms<Legacy, Vex, E>(map: u32, opcode: u32, prefix: u32, feature: u32, flags: u32 = 0): void {
  const legacy = legacyEntry(map, opcode, prefix);
  defineLegacy(legacy, flags, feature, (c: usize, r: usize): usize => legacyScalar<Legacy, E>(c, r));
  const vex = vexEntry(map, opcode, prefix);
  defineVex(vex, flags, FEATURE_AVX, (c: usize, r: usize): usize => vexScalar<Vex, E>(c, r));
}

/** Legacy and VEX forms of an operation on the low element. */
export function scalar<Op, E>(map: u32, opcode: u32, prefix: u32, feature: u32, flags: u32 = 0): void {
  scalarForms<Op, Op, E>(map, opcode, prefix, feature, flags);
}
