// The xAPIC's registers in memory (SDM vol. 3, 10.4.1): 32 bits every 16 bytes of a 4 KiB page.
import {
  APIC_APR,
  APIC_BASE_MSR,
  APIC_CURRENT_COUNT,
  APIC_DFR,
  APIC_DIVIDE,
  APIC_EOI,
  APIC_ERRORS,
  APIC_ESR,
  APIC_ICR_HIGH,
  APIC_ICR_LOW,
  APIC_ID,
  APIC_INITIAL_COUNT,
  APIC_IRR,
  APIC_ISR,
  APIC_LDR,
  APIC_PPR,
  APIC_RRD,
  APIC_SVR,
  APIC_TPR,
  APIC_VERSION,
  CPU_APIC,
  ESR_ILLEGAL_REGISTER,
} from '../../../memory/layout';
import { noteError } from './deliver';
import { endOfInterrupt } from './eoi';
import { sendIpi } from './ipi';
import { isLvtEntry, writeLvt, writeSpurious } from './lvt';
import { afterPriorityChange, highestVector, isPresent, isX2apic, register, setRegister } from './registers';
import { apicTimerTick, currentCount, writeDivide, writeInitialCount } from './timer';

const PAGE: u64 = 0xfffffffffffff000;
const ICR_WRITABLE: u32 = 0xccfff & ~0x1000;

/** Is this guest-physical address in the page of the xAPIC's registers? In x2APIC mode there is none. */
export function isApicPage(cpu: usize, physical: u64): bool {
  if ((physical ^ load<u64>(cpu + CPU_APIC, APIC_BASE_MSR)) & PAGE) return false;
  return isPresent(cpu) && !isX2apic(cpu);
}

/** Reads the register at an offset of the page; undefined places read 0 and log an error (SDM vol. 3, 10.5.3). */
export function apicRead(cpu: usize, offset: u32): u32 {
  // Only aligned 32-bit accesses are defined (10.4.1); other bytes of a register's 16 read 0.
  if (offset & 15) return 0;
  if (offset == APIC_EOI || offset == APIC_RRD) return 0;
  if (offset == APIC_APR) return arbitrationPriority(cpu);
  if (!isXapicRegister(offset)) {
    noteError(cpu, ESR_ILLEGAL_REGISTER);
    return 0;
  }
  return readRegister(cpu, offset);
}

/** A register that both modes have. */
export function readRegister(cpu: usize, offset: u32): u32 {
  if (offset == APIC_CURRENT_COUNT) {
    apicTimerTick(cpu);
    return currentCount(cpu);
  }
  if (offset >= <u32>APIC_IRR && offset < <u32>APIC_ESR) apicTimerTick(cpu);
  return register(cpu, offset);
}

function isXapicRegister(offset: u32): bool {
  return isCommonRegister(offset) || offset == APIC_DFR || offset == APIC_ICR_HIGH;
}

/** Registers that xAPIC and x2APIC have in the same place, EOI and SELF IPI aside. */
export function isCommonRegister(offset: u32): bool {
  if (offset >= <u32>APIC_ISR && offset <= <u32>APIC_ESR) return true;
  if (offset == APIC_ICR_LOW || isLvtEntry(offset)) return true;
  return (
    offset == APIC_ID ||
    offset == APIC_VERSION ||
    offset == APIC_TPR ||
    offset == APIC_PPR ||
    offset == APIC_LDR ||
    offset == APIC_SVR ||
    offset == APIC_INITIAL_COUNT ||
    offset == APIC_CURRENT_COUNT ||
    offset == APIC_DIVIDE
  );
}

/** SDM vol. 3, 10.6.2.4: TPR, or the highest class waiting or in service. */
function arbitrationPriority(cpu: usize): u32 {
  const tpr = register(cpu, APIC_TPR);
  const waiting = highestVector(cpu, APIC_IRR);
  const serving = highestVector(cpu, APIC_ISR);
  const request: u32 = waiting < 0 ? 0 : <u32>waiting & 0xf0;
  const service: u32 = serving < 0 ? 0 : <u32>serving & 0xf0;
  if ((tpr & 0xf0) >= request && (tpr & 0xf0) > service) return tpr;
  return max(tpr & 0xf0 & service, request);
}

/** Writes the register at an offset of the page. Read-only registers ignore it, undefined places log an error. */
export function apicWrite(cpu: usize, offset: u32, value: u32): void {
  if (offset & 15) return;
  if (offset == APIC_ID) setRegister(cpu, APIC_ID, value & 0xff000000);
  else if (offset == APIC_LDR) setRegister(cpu, APIC_LDR, value & 0xff000000);
  else if (offset == APIC_DFR) setRegister(cpu, APIC_DFR, value | 0x0fffffff);
  else if (offset == APIC_ICR_HIGH) setRegister(cpu, APIC_ICR_HIGH, value & 0xff000000);
  else if (offset == APIC_ICR_LOW) writeCommand(cpu, value);
  else if (offset == APIC_EOI) endOfInterrupt(cpu);
  else if (!writeRegister(cpu, offset, value) && !isXapicRegister(offset) && offset != APIC_APR && offset != APIC_RRD)
    noteError(cpu, ESR_ILLEGAL_REGISTER);
}

/** The low half of the interrupt command register: sends. */
export function writeCommand(cpu: usize, value: u32): void {
  setRegister(cpu, APIC_ICR_LOW, value & ICR_WRITABLE);
  sendIpi(cpu);
}

/** Writes a register whose meaning is the same in both modes. False if `offset` is none of them. */
export function writeRegister(cpu: usize, offset: u32, value: u32): bool {
  if (offset == APIC_TPR) {
    setRegister(cpu, APIC_TPR, value & 0xff);
    afterPriorityChange(cpu);
  } else if (offset == APIC_SVR) {
    writeSpurious(cpu, value);
  } else if (offset == APIC_ESR) {
    // A write shows what was logged since the last one, and arms the error interrupt (SDM vol. 3, 10.5.3).
    setRegister(cpu, APIC_ESR, atomic.xchg<u32>(cpu + CPU_APIC + APIC_ERRORS, 0));
  } else if (isLvtEntry(offset)) {
    writeLvt(cpu, offset, value);
  } else if (offset == APIC_INITIAL_COUNT) {
    writeInitialCount(cpu, value);
  } else if (offset == APIC_DIVIDE) {
    writeDivide(cpu, value);
  } else {
    return false;
  }
  return true;
}
