// What a local APIC does with a message, its local vector table and its errors. Everything here may be called for another
// vCPU: it touches the target only with atomics and wakes it. `src/vcpu/interrupt-bus.ts` does the same from TypeScript.
import {
  APIC_ERRORS,
  APIC_IRR,
  APIC_LINES,
  APIC_LINE_EXTINT_MESSAGE,
  APIC_LVT_ERROR,
  APIC_LVT_LINT0,
  APIC_LVT_LINT1,
  APIC_LVT_PERFORMANCE,
  APIC_TMR,
  CPU_APIC,
  CPU_PENDING,
  CPU_SIPI_VECTOR,
  DELIVERY_EXTINT,
  DELIVERY_FIXED,
  DELIVERY_INIT,
  DELIVERY_LOWEST_PRIORITY,
  DELIVERY_NMI,
  DELIVERY_SIPI,
  DELIVERY_SMI,
  ESR_RECEIVE_ILLEGAL_VECTOR,
  LVT_DELIVERY_MASK,
  LVT_DELIVERY_SHIFT,
  LVT_LEVEL,
  LVT_MASKED,
  LVT_REMOTE_IRR,
  PENDING_APIC,
  PENDING_INIT,
  PENDING_NMI,
  PENDING_PIC,
  PENDING_SIPI,
  PENDING_SMI,
} from '../../../memory/layout';
import { isAccepting, isPresent, register, vectorWord } from './registers';

/** Vectors below 16 are illegal in messages and in the local vector table (SDM vol. 3, 10.5.2). */
const FIRST_LEGAL_VECTOR: u32 = 16;

/** Sets a request and wakes the vCPU if it sleeps. */
export function signal(target: usize, request: u32): void {
  atomic.or<u32>(target + CPU_PENDING, request);
  atomic.notify(target + CPU_PENDING, -1);
}

/** Sets a vector's bit in IRR, after its trigger mode in TMR (SDM vol. 3, 10.8.4). */
export function acceptVector(target: usize, vector: u32, level: bool): void {
  if (vector < FIRST_LEGAL_VECTOR) {
    noteError(target, ESR_RECEIVE_ILLEGAL_VECTOR);
    return;
  }
  const bit: u32 = 1 << (vector & 31);
  const trigger = vectorWord(target, APIC_TMR, vector);
  if (level) atomic.or<u32>(trigger, bit);
  else if (atomic.load<u32>(trigger) & bit) atomic.and<u32>(trigger, ~bit);
  atomic.or<u32>(vectorWord(target, APIC_IRR, vector), bit);
  signal(target, PENDING_APIC);
}

/** Gives a message of a DELIVERY_* mode to one vCPU that it is meant for. */
export function deliverMessage(target: usize, delivery: u32, vector: u32, level: bool): void {
  if (delivery == DELIVERY_FIXED || delivery == DELIVERY_LOWEST_PRIORITY) {
    if (isAccepting(target)) acceptVector(target, vector, level);
  } else if (delivery == DELIVERY_SMI) {
    signal(target, PENDING_SMI);
  } else if (delivery == DELIVERY_NMI) {
    signal(target, PENDING_NMI);
  } else if (delivery == DELIVERY_INIT) {
    signal(target, PENDING_INIT);
  } else if (delivery == DELIVERY_SIPI) {
    atomic.store<u32>(target + CPU_SIPI_VECTOR, vector);
    signal(target, PENDING_SIPI);
  } else if (delivery == DELIVERY_EXTINT) {
    if (!isAccepting(target)) return;
    atomic.or<u32>(target + CPU_APIC + APIC_LINES, APIC_LINE_EXTINT_MESSAGE);
    signal(target, PENDING_PIC);
  }
}

/** Logs an error. Only the first since the last write of ESR interrupts (SDM vol. 3, 10.5.3). */
export function noteError(target: usize, error: u32): void {
  if (atomic.or<u32>(target + CPU_APIC + APIC_ERRORS, error) == 0) deliverLocal(target, APIC_LVT_ERROR);
}

/** Has the event happen that an entry of the local vector table stands for (SDM vol. 3, 10.5.1). */
export function deliverLocal(target: usize, entry: u32): void {
  const lvt = register(target, entry);
  if (!isPresent(target) || lvt & LVT_MASKED) return;
  const delivery = (lvt & LVT_DELIVERY_MASK) >> LVT_DELIVERY_SHIFT;
  // Table 10-1 of 10.5.1: a performance event masks its own entry.
  if (entry == APIC_LVT_PERFORMANCE) atomic.or<u32>(target + CPU_APIC + APIC_LVT_PERFORMANCE, LVT_MASKED);
  if (delivery != DELIVERY_FIXED) {
    if (delivery != DELIVERY_EXTINT) deliverMessage(target, delivery, 0, false);
    else if (entry == APIC_LVT_LINT0 || entry == APIC_LVT_LINT1) signal(target, PENDING_PIC);
    return;
  }
  // Only LINT0 and LINT1 have a trigger mode; LINT1 is always edge-triggered (SDM vol. 3, 10.5.1 "Trigger Mode").
  if (entry == APIC_LVT_LINT0 && lvt & LVT_LEVEL) {
    const old = atomic.or<u32>(target + CPU_APIC + APIC_LVT_LINT0, LVT_REMOTE_IRR);
    if (!(old & LVT_REMOTE_IRR)) acceptVector(target, lvt & 0xff, true);
  } else {
    acceptVector(target, lvt & 0xff, false);
  }
}
