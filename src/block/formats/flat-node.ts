/** A disk that is one range of a file as it is: fixed vpc images. */
import { BlockError, ENOTSUP } from '../block-error.ts';
import type { BlockNode, BlockStatus, Views, WriteZeroesOptions } from '../block-node.ts';

export class FlatNode implements BlockNode {
  readonly driver: string;
  readonly file: BlockNode;
  readonly bytes: number;
  readonly encrypted = false;
  readonly backing = undefined;
  readonly #start: number;

  /** Takes `file` over. @param start where the disk begins in it */
  constructor(driver: string, file: BlockNode, start: number, bytes: number) {
    this.driver = driver;
    this.file = file;
    this.bytes = bytes;
    this.#start = start;
  }

  get fileName(): string {
    return this.file.fileName;
  }

  get readOnly(): boolean {
    return this.file.readOnly;
  }

  read(offset: number, views: Views): Promise<void> {
    return this.file.read(this.#start + offset, views);
  }

  write(offset: number, views: Views): Promise<void> {
    return this.file.write(this.#start + offset, views);
  }

  flush(): Promise<void> {
    return this.file.flush();
  }

  discard(offset: number, bytes: number): Promise<void> {
    return this.file.discard(this.#start + offset, bytes);
  }

  writeZeroes(offset: number, bytes: number, options: WriteZeroesOptions): Promise<void> {
    return this.file.writeZeroes(this.#start + offset, bytes, options);
  }

  async resize(bytes: number): Promise<void> {
    if (bytes === this.bytes) return;
    throw new BlockError('ERR_BLOCK_UNSUPPORTED', 'Image format driver does not support resize', {
      errno: ENOTSUP,
    });
  }

  async status(offset: number, bytes: number): Promise<BlockStatus> {
    const found = await this.file.status(this.#start + offset, bytes);
    return found.bytes > bytes ? { ...found, bytes } : found;
  }

  async setReadOnly(readOnly: boolean): Promise<void> {
    await this.file.setReadOnly?.(readOnly);
  }

  close(): Promise<void> {
    return this.file.close();
  }
}
