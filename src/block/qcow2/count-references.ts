/** Counting who refers to which cluster of an image, from its tables alone: what its refcounts should be. */
import type { BlockNode } from '../block-node.ts';
import { readL1Entry, readL2Entry } from './l2-entry.ts';
import type { Qcow2Header } from './qcow2-header.ts';
import { readSnapshots } from './snapshot-table.ts';

const ENTRY_BYTES = 8;
const PAGE_ENTRIES = 65536;
const MOST_REFERENCES = 0xffffffff;
const EXTENSION_BITMAPS = 0x23852875;
const AUTOCLEAR_BITMAPS = 1n;
const OFFSET_MASK = 0x00fffffffffffe00n;
const MOST_BITMAP_BYTES = 64 * 1024 * 1024;

/** How often each cluster is referred to. */
export class References {
  readonly #pages = new Map<number, Uint32Array>();
  #end = 0;

  /** Behind the last cluster that is referred to. */
  get end(): number {
    return this.#end;
  }

  get(cluster: number): number {
    return this.#pages.get(Math.floor(cluster / PAGE_ENTRIES))?.[cluster % PAGE_ENTRIES] ?? 0;
  }

  add(cluster: number, times: number): void {
    const number = Math.floor(cluster / PAGE_ENTRIES);
    const page = this.#pages.get(number) ?? new Uint32Array(PAGE_ENTRIES);
    this.#pages.set(number, page);
    page[cluster % PAGE_ENTRIES] = Math.min(MOST_REFERENCES, (page[cluster % PAGE_ENTRIES] ?? 0) + times);
    this.#end = Math.max(this.#end, cluster + 1);
  }
}

/** How the disk's clusters lie in the file. */
export interface ClusterStatistics {
  allocated: number;
  compressed: number;
  /** Those that do not follow the one before them. */
  fragmented: number;
}

export interface Counted {
  readonly references: References;
  readonly statistics: ClusterStatistics;
  /** Entries that cannot be. */
  readonly corruptions: number;
}

/** What is wrong, in a line. */
export type Say = (line: string) => void;

const hex = (value: number) => value.toString(16);

class Counter {
  readonly references = new References();
  readonly statistics: ClusterStatistics = { allocated: 0, compressed: 0, fragmented: 0 };
  corruptions = 0;
  readonly #file: BlockNode;
  readonly #header: Qcow2Header;
  readonly #say: Say;
  readonly #clusterBytes: number;

  constructor(file: BlockNode, header: Qcow2Header, say: Say) {
    this.#file = file;
    this.#header = header;
    this.#say = say;
    this.#clusterBytes = 2 ** header.clusterBits;
  }

  wrong(line: string): void {
    this.corruptions += 1;
    this.#say(`ERROR ${line}`);
  }

  /** Bytes that are referred to. They have to lie inside the file, but for the rest of its last cluster. */
  count(offset: number, bytes: number, times = 1): void {
    const first = Math.floor(offset / this.#clusterBytes);
    const last = Math.floor((offset + bytes - 1) / this.#clusterBytes);
    if (last >= Math.ceil(this.#file.bytes / this.#clusterBytes)) {
      this.wrong(
        `counting reference for region exceeding the end of the file by one cluster or more: offset 0x${hex(offset)} size 0x${hex(bytes)}`,
      );
      return;
    }
    for (let cluster = first; cluster <= last; cluster++) this.references.add(cluster, times);
  }

  async tables(l1s: readonly { readonly offset: number; readonly entries: number }[]): Promise<void> {
    // A table is looked through once, however many refer to it.
    const l2s = new Map<number, number>();
    for (const [number, { offset, entries }] of l1s.entries()) {
      const l1 = new Uint8Array(entries * ENTRY_BYTES);
      if (entries === 0) continue;
      await this.#file.read(offset, [l1]);
      this.count(offset, l1.length);
      const view = new DataView(l1.buffer);
      for (let index = 0; index < entries; index++) {
        const { offset: place } = readL1Entry(view, index);
        if (place === 0) continue;
        if (place % this.#clusterBytes !== 0) {
          this.wrong(`l2_offset=${hex(place)}: Table is not cluster aligned; L1 entry corrupted`);
          continue;
        }
        if (number === 0 && !l2s.has(place)) await this.#lookAt(place);
        l2s.set(place, (l2s.get(place) ?? 0) + 1);
      }
    }
    for (const [offset, times] of l2s) {
      this.count(offset, this.#clusterBytes, times);
      await this.#entries(offset, times);
    }
  }

  async #l2(offset: number): Promise<DataView> {
    const table = new Uint8Array(this.#clusterBytes);
    if (offset < this.#file.bytes) await this.#file.read(offset, [table]);
    return new DataView(table.buffer);
  }

  async #lookAt(offset: number): Promise<void> {
    const table = await this.#l2(offset);
    let expected = 0;
    for (let index = 0; index < this.#clusterBytes / ENTRY_BYTES; index++) {
      const entry = readL2Entry(table, index, this.#header.clusterBits);
      if (entry.kind === 'unallocated' || entry.offset === 0) continue;
      this.statistics.allocated += 1;
      if (entry.kind === 'compressed') {
        this.statistics.compressed += 1;
        this.statistics.fragmented += 1;
      } else {
        if (expected !== 0 && entry.offset !== expected) this.statistics.fragmented += 1;
        expected = entry.offset + this.#clusterBytes;
      }
    }
  }

  async #entries(offset: number, times: number): Promise<void> {
    const table = await this.#l2(offset);
    for (let index = 0; index < this.#clusterBytes / ENTRY_BYTES; index++) {
      const entry = readL2Entry(table, index, this.#header.clusterBits);
      if (entry.kind === 'unallocated' || entry.offset === 0) continue;
      if (entry.kind === 'compressed') {
        this.count(entry.offset, entry.bytes, times);
      } else if (entry.offset % this.#clusterBytes === 0) {
        this.count(entry.offset, this.#clusterBytes, times);
      } else {
        this.wrong(`offset=${hex(entry.offset)}: Data cluster is not properly aligned; L2 entry corrupted.`);
      }
    }
  }

  /** Bitmaps that QEMU keeps in the image, as long as it says that they are up to date. */
  async bitmaps(): Promise<void> {
    const extension = this.#header.extensions.find(({ type }) => type === EXTENSION_BITMAPS);
    if (extension === undefined || (this.#header.autoclear & AUTOCLEAR_BITMAPS) === 0n) return;
    const { data } = extension;
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    if (data.length < 24) return this.wrong('the bitmaps extension is too short');
    const directoryBytes = Number(view.getBigUint64(8));
    const offset = Number(view.getBigUint64(16));
    if (directoryBytes > MOST_BITMAP_BYTES || offset + directoryBytes > this.#file.bytes) {
      return this.wrong(`the bitmap directory has ${directoryBytes} bytes at 0x${hex(offset)}`);
    }
    if (directoryBytes === 0) return;
    const directory = new Uint8Array(directoryBytes);
    await this.#file.read(offset, [directory]);
    this.count(offset, directoryBytes);
    const entries = new DataView(directory.buffer);
    for (let at = 0; at + 24 <= directoryBytes; ) {
      const place = Number(entries.getBigUint64(at));
      await this.#bitmap(place, entries.getUint32(at + 8) * ENTRY_BYTES);
      at += Math.ceil((24 + entries.getUint16(at + 18) + entries.getUint32(at + 20)) / 8) * 8;
    }
  }

  async #bitmap(offset: number, bytes: number): Promise<void> {
    if (bytes === 0) return;
    if (bytes > MOST_BITMAP_BYTES || offset + bytes > this.#file.bytes) {
      return this.wrong(`a bitmap table has ${bytes} bytes at 0x${hex(offset)}`);
    }
    const table = new Uint8Array(bytes);
    await this.#file.read(offset, [table]);
    this.count(offset, bytes);
    const view = new DataView(table.buffer);
    for (let at = 0; at < bytes; at += ENTRY_BYTES) {
      const place = Number(view.getBigUint64(at) & OFFSET_MASK);
      if (place !== 0) this.count(place, this.#clusterBytes);
    }
  }
}

/**
 * Counts all references but those of the refcount table. Entries that cannot be are told of and left out.
 * Throws what reading the file throws.
 */
export async function countReferences(file: BlockNode, header: Qcow2Header, say: Say): Promise<Counted> {
  const counter = new Counter(file, header, say);
  counter.count(0, 2 ** header.clusterBits);
  const { snapshots, tableBytes } = await readSnapshots(file, header);
  await counter.tables([
    { offset: header.l1Offset, entries: header.l1Entries },
    ...snapshots.map(({ l1Offset, l1Entries }) => ({ offset: l1Offset, entries: l1Entries })),
  ]);
  if (tableBytes > 0) counter.count(header.snapshotsOffset, tableBytes);
  await counter.bitmaps();
  return counter;
}
