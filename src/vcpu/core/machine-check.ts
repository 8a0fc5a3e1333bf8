// Machine-check registers (SDM vol. 3, 15.3). Nothing here ever fails, so the banks hold what software and, through an
// injected error, the machine write.
import { CPU_MSR_MCG_CTL, CPU_MSR_MCG_STATUS, CPU_MSR_MC_BANKS } from '../../memory/layout';
import { FEATURE_MCA } from '../cpu-features';
import { IA32_MC0_CTL, IA32_MCG_CAP, IA32_MCG_CTL, IA32_MCG_STATUS } from './msr-numbers';
import { give } from './msr-result';
import { hasFeature } from './state';

const BANKS: u32 = 10;
const CAP_CTL: u64 = 0x100;
/** RIPV, EIPV, MCIP. */
const STATUS_BITS: u64 = 7;

/** Registers of a bank, by the low two bits of the number. */
const BANK_CTL: u32 = 0;

function isBank(index: u32): bool {
  return index - IA32_MC0_CTL < BANKS * 4;
}

// @ts-ignore: decorator
@inline
function bankAddress(cpu: usize, index: u32): usize {
  return cpu + CPU_MSR_MC_BANKS + (<usize>(index - IA32_MC0_CTL) << 3);
}

export function isMachineCheck(index: u32): bool {
  return (index >= IA32_MCG_CAP && index <= IA32_MCG_CTL) || isBank(index);
}

/** False is #GP: the model has no machine-check architecture. */
export function readMachineCheck(cpu: usize, index: u32): bool {
  if (!hasFeature(cpu, FEATURE_MCA)) return false;
  if (index == IA32_MCG_CAP) return give(BANKS | CAP_CTL);
  if (index == IA32_MCG_STATUS) return give(load<u64>(cpu, CPU_MSR_MCG_STATUS));
  if (index == IA32_MCG_CTL) return give(load<u64>(cpu, CPU_MSR_MCG_CTL));
  return give(load<u64>(bankAddress(cpu, index)));
}

/** False is #GP: MCG_CAP, a reserved bit, or a bank's STATUS, ADDR or MISC with anything but 0 (15.3.2.2 to 15.3.2.4). */
export function writeMachineCheck(cpu: usize, index: u32, value: u64): bool {
  if (!hasFeature(cpu, FEATURE_MCA) || index == IA32_MCG_CAP) return false;
  if (index == IA32_MCG_STATUS) {
    if (value & ~STATUS_BITS) return false;
    store<u64>(cpu, value, CPU_MSR_MCG_STATUS);
  } else if (index == IA32_MCG_CTL) {
    // All ones or all zeros are the architectural values (15.3.1.3).
    if (value != 0 && value != 0xffffffffffffffff) return false;
    store<u64>(cpu, value, CPU_MSR_MCG_CTL);
  } else {
    if ((index & 3) != BANK_CTL && value != 0) return false;
    store<u64>(bankAddress(cpu, index), value);
  }
  return true;
}

/** Power-up: everything on. */
export function resetMachineCheck(cpu: usize): void {
  store<u64>(cpu, 0, CPU_MSR_MCG_STATUS);
  store<u64>(cpu, 0xffffffffffffffff, CPU_MSR_MCG_CTL);
  memory.fill(cpu + CPU_MSR_MC_BANKS, 0, <usize>BANKS << 5);
  for (let bank: u32 = 0; bank < BANKS; bank++) {
    store<u64>(bankAddress(cpu, IA32_MC0_CTL + bank * 4), 0xffffffffffffffff);
  }
}
