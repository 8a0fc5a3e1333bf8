import { ActorError } from './actor-error.ts';
import type { DeadlineEntry, DeadlineLane } from './deadlines.ts';
import type { Target } from './target.ts';

/**
 * One ask on its way. It is settled once, by its answer, its deadline, its signal or the death of the actor, and stays
 * counted against its reference until the answer (which may come after the deadline) or the death: a handler that
 * does not answer still holds memory on the other side.
 */
export class PendingAsk implements DeadlineEntry {
  readonly target: Target;
  due = 0;
  lane: DeadlineLane | undefined = undefined;
  previous: DeadlineEntry | undefined = undefined;
  next: DeadlineEntry | undefined = undefined;
  readonly #method: string;
  readonly #released: () => void;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: Error) => void;
  #settled = false;
  #signal: AbortSignal | undefined;
  #onAbort: (() => void) | undefined;

  /** @param released called when the ask no longer counts as outstanding */
  constructor(
    target: Target,
    method: string,
    released: () => void,
    resolve: (value: unknown) => void,
    reject: (error: Error) => void,
  ) {
    this.target = target;
    this.#method = method;
    this.#released = released;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  abortBy(signal: AbortSignal): void {
    this.#signal = signal;
    this.#onAbort = () => this.#fail(abortedError(askText(this.#method, this.target), signal));
    signal.addEventListener('abort', this.#onAbort, { once: true });
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

  expired(afterMs: number): void {
    const what = askText(this.#method, this.target);
    this.#fail(new ActorError('ERR_ACTOR_TIMEOUT', `${what} was not answered within ${afterMs} ms`));
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
    this.lane?.remove(this);
    if (this.#onAbort !== undefined) {
      this.#signal?.removeEventListener('abort', this.#onAbort);
    }
    return true;
  }
}

/** How errors name an ask. */
export function askText(method: string, target: Target): string {
  return `${method} of actor ${target.name}`;
}

export function abortedError(what: string, signal: AbortSignal): ActorError {
  return new ActorError('ERR_ACTOR_ABORTED', `${what} was aborted by its caller`, { cause: signal.reason });
}
