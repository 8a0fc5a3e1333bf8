// Writes of the local vector table and of the spurious-interrupt vector register (SDM vol. 3, 10.5.1 and 10.9).
import {
  APIC_CONFIG,
  APIC_CONFIG_DIRECTED_EOI,
  APIC_LVT_ERROR,
  APIC_LVT_LINT0,
  APIC_LVT_LINT1,
  APIC_LVT_PERFORMANCE,
  APIC_LVT_THERMAL,
  APIC_LVT_TIMER,
  APIC_SVR,
  CPU_APIC,
  LVT_MASKED,
  LVT_REMOTE_IRR,
  SVR_ENABLED,
  SVR_SUPPRESS_EOI,
} from '../../../memory/layout';
import { FEATURE_TSC_DEADLINE } from '../../cpu-features';
import { hasFeature } from '../state';
import { reviewLines } from './lines';
import { register, setRegister } from './registers';
import { TIMER_TSC_DEADLINE, writeTimerEntry } from './timer';

const LVT_DELIVERY_STATUS: u32 = 0x1000;
const LVT_PLAIN: u32 = 0x100ff;
const LVT_WITH_DELIVERY: u32 = 0x107ff;
const LVT_PIN: u32 = 0x1a7ff;
const TIMER_PERIODIC: u32 = 0x20000;
const SVR_FOCUS: u32 = 0x200;

export function isLvtEntry(offset: u32): bool {
  return offset >= <u32>APIC_LVT_TIMER && offset <= <u32>APIC_LVT_ERROR;
}

/** Bits of an entry that software may set. */
function writableBits(cpu: usize, offset: u32): u32 {
  if (offset == APIC_LVT_TIMER) {
    const deadline = hasFeature(cpu, FEATURE_TSC_DEADLINE) ? TIMER_TSC_DEADLINE : 0;
    return LVT_PLAIN | TIMER_PERIODIC | deadline;
  }
  if (offset == APIC_LVT_THERMAL || offset == APIC_LVT_PERFORMANCE) return LVT_WITH_DELIVERY;
  return offset == APIC_LVT_ERROR ? LVT_PLAIN : LVT_PIN;
}

/** Bits whose setting is #GP in x2APIC mode; the read-only status bits are not among them. */
export function reservedLvtBits(cpu: usize, offset: u32): u32 {
  return ~(writableBits(cpu, offset) | LVT_DELIVERY_STATUS | LVT_REMOTE_IRR);
}

/** While the APIC is disabled by software, entries stay masked (SDM vol. 3, 10.4.7.2). */
export function writeLvt(cpu: usize, offset: u32, value: u32): void {
  let bits = value & writableBits(cpu, offset);
  if (!(register(cpu, APIC_SVR) & SVR_ENABLED)) bits |= LVT_MASKED;
  if (offset == APIC_LVT_TIMER) {
    writeTimerEntry(cpu, bits);
  } else if (offset == APIC_LVT_LINT0) {
    writeKeepingRemoteIrr(cpu, bits);
    reviewLines(cpu);
  } else {
    setRegister(cpu, offset, bits);
    if (offset == APIC_LVT_LINT1) reviewLines(cpu);
  }
}

/** Whoever moves the line sets remote IRR meanwhile. It ends when the entry becomes edge-triggered. */
function writeKeepingRemoteIrr(cpu: usize, bits: u32): void {
  const word = cpu + CPU_APIC + APIC_LVT_LINT0;
  const kept: u32 = bits & 0x8000 ? LVT_REMOTE_IRR : 0;
  for (;;) {
    const old = atomic.load<u32>(word);
    if (atomic.cmpxchg<u32>(word, old, bits | (old & kept)) == old) return;
  }
}

function spuriousBits(cpu: usize): u32 {
  const directed = register(cpu, APIC_CONFIG) & APIC_CONFIG_DIRECTED_EOI;
  return 0xff | SVR_ENABLED | SVR_FOCUS | (directed ? SVR_SUPPRESS_EOI : 0);
}

export function reservedSpuriousBits(cpu: usize): u32 {
  return ~spuriousBits(cpu);
}

/** Focus checking does not exist here, but its bit may be set. Clearing the enable bit masks the whole table. */
export function writeSpurious(cpu: usize, value: u32): void {
  setRegister(cpu, APIC_SVR, value & spuriousBits(cpu) & ~SVR_FOCUS);
  if (!(value & SVR_ENABLED)) {
    for (let offset: u32 = APIC_LVT_TIMER; offset <= <u32>APIC_LVT_ERROR; offset += 16) {
      atomic.or<u32>(cpu + CPU_APIC + <usize>offset, LVT_MASKED);
    }
  }
  reviewLines(cpu);
}
