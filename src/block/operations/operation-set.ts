/** The long operations that are under way on a storage actor's drives, and how they are asked for. */
import { constants } from 'node:os';
import { BlockError, ENOMEDIUM, ENOTSUP, errnoOf } from '../block-error.ts';
import { DirtyBitmap } from '../dirty-bitmap.ts';
import type { Drive } from '../drive.ts';
import { findFormat } from '../image-formats.ts';
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

const { EBUSY } = constants.errno;
const COMMITTED_PIECE_BYTES = 1024 * 1024;

interface Held {
  readonly drive: Drive;
  readonly operation: GraphOperation;
  /** Gives the drive back. */
  readonly free: () => void;
  /** Its end, once that has begun. */
  ending: Promise<unknown> | undefined;
}

/** What is wrong with a plan is said before the drive is found to be in use. */
async function check({ access }: Drive, plan: OperationPlan): Promise<void> {
  if (plan.kind === 'stream') await StreamOperation.begin(access, plan.base);
  else if (plan.kind === 'commit') {
    await access.beside(async (active) => findImages(active, plan.top, plan.base));
  } else if (plan.format !== null) findFormat(plan.format);
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
    commitDrive: ({ drive }) => this.#commit(drive),
  };

  /** @returns 0, or a positive errno */
  async #commit(name: string): Promise<number> {
    const drive = this.#find(name);
    const { node } = drive;
    if (node === undefined) return ENOMEDIUM;
    if (node.backing === undefined) return ENOTSUP;
    if (drive.isInUse) return EBUSY;
    const plan = { kind: 'commit', drive: name, top: node.fileName, base: node.backing.fileName } as const;
    let operation: number | undefined;
    try {
      const info = await this.#begin(plan);
      operation = info.operation;
      return await this.#carryThrough(info);
    } catch (error) {
      return errnoOf(error);
    } finally {
      if (operation !== undefined) await this.#end(operation);
    }
  }

  /** As fast as it goes. @returns 0, or a positive errno */
  async #carryThrough({ operation, bytes, bitmap }: OperationInfo): Promise<number> {
    for (let at = 0; at < bytes; ) {
      const { outcome, next } = await this.#scan(operation, at);
      if (outcome !== 0) return outcome;
      at = next;
    }
    const dirty = bitmap === undefined ? undefined : new DirtyBitmap(bitmap);
    for (;;) {
      const piece = dirty?.take(0, COMMITTED_PIECE_BYTES);
      if (piece !== undefined) {
        const { outcome } = await this.#transfer(operation, piece.offset, piece.bytes);
        if (outcome !== 0) return outcome;
        continue;
      }
      const { outcome, done } = await this.#finish(operation, false);
      if (outcome !== 0 || done) return outcome;
    }
  }

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
    await check(drive, plan);
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
