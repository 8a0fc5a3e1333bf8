/**
 * Refcounts of the clusters of an image (qcow2.txt, "Host cluster management"), and the allocation of clusters from them.
 * A refcount that falls takes effect only once what referred to the cluster is off the disk: see `releaseLater`.
 */
import { BlockError, EIO } from '../block-error.ts';
import type { BlockNode } from '../block-node.ts';
import { corrupt, type Qcow2Header } from './qcow2-header.ts';
import { highestRefcount, readRefcount, writeRefcount } from './refcount-entry.ts';
import { type Table, TableCache } from './table-cache.ts';

const ENTRY_BYTES = 8;
const BITS_A_BYTE = 8;
/** Blocks, and their bytes, that are kept; a few in any case. */
const MOST_KEPT_BLOCKS = 64;
const MOST_KEPT_BYTES = 8 * 1024 * 1024;
const FEWEST_KEPT = 4;
/** Clusters behind the end of the file that may be in use: those of a process that died before it wrote them. */
const MOST_BEHIND_END = 1 << 20;
const MOST_TABLE_BYTES = 8 * 1024 * 1024;

interface Release {
  readonly cluster: number;
  readonly count: number;
}

export interface RefcountTablePlace {
  readonly offset: number;
  readonly clusters: number;
}

export class Refcounts {
  readonly #file: BlockNode;
  readonly #clusterBytes: number;
  readonly #order: number;
  readonly #perBlock: number;
  readonly #blocks: TableCache;
  #table: DataView;
  #place: RefcountTablePlace;
  /** Clusters of the blocks that the table names. */
  readonly #blockClusters = new Set<number>();
  /** Says what else of the image's tables lies at a cluster. */
  #otherTableAt: (cluster: number) => string | undefined = () => undefined;
  /** Clusters that have become free since `takeFreed`. */
  #freed: number[] = [];
  #tableDirty = false;
  /** The table has moved: the header has to say so. */
  #moved = false;
  #releases: Release[] = [];
  /** Behind the compressed data that was placed last; at the beginning of a cluster when there is no room left in its cluster. */
  #packedEnd = 0;
  /** No cluster below is free. */
  #firstFree = 0;
  /** End of the highest cluster that was allocated, which the file may not reach yet. */
  #allocatedEnd = 0;

  private constructor(file: BlockNode, header: Qcow2Header, table: Uint8Array) {
    this.#file = file;
    this.#clusterBytes = 2 ** header.clusterBits;
    this.#order = header.refcountOrder;
    this.#perBlock = (this.#clusterBytes * BITS_A_BYTE) >> this.#order;
    const kept = Math.min(MOST_KEPT_BLOCKS, MOST_KEPT_BYTES / this.#clusterBytes);
    this.#blocks = new TableCache(file, this.#clusterBytes, Math.max(FEWEST_KEPT, kept));
    this.#table = new DataView(table.buffer);
    this.#place = { offset: header.refcountTableOffset, clusters: header.refcountTableClusters };
    for (let at = 0; at < table.length; at += ENTRY_BYTES) {
      const place = Number(this.#table.getBigUint64(at));
      if (place !== 0) this.#blockClusters.add(place / this.#clusterBytes);
    }
  }

  static async open(file: BlockNode, header: Qcow2Header): Promise<Refcounts> {
    const table = new Uint8Array(header.refcountTableClusters * 2 ** header.clusterBits);
    await file.read(header.refcountTableOffset, [table]);
    return new Refcounts(file, header, table);
  }

  get isDirty(): boolean {
    return this.#tableDirty || this.#blocks.isDirty;
  }

  /** @param otherTableAt names the table that lies at a cluster, other than those of the refcounts */
  guardWith(otherTableAt: (cluster: number) => string | undefined): void {
    this.#otherTableAt = otherTableAt;
  }

  /** The table that lies at a cluster, as people call it. */
  tableAt(cluster: number): string | undefined {
    if (cluster === 0) return 'the header';
    if (this.#blockClusters.has(cluster)) return 'a refcount block';
    const first = this.#place.offset / this.#clusterBytes;
    if (cluster >= first && cluster < first + this.#place.clusters) return 'the refcount table';
    return this.#otherTableAt(cluster);
  }

  /** The clusters that have become free since the last call. */
  takeFreed(): readonly number[] {
    const freed = this.#freed;
    this.#freed = [];
    return freed;
  }

  get dirtyBlocks(): number {
    return this.#blocks.dirtyCount;
  }

  /** The highest refcount that there can be. */
  get most(): number {
    return highestRefcount(this.#order);
  }

  /** Where the image ends: nothing that is sound refers to what lies behind. */
  get end(): number {
    return Math.max(this.#file.bytes, this.#allocatedEnd);
  }

  /** Where the header is to say that the table is; undefined when it says so already. */
  get movedTo(): RefcountTablePlace | undefined {
    return this.#moved ? this.#place : undefined;
  }

  /** The header says where the table is. */
  headerWritten(): void {
    this.#moved = false;
  }

  async get(cluster: number): Promise<number> {
    const block = await this.#block(cluster);
    return block === undefined ? 0 : readRefcount(block.view, this.#order, cluster % this.#perBlock);
  }

  /** Allocates `count` clusters in a row. @returns the offset of the first in the file */
  async allocate(count: number): Promise<number> {
    const first = await this.#freeRun(this.#firstFree, count);
    // Blocks first: what they take for themselves may lie in the run that was found.
    let needsBlocks = false;
    for (let cluster = first; cluster < first + count; cluster++) {
      if ((await this.#block(cluster)) === undefined) {
        await this.#addBlock(cluster, first + count);
        needsBlocks = true;
      }
    }
    if (needsBlocks) return this.allocate(count);
    for (let cluster = first; cluster < first + count; cluster++) {
      const table = this.tableAt(cluster);
      if (table !== undefined) {
        throw corrupt(this.#file.fileName, `cluster ${cluster} counts as free and is ${table}`);
      }
    }
    for (let cluster = first; cluster < first + count; cluster++) await this.#change(cluster, 1);
    if (first === this.#firstFree || count === 1) this.#firstFree = first + count;
    return first * this.#clusterBytes;
  }

  /** Room for `bytes` of compressed data, at most a cluster's worth, that may share clusters with others. @returns the place */
  async allocateBytes(bytes: number): Promise<number> {
    const start = this.#packedEnd;
    const left = (this.#clusterBytes - (start % this.#clusterBytes)) % this.#clusterBytes;
    const current = Math.floor(start / this.#clusterBytes);
    const canShare = left > 0 && (await this.get(current)) < this.most;
    let place = start;
    if (!canShare || left < bytes) {
      const next = await this.allocate(1);
      // Making room may have given up the cluster that is shared.
      const follows = canShare && this.#packedEnd === start && next === start + left;
      if (!follows) place = next;
    }
    if (place === start) await this.#change(current, 1);
    this.#packedEnd = place + bytes;
    return place;
  }

  /** The end of the last cluster that is used. */
  async usedEnd(): Promise<number> {
    let clusters = Math.ceil(this.end / this.#clusterBytes);
    while (clusters > 0 && (await this.get(clusters - 1)) === 0) clusters -= 1;
    return clusters * this.#clusterBytes;
  }

  /** One more reference to a cluster. */
  async raise(cluster: number): Promise<void> {
    await this.#change(cluster, 1);
  }

  /** One reference less to a cluster that nothing on disk refers to by it. @returns how many are left */
  async drop(cluster: number): Promise<number> {
    const left = await this.#change(cluster, -1);
    if (left === 0) {
      this.#firstFree = Math.min(this.#firstFree, cluster);
      this.#packedEnd = 0;
      this.#freed.push(cluster);
    }
    return left;
  }

  /** The clusters of these bytes lose one reference when `applyReleases` is called. */
  releaseLater(offset: number, bytes: number): void {
    const cluster = Math.floor(offset / this.#clusterBytes);
    const last = Math.floor((offset + bytes - 1) / this.#clusterBytes);
    this.#releases.push({ cluster, count: last - cluster + 1 });
  }

  get hasReleases(): boolean {
    return this.#releases.length > 0;
  }

  /** Nothing on disk refers to what was released: it may be used anew. */
  async applyReleases(): Promise<void> {
    const releases = this.#releases;
    this.#releases = [];
    for (const { cluster, count } of releases) {
      for (let index = 0; index < count; index++) {
        await this.drop(cluster + index);
      }
    }
  }

  /** Writes what has changed, blocks before the table that leads to them. Another flush of the file is up to the caller. */
  async writeBack(): Promise<void> {
    await this.#blocks.writeBack();
    if (this.#tableDirty) {
      await this.#file.flush();
      this.#tableDirty = false;
      await this.#file.write(this.#place.offset, [new Uint8Array(this.#table.buffer).slice()]);
    }
  }

  /** The first of `count` free clusters in a row, at `from` or behind it. */
  async #freeRun(from: number, count: number): Promise<number> {
    let first = from;
    const last = Math.ceil(this.end / this.#clusterBytes) + MOST_BEHIND_END;
    for (let run = 0; run < count; ) {
      if (first > last) throw corrupt(this.#file.fileName, `its refcounts go on behind cluster ${last}`);
      if ((await this.get(first + run)) === 0) {
        run += 1;
      } else {
        first += run + 1;
        run = 0;
      }
    }
    return first;
  }

  #entries(): number {
    return this.#table.byteLength / ENTRY_BYTES;
  }

  async #block(cluster: number): Promise<Table | undefined> {
    const index = Math.floor(cluster / this.#perBlock);
    if (index >= this.#entries()) return undefined;
    const offset = Number(this.#table.getBigUint64(index * ENTRY_BYTES));
    if (offset === 0) return undefined;
    if (offset % this.#clusterBytes !== 0 || offset >= this.end) {
      throw corrupt(this.#file.fileName, `refcount block ${index} is at ${offset}`);
    }
    return this.#blocks.get(offset);
  }

  /**
   * Makes the refcount block that covers `cluster`. It lies at the first cluster from `after` on that is free, or that the
   * new block itself covers.
   */
  async #addBlock(cluster: number, after: number): Promise<void> {
    const index = Math.floor(cluster / this.#perBlock);
    if (index >= this.#entries()) await this.#growTable(index + 1, after);
    // Making room may have made this very block.
    if ((await this.#block(cluster)) !== undefined) return;
    let place = after;
    while ((await this.get(place)) !== 0) place += 1;
    const offset = place * this.#clusterBytes;
    const covering = Math.floor(place / this.#perBlock);
    if (covering !== index && (await this.#block(place)) === undefined) {
      await this.#addBlock(place, place);
      return this.#addBlock(cluster, place + 1);
    }
    const table = this.tableAt(place);
    if (table !== undefined) {
      throw corrupt(this.#file.fileName, `cluster ${place} counts as free and is ${table}`);
    }
    this.#blocks.create(offset);
    this.#blockClusters.add(place);
    this.#allocatedEnd = Math.max(this.#allocatedEnd, offset + this.#clusterBytes);
    this.#table.setBigUint64(index * ENTRY_BYTES, BigInt(offset));
    this.#tableDirty = true;
    await this.#change(place, 1);
  }

  /** Moves the table to where there is room for more entries. */
  async #growTable(entries: number, after: number): Promise<void> {
    const clusters = Math.ceil((Math.max(entries, this.#entries() * 2) * ENTRY_BYTES) / this.#clusterBytes);
    if (clusters * this.#clusterBytes > MOST_TABLE_BYTES) {
      throw new BlockError('ERR_BLOCK_IO', `'${this.#file.fileName}': its refcount table is full`, {
        errno: EIO,
      });
    }
    const old = this.#place;
    const table = new Uint8Array(clusters * this.#clusterBytes);
    table.set(new Uint8Array(this.#table.buffer));
    this.#table = new DataView(table.buffer);
    const first = await this.#freeRun(after, clusters);
    this.#place = { offset: first * this.#clusterBytes, clusters };
    this.#tableDirty = true;
    this.#moved = true;
    for (let cluster = first; cluster < first + clusters; cluster++) {
      if ((await this.#block(cluster)) === undefined) await this.#addBlock(cluster, first + clusters);
    }
    for (let cluster = first; cluster < first + clusters; cluster++) await this.#change(cluster, 1);
    this.releaseLater(old.offset, old.clusters * this.#clusterBytes);
  }

  async #change(cluster: number, by: 1 | -1): Promise<number> {
    const block = await this.#block(cluster);
    const index = cluster % this.#perBlock;
    const before = block === undefined ? 0 : readRefcount(block.view, this.#order, index);
    const after = before + by;
    if (block === undefined || after < 0 || after > this.most) {
      throw corrupt(this.#file.fileName, `the refcount of cluster ${cluster} is ${before}`);
    }
    writeRefcount(block.view, this.#order, index, after);
    if (before === 0) this.#allocatedEnd = Math.max(this.#allocatedEnd, (cluster + 1) * this.#clusterBytes);
    this.#blocks.changed(block);
    return after;
  }
}
