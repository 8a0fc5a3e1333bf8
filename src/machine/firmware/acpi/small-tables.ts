/** FACS, HPET, SRAT, and the tables that point to others. */
import { checksum, concat, fixedText, u8, u16, u32, u64 } from '../bytes.ts';
import { type BoardDescription, HPET_ADDRESS } from './board-description.ts';
import { table } from './table.ts';

const FACS_BYTES = 64;
/** Where FACS keeps the real-mode address at which a sleeping system wants to wake (ACPI 5.0, 5.2.10). */
export const FACS_WAKING_VECTOR_OFFSET = 12;

export function facs(): Uint8Array {
  return concat(fixedText('FACS', 4), u32(FACS_BYTES), new Uint8Array(FACS_BYTES - 8));
}

/** Revision 1, three comparators, 64-bit counter, legacy replacement, vendor 8086H (IA-PC HPET 1.0a, 2.3.4). */
const HPET_BLOCK_ID = 0x8086a201;
/** Ticks that a periodic comparator needs at least to lose none. */
const HPET_MINIMUM_TICK = 100;

/** HPET description (IA-PC HPET 1.0a, 3.2.4). */
export function hpetTable(): Uint8Array {
  return table(
    { signature: 'HPET', revision: 1 },
    concat(u32(HPET_BLOCK_ID), u8(0, 64, 0, 0), u64(HPET_ADDRESS), u8(0), u16(HPET_MINIMUM_TICK), u8(0)),
  );
}

const SRAT_ENABLED = 1;

/** Which processor and which RAM belong to which NUMA node (ACPI 5.0, 5.2.16). */
export function srat(board: BoardDescription): Uint8Array {
  const cpus = board.cpus.map((cpu) => {
    const node = cpu.node ?? 0;
    return concat(u8(0, 16, node & 0xff, cpu.apicId), u32(SRAT_ENABLED), u8(0, 0, 0, 0), u32(0));
  });
  const memory = board.memory.map((range) =>
    concat(
      u8(1, 40),
      u32(range.node),
      u16(0),
      u64(range.first, range.bytes),
      u32(0, SRAT_ENABLED),
      new Uint8Array(8),
    ),
  );
  return table({ signature: 'SRAT', revision: 1 }, concat(u32(1), new Uint8Array(8), ...cpus, ...memory));
}

/** A table of `count` pointers of `bytes` bytes each (RSDT: 4, XSDT: 8), left zero for the linker. */
export function rootTable(signature: 'RSDT' | 'XSDT', count: number): Uint8Array {
  return table({ signature, revision: 1 }, new Uint8Array(count * (signature === 'RSDT' ? 4 : 8)));
}

export const RSDP_BYTES = 36;
/** What the first checksum covers: the structure of ACPI 1.0. */
export const RSDP_FIRST_BYTES = 20;
export const RSDP_CHECKSUM_OFFSET = 8;
export const RSDP_RSDT_OFFSET = 16;
export const RSDP_XSDT_OFFSET = 24;
export const RSDP_EXTENDED_CHECKSUM_OFFSET = 32;

/** Root pointer with RSDT and XSDT left zero (ACPI 5.0, 5.2.5.3). */
export function rsdp(): Uint8Array {
  const bytes = concat(
    fixedText('RSD PTR ', 8),
    u8(0),
    fixedText('TROUPE', 6),
    u8(2),
    u32(0, RSDP_BYTES),
    u64(0),
    u8(0, 0, 0, 0),
  );
  bytes[RSDP_CHECKSUM_OFFSET] = checksum(bytes.subarray(0, RSDP_FIRST_BYTES));
  bytes[RSDP_EXTENDED_CHECKSUM_OFFSET] = checksum(bytes);
  return bytes;
}
