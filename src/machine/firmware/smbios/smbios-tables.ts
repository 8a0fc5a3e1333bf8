/** The SMBIOS table of a board and its entry point (SMBIOS Reference Specification 2.8, 5.2.1). */
import { checksum, concat, fixedText, u8, u16, u32 } from '../bytes.ts';
import type { SmbiosOverrides } from './smbios-options.ts';
import {
  biosInformation,
  bootStatus,
  enclosure,
  endOfTable,
  mappedAddress,
  memoryArray,
  memoryDevice,
  processorInformation,
  systemInformation,
} from './smbios-structures.ts';

export interface SmbiosDemand {
  readonly overrides: SmbiosOverrides;
  readonly uuid: string;
  readonly sockets: number;
  readonly cores: number;
  readonly threads: number;
  readonly lowRamBytes: number;
  readonly highRamBytes: number;
  /** Whether a BIOS that says its own name reads this. */
  readonly hasBios: boolean;
}

export interface SmbiosTables {
  readonly table: Uint8Array;
  readonly entryPoint: Uint8Array;
}

/** What guests and their tools recognise this board by. */
const MANUFACTURER = 'QEMU';
const PRODUCT = 'Standard PC (i440FX + PIIX, 1996)';
const MACHINE_VERSION = 'pc-i440fx-1.5';

const FOUR_GIB = 2 ** 32;
/** A type 17 structure counts MiB in 15 bits. */
const DEVICE_LIMIT = 2 ** 34;

const ENTRY_BYTES = 31;
const INTERMEDIATE_OFFSET = 16;
export const ENTRY_CHECKSUM_OFFSET = 4;
export const INTERMEDIATE_CHECKSUM_OFFSET = 21;
export const TABLE_ADDRESS_OFFSET = 24;

function memoryStructures(demand: SmbiosDemand): readonly Uint8Array[] {
  const ramBytes = demand.lowRamBytes + demand.highRamBytes;
  const devices = Math.ceil(ramBytes / DEVICE_LIMIT);
  return [
    memoryArray(ramBytes, devices),
    ...Array.from({ length: devices }, (_, index) =>
      memoryDevice(index, Math.min(DEVICE_LIMIT, ramBytes - index * DEVICE_LIMIT)),
    ),
    mappedAddress(0, 0, demand.lowRamBytes),
    ...(demand.highRamBytes > 0 ? [mappedAddress(1, FOUR_GIB, demand.highRamBytes)] : []),
  ];
}

/** A BIOS makes its own type 0 unless it is given one. */
function biosStructures({ overrides, hasBios }: SmbiosDemand): readonly Uint8Array[] {
  if (hasBios && overrides.bios === undefined) return [];
  const ours = { vendor: 'Troupe', version: '1.5', date: '04/01/2014', major: 0, minor: 0 };
  return [biosInformation({ ...ours, ...overrides.bios })];
}

function ownStructures(demand: SmbiosDemand): readonly Uint8Array[] {
  const system = {
    manufacturer: MANUFACTURER,
    product: PRODUCT,
    version: MACHINE_VERSION,
    serial: '',
    uuid: demand.uuid,
    sku: '',
    family: '',
    ...demand.overrides.system,
  };
  return [
    ...biosStructures(demand),
    systemInformation(system),
    enclosure(system.manufacturer, MACHINE_VERSION),
    ...Array.from({ length: demand.sockets }, (_, socket) =>
      processorInformation(socket, demand.cores, demand.threads, MACHINE_VERSION),
    ),
    ...memoryStructures(demand),
    bootStatus(),
  ];
}

/** The structures, and an entry point that does not know their address yet. */
export function smbiosTables(demand: SmbiosDemand): SmbiosTables {
  const given = demand.overrides.structures;
  const replaced = new Set(given.map((structure) => structure[0]));
  const structures = [
    ...ownStructures(demand).filter((structure) => !replaced.has(structure[0])),
    ...given,
    endOfTable(),
  ];
  const table = concat(...structures);
  const largest = Math.max(...structures.map((structure) => structure.length));
  const entryPoint = concat(
    fixedText('_SM_', 4),
    u8(0, ENTRY_BYTES, 2, 8),
    u16(largest),
    new Uint8Array(6),
    fixedText('_DMI_', 5),
    u8(0),
    u16(table.length),
    u32(0),
    u16(structures.length),
    u8(0x28),
  );
  placeSmbios(entryPoint, 0);
  return { table, entryPoint };
}

/** Writes the address of the table into the entry point. */
export function placeSmbios(entryPoint: Uint8Array, tableAddress: number): void {
  new DataView(entryPoint.buffer).setUint32(TABLE_ADDRESS_OFFSET, tableAddress, true);
  entryPoint[INTERMEDIATE_CHECKSUM_OFFSET] = 0;
  entryPoint[INTERMEDIATE_CHECKSUM_OFFSET] = checksum(entryPoint.subarray(INTERMEDIATE_OFFSET));
  entryPoint[ENTRY_CHECKSUM_OFFSET] = 0;
  entryPoint[ENTRY_CHECKSUM_OFFSET] = checksum(entryPoint);
}
