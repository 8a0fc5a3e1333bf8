// Far jumps, calls and returns, call gates, IRET (SDM vol. 3, 5.8, 6.12, 7.3; SDM vol. 2, "CALL", "JMP", "RET", "IRET").
import {
  CPU_CURRENT_RECORD,
  CPU_EFLAGS,
  CPU_CR4,
  CPU_NMI_BLOCKED,
  CPU_RIP,
  CPU_RSP,
  CPU_SEG_ATTRIBUTES,
  CPU_SEG_BASE,
  CPU_SEG_LIMIT,
  CPU_SLOW_REASONS,
  RECORD_ADDRESS,
  RECORD_IMM,
} from '../../memory/layout';
import { isCanonical, read, readSystem } from './access';
import { effectiveAddress, segmentAddress } from './address';
import {
  ATTR_CODE,
  ATTR_CONFORMING,
  ATTR_DPL,
  ATTR_DPL_SHIFT,
  CR4_VME,
  FLAG_AC,
  FLAG_DF,
  FLAG_ID,
  FLAG_IF,
  FLAG_IOPL,
  FLAG_IOPL_SHIFT,
  FLAG_NT,
  FLAG_RF,
  FLAG_TF,
  FLAG_VIF,
  FLAG_VIP,
  FLAG_VM,
  FLAGS_STATUS,
  SEG_CS,
  SEG_DS,
  SEG_ES,
  SEG_FS,
  SEG_GS,
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
  isSystem,
  limitOf,
  readDescriptor,
  readDescriptorHigh,
  selectorError,
  typeOf,
  TYPE_CALL_GATE16,
  TYPE_CALL_GATE32,
  TYPE_TASK_GATE,
  TYPE_TSS16,
  TYPE_TSS32,
} from './descriptor';
import { raiseGP, raiseWithError, VECTOR_GP, VECTOR_NP, VECTOR_SS, VECTOR_TS } from './fault';
import { eflags, setEflagsRaw } from './flags';
import { beginFrame, commitFrame, framePointer, openFrame, openLongFrame, popFrame, pushFrame } from './frame';
import { updateMode } from './mode';
import { byReg, define, defineMem, MAP_ONE, OP_END, OP_FAR, OP_IMM16, OP_MODRM, OP_NO64, OP_STACK, slot } from './opcode-table';
import { loadRealSegment, loadStackSegment, loadVirtualSegment, markAccessed, selectorOf, setFromDescriptor, setSegment } from './segment';
import { putStackPointer, stackMask } from './stack';
import { cpl, is64, isLongMode, isProtected, isV86, leave, nextRip } from './state';
import { inner, innerPointer, innerSelector, readInnerStack, switchTask, TASK_CALL, TASK_JUMP, TASK_RETURN } from './task';

function settle(cpu: usize, record: usize, rip: u64): usize {
  store<u64>(cpu, rip, CPU_RIP);
  updateMode(cpu);
  return leave(cpu, record);
}

/** In long mode a code segment cannot be both 64-bit and 32-bit (L = D = 1). */
function checkLongCode(cpu: usize, descriptor: u64, error: u32): void {
  if (isLongMode(cpu) && isLongCode(descriptor) && isDefault32(descriptor)) raiseGP(cpu, error);
}

function checkOffset(cpu: usize, descriptor: u64, rip: u64): void {
  if (isLongMode(cpu) && isLongCode(descriptor)) {
    if (!isCanonical(rip)) raiseGP(cpu, 0);
  } else if (rip > <u64>limitOf(descriptor)) raiseGP(cpu, 0);
}

/** Real mode and virtual-8086: CS is a paragraph; the old limit of CS holds. */
function transferReal(cpu: usize, record: usize, selector: u32, rip: u64): usize {
  if (rip > <u64>load<u32>(cpu, CPU_SEG_LIMIT + (SEG_CS << 2))) raiseGP(cpu, 0);
  if (isV86(cpu)) loadVirtualSegment(cpu, SEG_CS, selector);
  else loadRealSegment(cpu, SEG_CS, selector);
  return settle(cpu, record, rip);
}

/** Checks a code segment that a jump or call names directly. */
function checkDirect(cpu: usize, selector: u32, code: u64): void {
  const error = selectorError(selector);
  checkLongCode(cpu, code, error);
  const level = cpl(cpu);
  if (isConforming(code) ? dplOf(code) > level : (selector & 3) > level || dplOf(code) != level) raiseGP(cpu, error);
  if (!isPresent(code)) raiseWithError(cpu, VECTOR_NP, error);
}

function jump(cpu: usize, record: usize, selector: u32, offset: u64): usize {
  if (!isProtected(cpu)) return transferReal(cpu, record, selector, offset);
  if (!(selector & 0xfffc)) raiseGP(cpu, 0);
  const descriptor = readDescriptor(cpu, selector, VECTOR_GP);
  if (isCode(descriptor)) {
    checkDirect(cpu, selector, descriptor);
    checkOffset(cpu, descriptor, offset);
    setFromDescriptor(cpu, SEG_CS, (selector & 0xfffc) | cpl(cpu), markAccessed(cpu, selector, descriptor));
    return settle(cpu, record, offset);
  }
  const target = systemTarget(cpu, record, selector, descriptor, TASK_JUMP);
  if (!target) return leave(cpu, record);
  const code = gateCode;
  const level = cpl(cpu);
  if (isConforming(code) ? dplOf(code) > level : dplOf(code) != level) raiseGP(cpu, selectorError(target));
  if (!isPresent(code)) raiseWithError(cpu, VECTOR_NP, selectorError(target));
  checkOffset(cpu, code, gateOffset);
  setFromDescriptor(cpu, SEG_CS, (target & 0xfffc) | level, markAccessed(cpu, target, code));
  return settle(cpu, record, gateOffset);
}

// What systemTarget() found behind a call gate.
let gateOffset: u64 = 0;
let gateCode: u64 = 0;
let gateCount: u32 = 0;
let gateSize: u32 = 0;

/** A TSS, task gate or call gate. Gives the call gate's code selector, or 0 after a task switch. */
function systemTarget(cpu: usize, record: usize, selector: u32, descriptor: u64, reason: u32): u32 {
  const error = selectorError(selector);
  const type = typeOf(descriptor);
  if (!isSystem(descriptor)) raiseGP(cpu, error);
  const isGate = type == TYPE_CALL_GATE32 || (type == TYPE_CALL_GATE16 && !isLongMode(cpu));
  const isTask = !isLongMode(cpu) && (type == TYPE_TSS16 || type == TYPE_TSS32 || type == TYPE_TASK_GATE);
  if (!isGate && !isTask) raiseGP(cpu, error);
  if (dplOf(descriptor) < cpl(cpu) || dplOf(descriptor) < (selector & 3)) raiseGP(cpu, error);
  if (isTask) {
    if (type == TYPE_TASK_GATE && !isPresent(descriptor)) raiseWithError(cpu, VECTOR_NP, error);
    const target = type == TYPE_TASK_GATE ? <u32>(descriptor >> 16) & 0xffff : selector;
    const current = load<u32>(cpu, CPU_CURRENT_RECORD);
    store<u64>(cpu, nextRip(cpu, record), CPU_RIP);
    switchTask(cpu, target, reason, 0);
    store<u32>(cpu, current, CPU_CURRENT_RECORD);
    return 0;
  }
  if (!isPresent(descriptor)) raiseWithError(cpu, VECTOR_NP, error);
  const target = <u32>(descriptor >> 16) & 0xffff;
  gateOffset = descriptor & 0xffff;
  if (type == TYPE_CALL_GATE32) gateOffset |= (descriptor >> 32) & 0xffff0000;
  gateCount = <u32>(descriptor >> 32) & 31;
  gateSize = isLongMode(cpu) ? 8 : type == TYPE_CALL_GATE32 ? 4 : 2;
  if (isLongMode(cpu)) {
    const high = readDescriptorHigh(cpu, selector, VECTOR_GP);
    // The upper half has a type field of its own, which must be 0 (SDM vol. 3, 5.8.3.1).
    if ((high >> 40) & 31) raiseGP(cpu, error);
    gateOffset |= high << 32;
  }
  if (!(target & 0xfffc)) raiseGP(cpu, 0);
  gateCode = readDescriptor(cpu, target, VECTOR_GP);
  if (!isCode(gateCode) || dplOf(gateCode) > cpl(cpu)) raiseGP(cpu, selectorError(target));
  if (isLongMode(cpu) && (!isLongCode(gateCode) || isDefault32(gateCode))) raiseGP(cpu, selectorError(target));
  return target;
}

function call(cpu: usize, record: usize, selector: u32, offset: u64, size: u32): usize {
  const returnRip = nextRip(cpu, record);
  if (!isProtected(cpu)) {
    beginFrame(cpu, cpl(cpu));
    pushFrame(cpu, size, selectorOf(cpu, SEG_CS));
    pushFrame(cpu, size, returnRip);
    if (offset > <u64>load<u32>(cpu, CPU_SEG_LIMIT + (SEG_CS << 2))) raiseGP(cpu, 0);
    commitFrame(cpu);
    return transferReal(cpu, record, selector, offset);
  }
  if (!(selector & 0xfffc)) raiseGP(cpu, 0);
  const descriptor = readDescriptor(cpu, selector, VECTOR_GP);
  if (isCode(descriptor)) {
    checkDirect(cpu, selector, descriptor);
    beginFrame(cpu, cpl(cpu));
    pushFrame(cpu, size, selectorOf(cpu, SEG_CS));
    pushFrame(cpu, size, returnRip);
    checkOffset(cpu, descriptor, offset);
    const marked = markAccessed(cpu, selector, descriptor);
    commitFrame(cpu);
    setFromDescriptor(cpu, SEG_CS, (selector & 0xfffc) | cpl(cpu), marked);
    return settle(cpu, record, offset);
  }
  const target = systemTarget(cpu, record, selector, descriptor, TASK_CALL);
  if (!target) return leave(cpu, record);
  return callThroughGate(cpu, record, target, returnRip);
}

function callThroughGate(cpu: usize, record: usize, target: u32, returnRip: u64): usize {
  const code = gateCode;
  if (!isPresent(code)) raiseWithError(cpu, VECTOR_NP, selectorError(target));
  const size = gateSize;
  const level = isConforming(code) ? cpl(cpu) : dplOf(code);
  const inward = level < cpl(cpu);
  const oldSs = selectorOf(cpu, SEG_SS);
  const oldSp = load<u64>(cpu, CPU_RSP);
  let newSs: u64 = 0;
  if (inward && isLongMode(cpu)) {
    openLongFrame(cpu, readSystem(cpu, inner(cpu, 4 + level * 8, 8, 0), 8), level);
    pushFrame(cpu, 8, oldSs);
    pushFrame(cpu, 8, oldSp);
  } else if (inward) {
    newSs = readInnerStack(cpu, level, 0);
    openFrame(cpu, baseOf(newSs), limitOf(newSs), attributesOf(newSs), innerPointer, level, selectorError(innerSelector));
    pushFrame(cpu, size, oldSs);
    pushFrame(cpu, size, oldSp);
    const mask = stackMask(cpu);
    for (let i = gateCount; i > 0; i--) {
      const at = segmentAddress(cpu, SEG_SS, (oldSp + (i - 1) * size) & mask, size, false);
      pushFrame(cpu, size, size == 4 ? <u64>read<u32>(cpu, at) : <u64>read<u16>(cpu, at));
    }
  } else {
    beginFrame(cpu, level);
  }
  pushFrame(cpu, size, selectorOf(cpu, SEG_CS));
  pushFrame(cpu, size, returnRip);
  checkOffset(cpu, code, gateOffset);
  const marked = markAccessed(cpu, target, code);
  if (inward) {
    if (isLongMode(cpu)) setSegment(cpu, SEG_SS, level, 0, 0, level << 5);
    else setFromDescriptor(cpu, SEG_SS, innerSelector, newSs);
  }
  setFromDescriptor(cpu, SEG_CS, (target & 0xfffc) | level, marked);
  updateMode(cpu);
  commitFrame(cpu);
  return settle(cpu, record, gateOffset);
}

/** A data segment of an inner level may not stay visible outside (SDM vol. 3, 5.8.6). */
function dropInnerSegment(cpu: usize, segment: u32, level: u32): void {
  const attributes = load<u32>(cpu + (segment << 2), CPU_SEG_ATTRIBUTES);
  if ((attributes & (ATTR_CODE | ATTR_CONFORMING)) == (ATTR_CODE | ATTR_CONFORMING)) return;
  if ((attributes & ATTR_DPL) >> ATTR_DPL_SHIFT < level) {
    setSegment(cpu, segment, 0, load<u64>(cpu + (segment << 3), CPU_SEG_BASE) * <u64>is64(cpu), 0, 0);
  }
}

function dropInnerSegments(cpu: usize, level: u32): void {
  dropInnerSegment(cpu, SEG_ES, level);
  dropInnerSegment(cpu, SEG_DS, level);
  dropInnerSegment(cpu, SEG_FS, level);
  dropInnerSegment(cpu, SEG_GS, level);
}

/** Descriptor of a code segment that is returned to. */
function returnCode(cpu: usize, selector: u32): u64 {
  if (!(selector & 0xfffc)) raiseGP(cpu, 0);
  const error = selectorError(selector);
  const code = readDescriptor(cpu, selector, VECTOR_GP);
  const level = selector & 3;
  if (!isCode(code) || level < cpl(cpu)) raiseGP(cpu, error);
  if (isConforming(code) ? dplOf(code) > level : dplOf(code) != level) raiseGP(cpu, error);
  checkLongCode(cpu, code, error);
  if (!isPresent(code)) raiseWithError(cpu, VECTOR_NP, error);
  return code;
}

/**
 * Loads SS for a return to `level` and gives nothing: 64-bit code may return to a null SS below CPL 3.
 * Nothing has changed yet when it faults.
 */
function returnStack(cpu: usize, selector: u32, level: u32, toLong: bool): void {
  if (!(selector & 0xfffc)) {
    if (!toLong || level == 3 || (selector & 3) != level) raiseGP(cpu, 0);
    setSegment(cpu, SEG_SS, selector, 0, 0, level << 5);
    return;
  }
  loadStackSegment(cpu, selector, level, VECTOR_GP);
}

function retFar(cpu: usize, record: usize, size: u32, bytes: u32): usize {
  beginFrame(cpu, cpl(cpu));
  const rip = popFrame(cpu, size);
  const selector = <u32>popFrame(cpu, size) & 0xffff;
  if (!isProtected(cpu)) {
    if (rip > <u64>load<u32>(cpu, CPU_SEG_LIMIT + (SEG_CS << 2))) raiseGP(cpu, 0);
    commitFrame(cpu);
    const mask = stackMask(cpu);
    putStackPointer(cpu, load<u64>(cpu, CPU_RSP) + bytes, mask);
    return transferReal(cpu, record, selector, rip);
  }
  const code = returnCode(cpu, selector);
  const level = selector & 3;
  if (level == cpl(cpu)) {
    checkOffset(cpu, code, rip);
    const marked = markAccessed(cpu, selector, code);
    commitFrame(cpu);
    putStackPointer(cpu, load<u64>(cpu, CPU_RSP) + bytes, stackMask(cpu));
    setFromDescriptor(cpu, SEG_CS, selector, marked);
    return settle(cpu, record, rip);
  }
  skipFrame(cpu, bytes);
  const newSp = popFrame(cpu, size);
  const newSs = <u32>popFrame(cpu, size) & 0xffff;
  checkOffset(cpu, code, rip);
  const marked = markAccessed(cpu, selector, code);
  returnStack(cpu, newSs, level, isLongMode(cpu) && isLongCode(code));
  setFromDescriptor(cpu, SEG_CS, selector, marked);
  updateMode(cpu);
  putStackPointer(cpu, newSp + bytes, stackMask(cpu));
  dropInnerSegments(cpu, level);
  return settle(cpu, record, rip);
}

/** Skips parameters between the return address and the outer stack pointer. */
function skipFrame(cpu: usize, bytes: u32): void {
  let left = bytes;
  while (left >= 2) {
    popFrame(cpu, 2);
    left -= 2;
  }
  if (left) popFrame(cpu, 1);
}

/** Bits of EFLAGS that IRET may change at this privilege (SDM vol. 2, "IRET"). */
function iretMask(cpu: usize, size: u32): u32 {
  let mask = FLAGS_STATUS | FLAG_TF | FLAG_DF | FLAG_NT | FLAG_RF | FLAG_AC | FLAG_ID;
  const iopl = (load<u32>(cpu, CPU_EFLAGS) & FLAG_IOPL) >> FLAG_IOPL_SHIFT;
  if (cpl(cpu) <= iopl) mask |= FLAG_IF;
  if (cpl(cpu) == 0) mask |= FLAG_IOPL | FLAG_VIF | FLAG_VIP;
  return size == 2 ? mask & 0xffff : mask;
}

/** RF would be over after the next instruction; without breakpoints nothing could tell, so it is not kept at all. */
function putFlags(cpu: usize, value: u32, mask: u32): void {
  const armed = load<u32>(cpu, CPU_SLOW_REASONS) != 0;
  setEflagsRaw(cpu, ((eflags(cpu) & ~mask) | (value & mask)) & ~(armed ? 0 : FLAG_RF));
}

function iret(cpu: usize, record: usize, size: u32): usize {
  store<u32>(cpu, 0, CPU_NMI_BLOCKED);
  if (isProtected(cpu)) return iretProtected(cpu, record, size);
  const v86 = isV86(cpu);
  const iopl = (load<u32>(cpu, CPU_EFLAGS) & FLAG_IOPL) >> FLAG_IOPL_SHIFT;
  const vme = v86 && iopl < 3;
  if (vme && (size != 2 || !(load<u64>(cpu, CPU_CR4) & CR4_VME))) raiseGP(cpu, 0);
  beginFrame(cpu, cpl(cpu));
  const rip = popFrame(cpu, size);
  const selector = <u32>popFrame(cpu, size) & 0xffff;
  const flags = <u32>popFrame(cpu, size);
  if (vme && (flags & FLAG_TF || (flags & FLAG_IF && load<u32>(cpu, CPU_EFLAGS) & FLAG_VIP))) raiseGP(cpu, 0);
  if (rip > <u64>load<u32>(cpu, CPU_SEG_LIMIT + (SEG_CS << 2))) raiseGP(cpu, 0);
  commitFrame(cpu);
  let mask = FLAGS_STATUS | FLAG_TF | FLAG_IF | FLAG_DF | FLAG_NT | FLAG_RF | FLAG_AC | FLAG_ID;
  if (!v86) mask |= FLAG_IOPL;
  if (size == 2) mask &= 0xffff;
  if (vme) {
    putFlags(cpu, flags, mask & ~(FLAG_IF | FLAG_TF));
    putFlags(cpu, flags & FLAG_IF ? FLAG_VIF : 0, FLAG_VIF);
  } else {
    putFlags(cpu, flags, mask);
  }
  return transferReal(cpu, record, selector, rip);
}

function iretProtected(cpu: usize, record: usize, size: u32): usize {
  if (load<u32>(cpu, CPU_EFLAGS) & FLAG_NT) {
    if (isLongMode(cpu)) raiseGP(cpu, 0);
    const link = <u32>readSystem(cpu, inner(cpu, 0, 2, 0), 2);
    store<u64>(cpu, nextRip(cpu, record), CPU_RIP);
    switchTask(cpu, link, TASK_RETURN, 0);
    return leave(cpu, record);
  }
  beginFrame(cpu, cpl(cpu));
  const rip = popFrame(cpu, size);
  const selector = <u32>popFrame(cpu, size) & 0xffff;
  const flags = <u32>popFrame(cpu, size);
  if (flags & FLAG_VM && size == 4 && cpl(cpu) == 0 && !isLongMode(cpu)) return iretVirtual(cpu, record, rip, selector, flags);
  const code = returnCode(cpu, selector);
  const level = selector & 3;
  const mask = iretMask(cpu, size);
  // 64-bit code always pops SS:RSP (SDM vol. 3, 6.14.3).
  if (level == cpl(cpu) && !is64(cpu)) {
    checkOffset(cpu, code, rip);
    const marked = markAccessed(cpu, selector, code);
    commitFrame(cpu);
    putFlags(cpu, flags, mask);
    setFromDescriptor(cpu, SEG_CS, selector, marked);
    return settle(cpu, record, rip);
  }
  const newSp = popFrame(cpu, size);
  const newSs = <u32>popFrame(cpu, size) & 0xffff;
  checkOffset(cpu, code, rip);
  const marked = markAccessed(cpu, selector, code);
  const outward = level > cpl(cpu);
  returnStack(cpu, newSs, level, isLongMode(cpu) && isLongCode(code));
  putFlags(cpu, flags, mask);
  setFromDescriptor(cpu, SEG_CS, selector, marked);
  updateMode(cpu);
  putStackPointer(cpu, newSp, stackMask(cpu));
  if (outward) dropInnerSegments(cpu, level);
  return settle(cpu, record, rip);
}

/** Return to virtual-8086 mode: nine doublewords in all. */
function iretVirtual(cpu: usize, record: usize, rip: u64, selector: u32, flags: u32): usize {
  const newSp = popFrame(cpu, 4);
  const ss = <u32>popFrame(cpu, 4) & 0xffff;
  const es = <u32>popFrame(cpu, 4) & 0xffff;
  const ds = <u32>popFrame(cpu, 4) & 0xffff;
  const fs = <u32>popFrame(cpu, 4) & 0xffff;
  const gs = <u32>popFrame(cpu, 4) & 0xffff;
  setEflagsRaw(cpu, flags & 0x3f7fd5);
  loadVirtualSegment(cpu, SEG_CS, selector);
  loadVirtualSegment(cpu, SEG_SS, ss);
  loadVirtualSegment(cpu, SEG_ES, es);
  loadVirtualSegment(cpu, SEG_DS, ds);
  loadVirtualSegment(cpu, SEG_FS, fs);
  loadVirtualSegment(cpu, SEG_GS, gs);
  store<u64>(cpu, newSp & 0xffffffff, CPU_RSP);
  return settle(cpu, record, rip & 0xffff);
}

function JMP_FAR(cpu: usize, record: usize): usize {
  const pointer = load<u64>(record, RECORD_IMM);
  return jump(cpu, record, <u32>(pointer >> 32) & 0xffff, pointer & 0xffffffff);
}
function CALL_FAR<T>(cpu: usize, record: usize): usize {
  const pointer = load<u64>(record, RECORD_IMM);
  return call(cpu, record, <u32>(pointer >> 32) & 0xffff, pointer & 0xffffffff, sizeof<T>());
}

let pointerOffset: u64 = 0;
/** Reads a far pointer operand: offset to pointerOffset, gives the selector. */
function readPointer<T>(cpu: usize, record: usize): u32 {
  const segment = <u32>load<u8>(record, RECORD_ADDRESS) >> 4;
  const linear = segmentAddress(cpu, segment, effectiveAddress(cpu, record), sizeof<T>() + 2, false);
  pointerOffset = <u64>read<T>(cpu, linear);
  return <u32>read<u16>(cpu, linear + sizeof<T>());
}
function JMP_FAR_MEM<T>(cpu: usize, record: usize): usize {
  const selector = readPointer<T>(cpu, record);
  return jump(cpu, record, selector, pointerOffset);
}
function CALL_FAR_MEM<T>(cpu: usize, record: usize): usize {
  const selector = readPointer<T>(cpu, record);
  return call(cpu, record, selector, pointerOffset, sizeof<T>());
}
function RETF<T>(cpu: usize, record: usize): usize {
  return retFar(cpu, record, sizeof<T>(), 0);
}
function RETF_IMM<T>(cpu: usize, record: usize): usize {
  return retFar(cpu, record, sizeof<T>(), <u32>load<u16>(record, RECORD_IMM));
}
function IRET<T>(cpu: usize, record: usize): usize {
  return iret(cpu, record, sizeof<T>());
}

export function registerFar(): void {
  define(slot(MAP_ONE, 0xea), OP_FAR | OP_END | OP_NO64, 0, JMP_FAR, JMP_FAR, JMP_FAR);
  define(slot(MAP_ONE, 0x9a), OP_FAR | OP_END | OP_NO64 | OP_STACK, 0, (c, r) => CALL_FAR<u16>(c, r), (c, r) => CALL_FAR<u32>(c, r), (c, r) => CALL_FAR<u32>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xff), 5), OP_MODRM | OP_END, 0, (c, r) => JMP_FAR_MEM<u16>(c, r), (c, r) => JMP_FAR_MEM<u32>(c, r), (c, r) => JMP_FAR_MEM<u64>(c, r));
  defineMem(byReg(slot(MAP_ONE, 0xff), 3), OP_MODRM | OP_END, 0, (c, r) => CALL_FAR_MEM<u16>(c, r), (c, r) => CALL_FAR_MEM<u32>(c, r), (c, r) => CALL_FAR_MEM<u64>(c, r));
  define(slot(MAP_ONE, 0xcb), OP_END | OP_STACK, 0, (c, r) => RETF<u16>(c, r), (c, r) => RETF<u32>(c, r), (c, r) => RETF<u64>(c, r));
  define(slot(MAP_ONE, 0xca), OP_IMM16 | OP_END | OP_STACK, 0, (c, r) => RETF_IMM<u16>(c, r), (c, r) => RETF_IMM<u32>(c, r), (c, r) => RETF_IMM<u64>(c, r));
  define(slot(MAP_ONE, 0xcf), OP_END | OP_STACK, 0, (c, r) => IRET<u16>(c, r), (c, r) => IRET<u32>(c, r), (c, r) => IRET<u64>(c, r));
}
