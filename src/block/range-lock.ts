/**
 * Keeps requests on overlapping ranges of a drive apart where that matters: what copies old data to its place (copy-on-read,
 * streaming) has its range to itself, while the guest's writes, which may overlap each other, only keep away from those copies.
 * First come, first served: who waits, waits for what came before him, so nobody starves and nothing waits in a circle.
 */

interface Holder {
  readonly offset: number;
  readonly end: number;
  readonly exclusive: boolean;
  readonly released: PromiseWithResolvers<void>;
}

export class RangeLock {
  readonly #holders = new Set<Holder>();

  /** Runs `work` beside others that share any of these bytes. */
  share<T>(offset: number, bytes: number, work: () => Promise<T>): Promise<T> {
    return this.#run(offset, bytes, false, work);
  }

  /** Runs `work` while nobody else holds any of these bytes. */
  exclude<T>(offset: number, bytes: number, work: () => Promise<T>): Promise<T> {
    return this.#run(offset, bytes, true, work);
  }

  async #run<T>(offset: number, bytes: number, exclusive: boolean, work: () => Promise<T>): Promise<T> {
    const mine: Holder = { offset, end: offset + bytes, exclusive, released: Promise.withResolvers() };
    const before = this.#conflicting(mine);
    this.#holders.add(mine);
    try {
      if (before.length > 0) await Promise.all(before);
      return await work();
    } finally {
      this.#holders.delete(mine);
      mine.released.resolve();
    }
  }

  #conflicting(mine: Holder): Promise<void>[] {
    const found: Promise<void>[] = [];
    for (const other of this.#holders) {
      const overlaps = other.offset < mine.end && mine.offset < other.end;
      if (overlaps && (other.exclusive || mine.exclusive)) found.push(other.released.promise);
    }
    return found;
  }
}
