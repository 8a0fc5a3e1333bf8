/**
 * Long operations on the block graph, as who drives them asks for them: piece by piece, so that he decides when and how fast.
 * While an operation is there its drive is in use: others read and write it, but do not change what it is made of.
 */
import type { SharedBitmap } from '../dirty-bitmap.ts';

export type MirrorSync = 'full' | 'top' | 'none';

interface Copying {
  readonly drive: string;
  readonly target: string;
  /** The source's when null and the target is to be made; guessed when null and it exists. */
  readonly format: string | null;
  readonly sync: MirrorSync;
  /** The target has been made already, and is opened as it is. */
  readonly exists: boolean;
}

export type OperationPlan =
  /** Data of the backing files above `base` (of all of them when null) goes into the top image. */
  | { readonly kind: 'stream'; readonly drive: string; readonly base: string | null }
  /** Data of the images above `base` (the deepest when null) up to `top` goes into `base`. */
  | { readonly kind: 'commit'; readonly drive: string; readonly top: string; readonly base: string | null }
  /** The target becomes, and stays, what the drive is. `granularity` in bytes; 0 lets storage choose. */
  | (Copying & { readonly kind: 'mirror'; readonly granularity: number })
  /** The target becomes what the drive was when the operation began. */
  | (Copying & { readonly kind: 'backup' });

export interface OperationInfo {
  /** Names it from now on. */
  readonly operation: number;
  /** Length of what is worked on, in bytes. */
  readonly bytes: number;
  /**
   * What is still to be done; undefined where it is found out on the way. A mirror's is taken from by its driver, and marked
   * by writes; a backup's is cleared by storage alone.
   */
  readonly bitmap: SharedBitmap | undefined;
  /** Writes go on being copied until `finishOperation`, which may switch the drive to the target. */
  readonly follows: boolean;
  /** Before anything is transferred, `scanOperation` has to have gone through the disk to fill the bitmap. */
  readonly needsScan: boolean;
}

export interface TransferResult {
  /** 0, or what the request that failed was answered with. */
  readonly outcome: number;
  /** Which side failed. */
  readonly operation: 'read' | 'write';
  /** Bytes from the asked offset on that are dealt with. */
  readonly bytes: number;
  /** How many of them had to be moved. */
  readonly moved: number;
  /** A failure that trying again does not mend. */
  readonly isFinal: boolean;
}

export interface ScanResult {
  readonly outcome: number;
  /** Where to go on; the operation's `bytes` at the end. */
  readonly next: number;
}

export interface FinishResult {
  readonly outcome: number;
  /** Which side failed. */
  readonly operation: 'read' | 'write';
  /** False: more was written meanwhile than is copied in one go; the operation goes on. */
  readonly done: boolean;
}

/** Requests name an operation by its number; BlockError `ERR_BLOCK_NO_OPERATION` where there is none. */
export interface OperationAsks {
  /** Rejects with BlockError with the texts of the commands (schema.json). */
  beginOperation(argument: OperationPlan): OperationInfo;
  /** Deals with up to `bytes` bytes from `offset` on. */
  transfer(argument: {
    readonly operation: number;
    readonly offset: number;
    readonly bytes: number;
  }): TransferResult;
  /** Marks what a mirror has to copy, from `offset` on, as far as that goes quickly. */
  scanOperation(argument: { readonly operation: number; readonly offset: number }): ScanResult;
  /** What has been transferred is on disk. */
  flushOperation(argument: { readonly operation: number }): number;
  /**
   * Copies what little is left while the drive stands still, and flushes: at that moment the destination is what the drive is.
   */
  settleOperation(argument: { readonly operation: number }): FinishResult;
  /**
   * Holds the guest's writes back while more than `bytes` are to be copied, so that a mirror gets there; null: never any more.
   */
  limitDirty(argument: { readonly operation: number; readonly bytes: number | null }): void;
  /** Makes sure that the drive can be switched. Rejects with BlockError `Could not open 'BACKING FILE'`. */
  preparePivot(argument: { readonly operation: number }): void;
  /** Copies what little is left while the drive stands still, and changes the graph; the operation is over then. */
  finishOperation(argument: { readonly operation: number; readonly pivot: boolean }): FinishResult;
  /** Gives up what is left of it: the graph is as it was, the drive free. Nothing if it is over. */
  endOperation(argument: { readonly operation: number }): void;
  /**
   * Writes what the drive's own image holds into the one below, which is then what the drive is, and leaves the drive as it is
   * (`commit` of the human monitor). 0, or a positive errno: ENOMEDIUM, ENOTSUP where nothing is below, EBUSY.
   */
  commitDrive(argument: { readonly drive: string }): number;
}
