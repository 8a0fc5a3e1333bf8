/** A file in memory that remembers what a power cut may lose: every write since the last flush. */
import type { BlockNode, BlockStatus, Views } from '../../../src/block/block-node.ts';

interface PendingWrite {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

function grown(contents: Uint8Array, bytes: number): Uint8Array {
  if (bytes <= contents.length) return contents;
  const longer = new Uint8Array(bytes);
  longer.set(contents);
  return longer;
}

function applied(contents: Uint8Array, { offset, bytes }: PendingWrite): Uint8Array {
  const longer = grown(contents, offset + bytes.length);
  longer.set(bytes, offset);
  return longer;
}

export class VolatileFile implements BlockNode {
  readonly driver = 'file';
  readonly fileName = 'volatile';
  readonly readOnly = false;
  readonly encrypted = false;
  readonly backing = undefined;
  readonly file = undefined;
  #flushed: Uint8Array;
  #contents: Uint8Array;
  #pending: PendingWrite[] = [];

  constructor(contents: Uint8Array) {
    this.#flushed = contents.slice();
    this.#contents = contents.slice();
  }

  get bytes(): number {
    return this.#contents.length;
  }

  /** How many writes a power cut could lose. */
  get pending(): number {
    return this.#pending.length;
  }

  /** The file after a power cut: `survives` says of each pending write whether it had reached the disk. */
  afterPowerCut(survives: (index: number) => boolean): Uint8Array {
    return this.#pending
      .filter((_, index) => survives(index))
      .reduce<Uint8Array>((contents, write) => applied(contents, write), this.#flushed.slice());
  }

  async read(offset: number, views: Views): Promise<void> {
    let at = offset;
    for (const view of views) {
      view.fill(0);
      view.set(this.#contents.subarray(at, at + view.byteLength));
      at += view.byteLength;
    }
  }

  async write(offset: number, views: Views): Promise<void> {
    const write = { offset, bytes: Uint8Array.from(Buffer.concat(views)) };
    this.#pending.push(write);
    this.#contents = applied(this.#contents, write);
  }

  async flush(): Promise<void> {
    this.#flushed = this.#contents.slice();
    this.#pending = [];
  }

  async discard(): Promise<void> {}

  async writeZeroes(offset: number, bytes: number): Promise<void> {
    await this.write(offset, [new Uint8Array(bytes)]);
  }

  async resize(bytes: number): Promise<void> {
    this.#contents = grown(this.#contents, bytes).slice(0, bytes);
  }

  async status(_offset: number, bytes: number): Promise<BlockStatus> {
    return { bytes, allocated: true, zero: false, hostOffset: undefined };
  }

  async close(): Promise<void> {}
}
