// MSRs that describe or control the processor as a part: feature control, microcode, thermal and frequency control,
// miscellaneous enables (SDM vol. 4, tables 2-2 and 2-15).
import {
  CPU_MSR_DEBUGCTL,
  CPU_MSR_FEATURE_CONTROL,
  CPU_MSR_MICROCODE,
  CPU_MSR_MISC_ENABLE,
  CPU_TSC_HZ,
} from '../../memory/layout';
import { FEATURE_ARCH_CAPABILITIES, FEATURE_MONITOR } from '../cpu-features';
import { cpuidEax } from './cpuid-table';
import {
  IA32_ARCH_CAPABILITIES,
  IA32_BIOS_SIGN_ID,
  IA32_BIOS_UPDT_TRIG,
  IA32_CLOCK_MODULATION,
  IA32_DEBUGCTL,
  IA32_FEATURE_CONTROL,
  IA32_MISC_ENABLE,
  IA32_P5_MC_ADDR,
  IA32_P5_MC_TYPE,
  IA32_PERF_CTL,
  IA32_PERF_STATUS,
  IA32_PLATFORM_ID,
  IA32_THERM_INTERRUPT,
  IA32_THERM_STATUS,
  MSR_EBL_CR_POWERON,
  MSR_PLATFORM_INFO,
} from './msr-numbers';
import { give } from './msr-result';
import { hasFeature } from './state';

const MISC_ENABLE_FAST_STRINGS: u64 = 0x1;
const MISC_ENABLE_PERFMON: u64 = 0x80;
/** Branch trace storage and event-based sampling are not there. */
const MISC_ENABLE_UNAVAILABLE: u64 = 0x1800;
export const MISC_ENABLE_MONITOR: u64 = 0x40000;
export const MISC_ENABLE_LIMIT_CPUID: u64 = 0x400000;
export const MISC_ENABLE_XD_DISABLE: u64 = 0x400000000;
/** Fast strings, thermal control, SpeedStep, MONITOR, leaf limit, xTPR disable, XD disable. */
const MISC_ENABLE_WRITABLE: u64 = 0x400c50009;

const FEATURE_CONTROL_LOCK: u64 = 1;
/** Single step on branches, last-branch recording. */
const DEBUGCTL_BITS: u64 = 3;
const MICROCODE_REVISION: u64 = 1;
const BUS_HZ: u64 = 100000000;
/** RDCL_NO, SKIP_L1DFL_VMENTRY, SSB_NO, MDS_NO, PSCHANGE_MC_NO, TAA_NO: an interpreter speculates on nothing. */
const ARCH_CAPABILITIES: u64 = 0x179;
const LEAF_PERFORMANCE: u32 = 0xa;

export function isPlatformMsr(index: u32): bool {
  return (
    index == IA32_P5_MC_ADDR ||
    index == IA32_P5_MC_TYPE ||
    index == IA32_PLATFORM_ID ||
    index == MSR_EBL_CR_POWERON ||
    index == IA32_FEATURE_CONTROL ||
    index == IA32_BIOS_UPDT_TRIG ||
    index == IA32_BIOS_SIGN_ID ||
    index == MSR_PLATFORM_INFO ||
    index == IA32_ARCH_CAPABILITIES ||
    (index >= IA32_PERF_STATUS && index <= IA32_THERM_STATUS) ||
    index == IA32_MISC_ENABLE ||
    index == IA32_DEBUGCTL
  );
}

/** False is #GP. */
export function readPlatformMsr(cpu: usize, index: u32): bool {
  if (index == IA32_MISC_ENABLE) return give(load<u64>(cpu, CPU_MSR_MISC_ENABLE));
  if (index == IA32_FEATURE_CONTROL) return give(load<u64>(cpu, CPU_MSR_FEATURE_CONTROL));
  if (index == IA32_BIOS_SIGN_ID) return give(load<u64>(cpu, CPU_MSR_MICROCODE));
  if (index == IA32_DEBUGCTL) return give(load<u64>(cpu, CPU_MSR_DEBUGCTL));
  if (index == IA32_ARCH_CAPABILITIES) return hasFeature(cpu, FEATURE_ARCH_CAPABILITIES) && give(ARCH_CAPABILITIES);
  if (index == MSR_PLATFORM_INFO) return give(platformInfo(cpu));
  if (index == IA32_PERF_STATUS) return give(ratio(cpu) << 8);
  return index != IA32_BIOS_UPDT_TRIG && give(0);
}

/** TSC frequency in units of the 100 MHz bus clock. */
function ratio(cpu: usize): u64 {
  return min<u64>(255, max<u64>(1, load<u64>(cpu, CPU_TSC_HZ) / BUS_HZ));
}

/** Maximum non-turbo ratio in bits 15..8, maximum efficiency ratio in bits 47..40: the same, there is one speed. */
function platformInfo(cpu: usize): u64 {
  return (ratio(cpu) << 8) | (ratio(cpu) << 40);
}

/** False is #GP. Controls of things that are not there accept writes and stay 0. */
export function writePlatformMsr(cpu: usize, index: u32, value: u64): bool {
  if (index == IA32_MISC_ENABLE) return writeMiscEnable(cpu, value);
  if (index == IA32_FEATURE_CONTROL) {
    // Locked by the first write that says so; there is neither VMX nor SGX to enable.
    if (load<u64>(cpu, CPU_MSR_FEATURE_CONTROL) & FEATURE_CONTROL_LOCK || value & ~FEATURE_CONTROL_LOCK) return false;
    store<u64>(cpu, value, CPU_MSR_FEATURE_CONTROL);
    return true;
  }
  if (index == IA32_DEBUGCTL) {
    if (value & ~DEBUGCTL_BITS) return false;
    store<u64>(cpu, value, CPU_MSR_DEBUGCTL);
    return true;
  }
  // Software writes 0, executes CPUID and reads the revision (SDM vol. 3, 9.11.7.1): the revision stays.
  if (index == IA32_BIOS_SIGN_ID) return true;
  return (
    index == IA32_BIOS_UPDT_TRIG ||
    index == MSR_EBL_CR_POWERON ||
    index == IA32_P5_MC_ADDR ||
    index == IA32_P5_MC_TYPE ||
    (index >= IA32_PERF_CTL && index <= IA32_THERM_STATUS)
  );
}

/** Bits that say what is there keep their values; a switch for something absent stays off. */
function writeMiscEnable(cpu: usize, value: u64): bool {
  const old = load<u64>(cpu, CPU_MSR_MISC_ENABLE);
  store<u64>(cpu, (old & ~MISC_ENABLE_WRITABLE) | (value & MISC_ENABLE_WRITABLE), CPU_MSR_MISC_ENABLE);
  return true;
}

/** Power-up. */
export function resetPlatform(cpu: usize): void {
  const monitor = hasFeature(cpu, FEATURE_MONITOR) ? MISC_ENABLE_MONITOR : 0;
  const perfmon = cpuidEax(cpu, LEAF_PERFORMANCE) & 0xff ? MISC_ENABLE_PERFMON : 0;
  store<u64>(cpu, MISC_ENABLE_FAST_STRINGS | MISC_ENABLE_UNAVAILABLE | monitor | perfmon, CPU_MSR_MISC_ENABLE);
  store<u64>(cpu, 0, CPU_MSR_FEATURE_CONTROL);
  store<u64>(cpu, 0, CPU_MSR_DEBUGCTL);
  store<u64>(cpu, MICROCODE_REVISION << 32, CPU_MSR_MICROCODE);
}
