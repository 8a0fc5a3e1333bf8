/** What monitors ask the machine about block jobs; the machine's contract takes these in. */
import type { MirrorSync } from '../../block/operations/operation-contract.ts';
import type { JobType, OnError } from '../../blockjobs/job-contract.ts';
import type { JobIoStatus } from '../../blockjobs/job-status.ts';

/** One entry of query-block-jobs. */
export interface JobDescription {
  readonly type: JobType;
  readonly device: string;
  readonly length: number;
  readonly offset: number;
  readonly busy: boolean;
  readonly paused: boolean;
  readonly speed: number;
  readonly ioStatus: JobIoStatus;
}

interface CopyRequest {
  readonly device: string;
  readonly target: string;
  readonly format: string | undefined;
  readonly sync: MirrorSync;
  readonly mode: 'existing' | 'absolute-paths';
  /** Bytes a second; 0 is no limit. */
  readonly speed: number;
  readonly onSourceError: OnError;
  readonly onTargetError: OnError;
}

export interface MirrorRequest extends CopyRequest {
  /** Bytes; 0 lets storage choose. */
  readonly granularity: number;
  /** Bytes; the usual when undefined. */
  readonly bufferBytes: number | undefined;
}

export type BackupRequest = CopyRequest;

interface OfDevice {
  readonly device: string;
}

/** Errors are TroupeErrors with the texts and classes of schema.json. */
export interface JobRequests {
  blockStream(argument: {
    readonly device: string;
    readonly base: string | undefined;
    readonly speed: number;
    readonly onError: OnError;
  }): void;
  blockCommit(argument: {
    readonly device: string;
    readonly top: string;
    readonly base: string | undefined;
    readonly speed: number;
  }): void;
  driveMirror(argument: MirrorRequest): void;
  driveBackup(argument: BackupRequest): void;
  setJobSpeed(argument: OfDevice & { readonly speed: number }): void;
  pauseJob(argument: OfDevice): void;
  resumeJob(argument: OfDevice): void;
  /** Its end follows as an event. */
  cancelJob(argument: OfDevice & { readonly force: boolean }): void;
  completeJob(argument: OfDevice): void;
  /** In the order of their beginning. */
  queryJobs(argument: undefined): readonly JobDescription[];
  /** `commit` of the human monitor: 0, or a positive errno. */
  commitDrive(argument: OfDevice): number;
  /** From the supervisor: the actor that `jobWanted` asked for is there; or why it is not. */
  jobSpawned(argument: { readonly name: string; readonly failure: string | undefined }): void;
}
