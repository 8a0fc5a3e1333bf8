// Delivery of exceptions, interrupts and INT n in every mode (SDM vol. 3, chapter 6; 20.2 and 20.3 for virtual-8086).
import {
  CPU_CR4,
  CPU_CURRENT_RECORD,
  CPU_DELIVERING_EXTERNAL,
  CPU_DELIVERING_VECTOR,
  CPU_EFLAGS,
  CPU_EXIT_REASON,
  CPU_FAULT_ERROR,
  CPU_FAULT_HAS_ERROR,
  CPU_FAULT_PENDING,
  CPU_FAULT_VECTOR,
  CPU_HALT_STATE,
  CPU_INTERRUPT_SHADOW,
  CPU_RIP,
  CPU_RSP,
  CPU_SEG_BASE,
  CPU_SEG_LIMIT,
  CPU_SYSCALL_HOOK,
  EXIT_SYSCALL,
  EXIT_TRIPLE_FAULT,
  HALT_RUNNING,
  HALT_SHUTDOWN,
  RECORD_IMM,
} from '../../memory/layout';
import { isCanonical, readSystem } from './access';
import {
  CR4_VME,
  FLAG_AC,
  FLAG_IF,
  FLAG_IOPL,
  FLAG_IOPL_SHIFT,
  FLAG_NT,
  FLAG_RF,
  FLAG_TF,
  FLAG_VIF,
  FLAG_VM,
  SEG_CS,
  SEG_DS,
  SEG_ES,
  SEG_FS,
  SEG_GS,
  SEG_IDTR,
  SEG_SS,
  SEG_TR,
} from './bits';
import {
  attributesOf,
  baseOf,
  dplOf,
  isCode,
  isConforming,
  isDefault32,
  isLongCode,
  isPresent,
  isReadWrite,
  isSystem,
  limitOf,
  readDescriptor,
  selectorError,
  TYPE_INTERRUPT_GATE16,
  TYPE_INTERRUPT_GATE32,
  TYPE_TASK_GATE,
  TYPE_TRAP_GATE16,
  TYPE_TRAP_GATE32,
} from './descriptor';
import {
  raise,
  raiseGP,
  raiseWithError,
  VECTOR_BP,
  VECTOR_DB,
  VECTOR_DE,
  VECTOR_DF,
  VECTOR_GP,
  VECTOR_NP,
  VECTOR_OF,
  VECTOR_PF,
  VECTOR_SS,
  VECTOR_TS,
} from './fault';
import { eflags, overflow, setEflagsRaw } from './flags';
import { beginFrame, commitFrame, framePointer, openFrame, openLongFrame, pushFrame } from './frame';
import { updateMode } from './mode';
import { defineOne, MAP_ONE, OP_END, OP_IMM8, OP_NO64, slot } from './opcode-table';
import { loadRealSegment, loadVirtualSegment, markAccessed, selectorOf, setFromDescriptor, setSegment } from './segment';
import { cancelSingleStep } from './single-step';
import { cpl, finish, is64, isLongMode, isProtected, isV86, leave, nextRip } from './state';
import { inner, innerPointer, innerSelector, readInnerStack, switchTask, TASK_INTERRUPT, tssWord } from './task';

/** An exception, INT n (INT3, INTO), or something from outside. */
export const SOURCE_EXCEPTION: u32 = 0;
export const SOURCE_SOFTWARE: u32 = 1;
export const SOURCE_EXTERNAL: u32 = 2;

// CPU_DELIVERING_EXTERNAL
const DELIVERING_EXCEPTION: u32 = 1;
const DELIVERING_INTERRUPT: u32 = 2;

/** Contributory exceptions, SDM vol. 3, table 6-4. */
function isContributory(vector: u32): bool {
  return vector == VECTOR_DE || (vector >= VECTOR_TS && vector <= VECTOR_GP);
}

/** Is RIP in the frame of this exception that of the faulting instruction, so that RF is set in the image? */
function isFault(vector: u32): bool {
  return vector != VECTOR_DB && vector != VECTOR_BP && vector != VECTOR_OF && vector != VECTOR_DF;
}

/** Delivers the pending fault, or what it becomes if it hit while another was being delivered (SDM vol. 3, table 6-5). */
export function deliverFault(cpu: usize): void {
  let vector = load<u32>(cpu, CPU_FAULT_VECTOR);
  let hasError = load<u32>(cpu, CPU_FAULT_HAS_ERROR) != 0;
  let error = load<u32>(cpu, CPU_FAULT_ERROR);
  store<u32>(cpu, 0, CPU_FAULT_PENDING);
  const before = load<u32>(cpu, CPU_DELIVERING_VECTOR);
  if (before) {
    const first = before - 1;
    if (first == VECTOR_DF) {
      store<u32>(cpu, 0, CPU_DELIVERING_VECTOR);
      store<u32>(cpu, HALT_SHUTDOWN, CPU_HALT_STATE);
      updateMode(cpu);
      store<u32>(cpu, EXIT_TRIPLE_FAULT, CPU_EXIT_REASON);
      return;
    }
    const wasBenign = load<u32>(cpu, CPU_DELIVERING_EXTERNAL) == DELIVERING_INTERRUPT;
    const toDouble =
      !wasBenign &&
      ((isContributory(first) && isContributory(vector)) ||
        (first == VECTOR_PF && (vector == VECTOR_PF || isContributory(vector))));
    if (toDouble) {
      vector = VECTOR_DF;
      hasError = true;
      error = 0;
    }
  }
  deliver(cpu, vector, SOURCE_EXCEPTION, load<u64>(cpu, CPU_RIP), hasError, error);
}

/** Delivers an interrupt from outside (or NMI) at an instruction boundary. */
export function deliverExternal(cpu: usize, vector: u32): void {
  store<u32>(cpu, HALT_RUNNING, CPU_HALT_STATE);
  deliver(cpu, vector, SOURCE_EXTERNAL, load<u64>(cpu, CPU_RIP), false, 0);
}

/** Goes through the IDT. On return CPU_RIP is the handler's. Its own faults unwind, with the state as before. */
export function deliver(cpu: usize, vector: u32, source: u32, returnRip: u64, hasError: bool, error: u32): void {
  store<u32>(cpu, vector + 1, CPU_DELIVERING_VECTOR);
  // INT n is benign, and its own faults are the program's.
  if (source == SOURCE_SOFTWARE) store<u32>(cpu, 0, CPU_DELIVERING_VECTOR);
  cancelSingleStep();
  store<u32>(cpu, source == SOURCE_EXTERNAL ? DELIVERING_INTERRUPT : DELIVERING_EXCEPTION, CPU_DELIVERING_EXTERNAL);
  const external: u32 = source == SOURCE_SOFTWARE ? 0 : 1;
  if (isLongMode(cpu)) deliverLong(cpu, vector, source, returnRip, hasError, error, external);
  else if (isProtected(cpu) || isV86(cpu)) deliverProtected(cpu, vector, source, returnRip, hasError, error, external);
  else deliverReal(cpu, vector, returnRip, <u64>vector << 2);
  store<u32>(cpu, 0, CPU_DELIVERING_VECTOR);
  store<u32>(cpu, 0, CPU_INTERRUPT_SHADOW);
  store<u32>(cpu, 0, CPU_CURRENT_RECORD);
  updateMode(cpu);
}

/** Real mode: the vector table at IDTR.base (SDM vol. 3, 20.1.4). */
function deliverReal(cpu: usize, vector: u32, returnRip: u64, offset: u64): void {
  if (offset + 3 > <u64>load<u32>(cpu, CPU_SEG_LIMIT + (SEG_IDTR << 2))) raiseWithError(cpu, VECTOR_GP, (vector << 3) | 2);
  const entry = <u32>readSystem(cpu, load<u64>(cpu, CPU_SEG_BASE + (SEG_IDTR << 3)) + offset, 4);
  const flags = eflags(cpu);
  beginFrame(cpu, 0);
  pushFrame(cpu, 2, flags & 0xffff);
  pushFrame(cpu, 2, selectorOf(cpu, SEG_CS));
  pushFrame(cpu, 2, returnRip & 0xffff);
  commitFrame(cpu);
  setEflagsRaw(cpu, flags & ~(FLAG_IF | FLAG_TF | FLAG_AC | FLAG_RF));
  loadRealSegment(cpu, SEG_CS, entry >> 16);
  store<u64>(cpu, <u64>(entry & 0xffff), CPU_RIP);
}

function gateError(cpu: usize, vector: u32, gateVector: u32, external: u32): void {
  raiseWithError(cpu, gateVector, (vector << 3) | 2 | external);
}

/** EFLAGS as the frame shows them. */
function imageOf(cpu: usize, vector: u32, source: u32): u32 {
  const flags = eflags(cpu);
  return source == SOURCE_EXCEPTION && isFault(vector) ? flags | FLAG_RF : flags;
}

/** Protected mode and virtual-8086: interrupt, trap and task gates (SDM vol. 3, 6.12). */
function deliverProtected(
  cpu: usize,
  vector: u32,
  source: u32,
  returnRip: u64,
  hasError: bool,
  error: u32,
  external: u32,
): void {
  const offset = vector << 3;
  if (offset + 7 > load<u32>(cpu, CPU_SEG_LIMIT + (SEG_IDTR << 2))) gateError(cpu, vector, VECTOR_GP, external);
  const gate = readSystem(cpu, load<u64>(cpu, CPU_SEG_BASE + (SEG_IDTR << 3)) + offset, 8);
  const type = <u32>(gate >> 40) & 31;
  const is32 = type == TYPE_INTERRUPT_GATE32 || type == TYPE_TRAP_GATE32;
  if (!is32 && type != TYPE_INTERRUPT_GATE16 && type != TYPE_TRAP_GATE16 && type != TYPE_TASK_GATE) {
    gateError(cpu, vector, VECTOR_GP, external);
  }
  if (source == SOURCE_SOFTWARE && dplOf(gate) < cpl(cpu)) gateError(cpu, vector, VECTOR_GP, 0);
  if (!isPresent(gate)) gateError(cpu, vector, VECTOR_NP, external);
  const selector = <u32>(gate >> 16) & 0xffff;
  if (type == TYPE_TASK_GATE) {
    store<u64>(cpu, returnRip, CPU_RIP);
    switchTask(cpu, selector, TASK_INTERRUPT, external);
    if (hasError) pushTaskError(cpu, error);
    return;
  }
  const target = is32 ? (gate & 0xffff) | ((gate >> 32) & 0xffff0000) : gate & 0xffff;
  if (!(selector & 0xfffc)) raiseWithError(cpu, VECTOR_GP, external);
  const code = readDescriptor(cpu, selector, VECTOR_GP, external);
  const codeError = selectorError(selector) | external;
  if (!isCode(code) || dplOf(code) > cpl(cpu)) raiseWithError(cpu, VECTOR_GP, codeError);
  if (!isPresent(code)) raiseWithError(cpu, VECTOR_NP, codeError);
  const size: u32 = is32 ? 4 : 2;
  const flags = imageOf(cpu, vector, source);
  const oldSs = selectorOf(cpu, SEG_SS);
  const oldSp = load<u64>(cpu, CPU_RSP);
  const v86 = isV86(cpu);
  const level = isConforming(code) ? cpl(cpu) : dplOf(code);
  let newSs: u64 = 0;
  let stack: u32 = 0;
  if (level < cpl(cpu)) {
    if (v86 && level != 0) raiseWithError(cpu, VECTOR_GP, codeError);
    newSs = readInnerStack(cpu, level, external);
    stack = innerSelector;
    openFrame(cpu, baseOf(newSs), limitOf(newSs), attributesOf(newSs), innerPointer, level, selectorError(stack) | external);
    if (v86) {
      pushFrame(cpu, size, selectorOf(cpu, SEG_GS));
      pushFrame(cpu, size, selectorOf(cpu, SEG_FS));
      pushFrame(cpu, size, selectorOf(cpu, SEG_DS));
      pushFrame(cpu, size, selectorOf(cpu, SEG_ES));
    }
    pushFrame(cpu, size, oldSs);
    pushFrame(cpu, size, oldSp);
  } else {
    if (v86) raiseWithError(cpu, VECTOR_GP, codeError);
    beginFrame(cpu, level);
  }
  pushFrame(cpu, size, flags);
  pushFrame(cpu, size, selectorOf(cpu, SEG_CS));
  pushFrame(cpu, size, returnRip);
  if (hasError) pushFrame(cpu, size, error);
  if (target > <u64>limitOf(code)) raiseWithError(cpu, VECTOR_GP, external);
  // Nothing faults from here on.
  const codeNow = markAccessed(cpu, selector, code);
  let cleared = FLAG_TF | FLAG_NT | FLAG_RF | FLAG_VM;
  if (type == TYPE_INTERRUPT_GATE16 || type == TYPE_INTERRUPT_GATE32) cleared |= FLAG_IF;
  setEflagsRaw(cpu, eflags(cpu) & ~cleared);
  if (newSs) setFromDescriptor(cpu, SEG_SS, stack, newSs);
  if (v86) {
    setSegment(cpu, SEG_ES, 0, 0, 0, 0);
    setSegment(cpu, SEG_DS, 0, 0, 0, 0);
    setSegment(cpu, SEG_FS, 0, 0, 0, 0);
    setSegment(cpu, SEG_GS, 0, 0, 0, 0);
  }
  setFromDescriptor(cpu, SEG_CS, (selector & 0xfffc) | level, codeNow);
  updateMode(cpu);
  commitFrame(cpu);
  store<u64>(cpu, target, CPU_RIP);
}

/** The error code goes onto the new task's stack, in the size of its TSS. */
function pushTaskError(cpu: usize, error: u32): void {
  updateMode(cpu);
  beginFrame(cpu, cpl(cpu));
  pushFrame(cpu, tssWord(cpu), error);
  commitFrame(cpu);
}

/** Long mode: 16-byte gates, 64-bit handlers, IST (SDM vol. 3, 6.14). */
function deliverLong(
  cpu: usize,
  vector: u32,
  source: u32,
  returnRip: u64,
  hasError: bool,
  error: u32,
  external: u32,
): void {
  const offset = vector << 4;
  if (offset + 15 > load<u32>(cpu, CPU_SEG_LIMIT + (SEG_IDTR << 2))) gateError(cpu, vector, VECTOR_GP, external);
  const at = load<u64>(cpu, CPU_SEG_BASE + (SEG_IDTR << 3)) + offset;
  const gate = readSystem(cpu, at, 8);
  const high = readSystem(cpu, at + 8, 8);
  const type = <u32>(gate >> 40) & 31;
  if (type != TYPE_INTERRUPT_GATE32 && type != TYPE_TRAP_GATE32) gateError(cpu, vector, VECTOR_GP, external);
  if (source == SOURCE_SOFTWARE && dplOf(gate) < cpl(cpu)) gateError(cpu, vector, VECTOR_GP, 0);
  if (!isPresent(gate)) gateError(cpu, vector, VECTOR_NP, external);
  const selector = <u32>(gate >> 16) & 0xffff;
  const target = (gate & 0xffff) | ((gate >> 32) & 0xffff0000) | (high << 32);
  if (!(selector & 0xfffc)) raiseWithError(cpu, VECTOR_GP, external);
  const code = readDescriptor(cpu, selector, VECTOR_GP, external);
  const codeError = selectorError(selector) | external;
  if (!isCode(code) || dplOf(code) > cpl(cpu)) raiseWithError(cpu, VECTOR_GP, codeError);
  if (!isLongCode(code) || isDefault32(code)) raiseWithError(cpu, VECTOR_GP, codeError);
  if (!isPresent(code)) raiseWithError(cpu, VECTOR_NP, codeError);
  if (!isCanonical(target)) raiseWithError(cpu, VECTOR_GP, external);
  const level = isConforming(code) ? cpl(cpu) : dplOf(code);
  const ist = <u32>(gate >> 32) & 7;
  let pointer = load<u64>(cpu, CPU_RSP);
  if (ist) pointer = readSystem(cpu, inner(cpu, 0x24 + (ist - 1) * 8, 8, external), 8);
  else if (level < cpl(cpu)) pointer = readSystem(cpu, inner(cpu, 4 + level * 8, 8, external), 8);
  const flags = imageOf(cpu, vector, source);
  openLongFrame(cpu, pointer & ~(<u64>15), level);
  pushFrame(cpu, 8, selectorOf(cpu, SEG_SS));
  pushFrame(cpu, 8, load<u64>(cpu, CPU_RSP));
  pushFrame(cpu, 8, flags);
  pushFrame(cpu, 8, selectorOf(cpu, SEG_CS));
  pushFrame(cpu, 8, returnRip);
  if (hasError) pushFrame(cpu, 8, error);
  const codeNow = markAccessed(cpu, selector, code);
  let cleared = FLAG_TF | FLAG_NT | FLAG_RF | FLAG_VM;
  if (type == TYPE_INTERRUPT_GATE32) cleared |= FLAG_IF;
  setEflagsRaw(cpu, eflags(cpu) & ~cleared);
  // A change of privilege loads SS with a null selector.
  if (level < cpl(cpu)) setSegment(cpu, SEG_SS, level, 0, 0, level << 5);
  setFromDescriptor(cpu, SEG_CS, (selector & 0xfffc) | level, codeNow);
  store<u64>(cpu, framePointer, CPU_RSP);
  store<u64>(cpu, target, CPU_RIP);
}

/** INT n in virtual-8086 mode: the VME redirection bitmap, or #GP below IOPL 3. True: delivered through the 8086 table. */
function redirect(cpu: usize, vector: u32, returnRip: u64): bool {
  const iopl = (load<u32>(cpu, CPU_EFLAGS) & FLAG_IOPL) >> FLAG_IOPL_SHIFT;
  if (!(load<u64>(cpu, CPU_CR4) & CR4_VME)) {
    if (iopl < 3) raiseGP(cpu, 0);
    return false;
  }
  // The bitmap of 32 bytes lies directly below the I/O permission bitmap.
  const map = <u32>readSystem(cpu, inner(cpu, 0x66, 2, 0), 2);
  const bit = <u32>readSystem(cpu, inner(cpu, map - 32 + (vector >> 3), 1, 0), 1);
  if ((bit >> (vector & 7)) & 1) {
    if (iopl < 3) raiseGP(cpu, 0);
    return false;
  }
  const flags = eflags(cpu);
  let image = flags | FLAG_IOPL;
  if (iopl < 3) image = (image & ~FLAG_IF) | (flags & FLAG_VIF ? FLAG_IF : 0);
  else image = flags;
  const entry = <u32>readSystem(cpu, <u64>vector << 2, 4);
  beginFrame(cpu, 3);
  pushFrame(cpu, 2, image & 0xffff);
  pushFrame(cpu, 2, selectorOf(cpu, SEG_CS));
  pushFrame(cpu, 2, returnRip & 0xffff);
  commitFrame(cpu);
  setEflagsRaw(cpu, flags & ~(FLAG_TF | (iopl < 3 ? FLAG_VIF : FLAG_IF)));
  loadVirtualSegment(cpu, SEG_CS, entry >> 16);
  store<u64>(cpu, <u64>(entry & 0xffff), CPU_RIP);
  updateMode(cpu);
  return true;
}

function software(cpu: usize, record: usize, vector: u32): usize {
  const returnRip = nextRip(cpu, record);
  if (isV86(cpu) && redirect(cpu, vector, returnRip)) return leave(cpu, record);
  deliver(cpu, vector, SOURCE_SOFTWARE, returnRip, false, 0);
  return leave(cpu, record);
}

function INT(cpu: usize, record: usize): usize {
  const vector = <u32>load<u8>(record, RECORD_IMM);
  if (load<u32>(cpu, CPU_SYSCALL_HOOK)) {
    store<u64>(cpu, nextRip(cpu, record), CPU_RIP);
    store<u32>(cpu, vector, CPU_FAULT_VECTOR);
    store<u32>(cpu, EXIT_SYSCALL, CPU_EXIT_REASON);
    return leave(cpu, record);
  }
  return software(cpu, record, vector);
}

/** INT3 and INTO go to their gates even in virtual-8086 mode whatever IOPL says. */
function trap(cpu: usize, record: usize, vector: u32): usize {
  deliver(cpu, vector, SOURCE_SOFTWARE, nextRip(cpu, record), false, 0);
  return leave(cpu, record);
}
function INT3(cpu: usize, record: usize): usize {
  return trap(cpu, record, VECTOR_BP);
}
function INTO(cpu: usize, record: usize): usize {
  return overflow(cpu) ? trap(cpu, record, VECTOR_OF) : finish(cpu, record);
}
/** INT1: a #DB without DR6 bits and without the gate's DPL check. */
function INT1(cpu: usize, record: usize): usize {
  deliver(cpu, VECTOR_DB, SOURCE_EXCEPTION, nextRip(cpu, record), false, 0);
  return leave(cpu, record);
}

export function registerInterrupt(): void {
  defineOne(slot(MAP_ONE, 0xcd), OP_IMM8 | OP_END, 0, INT);
  defineOne(slot(MAP_ONE, 0xcc), OP_END, 0, INT3);
  defineOne(slot(MAP_ONE, 0xce), OP_NO64 | OP_END, 0, INTO);
  defineOne(slot(MAP_ONE, 0xf1), OP_END, 0, INT1);
}
