/** The node of an image that is one file of equal blocks: vdi, vpc, qcow, parallels and others. */
import { BlockError, EACCES, ENOTSUP } from '../block-error.ts';
import type { BlockNode, BlockStatus, Views, WriteZeroesOptions } from '../block-node.ts';
import { SectorCipher } from '../qcow2/sector-cipher.ts';
import type { BlockMap } from './block-map.ts';
import { MappedDisk } from './mapped-disk.ts';

const SECTOR_BYTES = 512;

/** How an image names what it builds on. */
export interface RecordedBacking {
  readonly file: string;
  readonly format: string | undefined;
}

export interface MappedImage {
  readonly driver: string;
  readonly file: BlockNode;
  readonly map: BlockMap;
  /** Length of the disk. */
  readonly bytes: number;
  readonly backing?: BlockNode | undefined;
  readonly recordedBacking?: RecordedBacking | undefined;
  readonly encrypted?: boolean;
}

export class MappedNode implements BlockNode {
  readonly driver: string;
  readonly file: BlockNode;
  readonly encrypted: boolean;
  readonly bytes: number;
  /** What the image itself says. */
  readonly recordedBacking: RecordedBacking | undefined;
  /** Sectors are no clusters. */
  readonly clusterBytes?: number;
  readonly #map: BlockMap;
  readonly #disk: MappedDisk;
  #backing: BlockNode | undefined;
  #backingName: string | undefined;
  #cipher: SectorCipher | undefined;

  private constructor(image: MappedImage) {
    this.driver = image.driver;
    this.file = image.file;
    this.bytes = image.bytes;
    this.encrypted = image.encrypted === true;
    this.recordedBacking = image.recordedBacking;
    this.#map = image.map;
    if (image.map.blockBytes > SECTOR_BYTES || image.driver === 'qcow')
      this.clusterBytes = image.map.blockBytes;
    this.#backing = image.backing;
    this.#backingName = image.backing === undefined ? undefined : image.recordedBacking?.file;
    this.#disk = new MappedDisk({
      file: image.file,
      map: image.map,
      bytes: image.bytes,
      backing: () => this.#backing,
      cipher: () => this.#cipher,
    });
  }

  /** Takes the nodes over. Throws BlockError when an image that is only read is to be written. */
  static async open(image: MappedImage): Promise<MappedNode> {
    const { file, map, driver } = image;
    if (!file.readOnly && map.changes === undefined) {
      throw new BlockError(
        'ERR_BLOCK_READ_ONLY',
        `'${file.fileName}': ${driver} images are only read; use readonly=on`,
        {
          errno: EACCES,
        },
      );
    }
    if (!file.readOnly) await map.changes?.claim?.();
    return new MappedNode(image);
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

  get keyMissing(): boolean {
    return this.encrypted && this.#cipher === undefined;
  }

  setKey(password: string): void {
    if (this.encrypted) this.#cipher = new SectorCipher(password);
  }

  async read(offset: number, views: Views): Promise<void> {
    this.#checkKey();
    await this.#disk.read(offset, views);
  }

  async write(offset: number, views: Views): Promise<void> {
    this.#checkKey();
    await this.#disk.write(offset, views);
  }

  flush(): Promise<void> {
    return this.#disk.flush();
  }

  async discard(): Promise<void> {}

  async writeZeroes(offset: number, bytes: number, options: WriteZeroesOptions): Promise<void> {
    this.#checkKey();
    await this.#disk.writeZeroes(offset, bytes, options);
  }

  async resize(bytes: number): Promise<void> {
    if (bytes === this.bytes) return;
    throw new BlockError('ERR_BLOCK_UNSUPPORTED', 'Image format driver does not support resize', {
      errno: ENOTSUP,
    });
  }

  status(offset: number, bytes: number): Promise<BlockStatus> {
    return this.#disk.status(offset, bytes);
  }

  replaceBacking(node: BlockNode | undefined): BlockNode | undefined {
    const old = this.#backing;
    this.#backing = node;
    this.#backingName = undefined;
    return old;
  }

  async setReadOnly(readOnly: boolean): Promise<void> {
    if (readOnly === this.readOnly) return;
    if (this.file.setReadOnly === undefined) {
      throw new BlockError('ERR_BLOCK_UNSUPPORTED', `'${this.fileName}' cannot be opened anew`);
    }
    if (readOnly) await this.#release();
    await this.file.setReadOnly(readOnly);
    if (!readOnly) await this.#map.changes?.claim?.();
  }

  async close(): Promise<void> {
    try {
      if (!this.readOnly) await this.#release();
    } finally {
      await this.file.close();
      await this.#backing?.close();
    }
  }

  async #release(): Promise<void> {
    await this.#disk.flush();
    await this.#map.changes?.release?.();
  }

  #checkKey(): void {
    if (this.keyMissing) {
      throw new BlockError('ERR_BLOCK_KEY', `'${this.fileName}' is encrypted and has got no password yet`);
    }
  }
}
