/** Emits legacy SSE instructions on WebAssembly's vectors: moves, logic, integers, shuffles. Floating point: float.ts. */
import type { Emitter } from './emitter.ts';
import { emitFloat } from './float.ts';
import {
  extension,
  hasPlainAddress,
  MAP_0F,
  MAP_0F38,
  PREFIX_66,
  PREFIX_F2,
  PREFIX_F3,
  PREFIX_NONE,
} from './instruction.ts';
import * as L from './locals.ts';
import * as O from './ops.ts';

const V128_AND = 0x4e;
const V128_ANDNOT = 0x4f;
const V128_OR = 0x50;
const V128_XOR = 0x51;

/** WebAssembly's operation on (reg, rm) by opcode, with prefix 66 (SDM vol. 2, appendix A, table A-3). */
const INTEGER_BINARY: ReadonlyMap<number, number> = new Map([
  [0x63, 0x65],
  [0x64, 0x27],
  [0x65, 0x31],
  [0x66, 0x3b],
  [0x67, 0x66],
  [0x6b, 0x85],
  [0x74, 0x23],
  [0x75, 0x2d],
  [0x76, 0x37],
  [0xd4, 0xce],
  [0xd5, 0x95],
  [0xd8, 0x73],
  [0xd9, 0x93],
  [0xda, 0x77],
  [0xdb, V128_AND],
  [0xdc, 0x70],
  [0xdd, 0x90],
  [0xde, 0x79],
  [0xe0, 0x7b],
  [0xe3, 0x9b],
  [0xe8, 0x72],
  [0xe9, 0x92],
  [0xea, 0x96],
  [0xeb, V128_OR],
  [0xec, 0x6f],
  [0xed, 0x8f],
  [0xee, 0x98],
  [0xef, V128_XOR],
  [0xf5, 0xba],
  [0xf8, 0x71],
  [0xf9, 0x91],
  [0xfa, 0xb1],
  [0xfb, 0xd1],
  [0xfc, 0x6e],
  [0xfd, 0x8e],
  [0xfe, 0xae],
]);

/** Pushes the 16-byte operand rm, which must be aligned in memory if `isAligned`. */
function pushSource(e: Emitter, isAligned: boolean): void {
  const { instruction } = e;
  if (instruction.isMemory) {
    e.pushAddress();
    e.readVector(isAligned);
  } else {
    e.pushVector(instruction.rm);
  }
}

/** reg = reg operation rm. */
function binary(e: Emitter, operation: number): void {
  const { w, instruction } = e;
  // The memory operand first: its slow path must find the operand stack empty of half-made results.
  pushSource(e, true);
  w.set(L.VB);
  e.pushVector(instruction.reg);
  w.get(L.VB);
  w.simd(operation);
  e.popVector(instruction.reg);
}

/** reg = rm AND NOT reg. */
function andNot(e: Emitter): void {
  pushSource(e, true);
  e.pushVector(e.instruction.reg);
  e.w.simd(V128_ANDNOT);
  e.popVector(e.instruction.reg);
}

function loadWhole(e: Emitter, isAligned: boolean): void {
  pushSource(e, isAligned);
  e.popVector(e.instruction.reg);
}

function storeWhole(e: Emitter, isAligned: boolean): void {
  const { instruction } = e;
  if (instruction.isMemory) {
    e.pushAddress();
    e.writeVector(isAligned, () => e.pushVector(instruction.reg));
  } else {
    e.pushVector(instruction.reg);
    e.popVector(instruction.rm);
  }
}

/** Pushes zeros with the i64 or i32 that is on the stack in the lowest element. */
function widen(e: Emitter, size: number): void {
  const { w } = e;
  if (size === 2) w.byte(O.I64_EXTEND_I32_U);
  w.set(L.X64);
  w.i64(0);
  w.simd(O.I64X2_SPLAT);
  w.get(L.X64);
  w.simdLane(O.I64X2_REPLACE, 0);
}

/** MOVSS and MOVSD to a register: from memory the rest becomes zero, from a register it stays. */
function loadScalar(e: Emitter, size: number): void {
  const { w, instruction } = e;
  if (instruction.isMemory) {
    e.pushAddress();
    e.read(size);
    widen(e, size);
  } else {
    e.pushVector(instruction.reg);
    e.pushVector(instruction.rm);
    w.simdLane(size === 3 ? O.I64X2_EXTRACT : O.I32X4_EXTRACT, 0);
    w.simdLane(size === 3 ? O.I64X2_REPLACE : O.I32X4_REPLACE, 0);
  }
  e.popVector(instruction.reg);
}

function storeScalar(e: Emitter, size: number): void {
  const { w, instruction } = e;
  if (instruction.isMemory) {
    e.pushAddress();
    e.write(size, () => {
      e.pushVector(instruction.reg);
      w.simdLane(size === 3 ? O.I64X2_EXTRACT : O.I32X4_EXTRACT, 0);
    });
    return;
  }
  e.pushVector(instruction.rm);
  e.pushVector(instruction.reg);
  w.simdLane(size === 3 ? O.I64X2_EXTRACT : O.I32X4_EXTRACT, 0);
  w.simdLane(size === 3 ? O.I64X2_REPLACE : O.I32X4_REPLACE, 0);
  e.popVector(instruction.rm);
}

/** MOVLPS, MOVHPS, MOVHLPS, MOVLHPS and their doubles. */
function loadHalf(e: Emitter, lane: number): void {
  const { w, instruction } = e;
  if (instruction.isMemory) {
    e.pushAddress();
    e.read(3);
  } else {
    e.pushVector(instruction.rm);
    w.simdLane(O.I64X2_EXTRACT, 1 - lane);
  }
  w.set(L.X64);
  e.pushVector(instruction.reg);
  w.get(L.X64);
  w.simdLane(O.I64X2_REPLACE, lane);
  e.popVector(instruction.reg);
}

function storeHalf(e: Emitter, lane: number): void {
  const { w, instruction } = e;
  e.pushAddress();
  e.write(3, () => {
    e.pushVector(instruction.reg);
    w.simdLane(O.I64X2_EXTRACT, lane);
  });
}

/** MOVD and MOVQ from a general register or memory. */
function loadGeneral(e: Emitter): void {
  const { instruction } = e;
  const size = instruction.size === 3 ? 3 : 2;
  if (instruction.isMemory) {
    e.pushAddress();
    e.read(size);
  } else {
    e.pushOperand(instruction.rm, size);
  }
  widen(e, size);
  e.popVector(instruction.reg);
}

function storeGeneral(e: Emitter): void {
  const { w, instruction } = e;
  const size = instruction.size === 3 ? 3 : 2;
  const push = () => {
    e.pushVector(instruction.reg);
    w.simdLane(size === 3 ? O.I64X2_EXTRACT : O.I32X4_EXTRACT, 0);
  };
  if (instruction.isMemory) {
    e.pushAddress();
    e.write(size, push);
  } else {
    push();
    e.popOperand(instruction.rm, size);
  }
}

/** MOVQ between vector registers, or from memory: the upper half becomes zero. */
function moveLow(e: Emitter, from: number, to: number): void {
  e.pushVector(from);
  e.w.simdLane(O.I64X2_EXTRACT, 0);
  widen(e, 3);
  e.popVector(to);
}

/** The sixteen lanes of a shuffle of elements of `bytes`, each named by its number in (reg, rm). */
function lanesOf(bytes: number, elements: readonly number[]): number[] {
  return elements.flatMap((element) => Array.from({ length: bytes }, (_, i) => element * bytes + i));
}

function shuffleBoth(e: Emitter, bytes: number, elements: readonly number[]): void {
  const { w, instruction } = e;
  pushSource(e, true);
  w.set(L.VB);
  e.pushVector(instruction.reg);
  w.get(L.VB);
  w.shuffle(lanesOf(bytes, elements));
  e.popVector(instruction.reg);
}

/** PUNPCKL and PUNPCKH. */
function interleave(e: Emitter, bytes: number, isHigh: boolean): void {
  const count = 16 / bytes;
  const first = isHigh ? count / 2 : 0;
  const elements = Array.from({ length: count }, (_, i) => first + (i >> 1) + (i & 1) * count);
  shuffleBoth(e, bytes, elements);
}

/** PSHUFD, PSHUFLW, PSHUFHW. */
function shuffleOne(e: Emitter): void {
  const { w, instruction } = e;
  const order = [0, 2, 4, 6].map((shift) => Number(instruction.imm >> BigInt(shift)) & 3);
  pushSource(e, true);
  w.tee(L.VB);
  w.get(L.VB);
  if (instruction.prefix === PREFIX_66) w.shuffle(lanesOf(4, order));
  else if (instruction.prefix === PREFIX_F2) w.shuffle(lanesOf(2, [...order, 4, 5, 6, 7]));
  else w.shuffle(lanesOf(2, [0, 1, 2, 3, ...order.map((i) => i + 4)]));
  e.popVector(instruction.reg);
}

/** SHUFPS and SHUFPD. */
function shuffleFloats(e: Emitter): void {
  const imm = Number(e.instruction.imm & 0xffn);
  if (e.instruction.prefix === PREFIX_66) shuffleBoth(e, 8, [imm & 1, 2 + ((imm >> 1) & 1)]);
  else shuffleBoth(e, 4, [imm & 3, (imm >> 2) & 3, 4 + ((imm >> 4) & 3), 4 + (imm >> 6)]);
}

/** WebAssembly's shifts by opcode and modrm.reg: width in bits, opcode, whether it keeps the sign. */
const SHIFTS: ReadonlyMap<number, readonly [number, number, boolean]> = new Map([
  [0x712, [16, 0x8d, false]],
  [0x714, [16, 0x8c, true]],
  [0x716, [16, 0x8b, false]],
  [0x722, [32, 0xad, false]],
  [0x724, [32, 0xac, true]],
  [0x726, [32, 0xab, false]],
  [0x732, [64, 0xcd, false]],
  [0x736, [64, 0xcb, false]],
]);

/** Shifts by an immediate. A count of the width or more gives zeros, or the sign everywhere. */
function shiftByImmediate(e: Emitter, opcode: number): boolean {
  const { w, instruction } = e;
  if (instruction.isMemory) return false;
  const count = Number(instruction.imm & 0xffn);
  const operation = extension(instruction);
  if (opcode === 0x73 && (operation === 3 || operation === 7)) {
    shiftBytes(e, Math.min(count, 16), operation === 7);
    return true;
  }
  const shift = SHIFTS.get(opcode * 16 + operation);
  if (shift === undefined) return false;
  const [width, code, keepsSign] = shift;
  if (count >= width && !keepsSign) {
    w.i64(0);
    w.simd(O.I64X2_SPLAT);
  } else {
    e.pushVector(instruction.rm);
    w.i32(Math.min(count, width - 1));
    w.simd(code);
  }
  e.popVector(instruction.rm);
  return true;
}

/** PSLLDQ and PSRLDQ. */
function shiftBytes(e: Emitter, count: number, isLeft: boolean): void {
  const { w, instruction } = e;
  e.pushVector(instruction.rm);
  w.i64(0);
  w.simd(O.I64X2_SPLAT);
  w.shuffle(
    Array.from({ length: 16 }, (_, i) => {
      const from = isLeft ? i - count : i + count;
      return from >= 0 && from < 16 ? from : 16;
    }),
  );
  e.popVector(instruction.rm);
}

function mask(e: Emitter, operation: number): void {
  e.pushVector(e.instruction.rm);
  e.w.simd(operation);
  e.popOperand(e.instruction.reg, 2);
}

/** Whole-register and logical instructions whose singles (no prefix) and doubles (66) do the same. */
function emitUntyped(e: Emitter, opcode: number): boolean {
  switch (opcode) {
    case 0x10:
    case 0x28:
      loadWhole(e, opcode === 0x28);
      return true;
    case 0x11:
    case 0x29:
      storeWhole(e, opcode === 0x29);
      return true;
    case 0x2b:
    case 0xe7:
      if (!e.instruction.isMemory || (opcode === 0xe7 && e.instruction.prefix !== PREFIX_66)) return false;
      storeWhole(e, true);
      return true;
    case 0x12:
    case 0x16:
      if (!e.instruction.isMemory && e.instruction.prefix === PREFIX_66) return false;
      loadHalf(e, opcode === 0x16 ? 1 : 0);
      return true;
    case 0x13:
    case 0x17:
      if (!e.instruction.isMemory) return false;
      storeHalf(e, opcode === 0x17 ? 1 : 0);
      return true;
    case 0x14:
    case 0x15:
      interleave(e, e.instruction.prefix === PREFIX_66 ? 8 : 4, opcode === 0x15);
      return true;
    case 0x50:
      if (e.instruction.isMemory) return false;
      mask(e, e.instruction.prefix === PREFIX_66 ? 0xc4 : 0xa4);
      return true;
    case 0x54:
      binary(e, V128_AND);
      return true;
    case 0x55:
      andNot(e);
      return true;
    case 0x56:
      binary(e, V128_OR);
      return true;
    case 0x57:
      binary(e, V128_XOR);
      return true;
    case 0xc6:
      shuffleFloats(e);
      return true;
    default:
      return false;
  }
}

/** Instructions that only prefix 66 makes SSE's: without it they are MMX's. */
function emitPacked(e: Emitter, opcode: number): boolean {
  const { instruction } = e;
  const operation = INTEGER_BINARY.get(opcode);
  if (operation !== undefined) {
    binary(e, operation);
    return true;
  }
  switch (opcode) {
    case 0x60:
    case 0x61:
    case 0x62:
      interleave(e, 1 << (opcode - 0x60), false);
      return true;
    case 0x68:
    case 0x69:
    case 0x6a:
      interleave(e, 1 << (opcode - 0x68), true);
      return true;
    case 0x6c:
    case 0x6d:
      interleave(e, 8, opcode === 0x6d);
      return true;
    case 0x6e:
      loadGeneral(e);
      return true;
    case 0x7e:
      storeGeneral(e);
      return true;
    case 0x6f:
      loadWhole(e, true);
      return true;
    case 0x7f:
      storeWhole(e, true);
      return true;
    case 0x70:
      shuffleOne(e);
      return true;
    case 0x71:
    case 0x72:
    case 0x73:
      return shiftByImmediate(e, opcode);
    case 0xd6:
      if (instruction.isMemory) storeScalar(e, 3);
      else moveLow(e, instruction.reg, instruction.rm);
      return true;
    case 0xd7:
      if (instruction.isMemory) return false;
      mask(e, 0x64);
      return true;
    case 0xdf:
      andNot(e);
      return true;
    default:
      return false;
  }
}

function emitScalarMove(e: Emitter, opcode: number): boolean {
  const { instruction } = e;
  const { prefix } = instruction;
  const size = prefix === PREFIX_F2 ? 3 : 2;
  switch (opcode) {
    case 0x10:
      loadScalar(e, size);
      return true;
    case 0x11:
      storeScalar(e, size);
      return true;
    case 0x6f:
    case 0x7f:
      if (prefix !== PREFIX_F3) return false;
      if (opcode === 0x6f) loadWhole(e, false);
      else storeWhole(e, false);
      return true;
    case 0x70:
      shuffleOne(e);
      return true;
    case 0x7e:
      if (prefix !== PREFIX_F3) return false;
      if (instruction.isMemory) loadScalar(e, 3);
      else moveLow(e, instruction.rm, instruction.reg);
      return true;
    default:
      return false;
  }
}

/** Emits a vector instruction; false, with nothing emitted, if it is the interpreter's. */
export function emitVector(e: Emitter): boolean {
  const { instruction } = e;
  if (instruction.operation < MAP_0F || instruction.operation >= MAP_0F38 || instruction.locked) return false;
  if (instruction.isMemory && !hasPlainAddress(instruction)) return false;
  const opcode = instruction.operation - MAP_0F;
  const { prefix } = instruction;
  if (prefix === PREFIX_NONE || prefix === PREFIX_66) {
    if (emitUntyped(e, opcode)) return true;
    if (prefix === PREFIX_66 && emitPacked(e, opcode)) return true;
  } else if (emitScalarMove(e, opcode)) {
    return true;
  }
  return emitFloat(e, opcode);
}
