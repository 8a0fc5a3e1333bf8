/**
 * A disk, or a part of one, in blocks of equal length that a map of some format finds in a file.
 *
 * Order of writes. Data goes to the file at once, new blocks whole; tables change in memory, and go to the file at a flush,
 * behind a flush of the data that they refer to. So a power cut loses what was not flushed, and takes room at worst.
 */
import { byteLengthOf, viewsFrom, viewsUpTo } from '../../host/file-transfer.ts';
import { BlockError } from '../block-error.ts';
import type { BlockNode, BlockStatus, Views } from '../block-node.ts';
import type { SectorCipher } from '../qcow2/sector-cipher.ts';
import { SerialLock } from '../qcow2/serial-lock.ts';
import { zeroViews } from '../zeroes.ts';
import type { BlockMap, BlockMapChanges, Place } from './block-map.ts';

const MOST_ALLOCATED_BYTES = 2 * 1024 * 1024;
const MOST_UNPACKED = 4;
const CIPHER_SECTOR_BYTES = 512;

export interface MappedDiskOptions {
  readonly file: BlockNode;
  readonly map: BlockMap;
  /** Length of the disk. */
  readonly bytes: number;
  /** What shows through, read from the same offsets on. */
  readonly backing: () => Pick<BlockNode, 'bytes' | 'read'> | undefined;
  readonly cipher?: () => SectorCipher | undefined;
}

export class MappedDisk {
  readonly bytes: number;
  readonly #file: BlockNode;
  readonly #map: BlockMap;
  readonly #backing: MappedDiskOptions['backing'];
  readonly #cipher: () => SectorCipher | undefined;
  readonly #lock = new SerialLock();
  /** Contents of packed blocks that were read last. */
  readonly #unpacked = new Map<number, Promise<Uint8Array>>();

  constructor({ file, map, bytes, backing, cipher = () => undefined }: MappedDiskOptions) {
    this.bytes = bytes;
    this.#file = file;
    this.#map = map;
    this.#backing = backing;
    this.#cipher = cipher;
  }

  get clusterBytes(): number {
    return this.#map.blockBytes;
  }

  async read(offset: number, views: Views): Promise<void> {
    await this.#forRuns(offset, views, (at, part, place) => this.#readFrom(place, at, part));
  }

  async write(offset: number, views: Views): Promise<void> {
    if (this.#cipher() === undefined) return this.#writeAll(offset, views);
    // Encrypted sectors are written whole: what a request leaves out of its first and last one is read.
    const end = offset + byteLengthOf(views);
    const head = new Uint8Array(offset % CIPHER_SECTOR_BYTES);
    const tail = new Uint8Array((CIPHER_SECTOR_BYTES - (end % CIPHER_SECTOR_BYTES)) % CIPHER_SECTOR_BYTES);
    if (head.length > 0) await this.read(offset - head.length, [head]);
    if (tail.length > 0) await this.read(end, [tail]);
    await this.#writeAll(offset - head.length, [head, ...views, tail]);
  }

  /** Blocks that are data already stay where they are. */
  async writeZeroes(offset: number, bytes: number, options: { readonly mayUnmap: boolean }): Promise<void> {
    const { blockBytes } = this.#map;
    for (let at = offset; at < offset + bytes; ) {
      const block = Math.floor(at / blockBytes);
      const left = offset + bytes - at;
      const most = Math.ceil(((at % blockBytes) + left) / blockBytes);
      const { place, blocks } = await this.#map.lookUp(block, most);
      const part = Math.min(blocks * blockBytes - (at % blockBytes), left);
      if (place.kind === 'data' && this.#cipher() === undefined) {
        await this.#file.writeZeroes(place.offset + (at % blockBytes), part, options);
      } else if (!this.#readsAsZero(place)) {
        await this.#zeroPart(at, Math.min(part, MOST_ALLOCATED_BYTES - (at % blockBytes)));
        at += Math.min(part, MOST_ALLOCATED_BYTES - (at % blockBytes));
        continue;
      }
      at += part;
    }
  }

  async flush(): Promise<void> {
    const { changes } = this.#map;
    if (this.#file.readOnly) return;
    await this.#lock.run(async () => {
      await this.#file.flush();
      if (changes === undefined) return;
      await changes.write();
      await this.#file.flush();
    });
  }

  async status(offset: number, bytes: number): Promise<BlockStatus> {
    const { blockBytes } = this.#map;
    const inBlock = offset % blockBytes;
    const most = Math.ceil((inBlock + bytes) / blockBytes);
    const { place, blocks } = await this.#map.lookUp(Math.floor(offset / blockBytes), most);
    return {
      bytes: Math.min(blocks * blockBytes - inBlock, bytes),
      allocated: place.kind !== 'absent',
      zero: this.#readsAsZero(place),
      hostOffset: place.kind === 'data' && this.#cipher() === undefined ? place.offset + inBlock : undefined,
    };
  }

  #readsAsZero({ kind }: Place): boolean {
    return kind === 'zero' || (kind === 'absent' && this.#backing() === undefined);
  }

  async #zeroPart(offset: number, bytes: number): Promise<void> {
    const { blockBytes, changes } = this.#map;
    const isWhole = offset % blockBytes === 0 && (bytes % blockBytes === 0 || offset + bytes === this.bytes);
    if (changes?.markZero === undefined || !isWhole) {
      await this.write(offset, [new Uint8Array(bytes)]);
      return;
    }
    const end = Math.ceil((offset + bytes) / blockBytes);
    await this.#lock.run(async () => {
      for (let block = Math.floor(offset / blockBytes); block < end; block++) {
        const { place } = await this.#map.lookUp(block, 1);
        // Another request may have written it meanwhile; then both are under way together, and either may win.
        if (place.kind !== 'data') await changes.markZero?.(block);
      }
    });
  }

  async #readFrom(place: Place, offset: number, views: Views): Promise<void> {
    const inBlock = offset % this.#map.blockBytes;
    if (place.kind === 'zero') zeroViews(views);
    else if (place.kind === 'absent') await this.#readBacking(offset, views);
    else if (place.kind === 'packed') {
      const contents = await this.#unpack(place, Math.floor(offset / this.#map.blockBytes));
      let from = inBlock;
      for (const view of views) {
        view.set(contents.subarray(from, from + view.byteLength));
        from += view.byteLength;
      }
    } else if (this.#cipher() === undefined) await this.#file.read(place.offset + inBlock, views);
    else await this.#readEncrypted(place.offset + inBlock, offset, views);
  }

  #unpack({ unpack }: Place & { kind: 'packed' }, block: number): Promise<Uint8Array> {
    const known = this.#unpacked.get(block);
    if (known !== undefined) return known;
    const contents = unpack();
    this.#unpacked.set(block, contents);
    contents.catch(() => this.#unpacked.delete(block));
    for (const oldest of this.#unpacked.keys()) {
      if (this.#unpacked.size <= MOST_UNPACKED) break;
      this.#unpacked.delete(oldest);
    }
    return contents;
  }

  async #readEncrypted(place: number, offset: number, views: Views): Promise<void> {
    const before = offset % CIPHER_SECTOR_BYTES;
    const end = before + byteLengthOf(views);
    const sectors = new Uint8Array(Math.ceil(end / CIPHER_SECTOR_BYTES) * CIPHER_SECTOR_BYTES);
    await this.#file.read(place - before, [sectors]);
    this.#cipher()?.decrypt(offset - before, sectors);
    let from = before;
    for (const view of views) {
      view.set(sectors.subarray(from, from + view.byteLength));
      from += view.byteLength;
    }
  }

  async #readBacking(offset: number, views: Views): Promise<void> {
    const backing = this.#backing();
    const bytes = byteLengthOf(views);
    const there = Math.min(bytes, Math.max(0, (backing?.bytes ?? 0) - offset));
    if (backing !== undefined && there > 0) await backing.read(offset, viewsUpTo(views, there));
    zeroViews(viewsFrom(views, there));
  }

  async #writeAll(offset: number, views: Views): Promise<void> {
    const total = byteLengthOf(views);
    let rest = views.filter(({ byteLength }) => byteLength > 0) as Views;
    for (let done = 0; done < total; ) {
      const written = await this.#writeSome(offset + done, rest);
      rest = viewsFrom(rest, written);
      done += written;
    }
    if (this.#map.changes?.isFull === true) await this.flush();
  }

  /** @returns bytes written, of blocks that are alike */
  async #writeSome(offset: number, views: Views): Promise<number> {
    const inPlace = await this.#writeInPlace(offset, views);
    return inPlace > 0 ? inPlace : this.#lock.run(() => this.#writeNew(offset, views));
  }

  async #writeInPlace(offset: number, views: Views): Promise<number> {
    const { blockBytes } = this.#map;
    const inBlock = offset % blockBytes;
    const wanted = byteLengthOf(views);
    const most = Math.ceil((inBlock + wanted) / blockBytes);
    const { place, blocks } = await this.#map.lookUp(Math.floor(offset / blockBytes), most);
    if (place.kind !== 'data') return 0;
    const bytes = Math.min(blocks * blockBytes - inBlock, wanted);
    await this.#put(place.offset + inBlock, offset, viewsUpTo(views, bytes));
    return bytes;
  }

  async #writeNew(offset: number, views: Views): Promise<number> {
    // Another request may have allocated the block meanwhile.
    const inPlace = await this.#writeInPlace(offset, views);
    if (inPlace > 0) return inPlace;
    const changes = this.#changes();
    const { blockBytes } = this.#map;
    const inBlock = offset % blockBytes;
    const first = Math.floor(offset / blockBytes);
    const wanted = Math.min(byteLengthOf(views), Math.max(MOST_ALLOCATED_BYTES, blockBytes) - inBlock);
    const { blocks } = await this.#map.lookUp(first, Math.ceil((inBlock + wanted) / blockBytes));
    const place = await changes.allocate(first, blocks);
    const room = place.blocks * blockBytes;
    const bytes = Math.min(room - inBlock, wanted);
    const used = Math.ceil((inBlock + bytes) / blockBytes);
    const head = new Uint8Array(inBlock);
    const tail = new Uint8Array(used * blockBytes - inBlock - bytes);
    await this.#readOld(offset - inBlock, head);
    await this.#readOld(offset + bytes, tail);
    await this.#put(place.offset, offset - inBlock, [head, ...viewsUpTo(views, bytes), tail]);
    await changes.link(first, used, place.offset);
    return bytes;
  }

  #changes(): BlockMapChanges {
    const { changes } = this.#map;
    if (changes === undefined) {
      throw new BlockError(
        'ERR_BLOCK_READ_ONLY',
        `'${this.#file.fileName}' is of a format that is only read`,
      );
    }
    return changes;
  }

  /** Contents of a part of a block as they are now; zeros behind the end of the disk. */
  async #readOld(offset: number, target: Uint8Array): Promise<void> {
    const there = Math.min(target.length, Math.max(0, this.bytes - offset));
    if (there > 0) await this.read(offset, [target.subarray(0, there)]);
  }

  async #put(place: number, offset: number, views: Views): Promise<void> {
    const parts = views.filter(({ byteLength }) => byteLength > 0);
    const cipher = this.#cipher();
    await this.#file.write(place, cipher === undefined ? parts : [cipher.encrypt(offset, parts)]);
  }

  async #forRuns(
    offset: number,
    views: Views,
    use: (offset: number, part: Views, place: Place) => Promise<void>,
  ): Promise<void> {
    const { blockBytes } = this.#map;
    const total = byteLengthOf(views);
    let rest = views;
    for (let done = 0; done < total; ) {
      const at = offset + done;
      const inBlock = at % blockBytes;
      const most = Math.ceil((inBlock + total - done) / blockBytes);
      const { place, blocks } = await this.#map.lookUp(Math.floor(at / blockBytes), most);
      const alike = place.kind === 'packed' ? 1 : blocks;
      const bytes = Math.min(alike * blockBytes - inBlock, total - done);
      await use(at, viewsUpTo(rest, bytes), place);
      rest = viewsFrom(rest, bytes);
      done += bytes;
    }
  }
}
