/** Moves the vCPU's state between memory and the locals of a region. */
import {
  CPU_ATTENTION_MASK,
  CPU_FLAG_AUX,
  CPU_FLAG_RESULT,
  CPU_LAZY_A,
  CPU_LAZY_B,
  CPU_LAZY_CARRY,
  CPU_LAZY_KIND,
  CPU_LAZY_RESULT,
  CPU_MXCSR,
  CPU_TLB,
  CPU_VECTOR,
  CPU_VECTOR_STRIDE,
  LAZY_PRESENT,
  RECORD_SIZE,
} from '../../memory/layout.ts';
import * as L from './locals.ts';
import * as O from './ops.ts';
import type { WasmWriter } from './wasm-writer.ts';

/**
 * Rounding, masks and the inexact flag; the masks and the inexact flag (SDM vol. 1, 10.2.3). DAZ and FTZ change nothing
 * where neither operands nor results are denormal.
 */
const MXCSR_WATCHED = 0x7fa0;
const MXCSR_QUIET = 0x1fa0;

const KIND_RAW = 0;

const LAZY_WORDS = [
  [L.FLAG_A, CPU_LAZY_A],
  [L.FLAG_B, CPU_LAZY_B],
  [L.FLAG_RESULT, CPU_LAZY_RESULT],
] as const;

export function loadModes(w: WasmWriter): void {
  w.get(L.CPU);
  w.memory(O.I32_LOAD, CPU_TLB);
  w.set(L.TLB);
  w.get(L.CPU);
  w.memory(O.I32_LOAD, CPU_ATTENTION_MASK);
  w.set(L.MASK);
}

export function loadMxcsr(w: WasmWriter): void {
  w.get(L.CPU);
  w.memory(O.I32_LOAD, CPU_MXCSR);
  w.i32(MXCSR_WATCHED);
  w.byte(O.I32_AND);
  w.i32(MXCSR_QUIET);
  w.byte(O.I32_EQ);
  w.set(L.QUIET);
}

/** A record's bytes that hold smallest normal number and infinity, as doubles and as singles. */
export const NUMBER_LIMITS = limits();

function limits(): Uint8Array {
  const bytes = new Uint8Array(RECORD_SIZE);
  const view = new DataView(bytes.buffer);
  view.setFloat64(0, 2 ** -1022, true);
  view.setFloat64(8, Number.POSITIVE_INFINITY, true);
  view.setFloat32(16, 2 ** -126, true);
  view.setFloat32(20, Number.POSITIVE_INFINITY, true);
  return bytes;
}

/** Loads the limits from where NUMBER_LIMITS has been placed. */
export function loadLimits(w: WasmWriter, address: number): void {
  for (const [local, load, offset] of [
    [L.DOUBLE_LEAST, O.F64_LOAD, 0],
    [L.DOUBLE_MOST, O.F64_LOAD, 8],
    [L.SINGLE_LEAST, O.F32_LOAD, 16],
    [L.SINGLE_MOST, O.F32_LOAD, 20],
  ] as const) {
    w.i32(address);
    w.memory(load, offset);
    w.set(local);
  }
}

function eachBit(mask: number, use: (index: number) => void): void {
  for (let index = 0; index < 16; index++) if (((mask >> index) & 1) !== 0) use(index);
}

export function spillRegisters(w: WasmWriter, mask: number): void {
  eachBit(mask, (index) => {
    w.get(L.CPU);
    w.get(L.GPR + index);
    w.memory(O.I64_STORE, index * 8);
  });
}

export function loadRegisters(w: WasmWriter, mask: number): void {
  eachBit(mask, (index) => {
    w.get(L.CPU);
    w.memory(O.I64_LOAD, index * 8);
    w.set(L.GPR + index);
  });
}

export function spillVectors(w: WasmWriter, mask: number): void {
  eachBit(mask, (index) => {
    w.get(L.CPU);
    w.get(L.XMM + index);
    w.simdMemory(O.V128_STORE, CPU_VECTOR + index * CPU_VECTOR_STRIDE);
  });
}

export function loadVectors(w: WasmWriter, mask: number): void {
  eachBit(mask, (index) => {
    w.get(L.CPU);
    w.simdMemory(O.V128_LOAD, CPU_VECTOR + index * CPU_VECTOR_STRIDE);
    w.set(L.XMM + index);
  });
}

/** Stores the flags in the interpreter's form. */
export function spillFlags(w: WasmWriter): void {
  w.get(L.CPU);
  w.get(L.FLAG_KIND);
  w.get(L.FLAG_RESULT);
  w.call(L.FLAG_RESULT_OF);
  w.memory(O.I64_STORE, CPU_FLAG_RESULT);
  w.get(L.CPU);
  w.get(L.FLAG_KIND);
  w.get(L.FLAG_A);
  w.get(L.FLAG_B);
  w.get(L.FLAG_RESULT);
  w.get(L.FLAG_CARRY);
  w.call(L.FLAG_AUX);
  w.memory(O.I32_STORE, CPU_FLAG_AUX);
}

/** Hands the flags to the next region as they are. */
export function handFlags(w: WasmWriter): void {
  w.get(L.CPU);
  w.get(L.FLAG_KIND);
  w.i32(LAZY_PRESENT);
  w.byte(O.I32_OR);
  w.memory(O.I32_STORE, CPU_LAZY_KIND);
  w.get(L.CPU);
  w.get(L.FLAG_CARRY);
  w.memory(O.I32_STORE, CPU_LAZY_CARRY);
  for (const [local, offset] of LAZY_WORDS) {
    w.get(L.CPU);
    w.get(local);
    w.memory(O.I64_STORE, offset);
  }
}

/** Takes the flags that another region has handed on, or the interpreter's. */
export function takeFlags(w: WasmWriter): void {
  w.get(L.CPU);
  w.memory(O.I32_LOAD, CPU_LAZY_KIND);
  w.tee(L.FLAG_KIND);
  w.if();
  w.get(L.FLAG_KIND);
  w.i32(LAZY_PRESENT - 1);
  w.byte(O.I32_AND);
  w.set(L.FLAG_KIND);
  w.get(L.CPU);
  w.memory(O.I32_LOAD, CPU_LAZY_CARRY);
  w.set(L.FLAG_CARRY);
  for (const [local, offset] of LAZY_WORDS) {
    w.get(L.CPU);
    w.memory(O.I64_LOAD, offset);
    w.set(local);
  }
  w.get(L.CPU);
  w.i32(0);
  w.memory(O.I32_STORE, CPU_LAZY_KIND);
  w.else();
  loadFlags(w);
  w.end();
}

/** Takes the flags from the interpreter's form: kind RAW. */
export function loadFlags(w: WasmWriter): void {
  w.i32(KIND_RAW);
  w.set(L.FLAG_KIND);
  w.i32(-1);
  w.set(L.FLAG_CARRY);
  w.get(L.CPU);
  w.memory(O.I64_LOAD32_U, CPU_FLAG_AUX);
  w.set(L.FLAG_A);
  w.get(L.CPU);
  w.memory(O.I64_LOAD, CPU_FLAG_RESULT);
  w.set(L.FLAG_RESULT);
}
