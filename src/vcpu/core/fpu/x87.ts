/** The decode entries of D8 to DF and FWAIT (Intel SDM vol. 2D, tables ). */
import { FEATURE_CMOV, FEATURE_FPU, FEATURE_SSE3 } from '../../cpu-features';
import { byMem, byReg, byRm, defineMem, defineOne, defineReg, MAP_ONE, OP_MODRM, OP_X87, slot } from '../opcode-table';
import { Handler } from '../state';
import {
  arithmeticDouble,
  arithmeticInt16,
  arithmeticInt32,
  arithmeticPop,
  arithmeticSingle,
  arithmeticToRegister,
  arithmeticToTop,
} from './x87-arithmetic';
import {
  compare,
  comparePop,
  comparePopTwice,
  compareToFlags,
  compareToFlagsPop,
  compareUnordered,
  compareUnorderedPop,
  compareUnorderedPopTwice,
  compareUnorderedToFlags,
  compareUnorderedToFlagsPop,
  examine,
  test,
} from './x87-compare';
import {
  clearExceptions,
  decrementTop,
  doNothing,
  freeRegister,
  freeRegisterPop,
  incrementTop,
  initialise,
  loadControlWord,
  loadEnvironment,
  restoreState,
  saveState,
  storeControlWord,
  storeEnvironment,
  storeStatusWord,
  storeStatusWordAx,
  waitAndDoNothing,
  waitInstruction,
} from './x87-control';
import { binaryFunction, popFunction, pushFunction, unaryFunction } from './x87-functions';
import {
  changeSign,
  exchange,
  loadConstantNumber,
  loadDecimal,
  loadDouble,
  loadExtended,
  loadInt16,
  loadInt32,
  loadInt64,
  loadRegister,
  loadSingle,
  moveIf,
  storeDecimalPop,
  storeDouble,
  storeDoublePop,
  storeExtendedPop,
  storeInt16,
  storeInt32,
  storeInt64ChoppedPop,
  storeInt64Pop,
  storeRegister,
  storeRegisterPop,
  storeRegisterPopUnchecked,
  storeSingle,
  storeSinglePop,
} from './x87-move';

const OP: u32 = OP_MODRM | OP_X87;

/** The form with a memory operand. */
function memory(opcode: u32, reg: u32, feature: u32, handler: Handler): void {
  defineMem(byReg(byMem(slot(MAP_ONE, opcode), 1), reg), OP, feature, handler, handler, handler);
}

/** The form with ST(i). */
function stack(opcode: u32, reg: u32, feature: u32, handler: Handler): void {
  defineReg(byReg(byMem(slot(MAP_ONE, opcode), 0), reg), OP, feature, handler, handler, handler);
}

/** The form that the whole modrm byte names. */
function single(opcode: u32, modrm: u32, handler: Handler): void {
  const entry = byRm(byReg(byMem(slot(MAP_ONE, opcode), 0), (modrm >> 3) & 7), modrm & 7);
  defineReg(entry, OP, FEATURE_FPU, handler, handler, handler);
}

function registerArithmetic(): void {
  for (let reg: u32 = 0; reg < 8; reg++) {
    memory(0xd8, reg, FEATURE_FPU, arithmeticSingle);
    memory(0xda, reg, FEATURE_FPU, arithmeticInt32);
    memory(0xdc, reg, FEATURE_FPU, arithmeticDouble);
    memory(0xde, reg, FEATURE_FPU, arithmeticInt16);
    if (reg == 2 || reg == 3) continue;
    stack(0xd8, reg, FEATURE_FPU, arithmeticToTop);
    stack(0xdc, reg, FEATURE_FPU, arithmeticToRegister);
    stack(0xde, reg, FEATURE_FPU, arithmeticPop);
  }
}

function registerComparisons(): void {
  stack(0xd8, 2, FEATURE_FPU, compare);
  stack(0xd8, 3, FEATURE_FPU, comparePop);
  // DC D0, DC D8 and DE D0 are undocumented twins that processors have.
  stack(0xdc, 2, FEATURE_FPU, compare);
  stack(0xdc, 3, FEATURE_FPU, comparePop);
  stack(0xde, 2, FEATURE_FPU, comparePop);
  single(0xde, 0xd9, comparePopTwice);
  single(0xda, 0xe9, compareUnorderedPopTwice);
  stack(0xdd, 4, FEATURE_FPU, compareUnordered);
  stack(0xdd, 5, FEATURE_FPU, compareUnorderedPop);
  stack(0xdb, 5, FEATURE_CMOV, compareUnorderedToFlags);
  stack(0xdb, 6, FEATURE_CMOV, compareToFlags);
  stack(0xdf, 5, FEATURE_CMOV, compareUnorderedToFlagsPop);
  stack(0xdf, 6, FEATURE_CMOV, compareToFlagsPop);
  single(0xd9, 0xe4, test);
  single(0xd9, 0xe5, examine);
}

function registerMoves(): void {
  memory(0xd9, 0, FEATURE_FPU, loadSingle);
  memory(0xd9, 2, FEATURE_FPU, storeSingle);
  memory(0xd9, 3, FEATURE_FPU, storeSinglePop);
  memory(0xdd, 0, FEATURE_FPU, loadDouble);
  memory(0xdd, 2, FEATURE_FPU, storeDouble);
  memory(0xdd, 3, FEATURE_FPU, storeDoublePop);
  memory(0xdb, 5, FEATURE_FPU, loadExtended);
  memory(0xdb, 7, FEATURE_FPU, storeExtendedPop);
  memory(0xdf, 0, FEATURE_FPU, loadInt16);
  memory(0xdb, 0, FEATURE_FPU, loadInt32);
  memory(0xdf, 5, FEATURE_FPU, loadInt64);
  memory(0xdf, 2, FEATURE_FPU, storeInt16);
  memory(0xdf, 3, FEATURE_FPU, storeInt16);
  memory(0xdb, 2, FEATURE_FPU, storeInt32);
  memory(0xdb, 3, FEATURE_FPU, storeInt32);
  memory(0xdf, 7, FEATURE_FPU, storeInt64Pop);
  memory(0xdf, 1, FEATURE_SSE3, storeInt16);
  memory(0xdb, 1, FEATURE_SSE3, storeInt32);
  memory(0xdd, 1, FEATURE_SSE3, storeInt64ChoppedPop);
  memory(0xdf, 4, FEATURE_FPU, loadDecimal);
  memory(0xdf, 6, FEATURE_FPU, storeDecimalPop);
  stack(0xd9, 0, FEATURE_FPU, loadRegister);
  stack(0xd9, 1, FEATURE_FPU, exchange);
  stack(0xdd, 2, FEATURE_FPU, storeRegister);
  stack(0xdd, 3, FEATURE_FPU, storeRegisterPop);
  // D9 D8, DF D0, DF D8, DD C8 and DF C8: undocumented twins of FSTP and FXCH.
  stack(0xd9, 3, FEATURE_FPU, storeRegisterPopUnchecked);
  stack(0xdf, 2, FEATURE_FPU, storeRegisterPop);
  stack(0xdf, 3, FEATURE_FPU, storeRegisterPop);
  stack(0xdd, 1, FEATURE_FPU, exchange);
  stack(0xdf, 1, FEATURE_FPU, exchange);
  for (let reg: u32 = 0; reg < 4; reg++) {
    stack(0xda, reg, FEATURE_CMOV, moveIf);
    stack(0xdb, reg, FEATURE_CMOV, moveIf);
  }
  for (let modrm: u32 = 0xe8; modrm <= 0xee; modrm++) single(0xd9, modrm, loadConstantNumber);
  single(0xd9, 0xe0, changeSign);
  single(0xd9, 0xe1, changeSign);
}

function registerFunctions(): void {
  single(0xd9, 0xf0, unaryFunction);
  single(0xd9, 0xf1, popFunction);
  single(0xd9, 0xf2, pushFunction);
  single(0xd9, 0xf3, popFunction);
  single(0xd9, 0xf4, pushFunction);
  single(0xd9, 0xf5, binaryFunction);
  single(0xd9, 0xf6, decrementTop);
  single(0xd9, 0xf7, incrementTop);
  single(0xd9, 0xf8, binaryFunction);
  single(0xd9, 0xf9, popFunction);
  single(0xd9, 0xfa, unaryFunction);
  single(0xd9, 0xfb, pushFunction);
  single(0xd9, 0xfc, unaryFunction);
  single(0xd9, 0xfd, binaryFunction);
  single(0xd9, 0xfe, unaryFunction);
  single(0xd9, 0xff, unaryFunction);
}

function registerControls(): void {
  memory(0xd9, 4, FEATURE_FPU, loadEnvironment);
  memory(0xd9, 5, FEATURE_FPU, loadControlWord);
  memory(0xd9, 6, FEATURE_FPU, storeEnvironment);
  memory(0xd9, 7, FEATURE_FPU, storeControlWord);
  memory(0xdd, 4, FEATURE_FPU, restoreState);
  memory(0xdd, 6, FEATURE_FPU, saveState);
  memory(0xdd, 7, FEATURE_FPU, storeStatusWord);
  single(0xdf, 0xe0, storeStatusWordAx);
  stack(0xdd, 0, FEATURE_FPU, freeRegister);
  stack(0xdf, 0, FEATURE_FPU, freeRegisterPop);
  single(0xd9, 0xd0, waitAndDoNothing);
  single(0xdb, 0xe0, doNothing);
  single(0xdb, 0xe1, doNothing);
  single(0xdb, 0xe2, clearExceptions);
  single(0xdb, 0xe3, initialise);
  single(0xdb, 0xe4, doNothing);
  // Not OP_X87: CR0.EM and CR0.TS act on it differently.
  defineOne(slot(MAP_ONE, 0x9b), 0, 0, waitInstruction);
}

/** Registers every x87 instruction. */
export function registerX87(): void {
  registerArithmetic();
  registerComparisons();
  registerMoves();
  registerFunctions();
  registerControls();
}
