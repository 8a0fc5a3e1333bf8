// The x2APIC's registers as MSRs 800H to 8FFH (SDM vol. 3, 10.12.1.2, table 10-6). A breach of the rules is #GP.
import {
  APIC_DIVIDE,
  APIC_EOI,
  APIC_ESR,
  APIC_ICR_HIGH,
  APIC_ICR_LOW,
  APIC_ID,
  APIC_INITIAL_COUNT,
  APIC_INITIAL_ID,
  APIC_LDR,
  APIC_SELF_IPI,
  APIC_SVR,
  APIC_TPR,
} from '../../../memory/layout';
import { give } from '../msr-result';
import { endOfInterrupt } from './eoi';
import { sendSelfIpi } from './ipi';
import { isLvtEntry, reservedLvtBits, reservedSpuriousBits } from './lvt';
import { isCommonRegister, readRegister, writeCommand, writeRegister } from './mmio';
import { isX2apic, register, setRegister, x2apicLogicalId } from './registers';

export const X2APIC_FIRST: u32 = 0x800;
export const X2APIC_LAST: u32 = 0x8ff;

/** Delivery status may be written as read; bits 13, 17..16 and 31..20 are reserved (SDM vol. 3, figure 10-28). */
const ICR_RESERVED: u32 = 0xfff32000;

// @ts-ignore: decorator
@inline
function offsetOf(index: u32): u32 {
  return (index - X2APIC_FIRST) << 4;
}

/** Reads an x2APIC MSR into msrValue; false is #GP. */
export function apicReadMsr(cpu: usize, index: u32): bool {
  const offset = offsetOf(index);
  if (!isX2apic(cpu) || !isCommonRegister(offset)) return false;
  if (offset == APIC_ID) return give(<u64>register(cpu, APIC_INITIAL_ID));
  if (offset == APIC_LDR) return give(<u64>x2apicLogicalId(cpu));
  if (offset == APIC_ICR_LOW) {
    return give(<u64>register(cpu, APIC_ICR_LOW) | (<u64>register(cpu, APIC_ICR_HIGH) << 32));
  }
  return give(<u64>readRegister(cpu, offset));
}

/** Writes an x2APIC MSR; false is #GP. */
export function apicWriteMsr(cpu: usize, index: u32, value: u64): bool {
  const offset = offsetOf(index);
  if (!isX2apic(cpu)) return false;
  if (offset == APIC_ICR_LOW) return writeWideCommand(cpu, value);
  // Every other register has 32 bits.
  if (value >> 32) return false;
  const low = <u32>value;
  if (offset == APIC_EOI) {
    if (low) return false;
    endOfInterrupt(cpu);
    return true;
  }
  if (offset == APIC_SELF_IPI) {
    if (low & ~0xff) return false;
    sendSelfIpi(cpu, low);
    return true;
  }
  if (low & reservedBits(cpu, offset)) return false;
  return writeRegister(cpu, offset, low);
}

function reservedBits(cpu: usize, offset: u32): u32 {
  if (offset == APIC_TPR) return ~0xff;
  if (offset == APIC_SVR) return reservedSpuriousBits(cpu);
  if (offset == APIC_ESR) return 0xffffffff;
  if (offset == APIC_DIVIDE) return ~11;
  if (offset == APIC_INITIAL_COUNT) return 0;
  return isLvtEntry(offset) ? reservedLvtBits(cpu, offset) : 0;
}

function writeWideCommand(cpu: usize, value: u64): bool {
  if (<u32>value & ICR_RESERVED) return false;
  setRegister(cpu, APIC_ICR_HIGH, <u32>(value >> 32));
  writeCommand(cpu, <u32>value);
  return true;
}
