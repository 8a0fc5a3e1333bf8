/** The protocol blkverify: writes to a raw file and to an image under test, and compares what both read. */
import { byteLengthOf } from '../../host/file-transfer.ts';
import { BlockError } from '../block-error.ts';
import type { BlockNode, BlockStatus, Views, WriteZeroesOptions } from '../block-node.ts';

const SECTOR_BYTES = 512;

export class BlkverifyNode implements BlockNode {
  readonly driver = 'blkverify';
  readonly fileName: string;
  readonly encrypted = false;
  readonly backing = undefined;
  /** What the image is compared with. */
  readonly file: BlockNode;
  readonly #image: BlockNode;

  /** Takes the nodes over. @param image what is tested */
  constructor(fileName: string, file: BlockNode, image: BlockNode) {
    this.fileName = fileName;
    this.file = file;
    this.#image = image;
  }

  get bytes(): number {
    return this.#image.bytes;
  }

  get readOnly(): boolean {
    return this.#image.readOnly;
  }

  /** Gives what the image has. Rejects with BlockError `ERR_BLOCK_IO` where the raw file has something else. */
  async read(offset: number, views: Views): Promise<void> {
    const expected = new Uint8Array(byteLengthOf(views));
    await Promise.all([this.file.read(offset, [expected]), this.#image.read(offset, views)]);
    let at = 0;
    for (const view of views) {
      const part = expected.subarray(at, at + view.byteLength);
      if (Buffer.compare(part, view) !== 0) {
        const wrong = offset + at + view.findIndex((byte, index) => byte !== part[index]);
        throw this.#mismatch(offset, expected.length, wrong);
      }
      at += view.byteLength;
    }
  }

  async write(offset: number, views: Views): Promise<void> {
    // A guest may change what it writes meanwhile: both get the same.
    const contents = Buffer.concat(views, byteLengthOf(views));
    await Promise.all([this.file.write(offset, [contents]), this.#image.write(offset, [contents])]);
  }

  async flush(): Promise<void> {
    await this.#image.flush();
    await this.file.flush();
  }

  async discard(): Promise<void> {}

  async writeZeroes(offset: number, bytes: number, options: WriteZeroesOptions): Promise<void> {
    await this.#image.writeZeroes(offset, bytes, options);
    await this.file.writeZeroes(offset, bytes, options);
  }

  async resize(bytes: number): Promise<void> {
    await this.#image.resize(bytes);
    await this.file.resize(bytes);
  }

  /** Nothing is taken for granted: all is read, and compared. */
  async status(_offset: number, bytes: number): Promise<BlockStatus> {
    return { bytes, allocated: true, zero: false, hostOffset: undefined };
  }

  async close(): Promise<void> {
    try {
      await this.#image.close();
    } finally {
      await this.file.close();
    }
  }

  #mismatch(offset: number, bytes: number, wrong: number): BlockError {
    const [sector, count, place] = [offset, bytes, wrong].map((value) => Math.floor(value / SECTOR_BYTES));
    return new BlockError(
      'ERR_BLOCK_IO',
      `blkverify: read sector_num=${sector} nb_sectors=${count} contents mismatch in sector ${place}`,
    );
  }
}
