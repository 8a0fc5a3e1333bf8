/** Formats of floppy disks, told by their size, and the drives that they belong into. */

export interface FloppyFormat {
  readonly tracks: number;
  readonly heads: number;
  /** Sectors of 512 bytes on a side of a track. */
  readonly sectors: number;
  /** Data rate as CCR selects it: 0 500, 1 300, 2 250, 3 1000 kbit/s (82078 data sheet, table 2-6). */
  readonly rate: number;
  readonly drive: FloppyDriveType;
}

/** By the number that the CMOS has for it: 1.2 MB, 1.44 MB, 2.88 MB. */
export type FloppyDriveType = 2 | 4 | 5;

export const DRIVE_120: FloppyDriveType = 2;
export const DRIVE_144: FloppyDriveType = 4;
export const DRIVE_288: FloppyDriveType = 5;

const SECTOR_BYTES = 512;

function format(
  drive: FloppyDriveType,
  rate: number,
  tracks: number,
  heads: number,
  sectors: number,
): FloppyFormat {
  return { drive, rate, tracks, heads, sectors };
}

/** Of two with one length the first counts. */
const FORMATS: readonly FloppyFormat[] = [
  format(DRIVE_144, 0, 80, 2, 18),
  format(DRIVE_144, 0, 80, 2, 20),
  format(DRIVE_144, 0, 80, 2, 21),
  format(DRIVE_144, 0, 82, 2, 21),
  format(DRIVE_144, 0, 83, 2, 21),
  format(DRIVE_144, 0, 80, 2, 22),
  format(DRIVE_144, 0, 80, 2, 23),
  format(DRIVE_144, 0, 80, 2, 24),
  format(DRIVE_288, 3, 80, 2, 36),
  format(DRIVE_288, 3, 80, 2, 39),
  format(DRIVE_288, 3, 80, 2, 40),
  format(DRIVE_288, 3, 80, 2, 44),
  format(DRIVE_288, 3, 80, 2, 48),
  format(DRIVE_144, 2, 80, 2, 9),
  format(DRIVE_144, 2, 80, 2, 10),
  format(DRIVE_144, 2, 82, 2, 10),
  format(DRIVE_144, 2, 83, 2, 10),
  format(DRIVE_144, 2, 80, 2, 13),
  format(DRIVE_144, 2, 80, 2, 14),
  format(DRIVE_120, 0, 80, 2, 15),
  format(DRIVE_120, 0, 82, 2, 18),
  format(DRIVE_120, 0, 83, 2, 18),
  format(DRIVE_120, 1, 40, 2, 9),
  format(DRIVE_120, 1, 40, 1, 9),
  format(DRIVE_120, 1, 40, 2, 8),
  format(DRIVE_120, 1, 40, 1, 8),
];

const USUAL = format(DRIVE_144, 0, 80, 2, 18);

/** The format of a disk of that many bytes; 1.44 MB for a length that none has. */
export function floppyFormat(bytes: number): FloppyFormat {
  return (
    FORMATS.find(({ tracks, heads, sectors }) => tracks * heads * sectors * SECTOR_BYTES === bytes) ?? USUAL
  );
}

/** The kind of drive that the firmware is told of. @param bytes of the disk that is in it at start, if any */
export function floppyDriveType(bytes: number | undefined): FloppyDriveType {
  return bytes === undefined ? DRIVE_144 : floppyFormat(bytes).drive;
}
