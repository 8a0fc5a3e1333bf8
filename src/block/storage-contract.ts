/**
 * The storage actor: it owns every drive and moves data between images and guest RAM without a copy in between. Devices reach
 * it through the `BlockBackend` that the machine makes of a drive.
 */

import type { SocketAddress } from '../backends/chardev/chardev-config.ts';
import type { OperationAsks } from './operations/operation-contract.ts';
import type { SharedPiece } from './shared-piece.ts';

/** A drive as the command line or a monitor describes it (cli.md §2, group drive). */
export interface DriveConfig {
  /** `ide0-hd0`, or what `id=` says. */
  readonly id: string;
  /** Absent: an empty removable drive. */
  readonly file: string | undefined;
  readonly format: string | undefined;
  readonly readOnly: boolean;
  readonly snapshot: boolean;
  readonly cache: 'none' | 'writeback' | 'writethrough' | 'directsync' | 'unsafe';
  readonly aio: 'threads' | 'native';
  readonly discard: 'ignore' | 'unmap';
  readonly copyOnRead: boolean;
  readonly rerror: 'report' | 'ignore' | 'stop';
  readonly werror: 'report' | 'ignore' | 'stop' | 'enospc';
  /** Bytes and operations a second; 0 is no limit. */
  readonly throttle: {
    readonly bps: number;
    readonly bpsRead: number;
    readonly bpsWrite: number;
    readonly iops: number;
    readonly iopsRead: number;
    readonly iopsWrite: number;
  };
  /** Keys that belong to the block driver. */
  readonly driverOptions: readonly (readonly [key: string, value: string])[];
}

/** What a device and query-block must know of the medium. */
export interface MediumInfo {
  /** File name as given. */
  readonly file: string;
  readonly format: string;
  /** Bytes; a multiple of 512. */
  readonly bytes: number;
  readonly readOnly: boolean;
  readonly encrypted: boolean;
  /** Encrypted, and without a key yet: nothing of it can be read or written. */
  readonly keyMissing: boolean;
  readonly backingFile: string | undefined;
  readonly backingDepth: number;
}

/** Totals of one drive since it was made: what query-blockstats shows. Times in ns. */
export interface DriveStatistics {
  readonly readBytes: number;
  readonly writeBytes: number;
  readonly readOperations: number;
  readonly writeOperations: number;
  readonly flushOperations: number;
  readonly readNs: number;
  readonly writeNs: number;
  readonly flushNs: number;
  /** End of the highest byte written since the medium was opened. */
  readonly highestOffset: number;
  /** The same of the file that the image lies in; absent while there is no medium. */
  readonly file?: DriveStatistics;
}

/** One transfer. `offset` in bytes on the medium; the pieces are filled or taken in their order. */
export interface Transfer {
  readonly drive: string;
  readonly offset: number;
  readonly pieces: readonly SharedPiece[];
}

/** Outcome of a request: 0, or a positive errno of the host (5 EIO, 28 ENOSPC…). */
export type Outcome = number;

/** One image of a chain, as `info block -v` shows it. */
export interface ImageDescription {
  readonly file: string;
  readonly format: string;
  /** Length of the disk in it. */
  readonly bytes: number;
  /** What its file takes on the host; undefined where that cannot be told. */
  readonly allocatedBytes: number | undefined;
  readonly encrypted: boolean;
  readonly backingFile: string | undefined;
}

/** One new image of blockdev-snapshot-sync. */
export interface SnapshotRequest {
  readonly drive: string;
  readonly file: string;
  readonly format: string;
  /** It has been made already, and is opened as it is. */
  readonly exists: boolean;
}

export interface StorageAsks extends OperationAsks {
  /** Adds a drive; rejects with BlockError naming the file when it cannot be opened. */
  addDrive(argument: DriveConfig): MediumInfo | null;
  removeDrive(argument: { readonly drive: string }): void;
  /** Puts a medium into a removable drive, or takes it out (`file` null). */
  changeMedium(argument: {
    readonly drive: string;
    readonly file: string | null;
    readonly format: string | null;
  }): MediumInfo | null;
  read(argument: Transfer): Outcome;
  write(argument: Transfer): Outcome;
  /** On disk when it answers. */
  flush(argument: { readonly drive: string }): Outcome;
  discard(argument: { readonly drive: string; readonly offset: number; readonly bytes: number }): Outcome;
  writeZeroes(argument: { readonly drive: string; readonly offset: number; readonly bytes: number }): Outcome;
  /** Bytes. */
  resize(argument: { readonly drive: string; readonly bytes: number }): MediumInfo;
  medium(argument: { readonly drive: string }): MediumInfo | null;
  /** The images of the medium from the top down; none for an empty drive. */
  images(argument: { readonly drive: string }): readonly ImageDescription[];
  /**
   * blockdev-snapshot-sync and transaction: new images on top of the present ones, on all of these drives or on none. Answers
   * with the media in the order of the actions.
   */
  snapshot(argument: { readonly actions: readonly SnapshotRequest[] }): readonly MediumInfo[];
  /** Gives an encrypted medium, and those that it builds on, their key. Rejects with the texts of block_passwd. */
  setPassword(argument: { readonly drive: string; readonly password: string }): MediumInfo;
  /** Rejects with BlockError `Device 'D' is in use` while a block job or the like has the drive. */
  checkFree(argument: { readonly drive: string }): void;
  /** nbd-server-start. @param argument.fd the descriptor that an `fd` address stands for; the server owns it from here on */
  nbdStart(argument: { readonly address: SocketAddress; readonly fd?: number }): void;
  nbdAdd(argument: { readonly drive: string; readonly writable: boolean }): void;
  nbdStop(argument: undefined): void;
  setLimits(argument: { readonly drive: string; readonly limits: DriveConfig['throttle'] }): void;
  limits(argument: { readonly drive: string }): DriveConfig['throttle'];
  statistics(argument: { readonly drive: string }): DriveStatistics;
  /** Lets requests go that wait for their limits: the machine stops, and all of them are to end. */
  letWaitingGo(argument: undefined): void;
  /** Finishes and flushes everything: a stopped machine's disks are as the guest left them. */
  flushAll(argument: undefined): void;
}

export interface StorageContract {
  asks: StorageAsks;
  // biome-ignore lint/complexity/noBannedTypes: an empty set of tells
  tells: {};
  events: {
    /** A medium was put in, taken out, or changed its size. */
    mediumChanged: { readonly drive: string; readonly medium: MediumInfo | null };
  };
}

export interface StorageActorConfig {
  readonly memory: WebAssembly.Memory | undefined;
}
