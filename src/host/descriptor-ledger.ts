/**
 * Which raw descriptors a thread owns. Worker threads share one descriptor table, so the kernel closes nothing when
 * one of them ends: the ledger does. It also makes every leak countable.
 */
import { DescriptorRecord } from './descriptor-record.ts';
import { libc } from './libc.ts';

export class DescriptorLedger {
  readonly #owned = new Set<number>();
  readonly #watchers = new Set<Disposable>();
  readonly #close: (fd: number) => void;
  #record: DescriptorRecord | undefined;

  /** @param close how a descriptor is closed */
  constructor(close: (fd: number) => void) {
    this.#close = close;
  }

  /**
   * Closes what the thread before this one left open, and keeps a copy of the ledger there from now on.
   * @param buffer from `DescriptorRecord.allocate()`
   */
  succeed(buffer: SharedArrayBuffer): void {
    const record = new DescriptorRecord(buffer);
    for (const fd of record.takeLeftovers()) {
      this.#close(fd);
    }
    for (const fd of this.#owned) {
      record.add(fd);
    }
    this.#record = record;
  }

  /** Takes a descriptor over and gives it back, so that it can be written around the call that made it. */
  own(fd: number): number {
    this.#owned.add(fd);
    this.#record?.add(fd);
    return fd;
  }

  /** Gives a descriptor away without closing it. */
  release(fd: number): number {
    this.#owned.delete(fd);
    this.#record?.delete(fd);
    return fd;
  }

  /** Closes a descriptor of this thread; one that is not in the ledger is left alone. */
  close(fd: number): void {
    if (this.#owned.delete(fd)) {
      this.#record?.delete(fd);
      this.#close(fd);
    }
  }

  /** Notes that an event loop polls a descriptor, until `unwatch`. */
  watch(watcher: Disposable): void {
    this.#watchers.add(watcher);
  }

  unwatch(watcher: Disposable): void {
    this.#watchers.delete(watcher);
  }

  /**
   * Closes everything, as the thread ends. Watchers go first: the loop still turns once after the thread's last
   * JavaScript, and libuv aborts the process when it is to poll a descriptor that is closed.
   */
  closeAll(): void {
    for (const watcher of [...this.#watchers]) {
      watcher[Symbol.dispose]();
    }
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
