/**
 * Reading and writing files at an offset, from and into views wherever they lie (shared memory too). What the page cache
 * has is copied at once, in about a microsecond; a round trip through Node's thread pool costs tens of them.
 */
import { readv, writev } from 'node:fs';
import { constants } from 'node:os';
import { promisify } from 'node:util';
import { EAGAIN, EINTR, HostError } from './host-error.ts';
import { addressOf, errno, libc } from './libc.ts';

const RWF_NOWAIT = 8;
/** IOV_MAX of Linux. */
const MAX_VECTORS = 1024;
const WORDS_A_VECTOR = 2;
/** Longer writes are left to the thread pool, so that copying them does not hold up other requests. */
const MAX_WRITE_NOW = 256 * 1024;
const { EOPNOTSUPP, EINVAL, EIO } = constants.errno;

const readvAsync = promisify(readv);
const writevAsync = promisify(writev);

type Views = readonly Uint8Array[];

const vectors = new BigUint64Array(MAX_VECTORS * WORDS_A_VECTOR);
const vectorBytes = new Uint8Array(vectors.buffer);

function describe(views: Views): void {
  views.forEach((view, index) => {
    vectors[index * WORDS_A_VECTOR] = addressOf(view);
    vectors[index * WORDS_A_VECTOR + 1] = BigInt(view.byteLength);
  });
}

export function byteLengthOf(views: Views): number {
  return views.reduce((sum, view) => sum + view.byteLength, 0);
}

export interface TransferOptions {
  /** The descriptor bypasses the page cache: a transfer takes its time, and this thread does not wait for it. */
  readonly goesToDisk?: boolean;
}

/** What is left of `views` after their first `bytes`. */
export function viewsFrom(views: Views, bytes: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  let skip = bytes;
  for (const view of views) {
    if (skip < view.byteLength) {
      rest.push(skip === 0 ? view : view.subarray(skip));
    }
    skip = Math.max(0, skip - view.byteLength);
  }
  return rest;
}

/** The first `bytes` of `views`. */
export function viewsUpTo(views: Views, bytes: number): Uint8Array[] {
  const head: Uint8Array[] = [];
  let left = bytes;
  for (const view of views) {
    if (left === 0) {
      break;
    }
    head.push(view.byteLength <= left ? view : view.subarray(0, left));
    left -= Math.min(left, view.byteLength);
  }
  return head;
}

/** A Node error of `fs` as ours. */
function asHostError(error: unknown, what: string): Error {
  const number = error instanceof Error && 'errno' in error ? error.errno : undefined;
  return typeof number === 'number' ? new HostError(-number, what) : new HostError(EIO, what);
}

/** Transfers with one system call; -1 when it has to be left to the thread pool. Throws HostError. */
function now(fd: number, views: Views, offset: number, writing: boolean): number {
  if (views.length > MAX_VECTORS || views.some((view) => view.byteLength < 1)) {
    return -1;
  }
  describe(views);
  const done = writing
    ? libc().pwritev2(fd, vectorBytes, views.length, offset, 0)
    : libc().preadv2(fd, vectorBytes, views.length, offset, RWF_NOWAIT);
  if (done >= 0) {
    return done;
  }
  const cause = errno();
  // EINVAL: the file was opened with O_DIRECT or cannot do it at all; the other path says which.
  if (cause === EAGAIN || cause === EINTR || cause === EOPNOTSUPP || cause === EINVAL) {
    return -1;
  }
  throw new HostError(cause, `${writing ? 'write' : 'read'} ${byteLengthOf(views)} bytes at ${offset}`);
}

/**
 * Fills `views` from `offset` of the file on.
 * @returns how many bytes there were before the end of the file. Rejects with HostError.
 */
export async function readAt(
  fd: number,
  views: Views,
  offset: number,
  { goesToDisk = false }: TransferOptions = {},
): Promise<number> {
  const wanted = byteLengthOf(views);
  let done = 0;
  while (done < wanted) {
    const rest = viewsFrom(views, done).slice(0, MAX_VECTORS);
    let count = goesToDisk ? -1 : now(fd, rest, offset + done, false);
    if (count < 0) {
      try {
        count = (await readvAsync(fd, rest, offset + done)).bytesRead;
      } catch (error) {
        throw asHostError(error, `read ${byteLengthOf(rest)} bytes at ${offset + done}`);
      }
    }
    if (count === 0) {
      break;
    }
    done += count;
  }
  return done;
}

/**
 * Writes all of `views` from `offset` of the file on. Rejects with HostError.
 */
export async function writeAt(
  fd: number,
  views: Views,
  offset: number,
  { goesToDisk = false }: TransferOptions = {},
): Promise<void> {
  const wanted = byteLengthOf(views);
  let done = 0;
  while (done < wanted) {
    const rest = viewsFrom(views, done).slice(0, MAX_VECTORS);
    let count = !goesToDisk && wanted - done <= MAX_WRITE_NOW ? now(fd, rest, offset + done, true) : -1;
    if (count < 0) {
      try {
        count = (await writevAsync(fd, rest, offset + done)).bytesWritten;
      } catch (error) {
        throw asHostError(error, `write ${byteLengthOf(rest)} bytes at ${offset + done}`);
      }
    }
    if (count === 0) {
      throw new HostError(EIO, `write ${byteLengthOf(rest)} bytes at ${offset + done}`);
    }
    done += count;
  }
}
