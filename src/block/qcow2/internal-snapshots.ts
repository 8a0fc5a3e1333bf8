/**
 * Taking, applying and deleting snapshots inside an image. Each is one change of the header, before which refcounts are never
 * too low; while they may be too high the image is marked as dirty, so that a power cut in between is put right at the next
 * opening. (In version 2, which has no such mark, it leaks clusters.)
 */
import { BlockError, EINVAL } from '../block-error.ts';
import type { ImageTables } from './image-tables.ts';
import { type Qcow2Snapshot, readSnapshots, snapshotTable } from './snapshot-table.ts';

const ENOENT = 2;
const ENTRY_BYTES = 8;

export interface NewSnapshot {
  readonly name: string;
  readonly dateSeconds: number;
  readonly dateNanoseconds: number;
  readonly vmClockNs: bigint;
  readonly vmStateBytes: number;
  readonly icount: bigint | undefined;
}

/** The first cluster, as the L1 table counts them, behind those of a disk: a saved machine lies there. */
export function vmStateCluster(diskBytes: number, clusterBytes: number): number {
  const perTable = clusterBytes / ENTRY_BYTES;
  return Math.ceil(diskBytes / (perTable * clusterBytes)) * perTable;
}

function bytesOf(l1: DataView): Uint8Array {
  return new Uint8Array(l1.buffer, l1.byteOffset, l1.byteLength);
}

/** The snapshots of one image. Nothing else may be under way on it during `create`, `apply` and `remove`. */
export class InternalSnapshots {
  readonly #tables: ImageTables;
  #snapshots: readonly Qcow2Snapshot[];
  #tableBytes: number;

  private constructor(tables: ImageTables, snapshots: readonly Qcow2Snapshot[], tableBytes: number) {
    this.#tables = tables;
    this.#snapshots = snapshots;
    this.#tableBytes = tableBytes;
    this.#guardTables();
  }

  /** Says where the tables lie that belong to snapshots. */
  #guardTables(): void {
    const { header, clusterBytes } = this.#tables;
    const range = (offset: number, bytes: number) => ({
      first: Math.floor(offset / clusterBytes),
      count: Math.ceil(bytes / clusterBytes),
    });
    this.#tables.snapshotTables = [
      range(header.value.snapshotsOffset, this.#tableBytes),
      ...this.#snapshots.map(({ l1Offset, l1Entries }) => range(l1Offset, l1Entries * ENTRY_BYTES)),
    ];
  }

  static async open(tables: ImageTables): Promise<InternalSnapshots> {
    const { snapshots, tableBytes } = await readSnapshots(tables.file, tables.header.value);
    return new InternalSnapshots(tables, snapshots, tableBytes);
  }

  get list(): readonly Qcow2Snapshot[] {
    return this.#snapshots;
  }

  /** The snapshot with that id, or else that name. */
  find(idOrName: string): Qcow2Snapshot | undefined {
    return (
      this.#snapshots.find(({ id }) => id === idOrName) ??
      this.#snapshots.find(({ name }) => name === idOrName)
    );
  }

  async create(facts: NewSnapshot): Promise<Qcow2Snapshot> {
    const { map, refcounts, header, clusterBytes } = this.#tables;
    await this.#tables.settle();
    const l1 = map.l1Copy();
    await this.#checkRoom(l1);
    await this.#tables.markDirty();
    await map.eachReference(l1, (cluster) => refcounts.raise(cluster));
    const l1Offset = l1.byteLength === 0 ? 0 : await this.#store(bytesOf(l1));
    await map.refreshCopied(this.#relieve);
    const snapshot: Qcow2Snapshot = {
      ...facts,
      id: this.#nextId(),
      diskBytes: header.value.bytes,
      l1Offset,
      l1Entries: l1.byteLength / ENTRY_BYTES,
    };
    await this.#replaceTable([...this.#snapshots, snapshot]);
    // The saved machine is the snapshot's alone.
    await map.clearFrom(vmStateCluster(header.value.bytes, clusterBytes));
    await this.#tables.settle();
    return snapshot;
  }

  /** The disk is as it was then, in length too; so is the saved machine. */
  async apply(snapshot: Qcow2Snapshot): Promise<void> {
    const { map, refcounts, header, file } = this.#tables;
    await this.#tables.settle();
    const old = { l1: map.l1Copy(), offset: map.l1Offset };
    const l1 = await this.#readDiskL1(snapshot);
    await this.#checkRoom(l1);
    await this.#tables.markDirty();
    await map.eachReference(l1, (cluster) => refcounts.raise(cluster));
    const place = l1.byteLength === 0 ? 0 : await this.#store(bytesOf(l1));
    await this.#tables.write(() => true);
    await file.flush();
    await header.write({
      bytes: snapshot.diskBytes,
      l1Offset: place,
      l1Entries: l1.byteLength / ENTRY_BYTES,
    });
    await file.flush();
    map.replaceL1(l1, place);
    await this.#drop(old.l1, old.offset);
    await map.refreshCopied(this.#relieve);
    await this.#tables.settle();
  }

  async remove(snapshot: Qcow2Snapshot): Promise<void> {
    const { map } = this.#tables;
    await this.#tables.settle();
    await this.#tables.markDirty();
    const l1 = await this.#readL1(snapshot, snapshot.l1Entries);
    this.#tables.giveSpaceBack();
    await this.#replaceTable(this.#snapshots.filter((each) => each !== snapshot));
    await this.#drop(l1, snapshot.l1Offset);
    await map.refreshCopied(this.#relieve);
    await this.#tables.settle();
  }

  /** Lets the map lead to a snapshot's clusters, and leaves the image alone. */
  async show(snapshot: Qcow2Snapshot): Promise<void> {
    this.#tables.map.replaceL1(await this.#readDiskL1(snapshot), snapshot.l1Offset);
  }

  /** With as many entries as the disk needs. */
  #readDiskL1(snapshot: Qcow2Snapshot): Promise<DataView> {
    const { clusterBytes } = this.#tables;
    const needed = vmStateCluster(snapshot.diskBytes, clusterBytes) / (clusterBytes / ENTRY_BYTES);
    return this.#readL1(snapshot, Math.max(needed, snapshot.l1Entries));
  }

  readonly #relieve = async (): Promise<void> => {
    if (this.#tables.isFull) await this.#tables.write(() => true);
  };

  /** Throws unless every cluster of the L1 table can take as many more references as it is about to get. */
  async #checkRoom(l1: DataView): Promise<void> {
    const { map, refcounts, file } = this.#tables;
    const coming = new Map<number, number>();
    await map.eachReference(l1, async (cluster) => {
      const count = await refcounts.get(cluster);
      // The L1 table has a share in the references that there are, so it cannot do more than double them.
      if (count * 2 <= refcounts.most) return;
      const more = (coming.get(cluster) ?? 0) + 1;
      coming.set(cluster, more);
      if (count + more > refcounts.most) {
        const message = `'${file.fileName}': cluster ${cluster} has ${count} references, and ${refcounts.most} is the most`;
        throw new BlockError('ERR_BLOCK_UNSUPPORTED', message, { errno: EINVAL });
      }
    });
  }

  #nextId(): string {
    const numbers = this.#snapshots.map(({ id }) => Number(id)).filter((id) => Number.isSafeInteger(id));
    return String(numbers.reduce((most, id) => Math.max(most, id), 0) + 1);
  }

  async #readL1({ l1Offset, l1Entries }: Qcow2Snapshot, entries: number): Promise<DataView> {
    const bytes = new Uint8Array(entries * ENTRY_BYTES);
    if (l1Entries > 0) await this.#tables.file.read(l1Offset, [bytes.subarray(0, l1Entries * ENTRY_BYTES)]);
    return new DataView(bytes.buffer);
  }

  /** Writes bytes into clusters of their own, which nothing refers to yet. @returns their place */
  async #store(bytes: Uint8Array): Promise<number> {
    const { refcounts, file, clusterBytes } = this.#tables;
    const place = await refcounts.allocate(Math.ceil(bytes.length / clusterBytes));
    await file.write(place, [bytes]);
    return place;
  }

  /** Lets the header name a table of these snapshots. */
  async #replaceTable(snapshots: readonly Qcow2Snapshot[]): Promise<void> {
    const { refcounts, header, file } = this.#tables;
    const bytes = snapshotTable(snapshots);
    const snapshotsOffset = bytes.length === 0 ? 0 : await this.#store(bytes);
    await this.#tables.write(() => true);
    await file.flush();
    const old = { offset: header.value.snapshotsOffset, bytes: this.#tableBytes };
    await header.write({ snapshots: snapshots.length, snapshotsOffset });
    await file.flush();
    if (old.bytes > 0) refcounts.releaseLater(old.offset, old.bytes);
    this.#snapshots = snapshots;
    this.#tableBytes = bytes.length;
    this.#guardTables();
  }

  /** Nothing on disk refers to an L1 table any more: what it refers to loses a reference. */
  async #drop(l1: DataView, offset: number): Promise<void> {
    const { map, refcounts } = this.#tables;
    await map.eachReference(l1, async (cluster) => {
      await refcounts.drop(cluster);
    });
    if (l1.byteLength > 0) refcounts.releaseLater(offset, l1.byteLength);
  }
}

/** Throws BlockError for a snapshot that there is not. */
export function noSuchSnapshot(fileName: string, idOrName: string): BlockError {
  return new BlockError('ERR_BLOCK_NO_SNAPSHOT', `'${fileName}' has no snapshot '${idOrName}'`, {
    errno: ENOENT,
  });
}
