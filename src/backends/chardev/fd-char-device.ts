/** A character device over descriptors that stay open as long as it does: file, pipe, stdio. */
import { settledWithin } from '../../actors/clock.ts';
import { FdStream } from '../../host/fd-stream.ts';
import { CharDeviceBase } from './char-device-base.ts';
import type { ChardevCreation, ChardevEnvironment } from './chardev-environment.ts';

/** How long `close` waits for queued bytes to be taken. */
export const FLUSH_DEADLINE_MS = 500;

export interface FdPair {
  readonly readFd?: number;
  readonly writeFd?: number;
}

export class FdCharDevice extends CharDeviceBase {
  readonly #stream: FdStream;
  readonly #environment: ChardevEnvironment;
  readonly #fds: readonly number[];

  /** @param fds non-blocking where they can block; they belong to the device from now on */
  constructor(creation: ChardevCreation, fds: FdPair) {
    super(creation.label, creation.filename);
    this.#environment = creation.environment;
    this.#fds = Object.values(fds);
    this.#stream = new FdStream({
      ...fds,
      owner: {
        canReceive: () => this.wanted,
        receive: (bytes) => this.deliver(bytes),
        // The other side may have ended its input and still read what is written.
        ended: () => this.emit('closed'),
      },
    });
  }

  override get pendingBytes(): number {
    return this.#stream.pendingBytes;
  }

  override resume(): void {
    this.#stream.resume();
  }

  write(bytes: Uint8Array): void {
    this.#stream.write(bytes);
  }

  override whenDrained(callback: () => void): void {
    this.#stream.whenDrained(callback);
  }

  /** There is no connection to drop, only what its reader has left unread; the front end starts anew. */
  override disconnect(_reason: string): void {
    this.#stream.discardOutput();
    this.emit('closed');
    this.emit('opened');
  }

  override async close(): Promise<void> {
    await settledWithin(
      this.#environment.clock,
      new Promise<void>((resolve) => this.#stream.whenDrained(resolve)),
      FLUSH_DEADLINE_MS,
    );
    this.#stream.close();
    for (const fd of this.#fds) {
      this.#environment.fdSets?.duplicateClosed(fd);
    }
  }
}
