/** FCOM(P)(P), FUCOM(P)(P), FCOMI(P), FUCOMI(P), FTST, FXAM between registers. */
import { FLAG_CF, FLAG_PF, FLAG_ZF } from '../bits';
import { setStatusFlags } from '../flags';
import { next } from '../state';
import { CONDITION_0, CONDITION_1, CONDITION_2, CONDITION_3, NO_RESULT, resultFlags } from './extended';
import { extendedCompare, extendedExamine } from './extended-comparison';
import { compareEmpty } from './x87-arithmetic';
import {
  commit,
  commitKeepingC1,
  CONDITIONS,
  controlWord,
  isEmpty,
  noteInstruction,
  pop,
  stackOperand,
  stSe,
  stSignificand,
  underflows,
  wait,
} from './x87-state';

/** Compares ST(0) with ST(index) into the condition codes and pops. */
function compareInto(cpu: usize, record: usize, index: u32, quiet: bool, pops: i32): usize {
  wait(cpu, record);
  noteInstruction(cpu, record);
  if (isEmpty(cpu, 0) || isEmpty(cpu, index)) {
    compareEmpty(cpu, pops);
    return next(record);
  }
  extendedCompare(
    stSe(cpu, 0),
    stSignificand(cpu, 0),
    stSe(cpu, index),
    stSignificand(cpu, index),
    quiet,
    controlWord(cpu),
  );
  const flags = resultFlags;
  commit(cpu, flags, CONDITIONS);
  if (flags & NO_RESULT) return next(record);
  for (; pops > 0; pops--) pop(cpu);
  return next(record);
}

export function compare(cpu: usize, record: usize): usize {
  return compareInto(cpu, record, stackOperand(record), false, 0);
}

export function comparePop(cpu: usize, record: usize): usize {
  return compareInto(cpu, record, stackOperand(record), false, 1);
}

export function comparePopTwice(cpu: usize, record: usize): usize {
  return compareInto(cpu, record, 1, false, 2);
}

export function compareUnordered(cpu: usize, record: usize): usize {
  return compareInto(cpu, record, stackOperand(record), true, 0);
}

export function compareUnorderedPop(cpu: usize, record: usize): usize {
  return compareInto(cpu, record, stackOperand(record), true, 1);
}

export function compareUnorderedPopTwice(cpu: usize, record: usize): usize {
  return compareInto(cpu, record, 1, true, 2);
}

/** The forms that set ZF, PF, CF (and clear OF, SF, AF). */
function compareFlags(cpu: usize, record: usize, quiet: bool, popAfter: bool): usize {
  wait(cpu, record);
  noteInstruction(cpu, record);
  const index = stackOperand(record);
  let relation = CONDITION_0 | CONDITION_2 | CONDITION_3;
  let delivered: bool;
  if (isEmpty(cpu, 0) || isEmpty(cpu, index)) {
    delivered = underflows(cpu);
  } else {
    extendedCompare(
      stSe(cpu, 0),
      stSignificand(cpu, 0),
      stSe(cpu, index),
      stSignificand(cpu, index),
      quiet,
      controlWord(cpu),
    );
    relation = resultFlags;
    delivered = !(relation & NO_RESULT);
    commitKeepingC1(cpu, relation & ~CONDITIONS, 0);
  }
  // The flags are set even if an unmasked exception keeps the stack as it is.
  let flags: u32 = 0;
  if (relation & CONDITION_0) flags |= FLAG_CF;
  if (relation & CONDITION_2) flags |= FLAG_PF;
  if (relation & CONDITION_3) flags |= FLAG_ZF;
  setStatusFlags(cpu, flags);
  if (popAfter && delivered) pop(cpu);
  return next(record);
}

export function compareToFlags(cpu: usize, record: usize): usize {
  return compareFlags(cpu, record, false, false);
}

export function compareToFlagsPop(cpu: usize, record: usize): usize {
  return compareFlags(cpu, record, false, true);
}

export function compareUnorderedToFlags(cpu: usize, record: usize): usize {
  return compareFlags(cpu, record, true, false);
}

export function compareUnorderedToFlagsPop(cpu: usize, record: usize): usize {
  return compareFlags(cpu, record, true, true);
}

/** FTST: ST(0) against +0. */
export function test(cpu: usize, record: usize): usize {
  wait(cpu, record);
  noteInstruction(cpu, record);
  if (isEmpty(cpu, 0)) {
    compareEmpty(cpu, 0);
    return next(record);
  }
  extendedCompare(stSe(cpu, 0), stSignificand(cpu, 0), 0, 0, false, controlWord(cpu));
  commit(cpu, resultFlags, CONDITIONS);
  return next(record);
}

/** FXAM: class and sign of ST(0); an empty register is told apart, its sign still shown. */
export function examine(cpu: usize, record: usize): usize {
  wait(cpu, record);
  noteInstruction(cpu, record);
  const se = stSe(cpu, 0);
  let codes = extendedExamine(se, stSignificand(cpu, 0));
  if (isEmpty(cpu, 0)) codes = CONDITION_3 | CONDITION_0 | (se >> 15 ? CONDITION_1 : 0);
  commit(cpu, codes, CONDITIONS);
  return next(record);
}
