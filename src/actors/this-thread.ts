/**
 * For actors that keep their thread in a synchronous loop (waiting on a word of shared memory rather than in the event
 * loop): what they must do by themselves that the event loop does for everybody else. These functions are about the
 * worker thread that calls them, so their state is the one global of the runtime; on the main thread they do nothing.
 */
export interface ThreadLoop {
  beat(): void;
  drain(): number;
  wakeThrough(words: Int32Array, index: number): void;
}

let current: ThreadLoop | undefined;

/** For the worker's bootstrap only. */
export function attachThisThread(loop: ThreadLoop): void {
  current = loop;
}

/** Tells the supervisor that this thread is well. Call it at least every quarter of the actor's `heartbeatMs`. */
export function beat(): void {
  current?.beat();
}

/**
 * Delivers synchronously every message that has arrived for the actors of this thread; returns how many. Handlers that
 * answer at once are answered at once; promises continue only when the thread returns to its event loop. So the loop
 * must return when the actor's `context.signal` is aborted, or the actor cannot be stopped in good order.
 */
export function pumpMessages(): number {
  return current?.drain() ?? 0;
}

/**
 * From now on every message to this thread is followed by an atomic increment and a notify of `words[index]`, so that
 * the thread can sleep on it: load the word, pump, and if nothing came wait for it to leave the value loaded, but not for
 * longer than a beat may take.
 */
export function wakeOnMessages(words: Int32Array, index: number): void {
  current?.wakeThrough(words, index);
}
