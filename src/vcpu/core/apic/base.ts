// IA32_APIC_BASE: where the xAPIC is, and the transitions between the modes (SDM vol. 3, 10.4.4 and 10.12.5).
import {
  APIC_BASE_BSP,
  APIC_BASE_EN,
  APIC_BASE_EXTD,
  APIC_BASE_MSR,
  APIC_ICR_HIGH,
  CPU_APIC,
  CPU_PHYS_MASK,
} from '../../../memory/layout';
import { FEATURE_X2APIC } from '../../cpu-features';
import { hasFeature } from '../state';
import { flushTlb } from '../tlb';
import { reviewLines } from './lines';
import { setRegister } from './registers';
import { resetRegisters } from './reset';

const PAGE: u64 = 0xfffffffffffff000;
const MODE: u64 = APIC_BASE_EN | APIC_BASE_EXTD;

export function apicReadBase(cpu: usize): u64 {
  return load<u64>(cpu + CPU_APIC, APIC_BASE_MSR);
}

/** False is #GP: a reserved bit, or a transition that figure 10-27 does not have. */
export function apicWriteBase(cpu: usize, value: u64): bool {
  const x2apic = hasFeature(cpu, FEATURE_X2APIC);
  const legal = <u64>APIC_BASE_BSP | APIC_BASE_EN | (x2apic ? <u64>APIC_BASE_EXTD : 0) | (load<u64>(cpu, CPU_PHYS_MASK) & PAGE);
  if (value & ~legal) return false;
  const old = apicReadBase(cpu) & MODE;
  const mode = value & MODE;
  if (mode == APIC_BASE_EXTD) return false;
  if (mode == MODE && old == 0) return false;
  if (mode == APIC_BASE_EN && old == MODE) return false;
  store<u64>(cpu + CPU_APIC, value, APIC_BASE_MSR);
  if (mode != old) {
    // Disabled: the state is lost (10.4.3). x2APIC: the registers stay, but the destination has another form (10.12.5.1).
    if (mode == 0) resetRegisters(cpu, true);
    if (mode == MODE) setRegister(cpu, APIC_ICR_HIGH, 0);
    reviewLines(cpu);
  }
  // Pages move between memory and registers.
  flushTlb(cpu, true);
  return true;
}
