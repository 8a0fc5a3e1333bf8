/** Structures of the System Management BIOS (SMBIOS Reference Specification 2.8, chapter 7, in their 2.4 lengths). */
import { concat, u8, u16, u32, zeroTerminated } from '../bytes.ts';

/** Fixed part after the header, with strings by number; see `structure`. */
export interface Fields {
  readonly type: number;
  readonly handle: number;
  readonly body: readonly Uint8Array[];
  readonly strings: readonly string[];
}

/** A structure: header, fixed part, its strings, a double zero (6.1). */
export function structure({ type, handle, body, strings }: Fields): Uint8Array {
  const fixed = concat(...body);
  const texts = strings.length === 0 ? u8(0, 0) : concat(...strings.map(zeroTerminated), u8(0));
  return concat(u8(type, 4 + fixed.length), u16(handle), fixed, texts);
}

/** Collects strings and gives their numbers; an empty text is number 0, "none". */
export class StringSet {
  readonly texts: string[] = [];

  number(text: string): number {
    if (text === '') return 0;
    this.texts.push(text);
    return this.texts.length;
  }
}

export interface BiosInformation {
  readonly vendor: string;
  readonly version: string;
  readonly date: string;
  readonly major: number;
  readonly minor: number;
}

const BIOS_CHARACTERISTICS_NOT_SUPPORTED = 0x08;
const EXTENSION_ACPI = 0x01;
const EXTENSION_TARGETED_CONTENT = 0x04;

export function biosInformation(bios: BiosInformation): Uint8Array {
  const set = new StringSet();
  return structure({
    type: 0,
    handle: 0,
    body: [
      u8(set.number(bios.vendor), set.number(bios.version)),
      u16(0xe800),
      u8(set.number(bios.date), 0),
      u32(BIOS_CHARACTERISTICS_NOT_SUPPORTED, 0),
      u8(EXTENSION_ACPI, EXTENSION_TARGETED_CONTENT, bios.major, bios.minor, 0xff, 0xff),
    ],
    strings: set.texts,
  });
}

export interface SystemInformation {
  readonly manufacturer: string;
  readonly product: string;
  readonly version: string;
  readonly serial: string;
  /** 8-4-4-4-12 hexadecimal digits. */
  readonly uuid: string;
  readonly sku: string;
  readonly family: string;
}

/** The first three groups of a UUID are little-endian in SMBIOS (7.2.1). */
export function encodeUuid(uuid: string): Uint8Array {
  const [first = '0', second = '0', third = '0', ...rest] = uuid.split('-');
  const number = (text: string): number => Number.parseInt(text, 16);
  return concat(
    u32(number(first)),
    u16(number(second), number(third)),
    Uint8Array.from(Buffer.from(rest.join(''), 'hex')),
  );
}

const WAKE_POWER_SWITCH = 6;

export function systemInformation(system: SystemInformation): Uint8Array {
  const set = new StringSet();
  return structure({
    type: 1,
    handle: 0x100,
    body: [
      u8(
        set.number(system.manufacturer),
        set.number(system.product),
        set.number(system.version),
        set.number(system.serial),
      ),
      encodeUuid(system.uuid),
      u8(WAKE_POWER_SWITCH, set.number(system.sku), set.number(system.family)),
    ],
    strings: set.texts,
  });
}

const CHASSIS_OTHER = 1;
const STATE_SAFE = 3;
const SECURITY_NONE = 3;

export function enclosure(manufacturer: string, version: string): Uint8Array {
  const set = new StringSet();
  return structure({
    type: 3,
    handle: 0x300,
    body: [
      u8(set.number(manufacturer), CHASSIS_OTHER, set.number(version), 0, 0),
      u8(STATE_SAFE, STATE_SAFE, STATE_SAFE, SECURITY_NONE),
      u32(0),
      u8(0, 0, 0, 0),
    ],
    strings: set.texts,
  });
}

const CENTRAL_PROCESSOR = 3;
const FAMILY_OTHER = 1;
const STATUS_POPULATED_ENABLED = 0x41;
const UPGRADE_OTHER = 1;
const NO_CACHE = 0xffff;

/** One socket. The signature is CPUID.1:EAX and EDX where known, else zero. */
export function processorInformation(
  socket: number,
  cores: number,
  threads: number,
  version: string,
): Uint8Array {
  const set = new StringSet();
  return structure({
    type: 4,
    handle: 0x400 + socket,
    body: [
      u8(set.number(`CPU ${socket}`), CENTRAL_PROCESSOR, FAMILY_OTHER, set.number('QEMU')),
      u32(0, 0),
      u8(set.number(version), 0),
      u16(0, 2000, 2000),
      u8(STATUS_POPULATED_ENABLED, UPGRADE_OTHER),
      u16(NO_CACHE, NO_CACHE, NO_CACHE),
      u8(0, 0, 0, cores & 0xff, cores & 0xff, (cores * threads) & 0xff),
      u16(0),
    ],
    strings: set.texts,
  });
}

const SYSTEM_BOARD = 3;
const SYSTEM_MEMORY = 3;
const MULTI_BIT_ECC = 6;
const NO_ERROR = 0xfffe;
const ARRAY_HANDLE = 0x1000;
const FORM_DIMM = 9;
const MEMORY_RAM = 7;
const WIDTH_UNKNOWN = 0xffff;
const MIB = 2 ** 20;
const KIB = 2 ** 10;

export function memoryArray(ramBytes: number, devices: number): Uint8Array {
  return structure({
    type: 16,
    handle: ARRAY_HANDLE,
    body: [
      u8(SYSTEM_BOARD, SYSTEM_MEMORY, MULTI_BIT_ECC),
      u32(Math.ceil(ramBytes / KIB)),
      u16(NO_ERROR, devices),
    ],
    strings: [],
  });
}

export function memoryDevice(index: number, bytes: number): Uint8Array {
  const set = new StringSet();
  return structure({
    type: 17,
    handle: 0x1100 + index,
    body: [
      u16(ARRAY_HANDLE, NO_ERROR, WIDTH_UNKNOWN, WIDTH_UNKNOWN, Math.ceil(bytes / MIB)),
      u8(FORM_DIMM, 0, set.number(`DIMM ${index}`), 0, MEMORY_RAM),
      u16(0x0002),
    ],
    strings: set.texts,
  });
}

/** `first` and `bytes` of guest-physical memory that the array backs. */
export function mappedAddress(index: number, first: number, bytes: number): Uint8Array {
  return structure({
    type: 19,
    handle: 0x1300 + index,
    body: [u32(first / KIB, (first + bytes) / KIB - 1), u16(ARRAY_HANDLE), u8(1)],
    strings: [],
  });
}

export function bootStatus(): Uint8Array {
  return structure({ type: 32, handle: 0x2000, body: [new Uint8Array(6), u8(0)], strings: [] });
}

export function endOfTable(): Uint8Array {
  return structure({ type: 127, handle: 0x7f00, body: [], strings: [] });
}
