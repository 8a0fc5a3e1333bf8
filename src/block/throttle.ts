/**
 * Limits of bytes and operations a second (behaviour.md §4.2): leaky buckets that hold a tenth of a second. A request that
 * finds a bucket full waits, and those behind it with it, so that requests keep their order.
 */
import type { DriveConfig } from './storage-contract.ts';

export type ThrottleLimits = DriveConfig['throttle'];

export const NO_LIMITS: ThrottleLimits = {
  bps: 0,
  bpsRead: 0,
  bpsWrite: 0,
  iops: 0,
  iopsRead: 0,
  iopsWrite: 0,
};

const NS_PER_SECOND = 1e9;
const NS_PER_MS = 1e6;
/** What a bucket holds, in seconds of its rate. */
const WINDOW_SECONDS = 0.1;

/** Time as the throttle sees it. */
export interface ThrottleClock {
  /** Monotonic, in ns. */
  now(): number;
  delay(ms: number): Promise<void>;
}

class LeakyBucket {
  readonly #rate: number;
  #level = 0;
  #updated: number;

  /** @param rate units a second */
  constructor(rate: number, now: number) {
    this.#rate = rate;
    this.#updated = now;
  }

  /** ns until the bucket has room. */
  waitNs(now: number): number {
    this.#level = Math.max(0, this.#level - ((now - this.#updated) / NS_PER_SECOND) * this.#rate);
    this.#updated = now;
    const excess = this.#level - this.#rate * WINDOW_SECONDS;
    return excess <= 0 ? 0 : (excess / this.#rate) * NS_PER_SECOND;
  }

  add(units: number): void {
    this.#level += units;
  }
}

interface Direction {
  readonly bytes: readonly LeakyBucket[];
  readonly operations: readonly LeakyBucket[];
}

export class Throttle {
  readonly limits: ThrottleLimits;
  /** Whether there is any limit. */
  readonly isActive: boolean;
  readonly #clock: ThrottleClock;
  readonly #reads: Direction;
  readonly #writes: Direction;
  #queue: Promise<void> = Promise.resolve();
  /** Counts the times that those who waited were let go. */
  #generation = 0;
  #wake: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(limits: ThrottleLimits, clock: ThrottleClock) {
    this.limits = limits;
    this.isActive = Object.values(limits).some((limit) => limit > 0);
    this.#clock = clock;
    const now = clock.now();
    const bucket = (rate: number) => (rate > 0 ? [new LeakyBucket(rate, now)] : []);
    const bytes = bucket(limits.bps);
    const operations = bucket(limits.iops);
    this.#reads = {
      bytes: [...bytes, ...bucket(limits.bpsRead)],
      operations: [...operations, ...bucket(limits.iopsRead)],
    };
    this.#writes = {
      bytes: [...bytes, ...bucket(limits.bpsWrite)],
      operations: [...operations, ...bucket(limits.iopsWrite)],
    };
  }

  /** Resolves when a request may begin. */
  admit(writing: boolean, bytes: number): Promise<void> {
    const direction = writing ? this.#writes : this.#reads;
    const generation = this.#generation;
    this.#queue = this.#queue.then(() => this.#admit(direction, bytes, generation));
    return this.#queue;
  }

  /** Lets everything go that waits now; it counts all the same. */
  letWaitingGo(): void {
    this.#generation += 1;
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  async #admit({ bytes, operations }: Direction, count: number, generation: number): Promise<void> {
    const buckets = [...bytes, ...operations];
    while (this.#generation === generation) {
      const now = this.#clock.now();
      const wait = Math.max(0, ...buckets.map((bucket) => bucket.waitNs(now)));
      if (wait === 0) break;
      await Promise.race([this.#clock.delay(Math.ceil(wait / NS_PER_MS)), this.#wake.promise]);
    }
    for (const bucket of bytes) bucket.add(count);
    for (const bucket of operations) bucket.add(1);
  }
}
