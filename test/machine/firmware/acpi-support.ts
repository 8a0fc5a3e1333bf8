import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AcpiTables,
  acpiTables,
  RSDP_FILE,
  TABLES_FILE,
} from '../../../src/machine/firmware/acpi/acpi-tables.ts';
import type { BoardDescription } from '../../../src/machine/firmware/acpi/board-description.ts';
import { link } from '../../../src/machine/firmware/acpi/linker.ts';

export const TABLES_AT = 0x1fff0000;
export const RSDP_AT = 0xf5a00;

/** Four processors of which two are plugged in, everything that can be there. */
export const FULL_BOARD: BoardDescription = {
  cpus: [0, 1, 2, 3].map((apicId) => ({ apicId, present: apicId < 2, node: apicId & 1 })),
  lowRamEnd: 0x20000000,
  pmBase: 0xb000,
  hpet: true,
  serials: [0, 1, 2, 3],
  parallels: [0, 1, 2],
  removableSlots: 0xfffffff8,
  memory: [
    { first: 0, bytes: 0xa0000, node: 0 },
    { first: 0x100000, bytes: 0x1ff00000, node: 1 },
  ],
};

export function linkedTables(board: BoardDescription, extra: readonly Uint8Array[] = []): AcpiTables {
  const tables = acpiTables(board, extra);
  const files = new Map([
    [TABLES_FILE, tables.tables],
    [RSDP_FILE, tables.rsdp],
  ]);
  const addresses = new Map([
    [TABLES_FILE, TABLES_AT],
    [RSDP_FILE, RSDP_AT],
  ]);
  link(tables.script, files, addresses);
  return tables;
}

export function tableBytes(tables: AcpiTables, signature: string): Uint8Array {
  const offset = tables.offsets.get(signature);
  if (offset === undefined) throw new Error(`There is no ${signature}`);
  const length = new DataView(tables.tables.buffer).getUint32(offset + 4, true);
  return tables.tables.subarray(offset, offset + length);
}

export function hasIasl(): boolean {
  try {
    execFileSync('iasl', ['-v'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** What iasl says when it takes all tables apart and puts each together again, by signature. */
export async function iaslReports(tables: AcpiTables): Promise<ReadonlyMap<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), 'troupe-acpi-'));
  const run = (...args: string[]) =>
    execFileSync('iasl', args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
  try {
    const signatures = [...tables.offsets.keys()];
    for (const signature of signatures) {
      writeFileSync(join(folder, `${signature}.aml`), tableBytes(tables, signature));
    }
    const reports = new Map<string, string>();
    for (const signature of signatures) {
      const externals =
        signature === 'DSDT' ? ['-e', 'SSDT.aml'] : signature === 'SSDT' ? ['-e', 'DSDT.aml'] : [];
      const apart = run(...externals, '-d', `${signature}.aml`);
      reports.set(signature, apart + run('-p', `again-${signature}`, `${signature}.dsl`));
    }
    return reports;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
