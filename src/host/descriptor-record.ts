/**
 * A copy of a thread's descriptor ledger in shared memory: the one thing that survives a thread which is ended by force
 * because it hangs. Whoever takes over from it closes what is recorded.
 *
 * Owner and only writer: the thread whose ledger it copies; after that thread's death, its successor. A word holds a
 * descriptor plus one, 0 when it is free. Nobody waits on it.
 */
const CAPACITY = 4096;

export class DescriptorRecord {
  readonly #words: Int32Array;
  readonly #slots = new Map<number, number>();

  /** @param buffer from `DescriptorRecord.allocate()` */
  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer);
  }

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(CAPACITY * Int32Array.BYTES_PER_ELEMENT);
  }

  /** What the owner has open now. */
  list(): number[] {
    return [...this.#words.keys()].map((slot) => Atomics.load(this.#words, slot) - 1).filter((fd) => fd >= 0);
  }

  /** What a predecessor left, which is forgotten with this call. */
  takeLeftovers(): number[] {
    const left: number[] = [];
    for (let slot = 0; slot < this.#words.length; slot += 1) {
      const word = Atomics.exchange(this.#words, slot, 0);
      if (word !== 0) {
        left.push(word - 1);
      }
    }
    return left;
  }

  /** A descriptor beyond the capacity is not recorded: it would stay open if the thread had to be ended by force. */
  add(fd: number): void {
    const slot = this.#words.indexOf(0);
    if (slot >= 0) {
      Atomics.store(this.#words, slot, fd + 1);
      this.#slots.set(fd, slot);
    }
  }

  delete(fd: number): void {
    const slot = this.#slots.get(fd);
    if (slot !== undefined) {
      this.#slots.delete(fd);
      Atomics.store(this.#words, slot, 0);
    }
  }
}
