/** Memory for the data of requests, used again and again: getting it anew for each costs more than moving the data. */

/** Smaller pieces come out of Node's own pool; larger ones are rare. */
const SMALLEST_BYTES = 4096;
const LARGEST_BYTES = 1024 * 1024;
/** What lies here unused at most. */
const MOST_KEPT_BYTES = 64 * 1024 * 1024;

export class BufferPool {
  readonly #free = new Map<number, Buffer[]>();
  #keptBytes = 0;

  /** Memory of this length, with any contents. */
  take(bytes: number): Buffer {
    if (bytes < SMALLEST_BYTES || bytes > LARGEST_BYTES) return Buffer.allocUnsafe(bytes);
    const size = sizeFor(bytes);
    const found = this.#free.get(size)?.pop();
    if (found === undefined) return Buffer.allocUnsafeSlow(size).subarray(0, bytes);
    this.#keptBytes -= size;
    return Buffer.from(found.buffer, 0, bytes);
  }

  /** Gives back what `take` gave; nobody may look at it any more. */
  giveBack({ buffer, byteLength }: Buffer): void {
    if (byteLength < SMALLEST_BYTES || byteLength > LARGEST_BYTES) return;
    const size = sizeFor(byteLength);
    if (this.#keptBytes + size > MOST_KEPT_BYTES) return;
    const free = this.#free.get(size) ?? [];
    this.#free.set(size, free);
    free.push(Buffer.from(buffer, 0, size));
    this.#keptBytes += size;
  }
}

/** The power of two that it fits into. */
function sizeFor(bytes: number): number {
  return 2 ** Math.ceil(Math.log2(bytes));
}
