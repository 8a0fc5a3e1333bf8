/** The asks of JobRequests: their checks, in the reference's order, and what they mean to storage. */
import type { OnError } from '../../blockjobs/job-contract.ts';
import type { DriveBackend } from '../drives/drive-backend.ts';
import { driveNotFound } from '../drives/drive-error.ts';
import type { DriveSet } from '../drives/drive-set.ts';
import type { BlockJobs } from './block-jobs.ts';
import type { BackupRequest, JobRequests } from './job-asks.ts';
import { invalidParameter, JobRequestError, noJob } from './job-error.ts';

const NO_DEADLINE = { deadlineMs: Number.POSITIVE_INFINITY };
const BUFFER_BYTES = 10 * 1024 * 1024;
const SMALLEST_GRANULARITY = 512;
const LARGEST_GRANULARITY = 64 * 1024 * 1024;
const NO_MEDIUM = 'No medium found';

export type JobCommands = {
  [Name in keyof JobRequests]: (
    argument: Parameters<JobRequests[Name]>[0],
  ) => ReturnType<JobRequests[Name]> | Promise<ReturnType<JobRequests[Name]>>;
};

/** An error can only stop a job whose drive has a status to show that by. */
function checkPolicy(drive: DriveBackend, policy: OnError, name: string): void {
  if ((policy === 'stop' || policy === 'enospc') && drive.ioStatus === undefined)
    throw invalidParameter(name);
}

/** Throws JobRequestError, which names the device (as the reference does). */
function checkGranularity(device: string, granularity: number): void {
  const isPowerOfTwo = Number.isInteger(Math.log2(granularity));
  const fits = granularity >= SMALLEST_GRANULARITY && granularity <= LARGEST_GRANULARITY && isPowerOfTwo;
  if (granularity !== 0 && !fits) throw invalidParameter(device);
}

function checkMedium({ id, medium }: DriveBackend): void {
  if (medium === undefined) {
    throw new JobRequestError('ERR_JOB_MEDIUM', `Device '${id}' has no medium`);
  }
}

function copyPlan({ device, target, format, sync, mode }: BackupRequest) {
  return { drive: device, target, format: format ?? null, sync, exists: mode === 'existing' };
}

/** The asks of JobRequests over the jobs of a machine. */
export function jobCommands(jobs: BlockJobs, drives: DriveSet): JobCommands {
  return {
    blockStream: async ({ device, base, speed, onError }) => {
      const drive = drives.get(device);
      checkPolicy(drive, onError, 'on-error');
      if (drive.medium === undefined) {
        jobs.failAtOnce(drive, 'stream', speed, NO_MEDIUM);
        return;
      }
      await jobs.begin(drive, {
        type: 'stream',
        plan: { kind: 'stream', drive: device, base: base ?? null },
        speed,
        onSourceError: onError,
        onTargetError: onError,
        bufferBytes: 0,
      });
    },
    blockCommit: async ({ device, top, base, speed }) => {
      const drive = drives.get(device);
      if (drive.medium === undefined) {
        throw new JobRequestError('ERR_JOB_IMAGE', `Top image file ${top} not found`);
      }
      await jobs.begin(drive, {
        type: 'commit',
        plan: { kind: 'commit', drive: device, top, base: base ?? null },
        speed,
        onSourceError: 'report',
        onTargetError: 'report',
        bufferBytes: BUFFER_BYTES,
      });
    },
    driveMirror: async (request) => {
      const { device, granularity, bufferBytes, speed, onSourceError, onTargetError } = request;
      checkGranularity(device, granularity);
      const drive = drives.get(device);
      checkMedium(drive);
      checkPolicy(drive, onSourceError, 'on-source-error');
      const plan = { kind: 'mirror', ...copyPlan(request), granularity } as const;
      await jobs.begin(drive, {
        ...{ type: 'mirror', plan, speed, onSourceError, onTargetError },
        bufferBytes: bufferBytes ?? BUFFER_BYTES,
      });
    },
    driveBackup: async (request) => {
      const { device, speed, onSourceError, onTargetError } = request;
      const drive = drives.get(device);
      checkMedium(drive);
      checkPolicy(drive, onSourceError, 'on-source-error');
      const plan = { kind: 'backup', ...copyPlan(request) } as const;
      await jobs.begin(drive, { type: 'backup', plan, speed, onSourceError, onTargetError, bufferBytes: 0 });
    },
    setJobSpeed: async ({ device, speed }) => {
      const job = jobs.get(device);
      if (speed < 0) throw invalidParameter('speed');
      await job.ask('setSpeed', { speed });
    },
    pauseJob: ({ device }) => jobs.get(device).ask('pause', undefined),
    resumeJob: ({ device }) => jobs.get(device).ask('resume', undefined),
    cancelJob: ({ device, force }) => jobs.get(device).ask('cancel', { force }),
    completeJob: ({ device }) => jobs.get(device).ask('complete', undefined),
    queryJobs: () => jobs.describe(),
    commitDrive: ({ device }) =>
      drives.storage.ask('commitDrive', { drive: drives.get(device).id }, NO_DEADLINE),
    jobSpawned: ({ name, failure }) => jobs.spawned(name, failure),
  };
}

function noDrive({ device }: { readonly device: string }): never {
  throw driveNotFound(device);
}

function notActive({ device }: { readonly device: string }): never {
  throw noJob(device);
}

/** The same of a machine without drives. */
export const NO_JOBS: JobCommands = {
  blockStream: noDrive,
  blockCommit: noDrive,
  driveMirror: noDrive,
  driveBackup: noDrive,
  setJobSpeed: notActive,
  pauseJob: notActive,
  resumeJob: notActive,
  cancelJob: notActive,
  completeJob: notActive,
  queryJobs: () => [],
  commitDrive: noDrive,
  jobSpawned: () => undefined,
};
