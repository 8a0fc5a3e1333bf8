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
  #contents: Uint8Array;
  readonly #first: Uint8Array;
  /** Every write since the beginning; undefined for a flush. */
  readonly #history: (PendingWrite | undefined)[] = [];

  constructor(contents: Uint8Array) {
    this.#first = contents.slice();
    this.#contents = contents.slice();
  }

  /** How many writes and flushes there have been. */
  get events(): number {
    return this.#history.length;
  }

  /** The file after a power cut that came before the event of that number. */
  afterPowerCutAt(event: number, survives: (index: number) => boolean): Uint8Array {
    const past = this.#history.slice(0, event);
    const flushed = past.lastIndexOf(undefined);
    let contents: Uint8Array = this.#first.slice();
    for (const [index, write] of past.entries()) {
      if (write !== undefined && (index < flushed || survives(index))) contents = applied(contents, write);
    }
    return contents;
  }

  get bytes(): number {
    return this.#contents.length;
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
    this.#history.push(write);
    this.#contents = applied(this.#contents, write);
  }

  async flush(): Promise<void> {
    this.#history.push(undefined);
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
