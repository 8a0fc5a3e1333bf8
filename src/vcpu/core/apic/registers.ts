// The local APIC's registers and priorities (SDM vol. 3, 10.8.3 and 10.8.4).
import {
  APIC_BASE_EN,
  APIC_BASE_EXTD,
  APIC_BASE_MSR,
  APIC_INITIAL_ID,
  APIC_IRR,
  APIC_ISR,
  APIC_PPR,
  APIC_SVR,
  APIC_TPR,
  CPU_APIC,
  CPU_PENDING,
  PENDING_APIC,
  SVR_ENABLED,
} from '../../../memory/layout';

/** A register of this vCPU's or another's APIC; also the private words behind the registers. */
// @ts-ignore: decorator
@inline
export function register(cpu: usize, offset: u32): u32 {
  return atomic.load<u32>(cpu + CPU_APIC + <usize>offset);
}

// @ts-ignore: decorator
@inline
export function setRegister(cpu: usize, offset: u32, value: u32): void {
  atomic.store<u32>(cpu + CPU_APIC + <usize>offset, value);
}

/** Address of the word that holds a vector's bit in IRR, ISR or TMR. */
// @ts-ignore: decorator
@inline
export function vectorWord(cpu: usize, bank: u32, vector: u32): usize {
  return cpu + CPU_APIC + <usize>(bank + ((vector >> 5) << 4));
}

/** Highest vector whose bit is set in IRR or ISR, or -1. */
export function highestVector(cpu: usize, bank: u32): i32 {
  for (let i = 7; i >= 0; i--) {
    const word = atomic.load<u32>(cpu + CPU_APIC + <usize>bank + (<usize>i << 4));
    if (word) return (i << 5) + 31 - clz<u32>(word);
  }
  return -1;
}

/** IA32_APIC_BASE.EN: there is an APIC. */
export function isPresent(cpu: usize): bool {
  return (register(cpu, APIC_BASE_MSR) & APIC_BASE_EN) != 0;
}

export function isX2apic(cpu: usize): bool {
  return (register(cpu, APIC_BASE_MSR) & (APIC_BASE_EN | APIC_BASE_EXTD)) == (APIC_BASE_EN | APIC_BASE_EXTD);
}

/** Enabled by hardware and software: accepts fixed interrupts (SDM vol. 3, 10.4.7.2). */
export function isAccepting(cpu: usize): bool {
  return isPresent(cpu) && (register(cpu, APIC_SVR) & SVR_ENABLED) != 0;
}

/** Logical ID in x2APIC mode, derived from the x2APIC ID (SDM vol. 3, 10.12.10.2). */
export function x2apicLogicalId(cpu: usize): u32 {
  const id = register(cpu, APIC_INITIAL_ID);
  return ((id >> 4) << 16) | (1 << (id & 15));
}

/** Recomputes the processor priority: TPR or the class of the highest vector in service (SDM vol. 3, 10.8.3.1). */
export function updatePriority(cpu: usize): void {
  const tpr = register(cpu, APIC_TPR);
  const highest = highestVector(cpu, APIC_ISR);
  const service: u32 = highest < 0 ? 0 : <u32>highest & 0xf0;
  setRegister(cpu, APIC_PPR, (tpr & 0xf0) >= service ? tpr : service);
}

/** The vector that would be delivered now, or -1. Leaves PENDING_APIC set exactly if there is one. */
export function apicDeliverable(cpu: usize): i32 {
  // Cleared before the look: a sender sets IRR first and PENDING_APIC after it, so nothing is missed.
  atomic.and<u32>(cpu + CPU_PENDING, ~PENDING_APIC);
  const vector = highestVector(cpu, APIC_IRR);
  if (vector < 0 || (<u32>vector & 0xf0) <= (register(cpu, APIC_PPR) & 0xf0)) return -1;
  atomic.or<u32>(cpu + CPU_PENDING, PENDING_APIC);
  return vector;
}

/** Moves the deliverable vector from IRR to ISR and gives it. Call only after apicDeliverable() gave one. */
export function apicAccept(cpu: usize): u32 {
  const vector = <u32>highestVector(cpu, APIC_IRR);
  const bit: u32 = 1 << (vector & 31);
  atomic.and<u32>(vectorWord(cpu, APIC_IRR, vector), ~bit);
  const service = vectorWord(cpu, APIC_ISR, vector);
  atomic.store<u32>(service, load<u32>(service) | bit);
  afterPriorityChange(cpu);
  return vector;
}

/** After a change of TPR or ISR: derives PPR and whether something can be delivered. */
export function afterPriorityChange(cpu: usize): void {
  updatePriority(cpu);
  apicDeliverable(cpu);
}

/** Bits 7..4 of TPR, as CR8 reads (SDM vol. 3, 10.8.6.1). */
export function apicGetTpr(cpu: usize): u64 {
  return <u64>(register(cpu, APIC_TPR) >> 4);
}

/** A write of CR8: TPR becomes the value shifted left by 4. */
export function apicSetTpr(cpu: usize, value: u64): void {
  setRegister(cpu, APIC_TPR, (<u32>value & 15) << 4);
  afterPriorityChange(cpu);
}
