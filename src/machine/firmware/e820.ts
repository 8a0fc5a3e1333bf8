/** The memory map that an operating system gets (ACPI Specification 5.0, 15.1). */
import { concat, u32, u64 } from './bytes.ts';

export const E820_RAM = 1;
export const E820_RESERVED = 2;

export interface E820Entry {
  readonly first: number;
  readonly bytes: number;
  readonly type: number;
}

const FOUR_GIB = 2 ** 32;
export const ENTRY_BYTES = 20;

/** The extended BIOS data area: the last KiB below 640 KiB. */
export const EBDA_ADDRESS = 0x9fc00;
export const LOW_MEMORY_END = 0xa0000;
const ROM_AREA = 0xf0000;
export const EXTENDED_MEMORY = 0x100000;

export function encodeE820(entries: readonly E820Entry[]): Uint8Array {
  return concat(...entries.map(({ first, bytes, type }) => concat(u64(first, bytes), u32(type))));
}

/** All RAM, for a BIOS that takes its own share of it. */
export function ramMap(lowRamBytes: number, highRamBytes: number): readonly E820Entry[] {
  const low = { first: 0, bytes: lowRamBytes, type: E820_RAM };
  return highRamBytes > 0 ? [low, { first: FOUR_GIB, bytes: highRamBytes, type: E820_RAM }] : [low];
}

export interface MapDemand {
  readonly lowRamBytes: number;
  readonly highRamBytes: number;
  /** Bytes at the end of low RAM that tables take. */
  readonly tableBytes: number;
  /** Bytes of the ROM below 4 GiB. */
  readonly romBytes: number;
}

/** The map where no BIOS runs. */
export function systemMap(demand: MapDemand): readonly E820Entry[] {
  const usableEnd = demand.lowRamBytes - demand.tableBytes;
  const entries: readonly E820Entry[] = [
    { first: 0, bytes: EBDA_ADDRESS, type: E820_RAM },
    { first: EBDA_ADDRESS, bytes: LOW_MEMORY_END - EBDA_ADDRESS, type: E820_RESERVED },
    { first: ROM_AREA, bytes: EXTENDED_MEMORY - ROM_AREA, type: E820_RESERVED },
    { first: EXTENDED_MEMORY, bytes: usableEnd - EXTENDED_MEMORY, type: E820_RAM },
    { first: usableEnd, bytes: demand.tableBytes, type: E820_RESERVED },
    { first: FOUR_GIB - demand.romBytes, bytes: demand.romBytes, type: E820_RESERVED },
    { first: FOUR_GIB, bytes: demand.highRamBytes, type: E820_RAM },
  ];
  return entries.filter(({ bytes }) => bytes > 0);
}
