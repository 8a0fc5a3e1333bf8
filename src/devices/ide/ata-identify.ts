/** IDENTIFY DEVICE of a disk (ATA/ATAPI-6, 8.15). */
import { IdentifyPage } from './identify-page.ts';
import type { Geometry } from './task-file.ts';
import type { TransferModeState } from './transfer-modes.ts';

export interface DiskIdentity {
  readonly model: string;
  readonly serial: string;
  readonly version: string;
  /** World wide name; 0n: none. */
  readonly wwn: bigint;
}

export interface DiskFacts extends DiskIdentity {
  readonly sectors: number;
  readonly geometry: Geometry;
  /** What INITIALIZE DEVICE PARAMETERS has set. */
  readonly currentGeometry: Geometry;
  readonly modes: TransferModeState;
  /** Sectors a block of READ MULTIPLE; 0: not set. */
  readonly multiple: number;
  readonly smartEnabled: boolean;
  readonly writeCache: boolean;
  readonly readOnly: boolean;
  readonly discards: boolean;
}

/** Most sectors a block of READ MULTIPLE. */
export const MOST_MULTIPLE = 16;

const FIXED_DEVICE = 0x0040;
const LBA_AND_DMA = 0x0300;
const IORDY = 0x0800;
const CAPABILITIES_50 = 0x4000;
const VALID_WORDS = 0x0007;
const MULTIPLE_VALID = 0x0100;
const LARGEST_LBA28 = 0x0fffffff;
/** ATA/ATAPI-4 to 6, revision 3a of the last. */
const MAJOR_VERSIONS = 0x0070;
const MINOR_VERSION = 0x0019;
const VALID_83 = 0x4000;
const SMART = 0x0001;
const POWER_MANAGEMENT = 0x0008;
const PACKET_FREE_NOP = 0x4000;
const WRITE_CACHE = 0x0020;
const FLUSH = 0x1000;
const FLUSH_EXT = 0x2000;
const LBA48 = 0x0400;
const WRITE_FUA = 0x0040;
const WWN_84 = 0x0100;
/** Device 0, passed; CBLID detected: an 80-conductor cable. */
const HARDWARE_RESET_RESULT = 0x6001;
const TRIM_SUPPORTED = 0x0001;
const SECTOR_BYTES = 512;
const PIO_MODES_3_AND_4 = 0x0003;
const FASTEST_CYCLE_NS = 120;

function showGeometry(page: IdentifyPage, facts: DiskFacts): void {
  const { geometry, currentGeometry: current } = facts;
  const capacity = current.cylinders * current.heads * current.sectors;
  page
    .word(1, geometry.cylinders)
    .word(3, geometry.heads)
    .word(4, SECTOR_BYTES * geometry.sectors)
    .word(5, SECTOR_BYTES)
    .word(6, geometry.sectors)
    .word(54, current.cylinders)
    .word(55, current.heads)
    .word(56, current.sectors)
    .double(57, capacity);
}

function showFeatureSets(page: IdentifyPage, facts: DiskFacts): void {
  const wwn = facts.wwn === 0n ? 0 : WWN_84;
  const always = POWER_MANAGEMENT | PACKET_FREE_NOP;
  page
    .word(82, always | WRITE_CACHE | SMART)
    .word(83, VALID_83 | FLUSH_EXT | FLUSH | LBA48)
    .word(84, VALID_83 | WRITE_FUA | wwn)
    .word(85, always | (facts.writeCache ? WRITE_CACHE : 0) | (facts.smartEnabled ? SMART : 0))
    .word(86, FLUSH_EXT | FLUSH | LBA48)
    .word(87, VALID_83 | WRITE_FUA | wwn);
  if (facts.wwn !== 0n) {
    for (let index = 0; index < 4; index++) {
      page.word(108 + index, Number((facts.wwn >> BigInt(48 - 16 * index)) & 0xffffn));
    }
  }
}

export function identifyDisk(facts: DiskFacts): Uint8Array {
  const { sectors, modes, multiple } = facts;
  const page = new IdentifyPage();
  showGeometry(page, facts);
  page
    .word(0, FIXED_DEVICE)
    .text(10, 10, facts.serial)
    .text(23, 4, facts.version)
    .text(27, 20, facts.model)
    .word(47, 0x8000 | MOST_MULTIPLE)
    // Doubleword I/O, which later standards call trusted computing, is done by every PCI controller.
    .word(48, 1)
    .word(49, LBA_AND_DMA | IORDY)
    .word(50, CAPABILITIES_50)
    .word(51, 0x0200)
    .word(52, 0x0200)
    .word(53, VALID_WORDS)
    .word(59, multiple === 0 ? 0 : MULTIPLE_VALID | multiple)
    .double(60, Math.min(sectors, LARGEST_LBA28))
    .word(63, modes.multiWord)
    .word(64, PIO_MODES_3_AND_4)
    .word(80, MAJOR_VERSIONS)
    .word(81, MINOR_VERSION)
    .word(88, modes.ultra)
    .word(93, HARDWARE_RESET_RESULT)
    .quad(100, BigInt(sectors))
    .word(169, facts.discards ? TRIM_SUPPORTED : 0);
  for (const cycle of [65, 66, 67, 68]) page.word(cycle, FASTEST_CYCLE_NS);
  showFeatureSets(page, facts);
  return page.bytes;
}
