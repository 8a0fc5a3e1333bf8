/**
 * Emits the function of a region. Control flow follows the dominator tree (Ramsey, "Beyond Relooper"): a block with several
 * forward entries is placed after a WebAssembly block that branches leave, a loop's header inside a WebAssembly loop.
 */
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
  TLB_ADDEND,
  TLB_ENTRIES,
  TLB_ENTRY_SHIFT,
  TLB_FETCH,
} from '../../memory/layout.ts';
import type { CodePage } from './code-cache.ts';
import {
  Emitter,
  type FlagState,
  handFlags,
  loadModes,
  loadMxcsr,
  loadRegisters,
  loadVectors,
  type PlaceRecord,
  spillFlags,
  spillRegisters,
  spillVectors,
  takeFlags,
  UNKNOWN_FLAGS,
  WHERE_TARGET,
} from './emitter.ts';
import { pushCondition } from './flags.ts';
import { hasPlainAddress, type Instruction } from './instruction.ts';
import { emitInteger } from './integer.ts';
import * as L from './locals.ts';
import * as O from './ops.ts';
import type { BasicBlock, RegionGraph } from './region-graph.ts';
import { emitPush, emitRelease, hasFlatStack, pushTop, stackSize } from './stack.ts';
import { emitVector } from './vector.ts';
import type { Label, WasmWriter, WrittenCode } from './wasm-writer.ts';

const CODE64 = 2;
const CS_BASE = CPU_SEG_BASE + 8;
const SIZE_64 = 3;
const BYTES_OF_COUNT = 255;

export interface EmittedRegion {
  readonly code: WrittenCode;
  /** Instructions that the interpreter executes. */
  readonly interpreted: number;
}

/** Table indices of the core's functions. */
export interface CoreHandlers {
  /** Of the interpreter's handler of the region's first instruction. */
  readonly original: number;
  /** Of handlers that stand for no instruction. */
  readonly special: ReadonlySet<number>;
  /** From here on, indices are those of regions. */
  readonly firstRegion: number;
}

/** Emits the function of a region. */
export function emitRegion(graph: RegionGraph, handlers: CoreHandlers, place: PlaceRecord): EmittedRegion {
  return new RegionEmitter(graph, handlers, place).emit();
}

class RegionEmitter {
  readonly #e: Emitter;
  readonly #graph: RegionGraph;
  readonly #original: number;
  readonly #special: ReadonlySet<number>;
  readonly #firstIndex: number;
  readonly #children = new Map<BasicBlock, BasicBlock[]>();
  /** Where branches to a block go: the end of a WebAssembly block, or the start of a loop. */
  readonly #labels = new Map<BasicBlock, Label>();
  #interpreted = 0;

  constructor(graph: RegionGraph, handlers: CoreHandlers, place: PlaceRecord) {
    const { original, special, firstRegion } = handlers;
    const [first] = graph.entry.instructions;
    if (first === undefined) throw new TypeError('A region begins with an instruction');
    this.#graph = graph;
    this.#original = original;
    this.#special = special;
    this.#firstIndex = firstRegion;
    this.#e = new Emitter(graph, first, place);
    for (const block of graph.blocks) {
      if (block.dominator === undefined || block === graph.entry) continue;
      const siblings = this.#children.get(block.dominator) ?? [];
      siblings.push(block);
      this.#children.set(block.dominator, siblings);
    }
  }

  emit(): EmittedRegion {
    const e = this.#e;
    const { w } = e;
    takeFlags(w);
    for (const page of this.#graph.pages) if (page.delta !== 0) this.#checkPage(page);
    w.later((to) => this.#loadState(to));
    e.faultLabel = w.block();
    e.exitLabel = w.block();
    this.#tree(this.#graph.entry, UNKNOWN_FLAGS);
    w.end();
    this.#jump();
    w.end();
    this.#leave();
    w.end();
    return { code: w.finish(), interpreted: this.#interpreted };
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
    w.tee(L.ADDRESS);
    w.i64(12 - TLB_ENTRY_SHIFT);
    w.byte(O.I64_SHR_U);
    w.byte(O.I32_WRAP_I64);
    w.i32((TLB_ENTRIES - 1) << TLB_ENTRY_SHIFT);
    w.byte(O.I32_AND);
    w.get(L.CPU);
    w.memory(O.I32_LOAD, CPU_TLB);
    w.byte(O.I32_ADD);
    w.tee(L.ENTRY);
    w.memory(O.I64_LOAD, TLB_FETCH);
    w.get(L.ADDRESS);
    w.byte(O.I64_NE);
    w.get(L.ADDRESS);
    w.byte(O.I32_WRAP_I64);
    w.get(L.ENTRY);
    w.memory(O.I32_LOAD, TLB_ADDEND);
    w.byte(O.I32_ADD);
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
    if (e.usesMxcsr) loadMxcsr(w);
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
  #jump(): void {
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
    this.#pushAttention();
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
  #leave(): void {
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

  // Control flow.

  #isMerge(block: BasicBlock): boolean {
    return block.predecessors.filter((from) => from.order < block.order).length > 1;
  }

  /** The block and what it dominates. `flags`: what is known on entry, if there is one entry only. */
  #tree(block: BasicBlock, flags: FlagState): void {
    const { w } = this.#e;
    if (block.isLoop) this.#labels.set(block, w.loop());
    const known = block.isLoop || this.#isMerge(block) ? UNKNOWN_FLAGS : flags;
    const merges = (this.#children.get(block) ?? [])
      .filter((child) => this.#isMerge(child))
      .sort((first, second) => second.order - first.order);
    this.#within(block, merges, known);
    if (block.isLoop) w.end();
  }

  /** The block inside one WebAssembly block for each of `merges`, last in order outermost, each followed by its tree. */
  #within(block: BasicBlock, merges: readonly BasicBlock[], flags: FlagState): void {
    const { w } = this.#e;
    const [outer, ...inner] = merges;
    if (outer === undefined) {
      this.#body(block, flags);
      return;
    }
    this.#labels.set(outer, w.block());
    this.#within(block, inner, flags);
    w.end();
    if (outer.isLoop) this.#labels.delete(outer);
    this.#tree(outer, UNKNOWN_FLAGS);
  }

  #body(block: BasicBlock, flags: FlagState): void {
    const e = this.#e;
    e.beginBlock(flags);
    const last = block.branch === undefined ? undefined : block.instructions.at(-1);
    for (const [index, instruction] of block.instructions.entries()) {
      e.instruction = instruction;
      e.executed = index;
      if (instruction !== last) this.#instruction(instruction);
    }
    if (last === undefined) {
      this.#spend(block.instructions.length);
      this.#go(block, block.next);
    } else {
      this.#branch(block, last);
    }
  }

  #instruction(instruction: Instruction): void {
    const e = this.#e;
    if (this.#special.has(instruction.handler) || !(emitInteger(e) || emitVector(e))) {
      this.#interpreted++;
      e.callInterpreter();
    }
  }

  #spend(instructions: number): void {
    const { w } = this.#e;
    w.get(L.BUDGET);
    w.i32(instructions);
    w.byte(O.I32_SUB);
    w.set(L.BUDGET);
  }

  #branch(block: BasicBlock, last: Instruction): void {
    const e = this.#e;
    const count = block.instructions.length;
    const { branch } = block;
    if (branch === undefined) return;
    switch (branch.kind) {
      case 'conditional':
        this.#spend(count);
        pushCondition(e, branch.condition);
        e.w.if();
        this.#goAside(block, branch.target);
        e.w.end();
        this.#go(block, block.next);
        return;
      case 'jump':
        this.#spend(count);
        this.#go(block, branch.target);
        return;
      case 'call':
        if (!hasFlatStack(e)) {
          this.#other(block);
          return;
        }
        emitPush(e, () => this.#pushReturnAddress(last), branch.target);
        this.#spend(count);
        this.#go(block, branch.target);
        return;
      case 'return':
        if (!hasFlatStack(e)) {
          this.#other(block);
          return;
        }
        pushTop(e);
        this.#takeTarget();
        emitRelease(e, (1 << stackSize(e)) + branch.release);
        this.#spend(count);
        this.#toTarget(block);
        return;
      default:
        this.#indirect(block, last);
    }
  }

  /** JMP and CALL through a register or memory. */
  #indirect(block: BasicBlock, last: Instruction): void {
    const e = this.#e;
    const kind = block.branch?.kind;
    const isCall = kind === 'indirectCall';
    if (
      (!isCall && kind !== 'indirectJump') ||
      (last.isMemory && !hasPlainAddress(last)) ||
      !hasFlatStack(e)
    ) {
      this.#other(block);
      return;
    }
    if (last.isMemory) {
      e.pushAddress();
      e.read(stackSize(e));
    } else {
      e.pushOperand(last.rm, stackSize(e));
    }
    this.#takeTarget();
    if (isCall) emitPush(e, () => this.#pushReturnAddress(last), 'target');
    this.#spend(block.instructions.length);
    this.#toTarget(block);
  }

  #pushReturnAddress(last: Instruction): void {
    const e = this.#e;
    const { w } = e;
    w.get(L.BASE);
    w.i64(last.at + last.length);
    w.byte(O.I64_ADD);
    if (!e.is64) w.byte(O.I32_WRAP_I64);
  }

  /** Pops an address into TARGET; the interpreter raises #GP if it is not canonical. */
  #takeTarget(): void {
    const e = this.#e;
    const { w } = e;
    if (stackSize(e) !== SIZE_64) {
      w.byte(O.I64_EXTEND_I32_U);
      w.set(L.TARGET);
      return;
    }
    w.tee(L.TARGET);
    w.i64(16);
    w.byte(O.I64_SHL);
    w.i64(16);
    w.byte(O.I64_SHR_S);
    w.get(L.TARGET);
    w.byte(O.I64_NE);
    e.rarely(() => {
      e.callInterpreter({});
      w.byte(O.OP_UNREACHABLE);
    });
  }

  /** Goes where TARGET says: first to the blocks that a return of this region may lead to. */
  #toTarget(block: BasicBlock): void {
    const e = this.#e;
    const { w } = e;
    for (const successor of block.successors) {
      w.get(L.TARGET);
      w.get(L.BASE);
      w.byte(O.I64_SUB);
      w.i64(successor.at);
      w.byte(O.I64_EQ);
      w.if();
      this.#goAside(block, successor.at);
      w.end();
    }
    e.exitToTarget(0);
  }

  /** The interpreter executes the last instruction; if it goes on with the next one, so does the region. */
  #other(block: BasicBlock): void {
    const e = this.#e;
    this.#interpreted++;
    e.callInterpreter();
    this.#spend(block.instructions.length);
    this.#go(block, block.next);
  }

  /** As #go(), on one of several paths: the others are emitted with what is known now. */
  #goAside(block: BasicBlock, at: number): void {
    const e = this.#e;
    const { flags } = e;
    e.duringBranch(() => this.#go(block, at));
    e.flags = flags;
  }

  /** Control goes from the end of `block` (whose instructions are paid for) to `at`. */
  #go(block: BasicBlock, at: number): void {
    const e = this.#e;
    const { w } = e;
    const target = block.successors.find((successor) => successor.at === at);
    if (target === undefined) {
      e.exit(at, 0);
      return;
    }
    if (target.order <= block.order) {
      this.#checkAttention(at);
      w.br(this.#labels.get(target) ?? 0);
    } else if (this.#isMerge(target)) {
      w.br(this.#labels.get(target) ?? 0);
    } else {
      this.#tree(target, e.flags);
    }
  }

  /** Leaves for `at` when the budget is used up or someone asks for attention. */
  #checkAttention(at: number): void {
    const e = this.#e;
    const { w } = e;
    this.#pushAttention();
    w.hint(false);
    w.if();
    e.exit(at, 0);
    w.end();
  }

  /** Pushes something other than zero when the budget is used up or someone asks for attention. */
  #pushAttention(): void {
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
