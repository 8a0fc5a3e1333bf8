/**
 * The tables of an open image, and the order in which their changes reach the disk: first the refcounts, then (after a flush of
 * the file) what refers to clusters, and only then is used again what nothing refers to any more.
 *
 * With lazy refcounts the first step is left out while the image is marked as dirty; whoever opens it after a power cut counts
 * the references anew. Some operations mark it for their own time, because between their steps refcounts are too high.
 */
import type { BlockNode } from '../block-node.ts';
import { ClusterMap } from './cluster-map.ts';
import { LiveHeader } from './live-header.ts';
import { COMPATIBLE_LAZY_REFCOUNTS, corrupt, FEATURE_DIRTY, type Qcow2Header } from './qcow2-header.ts';
import { Refcounts } from './refcounts.ts';

/** Bytes of changed refcount blocks that lazy refcounts keep back at most. */
const MOST_LAZY_BYTES = 16 * 1024 * 1024;
/** Changed L2 tables, and their bytes, that are kept back at most before they are written without being told to. */
const MOST_DIRTY_TABLES = 128;
const MOST_DIRTY_BYTES = 16 * 1024 * 1024;

export interface ClusterRange {
  readonly first: number;
  readonly count: number;
}

export class ImageTables {
  readonly file: BlockNode;
  readonly header: LiveHeader;
  readonly refcounts: Refcounts;
  readonly map: ClusterMap;
  readonly clusterBytes: number;
  readonly #isLazy: boolean;
  #snapshotTables: readonly ClusterRange[] = [];
  #givesBack = false;

  private constructor(
    file: BlockNode,
    header: Qcow2Header,
    parts: { readonly refcounts: Refcounts; readonly map: ClusterMap; readonly isLazy: boolean },
  ) {
    const { refcounts, map, isLazy } = parts;
    this.file = file;
    this.#isLazy = isLazy;
    this.header = new LiveHeader(file, header);
    this.refcounts = refcounts;
    this.map = map;
    this.clusterBytes = 2 ** header.clusterBits;
    refcounts.guardWith((cluster) => map.tableAt(cluster) ?? this.#snapshotTableAt(cluster));
  }

  /** Where tables of the snapshots lie, in clusters. */
  set snapshotTables(ranges: readonly ClusterRange[]) {
    this.#snapshotTables = ranges;
  }

  /** From now on the host is told which clusters become free. */
  giveSpaceBack(): void {
    this.#givesBack = true;
  }

  /** Throws BlockError `ERR_BLOCK_CORRUPT` when data is about to be written over a table. */
  checkData(place: number, bytes: number): void {
    const last = Math.floor((place + bytes - 1) / this.clusterBytes);
    for (let cluster = Math.floor(place / this.clusterBytes); cluster <= last; cluster++) {
      const table = this.refcounts.tableAt(cluster);
      if (table !== undefined) {
        throw corrupt(this.file.fileName, `cluster ${cluster} holds data and is ${table}`);
      }
    }
  }

  /** @param lazy whether refcounts may wait; as the image says when undefined */
  static async open(file: BlockNode, header: Qcow2Header, lazy?: boolean): Promise<ImageTables> {
    const refcounts = await Refcounts.open(file, header);
    const map = await ClusterMap.open(file, header, refcounts);
    const isLazy = lazy ?? (header.compatible & COMPATIBLE_LAZY_REFCOUNTS) !== 0;
    return new ImageTables(file, header, { refcounts, map, isLazy });
  }

  /**
   * Writes changed tables so that the disk is sound at every moment; the last of them need another flush of the file.
   * @param mayReuse whether no request is under way that may still read what it has looked up
   */
  async write(mayReuse: () => boolean): Promise<void> {
    const { refcounts, map } = this;
    while (this.#refcountsAreDue || map.isDirty || refcounts.hasReleases) {
      if (this.#refcountsAreDue) await this.#writeRefcounts();
      else if (refcounts.isDirty) await this.markDirty();
      if (map.isDirty) {
        await map.writeBack();
        await this.file.flush();
      }
      if (!refcounts.hasReleases || !mayReuse()) break;
      await refcounts.applyReleases();
      await this.#discardFreed();
    }
  }

  /** What nothing refers to any more is of no use to the host either. */
  async #discardFreed(): Promise<void> {
    const freed = [...this.refcounts.takeFreed()].sort((one, other) => one - other);
    if (!this.#givesBack) return;
    this.#givesBack = false;
    let first = 0;
    let count = 0;
    const discard = async () => {
      if (count > 0) await this.file.discard(first * this.clusterBytes, count * this.clusterBytes);
    };
    for (const cluster of freed) {
      if ((await this.refcounts.get(cluster)) !== 0) continue;
      if (cluster !== first + count) {
        await discard();
        first = cluster;
        count = 0;
      }
      count += 1;
    }
    await discard();
  }

  #snapshotTableAt(cluster: number): string | undefined {
    const found = this.#snapshotTables.find(
      ({ first, count }) => cluster >= first && cluster < first + count,
    );
    return found === undefined ? undefined : 'a table of snapshots';
  }

  /** Whether so many tables have changed that they should be written. */
  get isFull(): boolean {
    const { dirtyTables } = this.map;
    return dirtyTables > MOST_DIRTY_TABLES || dirtyTables * this.clusterBytes > MOST_DIRTY_BYTES;
  }

  /** Brings everything to disk, refcounts too, and takes the mark off. Nothing else may be under way. */
  async settle(): Promise<void> {
    await this.write(() => true);
    if (this.refcounts.isDirty) await this.#writeRefcounts();
    await this.file.flush();
    const { incompatible } = this.header.value;
    if ((incompatible & FEATURE_DIRTY) !== 0) {
      await this.header.write({ incompatible: incompatible & ~FEATURE_DIRTY });
      await this.file.flush();
    }
  }

  /** Says on disk that the refcounts are not to be trusted. Version 2 has no way to say so. */
  async markDirty(): Promise<void> {
    const { version, incompatible } = this.header.value;
    if (version === 2 || (incompatible & FEATURE_DIRTY) !== 0) return;
    await this.header.write({ incompatible: incompatible | FEATURE_DIRTY });
    await this.file.flush();
  }

  get #refcountsAreDue(): boolean {
    const { isDirty, dirtyBlocks } = this.refcounts;
    return isDirty && (!this.#isLazy || dirtyBlocks * this.clusterBytes > MOST_LAZY_BYTES);
  }

  async #writeRefcounts(): Promise<void> {
    const { refcounts, file } = this;
    await refcounts.writeBack();
    await file.flush();
    const moved = refcounts.movedTo;
    if (moved !== undefined) {
      await this.header.write({
        refcountTableOffset: moved.offset,
        refcountTableClusters: moved.clusters,
      });
      await file.flush();
      refcounts.headerWritten();
    }
  }
}
