/** Emits locked instructions and XCHG with memory as WebAssembly's atomics; misaligned operands are the interpreter's. */
import { CPU_RAX } from '../../memory/layout.ts';
import {
  ADD,
  AND,
  a,
  b,
  compute,
  OR,
  op,
  pushImmediate,
  SIZE_64,
  SUB,
  setAluFlags,
  XOR,
} from './arithmetic.ts';
import type { Emitter } from './emitter.ts';
import { settleComparison } from './exchange.ts';
import { KIND_ADD, KIND_SUB, popCarry, saveCarry, setFlagsKeepingCarry } from './flags.ts';
import { extension, hasPlainAddress, MAP_0F, MAP_ONE } from './instruction.ts';
import * as L from './locals.ts';
import * as O from './ops.ts';

/** First opcode of each read-modify-write: i32, i64, then i32 of 8 and of 16 bits. */
const RMW: ReadonlyMap<number, number> = new Map([
  [ADD, 0x1e],
  [SUB, 0x25],
  [AND, 0x2c],
  [OR, 0x33],
  [XOR, 0x3a],
]);
const EXCHANGE = 0x41;
const COMPARE_EXCHANGE = 0x48;

function atomic(e: Emitter, first: number, size: number): void {
  e.w.atomic(first + ([2, 3, 0, 1][size] ?? 0), size, 0);
}

/** memory = memory operation B; A is what it was, R what it is. */
function modify(e: Emitter, operation: number, size: number, pushB: () => void): boolean {
  const { w } = e;
  const first = RMW.get(operation);
  if (first === undefined) return false;
  e.pushAddress();
  e.inPlace(size, () => {
    pushB();
    w.set(b(size));
    w.get(L.HOST);
    w.get(b(size));
    atomic(e, first, size);
    w.set(a(size));
    compute(e, operation, size);
    setAluFlags(e, operation, size);
  });
  return true;
}

function step(e: Emitter, operation: number, size: number): boolean {
  const { w } = e;
  e.pushAddress();
  e.inPlace(size, () => {
    if (size === SIZE_64) w.i64(1);
    else w.i32(1);
    w.set(b(size));
    w.get(L.HOST);
    w.get(b(size));
    atomic(e, RMW.get(operation) ?? 0, size);
    w.set(a(size));
    compute(e, operation, size);
    saveCarry(e);
    setFlagsKeepingCarry(e, operation === ADD ? KIND_ADD : KIND_SUB, size);
  });
  return true;
}

function exchange(e: Emitter, size: number): boolean {
  const { w, instruction } = e;
  e.pushAddress();
  e.inPlace(size, () => {
    w.get(L.HOST);
    e.pushOperand(instruction.reg, size);
    atomic(e, EXCHANGE, size);
    e.popOperand(instruction.reg, size);
  });
  return true;
}

function exchangeAdd(e: Emitter, size: number): boolean {
  const { w, instruction } = e;
  e.pushAddress();
  e.inPlace(size, () => {
    e.pushOperand(instruction.reg, size);
    w.set(b(size));
    w.get(L.HOST);
    w.get(b(size));
    atomic(e, RMW.get(ADD) ?? 0, size);
    w.set(a(size));
    compute(e, ADD, size);
    setAluFlags(e, ADD, size);
    w.get(a(size));
    e.popOperand(instruction.reg, size);
  });
  return true;
}

/** Flags of accumulator - memory; if they differ, the accumulator becomes what memory was. */
function compareExchange(e: Emitter, size: number): boolean {
  const { w, instruction } = e;
  e.pushAddress();
  e.inPlace(size, () => {
    e.pushOperand(CPU_RAX, size);
    w.set(a(size));
    w.get(L.HOST);
    w.get(a(size));
    e.pushOperand(instruction.reg, size);
    atomic(e, COMPARE_EXCHANGE, size);
    w.set(b(size));
    settleComparison(e, size);
  });
  return true;
}

const BTS = 1;
const BTR = 2;

/** BTS, BTR and BTC by an immediate. */
function changeBit(e: Emitter, operation: number): boolean {
  const { w, instruction } = e;
  const { size } = instruction;
  const number = Number(BigInt.asUintN(8, instruction.imm)) & ((8 << size) - 1);
  const mask = operation === BTR ? ~(1n << BigInt(number)) : 1n << BigInt(number);
  const first = RMW.get(operation === BTS ? OR : operation === BTR ? AND : XOR);
  if (operation === 0 || first === undefined) return false;
  e.pushAddress();
  e.inPlace(size, () => {
    w.get(L.HOST);
    if (size === SIZE_64) w.i64(BigInt.asIntN(64, mask));
    else w.i32(Number(BigInt.asIntN(32, size === 2 ? mask : BigInt.asUintN(8 << size, mask))));
    atomic(e, first, size);
    if (size === SIZE_64) w.i64(number);
    else w.i32(number);
    op(e, size, O.I32_SHR_U, O.I64_SHR_U);
    if (size === SIZE_64) w.byte(O.I32_WRAP_I64);
    w.i32(1);
    w.byte(O.I32_AND);
    popCarry(e);
  });
  return true;
}

/** Emits a locked instruction; false, with nothing emitted, if it is the interpreter's. */
export function emitAtomic(e: Emitter): boolean {
  const { instruction } = e;
  const { operation } = instruction;
  if (!instruction.isMemory || !hasPlainAddress(instruction)) return false;
  const size = (operation & 1) === 0 ? 0 : instruction.size;
  if (operation < 0x40 && (operation & 7) < 2)
    return modify(e, operation >> 3, size, () => e.pushOperand(instruction.reg, size));
  switch (operation) {
    case MAP_ONE + 0x80:
    case MAP_ONE + 0x81:
    case MAP_ONE + 0x83:
      return modify(e, extension(instruction), size, () => pushImmediate(e, size));
    case MAP_ONE + 0x86:
    case MAP_ONE + 0x87:
      return exchange(e, size);
    case MAP_ONE + 0xfe:
    case MAP_ONE + 0xff:
      return extension(instruction) < 2 && step(e, extension(instruction) === 0 ? ADD : SUB, size);
    case MAP_0F + 0xba:
      return changeBit(e, extension(instruction) & 3);
    case MAP_0F + 0xc0:
    case MAP_0F + 0xc1:
      return exchangeAdd(e, size);
    case MAP_0F + 0xb0:
    case MAP_0F + 0xb1:
      return compareExchange(e, size);
    default:
      return false;
  }
}
