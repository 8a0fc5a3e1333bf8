/** Non-blocking byte streams over raw descriptors: the one read and write path of every character device. */
import { threadDescriptors } from './descriptor-ledger.ts';
import { FdWatcher } from './fd-watcher.ts';
import { EAGAIN, EINTR, type HostError, lastError } from './host-error.ts';
import { errno, libc } from './libc.ts';
import { OutputQueue } from './output-queue.ts';

/** Bytes read at a time at most. */
const READ_BYTES = 64 * 1024;

/** All streams of a thread read into one buffer: a receiver copies what it keeps, and reads never nest. */
let sharedReadBuffer: Uint8Array | undefined;

export interface FdStreamOwner {
  /** How many bytes the owner takes now; 0 stops reading until `resume`. */
  canReceive(): number;
  /** At most `canReceive()` bytes, valid during the call. */
  receive(bytes: Uint8Array): void;
  /** The reading side has come to its end (no error), or either side has failed. Called once. */
  ended(error: HostError | undefined): void;
  /**
   * The kernel said "writable" but took nothing, as it says for ever of a pseudo-terminal that is hung up. An owner
   * for which this can last has to close the stream.
   */
  stalled?(): void;
}

/** read(2) or something like it: how many bytes came (0 at the end), or -1 with `errno`. */
export type ReadCall = (fd: number, buffer: Uint8Array, length: number) => number;

export interface FdStreamOptions {
  /** Absent when there is nothing to read from. */
  readonly readFd?: number;
  /** Absent when there is nothing to write to: what is written vanishes. May be the same as `readFd`. */
  readonly writeFd?: number;
  readonly owner: FdStreamOwner;
  readonly readCall?: ReadCall;
  /** The descriptors stay open when the stream is closed. */
  readonly keepDescriptors?: boolean;
}

export class FdStream {
  readonly #readFd: number | undefined;
  readonly #writeFd: number | undefined;
  readonly #owner: FdStreamOwner;
  readonly #readCall: ReadCall;
  readonly #keepDescriptors: boolean;
  readonly #readWatcher: FdWatcher | undefined;
  readonly #writeWatcher: FdWatcher | undefined;
  readonly #queue = new OutputQueue();
  #drainCallbacks: (() => void)[] = [];
  #reading = false;
  #readEnded = false;
  #writeFailed = false;
  #ended = false;
  #closed = false;

  /** The descriptors must be non-blocking; they belong to the stream and are closed with it unless told otherwise. */
  constructor(options: FdStreamOptions) {
    this.#readFd = options.readFd;
    this.#writeFd = options.writeFd;
    this.#owner = options.owner;
    this.#readCall = options.readCall ?? ((fd, buffer, length) => libc().read(fd, buffer, length));
    this.#keepDescriptors = options.keepDescriptors ?? false;
    const events = { readable: () => this.#onReadable(), writable: () => this.#flush() };
    this.#readWatcher = this.#readFd === undefined ? undefined : new FdWatcher(this.#readFd, events);
    if (this.#writeFd !== undefined) {
      this.#writeWatcher =
        this.#writeFd === this.#readFd ? this.#readWatcher : new FdWatcher(this.#writeFd, events);
    }
  }

  get pendingBytes(): number {
    return this.#queue.length;
  }

  /** Reads again if the owner can receive. */
  resume(): void {
    this.#reading = !this.#readEnded && this.#owner.canReceive() > 0;
    this.#updateInterest();
  }

  /** Writes at once what the kernel takes and queues the rest. */
  write(bytes: Uint8Array): void {
    if (this.#closed || this.#writeFailed || this.#writeFd === undefined) {
      return;
    }
    let rest = bytes;
    while (rest.length > 0 && this.#queue.length === 0) {
      const count = libc().write(this.#writeFd, rest, rest.length);
      if (count >= 0) {
        rest = rest.subarray(count);
      } else if (!this.#mayRetryWrite()) {
        return;
      } else {
        break;
      }
    }
    if (rest.length > 0) {
      this.#queue.push(rest);
      this.#updateInterest();
    }
  }

  whenDrained(callback: () => void): void {
    if (this.#queue.length === 0) {
      callback();
    } else {
      this.#drainCallbacks.push(callback);
    }
  }

  /** Drops what is queued. */
  discardOutput(): void {
    this.#queue.clear();
    this.#updateInterest();
    this.#drained();
  }

  /** Drops what is queued and closes the descriptors. Calls back who waits for the queue to drain. */
  close(): void {
    if (this.#closed) {
      return;
    }
    this.#closed = true;
    this.#readWatcher?.close();
    this.#writeWatcher?.close();
    for (const fd of new Set([this.#readFd, this.#writeFd])) {
      if (fd !== undefined && !this.#keepDescriptors) {
        threadDescriptors().close(fd);
      }
    }
    this.#queue.clear();
    this.#drained();
  }

  #updateInterest(): void {
    const writable = this.#queue.length > 0;
    if (this.#writeWatcher === this.#readWatcher) {
      this.#readWatcher?.watch({ readable: this.#reading, writable });
    } else {
      this.#readWatcher?.watch({ readable: this.#reading, writable: false });
      this.#writeWatcher?.watch({ readable: false, writable });
    }
  }

  #onReadable(): void {
    const wanted = Math.min(this.#owner.canReceive(), READ_BYTES);
    if (this.#readFd === undefined || wanted <= 0) {
      this.resume();
      return;
    }
    sharedReadBuffer ??= new Uint8Array(READ_BYTES);
    const count = this.#readCall(this.#readFd, sharedReadBuffer, wanted);
    if (count > 0) {
      this.#owner.receive(sharedReadBuffer.subarray(0, count));
      if (!this.#closed) {
        this.resume();
      }
      return;
    }
    const cause = count === 0 ? 0 : errno();
    if (cause !== EAGAIN && cause !== EINTR) {
      this.#readEnded = true;
      this.resume();
      this.#end(count === 0 ? undefined : lastError(`read descriptor ${this.#readFd}`));
    }
  }

  #flush(): void {
    const before = this.#queue.length;
    while (this.#queue.length > 0 && this.#writeFd !== undefined) {
      const bytes = this.#queue.peek();
      const count = libc().write(this.#writeFd, bytes, bytes.length);
      if (count < 0) {
        this.#mayRetryWrite();
        break;
      }
      this.#queue.consume(count);
    }
    this.#updateInterest();
    if (this.#queue.length === 0) {
      this.#drained();
    } else if (this.#queue.length === before) {
      this.#owner.stalled?.();
    }
  }

  /**
   * Looks at why a write failed. A failure for good is told from the event loop: the owner may be in the middle of
   * the very write that failed.
   */
  #mayRetryWrite(): boolean {
    const cause = errno();
    if (cause === EAGAIN || cause === EINTR) {
      return true;
    }
    const error = lastError(`write descriptor ${this.#writeFd}`);
    this.#writeFailed = true;
    this.#queue.clear();
    this.#updateInterest();
    setImmediate(() => {
      this.#drained();
      this.#end(error);
    });
    return false;
  }

  #drained(): void {
    const callbacks = this.#drainCallbacks;
    this.#drainCallbacks = [];
    for (const callback of callbacks) {
      callback();
    }
  }

  #end(error: HostError | undefined): void {
    if (!this.#ended && !this.#closed) {
      this.#ended = true;
      this.#owner.ended(error);
    }
  }
}
