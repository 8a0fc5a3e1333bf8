/** What a PC's board leaves in CMOS RAM for its firmware (IBM PC AT layout; SeaBIOS reads it where fw_cfg says nothing). */

/** A disk's geometry as its controller reports it. */
export interface CmosDisk {
  readonly cylinders: number;
  readonly heads: number;
  readonly sectors: number;
  /** How the firmware translates it: 0 none, 1 LBA, 2 large, 3 revised ECHS. */
  readonly translation: 0 | 1 | 2 | 3;
}

/** Drive types of the diskette byte: 0 none, 2 is 1.2 MB, 4 is 1.44 MB, 5 is 2.88 MB. */
export type CmosFloppyType = 0 | 2 | 4 | 5;

export interface CmosFacts {
  /** Bytes of RAM from 0, and from 4 GiB on. */
  readonly lowRamBytes: number;
  readonly highRamBytes: number;
  readonly cpus: number;
  readonly floppies: readonly [CmosFloppyType, CmosFloppyType];
  /** The first two IDE disks. */
  readonly disks: readonly [CmosDisk | undefined, CmosDisk | undefined];
  /** Translation by IDE drive, four of them. */
  readonly translations: readonly number[];
  /** Drive letters, at most three. */
  readonly bootOrder: string;
  /** The firmware refuses a floppy without the 55AAH signature. */
  readonly checksFloppySignature: boolean;
}

const DISKETTES = 0x10;
const DISK_TYPES = 0x12;
const EQUIPMENT = 0x14;
const BASE_MEMORY = 0x15;
const EXTENDED_MEMORY = [0x17, 0x30] as const;
const EXTENDED_TYPES = [0x19, 0x1a] as const;
/** Parameters of a disk of type 47. */
const DISK_PARAMETERS = [0x1b, 0x24] as const;
const MEMORY_ABOVE_16M = 0x34;
export const BOOT_FLAGS = 0x38;
const TRANSLATIONS = 0x39;
const BOOT_DEVICES = 0x3d;
const MEMORY_ABOVE_4G = 0x5b;
const LAST_CPU = 0x5f;

const KIB = 1024;
const BASE_KIB = 640;
const MIB = 1024 * KIB;
const UNIT_64K = 64 * KIB;
const USER_TYPE_EXTENDED = 15;
const USER_TYPE = 47;
const EQUIPMENT_FLOPPY = 0x01;
const EQUIPMENT_SECOND_FLOPPY = 0x40;
const EQUIPMENT_FPU = 0x02;
const EQUIPMENT_MOUSE = 0x04;
export const SKIPS_SIGNATURE_CHECK = 0x01;
const MORE_THAN_8_HEADS = 0x08;
const CONTROL_BITS = 0xc0;
const MAX_CYLINDERS = 0xffff;

const BOOT_CODES: Readonly<Record<string, number>> = { a: 1, b: 1, c: 2, d: 3, n: 4 };

/** Boot devices as the two bytes that the firmware reads, by index. */
export function cmosBootOrder(order: string, checksFloppySignature: boolean): Map<number, number> {
  const [first = 0, second = 0, third = 0] = [...order].map((letter) => BOOT_CODES[letter] ?? 0);
  return new Map([
    [BOOT_DEVICES, (second << 4) | first],
    [BOOT_FLAGS, (third << 4) | (checksFloppySignature ? 0 : SKIPS_SIGNATURE_CHECK)],
  ]);
}

function word(cmos: Map<number, number>, index: number, value: number): void {
  cmos.set(index, value & 0xff);
  cmos.set(index + 1, (value >> 8) & 0xff);
}

function writeMemorySizes(cmos: Map<number, number>, { lowRamBytes, highRamBytes }: CmosFacts): void {
  word(cmos, BASE_MEMORY, Math.min(BASE_KIB, lowRamBytes / KIB));
  const extended = Math.min(Math.max(0, (lowRamBytes - MIB) / KIB), 0xffff);
  for (const index of EXTENDED_MEMORY) word(cmos, index, extended);
  word(cmos, MEMORY_ABOVE_16M, Math.min(Math.max(0, (lowRamBytes - 16 * MIB) / UNIT_64K), 0xffff));
  const above = highRamBytes / UNIT_64K;
  word(cmos, MEMORY_ABOVE_4G, above);
  cmos.set(MEMORY_ABOVE_4G + 2, (above >> 16) & 0xff);
}

function writeDisk(cmos: Map<number, number>, first: number, disk: CmosDisk): void {
  const cylinders = Math.min(disk.cylinders, MAX_CYLINDERS);
  word(cmos, first, cylinders);
  cmos.set(first + 2, disk.heads);
  // No write precompensation.
  word(cmos, first + 3, 0xffff);
  cmos.set(first + 5, CONTROL_BITS | (disk.heads > 8 ? MORE_THAN_8_HEADS : 0));
  word(cmos, first + 6, cylinders);
  cmos.set(first + 8, disk.sectors);
}

/** The bytes by index. */
export function cmosContents(facts: CmosFacts): Map<number, number> {
  const cmos = cmosBootOrder(facts.bootOrder, facts.checksFloppySignature);
  writeMemorySizes(cmos, facts);
  cmos.set(LAST_CPU, facts.cpus - 1);
  const [first, second] = facts.floppies;
  cmos.set(DISKETTES, (first << 4) | second);
  const floppies =
    first === 0 && second === 0
      ? 0
      : EQUIPMENT_FLOPPY | (first !== 0 && second !== 0 ? EQUIPMENT_SECOND_FLOPPY : 0);
  cmos.set(EQUIPMENT, EQUIPMENT_FPU | EQUIPMENT_MOUSE | floppies);
  let types = 0;
  facts.disks.forEach((disk, index) => {
    if (disk === undefined) return;
    types |= USER_TYPE_EXTENDED << (index === 0 ? 4 : 0);
    cmos.set(EXTENDED_TYPES[index] ?? 0, USER_TYPE);
    writeDisk(cmos, DISK_PARAMETERS[index] ?? 0, disk);
  });
  cmos.set(DISK_TYPES, types);
  cmos.set(
    TRANSLATIONS,
    facts.translations.reduce((bits, translation, drive) => bits | (translation << (drive * 2)), 0),
  );
  return cmos;
}
