/** Entries of L1 and L2 tables (qcow2.txt, "Cluster mapping"). */

const COPIED = 0x80000000;
const COMPRESSED = 0x40000000;
const ZERO = 1;
const OFFSET_HIGH = 0x00ffffff;
const OFFSET_LOW = 0xfffffe00;
const TWO_32 = 2 ** 32;
const SECTOR_BYTES = 512;

export interface NormalEntry {
  readonly kind: 'normal';
  readonly offset: number;
  /** The cluster's refcount is 1: it may be written in place. */
  readonly copied: boolean;
}

/** Reads as zeros; a cluster may be kept for it. */
export interface ZeroEntry {
  readonly kind: 'zero';
  /** 0: none. */
  readonly offset: number;
  readonly copied: boolean;
}

export interface CompressedEntry {
  readonly kind: 'compressed';
  readonly offset: number;
  /** How many bytes there are at most. */
  readonly bytes: number;
}

export type L2Entry = { readonly kind: 'unallocated' } | NormalEntry | ZeroEntry | CompressedEntry;

/** @param clusterBits log2 of a cluster's bytes */
export function readL2Entry(table: DataView, index: number, clusterBits: number): L2Entry {
  const high = table.getUint32(index * 8);
  const low = table.getUint32(index * 8 + 4);
  if ((high & COMPRESSED) !== 0) return compressed(high, low, clusterBits);
  const offset = (high & OFFSET_HIGH) * TWO_32 + ((low & OFFSET_LOW) >>> 0);
  const copied = (high & COPIED) !== 0;
  if ((low & ZERO) !== 0) return { kind: 'zero', offset, copied };
  return offset === 0 ? { kind: 'unallocated' } : { kind: 'normal', offset, copied };
}

function compressed(high: number, low: number, clusterBits: number): CompressedEntry {
  const descriptor = ((BigInt(high) << 32n) | BigInt(low)) & ((1n << 62n) - 1n);
  const offsetBits = BigInt(62 - (clusterBits - 8));
  const offset = Number(descriptor & ((1n << offsetBits) - 1n));
  const sectors = Number(descriptor >> offsetBits) + 1;
  return { kind: 'compressed', offset, bytes: sectors * SECTOR_BYTES - (offset % SECTOR_BYTES) };
}

/** Points to a cluster of its own. */
export function writeL2Normal(table: DataView, index: number, offset: number): void {
  table.setUint32(index * 8, (COPIED | Math.floor(offset / TWO_32)) >>> 0);
  table.setUint32(index * 8 + 4, offset >>> 0);
}

export function writeL2Zero(table: DataView, index: number): void {
  table.setUint32(index * 8, 0);
  table.setUint32(index * 8 + 4, ZERO);
}

export function writeL2Unallocated(table: DataView, index: number): void {
  table.setUint32(index * 8, 0);
  table.setUint32(index * 8 + 4, 0);
}

/** @param bytes length of the compressed data, which may begin and end anywhere in a sector */
export function writeL2Compressed(
  table: DataView,
  index: number,
  place: { readonly offset: number; readonly bytes: number },
  clusterBits: number,
): void {
  const { offset, bytes } = place;
  const sectors = Math.floor((offset + bytes - 1) / SECTOR_BYTES) - Math.floor(offset / SECTOR_BYTES);
  const offsetBits = BigInt(62 - (clusterBits - 8));
  const descriptor = (1n << 62n) | (BigInt(sectors) << offsetBits) | BigInt(offset);
  table.setBigUint64(index * 8, descriptor);
}

/** Sets whether an entry of an L1 or L2 table says that its cluster's refcount is 1. @returns whether that is a change */
export function writeCopied(table: DataView, index: number, copied: boolean): boolean {
  const before = table.getUint32(index * 8);
  const after = copied ? (before | COPIED) >>> 0 : (before & ~COPIED) >>> 0;
  table.setUint32(index * 8, after);
  return after !== before;
}

export interface L1Entry {
  /** 0: there is no L2 table. */
  readonly offset: number;
  readonly copied: boolean;
}

export function readL1Entry(table: DataView, index: number): L1Entry {
  const high = table.getUint32(index * 8);
  const low = table.getUint32(index * 8 + 4);
  return {
    offset: (high & OFFSET_HIGH) * TWO_32 + ((low & OFFSET_LOW) >>> 0),
    copied: (high & COPIED) !== 0,
  };
}

/** An L1 entry has the form of a normal L2 entry. */
export const writeL1Entry = writeL2Normal;
