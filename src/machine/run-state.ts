/**
 * The run-state lifecycle: 15 states, exactly the transitions of the reference, and what each state means to the
 * rest of the machine (its tags). This chart is the only place that knows one state from another; everything else
 * asks for a tag or tries a transition.
 */
import { createActor, setup } from 'xstate';

import { TroupeError } from '../errors/troupe-error.ts';
import type { RunState, RunStateView } from './run-state-view.ts';

export type RunStateErrorCode = 'ERR_RUN_STATE_TRANSITION' | 'ERR_RUN_STATE_NEEDS_RESET';

/** A request that the present run-state does not allow. */
export class RunStateError extends TroupeError {
  override readonly name: string = 'RunStateError';
  declare readonly code: RunStateErrorCode;

  constructor(code: RunStateErrorCode, message: string) {
    super(code, message);
  }
}

/**
 * What a state means:
 * `executing` the guest runs, and only from here does stopping have an effect;
 * `asleep` the guest is in ACPI S3 and waits for a wake-up, not for `cont`;
 * `incoming` the machine waits for a migration stream, and stop and cont only say what follows it;
 * `needs-reset` the guest cannot go on from where it is.
 */
export type RunStateTag = 'executing' | 'asleep' | 'incoming' | 'needs-reset';

type LifecycleEvent = { type: `enter.${RunState}` } | { type: 'actor.died' };

type Transitions = { [E in `enter.${RunState}`]?: RunState };

/** The transitions of a state from which these states, and no others, can be entered. */
function to(...targets: readonly RunState[]): Transitions {
  return Object.fromEntries(targets.map((target) => [`enter.${target}`, target]));
}

const lifecycle = setup({
  types: {} as { events: LifecycleEvent; tags: RunStateTag },
}).createMachine({
  id: 'run-state',
  initial: 'prelaunch',
  // A rule of our own, outside the reference's table: there the whole process would have died. Here the machine has
  // lost one of its actors, whatever it was doing, and stays to say so.
  on: { 'actor.died': '.internal-error' },
  states: {
    prelaunch: { on: to('running', 'finish-migrate', 'inmigrate') },
    inmigrate: { tags: 'incoming', on: to('running', 'paused') },
    running: {
      tags: 'executing',
      on: to(
        'debug',
        'internal-error',
        'io-error',
        'paused',
        'finish-migrate',
        'restore-vm',
        'save-vm',
        'shutdown',
        'watchdog',
        'guest-panicked',
        'suspended',
      ),
    },
    paused: { on: to('running', 'finish-migrate') },
    debug: { on: to('running', 'suspended') },
    'io-error': { on: to('running', 'finish-migrate') },
    watchdog: { on: to('running', 'finish-migrate') },
    'internal-error': { tags: 'needs-reset', on: to('paused', 'finish-migrate') },
    shutdown: { tags: 'needs-reset', on: to('paused', 'finish-migrate') },
    'guest-panicked': { tags: 'needs-reset', on: to('paused', 'finish-migrate') },
    suspended: { tags: 'asleep', on: to('running', 'finish-migrate') },
    'save-vm': { on: to('running') },
    'restore-vm': { on: to('running') },
    'finish-migrate': { on: to('running', 'postmigrate') },
    postmigrate: { on: to('running', 'finish-migrate') },
  },
});

export interface RunStateMachineOptions {
  /** The shared word; written before `onTransition` is called. */
  readonly view: RunStateView;
  readonly onTransition: (from: RunState, to: RunState) => void;
}

/** One virtual machine's run-state. Begins in prelaunch. */
export class RunStateMachine {
  readonly #actor = createActor(lifecycle);
  readonly #view: RunStateView;
  readonly #onTransition: (from: RunState, to: RunState) => void;

  constructor(options: RunStateMachineOptions) {
    this.#view = options.view;
    this.#onTransition = options.onTransition;
    this.#actor.start();
    this.#view.store(this.current);
  }

  get current(): RunState {
    return this.#actor.getSnapshot().value;
  }

  has(tag: RunStateTag): boolean {
    return this.#actor.getSnapshot().hasTag(tag);
  }

  /** Whether the table allows `to` as the next state. */
  can(to: RunState): boolean {
    return this.#actor.getSnapshot().can({ type: `enter.${to}` });
  }

  /**
   * Takes one transition of the table.
   * @throws RunStateError `ERR_RUN_STATE_TRANSITION` where the reference would have aborted; the state is unchanged
   */
  enter(to: RunState): void {
    if (!this.can(to)) {
      throw new RunStateError(
        'ERR_RUN_STATE_TRANSITION',
        `Run-state cannot change from '${this.current}' to '${to}'`,
      );
    }
    this.#send({ type: `enter.${to}` });
  }

  /** Any state becomes internal-error: an actor of the machine is gone. */
  actorDied(): void {
    this.#send({ type: 'actor.died' });
  }

  #send(event: LifecycleEvent): void {
    const from = this.current;
    this.#actor.send(event);
    if (this.current !== from) {
      this.#view.store(this.current);
      this.#onTransition(from, this.current);
    }
  }
}
