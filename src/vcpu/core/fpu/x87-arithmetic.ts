/** FADD, FMUL, FSUB(R), FDIV(R), FCOM(P) and their integer and popping forms: D8, DA, DC, DE. */
import { readAddress } from '../address';
import { read } from '../access';
import { next } from '../state';
import {
  CLASS_QUIET,
  CONDITION_0,
  CONDITION_2,
  CONDITION_3,
  classOf,
  NO_RESULT,
  raise,
  resultFlags,
  resultSe,
  resultSignificand,
  setFlags,
} from './extended';
import { extendedAdd, extendedDivide, extendedMultiply } from './extended-arithmetic';
import { extendedCompare } from './extended-comparison';
import { expandDouble, expandedDenormal, expandSingle, extendedFromInteger } from './extended-conversion';
import { DENORMAL, INVALID, ZERO_DIVIDE } from './rounding';
import {
  commit,
  CONDITIONS,
  controlWord,
  deliver,
  isEmpty,
  noteInstruction,
  noteMemoryInstruction,
  operationField,
  pop,
  setIndefinite,
  stackOperand,
  stSe,
  stSignificand,
  underflows,
  wait,
} from './x87-state';

/** modrm.reg of the operations. */
const ADD: u32 = 0;
const MULTIPLY: u32 = 1;
const COMPARE: u32 = 2;
const COMPARE_POP: u32 = 3;
const SUBTRACT: u32 = 4;
const SUBTRACT_REVERSED: u32 = 5;
const DIVIDE: u32 = 6;

/** Computes an operation on ST(0) = a and the operand b. */
function compute(operation: u32, aSe: u32, a: u64, bSe: u32, b: u64, control: i32): void {
  switch (operation) {
    case ADD:
      extendedAdd(aSe, a, bSe, b, 0, control);
      break;
    case MULTIPLY:
      extendedMultiply(aSe, a, bSe, b, control);
      break;
    case SUBTRACT:
      extendedAdd(aSe, a, bSe, b, 1, control);
      break;
    case SUBTRACT_REVERSED:
      extendedAdd(bSe, b, aSe, a, 1, control);
      break;
    case DIVIDE:
      extendedDivide(aSe, a, bSe, b, control);
      break;
    default:
      extendedDivide(bSe, b, aSe, a, control);
  }
}

/** Both operands in registers, the result to ST(destination). */
function betweenRegisters(cpu: usize, record: usize, destination: u32, popAfter: bool): usize {
  wait(cpu, record);
  noteInstruction(cpu, record);
  const index = stackOperand(record);
  let delivered: bool;
  if (isEmpty(cpu, 0) || isEmpty(cpu, index)) {
    delivered = underflows(cpu);
    if (delivered) setIndefinite(cpu, destination);
  } else {
    compute(
      operationField(record),
      stSe(cpu, 0),
      stSignificand(cpu, 0),
      stSe(cpu, index),
      stSignificand(cpu, index),
      controlWord(cpu),
    );
    delivered = deliver(cpu, destination, 0);
  }
  if (popAfter && delivered) pop(cpu);
  return next(record);
}

/** D8: ST(0) op ST(i) to ST(0). */
export function arithmeticToTop(cpu: usize, record: usize): usize {
  return betweenRegisters(cpu, record, 0, false);
}

/** DC: ST(0) op ST(i) to ST(i). */
export function arithmeticToRegister(cpu: usize, record: usize): usize {
  return betweenRegisters(cpu, record, stackOperand(record), false);
}

/** DE: the same, then pop. */
export function arithmeticPop(cpu: usize, record: usize): usize {
  return betweenRegisters(cpu, record, stackOperand(record), true);
}

/**
 * ST(0) op the value in `resultSe`/`resultSignificand`. A memory operand that was denormal in its own format raises the
 * denormal exception here, because as an extended real it no longer is one.
 */
function withMemoryOperand(cpu: usize, record: usize, denormal: bool): usize {
  const bSe = resultSe;
  const b = resultSignificand;
  const operation = operationField(record);
  noteMemoryInstruction(cpu, record);
  const comparing = operation == COMPARE || operation == COMPARE_POP;
  if (isEmpty(cpu, 0)) {
    if (comparing) {
      compareEmpty(cpu, operation == COMPARE_POP ? 1 : 0);
    } else if (underflows(cpu)) {
      setIndefinite(cpu, 0);
    }
    return next(record);
  }
  const aSe = stSe(cpu, 0);
  const a = stSignificand(cpu, 0);
  const control = controlWord(cpu);
  if (comparing) extendedCompare(aSe, a, bSe, b, false, control);
  else compute(operation, aSe, a, bSe, b, control);
  if (denormal) raiseDenormal(classOf(aSe, a) >= CLASS_QUIET, control);
  if (!comparing) {
    deliver(cpu, 0, 0);
    return next(record);
  }
  const flags = resultFlags;
  commit(cpu, flags, CONDITIONS);
  if (operation == COMPARE_POP && !(flags & NO_RESULT)) pop(cpu);
  return next(record);
}

/** Adds the denormal exception to a finished computation, unless something of higher priority came first. */
function raiseDenormal(otherIsNan: bool, control: i32): void {
  if (otherIsNan || resultFlags & (INVALID | ZERO_DIVIDE)) return;
  if (control & DENORMAL) raise(DENORMAL);
  else setFlags((resultFlags & (CONDITION_0 | CONDITION_2 | CONDITION_3)) | DENORMAL | NO_RESULT);
}

/** D8 with a single in memory. */
export function arithmeticSingle(cpu: usize, record: usize): usize {
  wait(cpu, record);
  expandSingle(read<u32>(cpu, readAddress<u32>(cpu, record)));
  return withMemoryOperand(cpu, record, expandedDenormal);
}

/** DC with a double in memory. */
export function arithmeticDouble(cpu: usize, record: usize): usize {
  wait(cpu, record);
  expandDouble(read<u64>(cpu, readAddress<u64>(cpu, record)));
  return withMemoryOperand(cpu, record, expandedDenormal);
}

/** DA with a 32-bit integer in memory. */
export function arithmeticInt32(cpu: usize, record: usize): usize {
  wait(cpu, record);
  extendedFromInteger(i64(read<i32>(cpu, readAddress<i32>(cpu, record))));
  return withMemoryOperand(cpu, record, false);
}

/** DE with a 16-bit integer in memory. */
export function arithmeticInt16(cpu: usize, record: usize): usize {
  wait(cpu, record);
  extendedFromInteger(i64(read<i16>(cpu, readAddress<i16>(cpu, record))));
  return withMemoryOperand(cpu, record, false);
}

/** A comparison with an empty register: invalid and unordered, with `pops` pops if that is masked. */
export function compareEmpty(cpu: usize, pops: i32): void {
  const masked = underflows(cpu);
  commit(cpu, CONDITION_0 | CONDITION_2 | CONDITION_3, CONDITIONS);
  for (; masked && pops > 0; pops--) pop(cpu);
}
