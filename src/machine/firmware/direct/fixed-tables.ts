/** Tables that guests look for between F0000H and FFFFFH: the ACPI root pointer, the MP table, SMBIOS. */
import { alignUp } from '../bytes.ts';
import { FirmwareError } from '../firmware-error.ts';
import { mpTable } from '../mp-table.ts';
import { placeSmbios, type SmbiosTables } from '../smbios/smbios-tables.ts';
import { ROM_BASE, ROM_TABLES_BYTES } from './boot-rom.ts';
import { PIRQ_LINES } from './pci-resources.ts';

const PARAGRAPH = 16;
const RSDP_OFFSET = PARAGRAPH;
const MP_OFFSET = 0x100;

/** Where the root pointer is put. */
export const RSDP_ADDRESS = ROM_BASE + RSDP_OFFSET;

export interface FixedTables {
  /** Linked; undefined without ACPI. */
  readonly rsdp: Uint8Array | undefined;
  readonly smbios: SmbiosTables;
  /** Of the processors that are there. */
  readonly apicIds: readonly number[];
}

/** Writes them into the copy of the ROM. Throws `ERR_FIRMWARE_TABLES` when they take too much room. */
export function placeFixedTables(rom: Uint8Array, tables: FixedTables): void {
  if (tables.rsdp !== undefined) rom.set(tables.rsdp, RSDP_OFFSET);
  const mp = mpTable({ apicIds: tables.apicIds, pirqLines: PIRQ_LINES }, ROM_BASE + MP_OFFSET);
  const entryOffset = alignUp(MP_OFFSET + mp.length, PARAGRAPH);
  const { entryPoint, table } = tables.smbios;
  const tableOffset = alignUp(entryOffset + entryPoint.length, PARAGRAPH);
  if (tableOffset + table.length > ROM_TABLES_BYTES) {
    throw new FirmwareError(
      'ERR_FIRMWARE_TABLES',
      `The MP and SMBIOS tables take ${tableOffset + table.length} bytes; there is room for ${ROM_TABLES_BYTES}`,
    );
  }
  rom.set(mp, MP_OFFSET);
  placeSmbios(entryPoint, ROM_BASE + tableOffset);
  rom.set(entryPoint, entryOffset);
  rom.set(table, tableOffset);
}
