/** The table of internal snapshots (qcow2.txt, "Snapshots"). */
import type { BlockNode } from '../block-node.ts';
import { corrupt, type Qcow2Header } from './qcow2-header.ts';

export interface Qcow2Snapshot {
  readonly id: string;
  readonly name: string;
  /** Unix time of the taking. */
  readonly dateSeconds: number;
  readonly dateNanoseconds: number;
  /** Guest time since its start. */
  readonly vmClockNs: bigint;
  /** Length of the saved machine; 0 when the snapshot is of the disk alone. */
  readonly vmStateBytes: number;
  /** Instructions that were executed; undefined when they were not counted. */
  readonly icount: bigint | undefined;
  /** Length of the disk then. */
  readonly diskBytes: number;
  readonly l1Offset: number;
  readonly l1Entries: number;
}

const FIXED_BYTES = 40;
const EXTRA_BYTES = 24;
const MOST_EXTRA_BYTES = 1024;
const MOST_SNAPSHOTS = 65536;
const MOST_TABLE_BYTES = 64 * 1024 * 1024;
const MOST_L1_BYTES = 32 * 1024 * 1024;
const CHUNK_BYTES = 65536;
const NO_ICOUNT = 0xffffffffffffffffn;

/** Bytes of the file from a place on, read as far as they are asked for. */
class GrowingView {
  readonly #file: BlockNode;
  readonly #start: number;
  #bytes = new Uint8Array(0);

  constructor(file: BlockNode, start: number) {
    this.#file = file;
    this.#start = start;
  }

  async upTo(end: number): Promise<Uint8Array> {
    if (end > MOST_TABLE_BYTES || this.#start + end > this.#file.bytes) {
      throw corrupt(this.#file.fileName, `its snapshot table reaches to byte ${this.#start + end}`);
    }
    if (end > this.#bytes.length) {
      const length = Math.max(end, this.#bytes.length * 2, CHUNK_BYTES);
      const longer = new Uint8Array(Math.min(length, this.#file.bytes - this.#start));
      await this.#file.read(this.#start, [longer]);
      this.#bytes = longer;
    }
    return this.#bytes;
  }
}

function padded(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

function readEntry(bytes: Uint8Array, at: number, header: Qcow2Header): Qcow2Snapshot {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const idBytes = view.getUint16(at + 12);
  const nameBytes = view.getUint16(at + 14);
  const extraBytes = view.getUint32(at + 36);
  const extra = at + FIXED_BYTES;
  const texts = extra + extraBytes;
  const text = (from: number, length: number) =>
    Buffer.from(bytes.subarray(from, from + length)).toString('utf8');
  const icount = extraBytes >= 24 ? view.getBigUint64(extra + 16) : NO_ICOUNT;
  return {
    id: text(texts, idBytes),
    name: text(texts + idBytes, nameBytes),
    dateSeconds: view.getUint32(at + 16),
    dateNanoseconds: view.getUint32(at + 20),
    vmClockNs: view.getBigUint64(at + 24),
    vmStateBytes: extraBytes >= 8 ? Number(view.getBigUint64(extra)) : view.getUint32(at + 32),
    diskBytes: extraBytes >= 16 ? Number(view.getBigUint64(extra + 8)) : header.bytes,
    icount: icount === NO_ICOUNT ? undefined : icount,
    l1Offset: Number(view.getBigUint64(at)),
    l1Entries: view.getUint32(at + 8),
  };
}

function check(snapshot: Qcow2Snapshot, header: Qcow2Header, file: BlockNode): void {
  const { id, l1Offset, l1Entries, diskBytes } = snapshot;
  const clusterBytes = 2 ** header.clusterBits;
  const isPlaced = l1Offset % clusterBytes === 0 && Number.isSafeInteger(l1Offset);
  const isInside = l1Entries * 8 <= MOST_L1_BYTES && l1Offset + l1Entries * 8 <= file.bytes;
  const needed = Math.ceil(diskBytes / (clusterBytes / 8) / clusterBytes) * 8;
  if (!isPlaced || !isInside || needed > MOST_L1_BYTES) {
    throw corrupt(
      file.fileName,
      `the L1 table of snapshot '${id}', of a disk of ${diskBytes} bytes, has ${l1Entries} entries at ${l1Offset}`,
    );
  }
}

/** The snapshots of an image, and how long their table is. Throws BlockError `ERR_BLOCK_CORRUPT`. */
export async function readSnapshots(
  file: BlockNode,
  header: Qcow2Header,
): Promise<{ readonly snapshots: readonly Qcow2Snapshot[]; readonly tableBytes: number }> {
  const { snapshots: count, snapshotsOffset, clusterBits } = header;
  if (count > MOST_SNAPSHOTS || (count > 0 && snapshotsOffset % 2 ** clusterBits !== 0)) {
    throw corrupt(file.fileName, `it has ${count} snapshots at ${snapshotsOffset}`);
  }
  const source = new GrowingView(file, snapshotsOffset);
  const snapshots: Qcow2Snapshot[] = [];
  let at = 0;
  for (let index = 0; index < count; index++) {
    const fixed = await source.upTo(at + FIXED_BYTES);
    const view = new DataView(fixed.buffer, fixed.byteOffset);
    const extraBytes = view.getUint32(at + 36);
    if (extraBytes > MOST_EXTRA_BYTES) {
      throw corrupt(file.fileName, `snapshot ${index} has ${extraBytes} bytes of extra data`);
    }
    const length = FIXED_BYTES + extraBytes + view.getUint16(at + 12) + view.getUint16(at + 14);
    const snapshot = readEntry(await source.upTo(at + length), at, header);
    check(snapshot, header, file);
    snapshots.push(snapshot);
    at = padded(at + length);
  }
  return { snapshots, tableBytes: at };
}

/** The table of these snapshots. What later versions know beside it of a snapshot is not kept. */
export function snapshotTable(snapshots: readonly Qcow2Snapshot[]): Uint8Array {
  const entries = snapshots.map((snapshot) => {
    const texts = [Buffer.from(snapshot.id), Buffer.from(snapshot.name)] as const;
    const entry = new Uint8Array(padded(FIXED_BYTES + EXTRA_BYTES + texts[0].length + texts[1].length));
    const view = new DataView(entry.buffer);
    view.setBigUint64(0, BigInt(snapshot.l1Offset));
    view.setUint32(8, snapshot.l1Entries);
    view.setUint16(12, texts[0].length);
    view.setUint16(14, texts[1].length);
    view.setUint32(16, snapshot.dateSeconds);
    view.setUint32(20, snapshot.dateNanoseconds);
    view.setBigUint64(24, snapshot.vmClockNs);
    view.setUint32(32, snapshot.vmStateBytes < 2 ** 32 ? snapshot.vmStateBytes : 0);
    view.setUint32(36, EXTRA_BYTES);
    view.setBigUint64(FIXED_BYTES, BigInt(snapshot.vmStateBytes));
    view.setBigUint64(FIXED_BYTES + 8, BigInt(snapshot.diskBytes));
    view.setBigUint64(FIXED_BYTES + 16, snapshot.icount ?? NO_ICOUNT);
    entry.set(Buffer.concat(texts), FIXED_BYTES + EXTRA_BYTES);
    return entry;
  });
  return Uint8Array.from(Buffer.concat(entries));
}
