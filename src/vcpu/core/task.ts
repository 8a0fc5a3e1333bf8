// The task-state segment: inner stacks, the I/O bitmap's place, and hardware task switches (SDM vol. 3, chapter 7).
import {
  CPU_CR0,
  CPU_CR3,
  CPU_CURRENT_RECORD,
  CPU_DR,
  CPU_GPR,
  CPU_MODE,
  CPU_RIP,
  CPU_SEG_ATTRIBUTES,
  CPU_SEG_BASE,
  CPU_SEG_LIMIT,
  MODE_PAGING,
} from '../../memory/layout';
import { readSystem, writeSystem } from './access';
import { CR0_TS, FLAG_NT, FLAG_VM, SEG_CS, SEG_DS, SEG_ES, SEG_FS, SEG_GS, SEG_LDTR, SEG_SS, SEG_TR } from './bits';
import { loadPageDirectory } from './control-register';
import {
  attributesOf,
  baseOf,
  descriptorAddress,
  dplOf,
  isCode,
  isConforming,
  isPresent,
  isReadWrite,
  isSystem,
  limitOf,
  readDescriptor,
  selectorError,
  TSS_BUSY,
  typeOf,
  TYPE_TSS16,
  TYPE_TSS16_BUSY,
  TYPE_TSS32,
  TYPE_TSS32_BUSY,
} from './descriptor';
import { raise, raiseGP, raiseWithError, VECTOR_DB, VECTOR_GP, VECTOR_NP, VECTOR_SS, VECTOR_TS } from './fault';
import { eflags, setEflagsRaw } from './flags';
import { updateMode } from './mode';
import { loadDataSegment, loadLdt, loadStackSegment, loadVirtualSegment, markAccessed, selectorOf, setFromDescriptor, setSegment } from './segment';

const DR6_BT: u64 = 0x8000;

export const TASK_JUMP: u32 = 0;
export const TASK_CALL: u32 = 1;
export const TASK_RETURN: u32 = 2;
export const TASK_INTERRUPT: u32 = 3;

/** Results of readInnerStack(). */
export let innerSelector: u32 = 0;
export let innerPointer: u64 = 0;

/** Is the current TSS of the 16-bit kind? */
function isTss16(cpu: usize): bool {
  return !(load<u32>(cpu, CPU_SEG_ATTRIBUTES + (SEG_TR << 2)) & 8);
}

/** Bytes of a stack word in the current TSS: 2 or 4. */
export function tssWord(cpu: usize): u32 {
  return isTss16(cpu) ? 2 : 4;
}

/** Linear address of `size` bytes at `offset` in the current TSS; #TS if they lie outside. */
export function inner(cpu: usize, offset: u32, size: u32, external: u32): u64 {
  if (offset + size - 1 > load<u32>(cpu, CPU_SEG_LIMIT + (SEG_TR << 2))) {
    raiseWithError(cpu, VECTOR_TS, selectorError(selectorOf(cpu, SEG_TR)) | external);
  }
  return load<u64>(cpu, CPU_SEG_BASE + (SEG_TR << 3)) + offset;
}

/** SS:ESP of a privilege level from the TSS; gives the checked descriptor of SS (SDM vol. 3, 5.8.5). */
export function readInnerStack(cpu: usize, level: u32, external: u32): u64 {
  if (isTss16(cpu)) {
    const at = inner(cpu, 2 + level * 4, 4, external);
    innerPointer = readSystem(cpu, at, 2);
    innerSelector = <u32>readSystem(cpu, at + 2, 2);
  } else {
    const at = inner(cpu, 4 + level * 8, 6, external);
    innerPointer = readSystem(cpu, at, 4);
    innerSelector = <u32>readSystem(cpu, at + 4, 2);
  }
  const selector = innerSelector;
  const error = selectorError(selector) | external;
  if (!(selector & 0xfffc)) raiseWithError(cpu, VECTOR_TS, error);
  const descriptor = readDescriptor(cpu, selector, VECTOR_TS, external);
  if ((selector & 3) != level || dplOf(descriptor) != level) raiseWithError(cpu, VECTOR_TS, error);
  if (isSystem(descriptor) || isCode(descriptor) || !isReadWrite(descriptor)) raiseWithError(cpu, VECTOR_TS, error);
  if (!isPresent(descriptor)) raiseWithError(cpu, VECTOR_SS, error);
  return markAccessed(cpu, selector, descriptor);
}

/** Stores the outgoing task's registers in its TSS. */
function saveTask(cpu: usize, flags: u32): void {
  const base = load<u64>(cpu, CPU_SEG_BASE + (SEG_TR << 3));
  const narrow = isTss16(cpu);
  const size: u32 = narrow ? 2 : 4;
  let at = base + (narrow ? 14 : 0x20);
  writeSystem(cpu, at, size, load<u64>(cpu, CPU_RIP));
  at += size;
  writeSystem(cpu, at, size, flags);
  at += size;
  for (let r: u32 = 0; r < 8; r++, at += size) writeSystem(cpu, at, size, load<u64>(cpu + (r << 3), CPU_GPR));
  const segments: u32 = narrow ? 4 : 6;
  for (let s: u32 = 0; s < segments; s++, at += size) writeSystem(cpu, at, 2, selectorOf(cpu, s));
}

/** Sets or clears the busy bit of a TSS descriptor. */
function setBusy(cpu: usize, selector: u32, busy: bool): void {
  const at = descriptorAddress(cpu, selector, 8);
  if (at == -1) return;
  const type = readSystem(cpu, at + 5, 1);
  writeSystem(cpu, at + 5, 1, busy ? type | 2 : type & ~(<u64>2));
}

/**
 * Switches to the task of `selector`. CPU_RIP must be where the old task goes on. Faults before the new task's state is
 * loaded are the old task's; later ones are the new one's, as SDM vol. 3, table 7-1 has it.
 */
export function switchTask(cpu: usize, selector: u32, reason: u32, external: u32): void {
  const vector = reason == TASK_RETURN ? VECTOR_TS : VECTOR_GP;
  const error = selectorError(selector) | external;
  if (selector & 4) raiseWithError(cpu, vector, error);
  const descriptor = readDescriptor(cpu, selector, vector, external);
  const type = typeOf(descriptor);
  const wanted16 = reason == TASK_RETURN ? TYPE_TSS16_BUSY : TYPE_TSS16;
  const wanted32 = reason == TASK_RETURN ? TYPE_TSS32_BUSY : TYPE_TSS32;
  if (!isSystem(descriptor) || (type != wanted16 && type != wanted32)) raiseWithError(cpu, vector, error);
  if (!isPresent(descriptor)) raiseWithError(cpu, VECTOR_NP, error);
  const narrow = type == wanted16;
  if (limitOf(descriptor) < (narrow ? <u32>0x2b : <u32>0x67)) raiseWithError(cpu, VECTOR_TS, error);
  const base = baseOf(descriptor);
  const size: u32 = narrow ? 2 : 4;

  const oldSelector = selectorOf(cpu, SEG_TR);
  let flags = eflags(cpu);
  if (reason == TASK_RETURN) flags &= ~FLAG_NT;
  saveTask(cpu, flags);
  if (reason == TASK_JUMP || reason == TASK_RETURN) setBusy(cpu, oldSelector, false);

  // Everything is read before anything of the processor changes.
  const newCr3 = narrow ? 0 : readSystem(cpu, base + 0x1c, 4);
  let at = base + (narrow ? 14 : 0x20);
  const newRip = readSystem(cpu, at, size);
  at += size;
  let newFlags = <u32>readSystem(cpu, at, size);
  if (narrow) newFlags |= flags & 0xffff0000 & ~FLAG_VM;
  at += size;
  const registersAt = at;
  const segmentsAt = at + 8 * size;
  const segmentCount: u32 = narrow ? 4 : 6;
  const newLdt = <u32>readSystem(cpu, narrow ? base + 0x2a : base + 0x60, 2);
  readSystem(cpu, segmentsAt + (segmentCount - 1) * size, 2);
  if (reason == TASK_CALL || reason == TASK_INTERRUPT) {
    writeSystem(cpu, base, 2, oldSelector);
    newFlags |= FLAG_NT;
  }
  if (reason != TASK_RETURN) setBusy(cpu, selector, true);
  for (let r: u32 = 0; r < 8; r++) {
    const value = readSystem(cpu, registersAt + r * size, size);
    if (narrow) store<u16>(cpu + (r << 3), <u16>value, CPU_GPR);
    else store<u64>(cpu + (r << 3), value, CPU_GPR);
  }
  const selectors = memorySelectors(cpu, segmentsAt, size, segmentCount);
  const busy = descriptor | TSS_BUSY;
  setSegment(cpu, SEG_TR, selector, base, limitOf(busy), attributesOf(busy));
  setEflagsRaw(cpu, newFlags);
  store<u64>(cpu, newRip, CPU_RIP);
  store<u64>(cpu, load<u64>(cpu, CPU_CR0) | CR0_TS, CPU_CR0);
  store<u32>(cpu, load<u32>(cpu, CPU_DR + 56) & ~(<u32>0x155), CPU_DR + 56);
  store<u32>(cpu, 0, CPU_CURRENT_RECORD);
  if (!narrow && load<u32>(cpu, CPU_MODE) & MODE_PAGING && newCr3 != load<u64>(cpu, CPU_CR3)) loadPageDirectory(cpu, newCr3);
  loadTaskSegments(cpu, selectors, newLdt, newFlags, external);
  updateMode(cpu);
  if (newRip > <u64>load<u32>(cpu, CPU_SEG_LIMIT + (SEG_CS << 2))) raiseGP(cpu, external);
  // The T flag of a 32-bit TSS: a trap before the task's first instruction (SDM vol. 3, 17.3.1.5).
  if (!narrow && readSystem(cpu, base + 0x64, 1) & 1) {
    store<u64>(cpu, load<u64>(cpu, CPU_DR + 48) | DR6_BT, CPU_DR + 48);
    raise(cpu, VECTOR_DB);
  }
}

let selectorEs: u32 = 0;
let selectorCs: u32 = 0;
let selectorSs: u32 = 0;
let selectorDs: u32 = 0;
let selectorFs: u32 = 0;
let selectorGs: u32 = 0;

/** Reads the incoming selectors; gives how many there are. */
function memorySelectors(cpu: usize, at: u64, size: u32, count: u32): u32 {
  selectorEs = <u32>readSystem(cpu, at, 2);
  selectorCs = <u32>readSystem(cpu, at + size, 2);
  selectorSs = <u32>readSystem(cpu, at + 2 * size, 2);
  selectorDs = <u32>readSystem(cpu, at + 3 * size, 2);
  selectorFs = count > 4 ? <u32>readSystem(cpu, at + 4 * size, 2) : 0;
  selectorGs = count > 4 ? <u32>readSystem(cpu, at + 5 * size, 2) : 0;
  return count;
}

/**
 * Loads LDTR and the segment registers of the new task. All selectors are the new task's before the first descriptor is
 * checked (SDM vol. 3, 7.3, step 12); a segment that fails is left unusable.
 */
function loadTaskSegments(cpu: usize, count: u32, ldt: u32, flags: u32, external: u32): void {
  const level = selectorCs & 3;
  if (flags & FLAG_VM) {
    loadLdt(cpu, ldt, VECTOR_TS, external);
    loadVirtualSegment(cpu, SEG_ES, selectorEs);
    loadVirtualSegment(cpu, SEG_CS, selectorCs);
    loadVirtualSegment(cpu, SEG_SS, selectorSs);
    loadVirtualSegment(cpu, SEG_DS, selectorDs);
    loadVirtualSegment(cpu, SEG_FS, selectorFs);
    loadVirtualSegment(cpu, SEG_GS, selectorGs);
    return;
  }
  setSegment(cpu, SEG_ES, selectorEs, 0, 0, 0);
  setSegment(cpu, SEG_CS, selectorCs, 0, 0, 0);
  setSegment(cpu, SEG_SS, selectorSs, 0, 0, level << 5);
  setSegment(cpu, SEG_DS, selectorDs, 0, 0, 0);
  setSegment(cpu, SEG_FS, selectorFs, 0, 0, 0);
  setSegment(cpu, SEG_GS, selectorGs, 0, 0, 0);
  updateMode(cpu);
  loadLdt(cpu, ldt, VECTOR_TS, external);
  loadTaskCode(cpu, level, external);
  loadStackSegment(cpu, selectorSs, level, VECTOR_TS, external);
  updateMode(cpu);
  loadDataSegment(cpu, SEG_ES, selectorEs, VECTOR_TS, external);
  loadDataSegment(cpu, SEG_DS, selectorDs, VECTOR_TS, external);
  if (count > 4) {
    loadDataSegment(cpu, SEG_FS, selectorFs, VECTOR_TS, external);
    loadDataSegment(cpu, SEG_GS, selectorGs, VECTOR_TS, external);
  }
}

function loadTaskCode(cpu: usize, level: u32, external: u32): void {
  const error = selectorError(selectorCs) | external;
  if (!(selectorCs & 0xfffc)) raiseWithError(cpu, VECTOR_TS, error);
  const code = readDescriptor(cpu, selectorCs, VECTOR_TS, external);
  if (!isCode(code)) raiseWithError(cpu, VECTOR_TS, error);
  if (isConforming(code) ? dplOf(code) > level : dplOf(code) != level) raiseWithError(cpu, VECTOR_TS, error);
  if (!isPresent(code)) raiseWithError(cpu, VECTOR_NP, error);
  setFromDescriptor(cpu, SEG_CS, selectorCs, markAccessed(cpu, selectorCs, code));
}
