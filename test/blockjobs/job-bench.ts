/** A job over a drive in this thread: the storage actor's part is called straight, the clock is the test's. */
import type { ActorBehaviour } from '../../src/actors/contract.ts';
import type { OperationAsks, OperationInfo } from '../../src/block/operations/operation-contract.ts';
import { createBlockJob } from '../../src/blockjobs/block-job-actor.ts';
import type {
  BlockJobContract,
  JobConfig,
  JobEnd,
  JobEvents,
  JobProgress,
} from '../../src/blockjobs/job-contract.ts';
import { JobStatus } from '../../src/blockjobs/job-status.ts';
import type { Storage } from '../../src/blockjobs/linear-work.ts';
import { ManualClock } from '../actors/manual-clock.ts';

/** The asks that a job makes of storage. */
export type JobOperations = {
  [Name in keyof OperationAsks]?: (
    argument: Parameters<OperationAsks[Name]>[0],
  ) => Promise<ReturnType<OperationAsks[Name]>>;
};

export interface Announced {
  readonly name: keyof JobEvents;
  readonly payload: JobEvents[keyof JobEvents];
}

/** Lets everything go on that waits for nothing but promises and the thread pool. */
export async function breathe(rounds = 20): Promise<void> {
  for (let round = 0; round < rounds; round++) await new Promise((resolve) => setImmediate(resolve));
}

export class JobBench {
  readonly clock = new ManualClock();
  readonly events: Announced[] = [];
  readonly status: JobStatus;
  readonly job: ActorBehaviour<BlockJobContract>;
  readonly failures: unknown[] = [];
  readonly ended: Promise<JobEnd>;
  readonly #ready = Promise.withResolvers<JobProgress>();

  constructor(operations: JobOperations, operation: OperationInfo, config: Partial<JobConfig> = {}) {
    const status = JobStatus.allocate();
    this.status = new JobStatus(status);
    this.status.length = operation.bytes;
    this.status.speed = config.speed ?? 0;
    const { promise, resolve } = Promise.withResolvers<JobEnd>();
    this.ended = promise;
    this.job = createBlockJob(
      {
        type: 'mirror',
        device: 'd',
        operation,
        speed: 0,
        onSourceError: 'report',
        onTargetError: 'report',
        announcesErrors: true,
        copies: true,
        bufferBytes: 10 * 1024 * 1024,
        status,
        ...config,
      },
      {
        storage: {
          ask: (method: keyof OperationAsks, argument: never) => this.#ask(operations, method, argument),
        } as unknown as Storage,
        clock: this.clock,
        emit: (name, payload) => {
          this.events.push({ name, payload });
          if (name === 'ended') resolve(payload as JobEnd);
          if (name === 'ready') this.#ready.resolve(payload as JobProgress);
        },
        fail: (error) => this.failures.push(error),
      },
    );
    this.job.asks.start(undefined);
  }

  get ready(): Promise<JobProgress> {
    return this.#ready.promise;
  }

  /** Moves the clock in steps until the job has ended, or for `ms` at most. @returns ms that have passed */
  async advance(ms: number, step = 10): Promise<number> {
    let isOver = false;
    this.ended.then(() => {
      isOver = true;
    });
    const start = this.clock.now();
    while (!isOver && this.clock.now() - start < ms) {
      await breathe(4);
      this.clock.advance(step);
    }
    await breathe(4);
    return this.clock.now() - start;
  }

  async #ask(operations: JobOperations, method: keyof OperationAsks, argument: never): Promise<unknown> {
    const ask = operations[method] as ((argument: never) => Promise<unknown>) | undefined;
    return ask === undefined ? undefined : ask(argument);
  }
}

/** Operations that move data at once. */
export function instant(moved: (bytes: number) => void = () => undefined): JobOperations {
  return {
    transfer: async ({ bytes }) => {
      moved(bytes);
      return { outcome: 0, operation: 'read', bytes, moved: bytes, isFinal: false };
    },
    scanOperation: async () => ({ outcome: 0, next: Number.MAX_SAFE_INTEGER }),
    flushOperation: async () => 0,
    settleOperation: async () => ({ outcome: 0, operation: 'read', done: true }),
    finishOperation: async () => ({ outcome: 0, operation: 'read', done: true }),
  };
}
