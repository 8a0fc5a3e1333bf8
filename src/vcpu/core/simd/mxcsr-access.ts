// LDMXCSR and STMXCSR.
import { CPU_MXCSR } from '../../../memory/layout';
import { FEATURE_AVX, FEATURE_SSE } from '../../cpu-features';
import { read, write } from '../access';
import { readAddress, writeAddress } from '../address';
import { raiseGP } from '../fault';
import { byMem, byPrefix, byReg, defineOne, MAP_0F, MAP_VEX_0F, OP_AVX, OP_L0, OP_MODRM, OP_NO_VVVV, OP_SSE, slot } from '../opcode-table';
import { next } from '../state';
import { MXCSR_VALID } from './mxcsr';

/** Reserved bits: #GP(0) (SDM vol. 1, 10.2.3). */
function LDMXCSR(cpu: usize, record: usize): usize {
  const value = read<u32>(cpu, readAddress<u32>(cpu, record));
  if (value & ~MXCSR_VALID) raiseGP(cpu, 0);
  store<u32>(cpu, value, CPU_MXCSR);
  return next(record);
}

function STMXCSR(cpu: usize, record: usize): usize {
  write<u32>(cpu, writeAddress<u32>(cpu, record), load<u32>(cpu, CPU_MXCSR));
  return next(record);
}

/** 0F AE is split by modrm.reg, prefix, then register or memory: other families live in the same group. */
export function registerMxcsrAccess(): void {
  const group = slot(MAP_0F, 0xae);
  defineOne(byMem(byPrefix(byReg(group, 2), 0), 1), OP_MODRM | OP_SSE, FEATURE_SSE, LDMXCSR);
  defineOne(byMem(byPrefix(byReg(group, 3), 0), 1), OP_MODRM | OP_SSE, FEATURE_SSE, STMXCSR);
  const vex = slot(MAP_VEX_0F, 0xae);
  const flags = OP_MODRM | OP_AVX | OP_L0 | OP_NO_VVVV;
  defineOne(byMem(byPrefix(byReg(vex, 2), 0), 1), flags, FEATURE_AVX, LDMXCSR);
  defineOne(byMem(byPrefix(byReg(vex, 3), 0), 1), flags, FEATURE_AVX, STMXCSR);
}
