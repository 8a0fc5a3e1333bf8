/** Making an empty qcow2 image (QEMU's docs/interop/qcow2.txt). */
import { BlockError, EINVAL } from '../block-error.ts';
import type { BlockNode } from '../block-node.ts';
import { headerCluster } from './header-extensions.ts';
import {
  COMPATIBLE_LAZY_REFCOUNTS,
  type Compression,
  CRYPT_AES,
  FEATURE_COMPRESSION_TYPE,
  QCOW2_MAGIC,
  V2_HEADER_BYTES,
  V3_HEADER_BYTES,
} from './qcow2-header.ts';

export interface Qcow2CreateOptions {
  /** Length of the disk; rounded up to whole sectors. */
  readonly bytes: number;
  readonly version: 2 | 3;
  /** A power of two from 512 bytes to 2 MiB. */
  readonly clusterBytes: number;
  /** Bits of a refcount: a power of two up to 64; 16 in version 2. */
  readonly refcountBits: number;
  readonly backingFile: string | undefined;
  readonly backingFormat: string | undefined;
  /** Refcounts may wait for the image to be closed. */
  readonly lazyRefcounts?: boolean;
  /** How compressed clusters are packed. */
  readonly compression?: Compression;
  /** With the old encryption. */
  readonly encrypted?: boolean;
}

export const QCOW2_DEFAULTS = { version: 3, clusterBytes: 65536, refcountBits: 16 } as const;

const SMALLEST_CLUSTER = 512;
const LARGEST_CLUSTER = 2 * 1024 * 1024;
const SECTOR_BYTES = 512;
/** The compression type, and what fills up to a multiple of eight. */
const COMPRESSION_FIELD_BYTES = 8;
const MOST_L1_BYTES = 32 * 1024 * 1024;

function invalid(message: string): BlockError {
  return new BlockError('ERR_BLOCK_CREATE', message, { errno: EINVAL });
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(Math.log2(value));
}

/** Throws BlockError `ERR_BLOCK_CREATE` for options that cannot be, with the reference's words. */
export function checkCreateOptions(options: Qcow2CreateOptions): void {
  const { clusterBytes, refcountBits, version, lazyRefcounts, compression = 'zlib' } = options;
  if (!isPowerOfTwo(clusterBytes) || clusterBytes < SMALLEST_CLUSTER || clusterBytes > LARGEST_CLUSTER) {
    throw invalid(`Cluster size must be a power of two between ${SMALLEST_CLUSTER} and 2048k`);
  }
  if (version === 2 && lazyRefcounts === true) {
    throw invalid(
      'Lazy refcounts only supported with compatibility level 1.1 and above (use version=v3 or greater)',
    );
  }
  if (version === 2 && compression !== 'zlib') {
    throw invalid(
      'Non-zlib compression type is only supported with compatibility level 1.1 and above (use version=v3 or greater)',
    );
  }
  if (!isPowerOfTwo(refcountBits) || refcountBits > 64) {
    throw invalid('Refcount width must be a power of two and may not exceed 64 bits');
  }
  if (version === 2 && refcountBits !== QCOW2_DEFAULTS.refcountBits) {
    throw invalid(
      'Different refcount widths than 16 bits require compatibility level 1.1 or above (use version=v3 or greater)',
    );
  }
}

interface Layout {
  readonly refcountTable: number;
  readonly refcountTableClusters: number;
  readonly refcountBlocks: number;
  readonly l1: number;
  readonly l1Entries: number;
  readonly clusters: number;
}

/** Cluster numbers of the parts: header, refcount table, refcount blocks, L1 table. */
function layOut({ bytes, clusterBytes, refcountBits }: Qcow2CreateOptions): Layout {
  const l1Entries = Math.ceil(bytes / ((clusterBytes / 8) * clusterBytes));
  if (l1Entries * 8 > MOST_L1_BYTES) {
    throw invalid("The image size is too large for file format 'qcow2' (try using a larger cluster size)");
  }
  const l1Clusters = Math.max(1, Math.ceil((l1Entries * 8) / clusterBytes));
  const perBlock = (clusterBytes * 8) / refcountBits;
  let blocks = 1;
  let tableClusters = 1;
  const total = () => 1 + tableClusters + blocks + l1Clusters;
  while (blocks * perBlock < total()) {
    blocks += 1;
    tableClusters = Math.ceil((blocks * 8) / clusterBytes);
  }
  return {
    refcountTable: 1,
    refcountTableClusters: tableClusters,
    refcountBlocks: blocks,
    l1: 1 + tableClusters + blocks,
    l1Entries,
    clusters: total(),
  };
}

function headerFields(options: Qcow2CreateOptions, layout: Layout): Uint8Array {
  const { clusterBytes, version, compression = 'zlib' } = options;
  const v3Bytes = compression === 'zlib' ? V3_HEADER_BYTES : V3_HEADER_BYTES + COMPRESSION_FIELD_BYTES;
  const fields = new Uint8Array(version === 3 ? v3Bytes : V2_HEADER_BYTES);
  const view = new DataView(fields.buffer);
  view.setUint32(0, QCOW2_MAGIC);
  view.setUint32(4, version);
  view.setUint32(20, Math.log2(clusterBytes));
  view.setBigUint64(24, BigInt(Math.ceil(options.bytes / SECTOR_BYTES) * SECTOR_BYTES));
  view.setUint32(32, options.encrypted === true ? CRYPT_AES : 0);
  view.setUint32(36, layout.l1Entries);
  view.setBigUint64(40, BigInt(layout.l1 * clusterBytes));
  view.setBigUint64(48, BigInt(layout.refcountTable * clusterBytes));
  view.setUint32(56, layout.refcountTableClusters);
  if (version === 3) {
    view.setUint32(76, compression === 'zlib' ? 0 : FEATURE_COMPRESSION_TYPE);
    view.setUint32(84, options.lazyRefcounts === true ? COMPATIBLE_LAZY_REFCOUNTS : 0);
    view.setUint32(96, Math.log2(options.refcountBits));
    view.setUint32(100, fields.length);
    if (compression === 'zstd') view.setUint8(V3_HEADER_BYTES, 1);
  }
  return fields;
}

/** A refcount of 1 for the first clusters, in entries of any width. */
function refcountBlocks({ clusterBytes, refcountBits }: Qcow2CreateOptions, layout: Layout): Uint8Array {
  const bytes = new Uint8Array(layout.refcountBlocks * clusterBytes);
  for (let cluster = 0; cluster < layout.clusters; cluster++) {
    const bit = cluster * refcountBits;
    // Entries of whole bytes are big-endian; smaller ones fill a byte from its low end.
    const index = refcountBits >= 8 ? (bit + refcountBits) / 8 - 1 : Math.floor(bit / 8);
    bytes[index] = (bytes[index] ?? 0) | (refcountBits >= 8 ? 1 : 1 << (bit % 8));
  }
  return bytes;
}

/**
 * Writes an empty image into an empty file.
 * Throws BlockError `ERR_BLOCK_CREATE` for options that cannot be, with the reference's words.
 */
export async function createQcow2(file: BlockNode, options: Qcow2CreateOptions): Promise<void> {
  checkCreateOptions(options);
  const layout = layOut(options);
  const { clusterBytes, backingFile, backingFormat } = options;
  const backing = backingFile === undefined ? undefined : { file: backingFile, format: backingFormat };
  const header = headerCluster(headerFields(options, layout), [], backing, clusterBytes);
  const table = new Uint8Array(layout.refcountTableClusters * clusterBytes);
  const view = new DataView(table.buffer);
  const firstBlock = layout.refcountTable + layout.refcountTableClusters;
  for (let block = 0; block < layout.refcountBlocks; block++) {
    view.setBigUint64(block * 8, BigInt((firstBlock + block) * clusterBytes));
  }
  await file.write(firstBlock * clusterBytes, [refcountBlocks(options, layout)]);
  await file.write(layout.refcountTable * clusterBytes, [table]);
  await file.write(layout.l1 * clusterBytes, [new Uint8Array((layout.clusters - layout.l1) * clusterBytes)]);
  await file.flush();
  await file.write(0, [header]);
  await file.flush();
}
