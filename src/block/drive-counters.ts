/** What query-blockstats shows of one drive. */
import type { DriveStatistics, Outcome } from './storage-contract.ts';

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

  /** Runs a request and counts it. One that throws is not counted (as in the reference). */
  async count(kind: CountedRequest, bytes: number, request: () => Promise<void>): Promise<void> {
    const start = this.#now();
    await request();
    this.#succeeded(kind, bytes, start);
  }

  /** The same for a request that answers with an errno when it has failed. */
  async countOutcome(kind: CountedRequest, bytes: number, request: () => Promise<Outcome>): Promise<Outcome> {
    const start = this.#now();
    const outcome = await request();
    if (outcome === 0) this.#succeeded(kind, bytes, start);
    return outcome;
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

  #succeeded(kind: CountedRequest, bytes: number, start: number): void {
    this.#operations[kind] += 1;
    this.#bytes[kind] += bytes;
    this.#ns[kind] += this.#now() - start;
  }
}
