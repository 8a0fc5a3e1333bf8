import type { CharDevice, CharFrontEnd } from '../../../src/backends/chardev/char-device.ts';

/** A character device whose host side is the test. What is written is read at once unless the reader is stopped. */
export class FakeCharDevice implements CharDevice {
  readonly label = 'fake0';
  readonly filename = 'fake';
  connected = false;
  isReading = true;
  /** False for a device like a terminal, whose peer cannot be sent away. */
  canDisconnect = true;
  descriptor: number | undefined;
  pendingBytes = 0;
  /** Sizes of the writes since the last `take`. */
  writes: number[] = [];
  disconnects: string[] = [];
  #frontEnd: CharFrontEnd | undefined;
  #pending: Buffer[] = [];
  #read: Buffer[] = [];
  #unsent: Buffer = Buffer.alloc(0);
  readonly #whenDrained: (() => void)[] = [];

  get freeFrontEnds(): number {
    return this.busy ? 0 : 1;
  }

  get busy(): boolean {
    return this.#frontEnd !== undefined;
  }

  /** Bytes that the client has sent and the front end has not taken. */
  get unsentBytes(): number {
    return this.#unsent.length;
  }

  attach(frontEnd: CharFrontEnd): void {
    this.#frontEnd = frontEnd;
  }

  detach(): void {
    this.#frontEnd = undefined;
  }

  resume(): void {
    this.#deliver();
  }

  write(bytes: Uint8Array): void {
    if (this.connected) {
      this.writes.push(bytes.length);
      this.#pending.push(Buffer.from(bytes));
      this.pendingBytes += bytes.length;
      if (this.isReading) {
        this.readOn();
      }
    }
  }

  whenDrained(callback: () => void): void {
    this.#whenDrained.push(callback);
    if (this.#pending.length === 0) {
      this.readOn();
    }
  }

  disconnect(reason: string): void {
    this.disconnects.push(reason);
    if (this.canDisconnect) {
      this.hangUp();
    }
  }

  takeDescriptor(): number | undefined {
    const fd = this.descriptor;
    this.descriptor = undefined;
    return fd;
  }

  async close(): Promise<void> {}

  // What follows is the test's side.

  connect(): void {
    this.connected = true;
    this.#frontEnd?.event('opened');
  }

  hangUp(): void {
    this.connected = false;
    this.#pending = [];
    this.pendingBytes = 0;
    this.#unsent = Buffer.alloc(0);
    this.#frontEnd?.event('closed');
    this.#callDrained();
  }

  /** Sends bytes, in pieces as large as the front end takes them and, when given, of `pieceSize` at most. */
  send(bytes: Uint8Array | string, pieceSize = Number.POSITIVE_INFINITY): void {
    this.#unsent = Buffer.concat([this.#unsent, Buffer.from(bytes as Uint8Array)]);
    this.#deliver(pieceSize);
  }

  /** The client reads all that waits. */
  readOn(): void {
    this.isReading = true;
    this.#read.push(...this.#pending);
    this.#pending = [];
    this.pendingBytes = 0;
    this.#callDrained();
  }

  /** All that the client has read since the last call. */
  take(): string {
    const text = Buffer.concat(this.#read).toString('latin1');
    this.#read = [];
    this.writes = [];
    return text;
  }

  #deliver(pieceSize = Number.POSITIVE_INFINITY): void {
    while (this.#unsent.length > 0 && this.#frontEnd !== undefined) {
      const size = Math.min(this.#frontEnd.canReceive(), pieceSize, this.#unsent.length);
      if (size === 0) {
        return;
      }
      // Lent for the call only: wiped afterwards.
      const piece = Buffer.from(this.#unsent.subarray(0, size));
      this.#unsent = this.#unsent.subarray(size);
      this.#frontEnd.receive(piece);
      piece.fill(0xff);
    }
  }

  #callDrained(): void {
    for (const callback of this.#whenDrained.splice(0)) {
      callback();
    }
  }
}
