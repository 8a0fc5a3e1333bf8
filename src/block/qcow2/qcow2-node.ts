/**
 * The format qcow2, versions 2 and 3 (QEMU's docs/interop/qcow2.txt).
 *
 * Order of writes. Data goes to the file at once; tables change in memory and are written at a flush: first the refcounts,
 * then (after a flush of the file) what refers to clusters, so that at no moment the disk refers to a cluster that it counts
 * as free. Clusters that are not referred to any more are used again only after the next flush. So a power cut leaks clusters
 * at worst, and what had been flushed is there.
 */
import { byteLengthOf, viewsFrom, viewsUpTo } from '../../host/file-transfer.ts';
import { BlockError, EPERM } from '../block-error.ts';
import type { BlockNode, BlockStatus, Views, WriteZeroesOptions } from '../block-node.ts';
import { zeroViews } from '../zeroes.ts';
import { ClusterMap, type MappedRun } from './cluster-map.ts';
import { decompressCluster } from './compressed-cluster.ts';
import { withBacking } from './header-extensions.ts';
import { type L2Entry, writeL2Normal, writeL2Unallocated, writeL2Zero } from './l2-entry.ts';
import {
  AUTOCLEAR_OFFSET,
  FEATURE_CORRUPT,
  FEATURE_DIRTY,
  INCOMPATIBLE_OFFSET,
  parseQcow2Header,
  type Qcow2Header,
} from './qcow2-header.ts';
import { Refcounts } from './refcounts.ts';
import { SerialLock } from './serial-lock.ts';

const HEAD_BYTES = 65536;
const SIZE_OFFSET = 24;
const L1_ENTRIES_OFFSET = 36;
const REFCOUNT_TABLE_OFFSET = 48;
/** Changed tables that are kept back at most before they are written without being told to. */
const MOST_DIRTY_TABLES = 128;
/** The longest run of clusters that one request allocates. */
const MOST_ALLOCATED_BYTES = 2 * 1024 * 1024;

function field64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

function field32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

export class Qcow2Node implements BlockNode {
  readonly driver = 'qcow2';
  readonly file: BlockNode;
  readonly encrypted = false;
  #backing: BlockNode | undefined;
  #header: Qcow2Header;
  readonly #map: ClusterMap;
  readonly #refcounts: Refcounts;
  readonly #clusterBytes: number;
  readonly #lock = new SerialLock();
  #bytes: number;
  /** Requests that may use a mapping that they looked up. */
  #inFlight = 0;
  #corrupt = false;

  private constructor(
    file: BlockNode,
    backing: BlockNode | undefined,
    header: Qcow2Header,
    parts: { readonly map: ClusterMap; readonly refcounts: Refcounts },
  ) {
    this.file = file;
    this.#backing = backing;
    this.#header = header;
    this.#map = parts.map;
    this.#refcounts = parts.refcounts;
    this.#clusterBytes = 2 ** header.clusterBits;
    this.#bytes = header.bytes;
  }

  /**
   * Reads the header of an image, to learn of its backing file.
   * Throws BlockError when it is no image that can be opened.
   */
  static async header(file: BlockNode): Promise<Qcow2Header> {
    const head = new Uint8Array(HEAD_BYTES);
    await file.read(0, [head]);
    return parseQcow2Header(head, file.fileName, file.bytes);
  }

  /**
   * Opens an image. Takes `file` and `backing` over.
   * Throws BlockError for an image that is marked as corrupt, or was not closed, when it is to be written.
   */
  static async open(
    file: BlockNode,
    backing: BlockNode | undefined,
    header: Qcow2Header,
  ): Promise<Qcow2Node> {
    if (!file.readOnly && (header.incompatible & FEATURE_CORRUPT) !== 0) {
      throw new BlockError('ERR_BLOCK_CORRUPT', `'${file.fileName}' is corrupt; it can be opened read-only`, {
        errno: EPERM,
      });
    }
    if (!file.readOnly && (header.incompatible & FEATURE_DIRTY) !== 0) {
      throw new BlockError(
        'ERR_BLOCK_CORRUPT',
        `'${file.fileName}' was not closed with its refcounts on disk; repair it with 'qemu-img check -r all'`,
        { errno: EPERM },
      );
    }
    const refcounts = await Refcounts.open(file, header);
    const map = await ClusterMap.open(file, header, refcounts);
    const node = new Qcow2Node(file, backing, header, { map, refcounts });
    if (!file.readOnly && header.autoclear !== 0n) {
      await file.write(AUTOCLEAR_OFFSET, [field64(0)]);
    }
    return node;
  }

  get fileName(): string {
    return this.file.fileName;
  }

  get backing(): BlockNode | undefined {
    return this.#backing;
  }

  /** As it is on disk, but for where tables lie. */
  get header(): Qcow2Header {
    return this.#header;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get readOnly(): boolean {
    return this.file.readOnly;
  }

  async read(offset: number, views: Views): Promise<void> {
    await this.#using(async () => {
      await this.#forRuns(offset, views, (at, part, run) => this.#readRun(at, part, run.entry));
    });
  }

  async write(offset: number, views: Views): Promise<void> {
    this.#checkSound();
    const total = byteLengthOf(views);
    let rest = views;
    for (let done = 0; done < total; ) {
      const written = await this.#using(() => this.#writeSome(offset + done, rest));
      rest = viewsFrom(rest, written);
      done += written;
    }
    if (this.#map.dirtyTables > MOST_DIRTY_TABLES) await this.#lock.run(() => this.#writeTables());
  }

  async flush(): Promise<void> {
    if (this.readOnly) return;
    await this.#lock.run(async () => {
      await this.#writeTables();
      await this.file.flush();
    });
  }

  async discard(offset: number, bytes: number): Promise<void> {
    const { first, end } = this.#wholeClusters(offset, bytes);
    if (first < end) await this.#lock.run(() => this.#zeroClusters(first, end));
  }

  async writeZeroes(offset: number, bytes: number, _options: WriteZeroesOptions): Promise<void> {
    this.#checkSound();
    const { first, end } = this.#wholeClusters(offset, bytes);
    const canMark = this.header.version === 3 || this.backing === undefined;
    if (!canMark || first >= end) {
      await this.#writeZeroBytes(offset, bytes);
      return;
    }
    await this.#writeZeroBytes(offset, first * this.#clusterBytes - offset);
    await this.#lock.run(() => this.#zeroClusters(first, end));
    const covered = Math.min(end * this.#clusterBytes, offset + bytes);
    await this.#writeZeroBytes(covered, offset + bytes - covered);
  }

  /** Shrinking is refused, as the reference does. */
  async resize(bytes: number): Promise<void> {
    if (bytes < this.#bytes || bytes % 512 !== 0) {
      throw new BlockError('ERR_BLOCK_UNSUPPORTED', `'${this.fileName}' cannot shrink to ${bytes} bytes`);
    }
    await this.#lock.run(async () => {
      const moved = await this.#map.grow(Math.ceil(bytes / this.#clusterBytes));
      await this.#writeTables();
      if (moved) {
        await this.file.flush();
        await this.file.write(L1_ENTRIES_OFFSET, [field32(this.#map.l1Entries), field64(this.#map.l1Offset)]);
      }
      await this.file.write(SIZE_OFFSET, [field64(bytes)]);
      await this.file.flush();
      this.#bytes = bytes;
    });
  }

  async status(offset: number, bytes: number): Promise<BlockStatus> {
    const inCluster = offset % this.#clusterBytes;
    const clusters = Math.ceil((inCluster + bytes) / this.#clusterBytes);
    const run = await this.#map.lookUp(Math.floor(offset / this.#clusterBytes), clusters);
    const alike = Math.min(run.clusters * this.#clusterBytes - inCluster, bytes);
    const { entry } = run;
    return {
      bytes: alike,
      allocated: entry.kind !== 'unallocated',
      zero: entry.kind === 'zero' || (entry.kind === 'unallocated' && this.backing === undefined),
      hostOffset: entry.kind === 'normal' ? entry.offset + inCluster : undefined,
    };
  }

  async changeBacking(fileName: string | undefined, format: string | undefined): Promise<void> {
    const backing = fileName === undefined ? undefined : { file: fileName, format };
    await this.#lock.run(async () => {
      const { headerBytes, extensions } = this.#header;
      const old = new Uint8Array(this.#clusterBytes);
      await this.file.read(0, [old]);
      const cluster = withBacking(old, headerBytes, extensions, backing);
      // What still shows through the old name has to be there first.
      await this.#writeTables();
      await this.file.flush();
      await this.file.write(0, [cluster]);
      await this.file.flush();
      this.#header = parseQcow2Header(cluster.subarray(0, HEAD_BYTES), this.fileName, this.file.bytes);
    });
  }

  replaceBacking(node: BlockNode | undefined): BlockNode | undefined {
    const old = this.#backing;
    this.#backing = node;
    return old;
  }

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      await this.file.close();
      await this.backing?.close();
    }
  }

  async #using<T>(work: () => Promise<T>): Promise<T> {
    this.#inFlight += 1;
    try {
      return await work();
    } catch (error) {
      await this.#noteCorruption(error);
      throw error;
    } finally {
      this.#inFlight -= 1;
    }
  }

  /** An image whose tables contradict themselves is marked, and not written any more. */
  async #noteCorruption(error: unknown): Promise<void> {
    if (!(error instanceof BlockError) || error.code !== 'ERR_BLOCK_CORRUPT' || this.#corrupt) return;
    this.#corrupt = true;
    if (!this.readOnly && this.header.version === 3) {
      await this.file.write(INCOMPATIBLE_OFFSET, [field64(this.header.incompatible | FEATURE_CORRUPT)]);
    }
  }

  #checkSound(): void {
    if (this.#corrupt) {
      throw new BlockError('ERR_BLOCK_CORRUPT', `'${this.fileName}' is corrupt and is not written any more`);
    }
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

  async #readRun(offset: number, views: Views, entry: L2Entry): Promise<void> {
    const inCluster = offset % this.#clusterBytes;
    switch (entry.kind) {
      case 'normal':
        await this.file.read(entry.offset + inCluster, views);
        break;
      case 'zero':
        zeroViews(views);
        break;
      case 'unallocated':
        await this.#readBacking(offset, views);
        break;
      case 'compressed': {
        const packed = new Uint8Array(entry.bytes);
        await this.file.read(entry.offset, [packed]);
        const { compression } = this.header;
        const contents = await decompressCluster(packed, this.#clusterBytes, compression, this.fileName);
        let from = inCluster;
        for (const view of views) {
          view.set(contents.subarray(from, from + view.byteLength));
          from += view.byteLength;
        }
      }
    }
  }

  /** A backing image that is shorter reads as zeros behind its end. */
  async #readBacking(offset: number, views: Views): Promise<void> {
    const there = Math.max(0, (this.backing?.bytes ?? 0) - offset);
    if (this.backing !== undefined && there > 0) {
      await this.backing.read(offset, viewsUpTo(views, there));
    }
    zeroViews(viewsFrom(views, there));
  }

  /** Writes as far as clusters are alike. @returns bytes written */
  async #writeSome(offset: number, views: Views): Promise<number> {
    const wanted = byteLengthOf(views);
    const inCluster = offset % this.#clusterBytes;
    const clusters = Math.ceil((inCluster + wanted) / this.#clusterBytes);
    const run = await this.#map.lookUp(Math.floor(offset / this.#clusterBytes), clusters);
    if (run.entry.kind === 'normal' && run.entry.copied) {
      const bytes = Math.min(run.clusters * this.#clusterBytes - inCluster, wanted);
      await this.file.write(run.entry.offset + inCluster, viewsUpTo(views, bytes));
      return bytes;
    }
    return this.#lock.run(() => this.#allocatingWrite(offset, views));
  }

  async #allocatingWrite(offset: number, views: Views): Promise<number> {
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
      await this.file.write(entry.offset + inCluster, viewsUpTo(views, bytes));
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
    await this.file.write(host, parts);
    for (let index = 0; index < count; index++) {
      await this.#link(first + index, host + index * this.#clusterBytes);
    }
    return bytes;
  }

  /** Contents of a part of a cluster as they are now. Behind the end of the disk there is nothing. */
  async #readOld(offset: number, target: Uint8Array): Promise<void> {
    const there = Math.min(target.length, Math.max(0, this.#bytes - offset));
    if (there > 0) {
      await this.#forRuns(offset, [target.subarray(0, there)], (at, part, run) =>
        this.#readRun(at, part, run.entry),
      );
    }
  }

  async #link(cluster: number, host: number): Promise<void> {
    const { entry } = await this.#map.lookUp(cluster, 1);
    const slot = await this.#map.slot(cluster);
    this.#release(entry);
    writeL2Normal(slot.table.view, slot.index, host);
    this.#map.changed(slot);
  }

  #release(entry: L2Entry): void {
    if (entry.kind === 'compressed') this.#refcounts.releaseLater(entry.offset, entry.bytes);
    else if (entry.kind !== 'unallocated' && entry.offset !== 0) {
      this.#refcounts.releaseLater(entry.offset, this.#clusterBytes);
    }
  }

  /** Lets clusters read as zeros, and their space be used again. Version 2 cannot say so over a backing file. */
  async #zeroClusters(first: number, end: number): Promise<void> {
    const canMark = this.header.version === 3;
    if (!canMark && this.backing !== undefined) return;
    for (let cluster = first; cluster < end; ) {
      const { entry, clusters } = await this.#map.lookUp(cluster, end - cluster);
      const isZero =
        entry.kind === 'zero'
          ? entry.offset === 0
          : entry.kind === 'unallocated' && this.backing === undefined;
      if (isZero) {
        cluster += clusters;
        continue;
      }
      const slot = await this.#map.slot(cluster);
      this.#release(entry);
      if (canMark) writeL2Zero(slot.table.view, slot.index);
      else writeL2Unallocated(slot.table.view, slot.index);
      this.#map.changed(slot);
      cluster += 1;
    }
  }

  #wholeClusters(offset: number, bytes: number): { first: number; end: number } {
    const last = offset + bytes;
    const reachesEnd = last >= this.#bytes;
    const end = (reachesEnd ? Math.ceil : Math.floor)(last / this.#clusterBytes);
    return { first: Math.ceil(offset / this.#clusterBytes), end };
  }

  async #writeZeroBytes(offset: number, bytes: number): Promise<void> {
    const zeroes = new Uint8Array(Math.min(Math.max(bytes, 0), MOST_ALLOCATED_BYTES));
    for (let done = 0; done < bytes; done += zeroes.length) {
      await this.write(offset + done, [zeroes.subarray(0, bytes - done)]);
    }
  }

  /** Writes changed tables so that the disk is sound at every moment; the last of them need another flush of the file. */
  async #writeTables(): Promise<void> {
    while (this.#refcounts.isDirty || this.#map.isDirty || this.#refcounts.hasReleases) {
      if (this.#refcounts.isDirty) await this.#writeRefcounts();
      if (this.#map.isDirty) {
        await this.#map.writeBack();
        await this.file.flush();
      }
      // A request that is under way may still read what it has looked up.
      if (!this.#refcounts.hasReleases || this.#inFlight > 0) break;
      await this.#refcounts.applyReleases();
    }
  }

  async #writeRefcounts(): Promise<void> {
    await this.#refcounts.writeBack();
    await this.file.flush();
    const moved = this.#refcounts.movedTo;
    if (moved !== undefined) {
      await this.file.write(REFCOUNT_TABLE_OFFSET, [field64(moved.offset), field32(moved.clusters)]);
      await this.file.flush();
      this.#refcounts.headerWritten();
    }
  }
}
