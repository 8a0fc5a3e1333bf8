/**
 * Instructions between MMX and XMM registers: CVTPI2PS/PD, CVT(T)PS2PI, CVT(T)PD2PI, MOVQ2DQ, MOVDQ2Q (Intel SDM vol. 2A).
 * Those that touch an MMX register make TOP zero and all tags valid; CVTPI2xx from memory touches none.
 */
import {
  CPU_CR4,
  CPU_MXCSR,
  CPU_VECTOR,
  CPU_VECTOR_STRIDE,
  RECORD_REG,
  RECORD_RM,
} from '../../../memory/layout';
import { FEATURE_SSE, FEATURE_SSE2 } from '../../cpu-features';
import { addressOf, readAddress } from '../address';
import { read } from '../access';
import { CR4_OSXMMEXCPT } from '../bits';
import { raise, raiseGP, raiseUD, VECTOR_XM } from '../fault';
import {
  byPrefix,
  defineMem,
  defineReg,
  MAP_0F,
  OP_MODRM,
  OP_REGNUM,
  OP_RMNUM,
  OP_SSE,
  slot,
} from '../opcode-table';
import { Handler, info, next } from '../state';
import { enterMmx, getMm, setMm } from './mmx';
import { doubleToInteger, integerToSingle, singleToInteger } from './narrow-conversion';
import { beginSimd, simdFault, simdStatus } from './simd-context';
import { wait } from './x87-state';

const PREFIX_NONE: u32 = 0;
const PREFIX_66: u32 = 1;
const PREFIX_F3: u32 = 2;
const PREFIX_F2: u32 = 3;
/** Opcodes 2C truncate, 2D round. */
const TRUNCATING: u32 = 0x2c;

function vectorDestination(cpu: usize, record: usize): usize {
  return cpu + CPU_VECTOR + usize(load<u8>(record, RECORD_REG)) * CPU_VECTOR_STRIDE;
}

function vectorSource(cpu: usize, record: usize): usize {
  return cpu + CPU_VECTOR + usize(load<u8>(record, RECORD_RM)) * CPU_VECTOR_STRIDE;
}

function begin(cpu: usize): void {
  beginSimd(load<u32>(cpu, CPU_MXCSR));
}

/** Stores the flags that were raised; an unmasked one ends the instruction with #XM, or #UD if the system has no handler. */
function conclude(cpu: usize): void {
  store<u32>(cpu, simdStatus(), CPU_MXCSR);
  if (!simdFault()) return;
  if (!(load<u64>(cpu, CPU_CR4) & CR4_OSXMMEXCPT)) raiseUD(cpu);
  raise(cpu, VECTOR_XM);
}

/** Two integers to the low singles of an XMM register. */
function toSingles(cpu: usize, record: usize, value: u64): void {
  begin(cpu);
  const low = integerToSingle(i64(i32(value)));
  const high = integerToSingle(i64(i32(value >> 32)));
  conclude(cpu);
  store<u64>(vectorDestination(cpu, record), u64(low) | (u64(high) << 32));
}

function integersToSingles(cpu: usize, record: usize): usize {
  wait(cpu, record);
  toSingles(cpu, record, getMm(cpu, load<u8>(record, RECORD_RM)));
  enterMmx(cpu);
  return next(record);
}

function integersToSinglesMemory(cpu: usize, record: usize): usize {
  wait(cpu, record);
  toSingles(cpu, record, read<u64>(cpu, readAddress<u64>(cpu, record)));
  return next(record);
}

/** Two integers to doubles: always exact. */
function toDoubles(cpu: usize, record: usize, value: u64): void {
  const destination = vectorDestination(cpu, record);
  store<f64>(destination, f64(i32(value)));
  store<f64>(destination, f64(i32(value >> 32)), 8);
}

function integersToDoubles(cpu: usize, record: usize): usize {
  wait(cpu, record);
  toDoubles(cpu, record, getMm(cpu, load<u8>(record, RECORD_RM)));
  enterMmx(cpu);
  return next(record);
}

function integersToDoublesMemory(cpu: usize, record: usize): usize {
  wait(cpu, record);
  toDoubles(cpu, record, read<u64>(cpu, readAddress<u64>(cpu, record)));
  return next(record);
}

function finishIntegers(cpu: usize, record: usize, low: i64, high: i64): usize {
  conclude(cpu);
  enterMmx(cpu);
  setMm(cpu, load<u8>(record, RECORD_REG), u64(u32(low)) | (u64(u32(high)) << 32));
  return next(record);
}

function fromSingles(cpu: usize, record: usize, value: u64): usize {
  const chop = (info(record) & 0xff) == TRUNCATING;
  begin(cpu);
  const low = singleToInteger(u32(value), 32, chop);
  const high = singleToInteger(u32(value >> 32), 32, chop);
  return finishIntegers(cpu, record, low, high);
}

function singlesToIntegers(cpu: usize, record: usize): usize {
  wait(cpu, record);
  return fromSingles(cpu, record, load<u64>(vectorSource(cpu, record)));
}

function singlesToIntegersMemory(cpu: usize, record: usize): usize {
  wait(cpu, record);
  return fromSingles(cpu, record, read<u64>(cpu, readAddress<u64>(cpu, record)));
}

function fromDoubles(cpu: usize, record: usize, first: u64, second: u64): usize {
  const chop = (info(record) & 0xff) == TRUNCATING;
  begin(cpu);
  const low = doubleToInteger(first, 32, chop);
  const high = doubleToInteger(second, 32, chop);
  return finishIntegers(cpu, record, low, high);
}

function doublesToIntegers(cpu: usize, record: usize): usize {
  wait(cpu, record);
  const source = vectorSource(cpu, record);
  return fromDoubles(cpu, record, load<u64>(source), load<u64>(source, 8));
}

/** The 16 bytes in memory must be aligned. */
function doublesToIntegersMemory(cpu: usize, record: usize): usize {
  wait(cpu, record);
  const linear = addressOf(cpu, record, 16, false);
  if (linear & 15) raiseGP(cpu, 0);
  const first = read<u64>(cpu, linear);
  return fromDoubles(cpu, record, first, read<u64>(cpu, linear + 8));
}

/** MOVQ2DQ. */
function toXmm(cpu: usize, record: usize): usize {
  wait(cpu, record);
  const destination = vectorDestination(cpu, record);
  store<u64>(destination, getMm(cpu, load<u8>(record, RECORD_RM)));
  store<u64>(destination, 0, 8);
  enterMmx(cpu);
  return next(record);
}

/** MOVDQ2Q. */
function toMmx(cpu: usize, record: usize): usize {
  wait(cpu, record);
  const value = load<u64>(vectorSource(cpu, record));
  enterMmx(cpu);
  setMm(cpu, load<u8>(record, RECORD_REG), value);
  return next(record);
}

const OP: u32 = OP_MODRM | OP_SSE | OP_REGNUM | OP_RMNUM;

function both(opcode: u32, prefix: u32, feature: u32, register: Handler, memory: Handler): void {
  const entry = byPrefix(slot(MAP_0F, opcode), prefix);
  defineReg(entry, OP, feature, register, register, register);
  defineMem(entry, OP, feature, memory, memory, memory);
}

/** Registers the instructions between MMX and XMM registers. */
export function registerMmxConversion(): void {
  both(0x2a, PREFIX_NONE, FEATURE_SSE, integersToSingles, integersToSinglesMemory);
  both(0x2a, PREFIX_66, FEATURE_SSE2, integersToDoubles, integersToDoublesMemory);
  for (let opcode = TRUNCATING; opcode <= 0x2d; opcode++) {
    both(opcode, PREFIX_NONE, FEATURE_SSE, singlesToIntegers, singlesToIntegersMemory);
    both(opcode, PREFIX_66, FEATURE_SSE2, doublesToIntegers, doublesToIntegersMemory);
  }
  defineReg(byPrefix(slot(MAP_0F, 0xd6), PREFIX_F3), OP, FEATURE_SSE2, toXmm, toXmm, toXmm);
  defineReg(byPrefix(slot(MAP_0F, 0xd6), PREFIX_F2), OP, FEATURE_SSE2, toMmx, toMmx, toMmx);
}
