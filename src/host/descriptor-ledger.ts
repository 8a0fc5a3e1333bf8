/**
 * Which raw descriptors a thread owns. Worker threads share one descriptor table, so the kernel closes nothing when
 * one of them ends: the ledger does. It also makes every leak countable.
 */
import { libc } from './libc.ts';

export class DescriptorLedger {
  readonly #owned = new Set<number>();
  readonly #close: (fd: number) => void;

  /** @param close how a descriptor is closed */
  constructor(close: (fd: number) => void) {
    this.#close = close;
  }

  /** Takes a descriptor over and gives it back, so that it can be written around the call that made it. */
  own(fd: number): number {
    this.#owned.add(fd);
    return fd;
  }

  /** Gives a descriptor away without closing it. */
  release(fd: number): number {
    this.#owned.delete(fd);
    return fd;
  }

  /** Closes a descriptor of this thread; one that is not in the ledger is left alone. */
  close(fd: number): void {
    if (this.#owned.delete(fd)) {
      this.#close(fd);
    }
  }

  /** Closes everything, as the thread ends. */
  closeAll(): void {
    for (const fd of [...this.#owned]) {
      this.close(fd);
    }
  }

  has(fd: number): boolean {
    return this.#owned.has(fd);
  }

  get size(): number {
    return this.#owned.size;
  }
}

let ofThisThread: DescriptorLedger | undefined;

/** The ledger of the calling thread. It empties itself when the thread exits in an orderly way. */
export function threadDescriptors(): DescriptorLedger {
  if (ofThisThread === undefined) {
    const ledger = new DescriptorLedger((fd) => libc().close(fd));
    process.once('exit', () => ledger.closeAll());
    ofThisThread = ledger;
  }
  return ofThisThread;
}
