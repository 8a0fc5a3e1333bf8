// Model-specific registers: RDMSR, WRMSR, and which file answers for which number. An unknown number is #GP.
import {
  CPU_MSR_PAT,
  CPU_MSR_TSC_ADJUST,
  CPU_MSR_XSS,
  CPU_RAX,
  CPU_RCX,
  CPU_RDX,
  CPU_TSC_OFFSET,
} from '../../memory/layout';
import {
  FEATURE_APIC,
  FEATURE_MSR,
  FEATURE_PAT,
  FEATURE_TSC,
  FEATURE_TSC_ADJUST,
  FEATURE_TSC_DEADLINE,
  FEATURE_XSAVES,
} from '../cpu-features';
import { apicReadBase, apicWriteBase } from './apic/base';
import { readTscDeadline, tscMoved, writeTscDeadline } from './apic/timer';
import { apicReadMsr, apicWriteMsr, X2APIC_FIRST, X2APIC_LAST } from './apic/x2apic';
import { raiseGP } from './fault';
import { isMachineCheck, readMachineCheck, resetMachineCheck, writeMachineCheck } from './machine-check';
import { arePatTypes } from './memory-type';
import { isAmdMsr, readAmdMsr, writeAmdMsr } from './msr-amd';
import {
  IA32_APIC_BASE,
  IA32_PAT,
  IA32_TIME_STAMP_COUNTER,
  IA32_TSC_ADJUST,
  IA32_TSC_DEADLINE,
  IA32_XSS,
} from './msr-numbers';
import { isPlatformMsr, readPlatformMsr, resetPlatform, writePlatformMsr } from './msr-platform';
import { give, msrValue } from './msr-result';
import { isSyscallMsr, readSyscallMsr, resetSyscallMsrs, writeSyscallMsr } from './msr-syscall';
import { isMtrr, readMtrr, resetMtrrs, writeMtrr } from './mtrr';
import { defineOne, MAP_0F, slot } from './opcode-table';
import { isPerformanceMsr, readPerformanceMsr, resetPerformance, writePerformanceMsr } from './performance';
import { cpl, finish, hasFeature } from './state';
import { moveTsc, readTsc, writeTsc } from './tsc';

/** Power-up value: WB, WT, UC-, UC, twice (SDM vol. 3, table 11-12). */
const PAT_RESET: u64 = 0x0007040600070406;

/** Leaves the register's value in msrValue; false is #GP. */
export function readMsr(cpu: usize, index: u32): bool {
  if (index == IA32_TIME_STAMP_COUNTER) return hasFeature(cpu, FEATURE_TSC) && give(readTsc(cpu));
  if (index == IA32_TSC_ADJUST) return hasFeature(cpu, FEATURE_TSC_ADJUST) && give(load<u64>(cpu, CPU_MSR_TSC_ADJUST));
  if (index == IA32_TSC_DEADLINE) return hasFeature(cpu, FEATURE_TSC_DEADLINE) && give(readTscDeadline(cpu));
  if (index == IA32_APIC_BASE) return hasFeature(cpu, FEATURE_APIC) && give(apicReadBase(cpu));
  if (index == IA32_PAT) return hasFeature(cpu, FEATURE_PAT) && give(load<u64>(cpu, CPU_MSR_PAT));
  if (index == IA32_XSS) return hasFeature(cpu, FEATURE_XSAVES) && give(load<u64>(cpu, CPU_MSR_XSS));
  if (isSyscallMsr(index)) return readSyscallMsr(cpu, index);
  if (index >= X2APIC_FIRST && index <= X2APIC_LAST) return apicReadMsr(cpu, index);
  if (isMtrr(index)) return readMtrr(cpu, index);
  if (isMachineCheck(index)) return readMachineCheck(cpu, index);
  if (isPerformanceMsr(index)) return readPerformanceMsr(cpu, index);
  if (isPlatformMsr(index)) return readPlatformMsr(cpu, index);
  return isAmdMsr(index) && readAmdMsr(cpu, index);
}

/** Writes a register; false is #GP. */
export function writeMsr(cpu: usize, index: u32, value: u64): bool {
  if (index == IA32_TIME_STAMP_COUNTER) {
    if (!hasFeature(cpu, FEATURE_TSC)) return false;
    writeTsc(cpu, value);
    tscMoved(cpu);
    return true;
  }
  if (index == IA32_TSC_ADJUST) {
    if (!hasFeature(cpu, FEATURE_TSC_ADJUST)) return false;
    moveTsc(cpu, value - load<u64>(cpu, CPU_MSR_TSC_ADJUST));
    tscMoved(cpu);
    return true;
  }
  if (index == IA32_TSC_DEADLINE) {
    if (!hasFeature(cpu, FEATURE_TSC_DEADLINE)) return false;
    writeTscDeadline(cpu, value);
    return true;
  }
  if (index == IA32_APIC_BASE) return hasFeature(cpu, FEATURE_APIC) && apicWriteBase(cpu, value);
  if (index == IA32_PAT) return writePat(cpu, value);
  // No supervisor state component is there to be enabled.
  if (index == IA32_XSS) return hasFeature(cpu, FEATURE_XSAVES) && value == 0;
  if (isSyscallMsr(index)) return writeSyscallMsr(cpu, index, value);
  if (index >= X2APIC_FIRST && index <= X2APIC_LAST) return apicWriteMsr(cpu, index, value);
  if (isMtrr(index)) return writeMtrr(cpu, index, value);
  if (isMachineCheck(index)) return writeMachineCheck(cpu, index, value);
  if (isPerformanceMsr(index)) return writePerformanceMsr(cpu, index, value);
  if (isPlatformMsr(index)) return writePlatformMsr(cpu, index, value);
  return isAmdMsr(index) && writeAmdMsr(cpu, index);
}

/** SDM vol. 3, 11.12.2: every byte must be a memory type. */
function writePat(cpu: usize, value: u64): bool {
  if (!hasFeature(cpu, FEATURE_PAT) || !arePatTypes(value)) return false;
  store<u64>(cpu, value, CPU_MSR_PAT);
  return true;
}

function RDMSR(cpu: usize, record: usize): usize {
  if (cpl(cpu) != 0 || !readMsr(cpu, load<u32>(cpu, CPU_RCX))) raiseGP(cpu, 0);
  store<u64>(cpu, msrValue & 0xffffffff, CPU_RAX);
  store<u64>(cpu, msrValue >> 32, CPU_RDX);
  return finish(cpu, record);
}

function WRMSR(cpu: usize, record: usize): usize {
  const value = <u64>load<u32>(cpu, CPU_RAX) | (<u64>load<u32>(cpu, CPU_RDX) << 32);
  if (cpl(cpu) != 0 || !writeMsr(cpu, load<u32>(cpu, CPU_RCX), value)) raiseGP(cpu, 0);
  return finish(cpu, record);
}

/** Power-up and RESET; INIT leaves these registers alone (SDM vol. 3, table 9-1). */
export function resetMsrs(cpu: usize): void {
  store<u64>(cpu, PAT_RESET, CPU_MSR_PAT);
  store<u64>(cpu, 0, CPU_MSR_XSS);
  store<u64>(cpu, 0, CPU_MSR_TSC_ADJUST);
  // Not zero, as the table has it, but the virtual clock, which was zero at power-up: vCPUs are reset one after the other, and
  // their counters must agree.
  store<u64>(cpu, 0, CPU_TSC_OFFSET);
  resetSyscallMsrs(cpu);
  resetMtrrs(cpu);
  resetMachineCheck(cpu);
  resetPlatform(cpu);
  resetPerformance(cpu);
}

export function registerMsr(): void {
  defineOne(slot(MAP_0F, 0x32), 0, FEATURE_MSR, (c, r) => RDMSR(c, r));
  defineOne(slot(MAP_0F, 0x30), 0, FEATURE_MSR, (c, r) => WRMSR(c, r));
}
