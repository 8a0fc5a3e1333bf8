/** The descriptors that clients of one monitor have named with `getfd`; they survive a reconnect. */
import { MonitorError } from './monitor-error.ts';

/** Closes a file descriptor; injected so that tests see what is closed. */
export type CloseDescriptor = (fd: number) => void;

export class NamedDescriptors {
  readonly #close: CloseDescriptor;
  readonly #byName = new Map<string, number>();

  constructor(close: CloseDescriptor) {
    this.#close = close;
  }

  /** Gives `fd` a name; a descriptor that had the name is closed. */
  set(name: string, fd: number): void {
    const old = this.#byName.get(name);
    if (old !== undefined) {
      this.#close(old);
    }
    this.#byName.set(name, fd);
  }

  /** Hands the descriptor over: the name is free again. Throws `ERR_MONITOR_FD_UNKNOWN`. */
  take(name: string): number {
    const fd = this.#byName.get(name);
    if (fd === undefined) {
      throw new MonitorError('ERR_MONITOR_FD_UNKNOWN', `File descriptor named '${name}' has not been found`);
    }
    this.#byName.delete(name);
    return fd;
  }

  /** `closefd`. Throws `ERR_MONITOR_FD_UNKNOWN`, in that command's own words. */
  close(name: string): void {
    const fd = this.#byName.get(name);
    if (fd === undefined) {
      throw new MonitorError('ERR_MONITOR_FD_UNKNOWN', `File descriptor named '${name}' not found`);
    }
    this.#byName.delete(name);
    this.#close(fd);
  }

  closeAll(): void {
    for (const fd of this.#byName.values()) {
      this.#close(fd);
    }
    this.#byName.clear();
  }
}
