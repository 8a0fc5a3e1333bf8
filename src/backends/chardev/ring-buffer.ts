const FIRST_ALLOCATION_BYTES = 4096;

/**
 * A byte FIFO of fixed capacity that forgets its oldest bytes rather than refuse new ones. Memory is taken as bytes
 * come, not for the whole capacity at once.
 */
export class RingBuffer {
  readonly capacity: number;
  #bytes: Uint8Array;
  #start = 0;
  #length = 0;

  /** @param capacity bytes, at least 1 */
  constructor(capacity: number) {
    this.capacity = capacity;
    this.#bytes = new Uint8Array(Math.min(capacity, FIRST_ALLOCATION_BYTES));
  }

  get length(): number {
    return this.#length;
  }

  write(bytes: Uint8Array): void {
    const kept = bytes.subarray(Math.max(0, bytes.length - this.capacity));
    this.#makeRoom(kept.length);
    const size = this.#bytes.length;
    const lost = Math.max(0, this.#length + kept.length - size);
    this.#start = (this.#start + lost) % size;
    this.#length -= lost;
    const at = (this.#start + this.#length) % size;
    const first = Math.min(kept.length, size - at);
    this.#bytes.set(kept.subarray(0, first), at);
    this.#bytes.set(kept.subarray(first), 0);
    this.#length += kept.length;
  }

  /** A copy of the oldest bytes, at most `count`, which stay. */
  peek(count: number): Uint8Array {
    const length = Math.min(count, this.#length);
    const copy = new Uint8Array(length);
    const first = Math.min(length, this.#bytes.length - this.#start);
    copy.set(this.#bytes.subarray(this.#start, this.#start + first));
    copy.set(this.#bytes.subarray(0, length - first), first);
    return copy;
  }

  /** Drops the oldest bytes, at most `count`. */
  consume(count: number): void {
    const length = Math.min(count, this.#length);
    this.#start = (this.#start + length) % this.#bytes.length;
    this.#length -= length;
  }

  /** Doubles what is allocated, up to the capacity, until `more` bytes fit beside those that are there. */
  #makeRoom(more: number): void {
    let size = this.#bytes.length;
    while (size < this.capacity && size < this.#length + more) {
      size = Math.min(this.capacity, 2 * size);
    }
    if (size > this.#bytes.length) {
      const larger = new Uint8Array(size);
      larger.set(this.peek(this.#length));
      this.#bytes = larger;
      this.#start = 0;
    }
  }
}
