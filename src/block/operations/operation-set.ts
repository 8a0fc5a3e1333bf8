/** The long operations that are under way on a storage actor's drives, and how they are asked for. */
import { BlockError } from '../block-error.ts';
import type { Drive } from '../drive.ts';
import { beginActiveCommit } from './active-commit.ts';
import { BackupOperation } from './backup-operation.ts';
import { CommitOperation, findImages } from './commit-operation.ts';
import type { GraphOperation } from './graph-operation.ts';
import { beginMirror } from './mirror-operation.ts';
import type {
  FinishResult,
  OperationAsks,
  OperationInfo,
  OperationPlan,
  ScanResult,
  TransferResult,
} from './operation-contract.ts';
import { StreamOperation } from './stream-operation.ts';
import { asFailure, failureOf } from './transfer.ts';

interface Held {
  readonly drive: Drive;
  readonly operation: GraphOperation;
  /** Gives the drive back. */
  readonly free: () => void;
  /** Its end, once that has begun. */
  ending: Promise<unknown> | undefined;
}

async function begin(drive: Drive, plan: OperationPlan): Promise<GraphOperation> {
  const { access } = drive;
  switch (plan.kind) {
    case 'stream':
      return StreamOperation.begin(access, plan.base);
    case 'commit': {
      const images = await access.beside(async (active) => findImages(active, plan.top, plan.base));
      return images.top === drive.node
        ? beginActiveCommit(access, images)
        : CommitOperation.begin(access, images);
    }
    case 'mirror':
      return beginMirror(access, plan);
    case 'backup':
      return BackupOperation.begin(access, plan);
  }
}

export class OperationSet {
  readonly #find: (drive: string) => Drive;
  readonly #operations = new Map<number, Held>();
  #last = 0;

  /** @param find throws BlockError DeviceNotFound */
  constructor(find: (drive: string) => Drive) {
    this.#find = find;
  }

  /** The asks of the storage actor. */
  readonly asks: {
    [Name in keyof OperationAsks]: (
      argument: Parameters<OperationAsks[Name]>[0],
    ) => Promise<ReturnType<OperationAsks[Name]>>;
  } = {
    beginOperation: (plan) => this.#begin(plan),
    transfer: ({ operation, offset, bytes }) => this.#transfer(operation, offset, bytes),
    scanOperation: ({ operation, offset }) => this.#scan(operation, offset),
    flushOperation: ({ operation }) => this.#flush(operation),
    settleOperation: ({ operation }) => this.#settle(operation),
    limitDirty: async ({ operation, bytes }) =>
      this.#get(operation).operation.limitDirty?.(bytes ?? undefined),
    preparePivot: async ({ operation }) => this.#get(operation).operation.preparePivot(),
    finishOperation: ({ operation, pivot }) => this.#finish(operation, pivot),
    endOperation: ({ operation }) => this.#end(operation),
  };

  /** Gives up what is under way on a drive that is going to be taken away, or on all of them. */
  async endAll(drive?: Drive): Promise<void> {
    const numbers = [...this.#operations].filter(([, held]) => drive === undefined || held.drive === drive);
    await Promise.all(numbers.map(([number]) => this.#end(number)));
  }

  #get(number: number): Held {
    const held = this.#operations.get(number);
    if (held === undefined) {
      throw new BlockError('ERR_BLOCK_NO_OPERATION', `There is no operation ${number} on any drive`);
    }
    return held;
  }

  async #begin(plan: OperationPlan): Promise<OperationInfo> {
    const drive = this.#find(plan.drive);
    const free = drive.hold();
    try {
      const operation = await begin(drive, plan);
      this.#last += 1;
      this.#operations.set(this.#last, { drive, operation, free, ending: undefined });
      return { ...operation.info, operation: this.#last };
    } catch (error) {
      free();
      throw error;
    }
  }

  async #transfer(number: number, offset: number, bytes: number): Promise<TransferResult> {
    const { operation } = this.#get(number);
    try {
      return await operation.transfer(offset, bytes);
    } catch (error) {
      return failureOf(error);
    }
  }

  async #scan(number: number, offset: number): Promise<ScanResult> {
    const { operation } = this.#get(number);
    try {
      return { outcome: 0, next: await operation.scan(offset) };
    } catch (error) {
      return { outcome: asFailure(error).errno, next: offset };
    }
  }

  async #flush(number: number): Promise<number> {
    const { operation } = this.#get(number);
    try {
      await operation.flush();
      return 0;
    } catch (error) {
      return asFailure(error).errno;
    }
  }

  async #settle(number: number): Promise<FinishResult> {
    const { operation } = this.#get(number);
    try {
      return { outcome: 0, operation: 'read', done: (await operation.settle?.()) ?? true };
    } catch (error) {
      const { errno, operation: side } = asFailure(error);
      return { outcome: errno, operation: side, done: false };
    }
  }

  async #finish(number: number, pivot: boolean): Promise<FinishResult> {
    const held = this.#get(number);
    const finishing = held.operation.finish(pivot);
    held.ending = finishing.catch(() => undefined);
    try {
      const done = await finishing;
      if (done) this.#forget(number);
      return { outcome: 0, operation: 'read', done };
    } catch (error) {
      const { errno, operation } = asFailure(error);
      return { outcome: errno, operation, done: false };
    }
  }

  async #end(number: number): Promise<void> {
    await this.#operations.get(number)?.ending;
    const held = this.#operations.get(number);
    if (held === undefined) return;
    this.#operations.delete(number);
    try {
      await held.operation.abandon();
    } finally {
      held.free();
    }
  }

  #forget(number: number): void {
    const held = this.#operations.get(number);
    this.#operations.delete(number);
    held?.free();
  }
}
