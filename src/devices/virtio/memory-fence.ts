/** Order between accesses to shared memory that are not atomic themselves. */

/** A full fence: every access before it is done before any access after it, as far as other threads can tell. */
export class MemoryFence {
  readonly #word = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

  full(): void {
    Atomics.add(this.#word, 0, 1);
  }
}
