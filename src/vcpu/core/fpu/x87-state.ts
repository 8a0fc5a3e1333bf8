/**
 * The x87 register stack, status word and pointers in a vCPU's page group (Intel SDM vol. 1, 8.1). Of the tag word only
 * "empty" (3) against "not empty" is kept; the other tags are computed from the contents when they are stored, as
 * processors do since the 486.
 */
import {
  CPU_CR0,
  CPU_CURRENT_RECORD,
  CPU_BUDGET,
  CPU_RIP,
  CPU_RIP_BASE,
  CPU_SEG_SELECTOR,
  CPU_X87,
  CPU_X87_CONTROL,
  CPU_X87_FCS,
  CPU_X87_FDP,
  CPU_X87_FDS,
  CPU_X87_FIP,
  CPU_X87_OPCODE,
  CPU_X87_STATUS,
  CPU_X87_TAG,
  INFO_MODRM_SHIFT,
  RECORD_ADDRESS,
  RECORD_OFFSET,
} from '../../../memory/layout';
import { effectiveAddress } from '../address';
import { CR0_NE, SEG_CS } from '../bits';
import { raise, VECTOR_MF } from '../fault';
import { floatingPointError, unwind } from '../host';
import { info, instructionRip } from '../state';
import {
  CONDITION_0,
  CONDITION_1,
  CONDITION_2,
  CONDITION_3,
  NO_RESULT,
  resultFlags,
  resultSe,
  resultSignificand,
} from './extended';
import { INVALID } from './rounding';

/** Status word: stack fault, error summary, busy, and all condition codes. */
export const STACK_FAULT: i32 = 0x40;
export const ERROR_SUMMARY: u32 = 0x80;
export const BUSY: u32 = 0x8000;
export const CONDITIONS: i32 = CONDITION_0 | CONDITION_1 | CONDITION_2 | CONDITION_3;
const EXCEPTIONS: i32 = 0x3f;
const TOP_MASK: u32 = 0x3800;
const TOP_STEP: u32 = 0x0800;

const INDEFINITE_SE: u32 = 0xffff;
const INDEFINITE_SIGNIFICAND: u64 = 0xc000000000000000;

export function statusWord(cpu: usize): u32 {
  return load<u16>(cpu, CPU_X87_STATUS);
}

export function controlWord(cpu: usize): i32 {
  return i32(load<u16>(cpu, CPU_X87_CONTROL));
}

/** Number of the physical register that is ST(index). */
export function physicalIndex(cpu: usize, index: u32): u32 {
  return ((load<u16>(cpu, CPU_X87_STATUS) >> 11) + index) & 7;
}

function addressOf(cpu: usize, index: u32): usize {
  return cpu + CPU_X87 + (usize(physicalIndex(cpu, index)) << 4);
}

/** Sign and exponent of ST(index). */
export function stSe(cpu: usize, index: u32): u32 {
  return load<u16>(addressOf(cpu, index), 8);
}

/** Significand of ST(index). */
export function stSignificand(cpu: usize, index: u32): u64 {
  return load<u64>(addressOf(cpu, index));
}

export function isEmpty(cpu: usize, index: u32): bool {
  return ((load<u16>(cpu, CPU_X87_TAG) >> (physicalIndex(cpu, index) << 1)) & 3) == 3;
}

/** Writes ST(index) and tags it as in use. */
export function setRegister(cpu: usize, index: u32, se: u32, significand: u64): void {
  const physical = physicalIndex(cpu, index);
  const at = cpu + CPU_X87 + (usize(physical) << 4);
  store<u64>(at, significand);
  store<u16>(at, u16(se), 8);
  store<u16>(cpu, u16(u32(load<u16>(cpu, CPU_X87_TAG)) & ~(3 << (physical << 1))), CPU_X87_TAG);
}

export function setIndefinite(cpu: usize, index: u32): void {
  setRegister(cpu, index, INDEFINITE_SE, INDEFINITE_SIGNIFICAND);
}

export function setEmpty(cpu: usize, index: u32): void {
  const physical = physicalIndex(cpu, index);
  store<u16>(cpu, u16(u32(load<u16>(cpu, CPU_X87_TAG)) | (3 << (physical << 1))), CPU_X87_TAG);
}

/** Moves TOP up by one (FINCSTP, the second half of a pop). */
export function raiseTop(cpu: usize): void {
  const status = statusWord(cpu);
  store<u16>(cpu, u16((status & ~TOP_MASK) | ((status + TOP_STEP) & TOP_MASK)), CPU_X87_STATUS);
}

/** Moves TOP down by one (FDECSTP, the first half of a push). */
export function lowerTop(cpu: usize): void {
  const status = statusWord(cpu);
  store<u16>(cpu, u16((status & ~TOP_MASK) | ((status - TOP_STEP) & TOP_MASK)), CPU_X87_STATUS);
}

/** Exchanges ST(0) and ST(index), both in use. */
export function exchangeRegisters(cpu: usize, index: u32): void {
  const a = addressOf(cpu, 0);
  const b = addressOf(cpu, index);
  const significand = load<u64>(a);
  const se = load<u16>(a, 8);
  store<u64>(a, load<u64>(b));
  store<u16>(a, load<u16>(b, 8), 8);
  store<u64>(b, significand);
  store<u16>(b, se, 8);
}

export function pop(cpu: usize): void {
  setEmpty(cpu, 0);
  raiseTop(cpu);
}

export function push(cpu: usize, se: u32, significand: u64): void {
  lowerTop(cpu);
  setRegister(cpu, 0, se, significand);
}

/**
 * Puts the events of an instruction into the status word: exceptions accumulate, C1 and the `cleared` condition codes are
 * replaced, an unmasked exception becomes pending for the next waiting instruction (SDM vol. 1, 8.1.3.3).
 */
export function commit(cpu: usize, flags: i32, cleared: i32): void {
  commitKeepingC1(cpu, flags, cleared | CONDITION_1);
}

/** commit() for the instructions that leave C1 alone when nothing is wrong with the stack: FCMOVcc, FCOMI. */
export function commitKeepingC1(cpu: usize, flags: i32, cleared: i32): void {
  if (flags == 0) {
    store<u16>(cpu, u16(statusWord(cpu) & ~u32(cleared)), CPU_X87_STATUS);
    return;
  }
  let status = (statusWord(cpu) & ~u32(cleared)) | u32(flags & (EXCEPTIONS | STACK_FAULT | CONDITIONS));
  if (flags & EXCEPTIONS & ~controlWord(cpu)) {
    status |= ERROR_SUMMARY | BUSY;
    announceError(cpu);
  }
  store<u16>(cpu, u16(status), CPU_X87_STATUS);
}

/** The FERR# pin, which a PC wires to IRQ 13 for CR0.NE = 0 (SDM vol. 1, 8.7.2). */
function announceError(cpu: usize): void {
  if (!(load<u64>(cpu, CPU_CR0) & CR0_NE)) floatingPointError(1);
}

/** Makes error summary and busy what exceptions and masks say: after a load of either word, and FNCLEX. */
export function refreshSummary(cpu: usize): void {
  const status = statusWord(cpu);
  const pending = (i32(status) & EXCEPTIONS & ~controlWord(cpu)) != 0;
  const had = (status & ERROR_SUMMARY) != 0;
  const cleared = status & ~(ERROR_SUMMARY | BUSY);
  store<u16>(cpu, u16(pending ? cleared | ERROR_SUMMARY | BUSY : cleared), CPU_X87_STATUS);
  if (pending == had) return;
  if (pending) announceError(cpu);
  else if (!(load<u64>(cpu, CPU_CR0) & CR0_NE)) floatingPointError(0);
}

/** What every waiting instruction does first: a pending exception raises #MF, or freezes the CPU until IRQ 13 is served. */
export function wait(cpu: usize, record: usize): void {
  if (load<u16>(cpu, CPU_X87_STATUS) & ERROR_SUMMARY) deliverPending(cpu, record);
}

function deliverPending(cpu: usize, record: usize): void {
  if (load<u64>(cpu, CPU_CR0) & CR0_NE) raise(cpu, VECTOR_MF);
  // IGNNE# (asserted by the chipset after a write to port F0h) lets the instruction go on.
  if (floatingPointError(1)) return;
  store<u64>(cpu, instructionRip(cpu, record), CPU_RIP);
  store<u32>(cpu, 0, CPU_CURRENT_RECORD);
  store<i32>(cpu, 0, CPU_BUDGET);
  unwind();
}

/** Notes opcode and address of an instruction that is not a control instruction (SDM vol. 1, 8.1.8, 8.1.9). */
export function noteInstruction(cpu: usize, record: usize): void {
  const details = info(record);
  store<u16>(
    cpu,
    u16(((details & 7) << 8) | ((details >> INFO_MODRM_SHIFT) & 0xff)),
    CPU_X87_OPCODE,
  );
  store<u64>(cpu, load<u64>(cpu, CPU_RIP_BASE) + u64(load<u16>(record, RECORD_OFFSET)), CPU_X87_FIP);
  store<u16>(cpu, load<u16>(cpu + (SEG_CS << 1), CPU_SEG_SELECTOR), CPU_X87_FCS);
}

/** noteInstruction() with a memory operand. */
export function noteMemoryInstruction(cpu: usize, record: usize): void {
  noteInstruction(cpu, record);
  store<u64>(cpu, effectiveAddress(cpu, record), CPU_X87_FDP);
  const segment = usize(load<u8>(record, RECORD_ADDRESS) >> 4);
  store<u16>(cpu, load<u16>(cpu + (segment << 1), CPU_SEG_SELECTOR), CPU_X87_FDS);
}

/** The operand i of ST(i) in the modrm byte. */
export function stackOperand(record: usize): u32 {
  return (info(record) >> INFO_MODRM_SHIFT) & 7;
}

/** The reg field of the modrm byte, which names the operation. */
export function operationField(record: usize): u32 {
  return (info(record) >> (INFO_MODRM_SHIFT + 3)) & 7;
}

/**
 * Records a stack underflow; true if it is masked, so that the indefinite takes the missing value's place. Condition
 * codes beside C1 that the instruction defines may be `cleared`.
 */
export function underflows(cpu: usize, cleared: i32 = 0): bool {
  commit(cpu, INVALID | STACK_FAULT, cleared);
  return (controlWord(cpu) & INVALID) != 0;
}

/** Records a stack overflow (C1 set); true if it is masked. */
export function overflows(cpu: usize, cleared: i32 = 0): bool {
  commit(cpu, INVALID | STACK_FAULT | CONDITION_1, cleared);
  return (controlWord(cpu) & INVALID) != 0;
}

/** Commits the last computation and, if it delivered, puts its result into ST(index). True if it delivered. */
export function deliver(cpu: usize, index: u32, cleared: i32): bool {
  const flags = resultFlags;
  commit(cpu, flags, cleared);
  if (flags & NO_RESULT) return false;
  setRegister(cpu, index, resultSe, resultSignificand);
  return true;
}

/** Pushes the last computation's result, or records the overflow of a full stack instead. */
export function deliverPush(cpu: usize): void {
  const flags = resultFlags;
  if (!isEmpty(cpu, 7)) {
    if (overflows(cpu)) {
      lowerTop(cpu);
      setIndefinite(cpu, 0);
    }
    return;
  }
  commit(cpu, flags, 0);
  if (!(flags & NO_RESULT)) push(cpu, resultSe, resultSignificand);
}
