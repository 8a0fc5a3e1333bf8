/** Bytes that wait for a slow reader, in order. Small writes share a chunk, so that many of them cost little. */
const CHUNK_BYTES = 16 * 1024;

export class OutputQueue {
  #chunks: Uint8Array[] = [];
  /** Bytes already taken from the first chunk, and bytes filled in the last one. */
  #start = 0;
  #filled = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Appends a copy. */
  push(bytes: Uint8Array): void {
    let rest = bytes;
    this.#length += bytes.length;
    while (rest.length > 0) {
      let last = this.#chunks.at(-1);
      if (last === undefined || this.#filled === last.length) {
        last = new Uint8Array(Math.max(CHUNK_BYTES, rest.length));
        this.#chunks.push(last);
        this.#filled = 0;
      }
      const fits = Math.min(rest.length, last.length - this.#filled);
      last.set(rest.subarray(0, fits), this.#filled);
      this.#filled += fits;
      rest = rest.subarray(fits);
    }
  }

  /** The oldest bytes, as many as lie together; empty when the queue is. Valid until the next call. */
  peek(): Uint8Array {
    const first = this.#chunks[0];
    if (first === undefined) {
      return new Uint8Array(0);
    }
    return first.subarray(this.#start, this.#chunks.length === 1 ? this.#filled : first.length);
  }

  /** Drops the oldest `count` bytes, at most as many as `peek` gave. */
  consume(count: number): void {
    this.#start += count;
    this.#length -= count;
    const first = this.#chunks[0];
    if (this.#length === 0) {
      this.clear();
    } else if (first !== undefined && this.#start === first.length) {
      this.#chunks.shift();
      this.#start = 0;
    }
  }

  clear(): void {
    this.#chunks = [];
    this.#start = 0;
    this.#filled = 0;
    this.#length = 0;
  }
}
