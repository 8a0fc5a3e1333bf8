/**
 * Reading and writing a disk by clusters. What allocates clusters, or changes what the tables say of them, is done one at a
 * time: its caller holds the image's lock.
 */
import { byteLengthOf, viewsFrom, viewsUpTo } from '../../host/file-transfer.ts';
import type { Views } from '../block-node.ts';
import type { ClusterData } from './cluster-data.ts';
import type { ClusterMap, MappedRun } from './cluster-map.ts';
import type { ImageTables } from './image-tables.ts';
import { writeL2Compressed, writeL2Normal, writeL2Unallocated, writeL2Zero } from './l2-entry.ts';
import type { Refcounts } from './refcounts.ts';

/** The longest run of clusters that one request allocates. */
export const MOST_ALLOCATED_BYTES = 2 * 1024 * 1024;
const SECTOR_BYTES = 512;

export class ClusterTransfers {
  readonly #tables: ImageTables;
  readonly #map: ClusterMap;
  readonly #refcounts: Refcounts;
  readonly #data: ClusterData;
  readonly #clusterBytes: number;
  readonly #readableEnd: (offset: number) => number;

  /** @param readableEnd behind which there is nothing, for what lies at an offset */
  constructor(tables: ImageTables, data: ClusterData, readableEnd: (offset: number) => number) {
    this.#tables = tables;
    this.#map = tables.map;
    this.#refcounts = tables.refcounts;
    this.#data = data;
    this.#clusterBytes = tables.clusterBytes;
    this.#readableEnd = readableEnd;
  }

  async read(offset: number, views: Views): Promise<void> {
    await this.#forRuns(offset, views, (at, part, run) => this.#data.read(at, part, run.entry));
  }

  /** Writes as far as clusters are the disk's own. @returns bytes written; 0 where one has to be allocated */
  async writeInPlace(offset: number, views: Views): Promise<number> {
    const wanted = byteLengthOf(views);
    const inCluster = offset % this.#clusterBytes;
    const clusters = Math.ceil((inCluster + wanted) / this.#clusterBytes);
    const run = await this.#map.lookUp(Math.floor(offset / this.#clusterBytes), clusters);
    if (run.entry.kind !== 'normal' || !run.entry.copied) return 0;
    const bytes = Math.min(run.clusters * this.#clusterBytes - inCluster, wanted);
    await this.#writeData(offset, run.entry.offset + inCluster, viewsUpTo(views, bytes));
    return bytes;
  }

  /** Writes as far as clusters are alike, allocating them. Needs the lock. @returns bytes written */
  async writeAllocating(offset: number, views: Views): Promise<number> {
    const first = Math.floor(offset / this.#clusterBytes);
    const inCluster = offset % this.#clusterBytes;
    const wanted = Math.min(
      byteLengthOf(views),
      Math.max(MOST_ALLOCATED_BYTES - inCluster, this.#clusterBytes),
    );
    const { entry, clusters } = await this.#map.lookUp(
      first,
      Math.ceil((inCluster + wanted) / this.#clusterBytes),
    );
    // Another request may have allocated them meanwhile.
    if (entry.kind === 'normal' && entry.copied) {
      const bytes = Math.min(clusters * this.#clusterBytes - inCluster, wanted);
      await this.#writeData(offset, entry.offset + inCluster, viewsUpTo(views, bytes));
      return bytes;
    }
    const bytes = Math.min(clusters * this.#clusterBytes - inCluster, wanted);
    const count = Math.ceil((inCluster + bytes) / this.#clusterBytes);
    const head = new Uint8Array(inCluster);
    const tail = new Uint8Array(count * this.#clusterBytes - inCluster - bytes);
    await this.#readOld(offset - inCluster, head);
    await this.#readOld(offset + bytes, tail);
    const host = await this.#refcounts.allocate(count);
    const parts = [head, ...viewsUpTo(views, bytes), tail].filter(({ byteLength }) => byteLength > 0);
    await this.#writeData(offset - inCluster, host, parts);
    for (let index = 0; index < count; index++) {
      await this.link(first + index, host + index * this.#clusterBytes);
    }
    return bytes;
  }

  /** Lets a cluster lie at a place of its own. Needs the lock. */
  async link(cluster: number, host: number): Promise<void> {
    const { entry } = await this.#map.lookUp(cluster, 1);
    const slot = await this.#map.slot(cluster);
    this.#map.release(entry);
    writeL2Normal(slot.table.view, slot.index, host);
    this.#map.changed(slot);
  }

  /** Stores packed contents as a cluster. Needs the lock. */
  async linkCompressed(cluster: number, packed: Uint8Array): Promise<void> {
    const { file, header } = this.#tables;
    const offset = await this.#refcounts.allocateBytes(packed.length);
    // A reader takes whole sectors, which the end of the file may not cut off.
    const end = offset + packed.length;
    this.#tables.checkData(offset, packed.length);
    const isLast = end > file.bytes;
    const padding = new Uint8Array(isLast ? (SECTOR_BYTES - (end % SECTOR_BYTES)) % SECTOR_BYTES : 0);
    await file.write(offset, padding.length > 0 ? [packed, padding] : [packed]);
    const { entry } = await this.#map.lookUp(cluster, 1);
    const slot = await this.#map.slot(cluster);
    this.#map.release(entry);
    const place = { offset, bytes: packed.length };
    writeL2Compressed(slot.table.view, slot.index, place, header.value.clusterBits);
    this.#map.changed(slot);
  }

  /**
   * Lets clusters read as zeros, and their space be used again. Version 2 cannot say so over a backing file. Needs the lock.
   */
  async zero(first: number, end: number): Promise<void> {
    const canMark = this.#tables.header.value.version === 3;
    if (!canMark && this.#data.backing !== undefined) return;
    for (let cluster = first; cluster < end; ) {
      const { entry, clusters } = await this.#map.lookUp(cluster, end - cluster);
      const isZero =
        entry.kind === 'zero'
          ? entry.offset === 0
          : entry.kind === 'unallocated' && this.#data.backing === undefined;
      if (isZero) {
        cluster += clusters;
        continue;
      }
      const slot = await this.#map.slot(cluster);
      this.#map.release(entry);
      if (canMark) writeL2Zero(slot.table.view, slot.index);
      else writeL2Unallocated(slot.table.view, slot.index);
      this.#map.changed(slot);
      cluster += 1;
    }
  }

  /** Contents of a part of a cluster as they are now. */
  async #readOld(offset: number, target: Uint8Array): Promise<void> {
    const there = Math.min(target.length, Math.max(0, this.#readableEnd(offset) - offset));
    if (there > 0) await this.read(offset, [target.subarray(0, there)]);
  }

  /** Writes what belongs at `offset` of the disk to its place in the file, which may not be that of a table. */
  async #writeData(offset: number, place: number, views: Views): Promise<void> {
    this.#tables.checkData(place, byteLengthOf(views));
    await this.#data.write(offset, place, views);
  }

  async #forRuns(
    offset: number,
    views: Views,
    use: (offset: number, part: Views, run: MappedRun) => Promise<void>,
  ): Promise<void> {
    const total = byteLengthOf(views);
    let rest = views;
    for (let done = 0; done < total; ) {
      const at = offset + done;
      const inCluster = at % this.#clusterBytes;
      const clusters = Math.ceil((inCluster + total - done) / this.#clusterBytes);
      const run = await this.#map.lookUp(Math.floor(at / this.#clusterBytes), clusters);
      const bytes = Math.min(run.clusters * this.#clusterBytes - inCluster, total - done);
      await use(at, viewsUpTo(rest, bytes), run);
      rest = viewsFrom(rest, bytes);
      done += bytes;
    }
  }
}
