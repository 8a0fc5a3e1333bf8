/**
 * Emits the function of a region. Control flow follows the dominator tree (Ramsey, "Beyond Relooper"): a block with several
 * forward entries is placed after a WebAssembly block that branches leave, a loop's header inside a WebAssembly loop.
 */
import { RECORD_SIZE } from '../../memory/layout.ts';
import { Emitter, type FlagState, type PlaceRecord, UNKNOWN_FLAGS } from './emitter.ts';
import { pushCondition } from './flags.ts';
import { hasPlainAddress, type Instruction } from './instruction.ts';
import { emitInteger } from './integer.ts';
import * as L from './locals.ts';
import * as O from './ops.ts';
import { type CoreHandlers, RegionFrame } from './region-frame.ts';
import type { BasicBlock, RegionGraph } from './region-graph.ts';
import { emitPush, emitRelease, hasFlatStack, pushTop, stackSize } from './stack.ts';
import { emitVector } from './vector.ts';
import type { Label, WrittenCode } from './wasm-writer.ts';

const SIZE_64 = 3;

export interface EmittedRegion {
  readonly code: WrittenCode;
  /** Instructions that the interpreter executes. */
  readonly interpreted: number;
}

/** Is told of indirect branches whose exits count down the word at `site`. */
export type WatchBranch = (site: number, instruction: Instruction) => void;

/** Emits the function of a region. */
export function emitRegion(
  graph: RegionGraph,
  handlers: CoreHandlers,
  place: PlaceRecord,
  watch: WatchBranch,
): EmittedRegion {
  return new RegionEmitter(graph, handlers, place, watch).emit();
}

class RegionEmitter {
  readonly #e: Emitter;
  readonly #graph: RegionGraph;
  readonly #frame: RegionFrame;
  readonly #special: ReadonlySet<number>;
  readonly #children = new Map<BasicBlock, BasicBlock[]>();
  /** Where branches to a block go: the end of a WebAssembly block, or the start of a loop. */
  readonly #labels = new Map<BasicBlock, Label>();
  readonly #watch: WatchBranch;
  #interpreted = 0;

  constructor(graph: RegionGraph, handlers: CoreHandlers, place: PlaceRecord, watch: WatchBranch) {
    const first = graph.blocks.find((block) => block.instructions.length > 0)?.instructions[0];
    if (first === undefined) throw new TypeError('A region has an instruction');
    this.#graph = graph;
    this.#special = handlers.special;
    this.#watch = watch;
    this.#e = new Emitter(graph, first, place);
    this.#frame = new RegionFrame(this.#e, graph, handlers);
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
    this.#frame.begin();
    e.faultLabel = w.block();
    e.exitLabel = w.block();
    this.#tree(this.#graph.entry, UNKNOWN_FLAGS);
    w.end();
    this.#frame.jump();
    w.end();
    this.#frame.leave();
    w.end();
    return { code: w.finish(), interpreted: this.#interpreted };
  }

  // Control flow.

  #isMerge(block: BasicBlock): boolean {
    if (block === this.#graph.dispatcher) return true;
    const forward = block.predecessors.filter((from) => from.order < block.order);
    return forward.length > 1 || forward.some((from) => from === this.#graph.dispatcher);
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
    if (block === this.#graph.dispatcher) {
      e.w.get(L.STATE);
      e.w.brTable(block.successors.map((to) => this.#labels.get(to) ?? 0));
      return;
    }
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
    this.#toTarget(block, () => this.#countExit(last));
  }

  /** Counts an exit by an indirect branch; now and then the translator is told where it leads. */
  #countExit(last: Instruction): void {
    const { w } = this.#e;
    const site = this.#e.place(new Uint8Array(RECORD_SIZE));
    this.#watch(site, last);
    w.i32(site);
    w.i32(site);
    w.memory(O.I32_LOAD, 0);
    w.i32(1);
    w.byte(O.I32_SUB);
    w.tee(L.X32);
    w.memory(O.I32_STORE, 0);
    w.get(L.X32);
    w.byte(O.I32_EQZ);
    w.hint(false);
    w.if();
    w.i32(site);
    w.get(L.TARGET);
    w.get(L.BASE);
    w.byte(O.I64_SUB);
    w.call(L.BRANCH_TARGET);
    w.end();
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
  #toTarget(block: BasicBlock, beforeExit: () => void = () => {}): void {
    const e = this.#e;
    const { w } = e;
    for (const successor of [...block.successors, ...block.detours]) {
      if (successor === this.#graph.dispatcher) continue;
      w.get(L.TARGET);
      w.get(L.BASE);
      w.byte(O.I64_SUB);
      w.i64(successor.at);
      w.byte(O.I64_EQ);
      w.if();
      this.#goAside(block, successor.at);
      w.end();
    }
    beforeExit();
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
      this.#goRound(block, at);
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

  /** Goes to `at` through the dispatcher, or out of the region. */
  #goRound(block: BasicBlock, at: number): void {
    const { w } = this.#e;
    const { dispatcher } = this.#graph;
    const state = dispatcher?.successors.findIndex((successor) => successor.at === at) ?? -1;
    if (dispatcher === undefined || state < 0 || ![...block.detours].some((to) => to.at === at)) {
      this.#e.exit(at, 0);
      return;
    }
    this.#checkAttention(at);
    w.i32(state);
    w.set(L.STATE);
    w.br(this.#labels.get(dispatcher) ?? 0);
  }

  /** Leaves for `at` when the budget is used up or someone asks for attention. */
  #checkAttention(at: number): void {
    const e = this.#e;
    const { w } = e;
    this.#frame.pushAttention();
    w.hint(false);
    w.if();
    e.exit(at, 0);
    w.end();
  }
}
