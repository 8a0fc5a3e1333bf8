/** The configuration space of a block device (VIRTIO 1.1, 5.2.4). */

export const SECTOR_BYTES = 512;
/** Sectors of 512 bytes that one segment of a DISCARD or WRITE_ZEROES request may cover. */
export const MOST_RANGE_SECTORS = 4194303;
/** Segments that one such request may have. */
export const MOST_RANGES = 16;

const CAPACITY = 0;
const SEG_MAX = 12;
const CYLINDERS = 16;
const HEADS = 18;
const SECTORS = 19;
const BLK_SIZE = 20;
const PHYSICAL_BLOCK_EXP = 24;
const MIN_IO_SIZE = 26;
const OPT_IO_SIZE = 28;
export const WRITEBACK = 32;
const NUM_QUEUES = 34;
const MAX_DISCARD_SECTORS = 36;
const MAX_DISCARD_SEG = 40;
const DISCARD_SECTOR_ALIGNMENT = 44;
const MAX_WRITE_ZEROES_SECTORS = 48;
const MAX_WRITE_ZEROES_SEG = 52;
const WRITE_ZEROES_MAY_UNMAP = 56;
const CONFIG_BYTES = 60;

export interface DiskGeometry {
  readonly cylinders: number;
  readonly heads: number;
  readonly sectors: number;
}

/** What the space shows. Sizes in bytes. */
export interface BlkConfig {
  readonly capacityBytes: number;
  readonly mostSegments: number;
  readonly geometry: DiskGeometry;
  readonly logicalBlock: number;
  readonly physicalBlock: number;
  readonly minimumIo: number;
  readonly optimalIo: number;
  readonly writeBack: boolean;
  readonly queues: number;
}

export function blkConfigSpace(config: BlkConfig): Uint8Array {
  const space = new Uint8Array(CONFIG_BYTES);
  const view = new DataView(space.buffer);
  view.setBigUint64(CAPACITY, BigInt(Math.floor(config.capacityBytes / SECTOR_BYTES)), true);
  view.setUint32(SEG_MAX, config.mostSegments, true);
  view.setUint16(CYLINDERS, config.geometry.cylinders, true);
  view.setUint8(HEADS, config.geometry.heads);
  view.setUint8(SECTORS, config.geometry.sectors);
  view.setUint32(BLK_SIZE, config.logicalBlock, true);
  view.setUint8(PHYSICAL_BLOCK_EXP, Math.log2(config.physicalBlock / config.logicalBlock));
  view.setUint16(MIN_IO_SIZE, config.minimumIo / config.logicalBlock, true);
  view.setUint32(OPT_IO_SIZE, config.optimalIo / config.logicalBlock, true);
  view.setUint8(WRITEBACK, config.writeBack ? 1 : 0);
  view.setUint16(NUM_QUEUES, config.queues, true);
  view.setUint32(MAX_DISCARD_SECTORS, MOST_RANGE_SECTORS, true);
  view.setUint32(MAX_DISCARD_SEG, MOST_RANGES, true);
  view.setUint32(DISCARD_SECTOR_ALIGNMENT, config.physicalBlock / SECTOR_BYTES, true);
  view.setUint32(MAX_WRITE_ZEROES_SECTORS, MOST_RANGE_SECTORS, true);
  view.setUint32(MAX_WRITE_ZEROES_SEG, MOST_RANGES, true);
  view.setUint8(WRITE_ZEROES_MAY_UNMAP, 1);
  return space;
}

const DEFAULT_HEADS = 16;
const DEFAULT_SECTORS = 63;
const MOST_CYLINDERS = 16383;

/** The geometry that is given where nobody chose one: 16 heads of 63 sectors, as ATA disks of any size have it. */
export function defaultGeometry(bytes: number): DiskGeometry {
  const cylinders = Math.floor(bytes / (DEFAULT_HEADS * DEFAULT_SECTORS * SECTOR_BYTES));
  return {
    cylinders: Math.min(Math.max(cylinders, 2), MOST_CYLINDERS),
    heads: DEFAULT_HEADS,
    sectors: DEFAULT_SECTORS,
  };
}
