/** What a file's blocks are: allocated or not, and ways to change that without writing them (fallocate(2), lseek(2)). */
import { constants } from 'node:os';
import { lastError } from './host-error.ts';
import { errno, libc } from './libc.ts';

const FALLOC_FL_KEEP_SIZE = 1;
const FALLOC_FL_PUNCH_HOLE = 2;
const FALLOC_FL_ZERO_RANGE = 16;
const SEEK_END = 2;
const SEEK_DATA = 3;
const SEEK_HOLE = 4;
const { EOPNOTSUPP, ENOSYS, ENODEV, ENXIO, EINVAL } = constants.errno;

/** Errors that say "not for this kind of file" rather than "it failed". */
const NOT_SUPPORTED = [EOPNOTSUPP, ENOSYS, ENODEV];

function allocate(fd: number, mode: number, offset: number, bytes: number, what: string): boolean {
  if (libc().fallocate(fd, mode, offset, bytes) === 0) {
    return true;
  }
  if (NOT_SUPPORTED.includes(errno())) {
    return false;
  }
  throw lastError(what);
}

/** Gives the blocks of a range back; it reads as zeros afterwards. @returns false where that cannot be done. Throws HostError. */
export function punchHole(fd: number, offset: number, bytes: number): boolean {
  return allocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, bytes, `punch a hole into ${fd}`);
}

/** Makes a range read as zeros and keeps blocks for it. @returns false where that cannot be done. Throws HostError. */
export function zeroRange(fd: number, offset: number, bytes: number): boolean {
  return allocate(fd, FALLOC_FL_ZERO_RANGE, offset, bytes, `zero a range of ${fd}`);
}

/** Allocates blocks for a range, growing the file if need be. @returns false where that cannot be done. Throws HostError. */
export function reserve(fd: number, offset: number, bytes: number): boolean {
  return allocate(fd, 0, offset, bytes, `allocate ${bytes} bytes of ${fd}`);
}

/** Bytes up to the end of a file or block device. Throws HostError. */
export function endOf(fd: number): number {
  const end = libc().lseek(fd, 0, SEEK_END);
  if (end < 0) {
    throw lastError(`seek in ${fd}`);
  }
  return end;
}

export interface Extent {
  /** Whether blocks are allocated; others read as zeros. */
  readonly data: boolean;
  /** Where the next extent of the other kind begins, or the file ends. */
  readonly end: number;
}

/** The extent that `offset` lies in. A file system that cannot tell says that all is data. Throws HostError. */
export function extentAt(fd: number, offset: number, length: number): Extent {
  const data = libc().lseek(fd, offset, SEEK_DATA);
  if (data > offset) {
    return { data: false, end: data };
  }
  if (data < 0) {
    if (errno() === ENXIO) {
      return { data: false, end: length };
    }
    if (errno() === EINVAL || NOT_SUPPORTED.includes(errno())) {
      return { data: true, end: length };
    }
    throw lastError(`seek data in ${fd}`);
  }
  const hole = libc().lseek(fd, offset, SEEK_HOLE);
  return { data: true, end: hole > offset ? hole : length };
}
