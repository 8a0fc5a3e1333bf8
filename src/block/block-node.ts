/**
 * The contract of a node of the block graph: a format (raw, qcow2…) over a protocol (file…), perhaps with a backing node.
 *
 * Rules for callers and implementations
 * - Offsets and lengths are bytes. Requests lie inside `bytes`; who owns the drive checks that.
 * - Buffers are views wherever they lie, guest RAM included. A node keeps no copy of them and must not look at them after it
 *   has answered. A guest may change what it writes while it is written; the result is then its own affair.
 * - A write that has answered is seen by every later read. It survives a power cut only after a later `flush` has answered.
 * - Requests that overlap and are in flight together take effect in any order, each sector of 512 bytes as a whole.
 * - A failed write may have written any part of its range, and nothing beside it.
 * - `resize` and `close` come alone: their caller lets everything else end first.
 */

import type { DriveCounters } from './drive-counters.ts';

/** Views that are filled, or taken from, in their order. */
export type Views = readonly Uint8Array[];

/** What is known of the first bytes of a range. */
export interface BlockStatus {
  /** How many bytes from the asked offset on are alike. */
  readonly bytes: number;
  /** Held by this node; otherwise a backing node shows through, or there are zeros. */
  readonly allocated: boolean;
  /** Known to read as zeros. */
  readonly zero: boolean;
  /** Where the bytes lie in the node below, when they lie there as they are. */
  readonly hostOffset: number | undefined;
}

export interface WriteZeroesOptions {
  /** The space may be given back. */
  readonly mayUnmap: boolean;
}

/** Failures are HostError (the system call's errno) or BlockError. */
export interface BlockNode {
  /** `file`, `raw`, `qcow2`… */
  readonly driver: string;
  /** Name of the file as it was given. */
  readonly fileName: string;
  /** Length as the guest sees it. */
  readonly bytes: number;
  readonly readOnly: boolean;
  readonly encrypted: boolean;
  /** Encrypted, and `setKey` has not been called yet: reads and writes fail with `ERR_BLOCK_KEY`. */
  readonly keyMissing?: boolean;
  /** The node whose contents show through where this one holds nothing. */
  readonly backing: BlockNode | undefined;
  /** How the image itself names its backing file, while that is what `backing` was opened from. */
  readonly backingName?: string | undefined;
  /** The node that this one's own data lies in; undefined for a protocol. */
  readonly file: BlockNode | undefined;
  /** Bytes of the unit in which it holds data or lets its backing node show through; absent where that is a sector. */
  readonly clusterBytes?: number;
  /** What it has done, if it counts that; protocols do. */
  readonly counters?: DriveCounters;

  read(offset: number, views: Views): Promise<void>;
  write(offset: number, views: Views): Promise<void>;
  /** On disk when it answers: every write that had answered before. */
  flush(): Promise<void>;
  /** The contents are not needed any more; they may read as before, or as zeros. */
  discard(offset: number, bytes: number): Promise<void>;
  writeZeroes(offset: number, bytes: number, options: WriteZeroesOptions): Promise<void>;
  /** Throws `ERR_BLOCK_UNSUPPORTED` where the format cannot. What is new reads as zeros. */
  resize(bytes: number): Promise<void>;
  /** @param bytes how far the caller wants to know; at least 1 */
  status(offset: number, bytes: number): Promise<BlockStatus>;
  /** Gives the password of an encrypted image. Whether it is the right one cannot be told. */
  setKey?(password: string): void;
  /**
   * Writes one cluster, or what there is of the disk's last one, compressed. Absent where the format cannot.
   * @param offset a multiple of the cluster size
   */
  writeCompressed?(offset: number, contents: Uint8Array): Promise<void>;
  /**
   * Rewrites which backing file the image names, and that file's format; durable when it answers. What the guest reads is not
   * looked at: its caller has made sure that it stays. Absent where the format has no backing files.
   * Throws BlockError when the name is too long.
   */
  changeBacking?(fileName: string | undefined, format: string | undefined): Promise<void>;
  /**
   * Puts another node (or none) in the place of `backing`, and gives the old one, which is its caller's to close. Nothing may
   * be under way meanwhile. What the image names is not changed: see `changeBacking`.
   */
  replaceBacking?(node: BlockNode | undefined): BlockNode | undefined;
  /**
   * Opens the node's files anew for reading only, or for writing too, with the locks that belong to that; nothing may be under
   * way meanwhile, and what was written has been flushed. Throws HostError or BlockError, and nothing has changed then.
   * Absent where it cannot be done.
   */
  setReadOnly?(readOnly: boolean): Promise<void>;
  /** Lets go of all that the image holds itself, so that its backing node shows through everywhere. Comes alone. */
  makeEmpty?(): Promise<void>;
  /** Flushes and lets go of files. Not used afterwards. */
  close(): Promise<void>;
}

/** How an image is opened, whatever its driver. */
export interface OpenOptions {
  readonly readOnly: boolean;
  /** Goes past the host's page cache where that can be (cache=none, cache=directsync). */
  readonly direct?: boolean;
  /** The drive that it is for, in messages. */
  readonly device?: string | undefined;
  /** Keys of -drive that belong to the driver. */
  readonly driverOptions: readonly (readonly [key: string, value: string])[];
}
