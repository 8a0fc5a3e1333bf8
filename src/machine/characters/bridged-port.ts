/** A device's end of a character device on another thread. */
import {
  type CharacterClaim,
  type CharacterNotice,
  type CharacterRequest,
  INPUT_WINDOW_BYTES,
} from '../../backends/chardev/character-messages.ts';
import type { CharacterPort } from '../../devices/character-port.ts';

/** Bytes of output kept before a device is asked to hold the guest back. */
export const OUTPUT_LIMIT_BYTES = 65536;
const FIRST_BUFFER_BYTES = 256;
/** Consumed input is announced when this much has come together, or when there is no more. */
const CONSUMED_BATCH_BYTES = INPUT_WINDOW_BYTES / 4;

export interface BridgedPortOptions {
  readonly claim: CharacterClaim;
  readonly send: (request: CharacterRequest) => void;
  readonly released: () => void;
}

/**
 * One batch of output is on its way at any time: the first byte after a pause leaves at once, and what comes until the host
 * has taken it leaves together. So a lone byte is quick, and a flood costs few messages.
 */
export class BridgedPort implements CharacterPort {
  readonly claim: CharacterClaim;
  readonly #options: BridgedPortOptions;
  #pending = new Uint8Array(FIRST_BUFFER_BYTES);
  #pendingLength = 0;
  #inFlight = 0;
  #wasFull = false;
  #isConnected = false;
  #input: Uint8Array = new Uint8Array(0);
  #consumed = 0;
  #delivering = false;
  #onWritable: () => void = () => undefined;
  #receive: (bytes: Uint8Array) => void = () => undefined;
  #capacity: () => number = () => 0;
  #onEvent: (event: 'opened' | 'closed' | 'break') => void = () => undefined;

  constructor(options: BridgedPortOptions) {
    this.#options = options;
    this.claim = options.claim;
  }

  get connected(): boolean {
    return this.#isConnected;
  }

  get writable(): number {
    const room = Math.max(0, OUTPUT_LIMIT_BYTES - this.#pendingLength - this.#inFlight);
    this.#wasFull ||= room === 0;
    return room;
  }

  write(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#pending.set(bytes, this.#pendingLength);
    this.#pendingLength += bytes.length;
    if (this.#inFlight === 0) {
      this.#sendPending();
    }
  }

  onWritable(callback: () => void): void {
    this.#onWritable = callback;
  }

  onReceive(receive: (bytes: Uint8Array) => void, capacity: () => number): void {
    this.#receive = receive;
    this.#capacity = capacity;
    this.resume();
  }

  onEvent(event: (event: 'opened' | 'closed' | 'break') => void): void {
    this.#onEvent = event;
  }

  /** A device may call this from within `receive`: it is noticed there. */
  resume(): void {
    if (this.#delivering) {
      return;
    }
    this.#delivering = true;
    while (this.#input.length > 0) {
      const count = Math.min(this.#capacity(), this.#input.length);
      if (count <= 0) {
        break;
      }
      const bytes = this.#input.subarray(0, count);
      this.#input = this.#input.subarray(count);
      this.#consumed += count;
      this.#receive(bytes);
    }
    this.#delivering = false;
    this.#announceConsumed();
  }

  release(): void {
    this.flush();
    this.#options.released();
  }

  receive(notice: Exclude<CharacterNotice, { kind: 'available' }>): void {
    switch (notice.kind) {
      case 'input':
        this.#input = this.#input.length === 0 ? notice.bytes : Buffer.concat([this.#input, notice.bytes]);
        this.resume();
        break;
      case 'event':
        this.#isConnected = notice.event === 'break' ? this.#isConnected : notice.event === 'opened';
        this.#onEvent(notice.event);
        break;
      case 'taken':
        this.#inFlight = 0;
        this.#sendPending();
        this.#announceRoom();
        break;
    }
  }

  /** Sends everything, what the device itself has held back included. */
  flush(): void {
    this.#sendPending();
    this.#inFlight = 0;
    this.#announceRoom();
    this.#sendPending();
  }

  /** Nobody will acknowledge what is in flight, nor tell of the peer: the other end begins anew. */
  restart(): void {
    this.#inFlight = 0;
    this.#consumed = 0;
    this.#input = new Uint8Array(0);
    this.#sendPending();
    this.#announceRoom();
  }

  #sendPending(): void {
    if (this.#pendingLength === 0) {
      return;
    }
    const bytes = this.#pending.slice(0, this.#pendingLength);
    this.#inFlight += this.#pendingLength;
    this.#pendingLength = 0;
    this.#options.send({ kind: 'output', port: this.claim.port, bytes });
  }

  #announceRoom(): void {
    if (this.#wasFull && this.#inFlight + this.#pendingLength < OUTPUT_LIMIT_BYTES) {
      this.#wasFull = false;
      this.#onWritable();
    }
  }

  #announceConsumed(): void {
    if (this.#consumed >= CONSUMED_BATCH_BYTES || (this.#consumed > 0 && this.#input.length === 0)) {
      this.#options.send({ kind: 'consumed', port: this.claim.port, bytes: this.#consumed });
      this.#consumed = 0;
    }
  }

  #reserve(bytes: number): void {
    const needed = this.#pendingLength + bytes;
    if (needed > this.#pending.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#pending.length));
      larger.set(this.#pending.subarray(0, this.#pendingLength));
      this.#pending = larger;
    }
  }
}
