/** How a region begins and ends: checks of its pages, state into locals and back, ways to other regions and to the core. */
import {
  BLOCK_CODE,
  BLOCK_CODE_MASK,
  BLOCK_GEN,
  BLOCK_GEN_ADDRESS,
  BLOCK_HEADER_SIZE,
  CODE_GEN_BASE,
  CPU_BUDGET,
  CPU_CURRENT_BLOCK,
  CPU_CURRENT_RECORD,
  CPU_JUMP_CACHE,
  CPU_JUMP_STAMP,
  CPU_PENDING,
  CPU_RIP,
  CPU_RIP_BASE,
  CPU_SEG_BASE,
  CPU_TLB,
  JUMP_ENTRIES,
  JUMP_ENTRY_SHIFT,
  JUMP_HASH_SHIFT,
  JUMP_RECORD,
  JUMP_STAMP,
  RECORD_HANDLER,
  TLB_FETCH,
} from '../../memory/layout.ts';
import type { CodePage } from './code-cache.ts';
import { type Emitter, WHERE_TARGET } from './emitter.ts';
import * as L from './locals.ts';
import * as O from './ops.ts';
import type { RegionGraph } from './region-graph.ts';
import {
  handFlags,
  loadLimits,
  loadModes,
  loadMxcsr,
  loadRegisters,
  loadVectors,
  NUMBER_LIMITS,
  spillFlags,
  spillRegisters,
  spillVectors,
  takeFlags,
} from './state-transfer.ts';
import { findEntry, pushHostAddress } from './tlb-lookup.ts';
import type { WasmWriter } from './wasm-writer.ts';

const CODE64 = 2;
const CS_BASE = CPU_SEG_BASE + 8;
const BYTES_OF_COUNT = 255;

/** Table indices of the core's functions. */
export interface CoreHandlers {
  /** Of the interpreter's handler of the region's first instruction. */
  readonly original: number;
  /** Of handlers that stand for no instruction. */
  readonly special: ReadonlySet<number>;
  /** From here on, indices are those of regions. */
  readonly firstRegion: number;
}

export class RegionFrame {
  readonly #e: Emitter;
  readonly #graph: RegionGraph;
  readonly #original: number;
  readonly #firstIndex: number;

  constructor(e: Emitter, graph: RegionGraph, handlers: CoreHandlers) {
    this.#e = e;
    this.#graph = graph;
    this.#original = handlers.original;
    this.#firstIndex = handlers.firstRegion;
  }

  /** Takes the state over, or has the interpreter run if a page of the region is not what it was. */
  begin(): void {
    const { w } = this.#e;
    takeFlags(w);
    for (const page of this.#graph.pages) if (page.delta !== 0) this.#checkPage(page);
    w.later((to) => this.#loadState(to));
  }

  /** Runs the interpreter's handler instead if another page of the region is not what it was. */
  #checkPage(page: CodePage): void {
    const { w } = this.#e;
    w.get(L.CPU);
    w.memory(O.I64_LOAD, CPU_RIP_BASE);
    if ((this.#graph.mode & BLOCK_CODE_MASK) !== CODE64) {
      w.get(L.CPU);
      w.memory(O.I64_LOAD, CS_BASE);
      w.byte(O.I64_ADD);
    }
    w.i64(page.delta * 4096);
    w.byte(O.I64_ADD);
    if ((this.#graph.mode & BLOCK_CODE_MASK) !== CODE64) {
      w.i64(0xffffffffn);
      w.byte(O.I64_AND);
    }
    findEntry(w, () => {
      w.get(L.CPU);
      w.memory(O.I32_LOAD, CPU_TLB);
    });
    w.memory(O.I64_LOAD, TLB_FETCH);
    w.get(L.ADDRESS);
    w.byte(O.I64_NE);
    pushHostAddress(w);
    w.i32(page.host);
    w.byte(O.I32_NE);
    w.byte(O.I32_OR);
    w.i32(CODE_GEN_BASE + ((page.host >>> 12) << 2));
    w.memory(O.I32_LOAD, 0);
    w.i32(page.generation);
    w.byte(O.I32_NE);
    w.byte(O.I32_OR);
    w.hint(false);
    w.if();
    spillFlags(w);
    w.get(L.CPU);
    w.get(L.RECORD);
    w.i32(this.#original);
    w.returnCallIndirect(L.TYPE_HANDLER);
    w.end();
  }

  #loadState(w: WasmWriter): void {
    const e = this.#e;
    loadModes(w);
    w.get(L.CPU);
    w.memory(O.I32_LOAD, CPU_BUDGET);
    w.set(L.BUDGET);
    w.get(L.CPU);
    w.memory(O.I64_LOAD, CPU_RIP_BASE);
    w.set(L.BASE);
    loadRegisters(w, e.usedRegisters);
    loadVectors(w, e.usedVectors);
    if (!e.usesMxcsr) return;
    loadMxcsr(w);
    loadLimits(w, e.place(NUMBER_LIMITS));
  }

  /** Makes TARGET the address, and BUDGET what is left of it, where WHERE says that the region is left. */
  #settleWhere(): void {
    const e = this.#e;
    const { w } = e;
    w.get(L.TARGET);
    w.get(L.BASE);
    w.get(L.WHERE);
    w.i32(8);
    w.byte(O.I32_SHR_S);
    w.byte(O.I64_EXTEND_I32_S);
    w.byte(O.I64_ADD);
    w.get(L.WHERE);
    w.i32(8);
    w.byte(O.I32_SHR_S);
    w.i32(WHERE_TARGET);
    w.byte(O.I32_EQ);
    w.byte(O.OP_SELECT);
    if (!e.is64) {
      w.i64(0xffffffffn);
      w.byte(O.I64_AND);
    }
    w.set(L.TARGET);
    w.get(L.BUDGET);
    w.get(L.WHERE);
    w.i32(BYTES_OF_COUNT);
    w.byte(O.I32_AND);
    w.byte(O.I32_SUB);
    w.set(L.BUDGET);
    w.i32(WHERE_TARGET * 256);
    w.set(L.WHERE);
  }

  #storeBudget(): void {
    const { w } = this.#e;
    w.get(L.CPU);
    w.get(L.BUDGET);
    w.memory(O.I32_STORE, CPU_BUDGET);
  }

  /** Pushes the field at `offset` of the jump cache's entry in ENTRY. */
  #pushEntry(load: number, offset: number): void {
    this.#e.w.get(L.ENTRY);
    this.#e.w.memory(load, CPU_JUMP_CACHE + offset);
  }

  /** Goes straight to another region if the jump cache has it; else falls through with the way out in WHERE. */
  jump(): void {
    const { w } = this.#e;
    this.#settleWhere();
    w.get(L.TARGET);
    w.get(L.TARGET);
    w.i64(JUMP_HASH_SHIFT);
    w.byte(O.I64_SHR_U);
    w.byte(O.I64_XOR);
    w.byte(O.I32_WRAP_I64);
    w.i32(JUMP_ENTRIES - 1);
    w.byte(O.I32_AND);
    w.i32(JUMP_ENTRY_SHIFT);
    w.byte(O.I32_SHL);
    w.get(L.CPU);
    w.byte(O.I32_ADD);
    w.set(L.ENTRY);
    this.#pushEntry(O.I64_LOAD, 0);
    w.get(L.TARGET);
    w.byte(O.I64_EQ);
    this.#pushEntry(O.I64_LOAD, JUMP_STAMP);
    w.get(L.CPU);
    w.memory(O.I64_LOAD, CPU_JUMP_STAMP);
    w.byte(O.I64_EQ);
    w.byte(O.I32_AND);
    this.pushAttention();
    w.byte(O.I32_EQZ);
    w.byte(O.I32_AND);
    w.hint(true);
    w.if();
    this.#pushEntry(O.I32_LOAD, JUMP_RECORD);
    w.tee(L.HOST);
    w.i32(BLOCK_HEADER_SIZE);
    w.byte(O.I32_SUB);
    w.tee(L.ENTRY);
    w.memory(O.I32_LOAD, BLOCK_GEN_ADDRESS);
    w.memory(O.I32_LOAD, 0);
    w.get(L.ENTRY);
    w.memory(O.I32_LOAD, BLOCK_GEN);
    w.byte(O.I32_EQ);
    w.get(L.HOST);
    w.memory(O.I32_LOAD16_U, RECORD_HANDLER);
    w.tee(L.X32);
    w.i32(this.#firstIndex);
    w.byte(O.I32_GE_U);
    w.byte(O.I32_AND);
    w.hint(true);
    w.if();
    this.#enterRegion();
    w.end();
    w.end();
  }

  /** To the region X32 at the record HOST of the block ENTRY. */
  #enterRegion(): void {
    const e = this.#e;
    const { w } = e;
    spillRegisters(w, e.writtenRegisters);
    spillVectors(w, e.writtenVectors);
    handFlags(w);
    this.#storeBudget();
    w.get(L.CPU);
    w.get(L.HOST);
    w.memory(O.I32_STORE, CPU_CURRENT_RECORD);
    w.get(L.CPU);
    w.get(L.ENTRY);
    w.memory(O.I32_STORE, CPU_CURRENT_BLOCK);
    w.get(L.CPU);
    w.get(L.TARGET);
    w.get(L.ENTRY);
    w.memory(O.I32_LOAD, BLOCK_CODE);
    w.i32(4095);
    w.byte(O.I32_AND);
    w.byte(O.I64_EXTEND_I32_U);
    w.byte(O.I64_SUB);
    w.memory(O.I64_STORE, CPU_RIP_BASE);
    w.get(L.CPU);
    w.get(L.HOST);
    w.get(L.X32);
    w.returnCallIndirect(L.TYPE_HANDLER);
  }

  /** Stores the state and has the core find what to go on with. */
  leave(): void {
    const e = this.#e;
    const { w } = e;
    this.#settleWhere();
    spillRegisters(w, e.writtenRegisters);
    spillVectors(w, e.writtenVectors);
    spillFlags(w);
    w.get(L.CPU);
    w.get(L.TARGET);
    w.memory(O.I64_STORE, CPU_RIP);
    this.#storeBudget();
    w.get(L.CPU);
    w.call(L.LEAVE_REGION);
    w.tee(L.RECORD);
    w.byte(O.I32_EQZ);
    w.hint(false);
    w.if();
    w.i32(0);
    w.byte(O.OP_RETURN);
    w.end();
    w.get(L.CPU);
    w.get(L.RECORD);
    w.memory(O.I32_STORE, CPU_CURRENT_RECORD);
    w.get(L.CPU);
    w.get(L.RECORD);
    w.get(L.RECORD);
    w.memory(O.I32_LOAD16_U, RECORD_HANDLER);
    w.returnCallIndirect(L.TYPE_HANDLER);
  }

  /** Pushes something other than zero when the budget is used up or someone asks for attention. */
  pushAttention(): void {
    const { w } = this.#e;
    w.get(L.CPU);
    w.memory(O.I32_LOAD, CPU_PENDING);
    w.get(L.MASK);
    w.byte(O.I32_AND);
    w.get(L.BUDGET);
    w.i32(1);
    w.byte(O.I32_LT_S);
    w.byte(O.I32_OR);
  }
}
