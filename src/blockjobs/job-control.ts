/**
 * What the work of every job goes through between two pieces: it waits while the job is held, keeps the limit of speed, and
 * learns from its error policies what follows from a failure.
 */
import type { Clock } from '../actors/clock.ts';
import { strerror } from '../host/host-error.ts';
import type { JobConfig, JobErrorAction, JobEvents, JobProgress, OnError } from './job-contract.ts';
import { JobLifecycle } from './job-lifecycle.ts';
import { JobStatus } from './job-status.ts';
import { RateLimit } from './rate-limit.ts';

const ENOSPC = 28;
/** A failure that is ignored is not tried again at once. */
const RETRY_MS = 100;

export type EmitJobEvent = <E extends keyof JobEvents>(event: E, payload: JobEvents[E]) => void;

/** The operation cannot go on; the message is what BLOCK_JOB_COMPLETED says. */
export class JobFailure extends Error {}

export interface FailedPiece {
  readonly outcome: number;
  readonly operation: 'read' | 'write';
  readonly isFinal?: boolean;
}

function actionOf(policy: OnError, outcome: number): JobErrorAction {
  if (policy === 'enospc') return outcome === ENOSPC ? 'stop' : 'report';
  return policy;
}

export class JobControl {
  readonly config: JobConfig;
  readonly lifecycle: JobLifecycle;
  readonly status: JobStatus;
  readonly #clock: Clock;
  readonly #emit: EmitJobEvent;
  readonly #limit = new RateLimit();
  /** Wakes who sleeps: something has changed. */
  #turn = Promise.withResolvers<void>();

  constructor(config: JobConfig, clock: Clock, emit: EmitJobEvent) {
    this.config = config;
    this.#clock = clock;
    this.#emit = emit;
    this.status = new JobStatus(config.status);
    this.lifecycle = new JobLifecycle(config.device, () => this.#turned());
    this.#limit.setSpeed(config.speed);
    this.status.busy = true;
  }

  get progress(): JobProgress {
    const { length, offset, speed } = this.status;
    return { length, offset, speed };
  }

  setSpeed(speed: number): void {
    this.status.speed = speed;
    this.#limit.setSpeed(speed);
    this.#turned();
  }

  resume(): void {
    this.status.ioStatus = 'ok';
    this.lifecycle.resume();
  }

  emit<E extends keyof JobEvents>(event: E, payload: JobEvents[E]): void {
    this.#emit(event, payload);
  }

  /**
   * Waits until the job is not held, and its limit admits a piece.
   * @returns false when it is to leave off instead
   */
  async mayGoOn(): Promise<boolean> {
    for (;;) {
      if (this.lifecycle.has('ending') || this.lifecycle.has('over')) return false;
      const waitMs = this.#limit.waitMs(this.#clock.now());
      if (this.lifecycle.has('held')) await this.sleep(Number.POSITIVE_INFINITY);
      else if (waitMs > 0) await this.sleep(waitMs);
      else return true;
    }
  }

  /** A piece of that length is moved. */
  charge(bytes: number): void {
    this.#limit.charge(bytes, this.#clock.now());
  }

  /** Sleeps for so many ms, or until something changes. */
  async sleep(ms: number): Promise<void> {
    this.status.busy = false;
    const { promise } = this.#turn;
    const timer = Number.isFinite(ms) ? this.#clock.after(ms, () => this.#turned()) : undefined;
    await promise;
    timer?.[Symbol.dispose]();
    this.status.busy = true;
  }

  /**
   * A piece has failed. Resolves when the work may go on: behind the piece if it is to be `ignored`, or with it again.
   * Rejects with JobFailure when the job ends by it.
   */
  async failed({ outcome, operation, isFinal = false }: FailedPiece): Promise<JobErrorAction> {
    const { onSourceError, onTargetError, announcesErrors } = this.config;
    const policy = operation === 'read' ? onSourceError : onTargetError;
    // A job that is to end does not wait for somebody to mend its target.
    const action = isFinal || this.lifecycle.has('ending') ? 'report' : actionOf(policy, outcome);
    this.lifecycle.lost();
    if (action === 'stop') {
      this.lifecycle.pause();
      if (this.status.ioStatus === 'ok') this.status.ioStatus = outcome === ENOSPC ? 'nospace' : 'failed';
    }
    if (announcesErrors) this.#emit('error', { operation, action });
    if (action === 'report') throw new JobFailure(strerror(outcome));
    if (action === 'ignore') await this.sleep(RETRY_MS);
    return action;
  }

  #turned(): void {
    this.status.paused = this.lifecycle.has('held');
    this.#turn.resolve();
    this.#turn = Promise.withResolvers();
  }
}
