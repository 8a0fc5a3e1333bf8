// XGETBV and XSETBV.
import { CPU_CR4, CPU_RAX, CPU_RCX, CPU_RDX, CPU_XCR0 } from '../../../memory/layout';
import { FEATURE_AVX, FEATURE_XGETBV1, FEATURE_XSAVE } from '../../cpu-features';
import { CR4_OSXSAVE } from '../bits';
import { raiseGP, raiseUD } from '../fault';
import { updateMode } from '../mode';
import { byMem, byReg, byRm, defineOne, MAP_0F, OP_END, OP_MODRM, slot } from '../opcode-table';
import { cpl, finish, hasFeature, next, putGpr } from '../state';
import { componentsInUse } from './state-save';

/** ECX 0: XCR0; 1: the enabled components in use (SDM vol. 2, "XGETBV"). */
function XGETBV(cpu: usize, record: usize): usize {
  if (!(load<u64>(cpu, CPU_CR4) & CR4_OSXSAVE)) raiseUD(cpu);
  const number = load<u32>(cpu, CPU_RCX);
  if (number > 1 || (number == 1 && !hasFeature(cpu, FEATURE_XGETBV1))) raiseGP(cpu, 0);
  let value = load<u64>(cpu, CPU_XCR0);
  if (number == 1) value &= componentsInUse(cpu);
  putGpr<u32>(cpu, CPU_RAX, <u32>value);
  putGpr<u32>(cpu, CPU_RDX, <u32>(value >> 32));
  return next(record);
}

/** x87 cannot be switched off, AVX needs SSE, other components do not exist here (SDM vol. 1, 13.3). */
function XSETBV(cpu: usize, record: usize): usize {
  if (!(load<u64>(cpu, CPU_CR4) & CR4_OSXSAVE)) raiseUD(cpu);
  if (cpl(cpu) || load<u32>(cpu, CPU_RCX)) raiseGP(cpu, 0);
  const value = <u64>load<u32>(cpu, CPU_RAX) | (<u64>load<u32>(cpu, CPU_RDX) << 32);
  const supported: u64 = hasFeature(cpu, FEATURE_AVX) ? 7 : 3;
  if (!(value & 1) || value & ~supported || (value & 6) == 4) raiseGP(cpu, 0);
  store<u64>(cpu, value, CPU_XCR0);
  updateMode(cpu);
  return finish(cpu, record);
}

export function registerXcr(): void {
  const group = byMem(byReg(slot(MAP_0F, 0x01), 2), 0);
  defineOne(byRm(group, 0), OP_MODRM, FEATURE_XSAVE, XGETBV);
  defineOne(byRm(group, 1), OP_MODRM | OP_END, FEATURE_XSAVE, XSETBV);
}
