/**
 * The format qcow2, versions 2 and 3 (QEMU's docs/interop/qcow2.txt).
 *
 * Order of writes. Data goes to the file at once; tables change in memory and are written at a flush: first the refcounts,
 * then (after a flush of the file) what refers to clusters, so that at no moment the disk refers to a cluster that it counts
 * as free. Clusters that are not referred to any more are used again only after the next flush. So a power cut leaks clusters
 * at worst, and what had been flushed is there.
 */
import { byteLengthOf, viewsFrom } from '../../host/file-transfer.ts';
import { BlockError, EINVAL, EPERM } from '../block-error.ts';
import type { BlockNode, BlockStatus, Views, WriteZeroesOptions } from '../block-node.ts';
import { ClusterData } from './cluster-data.ts';
import type { ClusterMap } from './cluster-map.ts';
import { ClusterTransfers, MOST_ALLOCATED_BYTES } from './cluster-transfers.ts';
import { compressCluster } from './compressed-cluster.ts';
import { withBacking } from './header-extensions.ts';
import { ImageTables } from './image-tables.ts';
import { InternalSnapshots, type NewSnapshot, noSuchSnapshot, vmStateCluster } from './internal-snapshots.ts';
import { FEATURE_CORRUPT, FEATURE_DIRTY, parseQcow2Header, type Qcow2Header } from './qcow2-header.ts';
import type { Refcounts } from './refcounts.ts';
import { repairDirtyImage } from './repair-qcow2.ts';
import { CIPHER_SECTOR_BYTES } from './sector-cipher.ts';
import { SerialLock } from './serial-lock.ts';
import type { Qcow2Snapshot } from './snapshot-table.ts';

const HEAD_BYTES = 65536;
const SECTOR_BYTES = 512;

function checkWritable(fileName: string, { incompatible }: Qcow2Header): void {
  if ((incompatible & (FEATURE_CORRUPT | FEATURE_DIRTY)) !== 0) {
    const what = (incompatible & FEATURE_CORRUPT) !== 0 ? 'is corrupt' : 'was not closed and needs repair';
    throw new BlockError('ERR_BLOCK_CORRUPT', `'${fileName}' ${what}; it can be opened read-only`, {
      errno: EPERM,
    });
  }
}

export interface Qcow2OpenOptions {
  /** Whether refcounts may wait for the image to be closed; as the image says when undefined. */
  readonly lazyRefcounts?: boolean | undefined;
}

export class Qcow2Node implements BlockNode {
  readonly driver = 'qcow2';
  readonly file: BlockNode;
  readonly #tables: ImageTables;
  readonly #map: ClusterMap;
  readonly #refcounts: Refcounts;
  readonly #snapshots: InternalSnapshots;
  readonly #data: ClusterData;
  readonly #transfers: ClusterTransfers;
  readonly #clusterBytes: number;
  readonly #lock = new SerialLock();
  #backingName: string | undefined;
  #bytes: number;
  /** Requests that may use a mapping that they looked up. */
  #inFlight = 0;
  #corrupt = false;

  private constructor(backing: BlockNode | undefined, tables: ImageTables, snapshots: InternalSnapshots) {
    const { file, map, refcounts, header } = tables;
    this.file = file;
    this.#tables = tables;
    this.#map = map;
    this.#refcounts = refcounts;
    this.#snapshots = snapshots;
    this.#data = new ClusterData(file, backing, header.value);
    this.#backingName = backing === undefined ? undefined : header.value.backingFile;
    // Behind the end of the disk there is nothing but a saved machine.
    this.#transfers = new ClusterTransfers(tables, this.#data, (offset) =>
      offset >= this.#vmStateStart ? Number.POSITIVE_INFINITY : this.#bytes,
    );
    this.#clusterBytes = tables.clusterBytes;
    this.#bytes = header.value.bytes;
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
   * Opens an image. Takes `file` and `backing` over. One that is to be written and was not closed is repaired first.
   * Throws BlockError for an image that is marked as corrupt when it is to be written, and for one that cannot be repaired.
   */
  static async open(
    file: BlockNode,
    backing: BlockNode | undefined,
    header: Qcow2Header,
    { lazyRefcounts }: Qcow2OpenOptions = {},
  ): Promise<Qcow2Node> {
    if (lazyRefcounts === true && header.version === 2) {
      throw new BlockError(
        'ERR_BLOCK_OPTION',
        'Lazy refcounts require a qcow2 image with at least qemu 1.1 compatibility level',
        { errno: EINVAL },
      );
    }
    const isRepairable = (header.incompatible & (FEATURE_DIRTY | FEATURE_CORRUPT)) === FEATURE_DIRTY;
    const sound = isRepairable && !file.readOnly ? await repairDirtyImage(file, header) : header;
    if (!file.readOnly) checkWritable(file.fileName, sound);
    const tables = await ImageTables.open(file, sound, lazyRefcounts);
    if (!file.readOnly && sound.autoclear !== 0n) await tables.header.write({ autoclear: 0n });
    return new Qcow2Node(backing, tables, await InternalSnapshots.open(tables));
  }

  get fileName(): string {
    return this.file.fileName;
  }

  get backing(): BlockNode | undefined {
    return this.#data.backing;
  }

  get backingName(): string | undefined {
    return this.#backingName;
  }

  /** As it is on disk. */
  get header(): Qcow2Header {
    return this.#tables.header.value;
  }

  get encrypted(): boolean {
    return this.#data.isEncrypted;
  }

  get keyMissing(): boolean {
    return this.#data.keyMissing;
  }

  get clusterBytes(): number {
    return this.#clusterBytes;
  }

  /** Whether the password is the right one cannot be told. */
  setKey(password: string): void {
    this.#data.setKey(password);
  }

  async setReadOnly(readOnly: boolean): Promise<void> {
    if (readOnly === this.readOnly) return;
    if (this.file.setReadOnly === undefined) {
      throw new BlockError('ERR_BLOCK_UNSUPPORTED', `'${this.file.fileName}' cannot be opened anew`);
    }
    await this.#lock.run(async () => {
      if (!readOnly) checkWritable(this.file.fileName, this.header);
      else if (!this.readOnly) await this.#tables.settle();
      await this.file.setReadOnly?.(readOnly);
    });
  }

  /** The snapshots inside the image, in the order in which they were taken. */
  get snapshots(): readonly Qcow2Snapshot[] {
    return this.#snapshots.list;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get readOnly(): boolean {
    return this.file.readOnly;
  }

  async read(offset: number, views: Views): Promise<void> {
    await this.#using(async () => {
      await this.#transfers.read(offset, views);
    });
  }

  async write(offset: number, views: Views): Promise<void> {
    this.#checkSound();
    if (this.encrypted) await this.#writeAll(...(await this.#wholeSectors(offset, views)));
    else await this.#writeAll(offset, views);
  }

  /**
   * Writes one cluster, or what there is of the disk's last one, so that it takes less room in the file if it can.
   * Throws BlockError `ERR_BLOCK_UNSUPPORTED` for an encrypted image.
   */
  async writeCompressed(offset: number, contents: Uint8Array): Promise<void> {
    this.#checkSound();
    const isWhole =
      contents.length === this.#clusterBytes ||
      (contents.length < this.#clusterBytes && offset + contents.length === this.#bytes);
    if (offset % this.#clusterBytes !== 0 || !isWhole) {
      throw new BlockError(
        'ERR_BLOCK_RANGE',
        `${contents.length} bytes at ${offset} of '${this.fileName}' are no cluster of ${this.#clusterBytes} bytes`,
        { errno: EINVAL },
      );
    }
    if (this.encrypted) {
      throw new BlockError(
        'ERR_BLOCK_UNSUPPORTED',
        `'${this.fileName}' is encrypted and cannot be compressed`,
      );
    }
    const cluster = new Uint8Array(this.#clusterBytes);
    cluster.set(contents);
    const packed = await compressCluster(cluster, this.header.compression);
    if (packed === undefined) await this.#writeAll(offset, [contents]);
    else await this.#alone(() => this.#transfers.linkCompressed(offset / this.#clusterBytes, packed));
    await this.#relieve();
  }

  async #writeAll(offset: number, views: Views): Promise<void> {
    const total = byteLengthOf(views);
    let rest = views;
    for (let done = 0; done < total; ) {
      const written = await this.#using(() => this.#writeSome(offset + done, rest));
      rest = viewsFrom(rest, written);
      done += written;
    }
    await this.#relieve();
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
    if (first >= end) return;
    this.#checkSound();
    await this.#alone(() => this.#transfers.zero(first, end));
    this.#tables.giveSpaceBack();
  }

  async writeZeroes(offset: number, bytes: number, { mayUnmap }: WriteZeroesOptions): Promise<void> {
    this.#checkSound();
    const { first, end } = this.#wholeClusters(offset, bytes);
    const canMark = this.header.version === 3 || this.backing === undefined;
    if (!canMark || first >= end) {
      await this.#writeZeroBytes(offset, bytes);
      return;
    }
    await this.#writeZeroBytes(offset, first * this.#clusterBytes - offset);
    await this.#alone(() => this.#transfers.zero(first, end));
    if (mayUnmap) this.#tables.giveSpaceBack();
    const covered = Math.min(end * this.#clusterBytes, offset + bytes);
    await this.#writeZeroBytes(covered, offset + bytes - covered);
  }

  /** Shrinking is refused, as the reference does: see `shrink`. */
  async resize(bytes: number): Promise<void> {
    if (bytes < this.#bytes || bytes % SECTOR_BYTES !== 0) {
      throw new BlockError('ERR_BLOCK_UNSUPPORTED', `'${this.fileName}' cannot shrink to ${bytes} bytes`);
    }
    this.#checkResizable();
    const old = this.#bytes;
    await this.#lock.run(async () => {
      await this.#growL1(Math.ceil(bytes / this.#clusterBytes));
      this.#bytes = bytes;
    });
    try {
      await this.#clearNewSpace(old, bytes);
      await this.flush();
    } catch (error) {
      this.#bytes = old;
      throw error;
    }
    await this.#tables.header.write({ bytes });
    await this.file.flush();
  }

  /** Makes the disk shorter. What lies behind its new end is gone. Comes alone, like `resize`. */
  async shrink(bytes: number): Promise<void> {
    if (bytes > this.#bytes || bytes % SECTOR_BYTES !== 0) {
      throw new BlockError('ERR_BLOCK_RANGE', `'${this.fileName}' is too short to shrink to ${bytes} bytes`);
    }
    this.#checkResizable();
    await this.#lock.run(async () => {
      await this.#map.clearFrom(Math.ceil(bytes / this.#clusterBytes));
      await this.#tables.settle();
      await this.#tables.header.write({ bytes });
      await this.file.flush();
      this.#bytes = bytes;
      await this.#cutOff();
    });
  }

  async makeEmpty(): Promise<void> {
    this.#checkSound();
    await this.#lock.run(async () => {
      await this.#map.clearFrom(0);
      await this.#tables.settle();
      await this.#cutOff();
    });
  }

  /** The file ends with the last cluster that is used. */
  async #cutOff(): Promise<void> {
    const end = await this.#refcounts.usedEnd();
    if (end < this.file.bytes) await this.file.resize(end);
  }

  /**
   * Gives a range clusters of its own, which read as the file has them: as zeros, when it is new there. The range begins and
   * ends with clusters, or with the disk, and has none yet.
   * @param fill called with each range of the file that it gets
   */
  async preallocate(
    offset: number,
    bytes: number,
    fill: (place: number, bytes: number) => Promise<void>,
  ): Promise<void> {
    const end = Math.ceil((offset + bytes) / this.#clusterBytes);
    for (let cluster = Math.floor(offset / this.#clusterBytes); cluster < end; ) {
      const count = Math.min(end - cluster, Math.ceil(MOST_ALLOCATED_BYTES / this.#clusterBytes));
      const first = cluster;
      await this.#alone(async () => {
        const host = await this.#refcounts.allocate(count);
        await fill(host, count * this.#clusterBytes);
        for (let index = 0; index < count; index++) {
          await this.#transfers.link(first + index, host + index * this.#clusterBytes);
        }
      });
      await this.#relieve();
      cluster += count;
    }
    await this.flush();
    if (this.#refcounts.end > this.file.bytes) await this.file.resize(this.#refcounts.end);
  }

  /**
   * Takes a snapshot inside the image, of the disk and of what `writeVmState` has written. Like `resize` it comes alone, and so
   * do `applySnapshot` and `deleteSnapshot`. Throws BlockError when refcounts are too narrow for one more reference.
   */
  async createSnapshot(facts: NewSnapshot): Promise<Qcow2Snapshot> {
    this.#checkSound();
    return this.#alone(() => this.#snapshots.create(facts));
  }

  /** The disk, its length and its saved machine are as they were then. Throws BlockError `ERR_BLOCK_NO_SNAPSHOT`. */
  async applySnapshot(idOrName: string): Promise<void> {
    this.#checkSound();
    const snapshot = this.#findSnapshot(idOrName);
    await this.#alone(() => this.#snapshots.apply(snapshot));
    this.#bytes = this.header.bytes;
  }

  /** Throws BlockError `ERR_BLOCK_NO_SNAPSHOT`. */
  async deleteSnapshot(idOrName: string): Promise<void> {
    this.#checkSound();
    const snapshot = this.#findSnapshot(idOrName);
    await this.#alone(() => this.#snapshots.remove(snapshot));
  }

  /**
   * Shows the disk as it was at a snapshot, from now on. Only for an image that is open for reading only.
   * Throws BlockError `ERR_BLOCK_NO_SNAPSHOT`.
   */
  async showSnapshot(snapshot: Qcow2Snapshot): Promise<void> {
    if (!this.readOnly) throw new BlockError('ERR_BLOCK_UNSUPPORTED', `'${this.fileName}' is being written`);
    await this.#snapshots.show(snapshot);
    this.#bytes = snapshot.diskBytes;
  }

  /** Writes a part of a saved machine, which lies behind the disk until `createSnapshot` takes it over. */
  async writeVmState(offset: number, views: Views): Promise<void> {
    const start = this.#vmStateStart + offset;
    const end = start + byteLengthOf(views);
    await this.#lock.run(() => this.#growL1(Math.ceil(end / this.#clusterBytes)));
    await this.write(start, views);
  }

  /** Reads what `writeVmState` wrote, or what a snapshot had that was applied. */
  async readVmState(offset: number, views: Views): Promise<void> {
    const start = this.#vmStateStart + offset;
    const end = this.#map.l1Entries * (this.#clusterBytes / 8) * this.#clusterBytes;
    if (start + byteLengthOf(views) > end) {
      throw new BlockError('ERR_BLOCK_RANGE', `'${this.fileName}' has no saved machine that long`);
    }
    await this.read(start, views);
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
      hostOffset: entry.kind === 'normal' && !this.encrypted ? entry.offset + inCluster : undefined,
    };
  }

  async changeBacking(fileName: string | undefined, format: string | undefined): Promise<void> {
    const backing = fileName === undefined ? undefined : { file: fileName, format };
    await this.#lock.run(async () => {
      const { fields, extensions } = this.header;
      const old = new Uint8Array(this.#clusterBytes);
      await this.file.read(0, [old]);
      const cluster = withBacking(old, fields.length, extensions, backing);
      // What still shows through the old name has to be there first.
      await this.#writeTables();
      await this.file.flush();
      await this.file.write(0, [cluster]);
      await this.file.flush();
      this.#tables.header.replace(
        parseQcow2Header(cluster.subarray(0, HEAD_BYTES), this.fileName, this.file.bytes),
      );
    });
  }

  replaceBacking(node: BlockNode | undefined): BlockNode | undefined {
    const old = this.#data.backing;
    this.#data.backing = node;
    this.#backingName = undefined;
    return old;
  }

  async close(): Promise<void> {
    try {
      if (!this.readOnly) await this.#lock.run(() => this.#tables.settle());
    } finally {
      await this.file.close();
      await this.backing?.close();
    }
  }

  get #vmStateStart(): number {
    return vmStateCluster(this.#bytes, this.#clusterBytes) * this.#clusterBytes;
  }

  #findSnapshot(idOrName: string): Qcow2Snapshot {
    const snapshot = this.#snapshots.find(idOrName);
    if (snapshot === undefined) throw noSuchSnapshot(this.fileName, idOrName);
    return snapshot;
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    return this.#lock.run(() => this.#using(work));
  }

  async #relieve(): Promise<void> {
    if (this.#tables.isFull) await this.#lock.run(() => this.#writeTables());
  }

  /** Snapshots of version 2 do not say how long the disk was. */
  #checkResizable(): void {
    this.#checkSound();
    if (this.header.version === 2 && this.snapshots.length > 0) {
      throw new BlockError('ERR_BLOCK_UNSUPPORTED', `Can't resize a v2 image which has snapshots`);
    }
  }

  /** Lets the L1 table lead to that many clusters. */
  async #growL1(clusters: number): Promise<void> {
    const moved = await this.#map.grow(clusters);
    if (!moved) return;
    await this.#writeTables();
    await this.file.flush();
    await this.#tables.header.write({ l1Entries: this.#map.l1Entries, l1Offset: this.#map.l1Offset });
    await this.file.flush();
  }

  /** What was behind the end is zeros: what the last cluster had left over, and what a longer backing file would show. */
  async #clearNewSpace(old: number, bytes: number): Promise<void> {
    const inLast = Math.min(bytes, Math.ceil(old / this.#clusterBytes) * this.#clusterBytes);
    if (inLast > old) {
      const showsBacking = (this.backing?.bytes ?? 0) > old;
      const { zero, allocated } = await this.status(old, inLast - old);
      if (!zero && (allocated || showsBacking)) await this.#writeZeroBytes(old, inLast - old);
    }
    const shown = Math.min(bytes, this.backing?.bytes ?? 0);
    if (shown > inLast) await this.writeZeroes(inLast, shown - inLast, { mayUnmap: true });
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
      await this.#tables.header.write({ incompatible: this.header.incompatible | FEATURE_CORRUPT });
    }
  }

  #checkSound(): void {
    if (this.#corrupt) {
      throw new BlockError('ERR_BLOCK_CORRUPT', `'${this.fileName}' is corrupt and is not written any more`);
    }
  }

  /** Encrypted sectors are written whole: what a request leaves out of its first and last one is read. */
  async #wholeSectors(offset: number, views: Views): Promise<[offset: number, views: Views]> {
    const end = offset + byteLengthOf(views);
    const head = new Uint8Array(offset % CIPHER_SECTOR_BYTES);
    const tail = new Uint8Array((CIPHER_SECTOR_BYTES - (end % CIPHER_SECTOR_BYTES)) % CIPHER_SECTOR_BYTES);
    if (head.length > 0) await this.read(offset - head.length, [head]);
    if (tail.length > 0) await this.read(end, [tail]);
    return [offset - head.length, [head, ...views, tail].filter(({ byteLength }) => byteLength > 0)];
  }

  async #writeSome(offset: number, views: Views): Promise<number> {
    const written = await this.#transfers.writeInPlace(offset, views);
    return written > 0 ? written : this.#lock.run(() => this.#transfers.writeAllocating(offset, views));
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

  async #writeTables(): Promise<void> {
    await this.#tables.write(() => this.#inFlight === 0);
  }
}
