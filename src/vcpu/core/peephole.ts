// What is done to a block of records once it is decoded: operations whose flags nobody reads get their quiet case, and a
// comparison and the conditional branch after it get one case. Each record can still be executed by its handler.
import { RECORD_CASE, RECORD_SIZE } from '../../memory/layout';
import * as Case from './case-numbers';

const CC_B: u32 = 2;
const CC_E: u32 = 4;
const CC_NE: u32 = 5;
const CC_A: u32 = 7;
const CC_L: u32 = 12;
/** Relations of one operand to another come in this order: B AE E NE BE A, and then L GE LE G. */
const FIRST_SIGNED: u32 = 6;
const NO_RELATION: u32 = 0xff;

/**
 * Improves the records from `first` up to `end`. Only a block's first record is ever entered, and flags are read from outside
 * only after branches and at faults: registers' operations do not fault, so what lies between one that sets all flags and the
 * next that does so too need not set them.
 */
export function improveBlock(first: usize, end: usize): void {
  let isDead = false;
  for (let record = end - RECORD_SIZE; record >= first; record -= RECORD_SIZE) {
    const number = <u32>load<u8>(record, RECORD_CASE);
    if (number >= Case.JO && number <= Case.JG && record > first) fuse(record - RECORD_SIZE, number - Case.JO);
    if (isDead && number >= 1 && number <= Case.LAST_LOUD) store<u8>(record, <u8>(number + Case.QUIET), RECORD_CASE);
    else if (setsAllFlags(number)) isDead = true;
    else if (number < Case.MOV32_RM_REG || number > Case.LAST_MOVE) isDead = false;
  }
}

function setsAllFlags(number: u32): bool {
  if (number >= Case.FIRST_FUSED) return true;
  if (number > Case.LAST_LOUD) return number >= Case.CMP32_RM_REG && number <= Case.LAST_COMPARISON;
  // INC and DEC leave CF.
  return number != Case.HANDLER && (number < Case.INC32 || number > Case.DEC64);
}

/** Gives the comparison at `record`, if there is one, a case that takes the branch of condition `cc` after it too. */
function fuse(record: usize, cc: u32): void {
  const number = fusedCase(<u32>load<u8>(record, RECORD_CASE), cc);
  if (number) store<u8>(record, <u8>number, RECORD_CASE);
}

function fusedCase(comparison: u32, cc: u32): u32 {
  const relation = cc >= CC_B && cc <= CC_A ? cc - CC_B : cc >= CC_L ? cc - CC_L + FIRST_SIGNED : NO_RELATION;
  if (relation == NO_RELATION) return Case.HANDLER;
  switch (comparison) {
    case Case.CMP32_RM_REG: return Case.CMP32_RM_REG_JB + relation;
    case Case.CMP32_RM_IMM: return Case.CMP32_RM_IMM_JB + relation;
    case Case.CMP64_RM_REG: return Case.CMP64_RM_REG_JB + relation;
    case Case.CMP64_RM_IMM: return Case.CMP64_RM_IMM_JB + relation;
  }
  if (cc != CC_E && cc != CC_NE) return Case.HANDLER;
  switch (comparison) {
    case Case.CMP8_RM_IMM: return Case.CMP8_RM_IMM_JE + (cc - CC_E);
    case Case.TEST32_RM_REG: return Case.TEST32_RM_REG_JE + (cc - CC_E);
    case Case.TEST64_RM_REG: return Case.TEST64_RM_REG_JE + (cc - CC_E);
    case Case.TEST8_RM_REG: return Case.TEST8_RM_REG_JE + (cc - CC_E);
    case Case.TEST8_RM_IMM: return Case.TEST8_RM_IMM_JE + (cc - CC_E);
    default: return Case.HANDLER;
  }
}
