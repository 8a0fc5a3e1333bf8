// Segment registers: loading them in every mode; MOV, PUSH and POP of them, LDS…LSS, LLDT, LTR, SLDT, STR, LAR, LSL, VERR,
// VERW, ARPL, and the moves of table registers.
import {
  CPU_BLOCK_MODE,
  CPU_CR4,
  CPU_INTERRUPT_SHADOW,
  CPU_RSP,
  CPU_SEG_ATTRIBUTES,
  CPU_SEG_BASE,
  CPU_SEG_LIMIT,
  CPU_SEG_SELECTOR,
  RECORD_ADDRESS,
  RECORD_INFO,
  RECORD_REG,
} from '../../memory/layout';
import { checkWrite, isCanonical, read, write } from './access';
import { effectiveAddress, readAddress, segmentAddress, writeAddress } from './address';
import {
  ATTR_ACCESSED,
  ATTR_P,
  ATTR_RW,
  ATTR_S,
  ATTR_USABLE,
  CR4_UMIP,
  FLAG_ZF,
  SEG_CS,
  SEG_DS,
  SEG_ES,
  SEG_FS,
  SEG_GDTR,
  SEG_GS,
  SEG_IDTR,
  SEG_LDTR,
  SEG_SS,
  SEG_TR,
} from './bits';
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
  readDescriptorHigh,
  selectorError,
  TSS_BUSY,
  typeOf,
  TYPE_CALL_GATE16,
  TYPE_CALL_GATE32,
  TYPE_LDT,
  TYPE_TASK_GATE,
  TYPE_TSS16,
  TYPE_TSS16_BUSY,
  TYPE_TSS32,
  TYPE_TSS32_BUSY,
  writeDescriptorType,
} from './descriptor';
import { raiseGP, raiseUD, raiseWithError, VECTOR_GP, VECTOR_NP, VECTOR_SS } from './fault';
import { setStatusFlags, statusFlags } from './flags';
import { updateAttention, updateMode } from './mode';
import {
  byCode64,
  byMem,
  byReg,
  define,
  defineMem,
  defineOne,
  defineReg,
  MAP_0F,
  MAP_ONE,
  OP_DEF64,
  OP_END,
  OP_FORCE64,
  OP_MODRM,
  OP_NO64,
  OP_PROTECTED,
  OP_REGNUM,
  OP_STACK,
  slot,
} from './opcode-table';
import { SHADOW_NEW_STACK } from './single-step';
import { peek, push, release } from './stack';
import { cpl, finish, is64, isLongMode, isProtected, isV86, next, operandSize, putReg, putRm, reg, rm } from './state';
import { readSystem } from './access';

// @ts-ignore: decorator
@inline
export function selectorOf(cpu: usize, segment: u32): u32 {
  return <u32>load<u16>(cpu + (segment << 1), CPU_SEG_SELECTOR);
}

/** Fills a segment register. The caller calls updateMode() afterwards. */
export function setSegment(cpu: usize, segment: u32, selector: u32, base: u64, limit: u32, attributes: u32): void {
  store<u16>(cpu + (segment << 1), <u16>selector, CPU_SEG_SELECTOR);
  store<u64>(cpu + (segment << 3), base, CPU_SEG_BASE);
  store<u32>(cpu + (segment << 2), limit, CPU_SEG_LIMIT);
  store<u32>(cpu + (segment << 2), attributes, CPU_SEG_ATTRIBUTES);
}

/** Fills a segment register from its descriptor. */
export function setFromDescriptor(cpu: usize, segment: u32, selector: u32, descriptor: u64): void {
  setSegment(cpu, segment, selector, baseOf(descriptor), limitOf(descriptor), attributesOf(descriptor));
}

/** Real mode: only selector and base change, so that limits set in protected mode stay ("unreal mode"). */
export function loadRealSegment(cpu: usize, segment: u32, selector: u32): void {
  store<u16>(cpu + (segment << 1), <u16>selector, CPU_SEG_SELECTOR);
  store<u64>(cpu + (segment << 3), <u64>selector << 4, CPU_SEG_BASE);
  if (segment == SEG_CS) {
    // A far transfer leaves CS readable, writable, and 16-bit with whatever limit it had.
    store<u32>(cpu + (SEG_CS << 2), (load<u32>(cpu + (SEG_CS << 2), CPU_SEG_ATTRIBUTES) & ~(<u32>0x60)) | ATTR_USABLE, CPU_SEG_ATTRIBUTES);
  }
}

/** Virtual-8086: always 64 KiB at 16 times the selector, DPL 3 (SDM vol. 3, 20.2). */
export function loadVirtualSegment(cpu: usize, segment: u32, selector: u32): void {
  setSegment(cpu, segment, selector, <u64>selector << 4, 0xffff, 0x100f3);
}

/** Sets the accessed bit of a code or data descriptor in its table; gives the descriptor as it is then. */
export function markAccessed(cpu: usize, selector: u32, descriptor: u64): u64 {
  if (descriptor & 0x0000010000000000) return descriptor;
  const accessed = descriptor | 0x0000010000000000;
  writeDescriptorType(cpu, selector, accessed);
  return accessed;
}

/** Null selector in a data segment register: unusable outside 64-bit code; its base stays for FS and GS of some models. */
function loadNull(cpu: usize, segment: u32, selector: u32): void {
  setSegment(cpu, segment, selector, 0, 0, 0);
}

/** Loads SS in protected mode (SDM vol. 2, "MOV"). `external`: the EXT bit of error codes, for task switches. */
export function loadStackSegment(cpu: usize, selector: u32, level: u32, vector: u32, external: u32 = 0): void {
  if (!(selector & 0xfffc)) {
    // Only 64-bit code below CPL 3 may have a null SS, with RPL = CPL.
    if (!is64(cpu) || level == 3 || (selector & 3) != level) raiseWithError(cpu, vector, external);
    setSegment(cpu, SEG_SS, selector, 0, 0, level << 5);
    return;
  }
  const descriptor = readDescriptor(cpu, selector, vector, external);
  const error = selectorError(selector) | external;
  if (isSystem(descriptor) || isCode(descriptor) || !isReadWrite(descriptor)) raiseWithError(cpu, vector, error);
  if ((selector & 3) != level || dplOf(descriptor) != level) raiseWithError(cpu, vector, error);
  if (!isPresent(descriptor)) raiseWithError(cpu, VECTOR_SS, error);
  setFromDescriptor(cpu, SEG_SS, selector, markAccessed(cpu, selector, descriptor));
}

/** Loads DS, ES, FS or GS in protected mode. */
export function loadDataSegment(cpu: usize, segment: u32, selector: u32, vector: u32 = VECTOR_GP, external: u32 = 0): void {
  if (!(selector & 0xfffc)) {
    loadNull(cpu, segment, selector);
    return;
  }
  const descriptor = readDescriptor(cpu, selector, vector, external);
  const error = selectorError(selector) | external;
  if (isSystem(descriptor) || (isCode(descriptor) && !isReadWrite(descriptor))) raiseWithError(cpu, vector, error);
  if (!(isCode(descriptor) && isConforming(descriptor))) {
    const most = max<u32>(selector & 3, cpl(cpu));
    if (most > dplOf(descriptor)) raiseWithError(cpu, vector, error);
  }
  if (!isPresent(descriptor)) raiseWithError(cpu, VECTOR_NP, error);
  setFromDescriptor(cpu, segment, selector, markAccessed(cpu, selector, descriptor));
}

/** Loads a segment register other than CS as MOV and POP do, in any mode. */
export function loadSegment(cpu: usize, segment: u32, selector: u32): void {
  if (isProtected(cpu)) {
    if (segment == SEG_SS) loadStackSegment(cpu, selector, cpl(cpu), VECTOR_GP);
    else loadDataSegment(cpu, segment, selector);
  } else if (isV86(cpu)) {
    loadVirtualSegment(cpu, segment, selector);
  } else {
    loadRealSegment(cpu, segment, selector);
  }
  updateMode(cpu);
}

/** Ends an instruction that has loaded a segment: after SS the next instruction cannot be interrupted. */
function settleSegment(cpu: usize, record: usize, segment: u32): usize {
  if (segment == SEG_SS) {
    store<u32>(cpu, SHADOW_NEW_STACK, CPU_INTERRUPT_SHADOW);
    updateAttention(cpu);
  }
  return finish(cpu, record);
}

function checkTarget(cpu: usize, segment: u32): void {
  if (segment == SEG_CS || segment > SEG_GS) raiseUD(cpu);
}

function MOV_SEG_RM(cpu: usize, record: usize): usize {
  const segment = <u32>load<u8>(record, RECORD_REG) & 7;
  checkTarget(cpu, segment);
  loadSegment(cpu, segment, <u32>rm<u16>(cpu, record));
  return settleSegment(cpu, record, segment);
}
function MOV_SEG_MEM(cpu: usize, record: usize): usize {
  const segment = <u32>load<u8>(record, RECORD_REG) & 7;
  checkTarget(cpu, segment);
  loadSegment(cpu, segment, <u32>read<u16>(cpu, readAddress<u16>(cpu, record)));
  return settleSegment(cpu, record, segment);
}
function MOV_RM_SEG<T>(cpu: usize, record: usize): usize {
  const segment = <u32>load<u8>(record, RECORD_REG) & 7;
  if (segment > SEG_GS) raiseUD(cpu);
  putRm<T>(cpu, record, <T>selectorOf(cpu, segment));
  return next(record);
}
function MOV_MEM_SEG(cpu: usize, record: usize): usize {
  const segment = <u32>load<u8>(record, RECORD_REG) & 7;
  if (segment > SEG_GS) raiseUD(cpu);
  write<u16>(cpu, writeAddress<u16>(cpu, record), <u16>selectorOf(cpu, segment));
  return next(record);
}

/** 06 0E 16 1E; 0F A0, 0F A8. */
function segmentOfOpcode(record: usize): u32 {
  const opcode = load<u8>(record, RECORD_INFO);
  if (opcode >= 0xa8) return SEG_GS;
  if (opcode >= 0xa0) return SEG_FS;
  return (opcode >> 3) & 3;
}
function PUSH_SEG<T>(cpu: usize, record: usize): usize {
  push<T>(cpu, <T>selectorOf(cpu, segmentOfOpcode(record)));
  return next(record);
}
function POP_SEG<T>(cpu: usize, record: usize): usize {
  const segment = segmentOfOpcode(record);
  const selector = <u32>peek<T>(cpu, 0) & 0xffff;
  // The pointer moves with the size of the old stack.
  const before = load<u64>(cpu, CPU_RSP);
  release(cpu, sizeof<T>());
  const after = load<u64>(cpu, CPU_RSP);
  store<u64>(cpu, before, CPU_RSP);
  loadSegment(cpu, segment, selector);
  store<u64>(cpu, after, CPU_RSP);
  return settleSegment(cpu, record, segment);
}

/** LES LDS LSS LFS LGS: offset first, then the selector. */
function loadFar<T>(cpu: usize, record: usize, segment: u32): usize {
  const source = <u32>load<u8>(record, RECORD_ADDRESS) >> 4;
  const linear = segmentAddress(cpu, source, effectiveAddress(cpu, record), sizeof<T>() + 2, false);
  const offset = read<T>(cpu, linear);
  const selector = <u32>read<u16>(cpu, linear + sizeof<T>());
  loadSegment(cpu, segment, selector);
  putReg<T>(cpu, record, offset);
  return settleSegment(cpu, record, segment);
}
function LES<T>(cpu: usize, record: usize): usize {
  return loadFar<T>(cpu, record, SEG_ES);
}
function LDS<T>(cpu: usize, record: usize): usize {
  return loadFar<T>(cpu, record, SEG_DS);
}
function LSS<T>(cpu: usize, record: usize): usize {
  return loadFar<T>(cpu, record, SEG_SS);
}
function LFS<T>(cpu: usize, record: usize): usize {
  return loadFar<T>(cpu, record, SEG_FS);
}
function LGS<T>(cpu: usize, record: usize): usize {
  return loadFar<T>(cpu, record, SEG_GS);
}

/** Loads LDTR: the table's descriptor has 16 bytes in long mode. */
export function loadLdt(cpu: usize, selector: u32, vector: u32 = VECTOR_GP, external: u32 = 0): void {
  if (!(selector & 0xfffc)) {
    setSegment(cpu, SEG_LDTR, selector, 0, 0, 0);
    return;
  }
  const error = selectorError(selector) | external;
  if (selector & 4) raiseWithError(cpu, vector, error);
  const descriptor = readDescriptor(cpu, selector, vector, external);
  if (!isSystem(descriptor) || typeOf(descriptor) != TYPE_LDT) raiseWithError(cpu, vector, error);
  if (!isPresent(descriptor)) raiseWithError(cpu, VECTOR_NP, error);
  let base = baseOf(descriptor);
  if (isLongMode(cpu)) {
    base |= readDescriptorHigh(cpu, selector, vector) << 32;
    if (!isCanonical(base)) raiseWithError(cpu, vector, error);
  }
  setSegment(cpu, SEG_LDTR, selector, base, limitOf(descriptor), attributesOf(descriptor));
}

function checkSupervisor(cpu: usize): void {
  if (cpl(cpu) != 0) raiseGP(cpu, 0);
}

function LLDT(cpu: usize, record: usize, selector: u32): usize {
  checkSupervisor(cpu);
  loadLdt(cpu, selector);
  return next(record);
}

/** LTR: an available TSS, which becomes busy. */
function LTR(cpu: usize, record: usize, selector: u32): usize {
  checkSupervisor(cpu);
  const error = selectorError(selector);
  if (!error) raiseGP(cpu, 0);
  if (selector & 4) raiseGP(cpu, error);
  const descriptor = readDescriptor(cpu, selector, VECTOR_GP);
  const type = typeOf(descriptor);
  if (!isSystem(descriptor) || !(type == TYPE_TSS32 || (type == TYPE_TSS16 && !isLongMode(cpu)))) raiseGP(cpu, error);
  if (!isPresent(descriptor)) raiseWithError(cpu, VECTOR_NP, error);
  let base = baseOf(descriptor);
  if (isLongMode(cpu)) {
    base |= readDescriptorHigh(cpu, selector, VECTOR_GP) << 32;
    if (!isCanonical(base)) raiseGP(cpu, error);
  }
  const busy = descriptor | TSS_BUSY;
  writeDescriptorType(cpu, selector, busy);
  setSegment(cpu, SEG_TR, selector, base, limitOf(busy), attributesOf(busy));
  return next(record);
}

function LLDT_RM(cpu: usize, record: usize): usize {
  return LLDT(cpu, record, <u32>rm<u16>(cpu, record));
}
function LLDT_MEM(cpu: usize, record: usize): usize {
  return LLDT(cpu, record, <u32>read<u16>(cpu, readAddress<u16>(cpu, record)));
}
function LTR_RM(cpu: usize, record: usize): usize {
  return LTR(cpu, record, <u32>rm<u16>(cpu, record));
}
function LTR_MEM(cpu: usize, record: usize): usize {
  return LTR(cpu, record, <u32>read<u16>(cpu, readAddress<u16>(cpu, record)));
}

/** UMIP keeps SGDT, SIDT, SLDT, STR and SMSW from CPL above 0 (SDM vol. 3, 2.5). */
export function checkUmip(cpu: usize): void {
  if (load<u64>(cpu, CPU_CR4) & CR4_UMIP && cpl(cpu) != 0) raiseGP(cpu, 0);
}

/** SLDT (modrm.reg 0), STR (1). */
function STORE_RM<T>(cpu: usize, record: usize): usize {
  checkUmip(cpu);
  putRm<T>(cpu, record, <T>selectorOf(cpu, SEG_LDTR + ((<u32>load<u8>(record, RECORD_INFO + 1) >> 3) & 7)));
  return next(record);
}
function STORE_MEM(cpu: usize, record: usize): usize {
  checkUmip(cpu);
  const value = <u16>selectorOf(cpu, SEG_LDTR + ((<u32>load<u8>(record, RECORD_INFO + 1) >> 3) & 7));
  write<u16>(cpu, writeAddress<u16>(cpu, record), value);
  return next(record);
}

function setZero(cpu: usize, isZero: bool): void {
  setStatusFlags(cpu, (statusFlags(cpu) & ~FLAG_ZF) | (isZero ? FLAG_ZF : 0));
}

/** Descriptor that LAR, LSL, VERR and VERW may look at, 0 if none. */
function visibleDescriptor(cpu: usize, selector: u32): u64 {
  if (!(selector & 0xfffc)) return 0;
  const at = descriptorAddress(cpu, selector, 8);
  if (at == -1) return 0;
  const descriptor = readSystem(cpu, at, 8);
  if (isCode(descriptor) && isConforming(descriptor)) return descriptor;
  return max<u32>(selector & 3, cpl(cpu)) > dplOf(descriptor) ? 0 : descriptor;
}

/** System types that LAR (and, without gates, LSL) accepts: SDM vol. 2, tables 3-53 and 3-57. */
function isVisibleSystem(cpu: usize, type: u32, gates: bool): bool {
  if (type == TYPE_LDT || type == TYPE_TSS32 || type == TYPE_TSS32_BUSY) return true;
  if (gates && type == TYPE_CALL_GATE32) return true;
  if (isLongMode(cpu)) return false;
  if (type == TYPE_TSS16 || type == TYPE_TSS16_BUSY) return true;
  return gates && (type == TYPE_CALL_GATE16 || type == TYPE_TASK_GATE);
}

function lar<T>(cpu: usize, record: usize, selector: u32): usize {
  const descriptor = visibleDescriptor(cpu, selector);
  const ok = descriptor != 0 && (!isSystem(descriptor) || isVisibleSystem(cpu, typeOf(descriptor), true));
  if (ok) putReg<T>(cpu, record, <T>(<u32>(descriptor >> 32) & 0xffff00));
  setZero(cpu, ok);
  return next(record);
}
function lsl<T>(cpu: usize, record: usize, selector: u32): usize {
  const descriptor = visibleDescriptor(cpu, selector);
  const ok = descriptor != 0 && (!isSystem(descriptor) || isVisibleSystem(cpu, typeOf(descriptor), false));
  if (ok) putReg<T>(cpu, record, <T>limitOf(descriptor));
  setZero(cpu, ok);
  return next(record);
}
function LAR_RM<T>(cpu: usize, record: usize): usize {
  return lar<T>(cpu, record, <u32>rm<u16>(cpu, record));
}
function LAR_MEM<T>(cpu: usize, record: usize): usize {
  return lar<T>(cpu, record, <u32>read<u16>(cpu, readAddress<u16>(cpu, record)));
}
function LSL_RM<T>(cpu: usize, record: usize): usize {
  return lsl<T>(cpu, record, <u32>rm<u16>(cpu, record));
}
function LSL_MEM<T>(cpu: usize, record: usize): usize {
  return lsl<T>(cpu, record, <u32>read<u16>(cpu, readAddress<u16>(cpu, record)));
}

function verify(cpu: usize, record: usize, selector: u32, forWrite: bool): usize {
  const descriptor = visibleDescriptor(cpu, selector);
  let ok = descriptor != 0 && !isSystem(descriptor);
  if (ok) {
    if (forWrite) ok = !isCode(descriptor) && isReadWrite(descriptor);
    else ok = !isCode(descriptor) || isReadWrite(descriptor);
  }
  setZero(cpu, ok);
  return next(record);
}
function VERR_RM(cpu: usize, record: usize): usize {
  return verify(cpu, record, <u32>rm<u16>(cpu, record), false);
}
function VERR_MEM(cpu: usize, record: usize): usize {
  return verify(cpu, record, <u32>read<u16>(cpu, readAddress<u16>(cpu, record)), false);
}
function VERW_RM(cpu: usize, record: usize): usize {
  return verify(cpu, record, <u32>rm<u16>(cpu, record), true);
}
function VERW_MEM(cpu: usize, record: usize): usize {
  return verify(cpu, record, <u32>read<u16>(cpu, readAddress<u16>(cpu, record)), true);
}

function ARPL_RM(cpu: usize, record: usize): usize {
  const destination = rm<u16>(cpu, record);
  const level = reg<u16>(cpu, record) & 3;
  const raise = (destination & 3) < level;
  if (raise) putRm<u16>(cpu, record, (destination & 0xfffc) | level);
  setZero(cpu, raise);
  return next(record);
}
function ARPL_MEM(cpu: usize, record: usize): usize {
  const linear = writeAddress<u16>(cpu, record);
  const destination = read<u16>(cpu, linear);
  const level = reg<u16>(cpu, record) & 3;
  const raise = (destination & 3) < level;
  if (raise) write<u16>(cpu, linear, (destination & 0xfffc) | level);
  setZero(cpu, raise);
  return next(record);
}

/** SGDT, SIDT: limit, then base of 4 or 8 bytes. */
function storeTable(cpu: usize, record: usize, table: u32): usize {
  checkUmip(cpu);
  const segment = <u32>load<u8>(record, RECORD_ADDRESS) >> 4;
  const bytes: u32 = is64(cpu) ? 10 : 6;
  const linear = segmentAddress(cpu, segment, effectiveAddress(cpu, record), bytes, true);
  const base = load<u64>(cpu + (table << 3), CPU_SEG_BASE);
  checkWrite(cpu, linear, bytes);
  write<u16>(cpu, linear, <u16>load<u32>(cpu + (table << 2), CPU_SEG_LIMIT));
  if (is64(cpu)) write<u64>(cpu, linear + 2, base);
  else write<u32>(cpu, linear + 2, <u32>base);
  return next(record);
}
function SGDT(cpu: usize, record: usize): usize {
  return storeTable(cpu, record, SEG_GDTR);
}
function SIDT(cpu: usize, record: usize): usize {
  return storeTable(cpu, record, SEG_IDTR);
}

/** LGDT, LIDT: with 16-bit operands only 24 bits of the base count. */
function loadTable(cpu: usize, record: usize, table: u32): usize {
  checkSupervisor(cpu);
  const segment = <u32>load<u8>(record, RECORD_ADDRESS) >> 4;
  const wide = is64(cpu);
  const linear = segmentAddress(cpu, segment, effectiveAddress(cpu, record), wide ? 10 : 6, false);
  const limit = <u32>read<u16>(cpu, linear);
  let base: u64;
  if (wide) {
    base = read<u64>(cpu, linear + 2);
    if (!isCanonical(base)) raiseGP(cpu, 0);
  } else {
    base = <u64>read<u32>(cpu, linear + 2);
    if (operandSize(record) == 0) base &= 0xffffff;
  }
  store<u64>(cpu + (table << 3), base, CPU_SEG_BASE);
  store<u32>(cpu + (table << 2), limit, CPU_SEG_LIMIT);
  return next(record);
}
function LGDT(cpu: usize, record: usize): usize {
  return loadTable(cpu, record, SEG_GDTR);
}
function LIDT(cpu: usize, record: usize): usize {
  return loadTable(cpu, record, SEG_IDTR);
}

export function registerSegment(): void {
  const store16 = slot(MAP_ONE, 0x8c);
  defineReg(store16, OP_MODRM | OP_REGNUM, 0, (c, r) => MOV_RM_SEG<u16>(c, r), (c, r) => MOV_RM_SEG<u32>(c, r), (c, r) => MOV_RM_SEG<u64>(c, r));
  defineMem(store16, OP_MODRM | OP_REGNUM, 0, MOV_MEM_SEG, MOV_MEM_SEG, MOV_MEM_SEG);
  const load16 = slot(MAP_ONE, 0x8e);
  defineReg(load16, OP_MODRM | OP_REGNUM | OP_END, 0, MOV_SEG_RM, MOV_SEG_RM, MOV_SEG_RM);
  defineMem(load16, OP_MODRM | OP_REGNUM | OP_END, 0, MOV_SEG_MEM, MOV_SEG_MEM, MOV_SEG_MEM);
  for (let segment: u32 = 0; segment < 4; segment++) {
    define(slot(MAP_ONE, 0x06 + segment * 8), OP_NO64 | OP_STACK, 0, (c, r) => PUSH_SEG<u16>(c, r), (c, r) => PUSH_SEG<u32>(c, r), (c, r) => PUSH_SEG<u32>(c, r));
    if (segment != SEG_CS) define(slot(MAP_ONE, 0x07 + segment * 8), OP_NO64 | OP_STACK | OP_END, 0, (c, r) => POP_SEG<u16>(c, r), (c, r) => POP_SEG<u32>(c, r), (c, r) => POP_SEG<u32>(c, r));
  }
  for (let opcode: u32 = 0xa0; opcode <= 0xa8; opcode += 8) {
    define(slot(MAP_0F, opcode), OP_DEF64 | OP_STACK, 0, (c, r) => PUSH_SEG<u16>(c, r), (c, r) => PUSH_SEG<u32>(c, r), (c, r) => PUSH_SEG<u64>(c, r));
    define(slot(MAP_0F, opcode + 1), OP_DEF64 | OP_STACK | OP_END, 0, (c, r) => POP_SEG<u16>(c, r), (c, r) => POP_SEG<u32>(c, r), (c, r) => POP_SEG<u64>(c, r));
  }
  defineMem(slot(MAP_ONE, 0xc4), OP_MODRM | OP_END | OP_NO64, 0, (c, r) => LES<u16>(c, r), (c, r) => LES<u32>(c, r), (c, r) => LES<u32>(c, r));
  defineMem(slot(MAP_ONE, 0xc5), OP_MODRM | OP_END | OP_NO64, 0, (c, r) => LDS<u16>(c, r), (c, r) => LDS<u32>(c, r), (c, r) => LDS<u32>(c, r));
  defineMem(slot(MAP_0F, 0xb2), OP_MODRM | OP_END, 0, (c, r) => LSS<u16>(c, r), (c, r) => LSS<u32>(c, r), (c, r) => LSS<u64>(c, r));
  defineMem(slot(MAP_0F, 0xb4), OP_MODRM | OP_END, 0, (c, r) => LFS<u16>(c, r), (c, r) => LFS<u32>(c, r), (c, r) => LFS<u64>(c, r));
  defineMem(slot(MAP_0F, 0xb5), OP_MODRM | OP_END, 0, (c, r) => LGS<u16>(c, r), (c, r) => LGS<u32>(c, r), (c, r) => LGS<u64>(c, r));
  const zero = slot(MAP_0F, 0x00);
  for (let r: u32 = 0; r < 2; r++) {
    defineReg(byReg(zero, r), OP_MODRM | OP_PROTECTED, 0, (c, r) => STORE_RM<u16>(c, r), (c, r) => STORE_RM<u32>(c, r), (c, r) => STORE_RM<u64>(c, r));
    defineMem(byReg(zero, r), OP_MODRM | OP_PROTECTED, 0, STORE_MEM, STORE_MEM, STORE_MEM);
  }
  defineReg(byReg(zero, 2), OP_MODRM | OP_PROTECTED, 0, LLDT_RM, LLDT_RM, LLDT_RM);
  defineMem(byReg(zero, 2), OP_MODRM | OP_PROTECTED, 0, LLDT_MEM, LLDT_MEM, LLDT_MEM);
  defineReg(byReg(zero, 3), OP_MODRM | OP_PROTECTED, 0, LTR_RM, LTR_RM, LTR_RM);
  defineMem(byReg(zero, 3), OP_MODRM | OP_PROTECTED, 0, LTR_MEM, LTR_MEM, LTR_MEM);
  defineReg(byReg(zero, 4), OP_MODRM | OP_PROTECTED, 0, VERR_RM, VERR_RM, VERR_RM);
  defineMem(byReg(zero, 4), OP_MODRM | OP_PROTECTED, 0, VERR_MEM, VERR_MEM, VERR_MEM);
  defineReg(byReg(zero, 5), OP_MODRM | OP_PROTECTED, 0, VERW_RM, VERW_RM, VERW_RM);
  defineMem(byReg(zero, 5), OP_MODRM | OP_PROTECTED, 0, VERW_MEM, VERW_MEM, VERW_MEM);
  defineReg(slot(MAP_0F, 0x02), OP_MODRM | OP_PROTECTED, 0, (c, r) => LAR_RM<u16>(c, r), (c, r) => LAR_RM<u32>(c, r), (c, r) => LAR_RM<u64>(c, r));
  defineMem(slot(MAP_0F, 0x02), OP_MODRM | OP_PROTECTED, 0, (c, r) => LAR_MEM<u16>(c, r), (c, r) => LAR_MEM<u32>(c, r), (c, r) => LAR_MEM<u64>(c, r));
  defineReg(slot(MAP_0F, 0x03), OP_MODRM | OP_PROTECTED, 0, (c, r) => LSL_RM<u16>(c, r), (c, r) => LSL_RM<u32>(c, r), (c, r) => LSL_RM<u64>(c, r));
  defineMem(slot(MAP_0F, 0x03), OP_MODRM | OP_PROTECTED, 0, (c, r) => LSL_MEM<u16>(c, r), (c, r) => LSL_MEM<u32>(c, r), (c, r) => LSL_MEM<u64>(c, r));
  const arpl = byCode64(slot(MAP_ONE, 0x63), 0);
  defineReg(arpl, OP_MODRM | OP_PROTECTED, 0, ARPL_RM, ARPL_RM, ARPL_RM);
  defineMem(arpl, OP_MODRM | OP_PROTECTED, 0, ARPL_MEM, ARPL_MEM, ARPL_MEM);
  const one = slot(MAP_0F, 0x01);
  defineOne(byMem(byReg(one, 0), 1), OP_MODRM, 0, SGDT);
  defineOne(byMem(byReg(one, 1), 1), OP_MODRM, 0, SIDT);
  defineOne(byMem(byReg(one, 2), 1), OP_MODRM, 0, LGDT);
  defineOne(byMem(byReg(one, 3), 1), OP_MODRM, 0, LIDT);
}
