/** The footer, the dynamic header and the geometry of vpc images (Microsoft's "Virtual Hard Disk Image Format Specification"). */
import { randomBytes } from 'node:crypto';
import { damaged } from './block-map.ts';
import { putText, textAt } from './image-writer.ts';

export const SECTOR_BYTES = 512;
export const FOOTER_BYTES = 512;
export const DYNAMIC_HEADER_BYTES = 1024;
export const FOOTER_COOKIE = 'conectix';
const DYNAMIC_COOKIE = 'cxsparse';
const FIXED = 2;
const DYNAMIC = 3;
const VERSION = 0x00010000;
const NO_OFFSET = 0xffffffffffffffffn;
/** 2000-01-01 in seconds of Unix. */
const EPOCH_SECONDS = 946_684_800;
const MOST_CYLINDERS = 65535;
const MOST_HEADS = 16;
const MOST_SECTORS_A_TRACK = 255;
/** A disk with this geometry may be longer than that says. */
const MOST_GEOMETRY_SECTORS = MOST_CYLINDERS * MOST_HEADS * MOST_SECTORS_A_TRACK;
/** 2040 GiB. */
export const MOST_SECTORS = (2040 * 1024 ** 3) / SECTOR_BYTES;
/** Programs that mean the length that the footer gives; others mean its geometry. */
const BY_LENGTH = ['win ', 'qem2', 'd2v ', 'tap\0', 'CTXS'];

const AT = {
  features: 8,
  version: 12,
  dataOffset: 16,
  timestamp: 24,
  creator: 28,
  majorVersion: 32,
  minorVersion: 34,
  creatorOs: 36,
  originalBytes: 40,
  currentBytes: 48,
  cylinders: 56,
  heads: 58,
  sectors: 59,
  type: 60,
  checksum: 64,
  id: 68,
} as const;

const DYNAMIC_AT = {
  dataOffset: 8,
  tableOffset: 16,
  version: 24,
  entries: 28,
  blockBytes: 32,
  checksum: 36,
} as const;

export interface Geometry {
  readonly cylinders: number;
  readonly heads: number;
  readonly sectors: number;
}

/** The geometry of the specification's appendix; it has room for fewer sectors than were asked for, at times. */
function roundedGeometry(wanted: number): Geometry {
  const total = Math.min(wanted, MOST_GEOMETRY_SECTORS);
  if (total >= MOST_CYLINDERS * MOST_HEADS * 63) {
    return { cylinders: Math.floor(Math.floor(total / 255) / 16), heads: 16, sectors: 255 };
  }
  let sectors = 17;
  let tracks = Math.floor(total / sectors);
  let heads = Math.max(4, Math.floor((tracks + 1023) / 1024));
  if (tracks >= heads * 1024 || heads > 16) {
    sectors = 31;
    heads = 16;
    tracks = Math.floor(total / sectors);
  }
  if (tracks >= heads * 1024) {
    sectors = 63;
    heads = 16;
    tracks = Math.floor(total / sectors);
  }
  return { cylinders: Math.floor(tracks / heads), heads, sectors };
}

function geometrySectors({ cylinders, heads, sectors }: Geometry): number {
  return cylinders * heads * sectors;
}

export interface DiskLength {
  readonly geometry: Geometry;
  readonly sectors: number;
  /** The footer's length is meant, not its geometry. */
  readonly forced: boolean;
}

/** How long a disk of at least that many sectors is: as its geometry has it, unless the length is forced. */
export function diskLength(wanted: number, forced: boolean): DiskLength {
  if (forced) {
    const geometry = { cylinders: MOST_CYLINDERS, heads: MOST_HEADS, sectors: MOST_SECTORS_A_TRACK };
    return { geometry, sectors: wanted, forced };
  }
  let geometry = roundedGeometry(wanted);
  for (
    let more = 1;
    wanted > geometrySectors(geometry) && geometrySectors(geometry) < MOST_GEOMETRY_SECTORS;
    more++
  ) {
    geometry = roundedGeometry(wanted + more);
  }
  const rounded = geometrySectors(geometry);
  return { geometry, sectors: rounded === MOST_GEOMETRY_SECTORS ? wanted : rounded, forced };
}

function checksum(view: DataView, at: number): number {
  let sum = 0;
  for (let offset = 0; offset < view.byteLength; offset++) {
    if (offset < at || offset >= at + 4) sum += view.getUint8(offset);
  }
  return ~sum >>> 0;
}

export interface Footer {
  readonly kind: 'fixed' | 'dynamic';
  readonly bytes: number;
  /** Of the dynamic header. */
  readonly dataOffset: bigint;
  readonly contents: DataView<ArrayBuffer>;
}

/** @returns undefined for what is no footer. Throws BlockError for one that is damaged, or of a kind that is not known. */
export function parseFooter(view: DataView<ArrayBuffer>, fileName: string): Footer | undefined {
  if (textAt(view, 0, FOOTER_COOKIE.length) !== FOOTER_COOKIE) return undefined;
  const expected = checksum(view, AT.checksum);
  if (view.getUint32(AT.checksum) !== expected) {
    const found = view.getUint32(AT.checksum).toString(16);
    throw damaged(
      fileName,
      'vpc',
      `the checksum of its footer is 0x${found}, not 0x${expected.toString(16)}`,
    );
  }
  const type = view.getUint32(AT.type);
  if (type !== FIXED && type !== DYNAMIC) {
    throw damaged(fileName, 'vpc', `type ${type} is neither fixed (${FIXED}) nor dynamic (${DYNAMIC})`);
  }
  const geometry = {
    cylinders: view.getUint16(AT.cylinders),
    heads: view.getUint8(AT.heads),
    sectors: view.getUint8(AT.sectors),
  };
  const creator = Buffer.from(view.buffer, view.byteOffset + AT.creator, 4).toString('latin1');
  const byLength = BY_LENGTH.includes(creator) || geometrySectors(geometry) === MOST_GEOMETRY_SECTORS;
  const length = view.getBigUint64(AT.currentBytes) / BigInt(SECTOR_BYTES);
  const sectors = byLength ? length : BigInt(geometrySectors(geometry));
  if (sectors > BigInt(MOST_SECTORS)) throw damaged(fileName, 'vpc', `a disk of ${sectors} sectors`);
  return {
    kind: type === FIXED ? 'fixed' : 'dynamic',
    bytes: Number(sectors) * SECTOR_BYTES,
    dataOffset: view.getBigUint64(AT.dataOffset),
    contents: view,
  };
}

export interface DynamicHeader {
  readonly tableOffset: number;
  readonly entries: number;
  readonly blockBytes: number;
}

/** Throws BlockError `ERR_BLOCK_CORRUPT`. */
export function parseDynamicHeader(view: DataView, fileName: string): DynamicHeader {
  if (textAt(view, 0, DYNAMIC_COOKIE.length) !== DYNAMIC_COOKIE) {
    throw damaged(fileName, 'vpc', 'its dynamic header is not there');
  }
  if (view.getUint32(DYNAMIC_AT.checksum) !== checksum(view, DYNAMIC_AT.checksum)) {
    throw damaged(fileName, 'vpc', 'the checksum of its dynamic header is wrong');
  }
  const blockBytes = view.getUint32(DYNAMIC_AT.blockBytes);
  if (blockBytes < SECTOR_BYTES || (blockBytes & (blockBytes - 1)) !== 0) {
    throw damaged(fileName, 'vpc', `blocks of ${blockBytes} bytes`);
  }
  const tableOffset = view.getBigUint64(DYNAMIC_AT.tableOffset);
  if (tableOffset > BigInt(Number.MAX_SAFE_INTEGER))
    throw damaged(fileName, 'vpc', `a table at ${tableOffset}`);
  return { tableOffset: Number(tableOffset), entries: view.getUint32(DYNAMIC_AT.entries), blockBytes };
}

export function newFooter(
  { geometry, sectors, forced }: DiskLength,
  kind: Footer['kind'],
  nowSeconds: number,
): DataView<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(FOOTER_BYTES));
  putText(view, 0, FOOTER_COOKIE);
  view.setUint32(AT.features, 2);
  view.setUint32(AT.version, VERSION);
  view.setBigUint64(AT.dataOffset, kind === 'fixed' ? NO_OFFSET : BigInt(FOOTER_BYTES));
  view.setUint32(AT.timestamp, Math.floor(nowSeconds) - EPOCH_SECONDS);
  putText(view, AT.creator, forced ? 'qem2' : 'qemu');
  view.setUint16(AT.majorVersion, 5);
  view.setUint16(AT.minorVersion, 3);
  putText(view, AT.creatorOs, 'Wi2k');
  for (const at of [AT.originalBytes, AT.currentBytes]) view.setBigUint64(at, BigInt(sectors * SECTOR_BYTES));
  view.setUint16(AT.cylinders, geometry.cylinders);
  view.setUint8(AT.heads, geometry.heads);
  view.setUint8(AT.sectors, geometry.sectors);
  view.setUint32(AT.type, kind === 'fixed' ? FIXED : DYNAMIC);
  new Uint8Array(view.buffer).set(randomBytes(16), AT.id);
  view.setUint32(AT.checksum, checksum(view, AT.checksum));
  return view;
}

export function newDynamicHeader({ tableOffset, entries, blockBytes }: DynamicHeader): DataView<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(DYNAMIC_HEADER_BYTES));
  putText(view, 0, DYNAMIC_COOKIE);
  view.setBigUint64(DYNAMIC_AT.dataOffset, NO_OFFSET);
  view.setBigUint64(DYNAMIC_AT.tableOffset, BigInt(tableOffset));
  view.setUint32(DYNAMIC_AT.version, VERSION);
  view.setUint32(DYNAMIC_AT.entries, entries);
  view.setUint32(DYNAMIC_AT.blockBytes, blockBytes);
  view.setUint32(DYNAMIC_AT.checksum, checksum(view, DYNAMIC_AT.checksum));
  return view;
}
