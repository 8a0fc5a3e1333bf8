/** The block jobs of a machine: at most one a drive. It begins them, passes requests on, and tells clients what becomes of them. */
import { settledWithin, systemClock } from '../../actors/clock.ts';
import type { ActorRef } from '../../actors/contract.ts';
import { DirtyBitmap } from '../../block/dirty-bitmap.ts';
import type { OperationPlan } from '../../block/operations/operation-contract.ts';
import { blockJobActorName } from '../../blockjobs/actor-names.ts';
import type {
  BlockJobContract,
  JobConfig,
  JobEnd,
  JobProgress,
  JobType,
  OnError,
} from '../../blockjobs/job-contract.ts';
import { JobStatus } from '../../blockjobs/job-status.ts';
import type { DriveBackend } from '../drives/drive-backend.ts';
import type { DriveSet } from '../drives/drive-set.ts';
import type { EmitQmpEvent } from '../run-control.ts';
import type { JobDescription } from './job-asks.ts';
import { invalidParameter, JobRequestError, noJob } from './job-error.ts';
import { RunningJob } from './running-job.ts';

const NO_DEADLINE = { deadlineMs: Number.POSITIVE_INFINITY };
/** An ending machine waits for its jobs for this long. */
const END_DEADLINE_MS = 5_000;

export interface JobHost {
  readonly drives: DriveSet;
  readonly emit: EmitQmpEvent;
  /** An actor of that name is wanted; `spawned` follows. */
  readonly wanted: (name: string, config: JobConfig) => void;
  /** The actor has done its work. */
  readonly dismissed: (name: string) => void;
  /** The actor that has been spawned. */
  readonly actor: (name: string) => Promise<ActorRef<BlockJobContract>>;
}

/** A job as it is asked for. */
export interface NewJob {
  readonly type: JobType;
  readonly plan: OperationPlan;
  readonly speed: number;
  readonly onSourceError: OnError;
  readonly onTargetError: OnError;
  readonly bufferBytes: number;
}

function eventData(job: RunningJob, { length, offset, speed }: JobProgress) {
  return { type: job.config.type, device: job.drive.id, len: length, offset, speed };
}

export class BlockJobs {
  readonly #host: JobHost;
  readonly #jobs = new Map<string, RunningJob>();
  #last = 0;

  constructor(host: JobHost) {
    this.#host = host;
  }

  /** Throws JobRequestError DeviceNotActive. */
  get(device: string): RunningJob {
    const job = this.#jobs.get(device);
    if (job === undefined) throw noJob(device);
    return job;
  }

  describe(): readonly JobDescription[] {
    return [...this.#jobs.values()].map((job) => job.describe());
  }

  /** Begins a job. Rejects with BlockError or JobRequestError with the texts of the commands. */
  async begin(drive: DriveBackend, job: NewJob): Promise<void> {
    const { storage } = this.#host.drives;
    const isTaken = this.#jobs.has(drive.id);
    if (!isTaken && job.speed < 0) throw invalidParameter('speed');
    if (isTaken) throw new JobRequestError('ERR_JOB_BUSY', `Device '${drive.id}' is in use`);
    const operation = await storage.ask('beginOperation', job.plan, NO_DEADLINE);
    const { type, plan, ...rest } = job;
    const status = JobStatus.allocate();
    const running = new RunningJob(blockJobActorName(++this.#last), drive, {
      ...rest,
      type,
      device: drive.id,
      operation,
      announcesErrors: type !== 'commit' || operation.follows,
      copies: plan.kind !== 'backup' || plan.sync !== 'none',
      status,
    });
    running.status.length = operation.bytes;
    running.status.speed = job.speed;
    running.status.busy = true;
    if (operation.follows && operation.bitmap !== undefined)
      drive.tracked = new DirtyBitmap(operation.bitmap);
    this.#jobs.set(drive.id, running);
    this.#host.wanted(running.name, running.config);
  }

  /** A job that ends before it has begun. */
  failAtOnce(drive: DriveBackend, type: JobType, speed: number, error: string): void {
    const data = { type, device: drive.id, len: 0, offset: 0, speed, error };
    this.#host.emit('BLOCK_JOB_COMPLETED', data);
  }

  /** The actor is there, or why it is not. */
  async spawned(name: string, failure: string | undefined): Promise<void> {
    const job = this.#named(name);
    if (job === undefined) return;
    if (failure !== undefined) {
      await this.died(name, failure);
      return;
    }
    const actor = await this.#host.actor(name);
    const { emit } = this.#host;
    actor.subscribe('ready', (progress) => emit('BLOCK_JOB_READY', eventData(job, progress)));
    actor.subscribe('error', ({ operation, action }) =>
      emit('BLOCK_JOB_ERROR', { device: job.drive.id, operation, action }),
    );
    actor.subscribe('ended', (end) => void this.#ended(job, end));
    job.begin(actor);
  }

  /** A job's actor has died: what it drove is given up, and clients are told. Nothing for another actor. */
  async died(name: string, cause: string): Promise<void> {
    const job = this.#named(name);
    if (job === undefined) return;
    const { operation } = job.config.operation;
    await this.#host.drives.storage.ask('endOperation', { operation }, NO_DEADLINE).catch(() => undefined);
    await this.#ended(job, job.endBy(`The block job's actor failed: ${cause}`));
  }

  /** `cont` forgets errors. */
  resetIoStatus(): void {
    for (const job of this.#jobs.values()) job.ask('resetIoStatus', undefined).catch(() => undefined);
  }

  /** Cancels what works on a drive that goes away, or everything at the end of the machine. */
  async cancelAll(drive?: DriveBackend): Promise<void> {
    const jobs = [...this.#jobs.values()].filter((job) => drive === undefined || job.drive === drive);
    const ends = jobs.map(async (job) => {
      job.ask('cancel', { force: true }).catch(() => undefined);
      await job.over;
    });
    await settledWithin(systemClock, Promise.all(ends), END_DEADLINE_MS);
  }

  #named(name: string): RunningJob | undefined {
    return [...this.#jobs.values()].find((job) => job.name === name);
  }

  async #ended(job: RunningJob, end: JobEnd): Promise<void> {
    const { drive } = job;
    const { drives, emit, dismissed } = this.#host;
    const medium = await drives.storage.ask('medium', { drive: drive.id }, NO_DEADLINE).catch(() => null);
    if (this.#jobs.get(drive.id) !== job) return;
    if (medium !== null) drive.imageChanged(medium);
    drive.tracked = undefined;
    const { error, outcome } = end;
    const data = { ...eventData(job, end), ...(error === undefined ? {} : { error }) };
    emit(outcome === 'completed' ? 'BLOCK_JOB_COMPLETED' : 'BLOCK_JOB_CANCELLED', data);
    this.#jobs.delete(drive.id);
    job.ended();
    dismissed(job.name);
  }
}
