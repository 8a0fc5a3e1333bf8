/** What all instruction families emit with: registers in locals, memory through the TLB, calls of the interpreter, exits. */
import {
  ADDRESS_BASED64,
  ADDRESS_FLAT32,
  BLOCK_CODE_MASK,
  CPU_BUDGET,
  CPU_CODE_CHANGED,
  CPU_CURRENT_RECORD,
  CPU_FAULT_PENDING,
  CPU_RIP_BASE,
  CPU_SEG_BASE,
  CPU_ZERO,
  RECORD_COUNT,
  RECORD_LINK,
  RECORD_SIZE,
  TLB_READ,
  TLB_WRITE,
} from '../../memory/layout.ts';
import type { Instruction } from './instruction.ts';
import * as L from './locals.ts';
import * as O from './ops.ts';
import type { RegionGraph } from './region-graph.ts';
import {
  loadFlags,
  loadModes,
  loadMxcsr,
  loadRegisters,
  loadVectors,
  spillFlags,
  spillRegisters,
  spillVectors,
} from './state-transfer.ts';
import { findEntry, pushHostAddress } from './tlb-lookup.ts';
import { I32, I64, type Label, V128, WasmWriter } from './wasm-writer.ts';

const CODE64 = 2;
const PAGE_MASK = -4096;
const ALL = 0xffff;
const SEG_SS = 2;
/** Bit of slowRead()'s and slowWrite()'s size for an operand in the stack segment. */
const STACK_OPERAND = 32;
/** The same for a part of a vector. */
const VECTOR_PART = 64;
/** WHERE holds an offset from BASE, times 256, plus the instructions of the block that have executed; this offset means TARGET. */
export const WHERE_TARGET = -0x800000;
const WHERE_LIMIT = 0x7f0000;

/** What is known of the lazy flags at a point of the code. */
export interface FlagState {
  /** KIND_* with its size, or UNKNOWN. */
  readonly kind: number;
  /** FLAG_A and FLAG_B are the operands of a plain subtraction or addition: conditions may compare them. */
  readonly isPlain: boolean;
  /** FLAG_CARRY is -1; is 0 or 1; may be anything. */
  readonly carry: 'none' | 'value' | 'any';
}

export const UNKNOWN = -1;
export const KIND_RAW = 0;
export const UNKNOWN_FLAGS: FlagState = { kind: UNKNOWN, isPlain: false, carry: 'any' };
export const RAW_FLAGS: FlagState = { kind: KIND_RAW, isPlain: false, carry: 'none' };

/** Places records of instructions that the interpreter executes; gives their address. */
export type PlaceRecord = (record: Uint8Array) => number;

/** What a called handler may have changed, beside memory. */
export interface Reload {
  readonly registers?: boolean;
  readonly flags?: boolean;
  readonly vectors?: boolean;
}

const NO_RELOAD: Reload = {};
const RELOAD_ALL: Reload = { registers: true, flags: true, vectors: true };

export class Emitter {
  readonly w = new WasmWriter();
  readonly graph: RegionGraph;
  readonly is64: boolean;
  flags: FlagState = UNKNOWN_FLAGS;
  usedRegisters = 0;
  writtenRegisters = 0;
  usedVectors = 0;
  writtenVectors = 0;
  usesMxcsr = false;
  /** Vector registers whose lowest double, lowest single, or all doubles, are known to be normal numbers or zero. */
  normalDoubles = 0;
  normalSingles = 0;
  normalPairs = 0;
  /** The instruction that is emitted, and how many of its block came before. */
  instruction: Instruction;
  executed = 0;
  exitLabel: Label = 0;
  /** Where a region goes whose access has faulted: the way of exitLabel without a look at the jump cache. */
  faultLabel: Label = 0;
  /** Registers whose locals and memory agree. */
  #clean = 0;
  #cleanVectors = 0;
  readonly place: PlaceRecord;

  constructor(graph: RegionGraph, instruction: Instruction, place: PlaceRecord) {
    this.graph = graph;
    this.instruction = instruction;
    this.is64 = (graph.mode & BLOCK_CODE_MASK) === CODE64;
    this.place = place;
  }

  /** Forgets what held at the end of the block emitted last. */
  beginBlock(flags: FlagState): void {
    this.flags = flags;
    this.#clean = 0;
    this.#cleanVectors = 0;
    this.#forgetNormal(ALL);
  }

  #forgetNormal(vectors: number): void {
    this.normalDoubles &= ~vectors;
    this.normalSingles &= ~vectors;
    this.normalPairs &= ~vectors;
  }

  // Registers. Values of 32 bits and less are i32 ("narrow"), those of 64 bits i64.

  /** Pushes a whole general register. */
  pushRegister(index: number): void {
    this.usedRegisters |= 1 << index;
    this.w.get(L.GPR + index);
  }

  /** Pops an i64 into a whole general register. */
  popRegister(index: number): void {
    this.#noteWrite(index);
    this.w.set(L.GPR + index);
  }

  #noteWrite(index: number): void {
    this.usedRegisters |= 1 << index;
    this.writtenRegisters |= 1 << index;
    this.#clean &= ~(1 << index);
  }

  /** Pushes the register at `offset` of the page group: i64 for size 3, else i32, zero-extended. */
  pushOperand(offset: number, size: number): void {
    const { w } = this;
    this.pushRegister(offset >> 3);
    if (size === 3) return;
    w.byte(O.I32_WRAP_I64);
    if (size === 2) return;
    if ((offset & 1) !== 0) {
      w.i32(8);
      w.byte(O.I32_SHR_U);
    }
    w.i32(size === 0 ? 0xff : 0xffff);
    w.byte(O.I32_AND);
  }

  /** Pops a value into the register at `offset`; 32 bits clear the upper half, 8 and 16 leave the rest. */
  popOperand(offset: number, size: number): void {
    const { w } = this;
    const index = offset >> 3;
    if (size === 3) {
      this.popRegister(index);
      return;
    }
    w.byte(O.I64_EXTEND_I32_U);
    if (size < 2) {
      const shift = (offset & 1) * 8;
      const mask = (size === 0 ? 0xffn : 0xffffn) << BigInt(shift);
      if (shift !== 0) {
        w.i64(shift);
        w.byte(O.I64_SHL);
      }
      w.i64(mask);
      w.byte(O.I64_AND);
      this.pushRegister(index);
      w.i64(~mask);
      w.byte(O.I64_AND);
      w.byte(O.I64_OR);
    }
    this.popRegister(index);
  }

  pushVector(index: number): void {
    this.usedVectors |= 1 << index;
    this.w.get(L.XMM + index);
  }

  popVector(index: number): void {
    this.usedVectors |= 1 << index;
    this.writtenVectors |= 1 << index;
    this.#cleanVectors &= ~(1 << index);
    this.#forgetNormal(1 << index);
    this.w.set(L.XMM + index);
  }

  // Memory.

  get isStackOperand(): boolean {
    return this.instruction.segment === SEG_SS;
  }

  /** Pushes the effective address of the instruction's operand, an i64, without segment base or truncation. */
  pushOffset(): void {
    const { w, instruction } = this;
    const { base, index, scale } = instruction;
    let disp = BigInt(instruction.disp);
    let isEmpty = true;
    if (base === CPU_RIP_BASE) {
      w.get(L.BASE);
      disp += BigInt(instruction.page * 4096);
      isEmpty = false;
    } else if (base !== CPU_ZERO) {
      this.pushRegister(base >> 3);
      isEmpty = false;
    }
    if (index !== CPU_ZERO) {
      this.pushRegister(index >> 3);
      if (scale > 0) {
        w.i64(scale);
        w.byte(O.I64_SHL);
      }
      if (!isEmpty) w.byte(O.I64_ADD);
      isEmpty = false;
    }
    if (isEmpty) {
      w.i64(disp);
    } else if (disp !== 0n) {
      w.i64(disp);
      w.byte(O.I64_ADD);
    }
  }

  /** Pushes the linear address of the instruction's operand. */
  pushAddress(): void {
    const { w, instruction } = this;
    this.pushOffset();
    if (instruction.form === ADDRESS_BASED64) {
      w.get(L.CPU);
      w.memory(O.I64_LOAD, CPU_SEG_BASE + instruction.segment * 8);
      w.byte(O.I64_ADD);
    } else if (instruction.form === ADDRESS_FLAT32) {
      w.i64(0xffffffffn);
      w.byte(O.I64_AND);
    }
  }

  /** Pops an address and pushes whether the TLB lets all of the operand be accessed; leaves ADDRESS and ENTRY. */
  #lookUp(bytes: number, tag: number): void {
    const { w } = this;
    findEntry(w, () => w.get(L.TLB));
    w.memory(O.I64_LOAD, tag);
    w.get(L.ADDRESS);
    if (bytes > 1) {
      w.i64(bytes - 1);
      w.byte(O.I64_ADD);
    }
    w.i64(PAGE_MASK);
    w.byte(O.I64_AND);
    w.byte(O.I64_EQ);
  }

  #load(size: number): void {
    const opcode = [O.I32_LOAD8_U, O.I32_LOAD16_U, O.I32_LOAD, O.I64_LOAD][size] ?? O.I64_LOAD;
    this.w.memory(opcode, 0);
  }

  #store(size: number): void {
    const opcode = [O.I32_STORE8, O.I32_STORE16, O.I32_STORE, O.I64_STORE][size] ?? O.I64_STORE;
    this.w.memory(opcode, 0);
  }

  /** Pops an address, pushes the value there (i64 for size 3, else i32, zero-extended). */
  read(size: number, isStack = this.isStackOperand): void {
    const { w } = this;
    this.#lookUp(1 << size, TLB_READ);
    w.hint(true);
    w.if(size === 3 ? I64 : I32);
    pushHostAddress(w);
    this.#load(size);
    w.else();
    this.#slowRead(size, isStack, 0);
    if (size < 3) w.byte(O.I32_WRAP_I64);
    w.end();
  }

  /** Pops an address, pushes the sixteen bytes there. */
  readVector(isAligned: boolean): void {
    const { w } = this;
    const isStack = this.isStackOperand;
    this.#lookUp(16, TLB_READ);
    if (isAligned) this.#requireAligned();
    w.hint(true);
    w.if(V128);
    pushHostAddress(w);
    w.simdMemory(O.V128_LOAD, 0);
    w.else();
    if (isAligned) this.#leaveMisaligned();
    this.#slowRead(3, isStack, 0, VECTOR_PART);
    w.simd(O.I64X2_SPLAT);
    this.#slowRead(3, isStack, 8, VECTOR_PART);
    w.simdLane(O.I64X2_REPLACE, 1);
    w.end();
  }

  /** ANDs the condition on the stack with the alignment of ADDRESS to sixteen bytes. */
  #requireAligned(): void {
    const { w } = this;
    this.#pushMisalignment();
    w.byte(O.I32_EQZ);
    w.byte(O.I32_AND);
  }

  #pushMisalignment(): void {
    const { w } = this;
    w.get(L.ADDRESS);
    w.byte(O.I32_WRAP_I64);
    w.i32(15);
    w.byte(O.I32_AND);
  }

  /** The interpreter raises #GP for a misaligned operand: the instruction is its own. */
  #leaveMisaligned(): void {
    this.#pushMisalignment();
    this.rarely(() => this.leaveToInterpreter());
  }

  /** Has the interpreter go on with this instruction; only where what it does is not known does control come back. */
  leaveToInterpreter(reload: Reload = NO_RELOAD): void {
    const { w, instruction } = this;
    if (instruction.at !== this.graph.first) {
      this.exit(instruction.at, this.executed);
      return;
    }
    // Left for its own first instruction a region would be entered again and again.
    this.callInterpreter(reload);
    if (reload === NO_RELOAD) w.byte(O.OP_UNREACHABLE);
  }

  /** Pops a condition; `emit` makes what is done in the rare case that it holds. */
  rarely(emit: () => void): void {
    const { w } = this;
    w.hint(false);
    w.if();
    this.duringBranch(emit);
    w.end();
  }

  /** Emits one of several paths that meet again: what it makes clean is not so on the others. */
  duringBranch(emit: () => void): void {
    const clean = this.#clean;
    const cleanVectors = this.#cleanVectors;
    const { normalDoubles, normalSingles, normalPairs } = this;
    emit();
    this.#clean &= clean;
    this.#cleanVectors &= cleanVectors;
    this.normalDoubles &= normalDoubles;
    this.normalSingles &= normalSingles;
    this.normalPairs &= normalPairs;
  }

  #slowRead(size: number, isStack: boolean, offset: number, part = 0): void {
    const { w } = this;
    w.get(L.CPU);
    w.get(L.ADDRESS);
    if (offset !== 0) {
      w.i64(offset);
      w.byte(O.I64_ADD);
    }
    w.i32((1 << size) | part | (isStack ? STACK_OPERAND : 0));
    w.call(L.SLOW_READ);
    this.#leaveIfFaulted();
  }

  #leaveIfFaulted(): void {
    const { w } = this;
    w.get(L.CPU);
    w.memory(O.I32_LOAD, CPU_FAULT_PENDING);
    w.hint(false);
    w.if();
    this.exit(this.instruction.at, this.executed, this.faultLabel);
    w.end();
  }

  /**
   * Pops an address and stores there what `push` pushes.
   * @param after updates of the state that follow the write; emitted twice
   * @param next where execution goes on if the write changed code; 'target': at TARGET
   */
  write(
    size: number,
    push: () => void,
    after: () => void = () => {},
    isStack: boolean = this.isStackOperand,
    next: number | 'target' = this.instruction.at + this.instruction.length,
  ): void {
    const { w } = this;
    this.#lookUp(1 << size, TLB_WRITE);
    w.hint(true);
    w.if();
    pushHostAddress(w);
    push();
    this.#store(size);
    w.else();
    this.#slowWrite(size, push, isStack, 0);
    this.#leaveIfCodeChanged(after, next);
    w.end();
    after();
  }

  /** Pops an address and stores the sixteen bytes that `push` pushes there. */
  writeVector(isAligned: boolean, push: () => void): void {
    const { w } = this;
    const isStack = this.isStackOperand;
    this.#lookUp(16, TLB_WRITE);
    if (isAligned) this.#requireAligned();
    w.hint(true);
    w.if();
    pushHostAddress(w);
    push();
    w.simdMemory(O.V128_STORE, 0);
    w.else();
    if (isAligned) this.#leaveMisaligned();
    this.#checkWrite(16, isStack);
    for (const lane of [0, 1]) {
      const pushLane = () => {
        push();
        w.simdLane(O.I64X2_EXTRACT, lane);
      };
      this.#slowWrite(3, pushLane, isStack, lane * 8, VECTOR_PART);
    }
    this.#leaveIfCodeChanged(() => {}, this.instruction.at + this.instruction.length);
    w.end();
  }

  #checkWrite(bytes: number, isStack: boolean): void {
    const { w } = this;
    w.get(L.CPU);
    w.get(L.ADDRESS);
    w.i32(bytes | (isStack ? STACK_OPERAND : 0));
    w.call(L.SLOW_CHECK_WRITE);
    this.#leaveIfFaulted();
  }

  #slowWrite(size: number, push: () => void, isStack: boolean, offset: number, part = 0): void {
    const { w } = this;
    w.get(L.CPU);
    w.get(L.ADDRESS);
    if (offset !== 0) {
      w.i64(offset);
      w.byte(O.I64_ADD);
    }
    push();
    if (size < 3) w.byte(O.I64_EXTEND_I32_U);
    w.i32((1 << size) | part | (isStack ? STACK_OPERAND : 0));
    w.call(L.SLOW_WRITE);
    this.#leaveIfFaulted();
  }

  #leaveIfCodeChanged(after: () => void, next: number | 'target'): void {
    const { w } = this;
    w.get(L.CPU);
    w.memory(O.I32_LOAD, CPU_CODE_CHANGED);
    const { flags } = this;
    this.rarely(() => {
      after();
      w.get(L.CPU);
      w.i32(0);
      w.memory(O.I32_STORE, CPU_CODE_CHANGED);
      if (next === 'target') this.exitToTarget(this.executed + 1);
      else this.exit(next, this.executed + 1);
    });
    this.flags = flags;
  }

  /**
   * Pops an address, reads the operand, and writes what `compute` makes of it: it finds the operand in A32 or A64 and must
   * leave the result in R32 or R64. `after` as for write().
   */
  update(size: number, compute: () => void, after: () => void): void {
    const { w } = this;
    const isStack = this.isStackOperand;
    const result = () => w.get(size === 3 ? L.R64 : L.R32);
    this.#lookUp(1 << size, TLB_WRITE);
    w.hint(true);
    w.if(size === 3 ? I64 : I32);
    pushHostAddress(w);
    w.tee(L.HOST);
    this.#load(size);
    w.else();
    w.i32(0);
    w.set(L.HOST);
    this.#checkWrite(1 << size, isStack);
    this.#slowRead(size, isStack, 0);
    if (size < 3) w.byte(O.I32_WRAP_I64);
    w.end();
    w.set(size === 3 ? L.A64 : L.A32);
    compute();
    w.get(L.HOST);
    w.hint(true);
    w.if();
    w.get(L.HOST);
    result();
    this.#store(size);
    w.else();
    this.#slowWrite(size, result, isStack, 0);
    this.#leaveIfCodeChanged(after, this.instruction.at + this.instruction.length);
    w.end();
    after();
  }

  /**
   * Pops an address. `emit` is for an aligned operand that may be written in place, its host address in HOST; otherwise the
   * interpreter executes the instruction.
   */
  inPlace(size: number, emit: () => void): void {
    const { w } = this;
    this.#lookUp(1 << size, TLB_WRITE);
    if (size > 0) {
      w.get(L.ADDRESS);
      w.byte(O.I32_WRAP_I64);
      w.i32((1 << size) - 1);
      w.byte(O.I32_AND);
      w.byte(O.I32_EQZ);
      w.byte(O.I32_AND);
    }
    w.hint(true);
    w.if();
    pushHostAddress(w);
    w.set(L.HOST);
    this.duringBranch(emit);
    w.else();
    this.duringBranch(() => this.callInterpreter());
    w.end();
    this.flags = UNKNOWN_FLAGS;
  }

  // Leaving.

  /** Leaves for the instruction at `at`, once `count` instructions of the basic block have executed. */
  exit(at: number, count: number, label: Label = this.exitLabel): void {
    const { w } = this;
    if (Math.abs(at) < WHERE_LIMIT) {
      w.i32(at * 256 + count);
    } else {
      w.get(L.BASE);
      w.i64(at);
      w.byte(O.I64_ADD);
      w.set(L.TARGET);
      w.i32(WHERE_TARGET * 256 + count);
    }
    w.set(L.WHERE);
    w.br(label);
  }

  /** Leaves for the address in TARGET. */
  exitToTarget(count: number): void {
    this.w.i32(WHERE_TARGET * 256 + count);
    this.w.set(L.WHERE);
    this.w.br(this.exitLabel);
  }

  /** Stores the state that the region keeps in locals. */
  spill(): void {
    const clean = this.#clean;
    const cleanVectors = this.#cleanVectors;
    this.w.later((w) => {
      spillRegisters(w, this.writtenRegisters & ~clean);
      spillVectors(w, this.writtenVectors & ~cleanVectors);
      spillFlags(w);
    });
    this.#clean = ALL;
    this.#cleanVectors = ALL;
  }

  /**
   * Has the interpreter's handler execute the instruction; leaves the region if that does not go on with the next one.
   * Unless `reload` says less, everything is loaded anew.
   */
  callInterpreter(reload: Reload = RELOAD_ALL): void {
    const { w, instruction } = this;
    const bytes = Uint8Array.from(instruction.record);
    bytes[RECORD_COUNT] = this.executed + 1;
    bytes[0] = instruction.handler & 0xff;
    bytes[1] = instruction.handler >> 8;
    bytes.fill(0, RECORD_LINK, RECORD_LINK + 4);
    const record = this.place(bytes);
    this.spill();
    w.get(L.CPU);
    w.i32(record);
    w.memory(O.I32_STORE, CPU_CURRENT_RECORD);
    w.get(L.CPU);
    w.get(L.BASE);
    w.i64(instruction.page * 4096);
    w.byte(O.I64_ADD);
    w.memory(O.I64_STORE, CPU_RIP_BASE);
    w.get(L.CPU);
    w.get(L.BUDGET);
    w.memory(O.I32_STORE, CPU_BUDGET);
    w.i32(record);
    w.i32(0);
    w.memory(O.I32_STORE, RECORD_LINK);
    w.get(L.CPU);
    w.i32(record);
    w.i32(instruction.handler);
    w.callIndirect(L.TYPE_HANDLER);
    w.tee(L.X32);
    w.i32(record + RECORD_SIZE);
    w.byte(O.I32_NE);
    w.hint(false);
    w.if();
    w.get(L.X32);
    w.byte(O.OP_RETURN);
    w.end();
    // It may have shortened the slice: it armed the APIC's timer, or repeated itself often.
    w.get(L.CPU);
    w.memory(O.I32_LOAD, CPU_BUDGET);
    w.set(L.BUDGET);
    this.#reload(reload);
    this.#leaveIfCodeChanged(() => {}, instruction.at + instruction.length);
  }

  #reload({ registers = false, flags = false, vectors = false }: Reload): void {
    const { w } = this;
    if (vectors) this.#forgetNormal(ALL);
    w.later((to) => {
      if (registers) loadRegisters(to, this.usedRegisters);
      if (vectors) loadVectors(to, this.usedVectors);
      if (flags) loadFlags(to);
      if (vectors && this.usesMxcsr) loadMxcsr(to);
    });
    if (registers) {
      loadModes(w);
    }
    if (flags) this.flags = RAW_FLAGS;
  }
}
