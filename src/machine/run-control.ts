/**
 * Stopping and starting the machine: the order in which its parts learn of it, and the STOP and RESUME that tell the
 * clients.
 */
import type { QmpJson } from '../qapi/json-value.ts';
import type { RunStateMachine } from './run-state.ts';
import type { RunState } from './run-state-view.ts';

/** Announces a QMP event; `data` as in schema.json. */
export type EmitQmpEvent = (name: string, data?: QmpJson) => void;

/**
 * What a listener is, and so when it is told. Stopping: clocks, vCPUs, then the state changes, then devices, storage.
 * Starting: the state changes, then clocks, storage, devices, and vCPUs last.
 */
export type RunStateRole = 'clock' | 'vcpu' | 'device' | 'storage';

/** A part of the machine that has to know whether the guest runs. */
export interface RunStateListener {
  readonly role: RunStateRole;
  /** The guest goes on: clocks tick, vCPUs run, devices may touch the guest. */
  started(): void | Promise<void>;
  /**
   * The guest stands still. Resolves when that is true: a vCPU has left its loop; storage has finished and flushed
   * every request.
   */
  stopped(): void | Promise<void>;
}

const STOPPED_BEFORE_STATE: readonly RunStateRole[] = ['clock', 'vcpu'];
const STOPPED_AFTER_STATE: readonly RunStateRole[] = ['device', 'storage'];
const STARTED: readonly RunStateRole[] = ['clock', 'storage', 'device', 'vcpu'];

/** Stops and starts one machine. Its methods must not overlap: the machine runs them one at a time. */
export class RunControl {
  readonly #lifecycle: RunStateMachine;
  readonly #emit: EmitQmpEvent;
  readonly #listeners: RunStateListener[] = [];

  constructor(lifecycle: RunStateMachine, emit: EmitQmpEvent) {
    this.#lifecycle = lifecycle;
    this.#emit = emit;
  }

  /** Listeners of one role are told in the order in which they were added. */
  addListener(listener: RunStateListener): void {
    this.#listeners.push(listener);
  }

  /**
   * Stops a running machine and emits STOP. In every other state a stop request, whatever its cause, is nothing.
   * @param state what it becomes: paused, debug, io-error, shutdown…
   * @throws RunStateError when a running machine cannot become `state`
   */
  async stop(state: RunState): Promise<void> {
    if (!this.#lifecycle.has('executing')) {
      return;
    }
    await this.#tellStopped(STOPPED_BEFORE_STATE);
    if (!this.#lifecycle.has('executing')) {
      // An actor died meanwhile: internal-error stands, and `stopSurvivors` does the rest.
      return;
    }
    this.#lifecycle.enter(state);
    try {
      await this.#tellStopped(STOPPED_AFTER_STATE);
    } finally {
      this.#emit('STOP');
    }
  }

  /**
   * Sets the machine going and emits RESUME. From running it is nothing.
   * @throws RunStateError when the present state does not lead to running
   */
  async start(): Promise<void> {
    if (this.#lifecycle.has('executing')) {
      return;
    }
    this.#lifecycle.enter('running');
    await this.#tellStarted(STARTED);
    if (this.#lifecycle.has('executing')) {
      this.#emit('RESUME');
    }
  }

  /**
   * Brings the machine to `state` whether it runs (with STOP) or not (without).
   * @throws RunStateError when the table does not allow it
   */
  async force(state: RunState): Promise<void> {
    if (this.#lifecycle.has('executing')) {
      await this.stop(state);
    } else {
      this.#lifecycle.enter(state);
    }
  }

  /**
   * Does `work` on a machine that stands still, and lets it run again if it ran before.
   * @param afterFailure whether it also runs again when `work` rejects
   */
  async whileStopped<T>(
    state: RunState,
    work: () => T | Promise<T>,
    afterFailure: 'resume' | 'stay',
  ): Promise<T> {
    const ran = this.#lifecycle.has('executing');
    await this.stop(state);
    let resume = ran && afterFailure === 'resume';
    try {
      const result = await work();
      resume = ran;
      return result;
    } finally {
      if (resume && this.#lifecycle.can('running')) {
        await this.start();
      }
    }
  }

  /** Halts the vCPUs for a moment, without the machine being stopped: a reset, a suspend. */
  async pauseCpus(): Promise<void> {
    await this.#tellStopped(['vcpu']);
  }

  /** Lets the vCPUs go on after `pauseCpus`, if the machine runs. */
  async resumeCpus(): Promise<void> {
    if (this.#lifecycle.has('executing')) {
      await this.#tellStarted(['vcpu']);
    }
  }

  /**
   * Stops what can still be stopped after an actor's death. The state is internal-error already; the dead actor's
   * own listener will fail, which says nothing new.
   */
  async stopSurvivors(): Promise<void> {
    const all = [...STOPPED_BEFORE_STATE, ...STOPPED_AFTER_STATE].flatMap((role) => this.#withRole(role));
    await Promise.allSettled(all.map(async (listener) => listener.stopped()));
    this.#emit('STOP');
  }

  async #tellStopped(roles: readonly RunStateRole[]): Promise<void> {
    for (const role of roles) {
      await Promise.all(this.#withRole(role).map(async (listener) => listener.stopped()));
    }
  }

  async #tellStarted(roles: readonly RunStateRole[]): Promise<void> {
    for (const role of roles) {
      await Promise.all(this.#withRole(role).map(async (listener) => listener.started()));
    }
  }

  #withRole(role: RunStateRole): RunStateListener[] {
    return this.#listeners.filter((listener) => listener.role === role);
  }
}
