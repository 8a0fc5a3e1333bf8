/** The contents of clusters: where they come from by their entry, and how they are encrypted. */
import { byteLengthOf, viewsFrom, viewsUpTo } from '../../host/file-transfer.ts';
import { BlockError, EACCES } from '../block-error.ts';
import type { BlockNode, Views } from '../block-node.ts';
import { zeroViews } from '../zeroes.ts';
import { decompressCluster } from './compressed-cluster.ts';
import type { L2Entry } from './l2-entry.ts';
import type { Qcow2Header } from './qcow2-header.ts';
import { CIPHER_SECTOR_BYTES, SectorCipher } from './sector-cipher.ts';

/** Copies bytes into views, from `start` on. */
function scatter(bytes: Uint8Array, start: number, views: Views): void {
  let from = start;
  for (const view of views) {
    view.set(bytes.subarray(from, from + view.byteLength));
    from += view.byteLength;
  }
}

export class ClusterData {
  backing: BlockNode | undefined;
  readonly #file: BlockNode;
  readonly #header: Qcow2Header;
  readonly #clusterBytes: number;
  #cipher: SectorCipher | undefined;

  constructor(file: BlockNode, backing: BlockNode | undefined, header: Qcow2Header) {
    this.#file = file;
    this.backing = backing;
    this.#header = header;
    this.#clusterBytes = 2 ** header.clusterBits;
  }

  get isEncrypted(): boolean {
    return this.#header.cryptMethod !== 0;
  }

  get keyMissing(): boolean {
    return this.isEncrypted && this.#cipher === undefined;
  }

  setKey(password: string): void {
    this.#cipher = new SectorCipher(password);
  }

  /** Reads what lies at `offset` of the disk, which `entry` covers as far as the views go. */
  async read(offset: number, views: Views, entry: L2Entry): Promise<void> {
    const inCluster = offset % this.#clusterBytes;
    switch (entry.kind) {
      case 'normal':
        await this.#readNormal(offset, entry.offset + inCluster, views);
        break;
      case 'zero':
        zeroViews(views);
        break;
      case 'unallocated':
        await this.#readBacking(offset, views);
        break;
      case 'compressed': {
        const packed = new Uint8Array(entry.bytes);
        await this.#file.read(entry.offset, [packed]);
        const { compression } = this.#header;
        const contents = await decompressCluster(
          packed,
          this.#clusterBytes,
          compression,
          this.#file.fileName,
        );
        scatter(contents, inCluster, views);
      }
    }
  }

  /** Writes what belongs at `offset` of the disk to a place in the file. Encrypted: whole sectors. */
  async write(offset: number, place: number, views: Views): Promise<void> {
    const cipher = this.#key();
    await this.#file.write(place, cipher === undefined ? views : [cipher.encrypt(offset, views)]);
  }

  async #readNormal(offset: number, place: number, views: Views): Promise<void> {
    const cipher = this.#key();
    if (cipher === undefined) {
      await this.#file.read(place, views);
      return;
    }
    const before = offset % CIPHER_SECTOR_BYTES;
    const sectors = Math.ceil((before + byteLengthOf(views)) / CIPHER_SECTOR_BYTES);
    const bytes = new Uint8Array(sectors * CIPHER_SECTOR_BYTES);
    await this.#file.read(place - before, [bytes]);
    cipher.decrypt(offset - before, bytes);
    scatter(bytes, before, views);
  }

  /** A backing image that is shorter reads as zeros behind its end. */
  async #readBacking(offset: number, views: Views): Promise<void> {
    const { backing } = this;
    const there = Math.max(0, (backing?.bytes ?? 0) - offset);
    if (backing !== undefined && there > 0) {
      await backing.read(offset, viewsUpTo(views, there));
    }
    zeroViews(viewsFrom(views, there));
  }

  #key(): SectorCipher | undefined {
    if (this.keyMissing) {
      throw new BlockError(
        'ERR_BLOCK_KEY',
        `'${this.#file.fileName}' is encrypted and its password is not known`,
        {
          errno: EACCES,
        },
      );
    }
    return this.#cipher;
  }
}
