// Interprocessor interrupts (SDM vol. 3, 10.6).
import {
  APIC_ICR_HIGH,
  APIC_ICR_LOW,
  DELIVERY_FIXED,
  DELIVERY_INIT,
  DELIVERY_LOWEST_PRIORITY,
  ESR_SEND_ILLEGAL_VECTOR,
  LVT_DELIVERY_MASK,
  LVT_DELIVERY_SHIFT,
} from '../../../memory/layout';
import { cpuCount, groupOf, sendToMatching } from './destination';
import { deliverMessage, noteError } from './deliver';
import { isPresent, isX2apic, register } from './registers';

const ICR_LOGICAL: u32 = 0x800;
const ICR_ASSERT: u32 = 0x4000;
const ICR_LEVEL: u32 = 0x8000;
const ICR_SHORTHAND_SHIFT: u32 = 18;
const SHORTHAND_NONE: u32 = 0;
const SHORTHAND_SELF: u32 = 1;
const SHORTHAND_ALL: u32 = 2;

/** An illegal vector is noted by the sender and, since the message is sent all the same, by each receiver. */
function checkVector(cpu: usize, delivery: u32, vector: u32): void {
  if ((delivery == DELIVERY_FIXED || delivery == DELIVERY_LOWEST_PRIORITY) && vector < 16) {
    noteError(cpu, ESR_SEND_ILLEGAL_VECTOR);
  }
}

/** Sends what the interrupt command register says. */
export function sendIpi(cpu: usize): void {
  const command = register(cpu, APIC_ICR_LOW);
  const vector = command & 0xff;
  const delivery = (command & LVT_DELIVERY_MASK) >> LVT_DELIVERY_SHIFT;
  // INIT level de-assert only resynchronised arbitration IDs; processors since the Pentium 4 ignore it (10.6.1).
  if (delivery == DELIVERY_INIT && command & ICR_LEVEL && !(command & ICR_ASSERT)) return;
  checkVector(cpu, delivery, vector);
  const shorthand = (command >> ICR_SHORTHAND_SHIFT) & 3;
  // The trigger mode of any other message is ignored: IPIs are edge-triggered (10.6.1).
  if (shorthand == SHORTHAND_NONE) {
    const wide = isX2apic(cpu);
    const high = register(cpu, APIC_ICR_HIGH);
    const broadcast: u32 = wide ? 0xffffffff : 0xff;
    sendToMatching(wide ? high : high >> 24, (command & ICR_LOGICAL) != 0, broadcast, delivery, vector, false);
  } else if (shorthand == SHORTHAND_SELF) {
    deliverMessage(cpu, delivery, vector, false);
  } else {
    sendToOthers(cpu, delivery, vector);
    if (shorthand == SHORTHAND_ALL) deliverMessage(cpu, delivery, vector, false);
  }
}

function sendToOthers(cpu: usize, delivery: u32, vector: u32): void {
  for (let i: u32 = 0; i < cpuCount(); i++) {
    const target = groupOf(i);
    if (target != cpu && isPresent(target)) deliverMessage(target, delivery, vector, false);
  }
}

/** The SELF IPI register (SDM vol. 3, 10.12.11): a fixed, edge-triggered interrupt to itself. */
export function sendSelfIpi(cpu: usize, vector: u32): void {
  checkVector(cpu, DELIVERY_FIXED, vector);
  deliverMessage(cpu, DELIVERY_FIXED, vector, false);
}
