/** The format `raw`: the image's bytes are the disk's. */
import type { BlockNode, BlockStatus, Views, WriteZeroesOptions } from './block-node.ts';

const SECTOR_BYTES = 512;

/** A disk whose length is that of its file, rounded up to whole sectors; what the file lacks of the last one reads as zeros. */
export class RawNode implements BlockNode {
  readonly driver = 'raw';
  readonly encrypted = false;
  readonly backing = undefined;
  readonly file: BlockNode;

  constructor(file: BlockNode) {
    this.file = file;
  }

  get fileName(): string {
    return this.file.fileName;
  }

  get bytes(): number {
    return Math.ceil(this.file.bytes / SECTOR_BYTES) * SECTOR_BYTES;
  }

  get readOnly(): boolean {
    return this.file.readOnly;
  }

  read(offset: number, views: Views): Promise<void> {
    return this.file.read(offset, views);
  }

  write(offset: number, views: Views): Promise<void> {
    return this.file.write(offset, views);
  }

  flush(): Promise<void> {
    return this.file.flush();
  }

  discard(offset: number, bytes: number): Promise<void> {
    return this.file.discard(offset, bytes);
  }

  writeZeroes(offset: number, bytes: number, options: WriteZeroesOptions): Promise<void> {
    return this.file.writeZeroes(offset, bytes, options);
  }

  resize(bytes: number): Promise<void> {
    return this.file.resize(bytes);
  }

  status(offset: number, bytes: number): Promise<BlockStatus> {
    return this.file.status(offset, bytes);
  }

  async setReadOnly(readOnly: boolean): Promise<void> {
    await this.file.setReadOnly?.(readOnly);
  }

  close(): Promise<void> {
    return this.file.close();
  }
}
