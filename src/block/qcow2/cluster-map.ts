/** Where the clusters of a disk lie in its image: the L1 table and the L2 tables behind it. */
import type { BlockNode } from '../block-node.ts';
import {
  type L1Entry,
  type L2Entry,
  readL1Entry,
  readL2Entry,
  writeCopied,
  writeL1Entry,
  writeL2Unallocated,
} from './l2-entry.ts';
import { corrupt, type Qcow2Header } from './qcow2-header.ts';
import type { Refcounts } from './refcounts.ts';
import { type Table, TableCache } from './table-cache.ts';

const ENTRY_BYTES = 8;
/** Bytes of L2 tables that are kept. */
const KEPT_BYTES = 8 * 1024 * 1024;
const FEWEST_KEPT = 16;

export interface MappedRun {
  readonly entry: L2Entry;
  /** Clusters in a row that are alike: normal ones also follow each other in the file. */
  readonly clusters: number;
}

export interface L2Slot {
  readonly table: Table;
  readonly index: number;
}

export class ClusterMap {
  readonly #file: BlockNode;
  readonly #refcounts: Refcounts;
  readonly #clusterBits: number;
  readonly #clusterBytes: number;
  readonly #perTable: number;
  readonly #tables: TableCache;
  #l1: DataView;
  #l1Offset: number;
  #l1Dirty = false;
  /** Clusters of the L2 tables that the L1 table names. */
  #l2Clusters = new Set<number>();

  private constructor(file: BlockNode, header: Qcow2Header, refcounts: Refcounts, l1: Uint8Array) {
    this.#file = file;
    this.#refcounts = refcounts;
    this.#clusterBits = header.clusterBits;
    this.#clusterBytes = 2 ** header.clusterBits;
    this.#perTable = this.#clusterBytes / ENTRY_BYTES;
    this.#tables = new TableCache(
      file,
      this.#clusterBytes,
      Math.max(FEWEST_KEPT, KEPT_BYTES / this.#clusterBytes),
    );
    this.#l1 = new DataView(l1.buffer);
    this.#l1Offset = header.l1Offset;
    this.#noteL2Clusters();
  }

  static async open(file: BlockNode, header: Qcow2Header, refcounts: Refcounts): Promise<ClusterMap> {
    const l1 = new Uint8Array(header.l1Entries * ENTRY_BYTES);
    if (l1.length > 0) await file.read(header.l1Offset, [l1]);
    return new ClusterMap(file, header, refcounts, l1);
  }

  get isDirty(): boolean {
    return this.#l1Dirty || this.#tables.isDirty;
  }

  get dirtyTables(): number {
    return this.#tables.dirtyCount;
  }

  get l1Offset(): number {
    return this.#l1Offset;
  }

  get l1Entries(): number {
    return this.#l1.byteLength / ENTRY_BYTES;
  }

  /** What clusters `first` and those after it are, as far as they are alike; at most `limit`, and not past an L2 table. */
  async lookUp(first: number, limit: number): Promise<MappedRun> {
    const index = first % this.#perTable;
    const most = Math.min(limit, this.#perTable - index);
    const { offset } = this.#l1Entry(first);
    if (offset === 0) return { entry: { kind: 'unallocated' }, clusters: most };
    const { view } = await this.#tables.get(offset);
    const entry = this.#entry(view, index);
    let clusters = 1;
    while (clusters < most && this.#follows(entry, this.#entry(view, index + clusters), clusters))
      clusters += 1;
    return { entry, clusters };
  }

  /** The place of a cluster's entry in a table that may be changed. */
  async slot(cluster: number): Promise<L2Slot> {
    const l1Index = Math.floor(cluster / this.#perTable);
    const { offset, copied } = this.#l1Entry(cluster);
    const index = cluster % this.#perTable;
    if (offset !== 0 && copied) return { table: await this.#tables.get(offset), index };
    // A table that a snapshot shares is copied before it is changed.
    const contents = offset === 0 ? undefined : (await this.#tables.get(offset)).bytes;
    const place = await this.#refcounts.allocate(1);
    const table = this.#tables.create(place, contents);
    if (offset !== 0) this.#refcounts.releaseLater(offset, this.#clusterBytes);
    writeL1Entry(this.#l1, l1Index, place);
    this.#l1Dirty = true;
    if (offset !== 0) this.#l2Clusters.delete(offset / this.#clusterBytes);
    this.#l2Clusters.add(place / this.#clusterBytes);
    return { table, index };
  }

  /** The table of a slot has been changed. */
  changed({ table }: L2Slot): void {
    this.#tables.changed(table);
  }

  /** Makes room for a longer disk. @returns whether the L1 table has moved, so that the header has to be written */
  async grow(clusters: number): Promise<boolean> {
    const entries = Math.ceil(clusters / this.#perTable);
    if (entries <= this.l1Entries) return false;
    const l1 = new Uint8Array(entries * ENTRY_BYTES);
    l1.set(new Uint8Array(this.#l1.buffer));
    const old = { offset: this.#l1Offset, bytes: this.#l1.byteLength };
    this.#l1Offset = await this.#refcounts.allocate(Math.ceil(l1.length / this.#clusterBytes));
    this.#l1 = new DataView(l1.buffer);
    this.#l1Dirty = true;
    if (old.bytes > 0) this.#refcounts.releaseLater(old.offset, old.bytes);
    return true;
  }

  /** The table of the map that lies at a cluster, as people call it. */
  tableAt(cluster: number): string | undefined {
    if (this.#l2Clusters.has(cluster)) return 'an L2 table';
    const first = this.#l1Offset / this.#clusterBytes;
    const isL1 = cluster >= first && cluster < first + Math.ceil(this.#l1.byteLength / this.#clusterBytes);
    return isL1 ? 'the L1 table' : undefined;
  }

  #noteL2Clusters(): void {
    this.#l2Clusters = new Set();
    for (let index = 0; index < this.l1Entries; index++) {
      const { offset } = readL1Entry(this.#l1, index);
      if (offset !== 0) this.#l2Clusters.add(offset / this.#clusterBytes);
    }
  }

  /** A copy of the L1 table. */
  l1Copy(): DataView {
    return new DataView(this.#l1.buffer.slice(0));
  }

  /** Another L1 table, which lies at `offset` as it is, takes the place of this one. No table may be dirty. */
  replaceL1(l1: DataView, offset: number): void {
    this.#l1 = l1;
    this.#l1Offset = offset;
    this.#l1Dirty = false;
    this.#noteL2Clusters();
  }

  /** Calls `visit` with every cluster that an L1 table refers to, its L2 tables too, as often as it refers to it. */
  async eachReference(l1: DataView, visit: (cluster: number) => Promise<void>): Promise<void> {
    const seen = new Set<number>();
    for (let index = 0; index < l1.byteLength / ENTRY_BYTES; index++) {
      const { offset } = readL1Entry(l1, index);
      this.#checkPlace(offset, `L2 table ${index}`);
      if (offset === 0) continue;
      if (seen.has(offset)) throw corrupt(this.#file.fileName, `L2 table ${index} is another one too`);
      seen.add(offset);
      const { view } = await this.#tables.get(offset);
      for (let at = 0; at < this.#perTable; at++) {
        const { first, count } = this.#clustersOf(this.#entry(view, at));
        for (let cluster = first; cluster < first + count; cluster++) await visit(cluster);
      }
      await visit(offset / this.#clusterBytes);
    }
  }

  /**
   * Lets every entry say truly whether its cluster's refcount is 1.
   * @param relieve called now and then; it may write tables back
   */
  async refreshCopied(relieve: () => Promise<void>): Promise<void> {
    for (let index = 0; index < this.l1Entries; index++) {
      const { offset } = readL1Entry(this.#l1, index);
      if (offset === 0) continue;
      const table = await this.#tables.get(offset);
      const isOwn = (await this.#refcounts.get(offset / this.#clusterBytes)) === 1;
      if (writeCopied(this.#l1, index, isOwn)) this.#l1Dirty = true;
      for (let at = 0; at < this.#perTable; at++) {
        const entry = this.#entry(table.view, at);
        if ((entry.kind !== 'normal' && entry.kind !== 'zero') || entry.offset === 0) continue;
        const copied = (await this.#refcounts.get(entry.offset / this.#clusterBytes)) === 1;
        if (copied !== entry.copied && writeCopied(table.view, at, copied)) this.#tables.changed(table);
      }
      await relieve();
    }
  }

  /** Gives up all clusters from `first` on, L2 tables too. */
  async clearFrom(first: number): Promise<void> {
    const whole = Math.ceil(first / this.#perTable);
    const end = Math.min(whole * this.#perTable, this.l1Entries * this.#perTable);
    for (let cluster = first; cluster < end; cluster++) {
      const { entry, clusters } = await this.lookUp(cluster, end - cluster);
      if (entry.kind === 'unallocated') {
        cluster += clusters - 1;
        continue;
      }
      const slot = await this.slot(cluster);
      this.release(entry);
      writeL2Unallocated(slot.table.view, slot.index);
      this.changed(slot);
    }
    for (let index = whole; index < this.l1Entries; index++) {
      const { offset } = this.#l1Entry(index * this.#perTable);
      if (offset === 0) continue;
      const { view } = await this.#tables.get(offset);
      for (let at = 0; at < this.#perTable; at++) this.release(this.#entry(view, at));
      this.#refcounts.releaseLater(offset, this.#clusterBytes);
      this.#l1.setBigUint64(index * ENTRY_BYTES, 0n);
      this.#l2Clusters.delete(offset / this.#clusterBytes);
      this.#l1Dirty = true;
    }
  }

  /** What the entry refers to loses a reference when it is off the disk. */
  release(entry: L2Entry): void {
    const { first, count } = this.#clustersOf(entry);
    if (count > 0) this.#refcounts.releaseLater(first * this.#clusterBytes, count * this.#clusterBytes);
  }

  /** Writes the L2 tables, then, once they are on disk, the L1 table. Another flush of the file is up to the caller. */
  async writeBack(): Promise<void> {
    await this.#tables.writeBack();
    if (this.#l1Dirty) {
      await this.#file.flush();
      this.#l1Dirty = false;
      await this.#file.write(this.#l1Offset, [new Uint8Array(this.#l1.buffer).slice()]);
    }
  }

  /** Clusters of the file that an entry refers to. */
  #clustersOf(entry: L2Entry): { readonly first: number; readonly count: number } {
    if (entry.kind === 'unallocated' || entry.offset === 0) return { first: 0, count: 0 };
    const first = Math.floor(entry.offset / this.#clusterBytes);
    if (entry.kind !== 'compressed') return { first, count: 1 };
    const last = Math.floor((entry.offset + entry.bytes - 1) / this.#clusterBytes);
    return { first, count: last - first + 1 };
  }

  #l1Entry(cluster: number): L1Entry {
    const index = Math.floor(cluster / this.#perTable);
    if (index >= this.l1Entries) {
      throw corrupt(this.#file.fileName, `its L1 table has no entry ${index}`);
    }
    const entry = readL1Entry(this.#l1, index);
    this.#checkPlace(entry.offset, `L2 table ${index}`);
    return entry;
  }

  #entry(view: DataView, index: number): L2Entry {
    const entry = readL2Entry(view, index, this.#clusterBits);
    if (entry.kind === 'normal' || entry.kind === 'zero') this.#checkPlace(entry.offset, 'a cluster');
    return entry;
  }

  /** Nothing lies between clusters' beginnings, nor behind the end of the file. */
  #checkPlace(offset: number, what: string): void {
    if (offset % this.#clusterBytes !== 0) {
      throw corrupt(
        this.#file.fileName,
        `${what} is at ${offset}, which is no multiple of ${this.#clusterBytes}`,
      );
    }
    if (offset !== 0 && offset >= this.#refcounts.end) {
      throw corrupt(this.#file.fileName, `${what} is at ${offset}, behind the end of the image`);
    }
  }

  #follows(first: L2Entry, next: L2Entry, distance: number): boolean {
    if (first.kind !== next.kind || first.kind === 'compressed') return false;
    if (first.kind === 'normal' && next.kind === 'normal') {
      return next.copied === first.copied && next.offset === first.offset + distance * this.#clusterBytes;
    }
    return true;
  }
}
