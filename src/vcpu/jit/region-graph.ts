/** The flow graph of a region: basic blocks found from a hot entry, in an order and with the facts that emission needs. */

import { type Branch, branchOf } from './branch.ts';
import type { CodePage, CodeWindow } from './code-cache.ts';
import type { Instruction } from './instruction.ts';

export interface BasicBlock {
  /** Offset of the first instruction from the region's first page. */
  readonly at: number;
  readonly instructions: Instruction[];
  /** What ends the block; undefined if it just goes on at `next`. */
  branch: Branch | undefined;
  /** Offset of what follows the last instruction. */
  next: number;
  /** Blocks of the region that control may go to. */
  readonly successors: BasicBlock[];
  /** Blocks that control goes to by way of the region's dispatcher, since a direct edge would make a loop with two entries. */
  readonly detours: Set<BasicBlock>;
  readonly predecessors: BasicBlock[];
  /** Position in reverse postorder; -1 while unreached. */
  order: number;
  dominator: BasicBlock | undefined;
  /** A successor edge leads back to it from a block that it dominates. */
  isLoop: boolean;
}

export interface RegionGraph {
  readonly mode: number;
  /** Where the region begins; a dispatcher goes to its first successor then. */
  readonly entry: BasicBlock;
  /** Offset of the region's first instruction. */
  readonly first: number;
  /** The block without instructions that goes to one of its successors by number: what `detours` lead through. */
  readonly dispatcher: BasicBlock | undefined;
  /** In reverse postorder. */
  readonly blocks: readonly BasicBlock[];
  /** Offsets that follow calls of the region: where its returns may lead. */
  readonly returnSites: readonly number[];
  readonly pages: readonly CodePage[];
  readonly instructionCount: number;
}

export interface RegionLimits {
  readonly instructions: number;
  readonly blockInstructions: number;
  readonly returnSites: number;
}

/** Where indirect branches have been seen to lead. */
export interface BranchTargets {
  /** Offsets from the region's first page, by the offset of the branch. */
  of(instruction: Instruction): readonly number[];
}

const NO_TARGETS: BranchTargets = { of: () => [] };
/** `at` of the dispatcher, which no instruction can have. */
const NOWHERE = Number.MIN_SAFE_INTEGER;

export const DEFAULT_LIMITS: RegionLimits = { instructions: 250, blockInstructions: 100, returnSites: 8 };

/** Finds the region that begins at the window's entry; undefined if its first instruction cannot be read. */
export function discoverRegion(
  window: CodeWindow,
  limits = DEFAULT_LIMITS,
  targets = NO_TARGETS,
): RegionGraph | undefined {
  const { reached, leaders, returnSites } = reach(window, limits, targets);
  if (reached.size === 0) return undefined;
  const blocks = cutIntoBlocks(window.mode, reached, leaders, limits);
  const sites = [...returnSites].filter((at) => blocks.has(at)).slice(0, limits.returnSites);
  connect(blocks, sites, targets);
  const entry = blocks.get(window.entry);
  if (entry === undefined) return undefined;
  return arrange(window, entry, sites);
}

interface Reach {
  readonly reached: Map<number, Instruction>;
  readonly leaders: Set<number>;
  readonly returnSites: Set<number>;
}

/** Follows known instructions breadth first, until the region is large enough. */
function reach(window: CodeWindow, limits: RegionLimits, targets: BranchTargets): Reach {
  const reached = new Map<number, Instruction>();
  const leaders = new Set([window.entry]);
  const returnSites = new Set<number>();
  const pending = [window.entry];
  for (let at = pending.shift(); at !== undefined; at = pending.shift()) {
    let here: number | undefined = at;
    while (here !== undefined && !reached.has(here) && reached.size < limits.instructions) {
      const instruction = window.instructionAt(here);
      if (instruction === undefined) break;
      reached.set(here, instruction);
      const next: number = here + instruction.length;
      const branch = branchOf(instruction, window.mode);
      here =
        branch === undefined || branch.kind === 'other' || branch.kind === 'conditional' ? next : undefined;
      if (branch === undefined) continue;
      leaders.add(next);
      const known = branchTargets(instruction, branch, targets);
      for (const target of known) leaders.add(target);
      pending.push(...known);
      const isCall = branch.kind === 'call' || branch.kind === 'indirectCall';
      if (isCall && known.some((target) => window.instructionAt(target) !== undefined)) {
        returnSites.add(next);
        pending.push(next);
      }
    }
  }
  return { reached, leaders, returnSites };
}

/** Where a branch is known to lead, beside to the next instruction. */
function branchTargets(instruction: Instruction, branch: Branch, targets: BranchTargets): readonly number[] {
  if ('target' in branch) return [branch.target];
  const isIndirect = branch.kind === 'indirectJump' || branch.kind === 'indirectCall';
  return isIndirect ? targets.of(instruction) : [];
}

function newBlock(at: number): BasicBlock {
  return {
    at,
    instructions: [],
    branch: undefined,
    next: at,
    successors: [],
    detours: new Set(),
    predecessors: [],
    order: -1,
    dominator: undefined,
    isLoop: false,
  };
}

function cutIntoBlocks(
  mode: number,
  reached: Map<number, Instruction>,
  leaders: Set<number>,
  limits: RegionLimits,
): Map<number, BasicBlock> {
  const blocks = new Map<number, BasicBlock>();
  const starts = [...leaders].filter((at) => reached.has(at));
  for (let at = starts.pop(); at !== undefined; at = starts.pop()) {
    if (blocks.has(at)) continue;
    const block = newBlock(at);
    blocks.set(at, block);
    for (;;) {
      const instruction = reached.get(block.next);
      if (instruction === undefined) break;
      block.instructions.push(instruction);
      block.next += instruction.length;
      block.branch = branchOf(instruction, mode);
      if (block.branch !== undefined || leaders.has(block.next)) break;
      if (block.instructions.length === limits.blockInstructions) {
        leaders.add(block.next);
        if (reached.has(block.next)) starts.push(block.next);
        break;
      }
    }
  }
  return blocks;
}

/** Offsets of the places in the region or out of it that a block may lead to, except returns. */
export function directTargets(block: BasicBlock): number[] {
  const { branch, next } = block;
  if (branch === undefined || branch.kind === 'other') return [next];
  if (branch.kind === 'conditional') return [branch.target, next];
  if (branch.kind === 'jump' || branch.kind === 'call') return [branch.target];
  return [];
}

function connect(
  blocks: Map<number, BasicBlock>,
  returnSites: readonly number[],
  targets: BranchTargets,
): void {
  for (const block of blocks.values()) {
    const last = block.instructions.at(-1);
    const known =
      last === undefined || block.branch === undefined ? [] : branchTargets(last, block.branch, targets);
    const places = block.branch?.kind === 'return' ? returnSites : [...directTargets(block), ...known];
    for (const target of new Set(places)) {
      const successor = blocks.get(target);
      if (successor !== undefined) block.successors.push(successor);
    }
  }
}

/** Orders what is reachable and finds dominators; edges that would make a loop with two entries go through a dispatcher. */
function arrange(window: CodeWindow, first: BasicBlock, returnSites: readonly number[]): RegionGraph {
  const dispatcher = newBlock(NOWHERE);
  let entry = first;
  let blocks = order(entry);
  for (let cut = irreducibleEdges(blocks); cut.length > 0; cut = irreducibleEdges(blocks)) {
    if (cut.some((edge) => edge.includes(dispatcher))) {
      // The region begins at the dispatcher, which then dominates everything.
      dispatcher.successors.splice(0, Infinity, first, ...dispatcher.successors.filter((to) => to !== first));
      entry = dispatcher;
    }
    for (const [from, to] of cut) if (to !== dispatcher) detour(from, to, dispatcher);
    blocks = order(entry);
  }
  for (const block of blocks) {
    for (const to of block.successors) if (to.order <= block.order) to.isLoop = true;
  }
  const used = new Set(blocks.flatMap((block) => block.instructions.flatMap(pagesOf)));
  used.add(0);
  return {
    mode: window.mode,
    entry,
    first: first.at,
    dispatcher: blocks.includes(dispatcher) ? dispatcher : undefined,
    blocks,
    returnSites,
    pages: window.pages.filter((page) => used.has(page.delta)),
    instructionCount: blocks.reduce((sum, block) => sum + block.instructions.length, 0),
  };
}

function order(entry: BasicBlock): BasicBlock[] {
  const blocks = reversePostorder(entry);
  linkPredecessors(blocks);
  findDominators(blocks);
  return blocks;
}

/** Edges back to a block that does not dominate where they come from. */
function irreducibleEdges(blocks: readonly BasicBlock[]): [BasicBlock, BasicBlock][] {
  return blocks.flatMap((block) =>
    block.successors
      .filter((to) => to.order <= block.order && !dominates(to, block))
      .map((to): [BasicBlock, BasicBlock] => [block, to]),
  );
}

/** Leads the edge through the dispatcher. */
function detour(from: BasicBlock, to: BasicBlock, dispatcher: BasicBlock): void {
  if (from === dispatcher) return;
  from.successors.splice(from.successors.indexOf(to), 1);
  from.detours.add(to);
  if (!from.successors.includes(dispatcher)) from.successors.push(dispatcher);
  if (!dispatcher.successors.includes(to)) dispatcher.successors.push(to);
}

function pagesOf(instruction: Instruction): number[] {
  const last = Math.floor((instruction.at + instruction.length - 1) / 4096);
  return last === instruction.page ? [last] : [instruction.page, last];
}

function reversePostorder(entry: BasicBlock): BasicBlock[] {
  const postorder: BasicBlock[] = [];
  const seen = new Set([entry]);
  const stack: { block: BasicBlock; next: number }[] = [{ block: entry, next: 0 }];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const to = top.block.successors[top.next++];
    if (to === undefined) {
      postorder.push(top.block);
      stack.pop();
    } else if (!seen.has(to)) {
      seen.add(to);
      stack.push({ block: to, next: 0 });
    }
  }
  const blocks = postorder.reverse();
  for (const [order, block] of blocks.entries()) block.order = order;
  return blocks;
}

function linkPredecessors(blocks: readonly BasicBlock[]): void {
  for (const block of blocks) block.predecessors.length = 0;
  for (const block of blocks) for (const to of block.successors) to.predecessors.push(block);
}

/** Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm". */
function findDominators(blocks: readonly BasicBlock[]): void {
  for (const block of blocks) block.dominator = undefined;
  const [entry] = blocks;
  if (entry === undefined) return;
  entry.dominator = entry;
  let isChanged = true;
  while (isChanged) {
    isChanged = false;
    for (const block of blocks.slice(1)) {
      let found: BasicBlock | undefined;
      for (const from of block.predecessors) {
        if (from.dominator === undefined) continue;
        found = found === undefined ? from : intersect(found, from);
      }
      if (found !== block.dominator) {
        block.dominator = found;
        isChanged = true;
      }
    }
  }
}

function intersect(first: BasicBlock, second: BasicBlock): BasicBlock {
  let a = first;
  let b = second;
  while (a !== b) {
    while (a.order > b.order && a.dominator !== undefined) a = a.dominator;
    while (b.order > a.order && b.dominator !== undefined) b = b.dominator;
  }
  return a;
}

function dominates(block: BasicBlock, other: BasicBlock): boolean {
  let at = other;
  while (at.order > block.order && at.dominator !== undefined) at = at.dominator;
  return at === block;
}
