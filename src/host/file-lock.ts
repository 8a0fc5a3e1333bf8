/** Locks on single bytes of a file that belong to an open file, not to a process (fcntl(2), "Open file description locks"). */
import { EACCES, EAGAIN, lastError } from './host-error.ts';
import { errno, libc } from './libc.ts';

const F_OFD_GETLK = 36;
const F_OFD_SETLK = 37;
const F_RDLCK = 0;
const F_WRLCK = 1;
const F_UNLCK = 2;
const SEEK_SET = 0;

/** `struct flock` of the LP64 ABI: type, whence, start, length, pid. */
const FLOCK_BYTES = 32;
const TYPE = 0;
const WHENCE = 2;
const START = 8;
const LENGTH = 16;

function describe(type: number, first: number, bytes: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(FLOCK_BYTES));
  view.setInt16(TYPE, type, true);
  view.setInt16(WHENCE, SEEK_SET, true);
  view.setBigInt64(START, BigInt(first), true);
  view.setBigInt64(LENGTH, BigInt(bytes), true);
  return new Uint8Array(view.buffer);
}

/**
 * Takes shared locks on `bytes` bytes from `first` on, which others can share but nobody can take for himself.
 * @returns false when another open file holds one of them exclusively. Throws HostError.
 */
export function lockShared(fd: number, first: number, bytes: number): boolean {
  if (libc().fcntl64(fd, F_OFD_SETLK, describe(F_RDLCK, first, bytes)) === 0) {
    return true;
  }
  if (errno() === EAGAIN || errno() === EACCES) {
    return false;
  }
  throw lastError(`lock descriptor ${fd}`);
}

/** Gives locks up. Throws HostError. */
export function unlock(fd: number, first: number, bytes: number): void {
  if (libc().fcntl64(fd, F_OFD_SETLK, describe(F_UNLCK, first, bytes)) < 0) {
    throw lastError(`unlock descriptor ${fd}`);
  }
}

/** Whether another open file holds a lock of any kind on one of these bytes. Throws HostError. */
export function lockedByOther(fd: number, first: number, bytes: number): boolean {
  const lock = describe(F_WRLCK, first, bytes);
  if (libc().fcntl64(fd, F_OFD_GETLK, lock) < 0) {
    throw lastError(`ask for locks of descriptor ${fd}`);
  }
  return new DataView(lock.buffer).getInt16(TYPE, true) !== F_UNLCK;
}
