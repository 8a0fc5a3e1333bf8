/** A front end whose owner lives on another thread: everything passes as messages, with a window for each direction. */
import type { CharDevice, CharEvent, CharFrontEnd } from './char-device.ts';
import { type CharacterNotice, INPUT_WINDOW_BYTES } from './character-messages.ts';

/** Output is acknowledged at once while no more than this waits for the host: it may be slow, but it must not starve. */
const PROMPT_OUTPUT_BYTES = 65536;

export class RemoteFrontEnd implements CharFrontEnd {
  readonly #port: number;
  readonly #device: CharDevice;
  readonly #send: (notice: CharacterNotice) => void;
  /** Bytes of input sent and not yet consumed. */
  #outstanding = 0;

  constructor(port: number, device: CharDevice, send: (notice: CharacterNotice) => void) {
    this.#port = port;
    this.#device = device;
    this.#send = send;
  }

  /** Throws `ERR_CHARDEV_BUSY` when the device has a front end already. */
  attach(): void {
    this.#device.attach(this);
  }

  detach(): void {
    this.#device.detach(this);
  }

  receive(bytes: Uint8Array): void {
    this.#outstanding += bytes.length;
    this.#send({ kind: 'input', port: this.#port, bytes: Uint8Array.from(bytes) });
  }

  canReceive(): number {
    return Math.max(0, INPUT_WINDOW_BYTES - this.#outstanding);
  }

  event(event: CharEvent): void {
    if (event === 'opened' || event === 'closed' || event === 'break') {
      this.#send({ kind: 'event', port: this.#port, event });
    }
  }

  /** The other thread's device has taken so many bytes. */
  consumed(bytes: number): void {
    const wasFull = this.canReceive() === 0;
    this.#outstanding = Math.max(0, this.#outstanding - bytes);
    if (wasFull && this.canReceive() > 0) {
      this.#device.resume();
    }
  }

  /** The other thread's device has written. */
  output(bytes: Uint8Array): void {
    this.#device.write(bytes);
    const taken = (): void => this.#send({ kind: 'taken', port: this.#port });
    if (this.#device.pendingBytes <= PROMPT_OUTPUT_BYTES) {
      taken();
    } else {
      this.#device.whenDrained(taken);
    }
  }
}
