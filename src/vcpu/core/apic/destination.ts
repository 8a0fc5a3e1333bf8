// Which vCPUs a message is meant for (SDM vol. 3, 10.6.2 and 10.12.10).
import {
  APIC_DFR,
  APIC_ID,
  APIC_INITIAL_ID,
  APIC_LDR,
  APIC_PPR,
  CPU_GROUPS_BASE,
  CPU_GROUP_SIZE,
  DELIVERY_LOWEST_PRIORITY,
  GLOBAL_CPU_COUNT,
} from '../../../memory/layout';
import { deliverMessage } from './deliver';
import { isAccepting, isPresent, isX2apic, register, x2apicLogicalId } from './registers';

const DFR_CLUSTER: u32 = 0;

// @ts-ignore: decorator
@inline
export function groupOf(index: u32): usize {
  return <usize>CPU_GROUPS_BASE + <usize>index * CPU_GROUP_SIZE;
}

export function cpuCount(): u32 {
  return load<u32>(GLOBAL_CPU_COUNT);
}

function matchesPhysical(target: usize, destination: u32): bool {
  if (isX2apic(target)) return destination == register(target, APIC_INITIAL_ID);
  return destination == register(target, APIC_ID) >> 24;
}

function matchesLogical(target: usize, destination: u32): bool {
  if (isX2apic(target)) {
    const id = x2apicLogicalId(target);
    return destination >> 16 == id >> 16 && (destination & id & 0xffff) != 0;
  }
  if (destination > 0xff) return false;
  const id = register(target, APIC_LDR) >> 24;
  if (register(target, APIC_DFR) >> 28 == DFR_CLUSTER) {
    return destination >> 4 == id >> 4 && (destination & id & 15) != 0;
  }
  return (destination & id) != 0;
}

/** `broadcast`: the destination's all-ones value, FFH or FFFFFFFFH by the width of the message. */
export function matches(target: usize, destination: u32, logical: bool, broadcast: u32): bool {
  if (!isPresent(target)) return false;
  if (destination == broadcast) return true;
  return logical ? matchesLogical(target, destination) : matchesPhysical(target, destination);
}

/** Sends to all that match, or with lowest priority to one of them. */
export function sendToMatching(destination: u32, logical: bool, broadcast: u32, delivery: u32, vector: u32, level: bool): void {
  if (delivery == DELIVERY_LOWEST_PRIORITY) {
    const target = lowestPriority(destination, logical, broadcast, vector);
    if (target) deliverMessage(target, delivery, vector, level);
    return;
  }
  for (let i: u32 = 0; i < cpuCount(); i++) {
    const target = groupOf(i);
    if (matches(target, destination, logical, broadcast)) deliverMessage(target, delivery, vector, level);
  }
}

/**
 * The matching vCPU with the lowest processor priority, or 0. Among equals the vector says where the search begins, so
 * that different interrupts spread (the choice is the chipset's: SDM vol. 3, 10.6.2.4). One pass: priorities move meanwhile.
 */
function lowestPriority(destination: u32, logical: bool, broadcast: u32, vector: u32): usize {
  const count = cpuCount();
  let chosen: usize = 0;
  let best: u32 = 0xffffffff;
  for (let i: u32 = 0; i < count; i++) {
    const target = groupOf((vector + i) % count);
    if (!isAccepting(target) || !matches(target, destination, logical, broadcast)) continue;
    const priority = register(target, APIC_PPR) & 0xf0;
    if (priority >= best) continue;
    best = priority;
    chosen = target;
  }
  return chosen;
}
