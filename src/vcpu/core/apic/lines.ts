// The pins LINT0 and LINT1, and external (8259) interrupts through them (SDM vol. 3, 10.5.1 and 10.1).
import {
  APIC_LINES,
  APIC_LINE_EXTINT_MESSAGE,
  APIC_LINE_LINT0,
  APIC_LINE_LINT1,
  APIC_LVT_LINT0,
  APIC_LVT_LINT1,
  CPU_APIC,
  CPU_PENDING,
  DELIVERY_EXTINT,
  DELIVERY_FIXED,
  LVT_DELIVERY_MASK,
  LVT_DELIVERY_SHIFT,
  LVT_LEVEL,
  LVT_MASKED,
  LVT_REMOTE_IRR,
  PENDING_PIC,
} from '../../../memory/layout';
import { deliverLocal, signal } from './deliver';
import { isPresent, register } from './registers';

function isExtInt(lvt: u32): bool {
  return !(lvt & LVT_MASKED) && (lvt & LVT_DELIVERY_MASK) >> LVT_DELIVERY_SHIFT == DELIVERY_EXTINT;
}

/** Does an asserted pin ask for an interrupt of the 8259 now? Without an APIC LINT0 is the INTR pin. */
function isExternalAsserted(cpu: usize): bool {
  const lines = register(cpu, APIC_LINES);
  if (!isPresent(cpu)) return (lines & APIC_LINE_LINT0) != 0;
  if (lines & APIC_LINE_LINT0 && isExtInt(register(cpu, APIC_LVT_LINT0))) return true;
  return (lines & APIC_LINE_LINT1) != 0 && isExtInt(register(cpu, APIC_LVT_LINT1));
}

/**
 * Asked when PENDING_PIC is set and interrupts are open: true if the core shall run the acknowledge cycle and deliver the
 * vector that it gives. PENDING_PIC is only a hint: the line may have fallen or been masked since. Clears a latched
 * ExtINT message, so ask once an interrupt.
 */
export function apicTakeExternal(cpu: usize): bool {
  atomic.and<u32>(cpu + CPU_PENDING, ~PENDING_PIC);
  const lines = atomic.and<u32>(cpu + CPU_APIC + APIC_LINES, ~APIC_LINE_EXTINT_MESSAGE);
  const asserted = isExternalAsserted(cpu);
  // The controller may keep its line up for the next interrupt: look again after this one.
  if (asserted) atomic.or<u32>(cpu + CPU_PENDING, PENDING_PIC);
  return asserted || (lines & APIC_LINE_EXTINT_MESSAGE) != 0;
}

/** Is there an external interrupt to take? For a halted vCPU that must not consume it. */
export function apicHasExternal(cpu: usize): bool {
  return isExternalAsserted(cpu) || (register(cpu, APIC_LINES) & APIC_LINE_EXTINT_MESSAGE) != 0;
}

/** After a change of what the pins lead to: an asserted level is seen anew. */
export function reviewLines(cpu: usize): void {
  if (isExternalAsserted(cpu)) signal(cpu, PENDING_PIC);
  const lint0 = register(cpu, APIC_LVT_LINT0);
  const fixedLevel = (lint0 & LVT_DELIVERY_MASK) >> LVT_DELIVERY_SHIFT == DELIVERY_FIXED && (lint0 & LVT_LEVEL) != 0;
  if (fixedLevel && register(cpu, APIC_LINES) & APIC_LINE_LINT0) deliverLocal(cpu, APIC_LVT_LINT0);
}

/** EOI of a level-triggered vector: ends LINT0's remote IRR, and interrupts again while the pin is still asserted. */
export function endLocalLevel(cpu: usize, vector: u32): void {
  const lint0 = register(cpu, APIC_LVT_LINT0);
  if (!(lint0 & LVT_REMOTE_IRR) || (lint0 & 0xff) != vector) return;
  atomic.and<u32>(cpu + CPU_APIC + APIC_LVT_LINT0, ~LVT_REMOTE_IRR);
  reviewLines(cpu);
}
