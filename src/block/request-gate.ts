/**
 * Which requests of one drive may be under way together. Transfers may, in any number. Something that needs the drive to
 * itself (a resize, another medium, closing it) waits until all of them have ended, and those that come meanwhile wait for it.
 */
export class RequestGate {
  #shared = 0;
  #exclusive: Promise<unknown> | undefined;
  #idle: (() => void)[] = [];

  /** Requests that are under way. */
  get inFlight(): number {
    return this.#shared;
  }

  /** Runs a request beside others. */
  async share<T>(work: () => Promise<T>): Promise<T> {
    while (this.#exclusive !== undefined) {
      await this.#exclusive;
    }
    this.#shared += 1;
    try {
      return await work();
    } finally {
      this.#shared -= 1;
      if (this.#shared === 0) {
        const waiting = this.#idle;
        this.#idle = [];
        for (const resolve of waiting) resolve();
      }
    }
  }

  /** Runs `work` alone. Calls are served in the order of their coming. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    while (this.#exclusive !== undefined) {
      await this.#exclusive;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#exclusive = promise;
    try {
      await this.settled();
      return await work();
    } finally {
      this.#exclusive = undefined;
      resolve();
    }
  }

  /** Resolves when nothing is under way. */
  settled(): Promise<void> {
    if (this.#shared === 0) {
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#idle.push(resolve));
  }
}
