/** `-acpitable`: tables of the user's, from files. */
import { readFileSync } from 'node:fs';
import { splitOptionList } from '../../../options/option-list.ts';
import { concat } from '../bytes.ts';
import { FirmwareError } from '../firmware-error.ts';
import { HEADER_BYTES, table } from './table.ts';

const KEYS = [
  'sig',
  'rev',
  'oem_id',
  'oem_table_id',
  'oem_rev',
  'asl_compiler_id',
  'asl_compiler_rev',
  'file',
  'data',
];

function refuse(text: string, expected: string): FirmwareError {
  return new FirmwareError('ERR_FIRMWARE_ACPI_TABLE', `-acpitable ${text}: expected ${expected}`);
}

function contents(text: string, files: string): Uint8Array {
  return concat(
    ...files.split(':').map((file) => {
      try {
        return readFileSync(file);
      } catch (cause) {
        throw new FirmwareError('ERR_FIRMWARE_ACPI_TABLE', `-acpitable ${text}: cannot read ${file}`, {
          cause,
        });
      }
    }),
  );
}

function number(text: string, key: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const result = Number(value);
  if (!Number.isInteger(result) || result < 0 || result > 0xffffffff) {
    throw refuse(text, `${key} to be a 32-bit number, not '${value}'`);
  }
  return result;
}

const latin = (bytes: Uint8Array, first: number, end: number): string =>
  Buffer.from(bytes.subarray(first, end)).toString('latin1');

/** The table of one option: `data` gets a header, `file` has one whose fields can be changed. Throws `ERR_FIRMWARE_ACPI_TABLE`. */
export function userTable(text: string): Uint8Array {
  const fields = new Map(splitOptionList(text));
  const stray = [...fields.keys()].find((key) => !KEYS.includes(key));
  if (stray !== undefined) throw refuse(text, `keys ${KEYS.join(', ')}, not ${stray}`);
  const file = fields.get('file');
  const data = fields.get('data');
  if ((file === undefined) === (data === undefined)) throw refuse(text, 'either file= or data=');
  const whole = contents(text, file ?? data ?? '');
  const old = file === undefined ? new Uint8Array(HEADER_BYTES) : whole;
  if (old.length < HEADER_BYTES)
    throw refuse(text, `a table of at least ${HEADER_BYTES} bytes, not ${old.length}`);
  const view = new DataView(old.buffer, old.byteOffset);
  const signature = fields.get('sig') ?? latin(old, 0, 4);
  if (signature.length !== 4 || signature === '\0\0\0\0')
    throw refuse(text, 'sig to be a signature of four letters');
  return table(
    {
      signature,
      revision: number(text, 'rev', fields.get('rev')) ?? (old[8] || 1),
      oemId: fields.get('oem_id') ?? (file === undefined ? 'TROUPE' : latin(old, 10, 16)),
      oemTableId: fields.get('oem_table_id') ?? (file === undefined ? `TRP${signature}` : latin(old, 16, 24)),
      oemRevision: number(text, 'oem_rev', fields.get('oem_rev')) ?? view.getUint32(24, true),
      creatorId: fields.get('asl_compiler_id') ?? (file === undefined ? 'TRPE' : latin(old, 28, 32)),
      creatorRevision:
        number(text, 'asl_compiler_rev', fields.get('asl_compiler_rev')) ?? view.getUint32(32, true),
    },
    file === undefined ? whole : whole.subarray(HEADER_BYTES),
  );
}
