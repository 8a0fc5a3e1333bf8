/** Events as an async iterator that keeps what arrives between two reads, up to a limit. */
import { QmpEventOverflowError } from './client-error.ts';

interface Reader<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(error: unknown): void;
}

/** Collects from its creation. One reader at a time is usual; several take turns. */
export class EventQueue<T> implements AsyncIterableIterator<T>, AsyncDisposable {
  readonly #limit: number;
  readonly #onEnd: (queue: EventQueue<T>) => void;
  readonly #kept: T[] = [];
  readonly #readers: Reader<T>[] = [];
  #ended = false;
  #failure: { readonly error: unknown } | undefined;

  /**
   * @param limit how many unread events are kept
   * @param onEnd called once when the queue takes no more
   */
  constructor(limit: number, onEnd: (queue: EventQueue<T>) => void) {
    this.#limit = limit;
    this.#onEnd = onEnd;
  }

  push(event: T): void {
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader.resolve({ value: event, done: false });
    } else if (this.#kept.length < this.#limit) {
      this.#kept.push(event);
    } else {
      this.end(new QmpEventOverflowError(this.#limit));
    }
  }

  /** Takes no more. Readers get what is kept, then `error` once if there is one, then the end. */
  end(error?: unknown): void {
    if (this.#ended) {
      return;
    }
    this.#ended = true;
    this.#onEnd(this);
    const [first, ...rest] = this.#readers.splice(0);
    if (error !== undefined && first === undefined) {
      this.#failure = { error };
    } else if (error !== undefined) {
      first?.reject(error);
    } else {
      first?.resolve({ value: undefined, done: true });
    }
    for (const reader of rest) {
      reader.resolve({ value: undefined, done: true });
    }
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    const value = this.#kept.shift();
    if (value !== undefined) {
      return { value, done: false };
    }
    if (this.#failure !== undefined) {
      const { error } = this.#failure;
      this.#failure = undefined;
      throw error;
    }
    if (this.#ended) {
      return { value: undefined, done: true };
    }
    return new Promise((resolve, reject) => {
      this.#readers.push({ resolve, reject });
    });
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#kept.length = 0;
    this.end();
    this.#failure = undefined;
    return { value: undefined, done: true };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
