// What stands in for instructions that do not exist here, or whose unit is switched off.
import { CPU_CR0, CPU_CR4, CPU_XCR0, CPU_BLOCK_MODE, BLOCK_PROTECTED } from '../../memory/layout';
import { CR0_EM, CR4_OSFXSR, CR4_OSXSAVE } from './bits';
import { raise, raiseUD, VECTOR_NM } from './fault';

export const undefinedHandler: u32 = ((cpu: usize, record: usize): usize => {
  raiseUD(cpu);
  return 0;
}).index;

/** x87 and MMX: CR0.EM or TS makes #NM for x87 (SDM vol. 3, table 2-2). */
export const unavailableX87: u32 = ((cpu: usize, record: usize): usize => {
  raise(cpu, VECTOR_NM);
  return 0;
}).index;

/** MMX: #UD if CR0.EM, else #NM for CR0.TS (SDM vol. 3, 12.1). */
export const unavailableMmx: u32 = ((cpu: usize, record: usize): usize => {
  if (load<u64>(cpu, CPU_CR0) & CR0_EM) raiseUD(cpu);
  raise(cpu, VECTOR_NM);
  return 0;
}).index;

/** SSE: #UD if CR0.EM or not CR4.OSFXSR, else #NM for CR0.TS (SDM vol. 3, 13.1). */
export const unavailableSse: u32 = ((cpu: usize, record: usize): usize => {
  if (load<u64>(cpu, CPU_CR0) & CR0_EM || !(load<u64>(cpu, CPU_CR4) & CR4_OSFXSR)) raiseUD(cpu);
  raise(cpu, VECTOR_NM);
  return 0;
}).index;

/** AVX: #UD outside protected mode or without OSXSAVE and XCR0 bits 1 and 2, else #NM (SDM vol. 2, 2.4). */
export const unavailableAvx: u32 = ((cpu: usize, record: usize): usize => {
  if (
    !(load<u32>(cpu, CPU_BLOCK_MODE) & BLOCK_PROTECTED) ||
    !(load<u64>(cpu, CPU_CR4) & CR4_OSXSAVE) ||
    (load<u64>(cpu, CPU_XCR0) & 6) != 6
  )
    raiseUD(cpu);
  raise(cpu, VECTOR_NM);
  return 0;
}).index;
