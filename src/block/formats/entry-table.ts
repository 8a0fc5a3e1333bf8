/** A table of numbers that is held in memory whole, and written to its file by the pieces that changed. */
import type { BlockNode } from '../block-node.ts';

const PIECE_BYTES = 4096;

export class EntryTable {
  readonly view: DataView<ArrayBuffer>;
  readonly #offset: number;
  readonly #changed = new Set<number>();

  /** @param offset where it lies in the file */
  constructor(view: DataView<ArrayBuffer>, offset: number) {
    this.view = view;
    this.#offset = offset;
  }

  /** Notes that bytes of the view have changed. */
  changed(offset: number, bytes: number): void {
    const last = Math.floor((offset + bytes - 1) / PIECE_BYTES);
    for (let piece = Math.floor(offset / PIECE_BYTES); piece <= last; piece++) this.#changed.add(piece);
  }

  async write(file: BlockNode): Promise<void> {
    for (const piece of this.#changed) {
      const start = piece * PIECE_BYTES;
      const end = Math.min(start + PIECE_BYTES, this.view.byteLength);
      // A copy: what changes while it is written is written again.
      const contents = new Uint8Array(this.view.buffer.slice(start, end));
      this.#changed.delete(piece);
      try {
        await file.write(this.#offset + start, [contents]);
      } catch (error) {
        this.#changed.add(piece);
        throw error;
      }
    }
  }
}
