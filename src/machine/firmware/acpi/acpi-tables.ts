/** All ACPI tables of a board, unlinked, with the script that links them. */
import { alignUp } from '../bytes.ts';
import type { BoardDescription } from './board-description.ts';
import { cpuTerms } from './cpu-ssdt.ts';
import { dsdtTerms } from './dsdt.ts';
import { FADT_DSDT_OFFSET, FADT_FACS_OFFSET, FADT_X_DSDT_OFFSET, fadt } from './fadt.ts';
import type { LoaderCommand } from './linker.ts';
import { madt } from './madt.ts';
import {
  facs,
  hpetTable,
  RSDP_BYTES,
  RSDP_CHECKSUM_OFFSET,
  RSDP_EXTENDED_CHECKSUM_OFFSET,
  RSDP_FIRST_BYTES,
  RSDP_RSDT_OFFSET,
  RSDP_XSDT_OFFSET,
  rootTable,
  rsdp,
  srat,
} from './small-tables.ts';
import { CHECKSUM_OFFSET, HEADER_BYTES, table } from './table.ts';

export const TABLES_FILE = 'etc/acpi/tables';
export const RSDP_FILE = 'etc/acpi/rsdp';
export const LOADER_FILE = 'etc/table-loader';

/** FACS must lie at a multiple of 64 bytes (ACPI 5.0, 5.2.10). */
const TABLES_ALIGNMENT = 64;
const RSDP_ALIGNMENT = 16;
const TABLE_ALIGNMENT = 8;
/** Tables keep this size when a hot-plugged processor or another PM base changes them. */
const FILE_GRANULE = 0x10000;

export interface AcpiTables {
  readonly tables: Uint8Array;
  readonly rsdp: Uint8Array;
  readonly script: readonly LoaderCommand[];
  /** Where FACS and the other parts lie in `tables`, by signature; for tests and for waking. */
  readonly offsets: ReadonlyMap<string, number>;
}

class TableFile {
  #bytes = 0;
  readonly #parts: [offset: number, bytes: Uint8Array][] = [];
  readonly offsets = new Map<string, number>();

  add(bytes: Uint8Array): number {
    const offset = alignUp(this.#bytes, TABLE_ALIGNMENT);
    const signature = Buffer.from(bytes.subarray(0, 4)).toString('latin1');
    if (!this.offsets.has(signature)) this.offsets.set(signature, offset);
    this.#parts.push([offset, bytes]);
    this.#bytes = offset + bytes.length;
    return offset;
  }

  contents(): Uint8Array {
    const bytes = new Uint8Array(alignUp(this.#bytes, FILE_GRANULE));
    for (const [offset, part] of this.#parts) bytes.set(part, offset);
    return bytes;
  }
}

interface Pointer {
  readonly at: number;
  readonly bytes: 4 | 8;
  readonly target: number;
}

/** Pointers within the tables: the linker adds the file's address to the offset that stands there. */
function writePointers(tables: Uint8Array, pointers: readonly Pointer[]): void {
  const view = new DataView(tables.buffer);
  for (const { at, bytes, target } of pointers) {
    if (bytes === 4) view.setUint32(at, target, true);
    else view.setBigUint64(at, BigInt(target), true);
  }
}

function tableChecksum(tables: Uint8Array, start: number): LoaderCommand {
  const length = new DataView(tables.buffer).getUint32(start + 4, true);
  return { kind: 'checksum', file: TABLES_FILE, offset: start + CHECKSUM_OFFSET, start, length };
}

/** Builds the tables. `extra` are whole tables of the user's (-acpitable). */
export function acpiTables(board: BoardDescription, extra: readonly Uint8Array[]): AcpiTables {
  const file = new TableFile();
  const facsAt = file.add(facs());
  const dsdtAt = file.add(table({ signature: 'DSDT', revision: 1 }, dsdtTerms(board)));
  const fadtAt = file.add(fadt(board));
  const listed = [
    fadtAt,
    ...[
      table({ signature: 'SSDT', revision: 1 }, cpuTerms(board)),
      madt(board),
      ...(board.hpet ? [hpetTable()] : []),
      ...(board.memory.length > 0 ? [srat(board)] : []),
      ...extra,
    ].map((bytes) => file.add(bytes)),
  ];
  const rsdtAt = file.add(rootTable('RSDT', listed.length));
  const xsdtAt = file.add(rootTable('XSDT', listed.length));
  const pointers: readonly Pointer[] = [
    { at: fadtAt + FADT_FACS_OFFSET, bytes: 4, target: facsAt },
    { at: fadtAt + FADT_DSDT_OFFSET, bytes: 4, target: dsdtAt },
    { at: fadtAt + FADT_X_DSDT_OFFSET, bytes: 8, target: dsdtAt },
    ...listed.map((target, row): Pointer => ({ at: rsdtAt + HEADER_BYTES + 4 * row, bytes: 4, target })),
    ...listed.map((target, row): Pointer => ({ at: xsdtAt + HEADER_BYTES + 8 * row, bytes: 8, target })),
  ];
  const tables = file.contents();
  writePointers(tables, pointers);
  const pointerBytes = rootPointer(rsdtAt, xsdtAt);
  const script = [
    ...allocations(),
    ...pointers.map(
      ({ at, bytes }): LoaderCommand => ({
        kind: 'pointer',
        file: TABLES_FILE,
        source: TABLES_FILE,
        offset: at,
        bytes,
      }),
    ),
    ...[fadtAt, rsdtAt, xsdtAt].map((start) => tableChecksum(tables, start)),
    ...rootPointerCommands(),
  ];
  return { tables, rsdp: pointerBytes, script, offsets: file.offsets };
}

function rootPointer(rsdtAt: number, xsdtAt: number): Uint8Array {
  const bytes = rsdp();
  const view = new DataView(bytes.buffer);
  view.setUint32(RSDP_RSDT_OFFSET, rsdtAt, true);
  view.setBigUint64(RSDP_XSDT_OFFSET, BigInt(xsdtAt), true);
  return bytes;
}

function allocations(): readonly LoaderCommand[] {
  return [
    { kind: 'allocate', file: TABLES_FILE, alignment: TABLES_ALIGNMENT, zone: 'high' },
    { kind: 'allocate', file: RSDP_FILE, alignment: RSDP_ALIGNMENT, zone: 'low' },
  ];
}

/** The second checksum covers the first. */
function rootPointerCommands(): readonly LoaderCommand[] {
  return [
    { kind: 'pointer', file: RSDP_FILE, source: TABLES_FILE, offset: RSDP_RSDT_OFFSET, bytes: 4 },
    { kind: 'pointer', file: RSDP_FILE, source: TABLES_FILE, offset: RSDP_XSDT_OFFSET, bytes: 8 },
    { kind: 'checksum', file: RSDP_FILE, offset: RSDP_CHECKSUM_OFFSET, start: 0, length: RSDP_FIRST_BYTES },
    {
      kind: 'checksum',
      file: RSDP_FILE,
      offset: RSDP_EXTENDED_CHECKSUM_OFFSET,
      start: 0,
      length: RSDP_BYTES,
    },
  ];
}
