/** `pty`: the master of a pseudo-terminal; whoever has the slave open is the peer. */
import type { Clock } from '../../actors/clock.ts';
import { settledWithin } from '../../actors/clock.ts';
import { threadDescriptors } from '../../host/descriptor-ledger.ts';
import { FdStream } from '../../host/fd-stream.ts';
import { isSlaveOpen, openPseudoTerminal } from '../../host/pseudo-terminal.ts';
import { CharDeviceBase } from './char-device-base.ts';
import type { ChardevCreation } from './chardev-environment.ts';
import { FLUSH_DEADLINE_MS } from './fd-char-device.ts';

/**
 * The kernel has no event for "somebody opened the slave", only a level: hung up or not. So it is looked at, often
 * after something has happened and ever more seldom while nothing does.
 */
const SHORTEST_LOOK_MS = 50;
const LONGEST_LOOK_MS = 1000;

export class PtyDevice extends CharDeviceBase {
  /** `/dev/pts/N` */
  readonly slavePath: string;
  readonly #master: number;
  readonly #clock: Clock;
  #stream: FdStream | undefined;
  #timer: Disposable | undefined;
  #lookMs = SHORTEST_LOOK_MS;
  #closed = false;

  /** Throws HostError when the host has no pseudo-terminal to give. */
  constructor(creation: ChardevCreation) {
    const { master, slavePath } = openPseudoTerminal();
    super(creation.label, `pty:${slavePath}`);
    this.slavePath = slavePath;
    this.#master = master;
    this.#clock = creation.environment.clock;
    this.#look();
  }

  override get connected(): boolean {
    return this.#stream !== undefined;
  }

  override get pendingBytes(): number {
    return this.#stream?.pendingBytes ?? 0;
  }

  override resume(): void {
    this.#stream?.resume();
  }

  write(bytes: Uint8Array): void {
    if (this.#stream === undefined) {
      this.#look();
    }
    this.#stream?.write(bytes);
  }

  override whenDrained(callback: () => void): void {
    if (this.#stream === undefined) {
      callback();
    } else {
      this.#stream.whenDrained(callback);
    }
  }

  /** Nobody can be made to close the slave: its present user counts as a new one from the next look on. */
  override disconnect(_reason: string): void {
    if (this.#stream !== undefined) {
      this.#dropStream();
      this.#lookLater();
    }
  }

  override async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.[Symbol.dispose]();
    const stream = this.#stream;
    if (stream === undefined) {
      threadDescriptors().close(this.#master);
      return;
    }
    const drained = new Promise<void>((resolve) => stream.whenDrained(resolve));
    await settledWithin(this.#clock, drained, FLUSH_DEADLINE_MS);
    this.#stream = undefined;
    stream.close();
    threadDescriptors().close(this.#master);
  }

  #look(): void {
    this.#timer?.[Symbol.dispose]();
    if (this.#closed) {
      return;
    }
    if (isSlaveOpen(this.#master)) {
      this.#lookMs = SHORTEST_LOOK_MS;
      this.#open();
    } else {
      this.#lookLater();
    }
  }

  #open(): void {
    const stream = new FdStream({
      readFd: this.#master,
      writeFd: this.#master,
      keepDescriptors: true,
      owner: {
        canReceive: () => this.wanted,
        receive: (bytes) => this.deliver(bytes),
        // EIO: the last one who had the slave open has closed it.
        ended: () => this.#peerGone(),
        stalled: () => {
          if (!isSlaveOpen(this.#master)) {
            this.#peerGone();
          }
        },
      },
    });
    this.#stream = stream;
    this.emit('opened');
    stream.resume();
  }

  #peerGone(): void {
    this.#dropStream();
    this.#look();
  }

  #dropStream(): void {
    this.#stream?.close();
    this.#stream = undefined;
    this.emit('closed');
  }

  #lookLater(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#clock.after(this.#lookMs, () => this.#look(), { background: true });
    this.#lookMs = Math.min(2 * this.#lookMs, LONGEST_LOOK_MS);
  }
}
