/** `-smbios`: structures from a file, or fields of the BIOS and system structures. */
import { readFileSync } from 'node:fs';
import { splitOptionList } from '../../../options/option-list.ts';
import { FirmwareError } from '../firmware-error.ts';
import type { BiosInformation, SystemInformation } from './smbios-structures.ts';

export interface SmbiosOverrides {
  /** Whole structures with their strings, in the order given; one replaces ours of the same type. */
  readonly structures: readonly Uint8Array[];
  /** Undefined unless type=0 was given. */
  readonly bios: Partial<BiosInformation> | undefined;
  readonly system: Partial<SystemInformation>;
}

const BIOS_KEYS = ['vendor', 'version', 'date'] as const;
const SYSTEM_KEYS = ['manufacturer', 'product', 'version', 'serial', 'uuid', 'sku', 'family'] as const;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const STRUCTURE_HEADER_BYTES = 4;

function refuse(text: string, expected: string): FirmwareError {
  return new FirmwareError('ERR_FIRMWARE_SMBIOS', `-smbios ${text}: expected ${expected}`);
}

function fileStructure(text: string, file: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    throw new FirmwareError('ERR_FIRMWARE_SMBIOS', `-smbios ${text}: cannot read ${file}`, { cause });
  }
  if (bytes.length < STRUCTURE_HEADER_BYTES || (bytes[1] ?? 0) > bytes.length) {
    throw refuse(text, `${file} to hold an SMBIOS structure, not ${bytes.length} bytes`);
  }
  return bytes;
}

function pick<Key extends string>(
  text: string,
  fields: ReadonlyMap<string, string>,
  keys: readonly Key[],
  others: readonly string[],
): Partial<Record<Key, string>> {
  const known: readonly string[] = [...keys, ...others, 'type'];
  const stray = [...fields.keys()].find((key) => !known.includes(key));
  if (stray !== undefined) throw refuse(text, `keys ${known.join(', ')}, not ${stray}`);
  const result: Partial<Record<Key, string>> = {};
  for (const key of keys) {
    const value = fields.get(key);
    if (value !== undefined) result[key] = value;
  }
  return result;
}

function biosFields(text: string, fields: ReadonlyMap<string, string>): Partial<BiosInformation> {
  const release = fields.get('release');
  const match = release === undefined ? undefined : /^(\d{1,3})\.(\d{1,3})$/.exec(release);
  if (match === null) throw refuse(text, `release to be MAJOR.MINOR, not '${release}'`);
  return {
    ...pick(text, fields, BIOS_KEYS, ['release']),
    ...(match === undefined ? {} : { major: Number(match[1]), minor: Number(match[2]) }),
  };
}

function systemFields(text: string, fields: ReadonlyMap<string, string>): Partial<SystemInformation> {
  const uuid = fields.get('uuid')?.toLowerCase();
  if (uuid !== undefined && !UUID.test(uuid)) throw refuse(text, `uuid to be a UUID, not '${uuid}'`);
  return { ...pick(text, fields, SYSTEM_KEYS, []), ...(uuid === undefined ? {} : { uuid }) };
}

/** Reads the texts of all -smbios options. Throws `ERR_FIRMWARE_SMBIOS`. */
export function smbiosOverrides(texts: readonly string[]): SmbiosOverrides {
  const structures: Uint8Array[] = [];
  let bios: Partial<BiosInformation> | undefined;
  let system: Partial<SystemInformation> = {};
  for (const text of texts) {
    const fields = new Map(splitOptionList(text));
    const file = fields.get('file');
    const type = fields.get('type');
    if (file !== undefined) structures.push(fileStructure(text, file));
    else if (type === '0') bios = { ...bios, ...biosFields(text, fields) };
    else if (type === '1') system = { ...system, ...systemFields(text, fields) };
    else throw refuse(text, 'file=FILE, or type=0 or type=1 with fields');
  }
  return { structures, bios, system };
}
