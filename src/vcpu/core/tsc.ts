// The time-stamp counter, derived from the virtual clock (SDM vol. 3, 17.17).
import {
  CPU_CR4,
  CPU_MSR_TSC_ADJUST,
  CPU_MSR_TSC_AUX,
  CPU_RAX,
  CPU_RCX,
  CPU_RDX,
  CPU_TSC_HZ,
  CPU_TSC_OFFSET,
} from '../../memory/layout';
import { FEATURE_RDTSCP, FEATURE_TSC } from '../cpu-features';
import { CR4_TSD } from './bits';
import { raiseGP } from './fault';
import { virtualTime } from './host';
import { byMem, byReg, byRm, defineOne, MAP_0F, OP_MODRM, slot } from './opcode-table';
import { cpl, next } from './state';

const NS_PER_SECOND: u64 = 1000000000;

/** Virtual time in ns. */
// @ts-ignore: decorator
@inline
export function nowNs(): u64 {
  return <u64>virtualTime();
}

function ticksAt(cpu: usize, ns: u64): u64 {
  const hz = load<u64>(cpu, CPU_TSC_HZ);
  if (hz == NS_PER_SECOND) return ns;
  // In two parts, so that no product leaves 64 bits.
  return (ns / NS_PER_SECOND) * hz + ((ns % NS_PER_SECOND) * hz) / NS_PER_SECOND;
}

/** What RDTSC gives. */
export function readTsc(cpu: usize): u64 {
  return ticksAt(cpu, nowNs()) + load<u64>(cpu, CPU_TSC_OFFSET);
}

/** Makes the counter go on from `value`; IA32_TSC_ADJUST moves by as much (SDM vol. 3, 17.17.3). */
export function writeTsc(cpu: usize, value: u64): void {
  moveTsc(cpu, value - readTsc(cpu));
}

/** Adds to the counter and to IA32_TSC_ADJUST. */
export function moveTsc(cpu: usize, by: u64): void {
  store<u64>(cpu, load<u64>(cpu, CPU_TSC_OFFSET) + by, CPU_TSC_OFFSET);
  store<u64>(cpu, load<u64>(cpu, CPU_MSR_TSC_ADJUST) + by, CPU_MSR_TSC_ADJUST);
}

/** Earliest virtual time in ns at which the counter is at least `tsc`; 0 if that has been so from the start. */
export function timeOfTsc(cpu: usize, tsc: u64): u64 {
  const ticks = tsc - load<u64>(cpu, CPU_TSC_OFFSET);
  // A counter that was moved forward: the value lies before power-on.
  if (<i64>ticks <= 0) return 0;
  const hz = load<u64>(cpu, CPU_TSC_HZ);
  if (hz == NS_PER_SECOND) return ticks;
  return (ticks / hz) * NS_PER_SECOND + ((ticks % hz) * NS_PER_SECOND + hz - 1) / hz;
}

/** CR4.TSD: the counter is for the kernel alone (SDM vol. 2, "RDTSC"). */
function checkTsc(cpu: usize): void {
  if (load<u64>(cpu, CPU_CR4) & CR4_TSD && cpl(cpu) != 0) raiseGP(cpu, 0);
}

function putTsc(cpu: usize): void {
  const value = readTsc(cpu);
  store<u64>(cpu, value & 0xffffffff, CPU_RAX);
  store<u64>(cpu, value >> 32, CPU_RDX);
}

function RDTSC(cpu: usize, record: usize): usize {
  checkTsc(cpu);
  putTsc(cpu);
  return next(record);
}

function RDTSCP(cpu: usize, record: usize): usize {
  checkTsc(cpu);
  putTsc(cpu);
  store<u64>(cpu, load<u64>(cpu, CPU_MSR_TSC_AUX) & 0xffffffff, CPU_RCX);
  return next(record);
}

export function registerTsc(): void {
  defineOne(slot(MAP_0F, 0x31), 0, FEATURE_TSC, (c, r) => RDTSC(c, r));
  defineOne(byRm(byMem(byReg(slot(MAP_0F, 0x01), 7), 0), 1), OP_MODRM, FEATURE_RDTSCP, (c, r) => RDTSCP(c, r));
}
