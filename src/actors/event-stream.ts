import { ActorError } from './actor-error.ts';
import type { Subscription } from './contract.ts';
import { Fifo } from './fifo.ts';

interface Waiter<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(error: Error): void;
}

/** Subscribes with the two callbacks given; how `EventStream` is tied to its source. */
export type Subscribe<T> = (listener: (payload: T) => void, ended: (error?: Error) => void) => Subscription;

/** Events as an async iterator over a bounded buffer. What was kept is always given out before an error or the end. */
export class EventStream<T> implements AsyncIterableIterator<T>, AsyncDisposable {
  readonly #limit: number;
  readonly #what: string;
  readonly #kept = new Fifo<T>();
  readonly #waiters = new Fifo<Waiter<T>>();
  readonly #subscription: Subscription;
  #over = false;
  #error: Error | undefined;

  /** @param what names the stream in errors */
  constructor(subscribe: Subscribe<T>, limit: number, what: string) {
    this.#limit = limit;
    this.#what = what;
    this.#subscription = subscribe(
      (payload) => this.#take(payload),
      (error) => this.#end(error),
    );
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#kept.length > 0) {
      return Promise.resolve({ value: this.#kept.shift() as T, done: false });
    }
    const error = this.#error;
    if (error !== undefined) {
      this.#error = undefined;
      return Promise.reject(error);
    }
    if (this.#over) {
      return Promise.resolve({ value: undefined, done: true });
    }
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#kept.clear();
    this.#subscription.cancel();
    this.#end(undefined);
    this.#error = undefined;
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #take(payload: T): void {
    if (this.#over) {
      return;
    }
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      waiter.resolve({ value: payload, done: false });
    } else if (this.#kept.length < this.#limit) {
      this.#kept.push(payload);
    } else {
      this.#subscription.cancel();
      this.#end(
        new ActorError(
          'ERR_ACTOR_STREAM_OVERFLOW',
          `${this.#what} overflowed: ${this.#limit} events were waiting to be read`,
        ),
      );
    }
  }

  #end(error: Error | undefined): void {
    if (this.#over) {
      return;
    }
    this.#over = true;
    this.#error = error;
    for (let waiter = this.#waiters.shift(); waiter !== undefined; waiter = this.#waiters.shift()) {
      if (this.#error === undefined) {
        waiter.resolve({ value: undefined, done: true });
      } else {
        waiter.reject(this.#error);
        this.#error = undefined;
      }
    }
  }
}
