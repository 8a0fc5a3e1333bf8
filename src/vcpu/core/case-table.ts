// Which opcodes the run loop executes in cases of its own (dispatch.ts) instead of calling their handlers: the most frequent
// ones of compiled code, with 32- and 64-bit operands.
import {
  INFO_ADDRSIZE_SHIFT,
  INFO_OPCODE_MASK,
  INFO_OPSIZE_SHIFT,
  INFO_RIP_RELATIVE,
  RECORD_IMM,
  RECORD_INFO,
} from '../../memory/layout';
import * as Case from './case-numbers';
import { byCode64, byReg, caseMem, caseReg, MAP_0F, MAP_ONE, slot } from './opcode-table';

const SHIFT_BY_ONE: u32 = 0xd1;

/** `number`, the case of the opcode of the decoded instruction at `record`, or HANDLER if that case does not fit it. */
export function fittingCase(record: usize, number: u32): u32 {
  const info = load<u32>(record, RECORD_INFO);
  const size = (info >> INFO_OPSIZE_SHIFT) & 3;
  if (number >= Case.SHL32_IMM && number <= Case.SAR64_IMM) {
    if ((info & INFO_OPCODE_MASK) == SHIFT_BY_ONE) store<u64>(record, 1, RECORD_IMM);
    // A count of 0 leaves the flags (SDM vol. 2, "SAL/SAR/SHL/SHR").
    return load<u32>(record, RECORD_IMM) & (size == 2 ? 63 : 31) ? number : Case.HANDLER;
  }
  if (number == Case.LEA32 || number == Case.LEA64) {
    const isTruncated = ((info >> INFO_ADDRSIZE_SHIFT) & 3) < size;
    return isTruncated || info & INFO_RIP_RELATIVE ? Case.HANDLER : number;
  }
  return number;
}

/** ADD OR AND SUB XOR: `number` is the case of the 32-bit form that writes modrm.rm. */
function operation(opcode: u32, extension: u32, number: u32): void {
  caseReg(slot(MAP_ONE, opcode + 1), number, number + 1);
  caseReg(slot(MAP_ONE, opcode + 3), number + 2, number + 3);
  caseReg(slot(MAP_ONE, opcode + 5), number + 4, number + 5);
  caseReg(byReg(slot(MAP_ONE, 0x81), extension), number + 4, number + 5);
  caseReg(byReg(slot(MAP_ONE, 0x83), extension), number + 4, number + 5);
}

function shift(extension: u32, number: u32): void {
  caseReg(byReg(slot(MAP_ONE, 0xc1), extension), number, number + 1);
  caseReg(byReg(slot(MAP_ONE, 0xd1), extension), number, number + 1);
}

function registerOperations(): void {
  operation(0x00, 0, Case.ADD32_RM_REG);
  operation(0x08, 1, Case.OR32_RM_REG);
  operation(0x20, 4, Case.AND32_RM_REG);
  operation(0x28, 5, Case.SUB32_RM_REG);
  operation(0x30, 6, Case.XOR32_RM_REG);
  shift(4, Case.SHL32_IMM);
  shift(5, Case.SHR32_IMM);
  shift(7, Case.SAR32_IMM);
  caseReg(byReg(slot(MAP_ONE, 0xff), 0), Case.INC32, Case.INC64);
  caseReg(byReg(slot(MAP_ONE, 0xff), 1), Case.DEC32, Case.DEC64);
  caseReg(byReg(slot(MAP_ONE, 0xf7), 3), Case.NEG32, Case.NEG64);
  caseReg(slot(MAP_0F, 0xaf), Case.IMUL32_REG_RM, Case.IMUL64_REG_RM);
  caseReg(slot(MAP_ONE, 0x69), Case.IMUL32_RM_IMM, Case.IMUL64_RM_IMM);
  caseReg(slot(MAP_ONE, 0x6b), Case.IMUL32_RM_IMM, Case.IMUL64_RM_IMM);
}

function registerComparisons(): void {
  caseReg(slot(MAP_ONE, 0x38), Case.CMP8_RM_REG, Case.CMP8_RM_REG);
  caseReg(slot(MAP_ONE, 0x39), Case.CMP32_RM_REG, Case.CMP64_RM_REG);
  caseReg(slot(MAP_ONE, 0x3b), Case.CMP32_REG_RM, Case.CMP64_REG_RM);
  caseReg(slot(MAP_ONE, 0x3c), Case.CMP8_RM_IMM, Case.CMP8_RM_IMM);
  caseReg(slot(MAP_ONE, 0x3d), Case.CMP32_RM_IMM, Case.CMP64_RM_IMM);
  caseReg(byReg(slot(MAP_ONE, 0x80), 7), Case.CMP8_RM_IMM, Case.CMP8_RM_IMM);
  caseReg(byReg(slot(MAP_ONE, 0x81), 7), Case.CMP32_RM_IMM, Case.CMP64_RM_IMM);
  caseReg(byReg(slot(MAP_ONE, 0x83), 7), Case.CMP32_RM_IMM, Case.CMP64_RM_IMM);
  caseReg(slot(MAP_ONE, 0x84), Case.TEST8_RM_REG, Case.TEST8_RM_REG);
  caseReg(slot(MAP_ONE, 0x85), Case.TEST32_RM_REG, Case.TEST64_RM_REG);
  caseReg(slot(MAP_ONE, 0xa8), Case.TEST8_RM_IMM, Case.TEST8_RM_IMM);
  caseReg(slot(MAP_ONE, 0xa9), Case.TEST32_RM_IMM, Case.TEST64_RM_IMM);
  caseReg(byReg(slot(MAP_ONE, 0xf6), 0), Case.TEST8_RM_IMM, Case.TEST8_RM_IMM);
  caseReg(byReg(slot(MAP_ONE, 0xf7), 0), Case.TEST32_RM_IMM, Case.TEST64_RM_IMM);
}

function registerMoves(): void {
  caseReg(slot(MAP_ONE, 0x89), Case.MOV32_RM_REG, Case.MOV64_RM_REG);
  caseReg(slot(MAP_ONE, 0x8b), Case.MOV32_REG_RM, Case.MOV64_REG_RM);
  caseReg(byReg(slot(MAP_ONE, 0xc7), 0), Case.MOV32_RM_IMM, Case.MOV64_RM_IMM);
  for (let r: u32 = 0; r < 8; r++) {
    caseReg(slot(MAP_ONE, 0xb8 + r), Case.MOV32_RM_IMM, Case.MOV64_RM_IMM);
    caseReg(slot(MAP_ONE, 0x50 + r), Case.HANDLER, Case.PUSH64);
    caseReg(slot(MAP_ONE, 0x58 + r), Case.HANDLER, Case.POP64);
  }
  caseReg(slot(MAP_0F, 0xb6), Case.MOVZX8_REG_RM, Case.MOVZX8_REG_RM);
  caseReg(slot(MAP_0F, 0xb7), Case.MOVZX16_REG_RM, Case.MOVZX16_REG_RM);
  caseReg(slot(MAP_0F, 0xbe), Case.MOVSX8_32_REG_RM, Case.MOVSX8_64_REG_RM);
  caseReg(slot(MAP_0F, 0xbf), Case.MOVSX16_32_REG_RM, Case.MOVSX16_64_REG_RM);
  caseReg(byCode64(slot(MAP_ONE, 0x63), 1), Case.MOV32_REG_RM, Case.MOVSXD_REG_RM);
  caseMem(slot(MAP_ONE, 0x8d), Case.LEA32, Case.LEA64);
  caseMem(slot(MAP_ONE, 0x88), Case.MOV8_MEM_REG, Case.MOV8_MEM_REG);
  caseMem(slot(MAP_ONE, 0x89), Case.MOV32_MEM_REG, Case.MOV64_MEM_REG);
  caseMem(slot(MAP_ONE, 0x8a), Case.MOV8_REG_MEM, Case.MOV8_REG_MEM);
  caseMem(slot(MAP_ONE, 0x8b), Case.MOV32_REG_MEM, Case.MOV64_REG_MEM);
  caseMem(byReg(slot(MAP_ONE, 0xc6), 0), Case.MOV8_MEM_IMM, Case.MOV8_MEM_IMM);
  caseMem(byReg(slot(MAP_ONE, 0xc7), 0), Case.MOV32_MEM_IMM, Case.MOV64_MEM_IMM);
  caseMem(slot(MAP_0F, 0xb6), Case.MOVZX8_REG_MEM, Case.MOVZX8_REG_MEM);
  caseMem(slot(MAP_0F, 0xb7), Case.MOVZX16_REG_MEM, Case.MOVZX16_REG_MEM);
  caseMem(slot(MAP_0F, 0xbe), Case.MOVSX8_32_REG_MEM, Case.HANDLER);
  caseMem(slot(MAP_0F, 0xbf), Case.MOVSX16_32_REG_MEM, Case.HANDLER);
  caseMem(byCode64(slot(MAP_ONE, 0x63), 1), Case.MOV32_REG_MEM, Case.MOVSXD_REG_MEM);
}

function registerMemoryOperations(): void {
  caseMem(slot(MAP_ONE, 0x03), Case.ADD32_REG_MEM, Case.ADD64_REG_MEM);
  caseMem(slot(MAP_ONE, 0x0b), Case.OR32_REG_MEM, Case.OR64_REG_MEM);
  caseMem(slot(MAP_ONE, 0x23), Case.AND32_REG_MEM, Case.AND64_REG_MEM);
  caseMem(slot(MAP_ONE, 0x2b), Case.SUB32_REG_MEM, Case.SUB64_REG_MEM);
  caseMem(slot(MAP_ONE, 0x33), Case.XOR32_REG_MEM, Case.XOR64_REG_MEM);
  caseMem(slot(MAP_ONE, 0x01), Case.ADD32_MEM_REG, Case.ADD64_MEM_REG);
  caseMem(slot(MAP_ONE, 0x29), Case.SUB32_MEM_REG, Case.SUB64_MEM_REG);
  caseMem(byReg(slot(MAP_ONE, 0x81), 0), Case.ADD32_MEM_IMM, Case.ADD64_MEM_IMM);
  caseMem(byReg(slot(MAP_ONE, 0x83), 0), Case.ADD32_MEM_IMM, Case.ADD64_MEM_IMM);
  caseMem(byReg(slot(MAP_ONE, 0x81), 5), Case.SUB32_MEM_IMM, Case.SUB64_MEM_IMM);
  caseMem(byReg(slot(MAP_ONE, 0x83), 5), Case.SUB32_MEM_IMM, Case.SUB64_MEM_IMM);
  caseMem(slot(MAP_ONE, 0x39), Case.CMP32_MEM_REG, Case.CMP64_MEM_REG);
  caseMem(slot(MAP_ONE, 0x3b), Case.CMP32_REG_MEM, Case.CMP64_REG_MEM);
  caseMem(byReg(slot(MAP_ONE, 0x80), 7), Case.CMP8_MEM_IMM, Case.CMP8_MEM_IMM);
  caseMem(byReg(slot(MAP_ONE, 0x81), 7), Case.CMP32_MEM_IMM, Case.CMP64_MEM_IMM);
  caseMem(byReg(slot(MAP_ONE, 0x83), 7), Case.CMP32_MEM_IMM, Case.CMP64_MEM_IMM);
  caseMem(byReg(slot(MAP_ONE, 0xf6), 0), Case.TEST8_MEM_IMM, Case.TEST8_MEM_IMM);
}

function registerBranches(): void {
  for (let cc: u32 = 0; cc < 16; cc++) {
    caseReg(slot(MAP_ONE, 0x70 + cc), Case.JO + cc, Case.JO + cc);
    caseReg(slot(MAP_0F, 0x80 + cc), Case.JO + cc, Case.JO + cc);
  }
  caseReg(slot(MAP_ONE, 0xeb), Case.JMP, Case.JMP);
  caseReg(slot(MAP_ONE, 0xe9), Case.JMP, Case.JMP);
  caseReg(slot(MAP_ONE, 0xe8), Case.HANDLER, Case.CALL64);
  caseReg(slot(MAP_ONE, 0xc3), Case.HANDLER, Case.RET64);
}

/** To be called after every family has registered its opcodes. */
export function registerCases(): void {
  registerOperations();
  registerComparisons();
  registerMoves();
  registerMemoryOperations();
  registerBranches();
}
