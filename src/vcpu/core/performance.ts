// Performance counters: architectural performance monitoring version 2 (SDM vol. 3, 18.2), for models whose CPUID leaf
// 0AH says that there are some. Instructions and cycles are counted; other events stay 0 and leaf 0AH does not list them.
import {
  APIC_LVT_PERFORMANCE,
  CPU_CR4,
  CPU_MSR_FIXED_CTR_CTRL,
  CPU_MSR_PERFEVTSEL,
  CPU_MSR_PERF_GLOBAL_CTRL,
  CPU_MSR_PERF_GLOBAL_STATUS,
  CPU_PERF_COUNTERS,
  CPU_RAX,
  CPU_RCX,
  CPU_RDX,
} from '../../memory/layout';
import { deliverLocal } from './apic/deliver';
import { CR4_PCE } from './bits';
import { cpuidEax } from './cpuid-table';
import { raiseGP } from './fault';
import {
  IA32_FIXED_CTR0,
  IA32_FIXED_CTR_CTRL,
  IA32_PERFEVTSEL0,
  IA32_PERF_GLOBAL_CTRL,
  IA32_PERF_GLOBAL_OVF_CTRL,
  IA32_PERF_GLOBAL_STATUS,
  IA32_PMC0,
} from './msr-numbers';
import { give, msrValue } from './msr-result';
import { defineOne, MAP_0F, OP_END, slot } from './opcode-table';
import { instructionsExecuted } from './run';
import { cpl, finish, isProtected, isV86 } from './state';
import { readTsc } from './tsc';

const LEAF_PERFORMANCE: u32 = 0xa;
const FIXED_COUNTERS: u32 = 3;
const MAX_GENERAL: u32 = 8;
/** Counters are 48 bits wide; writes of the PMCs are sign-extended from 32 bits (18.2.5). */
const COUNTER_MASK: u64 = 0xffffffffffff;
const EVTSEL_USR_OS: u32 = 0x30000;
const EVTSEL_INT: u32 = 0x100000;
const EVTSEL_ENABLE: u32 = 0x400000;
const EVENT_CYCLES: u32 = 0x003c;
const EVENT_REFERENCE_CYCLES: u32 = 0x013c;
const EVENT_INSTRUCTIONS: u32 = 0x00c0;
const GLOBAL_FIXED_SHIFT: u32 = 32;

const SOURCE_NONE: u32 = 0;
const SOURCE_INSTRUCTIONS: u32 = 1;
const SOURCE_CYCLES: u32 = 2;

/** How many general counters the model has: leaf 0AH, EAX bits 15..8. 0: no performance monitoring. */
function generalCounters(cpu: usize): u32 {
  return (cpuidEax(cpu, LEAF_PERFORMANCE) >> 8) & 0xff;
}

/** Counters 0..7 are general, 8..10 fixed. */
// @ts-ignore: decorator
@inline
function counterAddress(cpu: usize, counter: u32): usize {
  return cpu + CPU_PERF_COUNTERS + (<usize>counter << 4);
}

function evtsel(cpu: usize, counter: u32): u32 {
  return load<u32>(cpu + CPU_MSR_PERFEVTSEL + (<usize>counter << 3));
}

/** What a counter counts now, by its own control; SOURCE_NONE while it is stopped. */
function sourceOf(cpu: usize, counter: u32): u32 {
  const bit = counter < MAX_GENERAL ? counter : counter - MAX_GENERAL + GLOBAL_FIXED_SHIFT;
  if (!((load<u64>(cpu, CPU_MSR_PERF_GLOBAL_CTRL) >> bit) & 1)) return SOURCE_NONE;
  if (counter >= MAX_GENERAL) {
    const fixed = counter - MAX_GENERAL;
    if (!((load<u32>(cpu, CPU_MSR_FIXED_CTR_CTRL) >> (fixed * 4)) & 3)) return SOURCE_NONE;
    return fixed == 0 ? SOURCE_INSTRUCTIONS : SOURCE_CYCLES;
  }
  const select = evtsel(cpu, counter);
  if (!(select & EVTSEL_ENABLE) || !(select & EVTSEL_USR_OS)) return SOURCE_NONE;
  const event = select & 0xffff;
  if (event == EVENT_INSTRUCTIONS) return SOURCE_INSTRUCTIONS;
  return event == EVENT_CYCLES || event == EVENT_REFERENCE_CYCLES ? SOURCE_CYCLES : SOURCE_NONE;
}

function wantsInterrupt(cpu: usize, counter: u32): bool {
  if (counter < MAX_GENERAL) return (evtsel(cpu, counter) & EVTSEL_INT) != 0;
  return ((load<u32>(cpu, CPU_MSR_FIXED_CTR_CTRL) >> ((counter - MAX_GENERAL) * 4 + 3)) & 1) != 0;
}

function sourceCount(cpu: usize, source: u32): u64 {
  if (source == SOURCE_INSTRUCTIONS) return instructionsExecuted(cpu);
  return source == SOURCE_CYCLES ? readTsc(cpu) : 0;
}

/** Brings a counter up to now and gives it; an overflow sets its status bit and, if asked for, interrupts. */
function advance(cpu: usize, counter: u32): u64 {
  const at = counterAddress(cpu, counter);
  const source = sourceOf(cpu, counter);
  const old = load<u64>(at);
  if (source == SOURCE_NONE) return old;
  const count = sourceCount(cpu, source);
  const sum = old + (count - load<u64>(at, 8));
  store<u64>(at, sum & COUNTER_MASK);
  store<u64>(at, count, 8);
  if (sum > COUNTER_MASK) {
    const bit = counter < MAX_GENERAL ? counter : counter - MAX_GENERAL + GLOBAL_FIXED_SHIFT;
    store<u64>(cpu, load<u64>(cpu, CPU_MSR_PERF_GLOBAL_STATUS) | (<u64>1 << bit), CPU_MSR_PERF_GLOBAL_STATUS);
    if (wantsInterrupt(cpu, counter)) deliverLocal(cpu, APIC_LVT_PERFORMANCE);
  }
  return sum & COUNTER_MASK;
}

/** Brings all counters up to now: before a control changes, and now and then so that overflows are noticed. */
export function advanceCounters(cpu: usize): void {
  for (let counter: u32 = 0; counter < MAX_GENERAL + FIXED_COUNTERS; counter++) advance(cpu, counter);
}

/** After a control changed: counters that run begin at their source's present count. */
function restartCounters(cpu: usize): void {
  for (let counter: u32 = 0; counter < MAX_GENERAL + FIXED_COUNTERS; counter++) {
    store<u64>(counterAddress(cpu, counter), sourceCount(cpu, sourceOf(cpu, counter)), 8);
  }
}

function setCounter(cpu: usize, counter: u32, value: u64): void {
  advance(cpu, counter);
  store<u64>(counterAddress(cpu, counter), value & COUNTER_MASK);
}

function setControl(cpu: usize, offset: usize, value: u64): bool {
  advanceCounters(cpu);
  store<u64>(cpu + offset, value);
  restartCounters(cpu);
  return true;
}

export function isPerformanceMsr(index: u32): bool {
  return (
    index - IA32_PMC0 < MAX_GENERAL ||
    index - IA32_PERFEVTSEL0 < MAX_GENERAL ||
    index - IA32_FIXED_CTR0 < FIXED_COUNTERS ||
    (index >= IA32_FIXED_CTR_CTRL && index <= IA32_PERF_GLOBAL_OVF_CTRL)
  );
}

/** Bits of the global registers that stand for counters. */
function globalBits(general: u32): u64 {
  return ((<u64>1 << general) - 1) | (<u64>((1 << FIXED_COUNTERS) - 1) << GLOBAL_FIXED_SHIFT);
}

/** False is #GP: the model does not have the register. */
export function readPerformanceMsr(cpu: usize, index: u32): bool {
  const general = generalCounters(cpu);
  if (!general) return false;
  if (index - IA32_PMC0 < MAX_GENERAL) return index - IA32_PMC0 < general && give(advance(cpu, index - IA32_PMC0));
  if (index - IA32_PERFEVTSEL0 < MAX_GENERAL) {
    return index - IA32_PERFEVTSEL0 < general && give(<u64>evtsel(cpu, index - IA32_PERFEVTSEL0));
  }
  if (index - IA32_FIXED_CTR0 < FIXED_COUNTERS) return give(advance(cpu, index - IA32_FIXED_CTR0 + MAX_GENERAL));
  if (index == IA32_FIXED_CTR_CTRL) return give(load<u64>(cpu, CPU_MSR_FIXED_CTR_CTRL));
  if (index == IA32_PERF_GLOBAL_CTRL) return give(load<u64>(cpu, CPU_MSR_PERF_GLOBAL_CTRL));
  if (index == IA32_PERF_GLOBAL_OVF_CTRL) return give(0);
  advanceCounters(cpu);
  return give(load<u64>(cpu, CPU_MSR_PERF_GLOBAL_STATUS));
}

/** False is #GP: not there, read-only, or a reserved bit. */
export function writePerformanceMsr(cpu: usize, index: u32, value: u64): bool {
  const general = generalCounters(cpu);
  if (!general) return false;
  if (index - IA32_PMC0 < MAX_GENERAL) {
    if (index - IA32_PMC0 >= general) return false;
    setCounter(cpu, index - IA32_PMC0, <u64><i64><i32>value);
    return true;
  }
  if (index - IA32_PERFEVTSEL0 < MAX_GENERAL) {
    if (index - IA32_PERFEVTSEL0 >= general || value >> 32) return false;
    return setControl(cpu, CPU_MSR_PERFEVTSEL + (<usize>(index - IA32_PERFEVTSEL0) << 3), value);
  }
  if (index - IA32_FIXED_CTR0 < FIXED_COUNTERS) {
    if (value & ~COUNTER_MASK) return false;
    setCounter(cpu, index - IA32_FIXED_CTR0 + MAX_GENERAL, value);
    return true;
  }
  if (index == IA32_FIXED_CTR_CTRL) {
    // Three fields of enable (2 bits) and PMI; AnyThread is of version 3.
    return !(value & ~(<u64>0xbbb)) && setControl(cpu, CPU_MSR_FIXED_CTR_CTRL, value);
  }
  if (index == IA32_PERF_GLOBAL_CTRL) {
    return !(value & ~globalBits(general)) && setControl(cpu, CPU_MSR_PERF_GLOBAL_CTRL, value);
  }
  if (index != IA32_PERF_GLOBAL_OVF_CTRL) return false;
  // Bits 62 and 63 clear conditions that do not arise here.
  if (value & ~(globalBits(general) | 0xc000000000000000)) return false;
  store<u64>(cpu, load<u64>(cpu, CPU_MSR_PERF_GLOBAL_STATUS) & ~value, CPU_MSR_PERF_GLOBAL_STATUS);
  return true;
}

/** RDPMC: counter ECX, fixed ones with bit 30 (SDM vol. 2, "RDPMC"). */
function RDPMC(cpu: usize, record: usize): usize {
  if (!(load<u64>(cpu, CPU_CR4) & CR4_PCE) && cpl(cpu) != 0 && (isProtected(cpu) || isV86(cpu))) raiseGP(cpu, 0);
  const select = load<u32>(cpu, CPU_RCX);
  const isFixed = (select & 0x40000000) != 0;
  const counter = select & ~0x40000000;
  const first = isFixed ? IA32_FIXED_CTR0 : IA32_PMC0;
  if (counter >= (isFixed ? FIXED_COUNTERS : MAX_GENERAL) || !readPerformanceMsr(cpu, first + counter)) raiseGP(cpu, 0);
  store<u64>(cpu, msrValue & 0xffffffff, CPU_RAX);
  store<u64>(cpu, msrValue >> 32, CPU_RDX);
  return finish(cpu, record);
}

/** Power-up: all off, except that the global control enables the general counters (SDM vol. 3, table 9-1). */
export function resetPerformance(cpu: usize): void {
  memory.fill(cpu + CPU_MSR_PERFEVTSEL, 0, MAX_GENERAL << 3);
  memory.fill(cpu + CPU_PERF_COUNTERS, 0, (MAX_GENERAL + FIXED_COUNTERS) << 4);
  store<u64>(cpu, 0, CPU_MSR_FIXED_CTR_CTRL);
  store<u64>(cpu, 0, CPU_MSR_PERF_GLOBAL_STATUS);
  store<u64>(cpu, (<u64>1 << generalCounters(cpu)) - 1, CPU_MSR_PERF_GLOBAL_CTRL);
}

export function registerPerformance(): void {
  defineOne(slot(MAP_0F, 0x33), OP_END, 0, (c, r) => RDPMC(c, r));
}
