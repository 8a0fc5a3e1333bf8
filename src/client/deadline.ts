/** Ways in which waiting ends early. */
import { type Clock, deadlineAfter } from '../actors/clock.ts';
import { QmpDeadlineError } from './client-error.ts';

export interface WaitOptions {
  /** Milliseconds until waiting ends with QmpDeadlineError; Infinity for no limit. */
  readonly deadlineMs?: number;
  /** Aborting ends the waiting with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Calls `giveUp` once when the deadline passes or the signal aborts; at once when it has aborted already. Disposing
 * of the result calls that off.
 */
export function onGivingUp(
  clock: Clock,
  awaited: string,
  { deadlineMs = Number.POSITIVE_INFINITY, signal }: WaitOptions,
  giveUp: (error: unknown) => void,
): Disposable {
  const timer = deadlineAfter(clock, deadlineMs, () => end(new QmpDeadlineError(awaited, deadlineMs)));
  const aborted = () => end(signal?.reason);
  const release = () => {
    timer?.[Symbol.dispose]();
    signal?.removeEventListener('abort', aborted);
  };
  const end = (error: unknown) => {
    release();
    giveUp(error);
  };
  if (signal?.aborted === true) {
    end(signal.reason);
  } else {
    signal?.addEventListener('abort', aborted, { once: true });
  }
  return { [Symbol.dispose]: release };
}
