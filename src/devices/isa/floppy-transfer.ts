/** Which sectors a read, write or verify of the 82078 covers, one side of a track after the other. */
import type { FloppyFormat } from './floppy-geometry.ts';

export const FLOPPY_SECTOR_BYTES = 512;
/** Sector size code: 128 << 2. */
export const SIZE_CODE_512 = 2;

/** Where a transfer is, as the result phase reports it. */
export interface FloppyPosition {
  cylinder: number;
  head: number;
  sector: number;
}

export interface FloppyTransfer extends FloppyPosition {
  /** Last sector of a track: EOT. */
  readonly lastSector: number;
  readonly multiTrack: boolean;
}

/** Offset on the disk, in bytes. */
export function diskOffset({ cylinder, head, sector }: FloppyPosition, format: FloppyFormat): number {
  return ((cylinder * format.heads + head) * format.sectors + sector - 1) * FLOPPY_SECTOR_BYTES;
}

/** Sectors from the position to the end of this side. */
export function sectorsLeft({ sector, lastSector }: FloppyTransfer, format: FloppyFormat): number {
  return Math.max(0, Math.min(lastSector, format.sectors) - sector + 1);
}

/**
 * Moves on by `count` sectors of this side. At its end a multi-track transfer goes on with head 1, and the position after it
 * is the next cylinder's first sector (82078 data sheet, table 6-6).
 * @returns whether there is another side to go on with
 */
export function advance(transfer: FloppyTransfer, count: number, format: FloppyFormat): boolean {
  transfer.sector += count;
  if (transfer.sector <= Math.min(transfer.lastSector, format.sectors)) {
    return true;
  }
  transfer.sector = 1;
  if (transfer.multiTrack && transfer.head === 0 && format.heads > 1) {
    transfer.head = 1;
    return true;
  }
  if (transfer.multiTrack) transfer.head = 0;
  transfer.cylinder += 1;
  return false;
}
