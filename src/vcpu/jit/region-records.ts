/** Memory for the records of instructions that regions leave to the interpreter, shared by the translators of a machine. */
import { RECORD_SIZE, REGION_RECORDS_BASE, REGION_RECORDS_END } from '../../memory/layout.ts';

const CHUNK_BYTES = 128 * RECORD_SIZE;

export class RegionRecords {
  readonly #memory: Uint8Array;
  readonly #taken: Int32Array;
  readonly #chunks: number[] = [];
  #chunk = 0;
  #used = CHUNK_BYTES;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = new Uint8Array(memory.buffer);
    this.#taken = new Int32Array(memory.buffer, REGION_RECORDS_BASE, 1);
  }

  /** Copies a record and gives its address, or undefined if the memory is used up. */
  place(record: Uint8Array): number | undefined {
    if (this.#used === CHUNK_BYTES && !this.#nextChunk()) return undefined;
    const address = (this.#chunks[this.#chunk - 1] ?? 0) + this.#used;
    this.#used += RECORD_SIZE;
    this.#memory.set(record, address);
    return address;
  }

  #nextChunk(): boolean {
    if (this.#chunk === this.#chunks.length) {
      const at = Atomics.add(this.#taken, 0, CHUNK_BYTES);
      if (REGION_RECORDS_BASE + at + CHUNK_BYTES > REGION_RECORDS_END) return false;
      this.#chunks.push(REGION_RECORDS_BASE + at);
    }
    this.#chunk++;
    this.#used = 0;
    return true;
  }

  /** Forgets all records of this translator; none of their regions may be entered again. */
  clear(): void {
    this.#chunk = 0;
    this.#used = CHUNK_BYTES;
  }
}
