/**
 * The lifecycle of every block job (behaviour.md §4.4), and the only place that knows one state of a job from another. Two
 * things happen side by side: the course of the work, and whether it is held. It is asked at every piece and told of every turn,
 * but has no part in moving data.
 */
import { createActor, setup } from 'xstate';
import { JobError } from './job-error.ts';

/**
 * `working` data is still to be moved before anything else is; `ready` destination and source are the same, and stay so;
 * `completing` the drive is to be switched; `ending` the job is to leave off, with whatever result; `over` it has ended;
 * `held` it is paused.
 */
export type JobTag = 'working' | 'ready' | 'completing' | 'ending' | 'over' | 'held';

type LifecycleEvent =
  | { type: 'synced' }
  | { type: 'lost' }
  | { type: 'complete' }
  | { type: 'cancel' }
  | { type: 'ended' }
  | { type: 'failed' }
  | { type: 'pause' }
  | { type: 'resume' };

/** How a job has ended. */
export type JobOutcome = 'completed' | 'cancelled';

const lifecycle = setup({ types: {} as { events: LifecycleEvent; tags: JobTag } }).createMachine({
  id: 'block-job',
  type: 'parallel',
  states: {
    course: {
      initial: 'copying',
      on: { failed: '.completed' },
      states: {
        copying: { tags: 'working', on: { synced: 'ready', cancel: 'cancelling', ended: 'completed' } },
        ready: { tags: 'ready', on: { lost: 'copying', complete: 'completing', cancel: 'concluding' } },
        completing: {
          tags: 'completing',
          on: { lost: 'recovering', cancel: 'concluding', ended: 'completed' },
        },
        // An error came after block-job-complete, which still holds.
        recovering: { tags: 'working', on: { synced: 'completing', cancel: 'cancelling' } },
        // Let go when it was ready: it ends as completed, with the destination a consistent copy.
        concluding: { tags: 'ending', on: { ended: 'completed' } },
        cancelling: { tags: 'ending', on: { ended: 'cancelled' } },
        completed: { tags: 'over', on: { failed: {} } },
        cancelled: { tags: 'over', on: { failed: {} } },
      },
    },
    hold: {
      initial: 'going',
      states: {
        going: { on: { pause: 'held' } },
        held: { tags: 'held', on: { resume: 'going', cancel: 'going' } },
      },
    },
  },
});

export class JobLifecycle {
  readonly #actor = createActor(lifecycle);
  readonly #device: string;
  readonly #turned: () => void;

  /** @param turned called after every turn */
  constructor(device: string, turned: () => void) {
    this.#device = device;
    this.#turned = turned;
    this.#actor.start();
  }

  has(tag: JobTag): boolean {
    return this.#actor.getSnapshot().hasTag(tag);
  }

  /** A cancelled job may still have to make its destination a consistent copy. */
  get concludes(): boolean {
    return this.#course === 'concluding';
  }

  /** Undefined until it is over. */
  get outcome(): JobOutcome | undefined {
    const course = this.#course;
    return course === 'completed' || course === 'cancelled' ? course : undefined;
  }

  pause(): void {
    this.#send('pause');
  }

  resume(): void {
    this.#send('resume');
  }

  /** Un-pauses the job as well. Throws JobError when it is paused, unless forced. */
  cancel(force: boolean): void {
    if (this.has('held') && !force) {
      throw new JobError('ERR_JOB_PAUSED', `The block job for device '${this.#device}' is currently paused`);
    }
    this.#send('cancel');
  }

  /** Throws JobError for a job that is paused or about to end: it cannot be completed, ready or not. */
  checkCompletable(): void {
    if (this.has('held') || this.has('ending') || this.has('over')) throw this.#notCompletable();
  }

  /** Throws JobError when it is not ready. Asking again changes nothing. */
  complete(): void {
    this.checkCompletable();
    if (!this.has('ready') && !this.has('completing')) throw this.#notCompletable();
    this.#send('complete');
  }

  /** Everything is copied. */
  synced(): void {
    this.#send('synced');
  }

  /** An error: source and destination may differ. */
  lost(): void {
    this.#send('lost');
  }

  /** The work has come to its end. */
  ended(): void {
    this.#send('ended');
  }

  /** The work cannot go on. */
  failed(): void {
    this.#send('failed');
  }

  #notCompletable(): JobError {
    return new JobError(
      'ERR_JOB_NOT_COMPLETABLE',
      `The active block job for device '${this.#device}' cannot be completed`,
    );
  }

  get #course(): string {
    return this.#actor.getSnapshot().value.course;
  }

  #send(type: LifecycleEvent['type']): void {
    this.#actor.send({ type });
    this.#turned();
  }
}
