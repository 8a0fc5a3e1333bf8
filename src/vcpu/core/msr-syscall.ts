// EFER, the MSRs of SYSCALL and SYSENTER, and the segment bases (SDM vol. 3, 2.2.1, 5.8.7, 5.8.8).
import {
  CPU_CR0,
  CPU_EFER,
  CPU_MSR_CSTAR,
  CPU_MSR_FMASK,
  CPU_MSR_KERNEL_GS_BASE,
  CPU_MSR_LSTAR,
  CPU_MSR_MISC_ENABLE,
  CPU_MSR_STAR,
  CPU_MSR_SYSENTER_CS,
  CPU_MSR_SYSENTER_EIP,
  CPU_MSR_SYSENTER_ESP,
  CPU_MSR_TSC_AUX,
  CPU_SEG_BASE,
} from '../../memory/layout';
import {
  FEATURE_FXSR_OPT,
  FEATURE_LM,
  FEATURE_NX,
  FEATURE_RDPID,
  FEATURE_RDTSCP,
  FEATURE_SEP,
  FEATURE_SYSCALL,
} from '../cpu-features';
import { isCanonical } from './access';
import { CR0_PG, EFER_FFXSR, EFER_LMA, EFER_LME, EFER_NXE, EFER_SCE, SEG_FS, SEG_GS } from './bits';
import { updateMode } from './mode';
import {
  IA32_CSTAR,
  IA32_EFER,
  IA32_FMASK,
  IA32_FS_BASE,
  IA32_GS_BASE,
  IA32_KERNEL_GS_BASE,
  IA32_LSTAR,
  IA32_STAR,
  IA32_SYSENTER_CS,
  IA32_SYSENTER_EIP,
  IA32_SYSENTER_ESP,
  IA32_TSC_AUX,
} from './msr-numbers';
import { MISC_ENABLE_XD_DISABLE } from './msr-platform';
import { give } from './msr-result';
import { hasFeature } from './state';
import { flushTlb } from './tlb';

/** AMD APM vol. 2, 3.1.7: fast FXSAVE. */

export function isSyscallMsr(index: u32): bool {
  return (
    (index >= IA32_EFER && index <= IA32_FMASK) ||
    (index >= IA32_FS_BASE && index <= IA32_TSC_AUX) ||
    (index >= IA32_SYSENTER_CS && index <= IA32_SYSENTER_EIP)
  );
}

/** Offset of the register in the page group; 0 if the model does not have it. */
function place(cpu: usize, index: u32): usize {
  const long = hasFeature(cpu, FEATURE_LM);
  if (index == IA32_EFER) return long || hasFeature(cpu, FEATURE_NX) || hasFeature(cpu, FEATURE_SYSCALL) ? <usize>CPU_EFER : 0;
  if (index == IA32_STAR) return long || hasFeature(cpu, FEATURE_SYSCALL) ? <usize>CPU_MSR_STAR : 0;
  if (index == IA32_TSC_AUX) {
    return hasFeature(cpu, FEATURE_RDTSCP) || hasFeature(cpu, FEATURE_RDPID) ? <usize>CPU_MSR_TSC_AUX : 0;
  }
  if (index <= IA32_SYSENTER_EIP) {
    if (!hasFeature(cpu, FEATURE_SEP)) return 0;
    if (index == IA32_SYSENTER_CS) return CPU_MSR_SYSENTER_CS;
    return index == IA32_SYSENTER_ESP ? CPU_MSR_SYSENTER_ESP : CPU_MSR_SYSENTER_EIP;
  }
  if (!long) return 0;
  if (index == IA32_LSTAR) return CPU_MSR_LSTAR;
  if (index == IA32_CSTAR) return CPU_MSR_CSTAR;
  if (index == IA32_FMASK) return CPU_MSR_FMASK;
  if (index == IA32_FS_BASE) return CPU_SEG_BASE + (SEG_FS << 3);
  if (index == IA32_GS_BASE) return CPU_SEG_BASE + (SEG_GS << 3);
  return CPU_MSR_KERNEL_GS_BASE;
}

/** False is #GP. */
export function readSyscallMsr(cpu: usize, index: u32): bool {
  const offset = place(cpu, index);
  return offset != 0 && give(load<u64>(cpu + offset));
}

/** False is #GP: not there, a reserved bit, an address that is not canonical. */
export function writeSyscallMsr(cpu: usize, index: u32, value: u64): bool {
  const offset = place(cpu, index);
  if (!offset) return false;
  if (index == IA32_EFER) return writeEfer(cpu, value);
  if (index == IA32_TSC_AUX || index == IA32_FMASK) {
    if (value >> 32) return false;
  } else if (index != IA32_STAR && index != IA32_SYSENTER_CS && !isCanonical(value)) {
    return false;
  }
  store<u64>(cpu + offset, value);
  return true;
}

/** LMA is read-only; LME may not change while paging is on (SDM vol. 3, 9.8.5). */
function writeEfer(cpu: usize, value: u64): bool {
  let legal = EFER_LMA;
  if (hasFeature(cpu, FEATURE_SYSCALL)) legal |= EFER_SCE;
  if (hasFeature(cpu, FEATURE_LM)) legal |= EFER_LME;
  if (hasFeature(cpu, FEATURE_NX) && !(load<u64>(cpu, CPU_MSR_MISC_ENABLE) & MISC_ENABLE_XD_DISABLE)) legal |= EFER_NXE;
  if (hasFeature(cpu, FEATURE_FXSR_OPT)) legal |= EFER_FFXSR;
  if (value & ~legal) return false;
  const old = load<u64>(cpu, CPU_EFER);
  if (load<u64>(cpu, CPU_CR0) & CR0_PG && (old ^ value) & EFER_LME) return false;
  const fresh = (value & ~EFER_LMA) | (old & EFER_LMA);
  store<u64>(cpu, fresh, CPU_EFER);
  if ((old ^ fresh) & EFER_NXE) flushTlb(cpu, true);
  updateMode(cpu);
  return true;
}

/** Power-up: all 0 (SDM vol. 3, table 9-1). The segment bases are the segments' own. */
export function resetSyscallMsrs(cpu: usize): void {
  store<u64>(cpu, 0, CPU_MSR_STAR);
  store<u64>(cpu, 0, CPU_MSR_LSTAR);
  store<u64>(cpu, 0, CPU_MSR_CSTAR);
  store<u64>(cpu, 0, CPU_MSR_FMASK);
  store<u64>(cpu, 0, CPU_MSR_KERNEL_GS_BASE);
  store<u64>(cpu, 0, CPU_MSR_TSC_AUX);
  store<u64>(cpu, 0, CPU_MSR_SYSENTER_CS);
  store<u64>(cpu, 0, CPU_MSR_SYSENTER_ESP);
  store<u64>(cpu, 0, CPU_MSR_SYSENTER_EIP);
}
