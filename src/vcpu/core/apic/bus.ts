// Accesses that leave the TLB: to the local APIC's page, which no other vCPU and no device sees, or to what the physical
// map has.
import { physicalRead, physicalWrite } from '../physical';
import { apicRead, apicWrite, isApicPage } from './mmio';

/** Reads 1, 2, 4 or 8 bytes that do not cross a page. */
export function busRead(cpu: usize, physical: u64, size: u32): u64 {
  if (!isApicPage(cpu, physical)) return physicalRead(physical, size);
  const offset = <u32>physical & 4095;
  if (size == 8) return <u64>apicRead(cpu, offset) | (<u64>apicRead(cpu, offset + 4) << 32);
  // Narrower accesses are undefined (SDM vol. 3, 10.4.1): they read their part of the register.
  const shift = (offset & 3) << 3;
  const mask: u32 = size == 4 ? 0xffffffff : (1 << (size << 3)) - 1;
  return <u64>((apicRead(cpu, offset & ~3) >> shift) & mask);
}

/** Writes 1, 2, 4 or 8 bytes that do not cross a page. Writes narrower than a register are undefined and do nothing. */
export function busWrite(cpu: usize, physical: u64, size: u32, value: u64): void {
  if (!isApicPage(cpu, physical)) {
    physicalWrite(cpu, physical, size, value);
    return;
  }
  const offset = <u32>physical & 4095;
  if (size >= 4) apicWrite(cpu, offset, <u32>value);
}
