/** A block job: an actor that drives one long operation of the storage actor, from its beginning to its end. */
import type { OperationInfo } from '../block/operations/operation-contract.ts';

export type JobType = 'stream' | 'commit' | 'mirror' | 'backup';
/** schema.json, BlockdevOnError. */
export type OnError = 'report' | 'ignore' | 'enospc' | 'stop';
export type JobErrorAction = 'report' | 'ignore' | 'stop';

export interface JobConfig {
  readonly type: JobType;
  /** The drive that it works on. */
  readonly device: string;
  /** What storage has begun for it. */
  readonly operation: OperationInfo;
  /** Bytes a second; 0 is no limit. */
  readonly speed: number;
  readonly onSourceError: OnError;
  readonly onTargetError: OnError;
  /** Whether failures are announced by BLOCK_JOB_ERROR. */
  readonly announcesErrors: boolean;
  /** Whether it copies by itself; else only what the guest overwrites is put aside, until the job is cancelled. */
  readonly copies: boolean;
  /** Bytes that it may have under way at a time. */
  readonly bufferBytes: number;
  /** `JobStatus.allocate()` */
  readonly status: SharedArrayBuffer;
}

/** Progress as the events show it. */
export interface JobProgress {
  readonly length: number;
  readonly offset: number;
  readonly speed: number;
}

export interface JobEnd extends JobProgress {
  /** Ended by itself, with or without an error, or let go when it was ready; else cancelled. */
  readonly outcome: 'completed' | 'cancelled';
  /** strerror's text, or one line for people. */
  readonly error: string | undefined;
}

export interface JobAsks {
  /** Begins the work: who asks has subscribed to what the job announces. Once. */
  start(argument: undefined): void;
  /** Bytes a second; 0 is no limit. */
  setSpeed(argument: { readonly speed: number }): void;
  pause(argument: undefined): void;
  /** Forgets the error that it was paused for. */
  resume(argument: undefined): void;
  /** Rejects with JobError when it is paused, unless forced. Its end follows as an event. */
  cancel(argument: { readonly force: boolean }): void;
  /** Rejects with JobError when it is not ready, BlockError when the target's backing file cannot be opened. */
  complete(argument: undefined): void;
  /** `cont` forgets errors of drives and of their jobs. */
  resetIoStatus(argument: undefined): void;
}

export interface JobEvents {
  /** Source and destination are the same, and stay so. */
  ready: JobProgress;
  error: { readonly operation: 'read' | 'write'; readonly action: JobErrorAction };
  /** The operation is over and the drive free. */
  ended: JobEnd;
}

export interface BlockJobContract {
  asks: JobAsks;
  // biome-ignore lint/complexity/noBannedTypes: an empty set of tells
  tells: {};
  events: JobEvents;
}
