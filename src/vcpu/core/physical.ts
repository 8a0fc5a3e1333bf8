// Guest-physical memory: the physical map, dirty bitmaps, code generations, and accesses that bypass the TLB.
import {
  PHYS_MAP_BASE,
  PHYS_MAP_PAGES,
  PHYS_TYPE_MASK,
  PHYS_MMIO,
  PHYS_RAM,
  PHYS_ROM,
  PHYS_VIDEO,
  CODE_GEN_BASE,
  CODE_GEN_HAS_CODE,
  CODE_GEN_STEP,
  CODE_MASK_BASE,
  CODE_MASK_GRANULE_SHIFT,
  DIRTY_BITMAP_BASE,
  VIDEO_DIRTY_BITMAP_BASE,
  GLOBAL_A20_MASK,
  GLOBAL_DIRTY_LOG,
  GLOBAL_SMRAM,
  CPU_CODE_CHANGED,
  CPU_CURRENT_BLOCK,
  CPU_IN_SMM,
  BLOCK_CODE,
  BLOCK_RECORDS,
  BLOCK_HEADER_SIZE,
  RECORD_CASE,
  RECORD_SIZE,
} from '../../memory/layout';
import { enterGuest, leaveGuest } from './exclusive';
import { mmioRead, mmioWrite } from './host';
import { staleHandler } from './stale';

/** Applies the A20 gate: bit 20 of every physical address is forced to 0 while the line is low. */
// @ts-ignore: decorator
@inline
export function gateA20(physical: u64): u64 {
  return physical & (0xffffffff00000000 | <u64>atomic.load<u32>(GLOBAL_A20_MASK));
}

/** The vCPU that this instance serves. */
let self: usize = 0;

export function bindCpu(cpu: usize): void {
  self = cpu;
}

/** A0000H to BFFFFH, where a chipset keeps system-management RAM behind the display adapter. */
const SMRAM_FIRST_PAGE: u64 = 0xa0;
const SMRAM_PAGES: u64 = 0x20;

/**
 * Physical map entry of a guest-physical address: host page address | PHYS_* type. In system-management mode the chipset
 * decodes accesses to SMRAM as such (GLOBAL_SMRAM); entering and leaving that mode flushes the TLB.
 */
export function mapEntry(physical: u64): u32 {
  const page = physical >> 12;
  if (page >= <u64>PHYS_MAP_PAGES) return PHYS_MMIO;
  if (page - SMRAM_FIRST_PAGE < SMRAM_PAGES && load<u32>(self, CPU_IN_SMM)) {
    const smram = atomic.load<u32>(GLOBAL_SMRAM);
    if (smram) return (smram + (<u32>(page - SMRAM_FIRST_PAGE) << 12)) | PHYS_RAM;
  }
  return load<u32>(<usize>PHYS_MAP_BASE + (<usize>page << 2));
}

/** Sets the host page's bit in the bitmaps that watch it. */
export function noteDirty(host: u32, type: u32): void {
  const page = host >> 12;
  if (type == PHYS_VIDEO) atomic.or<u32>(VIDEO_DIRTY_BITMAP_BASE + ((page >> 5) << 2), 1 << (page & 31));
  if (atomic.load<u32>(GLOBAL_DIRTY_LOG)) atomic.or<u32>(DIRTY_BITMAP_BASE + ((page >> 5) << 2), 1 << (page & 31));
}

// @ts-ignore: decorator
@inline
export function generationAddress(host: u32): usize {
  return <usize>CODE_GEN_BASE + ((<usize>host >> 12) << 2);
}

// @ts-ignore: decorator
@inline
export function hasCode(host: u32): bool {
  return (atomic.load<u32>(generationAddress(host)) & CODE_GEN_HAS_CODE) != 0;
}

/**
 * Must be called before bytes of a page that has code are written: ends the page's generation if the bytes touch code,
 * and the block that is running if it lies in the page. `length` must not leave the page.
 */
export function noteCodeWrite(cpu: usize, host: u32, length: u32): void {
  const generation = generationAddress(host);
  if (!(atomic.load<u32>(generation) & CODE_GEN_HAS_CODE)) return;
  const mask = <usize>CODE_MASK_BASE + ((<usize>host >> 12) << 3);
  const first = (host & 4095) >> CODE_MASK_GRANULE_SHIFT;
  const last = ((host & 4095) + length - 1) >> CODE_MASK_GRANULE_SHIFT;
  const touched = ((<u64>-1) >> (63 - (last - first))) << first;
  if (!(atomic.load<u64>(mask) & touched)) return;
  for (;;) {
    const old = atomic.load<u32>(generation);
    const next = (old & ~CODE_GEN_HAS_CODE) + CODE_GEN_STEP;
    if (atomic.cmpxchg<u32>(generation, old, next) == old) break;
  }
  atomic.store<u64>(mask, 0);
  store<u32>(cpu, 1, CPU_CODE_CHANGED);
  endRunningBlock(cpu, host);
}

/**
 * The block that is executing may just have been overwritten by its own instruction: the rest of its records is replaced
 * by one that leaves it, so that the next instruction is decoded anew (SDM vol. 3, 12.6 "Self-Modifying Code").
 */
export function endRunningBlock(cpu: usize, host: u32): void {
  const block = load<u32>(cpu, CPU_CURRENT_BLOCK);
  if (!block) return;
  if (load<u32>(block, BLOCK_CODE) >> 12 != host >> 12) return;
  const count = <u32>load<u16>(block, BLOCK_RECORDS);
  const stale = <u16>staleHandler;
  let record = block + BLOCK_HEADER_SIZE;
  for (let i: u32 = 0; i < count; i++, record += RECORD_SIZE) {
    store<u16>(record, stale);
    store<u8>(record, 0, RECORD_CASE);
  }
}

/** The vCPU is out of the guest while it waits for a device, which may have to wait for all vCPUs to be out. */
function deviceRead(low: u32, high: u32, size: u32): u32 {
  leaveGuest(self);
  const value = mmioRead(low, high, size);
  enterGuest(self);
  return value;
}
function deviceWrite(low: u32, high: u32, size: u32, value: u32): void {
  leaveGuest(self);
  mmioWrite(low, high, size, value);
  enterGuest(self);
}

/** Reads 1, 2, 4 or 8 bytes that do not cross a page. */
export function physicalRead(physical: u64, size: u32): u64 {
  const entry = mapEntry(physical);
  if ((entry & PHYS_TYPE_MASK) != PHYS_MMIO) {
    const host = (entry & ~PHYS_TYPE_MASK) | (<u32>physical & 4095);
    if (size == 8) return load<u64>(host);
    if (size == 4) return load<u32>(host);
    if (size == 2) return load<u16>(host);
    return load<u8>(host);
  }
  const low = <u32>physical;
  const high = <u32>(physical >> 32);
  if (size == 8) return <u64>deviceRead(low, high, 4) | (<u64>deviceRead(low + 4, high, 4) << 32);
  return deviceRead(low, high, size);
}

/** Writes 1, 2, 4 or 8 bytes that do not cross a page. */
export function physicalWrite(cpu: usize, physical: u64, size: u32, value: u64): void {
  const entry = mapEntry(physical);
  const type = entry & PHYS_TYPE_MASK;
  if (type == PHYS_RAM || type == PHYS_VIDEO) {
    const host = (entry & ~PHYS_TYPE_MASK) | (<u32>physical & 4095);
    noteDirty(host, type);
    noteCodeWrite(cpu, host, size);
    if (size == 8) store<u64>(host, value);
    else if (size == 4) store<u32>(host, <u32>value);
    else if (size == 2) store<u16>(host, <u16>value);
    else store<u8>(host, <u8>value);
    return;
  }
  const low = <u32>physical;
  const high = <u32>(physical >> 32);
  if (size == 8) {
    deviceWrite(low, high, 4, <u32>value);
    deviceWrite(low + 4, high, 4, <u32>(value >> 32));
  } else {
    deviceWrite(low, high, size, <u32>value);
  }
}

/** True if stores may go to the page's host address: RAM, not ROM, not a device. */
// @ts-ignore: decorator
@inline
export function isWritable(type: u32): bool {
  return type == PHYS_RAM || type == PHYS_VIDEO;
}

// @ts-ignore: decorator
@inline
export function isReadable(type: u32): bool {
  return type == PHYS_RAM || type == PHYS_ROM || type == PHYS_VIDEO;
}
