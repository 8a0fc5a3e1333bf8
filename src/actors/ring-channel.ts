import { Packr, RESET_BUFFER_MODE, Unpackr } from 'msgpackr';
import { ActorError } from './actor-error.ts';
import { createRing, RingConsumer, RingProducer } from './ring.ts';

/**
 * Messages over a ring of shared memory, for a sender that cannot await (a virtual CPU). Each frame is a 32-bit
 * little-endian length and that many bytes of msgpack; a frame is published whole.
 *
 * The producing thread makes a `RingSender` and the consuming thread a `RingReceiver` of the same memory, which goes from
 * one to the other like any other argument.
 */
const LENGTH_BYTES = 4;

/** From this size on a frame is received into memory of its own, which its byte arrays then keep, instead of copied again. */
const LARGE_FRAME = 4096;

/** How many messages a listener is given before the thread's other events get their turn. */
const MESSAGES_PER_TURN = 256;

/** A delay so long that a timer with it only says "this process has something to wait for". */
const KEEP_ALIVE_MS = 0x7fff_ffff;

/** Memory for a channel; `capacity` (bytes, a power of two) bounds what is under way, and a message to half of it. */
export function createRingChannel(capacity: number): SharedArrayBuffer {
  return createRing(capacity);
}

export interface RingChannelOptions {
  /** Milliseconds on a monotonic clock, for deadlines of blocking calls; `performance.now` when absent. */
  readonly now?: () => number;
}

const monotonic = () => performance.now();

/** The sending end. */
export class RingSender<Message> {
  readonly #producer: RingProducer;
  readonly #packr = new Packr({ useRecords: false });
  readonly #length = Buffer.alloc(LENGTH_BYTES);
  readonly #now: () => number;

  constructor(memory: SharedArrayBuffer, options: RingChannelOptions = {}) {
    this.#producer = new RingProducer(memory);
    this.#now = options.now ?? monotonic;
  }

  /**
   * Sends without waiting; false when there is no room now. Throws `ERR_ACTOR_MESSAGE_TOO_LARGE` for a message above half
   * the ring, `ERR_ACTOR_RING_CLOSED` when the receiver has closed.
   */
  trySend(message: Message): boolean {
    const bytes = this.#pack(message);
    if (!this.#producer.hasRoom(LENGTH_BYTES + bytes.length)) {
      return false;
    }
    this.#write(bytes);
    return true;
  }

  /**
   * Sends, blocking the thread in `Atomics.wait` while there is no room. Throws as `trySend` does, and
   * `ERR_ACTOR_TIMEOUT` after `deadlineMs`; the message is then not sent.
   */
  send(message: Message, deadlineMs: number): void {
    const bytes = this.#pack(message);
    const needed = LENGTH_BYTES + bytes.length;
    if (!this.#producer.hasRoom(needed) && !this.#producer.waitForRoom(needed, deadlineMs, this.#now)) {
      this.#refuseIfClosed();
      throw new ActorError(
        'ERR_ACTOR_TIMEOUT',
        `A message of ${bytes.length} bytes found no room in its ring of ${this.#producer.capacity} bytes within ${deadlineMs} ms`,
      );
    }
    this.#write(bytes);
  }

  /** The receiver is given what was sent, and then told of the end. */
  close(): void {
    this.#producer.close();
  }

  /** The result is good until the next call. */
  #pack(message: Message): Buffer {
    this.#refuseIfClosed();
    const bytes = this.#packr.pack(message, RESET_BUFFER_MODE);
    const limit = this.#producer.capacity / 2 - LENGTH_BYTES;
    if (bytes.length > limit) {
      throw new ActorError(
        'ERR_ACTOR_MESSAGE_TOO_LARGE',
        `A message of ${bytes.length} bytes was given to a ring that takes at most ${limit}`,
      );
    }
    return bytes;
  }

  #refuseIfClosed(): void {
    if (this.#producer.abandoned) {
      throw new ActorError('ERR_ACTOR_RING_CLOSED', 'The receiver of the ring has closed it');
    }
  }

  #write(bytes: Buffer): void {
    this.#length.writeUInt32LE(bytes.length);
    this.#producer.stage(this.#length, LENGTH_BYTES);
    this.#producer.stage(bytes, bytes.length);
    this.#producer.publish();
  }
}

export interface ListenOptions {
  /** Keep the process (or the worker) alive while listening, which a pending `Atomics.waitAsync` alone does not. */
  readonly keepAlive?: boolean;
  /** Called once when the sender has closed and everything has been delivered. */
  readonly ended?: () => void;
}

/** The receiving end: it takes messages by hand, blocking or not, or is driven by events; not both at a time. */
export class RingReceiver<Message> implements Disposable {
  readonly #consumer: RingConsumer;
  readonly #unpackr = new Unpackr({ useRecords: false, copyBuffers: true });
  readonly #keepingUnpackr = new Unpackr({ useRecords: false });
  readonly #length = Buffer.alloc(LENGTH_BYTES);
  readonly #now: () => number;
  /** Small frames on their way to being unpacked. */
  readonly #bytes = Buffer.allocUnsafeSlow(LARGE_FRAME);
  #closed = false;

  constructor(memory: SharedArrayBuffer, options: RingChannelOptions = {}) {
    this.#consumer = new RingConsumer(memory);
    this.#now = options.now ?? monotonic;
  }

  /** Whether the sender has closed and everything that it sent has been received. */
  get ended(): boolean {
    return this.#consumer.ended;
  }

  /** The next message, or undefined when there is none now. Throws `ERR_ACTOR_RING_CORRUPT`. */
  tryReceive(): Message | undefined {
    if (!this.#consumer.has(LENGTH_BYTES)) {
      return undefined;
    }
    this.#consumer.take(this.#length, LENGTH_BYTES);
    const length = this.#length.readUInt32LE();
    if (!this.#consumer.has(length)) {
      throw new ActorError(
        'ERR_ACTOR_RING_CORRUPT',
        `A frame claims ${length} bytes, more than its ring holds`,
      );
    }
    const isLarge = length > LARGE_FRAME;
    const bytes = isLarge ? Buffer.allocUnsafeSlow(length) : this.#bytes;
    this.#consumer.take(bytes, length);
    this.#consumer.release();
    return isLarge ? this.#keepingUnpackr.unpack(bytes) : this.#unpackr.unpack(bytes, length);
  }

  /**
   * The next message; blocks the thread in `Atomics.wait` until there is one, the sender closes, or `timeoutMs` have
   * passed, and returns undefined in the latter two cases.
   */
  receive(timeoutMs: number): Message | undefined {
    return this.#consumer.waitForBytes(timeoutMs, this.#now) ? this.tryReceive() : undefined;
  }

  /**
   * Calls `listener` for every message, in order, from the event loop. An exception of the listener is an uncaught one;
   * it does not end the listening.
   *
   * @returns a subscription; disposing of it ends the listening and leaves the ring as it is
   */
  listen(listener: (message: Message) => void, options: ListenOptions = {}): Disposable {
    const keepAlive = options.keepAlive ? setInterval(() => undefined, KEEP_ALIVE_MS) : undefined;
    const state = { listening: true };
    const stop = () => {
      state.listening = false;
      clearInterval(keepAlive);
    };
    const turn = () => {
      for (let count = 0; state.listening && !this.#closed; count++) {
        if (count === MESSAGES_PER_TURN) {
          setImmediate(turn);
          return;
        }
        if (!this.#consumer.has(LENGTH_BYTES)) {
          this.#rest(turn, stop, options.ended);
          return;
        }
        this.#deliver(listener);
      }
      clearInterval(keepAlive);
    };
    setImmediate(turn);
    return { [Symbol.dispose]: stop };
  }

  /** The sender's next message is refused. */
  close(): void {
    this.#closed = true;
    this.#consumer.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #deliver(listener: (message: Message) => void): void {
    const message = this.tryReceive() as Message;
    try {
      listener(message);
    } catch (error) {
      setImmediate(() => {
        throw error;
      });
    }
  }

  /** The ring is empty: sleeps until it is not, or tells of its end. */
  #rest(turn: () => void, stop: () => void, ended: (() => void) | undefined): void {
    if (this.#consumer.ended) {
      stop();
      ended?.();
      return;
    }
    const wait = this.#consumer.bytesOrEnd();
    if (wait === undefined) {
      setImmediate(turn);
    } else {
      void wait.then(turn);
    }
  }
}
