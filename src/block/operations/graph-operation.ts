/** What every long operation on a drive is to the set that holds them. */
import type { OperationInfo, TransferResult } from './operation-contract.ts';

export interface GraphOperation {
  readonly info: Omit<OperationInfo, 'operation'>;
  /** Rejects with TransferFailure. */
  transfer(offset: number, bytes: number): Promise<TransferResult>;
  /** Rejects with TransferFailure. */
  scan(offset: number): Promise<number>;
  /** Rejects with TransferFailure. */
  flush(): Promise<void>;
  preparePivot(): Promise<void>;
  /** Rejects with TransferFailure. @returns whether the destination was what the drive is, at one moment */
  settle?(): Promise<boolean>;
  limitDirty?(bytes: number | undefined): void;
  /** Rejects with TransferFailure. @returns whether it is done; if not it goes on */
  finish(pivot: boolean): Promise<boolean>;
  /** The graph is as it was; nothing is watched any more. Called once, unless `finish` has answered true. */
  abandon(): Promise<void>;
}
