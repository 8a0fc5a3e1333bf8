/** The header of a qcow2 image, versions 2 and 3 (QEMU's docs/interop/qcow2.txt). All numbers are big-endian. */
import { BlockError, ENOTSUP } from '../block-error.ts';
import {
  backingFormatOf,
  type HeaderExtension,
  MOST_BACKING_NAME,
  readExtensions,
} from './header-extensions.ts';

export const QCOW2_MAGIC = 0x514649fb;
export const V2_HEADER_BYTES = 72;
export const V3_HEADER_BYTES = 104;

/** Incompatible features. */
export const FEATURE_DIRTY = 0x01;
export const FEATURE_CORRUPT = 0x02;
/** Crypt method: the old encryption. The next one, LUKS, is not known. */
export const CRYPT_AES = 1;
const FEATURE_EXTERNAL_DATA = 0x04;
export const FEATURE_COMPRESSION_TYPE = 0x08;
const FEATURE_EXTENDED_L2 = 0x10;
const KNOWN_INCOMPATIBLE = FEATURE_DIRTY | FEATURE_CORRUPT | FEATURE_COMPRESSION_TYPE;

/** Compatible feature: refcounts may be wrong while the image is marked as dirty. */
export const COMPATIBLE_LAZY_REFCOUNTS = 0x01;

const SIZE_OFFSET = 24;
const CRYPT_METHOD_OFFSET = 32;
const L1_ENTRIES_OFFSET = 36;
const L1_PLACE_OFFSET = 40;
const REFCOUNT_TABLE_OFFSET = 48;
const REFCOUNT_TABLE_CLUSTERS_OFFSET = 56;
const SNAPSHOTS_OFFSET = 60;
const SNAPSHOTS_PLACE_OFFSET = 64;
const INCOMPATIBLE_OFFSET = 72;
const COMPATIBLE_OFFSET = 80;
const AUTOCLEAR_OFFSET = 88;
const REFCOUNT_ORDER_OFFSET = 96;
const HEADER_LENGTH_OFFSET = 100;
const COMPRESSION_TYPE_OFFSET = 104;

const SMALLEST_CLUSTER_BITS = 9;
const LARGEST_CLUSTER_BITS = 21;
const LARGEST_REFCOUNT_ORDER = 6;
/** As many bytes of L1 and refcount table as are believed. */
const MOST_L1_BYTES = 32 * 1024 * 1024;
const MOST_REFCOUNT_TABLE_BYTES = 8 * 1024 * 1024;
const DEFAULT_REFCOUNT_ORDER = 4;

export type Compression = 'zlib' | 'zstd';

export interface Qcow2Header {
  readonly version: 2 | 3;
  /** The header's fields as they are on disk, later ones included. */
  readonly fields: Uint8Array;
  readonly extensions: readonly HeaderExtension[];
  readonly backingFile: string | undefined;
  readonly backingFormat: string | undefined;
  readonly clusterBits: number;
  /** Length of the disk in bytes. */
  readonly bytes: number;
  readonly cryptMethod: number;
  /** Entries and place of the L1 table. */
  readonly l1Entries: number;
  readonly l1Offset: number;
  readonly refcountTableOffset: number;
  readonly refcountTableClusters: number;
  readonly snapshots: number;
  readonly snapshotsOffset: number;
  readonly incompatible: number;
  readonly compatible: number;
  readonly autoclear: bigint;
  /** log2 of a refcount's width in bits. */
  readonly refcountOrder: number;
  readonly compression: Compression;
}

/** What changes in the header of an image in use. */
export type HeaderChanges = Partial<
  Pick<
    Qcow2Header,
    | 'bytes'
    | 'cryptMethod'
    | 'l1Entries'
    | 'l1Offset'
    | 'refcountTableOffset'
    | 'refcountTableClusters'
    | 'snapshots'
    | 'snapshotsOffset'
    | 'incompatible'
    | 'compatible'
    | 'autoclear'
  >
>;

/** The header with other values, in its fields too. */
export function withChanges(header: Qcow2Header, changes: HeaderChanges): Qcow2Header {
  const fields = header.fields.slice();
  const changed = { ...header, ...changes, fields };
  const view = new DataView(fields.buffer);
  view.setBigUint64(SIZE_OFFSET, BigInt(changed.bytes));
  view.setUint32(CRYPT_METHOD_OFFSET, changed.cryptMethod);
  view.setUint32(L1_ENTRIES_OFFSET, changed.l1Entries);
  view.setBigUint64(L1_PLACE_OFFSET, BigInt(changed.l1Offset));
  view.setBigUint64(REFCOUNT_TABLE_OFFSET, BigInt(changed.refcountTableOffset));
  view.setUint32(REFCOUNT_TABLE_CLUSTERS_OFFSET, changed.refcountTableClusters);
  view.setUint32(SNAPSHOTS_OFFSET, changed.snapshots);
  view.setBigUint64(SNAPSHOTS_PLACE_OFFSET, BigInt(changed.snapshotsOffset));
  if (header.version === 3) {
    view.setBigUint64(INCOMPATIBLE_OFFSET, BigInt(changed.incompatible));
    view.setUint32(COMPATIBLE_OFFSET + 4, changed.compatible);
    view.setBigUint64(AUTOCLEAR_OFFSET, changed.autoclear);
  }
  return changed;
}

export function corrupt(fileName: string, what: string): BlockError {
  return new BlockError('ERR_BLOCK_CORRUPT', `'${fileName}' is no sound qcow2 image: ${what}`);
}

function unavailable(fileName: string, what: string): BlockError {
  return new BlockError('ERR_BLOCK_UNAVAILABLE', `'${fileName}': ${what}: not available in this version`, {
    errno: ENOTSUP,
  });
}

function safe(value: bigint, fileName: string, what: string): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw corrupt(fileName, `${what} is ${value}`);
  }
  return Number(value);
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}

function checkFeatures(incompatible: number, view: DataView, fileName: string): Compression {
  if ((incompatible & FEATURE_EXTERNAL_DATA) !== 0) throw unavailable(fileName, 'external data files');
  if ((incompatible & FEATURE_EXTENDED_L2) !== 0) throw unavailable(fileName, 'extended L2 entries');
  if ((incompatible & ~KNOWN_INCOMPATIBLE) !== 0) {
    throw unavailable(fileName, `incompatible features ${incompatible & ~KNOWN_INCOMPATIBLE}`);
  }
  const hasType = (incompatible & FEATURE_COMPRESSION_TYPE) !== 0;
  const type = hasType ? view.getUint8(COMPRESSION_TYPE_OFFSET) : 0;
  if (type > 1) throw unavailable(fileName, `compression type ${type}`);
  return type === 1 ? 'zstd' : 'zlib';
}

/** Tables lie behind the header and inside the file, whose last cluster may be cut off. */
function checkTables(header: Qcow2Header, fileName: string, fileBytes: number): void {
  const { clusterBits, l1Entries, l1Offset, bytes, refcountTableOffset, refcountTableClusters } = header;
  const clusterBytes = 2 ** clusterBits;
  const perL1 = (clusterBytes / 8) * clusterBytes;
  if (l1Entries * 8 > MOST_L1_BYTES) throw corrupt(fileName, `its L1 table has ${l1Entries} entries`);
  if (l1Entries < Math.ceil(bytes / perL1)) {
    throw corrupt(fileName, `its L1 table has ${l1Entries} entries, too few for ${bytes} bytes`);
  }
  if (refcountTableClusters === 0 || refcountTableClusters * clusterBytes > MOST_REFCOUNT_TABLE_BYTES) {
    throw corrupt(fileName, `its refcount table has ${refcountTableClusters} clusters`);
  }
  const end = Math.ceil(fileBytes / clusterBytes) * clusterBytes;
  for (const [name, offset, length] of [
    ['L1', l1Offset, l1Entries * 8],
    ['refcount', refcountTableOffset, refcountTableClusters * clusterBytes],
  ] as const) {
    const isInside = length === 0 || (offset >= clusterBytes && offset + length <= end);
    if (offset % clusterBytes !== 0 || !isInside) {
      throw corrupt(fileName, `its ${name} table is at ${offset}`);
    }
  }
}

/**
 * Reads and checks a header.
 * @param head the first bytes of the image, a cluster of 64 KiB or as many as there are
 * @param fileBytes length of the file
 * Throws BlockError `ERR_BLOCK_CORRUPT`, or `ERR_BLOCK_UNAVAILABLE` for features that this version cannot read.
 */
export function parseQcow2Header(head: Uint8Array, fileName: string, fileBytes: number): Qcow2Header {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (head.length < V3_HEADER_BYTES + 8 || view.getUint32(0) !== QCOW2_MAGIC) {
    throw corrupt(fileName, 'it has no qcow2 header');
  }
  const version = view.getUint32(4);
  if (version !== 2 && version !== 3) throw unavailable(fileName, `qcow2 version ${version}`);
  const clusterBits = view.getUint32(20);
  if (clusterBits < SMALLEST_CLUSTER_BITS || clusterBits > LARGEST_CLUSTER_BITS) {
    throw corrupt(fileName, `its clusters have 2^${clusterBits} bytes`);
  }
  const isV3 = version === 3;
  const incompatible = isV3 ? safe(view.getBigUint64(INCOMPATIBLE_OFFSET), fileName, 'its feature mask') : 0;
  const headerBytes = isV3 ? view.getUint32(HEADER_LENGTH_OFFSET) : V2_HEADER_BYTES;
  if (headerBytes < (isV3 ? V3_HEADER_BYTES : V2_HEADER_BYTES) || headerBytes > 2 ** clusterBits) {
    throw corrupt(fileName, `its header has ${headerBytes} bytes`);
  }
  const refcountOrder = isV3 ? view.getUint32(REFCOUNT_ORDER_OFFSET) : DEFAULT_REFCOUNT_ORDER;
  if (refcountOrder > LARGEST_REFCOUNT_ORDER) throw corrupt(fileName, `refcounts of 2^${refcountOrder} bits`);
  const backingOffset = safe(view.getBigUint64(8), fileName, 'the place of its backing file name');
  const backingLength = view.getUint32(16);
  const hasBacking = backingOffset !== 0;
  if (hasBacking && (backingLength > MOST_BACKING_NAME || backingOffset + backingLength > head.length)) {
    throw corrupt(fileName, `its backing file's name has ${backingLength} bytes at ${backingOffset}`);
  }
  const extensionsEnd = hasBacking ? backingOffset : Math.min(2 ** clusterBits, head.length);
  const extensions = readExtensions(head, headerBytes, extensionsEnd);
  const header: Qcow2Header = {
    version,
    fields: head.slice(0, headerBytes),
    extensions,
    clusterBits,
    incompatible,
    refcountOrder,
    backingFile: hasBacking ? text(head.subarray(backingOffset, backingOffset + backingLength)) : undefined,
    backingFormat: backingFormatOf(extensions),
    bytes: safe(view.getBigUint64(SIZE_OFFSET), fileName, 'its length'),
    cryptMethod: view.getUint32(CRYPT_METHOD_OFFSET),
    l1Entries: view.getUint32(L1_ENTRIES_OFFSET),
    l1Offset: safe(view.getBigUint64(L1_PLACE_OFFSET), fileName, 'the place of its L1 table'),
    refcountTableOffset: safe(
      view.getBigUint64(REFCOUNT_TABLE_OFFSET),
      fileName,
      'the place of its refcount table',
    ),
    refcountTableClusters: view.getUint32(REFCOUNT_TABLE_CLUSTERS_OFFSET),
    snapshots: view.getUint32(SNAPSHOTS_OFFSET),
    snapshotsOffset: safe(view.getBigUint64(SNAPSHOTS_PLACE_OFFSET), fileName, 'the place of its snapshots'),
    compatible: isV3 ? Number(view.getBigUint64(COMPATIBLE_OFFSET) & 0xffffffffn) : 0,
    autoclear: isV3 ? view.getBigUint64(AUTOCLEAR_OFFSET) : 0n,
    compression: checkFeatures(incompatible, view, fileName),
  };
  if (header.cryptMethod > CRYPT_AES) throw unavailable(fileName, `encryption method ${header.cryptMethod}`);
  checkTables(header, fileName, fileBytes);
  return header;
}
