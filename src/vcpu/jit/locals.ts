/** Parameters and locals of a region's function, and what it imports. */
import { F32, F64, I32, I64, V128 } from './wasm-writer.ts';

export const CPU = 0;
export const RECORD = 1;

/** CPU_TLB and CPU_ATTENTION_MASK, which change only where a region is left or the interpreter is called. */
export const TLB = 2;
export const MASK = 3;
/** CPU_BUDGET, without the instructions of the basic block that runs. */
export const BUDGET = 4;
/** Where the region is left: see Emitter.exit(). */
export const WHERE = 5;
/** Lazy flags: kind, carry override, operands, result (core/region.ts). */
export const FLAG_KIND = 6;
export const FLAG_CARRY = 7;
/** TLB entry and host address of an access. */
export const ENTRY = 8;
export const HOST = 9;
/** Operands and result of 32 bits and less. */
export const A32 = 10;
export const B32 = 11;
export const R32 = 12;
export const X32 = 13;
/** 1 if MXCSR rounds to nearest, masks everything and has noted an inexact result. */
export const QUIET = 14;
/** Where the dispatcher goes: the number of its successor. */
export const STATE = 15;
export const FLAG_A = 16;
export const FLAG_B = 17;
export const FLAG_RESULT = 18;
/** CPU_RIP_BASE of the region's first page. */
export const BASE = 19;
/** Where an indirect branch leads. */
export const TARGET = 20;
/** Linear address of an access. */
export const ADDRESS = 21;
export const A64 = 22;
export const B64 = 23;
export const R64 = 24;
export const X64 = 25;
export const Y64 = 26;
/** Sixteen general registers. */
export const GPR = 27;
/** Low halves of sixteen vector registers. */
export const XMM = 43;
export const VA = 59;
export const VB = 60;
export const VR = 61;
/** Operands and result of scalar floating point. */
export const DX = 62;
export const DY = 63;
export const DR = 64;
export const SX = 65;
export const SY = 66;
export const SR = 67;

/** The smallest normal number and infinity, loaded where a region begins: V8 would make constants again at each use. */
export const DOUBLE_LEAST = 68;
export const DOUBLE_MOST = 69;
export const SINGLE_LEAST = 70;
export const SINGLE_MOST = 71;

/** Counts and types of the locals, in order. */
export const LOCAL_GROUPS: readonly (readonly [number, number])[] = [
  [14, I32],
  [11 + 16, I64],
  [16 + 3, V128],
  [3, F64],
  [3, F32],
  [2, F64],
  [2, F32],
];

/** Signature indices. */
export const TYPE_HANDLER = 0;
export const TYPE_SLOW_READ = 1;
export const TYPE_SLOW_WRITE = 2;
export const TYPE_SLOW_CHECK = 3;
export const TYPE_FLAG_AUX = 4;
export const TYPE_FLAG_CONDITION = 5;
export const TYPE_FLAG_RESULT = 6;
export const TYPE_LEAVE = 7;
export const TYPE_BRANCH_TARGET = 8;

/** Parameters and results by signature index. */
export const SIGNATURES: readonly {
  readonly parameters: readonly number[];
  readonly results: readonly number[];
}[] = [
  { parameters: [I32, I32], results: [I32] },
  { parameters: [I32, I64, I32], results: [I64] },
  { parameters: [I32, I64, I64, I32], results: [] },
  { parameters: [I32, I64, I32], results: [] },
  { parameters: [I32, I64, I64, I64, I32], results: [I32] },
  { parameters: [I32, I64, I64, I64, I32, I32], results: [I32] },
  { parameters: [I32, I64], results: [I64] },
  { parameters: [I32], results: [I32] },
  { parameters: [I32, I64], results: [] },
];

/** The core's exports, and last the translator's function, that regions import, in the order of their function indices, with their signatures. */
export const IMPORTS = [
  ['slowRead', TYPE_SLOW_READ],
  ['slowWrite', TYPE_SLOW_WRITE],
  ['slowCheckWrite', TYPE_SLOW_CHECK],
  ['flagAux', TYPE_FLAG_AUX],
  ['flagCondition', TYPE_FLAG_CONDITION],
  ['flagResult', TYPE_FLAG_RESULT],
  ['leaveRegion', TYPE_LEAVE],
  ['branchTarget', TYPE_BRANCH_TARGET],
] as const;
export const SLOW_READ = 0;
export const SLOW_WRITE = 1;
export const SLOW_CHECK_WRITE = 2;
export const FLAG_AUX = 3;
export const FLAG_CONDITION = 4;
export const FLAG_RESULT_OF = 5;
export const LEAVE_REGION = 6;
export const BRANCH_TARGET = 7;
