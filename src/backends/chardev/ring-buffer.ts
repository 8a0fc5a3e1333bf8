/** A byte FIFO of fixed capacity that forgets its oldest bytes rather than refuse new ones. */
export class RingBuffer {
  readonly #bytes: Uint8Array;
  #start = 0;
  #length = 0;

  /** @param capacity bytes, at least 1 */
  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
  }

  get capacity(): number {
    return this.#bytes.length;
  }

  get length(): number {
    return this.#length;
  }

  write(bytes: Uint8Array): void {
    const kept = bytes.subarray(Math.max(0, bytes.length - this.capacity));
    const lost = Math.max(0, this.#length + kept.length - this.capacity);
    this.#start = (this.#start + lost) % this.capacity;
    this.#length -= lost;
    const at = (this.#start + this.#length) % this.capacity;
    const first = Math.min(kept.length, this.capacity - at);
    this.#bytes.set(kept.subarray(0, first), at);
    this.#bytes.set(kept.subarray(first), 0);
    this.#length += kept.length;
  }

  /** A copy of the oldest bytes, at most `count`, which stay. */
  peek(count: number): Uint8Array {
    const length = Math.min(count, this.#length);
    const copy = new Uint8Array(length);
    const first = Math.min(length, this.capacity - this.#start);
    copy.set(this.#bytes.subarray(this.#start, this.#start + first));
    copy.set(this.#bytes.subarray(0, length - first), first);
    return copy;
  }

  /** Drops the oldest bytes, at most `count`. */
  consume(count: number): void {
    const length = Math.min(count, this.#length);
    this.#start = (this.#start + length) % this.capacity;
    this.#length -= length;
  }
}
