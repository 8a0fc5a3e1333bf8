/**
 * What one control monitor writes: collected while requests are worked off, handed to the device in one piece, and
 * bounded however slowly the client reads.
 *
 * Replies are bounded by not reading requests: while more than `PENDING_REPLY_LIMIT` bytes wait, the session takes
 * nothing from the connection, which is all that a client without events can notice. Events come unasked. A client for
 * which more than `PENDING_EVENT_LIMIT` bytes wait is disconnected: to a client that has lost some event among others,
 * silently, every conclusion about the machine is wrong, while one that has lost its connection knows it, connects
 * again and asks. Where the peer cannot be disconnected (a terminal), events are left out until it reads.
 */
import type { CharDevice } from '../backends/chardev/char-device.ts';

/** Bytes of replies that may wait for a client before its next request is read. */
export const PENDING_REPLY_LIMIT = 1024 * 1024;
/** Bytes that may wait for a client before events cost it the connection. */
export const PENDING_EVENT_LIMIT = 8 * 1024 * 1024;
/** Collected bytes are handed on from here, even when there are more requests to work off. */
const BATCH_BYTES = 64 * 1024;

export class QmpOutput {
  readonly #device: CharDevice;
  #collected = '';

  constructor(device: CharDevice) {
    this.#device = device;
  }

  /** Whether so much waits that no further request may be worked off. */
  get isCongested(): boolean {
    return this.#device.pendingBytes + this.#collected.length > PENDING_REPLY_LIMIT;
  }

  /** Takes text of pure ASCII. */
  add(text: string): void {
    this.#collected += text;
    if (this.#collected.length >= BATCH_BYTES) {
      this.flush();
    }
  }

  /** As `add`, unless too much waits. Returns false when the text was left out: the client is to be given up. */
  addEvent(text: string): boolean {
    if (this.#device.pendingBytes + this.#collected.length + text.length > PENDING_EVENT_LIMIT) {
      return false;
    }
    this.add(text);
    return true;
  }

  flush(): void {
    if (this.#collected !== '') {
      const bytes = Buffer.from(this.#collected, 'latin1');
      this.#collected = '';
      this.#device.write(bytes);
    }
  }

  /** Forgets what was collected for a client that is gone. */
  discard(): void {
    this.#collected = '';
  }
}
