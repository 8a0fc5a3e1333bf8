/** The actor of a block job: its lifecycle, and the work that its kind asks for. */
import { type Clock, systemClock } from '../actors/clock.ts';
import type { ActorBehaviour } from '../actors/contract.ts';
import { defineActor } from '../actors/define-actor.ts';
import { DirtyBitmap } from '../block/dirty-bitmap.ts';
import type { StorageContract } from '../block/storage-contract.ts';
import { strerror } from '../host/host-error.ts';
import { STORAGE_REFERENCE } from './actor-names.ts';
import { FollowWork } from './follow-work.ts';
import type { BlockJobContract, JobConfig } from './job-contract.ts';
import { type EmitJobEvent, JobControl, JobFailure } from './job-control.ts';
import { type Storage, workThrough } from './linear-work.ts';

const NO_DEADLINE = { deadlineMs: Number.POSITIVE_INFINITY };

/** What a job takes from where it runs. */
export interface JobSurroundings {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly emit: EmitJobEvent;
  /** Something that no error policy covers. */
  readonly fail: (error: unknown) => void;
}

/** The behaviour of a job that is to begin. */
export function createBlockJob(
  config: JobConfig,
  { storage, clock, emit, fail }: JobSurroundings,
): ActorBehaviour<BlockJobContract> {
  const control = new JobControl(config, clock, emit);
  const { lifecycle, status } = control;
  return {
    asks: {
      start: () => {
        run(control, storage).catch(fail);
      },
      setSpeed: ({ speed }) => control.setSpeed(speed),
      pause: () => lifecycle.pause(),
      resume: () => control.resume(),
      cancel: ({ force }) => lifecycle.cancel(force),
      complete: async () => {
        lifecycle.checkCompletable();
        const { operation, follows } = config.operation;
        if (follows) await storage.ask('preparePivot', { operation }, NO_DEADLINE);
        lifecycle.complete();
      },
      resetIoStatus: () => {
        status.ioStatus = 'ok';
      },
    },
    tells: {},
  };
}

async function run(control: JobControl, storage: Storage): Promise<void> {
  let error: string | undefined;
  try {
    await work(control, storage);
    control.lifecycle.ended();
  } catch (failure) {
    if (!(failure instanceof JobFailure)) throw failure;
    error = failure.message;
    control.lifecycle.failed();
  }
  const { operation } = control.config.operation;
  await storage.ask('endOperation', { operation }, NO_DEADLINE);
  const outcome = control.lifecycle.outcome ?? 'completed';
  control.emit('ended', { ...control.progress, outcome, error });
}

async function work(control: JobControl, storage: Storage): Promise<void> {
  const { operation, follows, bitmap } = control.config.operation;
  if (follows && bitmap !== undefined) {
    await new FollowWork(control, storage, new DirtyBitmap(bitmap)).run();
    return;
  }
  if (control.config.copies) await workThrough(control, storage);
  else while (await control.mayGoOn()) await control.sleep(Number.POSITIVE_INFINITY);
  if (control.lifecycle.has('ending')) return;
  const argument = { operation, pivot: true };
  const { outcome } = await storage.ask('finishOperation', argument, NO_DEADLINE);
  if (outcome !== 0) throw new JobFailure(strerror(outcome));
}

export const blockJobActor = defineActor<BlockJobContract, JobConfig>({
  module: import.meta.url,
  exportName: 'blockJobActor',
  create: (context, config) =>
    createBlockJob(config, {
      storage: context.ref<StorageContract>(STORAGE_REFERENCE),
      clock: systemClock,
      emit: (event, payload) => context.emit(event, payload),
      fail: (error) => context.fail(error),
    }),
});
