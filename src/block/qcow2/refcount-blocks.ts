/** The refcounts of an image as they lie on disk, for checking and repairing them while nobody uses it. */
import type { BlockNode } from '../block-node.ts';
import type { References, Say } from './count-references.ts';
import { LiveHeader } from './live-header.ts';
import { corrupt, type Qcow2Header } from './qcow2-header.ts';
import { highestRefcount, readRefcount, writeRefcount } from './refcount-entry.ts';

const ENTRY_BYTES = 8;
const BITS_A_BYTE = 8;
const MOST_TABLE_BYTES = 8 * 1024 * 1024;

export class RefcountBlocks {
  readonly #file: BlockNode;
  readonly #header: Qcow2Header;
  readonly #clusterBytes: number;
  readonly #perBlock: number;
  /** Places of the blocks; 0: none, or none that can be. */
  readonly #places: readonly number[];
  #current: { index: number; bytes: Uint8Array; changed: boolean } | undefined;
  /** How many entries of the table cannot be: then all of it has to be made anew. */
  readonly broken: number;

  private constructor(file: BlockNode, header: Qcow2Header, places: readonly number[], broken: number) {
    this.#file = file;
    this.#header = header;
    this.#clusterBytes = 2 ** header.clusterBits;
    this.#perBlock = (this.#clusterBytes * BITS_A_BYTE) >> header.refcountOrder;
    this.#places = places;
    this.broken = broken;
  }

  /** Reads the table, and adds it and its blocks to the references. */
  static async open(
    file: BlockNode,
    header: Qcow2Header,
    references: References,
    say: Say,
  ): Promise<RefcountBlocks> {
    const clusterBytes = 2 ** header.clusterBits;
    const table = new Uint8Array(header.refcountTableClusters * clusterBytes);
    await file.read(header.refcountTableOffset, [table]);
    for (let index = 0; index < header.refcountTableClusters; index++) {
      references.add(header.refcountTableOffset / clusterBytes + index, 1);
    }
    const view = new DataView(table.buffer);
    const places: number[] = [];
    let broken = 0;
    for (let index = 0; index < table.length / ENTRY_BYTES; index++) {
      const place = Number(view.getBigUint64(index * ENTRY_BYTES));
      if (place === 0) {
        places.push(0);
        continue;
      }
      const isPlaced = place % clusterBytes === 0 && place < file.bytes;
      if (isPlaced) references.add(place / clusterBytes, 1);
      const isOwn = isPlaced && references.get(place / clusterBytes) === 1;
      if (!isOwn) {
        broken += 1;
        const what = isPlaced
          ? `refcount=${references.get(place / clusterBytes)}`
          : place % clusterBytes === 0
            ? 'is outside image'
            : 'is not cluster aligned; refcount table entry corrupted';
        say(`ERROR refcount block ${index} ${what}`);
      }
      places.push(isOwn ? place : 0);
    }
    return new RefcountBlocks(file, header, places, broken);
  }

  /** Clusters that the blocks can count. */
  get clusters(): number {
    return (this.#places.findLastIndex((place) => place !== 0) + 1) * this.#perBlock;
  }

  async get(cluster: number): Promise<number> {
    const bytes = await this.#block(Math.floor(cluster / this.#perBlock));
    return bytes === undefined
      ? 0
      : readRefcount(new DataView(bytes.buffer), this.#header.refcountOrder, cluster % this.#perBlock);
  }

  /** Changes a refcount, on disk once `write` has answered. @returns whether there is a block for it, and room in its entry */
  async set(cluster: number, count: number): Promise<boolean> {
    const bytes = await this.#block(Math.floor(cluster / this.#perBlock));
    const { refcountOrder } = this.#header;
    if (bytes === undefined || this.#current === undefined || count > highestRefcount(refcountOrder))
      return false;
    writeRefcount(new DataView(bytes.buffer), refcountOrder, cluster % this.#perBlock, count);
    this.#current.changed = true;
    return true;
  }

  async write(): Promise<void> {
    if (this.#current?.changed !== true) return;
    await this.#file.write(this.#places[this.#current.index] ?? 0, [this.#current.bytes]);
    this.#current.changed = false;
  }

  async #block(index: number): Promise<Uint8Array | undefined> {
    if (this.#current?.index === index) return this.#current.bytes;
    const place = this.#places[index] ?? 0;
    if (place === 0) return undefined;
    await this.write();
    const bytes = new Uint8Array(this.#clusterBytes);
    await this.#file.read(place, [bytes]);
    this.#current = { index, bytes, changed: false };
    return bytes;
  }
}

/**
 * Makes a new refcount table and its blocks at the end of the file, and lets the header name them.
 * @param references all but those of the old table and its blocks
 */
export async function rebuildRefcounts(
  file: BlockNode,
  header: Qcow2Header,
  references: References,
): Promise<Qcow2Header> {
  const { clusterBits, refcountOrder } = header;
  const clusterBytes = 2 ** clusterBits;
  const perBlock = (clusterBytes * BITS_A_BYTE) >> refcountOrder;
  const start = Math.max(references.end, Math.ceil(file.bytes / clusterBytes));
  let blocks = 1;
  let tableClusters = 1;
  while (blocks * perBlock < start + blocks + tableClusters) {
    blocks += 1;
    tableClusters = Math.ceil((blocks * ENTRY_BYTES) / clusterBytes);
  }
  if (tableClusters * clusterBytes > MOST_TABLE_BYTES) throw corrupt(file.fileName, 'it is too long');
  const table = new Uint8Array(tableClusters * clusterBytes);
  const tableView = new DataView(table.buffer);
  for (let index = 0; index < blocks; index++) {
    const block = new DataView(new ArrayBuffer(clusterBytes));
    for (let at = 0; at < perBlock; at++) {
      const cluster = index * perBlock + at;
      const isNew = cluster >= start && cluster < start + blocks + tableClusters;
      const count = isNew ? 1 : references.get(cluster);
      writeRefcount(block, refcountOrder, at, Math.min(count, highestRefcount(refcountOrder)));
    }
    const place = (start + tableClusters + index) * clusterBytes;
    tableView.setBigUint64(index * ENTRY_BYTES, BigInt(place));
    await file.write(place, [new Uint8Array(block.buffer)]);
  }
  await file.write(start * clusterBytes, [table]);
  await file.flush();
  const live = new LiveHeader(file, header);
  await live.write({ refcountTableOffset: start * clusterBytes, refcountTableClusters: tableClusters });
  await file.flush();
  return live.value;
}
