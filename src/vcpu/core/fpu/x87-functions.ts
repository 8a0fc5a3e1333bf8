/** The instructions of D9 F0 to D9 FF that compute: transcendental functions, remainders, scaling, rounding. */
import { next } from '../state';
import { extendedArctangent } from './arctangent';
import { CONDITION_2, EXPONENT_MASK, NO_RESULT, resultFlags, resultSe, resultSignificand } from './extended';
import { extendedSquareRoot } from './extended-arithmetic';
import {
  extendedExtract,
  extendedRemainder,
  extendedRoundToInteger,
  extendedScale,
  extractedSe,
  extractedSignificand,
} from './extended-remainder';
import { extendedExp2Minus1, extendedYLog2X, extendedYLog2XPlus1 } from './logarithm';
import {
  cosineSe,
  cosineSignificand,
  extendedCosine,
  extendedSine,
  extendedSineCosine,
  extendedTangent,
} from './trigonometric';
import {
  CONDITIONS,
  controlWord,
  deliver,
  isEmpty,
  noteInstruction,
  overflows,
  pop,
  push,
  lowerTop,
  setIndefinite,
  stackOperand,
  operationField,
  stSe,
  stSignificand,
  underflows,
  wait,
} from './x87-state';

/** F2XM1, FSQRT, FRNDINT, FSIN, FCOS: ST(0) to ST(0). The low four bits of the modrm byte tell which. */
export function unaryFunction(cpu: usize, record: usize): usize {
  wait(cpu, record);
  noteInstruction(cpu, record);
  const number = functionNumber(record);
  // FSIN and FCOS define C2.
  const cleared = number >= 0xe ? CONDITION_2 : 0;
  if (isEmpty(cpu, 0)) {
    if (underflows(cpu, cleared)) setIndefinite(cpu, 0);
    return next(record);
  }
  const se = stSe(cpu, 0);
  const significand = stSignificand(cpu, 0);
  const control = controlWord(cpu);
  switch (number) {
    case 0x0:
      extendedExp2Minus1(se, significand, control);
      break;
    case 0xa:
      extendedSquareRoot(se, significand, control);
      break;
    case 0xc:
      extendedRoundToInteger(se, significand, control);
      break;
    case 0xe:
      extendedSine(se, significand, control);
      break;
    default:
      extendedCosine(se, significand, control);
  }
  deliver(cpu, 0, cleared);
  return next(record);
}

function functionNumber(record: usize): u32 {
  return ((operationField(record) & 1) << 3) | stackOperand(record);
}

/** FPREM, FPREM1, FSCALE: ST(0) and ST(1) to ST(0). */
export function binaryFunction(cpu: usize, record: usize): usize {
  wait(cpu, record);
  noteInstruction(cpu, record);
  const number = functionNumber(record);
  if (isEmpty(cpu, 0) || isEmpty(cpu, 1)) {
    if (underflows(cpu, number == 0xd ? 0 : CONDITION_2)) setIndefinite(cpu, 0);
    return next(record);
  }
  const aSe = stSe(cpu, 0);
  const a = stSignificand(cpu, 0);
  const bSe = stSe(cpu, 1);
  const b = stSignificand(cpu, 1);
  const control = controlWord(cpu);
  if (number == 0xd) {
    extendedScale(aSe, a, bSe, b, control);
    deliver(cpu, 0, 0);
  } else {
    extendedRemainder(aSe, a, bSe, b, number == 0x5, control);
    // What ends without a quotient leaves C0 and C3 alone.
    const hasQuotient = !(resultFlags & NO_RESULT) && (resultSe & EXPONENT_MASK) != EXPONENT_MASK;
    deliver(cpu, 0, hasQuotient ? CONDITIONS : CONDITION_2);
  }
  return next(record);
}

/** FYL2X, FPATAN, FYL2XP1: ST(0) and ST(1) to ST(1), then pop. */
export function popFunction(cpu: usize, record: usize): usize {
  wait(cpu, record);
  noteInstruction(cpu, record);
  if (isEmpty(cpu, 0) || isEmpty(cpu, 1)) {
    if (underflows(cpu)) {
      setIndefinite(cpu, 1);
      pop(cpu);
    }
    return next(record);
  }
  const xSe = stSe(cpu, 0);
  const x = stSignificand(cpu, 0);
  const ySe = stSe(cpu, 1);
  const y = stSignificand(cpu, 1);
  const control = controlWord(cpu);
  switch (functionNumber(record)) {
    case 0x1:
      extendedYLog2X(xSe, x, ySe, y, control);
      break;
    case 0x3:
      extendedArctangent(xSe, x, ySe, y, control);
      break;
    default:
      extendedYLog2XPlus1(xSe, x, ySe, y, control);
  }
  if (deliver(cpu, 1, 0)) pop(cpu);
  return next(record);
}

/** FPTAN, FXTRACT, FSINCOS: one result replaces ST(0), a second is pushed. */
export function pushFunction(cpu: usize, record: usize): usize {
  wait(cpu, record);
  noteInstruction(cpu, record);
  const number = functionNumber(record);
  const cleared = number == 0x4 ? 0 : CONDITION_2;
  const topEmpty = isEmpty(cpu, 0);
  if (topEmpty || !isEmpty(cpu, 7)) {
    if (topEmpty ? underflows(cpu, cleared) : overflows(cpu, cleared)) {
      setIndefinite(cpu, 0);
      lowerTop(cpu);
      setIndefinite(cpu, 0);
    }
    return next(record);
  }
  const se = stSe(cpu, 0);
  const significand = stSignificand(cpu, 0);
  const control = controlWord(cpu);
  let secondSe: u32 = 0x3fff;
  let second: u64 = 0x8000000000000000;
  switch (number) {
    case 0x2:
      extendedTangent(se, significand, control);
      if ((resultSe & EXPONENT_MASK) == EXPONENT_MASK) {
        secondSe = resultSe;
        second = resultSignificand;
      }
      break;
    case 0x4:
      extendedExtract(se, significand, control);
      secondSe = extractedSe;
      second = extractedSignificand;
      break;
    default:
      extendedSineCosine(se, significand, control);
      secondSe = cosineSe;
      second = cosineSignificand;
  }
  if (deliver(cpu, 0, cleared)) push(cpu, secondSe, second);
  return next(record);
}
