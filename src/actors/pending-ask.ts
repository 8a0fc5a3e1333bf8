import { ActorError } from './actor-error.ts';
import { type Clock, deadlineAfter } from './clock.ts';
import type { AskOptions } from './contract.ts';

/**
 * One ask on its way. It is settled once, by its answer, its deadline, its signal or the death of the actor, and stays
 * counted against its reference until the answer (which may come after the deadline) or the death: a handler that
 * does not answer still holds memory on the other side.
 */
export class PendingAsk {
  readonly target: number;
  readonly #released: () => void;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: Error) => void;
  #settled = false;
  #timer: Disposable | undefined;
  #signal: AbortSignal | undefined;
  #onAbort: (() => void) | undefined;

  /**
   * @param target number of the actor asked
   * @param released called when the ask no longer counts as outstanding
   */
  constructor(
    target: number,
    released: () => void,
    resolve: (value: unknown) => void,
    reject: (error: Error) => void,
  ) {
    this.target = target;
    this.#released = released;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Starts the deadline and listens to the signal. `what` names the ask in errors. */
  arm(clock: Clock, deadlineMs: number, options: AskOptions | undefined, what: () => string): void {
    this.#timer = deadlineAfter(clock, deadlineMs, () => {
      this.#fail(new ActorError('ERR_ACTOR_TIMEOUT', `${what()} was not answered within ${deadlineMs} ms`));
    });
    const signal = options?.signal;
    if (signal !== undefined) {
      this.#signal = signal;
      this.#onAbort = () => this.#fail(abortedError(what(), signal));
      signal.addEventListener('abort', this.#onAbort, { once: true });
    }
  }

  answered(result: unknown): void {
    this.#released();
    if (this.#settle()) {
      this.#resolve(result);
    }
  }

  rejected(error: Error): void {
    this.#released();
    this.#fail(error);
  }

  #fail(error: Error): void {
    if (this.#settle()) {
      this.#reject(error);
    }
  }

  /** Returns false when the ask has been settled before. */
  #settle(): boolean {
    if (this.#settled) {
      return false;
    }
    this.#settled = true;
    this.#timer?.[Symbol.dispose]();
    if (this.#onAbort !== undefined) {
      this.#signal?.removeEventListener('abort', this.#onAbort);
    }
    return true;
  }
}

export function abortedError(what: string, signal: AbortSignal): ActorError {
  return new ActorError('ERR_ACTOR_ABORTED', `${what} was aborted by its caller`, { cause: signal.reason });
}
