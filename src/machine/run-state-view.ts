/**
 * The run-state as a word of shared memory, and beside it whether CPUs run one instruction at a time, so that
 * `query-status` costs no hop to the machine actor.
 *
 * Owner and only writer: the machine actor; the supervisor takes the words over when the machine actor is dead.
 * Readers: any thread. Ordering: sequentially consistent (`Atomics`); the machine stores the new state before it
 * emits the event that announces it and before it answers the request that caused it. Nobody waits on it.
 */

/** All 15 run states; a state's index is what the shared word holds (schema.json, `RunState`). */
export const RUN_STATES = [
  'debug',
  'inmigrate',
  'internal-error',
  'io-error',
  'paused',
  'postmigrate',
  'prelaunch',
  'finish-migrate',
  'restore-vm',
  'running',
  'save-vm',
  'shutdown',
  'suspended',
  'watchdog',
  'guest-panicked',
] as const;

export type RunState = (typeof RUN_STATES)[number];

const STATE_WORD = 0;
const SINGLE_STEP_WORD = 1;
const WORDS = 2;

/** A view on the shared words. */
export class RunStateView {
  readonly #words: Int32Array;

  /** @param buffer from `RunStateView.allocate()` */
  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer);
  }

  static allocate(): SharedArrayBuffer {
    const buffer = new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT);
    new RunStateView(buffer).store('prelaunch');
    return buffer;
  }

  load(): RunState {
    return RUN_STATES[Atomics.load(this.#words, STATE_WORD)] ?? 'internal-error';
  }

  get singleStep(): boolean {
    return Atomics.load(this.#words, SINGLE_STEP_WORD) !== 0;
  }

  set singleStep(on: boolean) {
    Atomics.store(this.#words, SINGLE_STEP_WORD, on ? 1 : 0);
  }

  store(state: RunState): void {
    Atomics.store(this.#words, STATE_WORD, RUN_STATES.indexOf(state));
  }
}
