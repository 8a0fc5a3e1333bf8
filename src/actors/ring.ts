import { ActorError } from './actor-error.ts';

/**
 * A byte ring in shared memory for one producer thread and one consumer thread.
 *
 * Layout: a header of one 64-byte line per word, so that the two threads do not fight over cache lines, then the data.
 *
 * | word     | byte | writer   | meaning and ordering |
 * | -------- | ---- | -------- | -------------------- |
 * | HEAD     |    0 | producer | bytes ever written, modulo 2^32. Stored after the bytes themselves; whoever loads it sees them |
 * | TAIL     |   64 | consumer | bytes ever read, modulo 2^32. Stored after the bytes were copied out; the producer may then reuse them |
 * | AWAITED  |  128 | both     | consumer: 1 before it looks at HEAD for the last time and sleeps on this word while it is 1. Producer: after HEAD has moved, swaps it for 0 and, if it was 1, notifies it |
 * | NEEDED   |  192 | both     | producer: the free bytes that it waits for, before it looks at TAIL for the last time and sleeps on this word while it is that. Consumer: after TAIL has moved, if as much is free, swaps it for 0 and notifies it |
 * | CLOSED   |  256 | both     | bit 0: the producer will write no more; bit 1: the consumer will read no more. Set once, then both sleepers are woken |
 *
 * All words are only touched with `Atomics`, which order everything sequentially: "announce the wait, then look again"
 * on one side and "publish, then look for an announcement" on the other cannot both miss. A sleeper sleeps on its own
 * announcement: taking that back is what wakes it, so it does not matter whether it sleeps already. One that is woken
 * for an earlier announcement looks again and goes back to sleep.
 */
const LINE = 64 / Int32Array.BYTES_PER_ELEMENT;
const HEAD = 0;
const TAIL = LINE;
const AWAITED = 2 * LINE;
const NEEDED = 3 * LINE;
const CLOSED = 4 * LINE;
const HEADER_BYTES = 5 * 64;

const ANNOUNCED = 1;

const PRODUCER_CLOSED = 1;
const CONSUMER_CLOSED = 2;

const SMALLEST_RING = 64;
const LARGEST_RING = 2 ** 30;

/**
 * Memory for a ring that holds `capacity` bytes: a power of two from 64 to 2^30. Throws a RangeError for others.
 */
export function createRing(capacity: number): SharedArrayBuffer {
  if (!isCapacity(capacity)) {
    throw new RangeError(
      `A ring of ${capacity} bytes was asked for; expected a power of two from ${SMALLEST_RING} to ${LARGEST_RING}`,
    );
  }
  return new SharedArrayBuffer(HEADER_BYTES + capacity);
}

function isCapacity(bytes: number): boolean {
  return Number.isInteger(Math.log2(bytes)) && bytes >= SMALLEST_RING && bytes <= LARGEST_RING;
}

/** Up to this size a loop in JavaScript copies faster than a call into the runtime. */
const SMALL_COPY = 32;

/** Copies between buffers of any alignment, shared or not. `TypedArray.set` goes byte by byte into shared memory. */
function copyBytes(from: Buffer, start: number, to: Buffer, at: number, length: number): void {
  if (length > SMALL_COPY) {
    from.copy(to, at, start, start + length);
    return;
  }
  for (let index = 0; index < length; index++) {
    to[at + index] = from[start + index] as number;
  }
}

/** What both ends share. */
class RingEnd {
  readonly capacity: number;
  protected readonly words: Int32Array;
  protected readonly data: Buffer;
  protected readonly mask: number;

  /** Throws `ERR_ACTOR_RING_CORRUPT` for memory that is no ring. */
  constructor(memory: SharedArrayBuffer) {
    this.capacity = memory.byteLength - HEADER_BYTES;
    if (!isCapacity(this.capacity)) {
      throw new ActorError(
        'ERR_ACTOR_RING_CORRUPT',
        `Memory of ${memory.byteLength} bytes does not hold a ring`,
      );
    }
    this.words = new Int32Array(memory, 0, HEADER_BYTES / Int32Array.BYTES_PER_ELEMENT);
    this.data = Buffer.from(memory, HEADER_BYTES, this.capacity);
    this.mask = this.capacity - 1;
  }

  protected closeSide(bit: number): void {
    Atomics.or(this.words, CLOSED, bit);
    this.wake(AWAITED);
    this.wake(NEEDED);
  }

  /** Takes back the announcement in `word`, if there is one, and wakes who made it. */
  protected wake(word: number): void {
    if (Atomics.exchange(this.words, word, 0) !== 0) {
      Atomics.notify(this.words, word);
    }
  }

  protected sideClosed(bit: number): boolean {
    return (Atomics.load(this.words, CLOSED) & bit) !== 0;
  }
}

/** The writing end. Bytes are staged first and seen by the consumer all at once when they are published. */
export class RingProducer extends RingEnd {
  /** Bytes ever staged, modulo 2^32; HEAD once published. */
  #staged: number;
  /** The last known TAIL; looked up again only when it leaves too little room. */
  #tail: number;

  constructor(memory: SharedArrayBuffer) {
    super(memory);
    this.#staged = Atomics.load(this.words, HEAD);
    this.#tail = Atomics.load(this.words, TAIL);
  }

  /** Whether the consumer will read no more. */
  get abandoned(): boolean {
    return this.sideClosed(CONSUMER_CLOSED);
  }

  /** Whether `bytes` more can be staged now. */
  hasRoom(bytes: number): boolean {
    if (this.#free() >= bytes) {
      return true;
    }
    this.#tail = Atomics.load(this.words, TAIL);
    return this.#free() >= bytes;
  }

  /**
   * Blocks this thread until there is room for `bytes`, the consumer closes, or `timeoutMs` have passed. Returns whether
   * there is room. Wakes only when a quarter of the ring is free, if that is more, so that a full ring does not cost a
   * wake-up for each message; at the timeout any room will do.
   */
  waitForRoom(bytes: number, timeoutMs: number, now: () => number): boolean {
    const wanted = Math.max(bytes, this.capacity >> 2);
    const end = now() + timeoutMs;
    while (!this.hasRoom(bytes)) {
      const leftMs = end - now();
      if (leftMs <= 0 || this.abandoned) {
        return false;
      }
      Atomics.store(this.words, NEEDED, wanted);
      if (!this.hasRoom(bytes) && !this.abandoned) {
        Atomics.wait(this.words, NEEDED, wanted, leftMs);
      }
      Atomics.store(this.words, NEEDED, 0);
    }
    return true;
  }

  /** Copies `bytes[0…length)` behind what is staged; there must be room. */
  stage(bytes: Buffer, length: number): void {
    const at = this.#staged & this.mask;
    const first = Math.min(length, this.capacity - at);
    copyBytes(bytes, 0, this.data, at, first);
    if (first < length) {
      copyBytes(bytes, first, this.data, 0, length - first);
    }
    this.#staged = (this.#staged + length) | 0;
  }

  /** Shows what is staged to the consumer, and wakes it if it sleeps. */
  publish(): void {
    Atomics.store(this.words, HEAD, this.#staged);
    if (Atomics.load(this.words, AWAITED) !== 0) {
      this.wake(AWAITED);
    }
  }

  /** Ends the ring: the consumer reads what is published and is then told of the end. */
  close(): void {
    this.closeSide(PRODUCER_CLOSED);
  }

  #free(): number {
    return this.capacity - ((this.#staged - this.#tail) >>> 0);
  }
}

/** The reading end. Bytes are copied out first and given back to the producer when they are released. */
export class RingConsumer extends RingEnd {
  /** Bytes ever copied out, modulo 2^32; TAIL once released. */
  #taken: number;
  /** The last known HEAD; looked up again only when too few bytes are there. */
  #head: number;

  constructor(memory: SharedArrayBuffer) {
    super(memory);
    this.#taken = Atomics.load(this.words, TAIL);
    this.#head = Atomics.load(this.words, HEAD);
  }

  /** Whether the producer has closed and everything that it wrote has been taken. */
  get ended(): boolean {
    return this.sideClosed(PRODUCER_CLOSED) && !this.has(1);
  }

  /** Whether at least `bytes` can be taken now. */
  has(bytes: number): boolean {
    if (this.#filled() >= bytes) {
      return true;
    }
    this.#head = Atomics.load(this.words, HEAD);
    return this.#filled() >= bytes;
  }

  /** Copies the next `length` bytes, which must be there, to the start of `into`. */
  take(into: Buffer, length: number): void {
    const at = this.#taken & this.mask;
    const first = Math.min(length, this.capacity - at);
    copyBytes(this.data, at, into, 0, first);
    if (first < length) {
      copyBytes(this.data, 0, into, first, length - first);
    }
    this.#taken = (this.#taken + length) | 0;
  }

  /** Gives the room of what was taken back to the producer, and wakes it if it waits for as much. */
  release(): void {
    Atomics.store(this.words, TAIL, this.#taken);
    const needed = Atomics.load(this.words, NEEDED);
    if (needed !== 0 && this.capacity - this.#filledNow() >= needed) {
      this.wake(NEEDED);
    }
  }

  /**
   * Blocks this thread until there is a byte, the producer closes, or `timeoutMs` have passed. Returns whether there is
   * a byte.
   */
  waitForBytes(timeoutMs: number, now: () => number): boolean {
    const end = now() + timeoutMs;
    while (!this.has(1)) {
      const leftMs = end - now();
      if (leftMs <= 0 || this.sideClosed(PRODUCER_CLOSED)) {
        break;
      }
      if (this.#announceWait()) {
        Atomics.wait(this.words, AWAITED, ANNOUNCED, leftMs);
      }
      Atomics.store(this.words, AWAITED, 0);
    }
    return this.has(1);
  }

  /**
   * Resolves, without blocking the thread, when there may be a byte or the producer has closed; undefined when that is so
   * already. A wait that is pending does not keep the process alive.
   */
  bytesOrEnd(): Promise<unknown> | undefined {
    if (this.has(1) || !this.#announceWait()) {
      return undefined;
    }
    const wait = Atomics.waitAsync(this.words, AWAITED, ANNOUNCED);
    return wait.async ? wait.value : undefined;
  }

  /** Ends the ring: the producer's next write is refused. Wakes a wait of this side too. */
  close(): void {
    this.closeSide(CONSUMER_CLOSED);
  }

  /** Says that this side is about to sleep; false when there is no reason to any more. */
  #announceWait(): boolean {
    Atomics.store(this.words, AWAITED, ANNOUNCED);
    return this.#filledNow() === 0 && !this.sideClosed(PRODUCER_CLOSED);
  }

  #filled(): number {
    return (this.#head - this.#taken) >>> 0;
  }

  #filledNow(): number {
    this.#head = Atomics.load(this.words, HEAD);
    return this.#filled();
  }
}
