/** Readiness of one raw descriptor, on the event loop of the calling thread. */
import { O_CLOEXEC } from './descriptor.ts';
import { threadDescriptors } from './descriptor-ledger.ts';
import { libc, type PollHandle, type PollInterest, pollDescriptor } from './libc.ts';

const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
/** `struct epoll_event`: 12 bytes on x86-64, 16 elsewhere. */
const EPOLL_EVENT_BYTES = 16;

export interface FdEvents {
  readable(): void;
  writable(): void;
}

/** Watchers whose descriptors became ready in this iteration of the loop. */
let due: (() => void)[] = [];

/**
 * Runs `dispatch` in the check phase of the same loop iteration. koffi's callback is no place for it: koffi calls back
 * without Node's callback scope, so promises that it settles would wait for the next unrelated event; it keeps an
 * exception pending; and it aborts the process when the thread is ended by force while it calls back.
 */
function dispatchSoon(dispatch: () => void): void {
  if (due.push(dispatch) === 1) {
    setImmediate(() => {
      const dispatches = due;
      due = [];
      for (const each of dispatches) {
        each();
      }
    });
  }
}

let probe: number | undefined;

/** Whether the kernel can tell when `fd` is ready; it cannot for regular files, which always are (epoll_ctl(2)). */
function isPollable(fd: number): boolean {
  probe ??= threadDescriptors().own(libc().epoll_create1(O_CLOEXEC));
  const event = new Uint8Array(EPOLL_EVENT_BYTES);
  if (libc().epoll_ctl(probe, EPOLL_CTL_ADD, fd, event) < 0) {
    return false;
  }
  libc().epoll_ctl(probe, EPOLL_CTL_DEL, fd, event);
  return true;
}

/**
 * Watches a descriptor while somebody wants to read or write it. A descriptor that the kernel cannot poll (a regular
 * file, /dev/null) counts as always ready. The descriptor must outlive the watcher: close the watcher first.
 */
export class FdWatcher implements Disposable {
  readonly #fd: number;
  readonly #events: FdEvents;
  #handle: PollHandle | undefined;
  #alwaysReady: NodeJS.Immediate | undefined;
  #pollable = true;
  #readable = false;
  #writable = false;
  #closed = false;

  constructor(fd: number, events: FdEvents) {
    this.#fd = fd;
    this.#events = events;
  }

  /** Says what is wanted from now on; nothing wanted costs nothing. */
  watch(interest: PollInterest): void {
    if (this.#closed || (interest.readable === this.#readable && interest.writable === this.#writable)) {
      return;
    }
    this.#readable = interest.readable;
    this.#writable = interest.writable;
    if (!this.#pollable) {
      this.#scheduleAlwaysReady();
    } else if (!this.#readable && !this.#writable) {
      this.#handle?.stop();
    } else {
      this.#startPolling();
    }
  }

  close(): void {
    this.#closed = true;
    this.#readable = false;
    this.#writable = false;
    this.#handle?.close();
    this.#handle = undefined;
    clearImmediate(this.#alwaysReady);
    threadDescriptors().unwatch(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #startPolling(): void {
    const interest = { readable: this.#readable, writable: this.#writable };
    const onPoll = (status: number, ready: PollInterest) => {
      // A failed poll is shown to both sides: their next system call names the cause.
      dispatchSoon(() => this.#dispatch(ready.readable || status < 0, ready.writable || status < 0));
    };
    if (this.#handle !== undefined) {
      this.#handle.start(interest, onPoll);
    } else if (isPollable(this.#fd)) {
      this.#handle = pollDescriptor(this.#fd, interest, onPoll);
      threadDescriptors().watch(this);
    } else {
      this.#pollable = false;
      this.#scheduleAlwaysReady();
    }
  }

  #scheduleAlwaysReady(): void {
    clearImmediate(this.#alwaysReady);
    this.#alwaysReady = undefined;
    if (this.#readable || this.#writable) {
      this.#alwaysReady = setImmediate(() => {
        this.#dispatch(true, true);
        this.#scheduleAlwaysReady();
      });
    }
  }

  /** An exception must not keep the other watchers from being told: it is thrown again by itself. */
  #dispatch(readable: boolean, writable: boolean): void {
    try {
      if (writable && this.#writable) {
        this.#events.writable();
      }
      if (readable && this.#readable) {
        this.#events.readable();
      }
    } catch (error) {
      setImmediate(() => {
        throw error;
      });
    }
  }
}
