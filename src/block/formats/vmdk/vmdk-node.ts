/** The node of a vmdk image: extents, one behind the other, sparse or flat, in one file or several. */
import { randomInt } from 'node:crypto';
import { byteLengthOf, viewsFrom, viewsUpTo } from '../../../host/file-transfer.ts';
import { BlockError, EACCES, ENOTSUP } from '../../block-error.ts';
import type { BlockNode, BlockStatus, Views, WriteZeroesOptions } from '../../block-node.ts';
import { FlatNode } from '../flat-node.ts';
import { MappedDisk } from '../mapped-disk.ts';
import type { RecordedBacking } from '../mapped-node.ts';
import { contentIdText, type Descriptor } from './descriptor.ts';
import { SparseMap } from './sparse-extent.ts';
import type { SparseHeader } from './sparse-header.ts';

export interface OpenedExtent {
  readonly file: BlockNode;
  readonly bytes: number;
  /** Of a sparse one. */
  readonly header: SparseHeader | undefined;
  /** Of a flat one: where it begins in its file. */
  readonly offset: number;
}

type Disk = Pick<FlatNode, 'read' | 'write' | 'writeZeroes' | 'status' | 'flush'>;

interface Extent {
  readonly start: number;
  readonly end: number;
  readonly file: BlockNode;
  readonly disk: Disk;
}

export interface VmdkImage {
  /** The descriptor's, or that of the only extent. */
  readonly file: BlockNode;
  readonly descriptor: Descriptor;
  /** Where the descriptor begins in `file`. */
  readonly descriptorOffset: number;
  readonly extents: readonly OpenedExtent[];
  readonly backing: BlockNode | undefined;
}

const MOST_CONTENT_ID = 0xfffffffe;

export class VmdkNode implements BlockNode {
  readonly driver = 'vmdk';
  readonly file: BlockNode;
  readonly bytes: number;
  readonly encrypted = false;
  readonly recordedBacking: RecordedBacking | undefined;
  /** Of sparse extents. */
  readonly clusterBytes?: number;
  readonly #extents: Extent[] = [];
  readonly #files: readonly BlockNode[];
  readonly #contentIdOffset: number | undefined;
  #contentId: number;
  #changesContents = false;
  #backing: BlockNode | undefined;
  #backingName: string | undefined;

  private constructor({ file, descriptor, descriptorOffset, extents, backing }: VmdkImage) {
    this.file = file;
    this.#backing = backing;
    const { parent, contentId, contentIdAt } = descriptor;
    this.recordedBacking = parent === undefined ? undefined : { file: parent, format: 'vmdk' };
    this.#backingName = backing === undefined ? undefined : parent;
    this.#contentId = contentId;
    this.#contentIdOffset = contentIdAt < 0 ? undefined : descriptorOffset + contentIdAt;
    this.bytes = extents.reduce((sum, { bytes }) => sum + bytes, 0);
    const grainBytes = extents.find(({ header }) => header !== undefined)?.header?.grainBytes;
    if (grainBytes !== undefined) this.clusterBytes = grainBytes;
    this.#files = [...new Set([file, ...extents.map((extent) => extent.file)])];
  }

  /** Takes the nodes over. Throws BlockError. */
  static async open(image: VmdkImage): Promise<VmdkNode> {
    const node = new VmdkNode(image);
    let start = 0;
    for (const { file, bytes, header, offset } of image.extents) {
      const end = start + bytes;
      const disk =
        header === undefined
          ? new FlatNode('vmdk', file, offset, bytes)
          : new MappedDisk({
              file,
              map: await node.#mapOf(file, header),
              bytes,
              backing: node.#backingFrom(start),
            });
      node.#extents.push({ start, end, file, disk });
      start = end;
    }
    return node;
  }

  /** Changes with the contents. */
  get contentId(): number {
    return this.#contentId;
  }

  get fileName(): string {
    return this.file.fileName;
  }

  get readOnly(): boolean {
    return this.file.readOnly;
  }

  get backing(): BlockNode | undefined {
    return this.#backing;
  }

  get backingName(): string | undefined {
    return this.#backingName;
  }

  async read(offset: number, views: Views): Promise<void> {
    await this.#inExtents(offset, byteLengthOf(views), (disk, at, bytes, done) =>
      disk.read(at, viewsUpTo(viewsFrom(views, done), bytes)),
    );
  }

  async write(offset: number, views: Views): Promise<void> {
    await this.#noteChange();
    await this.#inExtents(offset, byteLengthOf(views), (disk, at, bytes, done) =>
      disk.write(at, viewsUpTo(viewsFrom(views, done), bytes)),
    );
  }

  async flush(): Promise<void> {
    if (this.readOnly) return;
    for (const { disk } of this.#extents) await disk.flush();
    if (!this.#files.every((file) => this.#extents.some((extent) => extent.file === file)))
      await this.file.flush();
  }

  async discard(): Promise<void> {}

  async writeZeroes(offset: number, bytes: number, options: WriteZeroesOptions): Promise<void> {
    await this.#noteChange();
    await this.#inExtents(offset, bytes, (disk, at, part) => disk.writeZeroes(at, part, options));
  }

  async resize(bytes: number): Promise<void> {
    if (bytes === this.bytes) return;
    throw new BlockError('ERR_BLOCK_UNSUPPORTED', 'Image format driver does not support resize', {
      errno: ENOTSUP,
    });
  }

  async status(offset: number, bytes: number): Promise<BlockStatus> {
    const extent = this.#extentAt(offset);
    const found = await extent.disk.status(offset - extent.start, Math.min(bytes, extent.end - offset));
    return extent.file === this.file ? found : { ...found, hostOffset: undefined };
  }

  replaceBacking(node: BlockNode | undefined): BlockNode | undefined {
    const old = this.#backing;
    this.#backing = node;
    this.#backingName = undefined;
    return old;
  }

  async setReadOnly(readOnly: boolean): Promise<void> {
    if (readOnly === this.readOnly) return;
    if (this.#files.some((file) => file.setReadOnly === undefined)) {
      throw new BlockError('ERR_BLOCK_UNSUPPORTED', `'${this.fileName}' cannot be opened anew`);
    }
    if (readOnly) await this.flush();
    const changed: BlockNode[] = [];
    try {
      for (const file of this.#files) {
        await file.setReadOnly?.(readOnly);
        changed.push(file);
      }
    } catch (error) {
      for (const file of changed) await file.setReadOnly?.(!readOnly);
      throw error;
    }
  }

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      for (const file of this.#files) await file.close();
      await this.#backing?.close();
    }
  }

  async #mapOf(file: BlockNode, header: SparseHeader): Promise<SparseMap> {
    if (header.packed && !file.readOnly) {
      throw new BlockError(
        'ERR_BLOCK_READ_ONLY',
        `'${file.fileName}' is stream-optimised; such images are only read: use readonly=on`,
        { errno: EACCES },
      );
    }
    return SparseMap.open(file, header);
  }

  #backingFrom(start: number): () => Pick<BlockNode, 'bytes' | 'read'> | undefined {
    return () => {
      const backing = this.#backing;
      if (backing === undefined || start === 0) return backing;
      return {
        bytes: Math.max(0, backing.bytes - start),
        read: (offset, views) => backing.read(start + offset, views),
      };
    };
  }

  /** The first write gives the contents a new number, for images that build on this one. */
  async #noteChange(): Promise<void> {
    if (this.#changesContents || this.#contentIdOffset === undefined) return;
    this.#changesContents = true;
    const contentId = randomInt(MOST_CONTENT_ID);
    try {
      await this.file.write(this.#contentIdOffset, [Buffer.from(contentIdText(contentId))]);
      this.#contentId = contentId;
    } catch (error) {
      this.#changesContents = false;
      throw error;
    }
  }

  #extentAt(offset: number): Extent {
    const extent = this.#extents.find(({ start, end }) => offset >= start && offset < end);
    if (extent === undefined) {
      throw new BlockError(
        'ERR_BLOCK_RANGE',
        `Byte ${offset} is behind the ${this.bytes} of '${this.fileName}'`,
      );
    }
    return extent;
  }

  async #inExtents(
    offset: number,
    bytes: number,
    use: (disk: Disk, offset: number, bytes: number, done: number) => Promise<void>,
  ): Promise<void> {
    for (let done = 0; done < bytes; ) {
      const extent = this.#extentAt(offset + done);
      const part = Math.min(bytes - done, extent.end - offset - done);
      await use(extent.disk, offset + done - extent.start, part, done);
      done += part;
    }
  }
}
