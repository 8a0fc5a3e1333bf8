/** What query-blockstats shows of one drive. */
import type { DriveStatistics } from './storage-contract.ts';

export type CountedRequest = 'read' | 'write' | 'flush';

/** Counts requests that succeeded. Times in ns of a monotonic clock that the maker gives. */
export class DriveCounters {
  readonly #now: () => number;
  readonly #operations = { read: 0, write: 0, flush: 0 };
  readonly #bytes = { read: 0, write: 0, flush: 0 };
  readonly #ns = { read: 0, write: 0, flush: 0 };
  #highestOffset = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Runs a request and counts it. A failed one is not counted (as in the reference). */
  async count(kind: CountedRequest, bytes: number, request: () => Promise<void>): Promise<void> {
    const start = this.#now();
    await request();
    this.#operations[kind] += 1;
    this.#bytes[kind] += bytes;
    this.#ns[kind] += this.#now() - start;
  }

  /** Something was written up to that byte. */
  wroteUpTo(end: number): void {
    this.#highestOffset = Math.max(this.#highestOffset, end);
  }

  /** Another medium is in: the highest offset counts from its opening on. */
  mediumOpened(): void {
    this.#highestOffset = 0;
  }

  snapshot(): DriveStatistics {
    return {
      readBytes: this.#bytes.read,
      writeBytes: this.#bytes.write,
      readOperations: this.#operations.read,
      writeOperations: this.#operations.write,
      flushOperations: this.#operations.flush,
      readNs: this.#ns.read,
      writeNs: this.#ns.write,
      flushNs: this.#ns.flush,
      highestOffset: this.#highestOffset,
    };
  }
}
