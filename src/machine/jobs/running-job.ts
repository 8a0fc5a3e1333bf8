/** A block job as the machine knows it: its actor, once that is there, and how it stands. */
import type { ActorRef, AskArgument, AskName } from '../../actors/contract.ts';
import type { BlockJobContract, JobConfig, JobEnd } from '../../blockjobs/job-contract.ts';
import { JobStatus } from '../../blockjobs/job-status.ts';
import type { DriveBackend } from '../drives/drive-backend.ts';
import type { JobDescription } from './job-asks.ts';

const NO_DEADLINE = { deadlineMs: Number.POSITIVE_INFINITY };

export class RunningJob {
  /** Of its actor. */
  readonly name: string;
  readonly drive: DriveBackend;
  readonly config: JobConfig;
  readonly status: JobStatus;
  readonly #actor = Promise.withResolvers<ActorRef<BlockJobContract>>();
  readonly #over = Promise.withResolvers<void>();

  constructor(name: string, drive: DriveBackend, config: JobConfig) {
    this.name = name;
    this.drive = drive;
    this.config = config;
    this.status = new JobStatus(config.status);
    this.#actor.promise.catch(() => undefined);
  }

  /** Resolves when the job has left query-block-jobs. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** The actor is there. */
  begin(actor: ActorRef<BlockJobContract>): void {
    actor.ask('start', undefined, NO_DEADLINE).catch(() => undefined);
    this.#actor.resolve(actor);
  }

  /** There is no actor, or none any more. */
  ended(): void {
    this.#actor.reject(new Error('The job is over'));
    this.#over.resolve();
  }

  /** Asks the actor, as soon as it is there. Rejects with what the job says. */
  async ask<M extends AskName<BlockJobContract>>(
    method: M,
    argument: AskArgument<BlockJobContract, M>,
  ): Promise<void> {
    const actor = await this.#actor.promise;
    await actor.ask(method, argument, NO_DEADLINE);
  }

  describe(): JobDescription {
    const { length, offset, busy, paused, speed, ioStatus } = this.status;
    return { type: this.config.type, device: this.drive.id, length, offset, busy, paused, speed, ioStatus };
  }

  /** What BLOCK_JOB_COMPLETED says of a job whose actor has died. */
  endBy(cause: string): JobEnd {
    const { length, offset, speed } = this.status;
    return { length, offset, speed, outcome: 'completed', error: cause };
  }
}
