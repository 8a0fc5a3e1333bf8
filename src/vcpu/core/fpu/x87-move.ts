/** Loads, stores, exchanges, conditional moves, constants, sign changes: D9, DA, DB, DD, DF. */
import { addressOf, readAddress, writeAddress } from '../address';
import { checkWrite, read, write } from '../access';
import { condition } from '../flags';
import { info, next } from '../state';
import { NO_RESULT, resultFlags, setResult } from './extended';
import {
  extendedFromDouble,
  extendedFromInteger,
  extendedFromSingle,
  extendedToDouble,
  extendedToInteger,
  extendedToSingle,
} from './extended-conversion';
import { decimalHigh, extendedFromDecimal, extendedToDecimal } from './extended-decimal';
import { loadConstant } from './logarithm';
import { INVALID } from './rounding';
import {
  commit,
  controlWord,
  deliverPush,
  exchangeRegisters,
  isEmpty,
  noteInstruction,
  noteMemoryInstruction,
  operationField,
  pop,
  lowerTop,
  setIndefinite,
  setRegister,
  stackOperand,
  STACK_FAULT,
  stSe,
  stSignificand,
  underflows,
  wait,
} from './x87-state';

/** A number with 10 bytes in memory is read and written as 8 and 2. */
const EXTENDED_BYTES: u32 = 10;

export function loadSingle(cpu: usize, record: usize): usize {
  wait(cpu, record);
  const value = read<u32>(cpu, readAddress<u32>(cpu, record));
  noteMemoryInstruction(cpu, record);
  extendedFromSingle(value, controlWord(cpu));
  deliverPush(cpu);
  return next(record);
}

export function loadDouble(cpu: usize, record: usize): usize {
  wait(cpu, record);
  const value = read<u64>(cpu, readAddress<u64>(cpu, record));
  noteMemoryInstruction(cpu, record);
  extendedFromDouble(value, controlWord(cpu));
  deliverPush(cpu);
  return next(record);
}

export function loadExtended(cpu: usize, record: usize): usize {
  wait(cpu, record);
  const linear = addressOf(cpu, record, EXTENDED_BYTES, false);
  const significand = read<u64>(cpu, linear);
  const se = u32(read<u16>(cpu, linear + 8));
  noteMemoryInstruction(cpu, record);
  setResult(se, significand, 0);
  deliverPush(cpu);
  return next(record);
}

export function loadInt16(cpu: usize, record: usize): usize {
  wait(cpu, record);
  const value = i64(read<i16>(cpu, readAddress<i16>(cpu, record)));
  noteMemoryInstruction(cpu, record);
  extendedFromInteger(value);
  deliverPush(cpu);
  return next(record);
}

export function loadInt32(cpu: usize, record: usize): usize {
  wait(cpu, record);
  const value = i64(read<i32>(cpu, readAddress<i32>(cpu, record)));
  noteMemoryInstruction(cpu, record);
  extendedFromInteger(value);
  deliverPush(cpu);
  return next(record);
}

export function loadInt64(cpu: usize, record: usize): usize {
  wait(cpu, record);
  const value = read<i64>(cpu, readAddress<i64>(cpu, record));
  noteMemoryInstruction(cpu, record);
  extendedFromInteger(value);
  deliverPush(cpu);
  return next(record);
}

/** FBLD. */
export function loadDecimal(cpu: usize, record: usize): usize {
  wait(cpu, record);
  const linear = addressOf(cpu, record, EXTENDED_BYTES, false);
  const low = read<u64>(cpu, linear);
  const high = u32(read<u16>(cpu, linear + 8));
  noteMemoryInstruction(cpu, record);
  extendedFromDecimal(low, high);
  deliverPush(cpu);
  return next(record);
}

/** FLD ST(i). */
export function loadRegister(cpu: usize, record: usize): usize {
  wait(cpu, record);
  noteInstruction(cpu, record);
  const index = stackOperand(record);
  if (!isEmpty(cpu, index)) {
    setResult(stSe(cpu, index), stSignificand(cpu, index), 0);
    deliverPush(cpu);
  } else if (underflows(cpu)) {
    lowerTop(cpu);
    setIndefinite(cpu, 0);
  }
  return next(record);
}

/** FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2, FLDZ, numbered by modrm.rm; rounded by the rounding control. */
export function loadConstantNumber(cpu: usize, record: usize): usize {
  wait(cpu, record);
  noteInstruction(cpu, record);
  const control = controlWord(cpu);
  switch (stackOperand(record)) {
    case 0:
      setResult(0x3fff, 0x8000000000000000, 0);
      break;
    case 1:
      loadConstant(1, 0xd49a784bcd1b8afe, 0x492bf6ff4dafdb4d, control);
      break;
    case 2:
      loadConstant(0, 0xb8aa3b295c17f0bb, 0xbe87fed0691d3e89, control);
      break;
    case 3:
      loadConstant(1, 0xc90fdaa22168c234, 0xc4c6628b80dc1cd1, control);
      break;
    case 4:
      loadConstant(-2, 0x9a209a84fbcff798, 0x8f8959ac0b7c9178, control);
      break;
    case 5:
      loadConstant(-1, 0xb17217f7d1cf79ab, 0xc9e3b39803f2f6af, control);
      break;
    default:
      setResult(0, 0, 0);
  }
  deliverPush(cpu);
  return next(record);
}

/**
 * What a store of ST(0) starts with: true if there is a value, false if the register is empty, in which case the flags are
 * those of a stack underflow. Nothing is committed before the memory operand is known to be writable.
 */
function beginStore(cpu: usize): bool {
  if (!isEmpty(cpu, 0)) return true;
  setResult(0, 0, controlWord(cpu) & INVALID ? INVALID | STACK_FAULT : INVALID | STACK_FAULT | NO_RESULT);
  return false;
}

/** Whether the computed store is to reach memory. */
function stores(): bool {
  return !(resultFlags & NO_RESULT);
}

function endStore(cpu: usize, record: usize, popAfter: bool): usize {
  const flags = resultFlags;
  noteMemoryInstruction(cpu, record);
  commit(cpu, flags, 0);
  if (popAfter && !(flags & NO_RESULT)) pop(cpu);
  return next(record);
}

function putSingle(cpu: usize, record: usize, popAfter: bool): usize {
  wait(cpu, record);
  const linear = writeAddress<u32>(cpu, record);
  let value: u32 = 0xffc00000;
  if (beginStore(cpu)) value = extendedToSingle(stSe(cpu, 0), stSignificand(cpu, 0), controlWord(cpu));
  if (stores()) write<u32>(cpu, linear, value);
  return endStore(cpu, record, popAfter);
}

export function storeSingle(cpu: usize, record: usize): usize {
  return putSingle(cpu, record, false);
}

export function storeSinglePop(cpu: usize, record: usize): usize {
  return putSingle(cpu, record, true);
}

function putDouble(cpu: usize, record: usize, popAfter: bool): usize {
  wait(cpu, record);
  const linear = writeAddress<u64>(cpu, record);
  let value: u64 = 0xfff8000000000000;
  if (beginStore(cpu)) value = extendedToDouble(stSe(cpu, 0), stSignificand(cpu, 0), controlWord(cpu));
  if (stores()) write<u64>(cpu, linear, value);
  return endStore(cpu, record, popAfter);
}

export function storeDouble(cpu: usize, record: usize): usize {
  return putDouble(cpu, record, false);
}

export function storeDoublePop(cpu: usize, record: usize): usize {
  return putDouble(cpu, record, true);
}

/** FSTP m80: any bit pattern is stored as it is. */
export function storeExtendedPop(cpu: usize, record: usize): usize {
  wait(cpu, record);
  const linear = addressOf(cpu, record, EXTENDED_BYTES, true);
  let se: u32 = 0xffff;
  let significand: u64 = 0xc000000000000000;
  if (beginStore(cpu)) {
    se = stSe(cpu, 0);
    significand = stSignificand(cpu, 0);
    setResult(se, significand, 0);
  }
  if (stores()) {
    checkWrite(cpu, linear, EXTENDED_BYTES);
    write<u64>(cpu, linear, significand);
    write<u16>(cpu, linear + 8, u16(se));
  }
  return endStore(cpu, record, true);
}

/** FBSTP. */
export function storeDecimalPop(cpu: usize, record: usize): usize {
  wait(cpu, record);
  const linear = addressOf(cpu, record, EXTENDED_BYTES, true);
  let low: u64 = 0xc000000000000000;
  let high: u32 = 0xffff;
  if (beginStore(cpu)) {
    low = extendedToDecimal(stSe(cpu, 0), stSignificand(cpu, 0), controlWord(cpu));
    high = decimalHigh;
  }
  if (stores()) {
    checkWrite(cpu, linear, EXTENDED_BYTES);
    write<u64>(cpu, linear, low);
    write<u16>(cpu, linear + 8, u16(high));
  }
  return endStore(cpu, record, true);
}

/** ST(0) as an integer of `bits`, or the integer indefinite for an empty register. */
function integerOfTop(cpu: usize, bits: i32, chop: bool): i64 {
  if (!beginStore(cpu)) return i64(-1) << (bits - 1);
  return extendedToInteger(stSe(cpu, 0), stSignificand(cpu, 0), bits, chop, controlWord(cpu));
}

function putInt16(cpu: usize, record: usize, chop: bool, popAfter: bool): usize {
  wait(cpu, record);
  const linear = writeAddress<u16>(cpu, record);
  const value = integerOfTop(cpu, 16, chop);
  if (stores()) write<u16>(cpu, linear, u16(value));
  return endStore(cpu, record, popAfter);
}

function putInt32(cpu: usize, record: usize, chop: bool, popAfter: bool): usize {
  wait(cpu, record);
  const linear = writeAddress<u32>(cpu, record);
  const value = integerOfTop(cpu, 32, chop);
  if (stores()) write<u32>(cpu, linear, u32(value));
  return endStore(cpu, record, popAfter);
}

function putInt64(cpu: usize, record: usize, chop: bool): usize {
  wait(cpu, record);
  const linear = writeAddress<u64>(cpu, record);
  const value = integerOfTop(cpu, 64, chop);
  if (stores()) write<u64>(cpu, linear, u64(value));
  return endStore(cpu, record, true);
}

/** FIST, FISTP, FISTTP with 16 bits: modrm.reg 2, 3, 1. */
export function storeInt16(cpu: usize, record: usize): usize {
  const operation = operationField(record);
  return putInt16(cpu, record, operation == 1, operation != 2);
}

/** FIST, FISTP, FISTTP with 32 bits. */
export function storeInt32(cpu: usize, record: usize): usize {
  const operation = operationField(record);
  return putInt32(cpu, record, operation == 1, operation != 2);
}

/** FISTP with 64 bits. */
export function storeInt64Pop(cpu: usize, record: usize): usize {
  return putInt64(cpu, record, false);
}

/** FISTTP with 64 bits. */
export function storeInt64ChoppedPop(cpu: usize, record: usize): usize {
  return putInt64(cpu, record, true);
}

function moveToRegister(cpu: usize, record: usize, popAfter: bool): usize {
  wait(cpu, record);
  noteInstruction(cpu, record);
  const index = stackOperand(record);
  if (isEmpty(cpu, 0)) {
    if (!underflows(cpu)) return next(record);
    setIndefinite(cpu, index);
  } else {
    commit(cpu, 0, 0);
    setRegister(cpu, index, stSe(cpu, 0), stSignificand(cpu, 0));
  }
  if (popAfter) pop(cpu);
  return next(record);
}

/** FST ST(i). */
export function storeRegister(cpu: usize, record: usize): usize {
  return moveToRegister(cpu, record, false);
}

/** FSTP ST(i). */
export function storeRegisterPop(cpu: usize, record: usize): usize {
  return moveToRegister(cpu, record, true);
}

/** D9 D8+i, an undocumented FSTP: an empty ST(0) is popped without being looked at. */
export function storeRegisterPopUnchecked(cpu: usize, record: usize): usize {
  wait(cpu, record);
  noteInstruction(cpu, record);
  commit(cpu, 0, 0);
  if (!isEmpty(cpu, 0)) setRegister(cpu, stackOperand(record), stSe(cpu, 0), stSignificand(cpu, 0));
  pop(cpu);
  return next(record);
}

/** FXCH: an empty register takes part as the indefinite if invalid is masked. */
export function exchange(cpu: usize, record: usize): usize {
  wait(cpu, record);
  noteInstruction(cpu, record);
  const index = stackOperand(record);
  const topEmpty = isEmpty(cpu, 0);
  const otherEmpty = isEmpty(cpu, index);
  if (topEmpty || otherEmpty) {
    if (!underflows(cpu)) return next(record);
    if (topEmpty) setIndefinite(cpu, 0);
    if (otherEmpty) setIndefinite(cpu, index);
  } else {
    commit(cpu, 0, 0);
  }
  exchangeRegisters(cpu, index);
  return next(record);
}

/**
 * FCMOVcc: DA has B, E, BE, U and DB their negations in modrm.reg 0 to 3. Both registers must be in use even if the
 * condition is false.
 */
export function moveIf(cpu: usize, record: usize): usize {
  wait(cpu, record);
  noteInstruction(cpu, record);
  const index = stackOperand(record);
  const operation = operationField(record);
  // Condition codes of Jcc: B 2, E 4, BE 6, U (parity) 10; the odd ones are the negations.
  const code = (operation == 3 ? 10 : 2 + 2 * operation) | (info(record) & 1);
  if (isEmpty(cpu, 0) || isEmpty(cpu, index)) {
    if (underflows(cpu)) setIndefinite(cpu, 0);
    return next(record);
  }
  if (condition(cpu, code)) setRegister(cpu, 0, stSe(cpu, index), stSignificand(cpu, index));
  return next(record);
}

/** FCHS and FABS (modrm.rm 0 and 1): the sign bit alone, whatever the class. */
export function changeSign(cpu: usize, record: usize): usize {
  wait(cpu, record);
  noteInstruction(cpu, record);
  if (isEmpty(cpu, 0)) {
    if (underflows(cpu)) setIndefinite(cpu, 0);
    return next(record);
  }
  commit(cpu, 0, 0);
  const se = stSe(cpu, 0);
  setRegister(cpu, 0, stackOperand(record) == 0 ? se ^ 0x8000 : se & 0x7fff, stSignificand(cpu, 0));
  return next(record);
}
