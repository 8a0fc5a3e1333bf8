// The loop that executes records. The cases are one function, since a jump inside a function costs a third of a call by the
// function table; their bodies are those of the handlers.
import { CPU_CURRENT_RECORD, RECORD_CASE } from '../../memory/layout';
import {
  ADD,
  AND,
  DEC,
  INC,
  memImm,
  memReg,
  NEG,
  oneRm,
  oneRmQuiet,
  OR,
  regMem,
  regRm,
  regRmQuiet,
  rmImm,
  rmImmQuiet,
  rmReg,
  rmRegQuiet,
  SUB,
  XOR,
} from './alu';
import {
  CMP_MEM_IMM,
  CMP_MEM_REG,
  CMP_REG_MEM,
  CMP_REG_RM,
  CMP_RM_IMM,
  CMP_RM_REG,
  TEST_MEM_IMM,
  TEST_RM_IMM,
  TEST_RM_REG,
} from './alu-opcodes';
import * as Case from './case-numbers';
import { CALL_REL, RET } from './control';
import { callHandler, compareAndBranch, follow, testAndBranch } from './direct-branch';
import { condition } from './flags';
import {
  LEA_PLAIN,
  MOV_MEM_IMM,
  MOV_MEM_REG,
  MOV_REG_MEM,
  MOV_REG_RM,
  MOV_RM_IMM,
  MOV_RM_REG,
  MOVX_REG_MEM,
  MOVX_REG_RM,
} from './mov';
import { IMUL2_RM, IMUL2_RM_QUIET, IMUL3_RM, IMUL3_RM_QUIET } from './muldiv';
import { BY_IMMEDIATE, SAR, SHL, shiftRm, shiftRmQuiet, SHR } from './shift';
import { POP_RM, PUSH_RM } from './stack';
import { imm, next, reg } from './state';

/** The instruction at `record` may fault. */
// @ts-ignore: decorator
@inline
function note(cpu: usize, record: usize): void {
  store<u32>(cpu, <u32>record, CPU_CURRENT_RECORD);
}

/** Executes records from `first` (0: none) until a branch or a handler gives 0. */
export function runBlocks(cpu: usize, first: usize): void {
  let record = first;
  if (!record) return;
  while (true) {
    switch (<u32>load<u8>(record, RECORD_CASE)) {
      case Case.HANDLER: record = callHandler(cpu, record); if (!record) return; break;
      case Case.ADD32_RM_REG: record = rmReg<u32>(cpu, record, ADD); break;
      case Case.ADD64_RM_REG: record = rmReg<u64>(cpu, record, ADD); break;
      case Case.ADD32_REG_RM: record = regRm<u32>(cpu, record, ADD); break;
      case Case.ADD64_REG_RM: record = regRm<u64>(cpu, record, ADD); break;
      case Case.ADD32_RM_IMM: record = rmImm<u32>(cpu, record, ADD); break;
      case Case.ADD64_RM_IMM: record = rmImm<u64>(cpu, record, ADD); break;
      case Case.OR32_RM_REG: record = rmReg<u32>(cpu, record, OR); break;
      case Case.OR64_RM_REG: record = rmReg<u64>(cpu, record, OR); break;
      case Case.OR32_REG_RM: record = regRm<u32>(cpu, record, OR); break;
      case Case.OR64_REG_RM: record = regRm<u64>(cpu, record, OR); break;
      case Case.OR32_RM_IMM: record = rmImm<u32>(cpu, record, OR); break;
      case Case.OR64_RM_IMM: record = rmImm<u64>(cpu, record, OR); break;
      case Case.AND32_RM_REG: record = rmReg<u32>(cpu, record, AND); break;
      case Case.AND64_RM_REG: record = rmReg<u64>(cpu, record, AND); break;
      case Case.AND32_REG_RM: record = regRm<u32>(cpu, record, AND); break;
      case Case.AND64_REG_RM: record = regRm<u64>(cpu, record, AND); break;
      case Case.AND32_RM_IMM: record = rmImm<u32>(cpu, record, AND); break;
      case Case.AND64_RM_IMM: record = rmImm<u64>(cpu, record, AND); break;
      case Case.SUB32_RM_REG: record = rmReg<u32>(cpu, record, SUB); break;
      case Case.SUB64_RM_REG: record = rmReg<u64>(cpu, record, SUB); break;
      case Case.SUB32_REG_RM: record = regRm<u32>(cpu, record, SUB); break;
      case Case.SUB64_REG_RM: record = regRm<u64>(cpu, record, SUB); break;
      case Case.SUB32_RM_IMM: record = rmImm<u32>(cpu, record, SUB); break;
      case Case.SUB64_RM_IMM: record = rmImm<u64>(cpu, record, SUB); break;
      case Case.XOR32_RM_REG: record = rmReg<u32>(cpu, record, XOR); break;
      case Case.XOR64_RM_REG: record = rmReg<u64>(cpu, record, XOR); break;
      case Case.XOR32_REG_RM: record = regRm<u32>(cpu, record, XOR); break;
      case Case.XOR64_REG_RM: record = regRm<u64>(cpu, record, XOR); break;
      case Case.XOR32_RM_IMM: record = rmImm<u32>(cpu, record, XOR); break;
      case Case.XOR64_RM_IMM: record = rmImm<u64>(cpu, record, XOR); break;
      case Case.INC32: record = oneRm<u32>(cpu, record, INC); break;
      case Case.INC64: record = oneRm<u64>(cpu, record, INC); break;
      case Case.DEC32: record = oneRm<u32>(cpu, record, DEC); break;
      case Case.DEC64: record = oneRm<u64>(cpu, record, DEC); break;
      case Case.NEG32: record = oneRm<u32>(cpu, record, NEG); break;
      case Case.NEG64: record = oneRm<u64>(cpu, record, NEG); break;
      case Case.SHL32_IMM: record = shiftRm<u32>(cpu, record, SHL, BY_IMMEDIATE); break;
      case Case.SHL64_IMM: record = shiftRm<u64>(cpu, record, SHL, BY_IMMEDIATE); break;
      case Case.SHR32_IMM: record = shiftRm<u32>(cpu, record, SHR, BY_IMMEDIATE); break;
      case Case.SHR64_IMM: record = shiftRm<u64>(cpu, record, SHR, BY_IMMEDIATE); break;
      case Case.SAR32_IMM: record = shiftRm<u32>(cpu, record, SAR, BY_IMMEDIATE); break;
      case Case.SAR64_IMM: record = shiftRm<u64>(cpu, record, SAR, BY_IMMEDIATE); break;
      case Case.IMUL32_REG_RM: record = IMUL2_RM<i32>(cpu, record); break;
      case Case.IMUL64_REG_RM: record = IMUL2_RM<i64>(cpu, record); break;
      case Case.IMUL32_RM_IMM: record = IMUL3_RM<i32>(cpu, record); break;
      case Case.IMUL64_RM_IMM: record = IMUL3_RM<i64>(cpu, record); break;
      case Case.ADD32_RM_REG_QUIET: record = rmRegQuiet<u32>(cpu, record, ADD); break;
      case Case.ADD64_RM_REG_QUIET: record = rmRegQuiet<u64>(cpu, record, ADD); break;
      case Case.ADD32_REG_RM_QUIET: record = regRmQuiet<u32>(cpu, record, ADD); break;
      case Case.ADD64_REG_RM_QUIET: record = regRmQuiet<u64>(cpu, record, ADD); break;
      case Case.ADD32_RM_IMM_QUIET: record = rmImmQuiet<u32>(cpu, record, ADD); break;
      case Case.ADD64_RM_IMM_QUIET: record = rmImmQuiet<u64>(cpu, record, ADD); break;
      case Case.OR32_RM_REG_QUIET: record = rmRegQuiet<u32>(cpu, record, OR); break;
      case Case.OR64_RM_REG_QUIET: record = rmRegQuiet<u64>(cpu, record, OR); break;
      case Case.OR32_REG_RM_QUIET: record = regRmQuiet<u32>(cpu, record, OR); break;
      case Case.OR64_REG_RM_QUIET: record = regRmQuiet<u64>(cpu, record, OR); break;
      case Case.OR32_RM_IMM_QUIET: record = rmImmQuiet<u32>(cpu, record, OR); break;
      case Case.OR64_RM_IMM_QUIET: record = rmImmQuiet<u64>(cpu, record, OR); break;
      case Case.AND32_RM_REG_QUIET: record = rmRegQuiet<u32>(cpu, record, AND); break;
      case Case.AND64_RM_REG_QUIET: record = rmRegQuiet<u64>(cpu, record, AND); break;
      case Case.AND32_REG_RM_QUIET: record = regRmQuiet<u32>(cpu, record, AND); break;
      case Case.AND64_REG_RM_QUIET: record = regRmQuiet<u64>(cpu, record, AND); break;
      case Case.AND32_RM_IMM_QUIET: record = rmImmQuiet<u32>(cpu, record, AND); break;
      case Case.AND64_RM_IMM_QUIET: record = rmImmQuiet<u64>(cpu, record, AND); break;
      case Case.SUB32_RM_REG_QUIET: record = rmRegQuiet<u32>(cpu, record, SUB); break;
      case Case.SUB64_RM_REG_QUIET: record = rmRegQuiet<u64>(cpu, record, SUB); break;
      case Case.SUB32_REG_RM_QUIET: record = regRmQuiet<u32>(cpu, record, SUB); break;
      case Case.SUB64_REG_RM_QUIET: record = regRmQuiet<u64>(cpu, record, SUB); break;
      case Case.SUB32_RM_IMM_QUIET: record = rmImmQuiet<u32>(cpu, record, SUB); break;
      case Case.SUB64_RM_IMM_QUIET: record = rmImmQuiet<u64>(cpu, record, SUB); break;
      case Case.XOR32_RM_REG_QUIET: record = rmRegQuiet<u32>(cpu, record, XOR); break;
      case Case.XOR64_RM_REG_QUIET: record = rmRegQuiet<u64>(cpu, record, XOR); break;
      case Case.XOR32_REG_RM_QUIET: record = regRmQuiet<u32>(cpu, record, XOR); break;
      case Case.XOR64_REG_RM_QUIET: record = regRmQuiet<u64>(cpu, record, XOR); break;
      case Case.XOR32_RM_IMM_QUIET: record = rmImmQuiet<u32>(cpu, record, XOR); break;
      case Case.XOR64_RM_IMM_QUIET: record = rmImmQuiet<u64>(cpu, record, XOR); break;
      case Case.INC32_QUIET: record = oneRmQuiet<u32>(cpu, record, INC); break;
      case Case.INC64_QUIET: record = oneRmQuiet<u64>(cpu, record, INC); break;
      case Case.DEC32_QUIET: record = oneRmQuiet<u32>(cpu, record, DEC); break;
      case Case.DEC64_QUIET: record = oneRmQuiet<u64>(cpu, record, DEC); break;
      case Case.NEG32_QUIET: record = oneRmQuiet<u32>(cpu, record, NEG); break;
      case Case.NEG64_QUIET: record = oneRmQuiet<u64>(cpu, record, NEG); break;
      case Case.SHL32_IMM_QUIET: record = shiftRmQuiet<u32>(cpu, record, SHL); break;
      case Case.SHL64_IMM_QUIET: record = shiftRmQuiet<u64>(cpu, record, SHL); break;
      case Case.SHR32_IMM_QUIET: record = shiftRmQuiet<u32>(cpu, record, SHR); break;
      case Case.SHR64_IMM_QUIET: record = shiftRmQuiet<u64>(cpu, record, SHR); break;
      case Case.SAR32_IMM_QUIET: record = shiftRmQuiet<u32>(cpu, record, SAR); break;
      case Case.SAR64_IMM_QUIET: record = shiftRmQuiet<u64>(cpu, record, SAR); break;
      case Case.IMUL32_REG_RM_QUIET: record = IMUL2_RM_QUIET<i32>(cpu, record); break;
      case Case.IMUL64_REG_RM_QUIET: record = IMUL2_RM_QUIET<i64>(cpu, record); break;
      case Case.IMUL32_RM_IMM_QUIET: record = IMUL3_RM_QUIET<i32>(cpu, record); break;
      case Case.IMUL64_RM_IMM_QUIET: record = IMUL3_RM_QUIET<i64>(cpu, record); break;
      case Case.CMP32_RM_REG: record = CMP_RM_REG<u32>(cpu, record); break;
      case Case.CMP32_REG_RM: record = CMP_REG_RM<u32>(cpu, record); break;
      case Case.CMP32_RM_IMM: record = CMP_RM_IMM<u32>(cpu, record); break;
      case Case.TEST32_RM_REG: record = TEST_RM_REG<u32>(cpu, record); break;
      case Case.TEST32_RM_IMM: record = TEST_RM_IMM<u32>(cpu, record); break;
      case Case.CMP64_RM_REG: record = CMP_RM_REG<u64>(cpu, record); break;
      case Case.CMP64_REG_RM: record = CMP_REG_RM<u64>(cpu, record); break;
      case Case.CMP64_RM_IMM: record = CMP_RM_IMM<u64>(cpu, record); break;
      case Case.TEST64_RM_REG: record = TEST_RM_REG<u64>(cpu, record); break;
      case Case.TEST64_RM_IMM: record = TEST_RM_IMM<u64>(cpu, record); break;
      case Case.CMP8_RM_REG: record = CMP_RM_REG<u8>(cpu, record); break;
      case Case.TEST8_RM_REG: record = TEST_RM_REG<u8>(cpu, record); break;
      case Case.CMP8_RM_IMM: record = CMP_RM_IMM<u8>(cpu, record); break;
      case Case.TEST8_RM_IMM: record = TEST_RM_IMM<u8>(cpu, record); break;
      case Case.MOV32_RM_REG: record = MOV_RM_REG<u32>(cpu, record); break;
      case Case.MOV32_REG_RM: record = MOV_REG_RM<u32>(cpu, record); break;
      case Case.MOV32_RM_IMM: record = MOV_RM_IMM<u32>(cpu, record); break;
      case Case.MOV64_RM_REG: record = MOV_RM_REG<u64>(cpu, record); break;
      case Case.MOV64_REG_RM: record = MOV_REG_RM<u64>(cpu, record); break;
      case Case.MOV64_RM_IMM: record = MOV_RM_IMM<u64>(cpu, record); break;
      case Case.MOVZX8_REG_RM: record = MOVX_REG_RM<u32, u8>(cpu, record); break;
      case Case.MOVZX16_REG_RM: record = MOVX_REG_RM<u32, u16>(cpu, record); break;
      case Case.MOVSX8_32_REG_RM: record = MOVX_REG_RM<i32, i8>(cpu, record); break;
      case Case.MOVSX8_64_REG_RM: record = MOVX_REG_RM<i64, i8>(cpu, record); break;
      case Case.MOVSX16_32_REG_RM: record = MOVX_REG_RM<i32, i16>(cpu, record); break;
      case Case.MOVSX16_64_REG_RM: record = MOVX_REG_RM<i64, i16>(cpu, record); break;
      case Case.MOVSXD_REG_RM: record = MOVX_REG_RM<i64, i32>(cpu, record); break;
      case Case.LEA32: record = LEA_PLAIN<u32>(cpu, record); break;
      case Case.LEA64: record = LEA_PLAIN<u64>(cpu, record); break;
      case Case.MOV8_REG_MEM: note(cpu, record); record = MOV_REG_MEM<u8>(cpu, record); break;
      case Case.MOV8_MEM_REG: note(cpu, record); record = MOV_MEM_REG<u8>(cpu, record); break;
      case Case.MOV8_MEM_IMM: note(cpu, record); record = MOV_MEM_IMM<u8>(cpu, record); break;
      case Case.MOV32_REG_MEM: note(cpu, record); record = MOV_REG_MEM<u32>(cpu, record); break;
      case Case.MOV32_MEM_REG: note(cpu, record); record = MOV_MEM_REG<u32>(cpu, record); break;
      case Case.MOV32_MEM_IMM: note(cpu, record); record = MOV_MEM_IMM<u32>(cpu, record); break;
      case Case.MOV64_REG_MEM: note(cpu, record); record = MOV_REG_MEM<u64>(cpu, record); break;
      case Case.MOV64_MEM_REG: note(cpu, record); record = MOV_MEM_REG<u64>(cpu, record); break;
      case Case.MOV64_MEM_IMM: note(cpu, record); record = MOV_MEM_IMM<u64>(cpu, record); break;
      case Case.MOVZX8_REG_MEM: note(cpu, record); record = MOVX_REG_MEM<u32, u8>(cpu, record); break;
      case Case.MOVZX16_REG_MEM: note(cpu, record); record = MOVX_REG_MEM<u32, u16>(cpu, record); break;
      case Case.MOVSX8_32_REG_MEM: note(cpu, record); record = MOVX_REG_MEM<i32, i8>(cpu, record); break;
      case Case.MOVSX16_32_REG_MEM: note(cpu, record); record = MOVX_REG_MEM<i32, i16>(cpu, record); break;
      case Case.MOVSXD_REG_MEM: note(cpu, record); record = MOVX_REG_MEM<i64, i32>(cpu, record); break;
      case Case.ADD32_REG_MEM: note(cpu, record); record = regMem<u32>(cpu, record, ADD); break;
      case Case.ADD64_REG_MEM: note(cpu, record); record = regMem<u64>(cpu, record, ADD); break;
      case Case.OR32_REG_MEM: note(cpu, record); record = regMem<u32>(cpu, record, OR); break;
      case Case.OR64_REG_MEM: note(cpu, record); record = regMem<u64>(cpu, record, OR); break;
      case Case.AND32_REG_MEM: note(cpu, record); record = regMem<u32>(cpu, record, AND); break;
      case Case.AND64_REG_MEM: note(cpu, record); record = regMem<u64>(cpu, record, AND); break;
      case Case.SUB32_REG_MEM: note(cpu, record); record = regMem<u32>(cpu, record, SUB); break;
      case Case.SUB64_REG_MEM: note(cpu, record); record = regMem<u64>(cpu, record, SUB); break;
      case Case.XOR32_REG_MEM: note(cpu, record); record = regMem<u32>(cpu, record, XOR); break;
      case Case.XOR64_REG_MEM: note(cpu, record); record = regMem<u64>(cpu, record, XOR); break;
      case Case.ADD32_MEM_REG: note(cpu, record); record = memReg<u32>(cpu, record, ADD); break;
      case Case.ADD32_MEM_IMM: note(cpu, record); record = memImm<u32>(cpu, record, ADD); break;
      case Case.ADD64_MEM_REG: note(cpu, record); record = memReg<u64>(cpu, record, ADD); break;
      case Case.ADD64_MEM_IMM: note(cpu, record); record = memImm<u64>(cpu, record, ADD); break;
      case Case.SUB32_MEM_REG: note(cpu, record); record = memReg<u32>(cpu, record, SUB); break;
      case Case.SUB32_MEM_IMM: note(cpu, record); record = memImm<u32>(cpu, record, SUB); break;
      case Case.SUB64_MEM_REG: note(cpu, record); record = memReg<u64>(cpu, record, SUB); break;
      case Case.SUB64_MEM_IMM: note(cpu, record); record = memImm<u64>(cpu, record, SUB); break;
      case Case.CMP32_REG_MEM: note(cpu, record); record = CMP_REG_MEM<u32>(cpu, record); break;
      case Case.CMP32_MEM_REG: note(cpu, record); record = CMP_MEM_REG<u32>(cpu, record); break;
      case Case.CMP32_MEM_IMM: note(cpu, record); record = CMP_MEM_IMM<u32>(cpu, record); break;
      case Case.CMP64_REG_MEM: note(cpu, record); record = CMP_REG_MEM<u64>(cpu, record); break;
      case Case.CMP64_MEM_REG: note(cpu, record); record = CMP_MEM_REG<u64>(cpu, record); break;
      case Case.CMP64_MEM_IMM: note(cpu, record); record = CMP_MEM_IMM<u64>(cpu, record); break;
      case Case.CMP8_MEM_IMM: note(cpu, record); record = CMP_MEM_IMM<u8>(cpu, record); break;
      case Case.TEST8_MEM_IMM: note(cpu, record); record = TEST_MEM_IMM<u8>(cpu, record); break;
      case Case.PUSH64: note(cpu, record); record = PUSH_RM<u64>(cpu, record); break;
      case Case.POP64: note(cpu, record); record = POP_RM<u64>(cpu, record); break;
      case Case.JO: record = condition(cpu, 0) ? follow(cpu, record) : next(record); if (!record) return; break;
      case Case.JNO: record = condition(cpu, 1) ? follow(cpu, record) : next(record); if (!record) return; break;
      case Case.JB: record = condition(cpu, 2) ? follow(cpu, record) : next(record); if (!record) return; break;
      case Case.JAE: record = condition(cpu, 3) ? follow(cpu, record) : next(record); if (!record) return; break;
      case Case.JE: record = condition(cpu, 4) ? follow(cpu, record) : next(record); if (!record) return; break;
      case Case.JNE: record = condition(cpu, 5) ? follow(cpu, record) : next(record); if (!record) return; break;
      case Case.JBE: record = condition(cpu, 6) ? follow(cpu, record) : next(record); if (!record) return; break;
      case Case.JA: record = condition(cpu, 7) ? follow(cpu, record) : next(record); if (!record) return; break;
      case Case.JS: record = condition(cpu, 8) ? follow(cpu, record) : next(record); if (!record) return; break;
      case Case.JNS: record = condition(cpu, 9) ? follow(cpu, record) : next(record); if (!record) return; break;
      case Case.JP: record = condition(cpu, 10) ? follow(cpu, record) : next(record); if (!record) return; break;
      case Case.JNP: record = condition(cpu, 11) ? follow(cpu, record) : next(record); if (!record) return; break;
      case Case.JL: record = condition(cpu, 12) ? follow(cpu, record) : next(record); if (!record) return; break;
      case Case.JGE: record = condition(cpu, 13) ? follow(cpu, record) : next(record); if (!record) return; break;
      case Case.JLE: record = condition(cpu, 14) ? follow(cpu, record) : next(record); if (!record) return; break;
      case Case.JG: record = condition(cpu, 15) ? follow(cpu, record) : next(record); if (!record) return; break;
      case Case.JMP: record = follow(cpu, record); if (!record) return; break;
      case Case.CALL64: note(cpu, record); record = CALL_REL<u64>(cpu, record); if (!record) return; break;
      case Case.RET64: note(cpu, record); record = RET<u64>(cpu, record); if (!record) return; break;
      case Case.CMP32_RM_REG_JB: record = compareAndBranch<u32>(cpu, record, reg<u32>(cpu, record), 2); if (!record) return; break;
      case Case.CMP32_RM_REG_JAE: record = compareAndBranch<u32>(cpu, record, reg<u32>(cpu, record), 3); if (!record) return; break;
      case Case.CMP32_RM_REG_JE: record = compareAndBranch<u32>(cpu, record, reg<u32>(cpu, record), 4); if (!record) return; break;
      case Case.CMP32_RM_REG_JNE: record = compareAndBranch<u32>(cpu, record, reg<u32>(cpu, record), 5); if (!record) return; break;
      case Case.CMP32_RM_REG_JBE: record = compareAndBranch<u32>(cpu, record, reg<u32>(cpu, record), 6); if (!record) return; break;
      case Case.CMP32_RM_REG_JA: record = compareAndBranch<u32>(cpu, record, reg<u32>(cpu, record), 7); if (!record) return; break;
      case Case.CMP32_RM_REG_JL: record = compareAndBranch<u32>(cpu, record, reg<u32>(cpu, record), 12); if (!record) return; break;
      case Case.CMP32_RM_REG_JGE: record = compareAndBranch<u32>(cpu, record, reg<u32>(cpu, record), 13); if (!record) return; break;
      case Case.CMP32_RM_REG_JLE: record = compareAndBranch<u32>(cpu, record, reg<u32>(cpu, record), 14); if (!record) return; break;
      case Case.CMP32_RM_REG_JG: record = compareAndBranch<u32>(cpu, record, reg<u32>(cpu, record), 15); if (!record) return; break;
      case Case.CMP32_RM_IMM_JB: record = compareAndBranch<u32>(cpu, record, imm<u32>(record), 2); if (!record) return; break;
      case Case.CMP32_RM_IMM_JAE: record = compareAndBranch<u32>(cpu, record, imm<u32>(record), 3); if (!record) return; break;
      case Case.CMP32_RM_IMM_JE: record = compareAndBranch<u32>(cpu, record, imm<u32>(record), 4); if (!record) return; break;
      case Case.CMP32_RM_IMM_JNE: record = compareAndBranch<u32>(cpu, record, imm<u32>(record), 5); if (!record) return; break;
      case Case.CMP32_RM_IMM_JBE: record = compareAndBranch<u32>(cpu, record, imm<u32>(record), 6); if (!record) return; break;
      case Case.CMP32_RM_IMM_JA: record = compareAndBranch<u32>(cpu, record, imm<u32>(record), 7); if (!record) return; break;
      case Case.CMP32_RM_IMM_JL: record = compareAndBranch<u32>(cpu, record, imm<u32>(record), 12); if (!record) return; break;
      case Case.CMP32_RM_IMM_JGE: record = compareAndBranch<u32>(cpu, record, imm<u32>(record), 13); if (!record) return; break;
      case Case.CMP32_RM_IMM_JLE: record = compareAndBranch<u32>(cpu, record, imm<u32>(record), 14); if (!record) return; break;
      case Case.CMP32_RM_IMM_JG: record = compareAndBranch<u32>(cpu, record, imm<u32>(record), 15); if (!record) return; break;
      case Case.CMP64_RM_REG_JB: record = compareAndBranch<u64>(cpu, record, reg<u64>(cpu, record), 2); if (!record) return; break;
      case Case.CMP64_RM_REG_JAE: record = compareAndBranch<u64>(cpu, record, reg<u64>(cpu, record), 3); if (!record) return; break;
      case Case.CMP64_RM_REG_JE: record = compareAndBranch<u64>(cpu, record, reg<u64>(cpu, record), 4); if (!record) return; break;
      case Case.CMP64_RM_REG_JNE: record = compareAndBranch<u64>(cpu, record, reg<u64>(cpu, record), 5); if (!record) return; break;
      case Case.CMP64_RM_REG_JBE: record = compareAndBranch<u64>(cpu, record, reg<u64>(cpu, record), 6); if (!record) return; break;
      case Case.CMP64_RM_REG_JA: record = compareAndBranch<u64>(cpu, record, reg<u64>(cpu, record), 7); if (!record) return; break;
      case Case.CMP64_RM_REG_JL: record = compareAndBranch<u64>(cpu, record, reg<u64>(cpu, record), 12); if (!record) return; break;
      case Case.CMP64_RM_REG_JGE: record = compareAndBranch<u64>(cpu, record, reg<u64>(cpu, record), 13); if (!record) return; break;
      case Case.CMP64_RM_REG_JLE: record = compareAndBranch<u64>(cpu, record, reg<u64>(cpu, record), 14); if (!record) return; break;
      case Case.CMP64_RM_REG_JG: record = compareAndBranch<u64>(cpu, record, reg<u64>(cpu, record), 15); if (!record) return; break;
      case Case.CMP64_RM_IMM_JB: record = compareAndBranch<u64>(cpu, record, imm<u64>(record), 2); if (!record) return; break;
      case Case.CMP64_RM_IMM_JAE: record = compareAndBranch<u64>(cpu, record, imm<u64>(record), 3); if (!record) return; break;
      case Case.CMP64_RM_IMM_JE: record = compareAndBranch<u64>(cpu, record, imm<u64>(record), 4); if (!record) return; break;
      case Case.CMP64_RM_IMM_JNE: record = compareAndBranch<u64>(cpu, record, imm<u64>(record), 5); if (!record) return; break;
      case Case.CMP64_RM_IMM_JBE: record = compareAndBranch<u64>(cpu, record, imm<u64>(record), 6); if (!record) return; break;
      case Case.CMP64_RM_IMM_JA: record = compareAndBranch<u64>(cpu, record, imm<u64>(record), 7); if (!record) return; break;
      case Case.CMP64_RM_IMM_JL: record = compareAndBranch<u64>(cpu, record, imm<u64>(record), 12); if (!record) return; break;
      case Case.CMP64_RM_IMM_JGE: record = compareAndBranch<u64>(cpu, record, imm<u64>(record), 13); if (!record) return; break;
      case Case.CMP64_RM_IMM_JLE: record = compareAndBranch<u64>(cpu, record, imm<u64>(record), 14); if (!record) return; break;
      case Case.CMP64_RM_IMM_JG: record = compareAndBranch<u64>(cpu, record, imm<u64>(record), 15); if (!record) return; break;
      case Case.CMP8_RM_IMM_JE: record = compareAndBranch<u8>(cpu, record, imm<u8>(record), 4); if (!record) return; break;
      case Case.CMP8_RM_IMM_JNE: record = compareAndBranch<u8>(cpu, record, imm<u8>(record), 5); if (!record) return; break;
      case Case.TEST32_RM_REG_JE: record = testAndBranch<u32>(cpu, record, reg<u32>(cpu, record), 4); if (!record) return; break;
      case Case.TEST32_RM_REG_JNE: record = testAndBranch<u32>(cpu, record, reg<u32>(cpu, record), 5); if (!record) return; break;
      case Case.TEST64_RM_REG_JE: record = testAndBranch<u64>(cpu, record, reg<u64>(cpu, record), 4); if (!record) return; break;
      case Case.TEST64_RM_REG_JNE: record = testAndBranch<u64>(cpu, record, reg<u64>(cpu, record), 5); if (!record) return; break;
      case Case.TEST8_RM_REG_JE: record = testAndBranch<u8>(cpu, record, reg<u8>(cpu, record), 4); if (!record) return; break;
      case Case.TEST8_RM_REG_JNE: record = testAndBranch<u8>(cpu, record, reg<u8>(cpu, record), 5); if (!record) return; break;
      case Case.TEST8_RM_IMM_JE: record = testAndBranch<u8>(cpu, record, imm<u8>(record), 4); if (!record) return; break;
      case Case.TEST8_RM_IMM_JNE: record = testAndBranch<u8>(cpu, record, imm<u8>(record), 5); if (!record) return; break;
      default: unreachable();
    }
  }
}
