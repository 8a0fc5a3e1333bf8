/** Opening host files by name, where `/dev/fdset/N` means a member of a descriptor set. */
import { constants } from 'node:fs';
import { duplicate, O_ACCMODE, openDescriptor, setStatusFlags, statusFlags } from './descriptor.ts';
import { threadDescriptors } from './descriptor-ledger.ts';
import { EACCES, EEXIST, EINVAL, ENOENT, HostError, lastError } from './host-error.ts';
import { errno, libc } from './libc.ts';

/** What is asked of the owner of the descriptor sets. */
export interface FdSetMembers {
  /** Descriptors of a set in the order in which they are tried; undefined when there is no such set. */
  members(id: number): readonly number[] | undefined;
  /** `fd` is a duplicate of a member of the set from now on. */
  duplicateOpened(id: number, fd: number): void;
  duplicateClosed(fd: number): void;
}

const FDSET_PATH = /^\/dev\/fdset\/(\d+)$/;

/**
 * Opens a file close-on-exec; the descriptor belongs to the calling thread. `/dev/fdset/N` gives a duplicate of the
 * first member whose access mode equals the one in `flags`.
 *
 * @param flags open(2)'s
 * Throws HostError `open PATH: …`; for sets ENOENT (no such set), EACCES (no such member).
 */
export function openPath(path: string, flags: number, fdSets?: FdSetMembers, mode = 0o666): number {
  const match = FDSET_PATH.exec(path);
  if (match === null || fdSets === undefined) {
    return openDescriptor(path, flags, mode);
  }
  const set = Number(match[1]);
  const members = fdSets.members(set);
  if (members === undefined) {
    throw new HostError(ENOENT, `open ${path}`);
  }
  if ((flags & constants.O_CREAT) !== 0 && (flags & constants.O_EXCL) !== 0) {
    throw new HostError(EEXIST, `open ${path}`);
  }
  const member = members.find((fd) => (statusFlags(fd) & O_ACCMODE) === (flags & O_ACCMODE));
  if (member === undefined) {
    throw new HostError(EACCES, `open ${path}`);
  }
  const fd = duplicate(member);
  try {
    setStatusFlags(fd, flags);
    truncateIfAsked(fd, flags, path);
  } catch (error) {
    threadDescriptors().close(fd);
    throw error;
  }
  fdSets.duplicateOpened(set, fd);
  return fd;
}

/** A member that has no length (a pipe, a terminal) answers EINVAL, as open(2) would ignore O_TRUNC there. */
function truncateIfAsked(fd: number, flags: number, path: string): void {
  if ((flags & constants.O_TRUNC) !== 0 && libc().ftruncate(fd, 0) < 0 && errno() !== EINVAL) {
    throw lastError(`open ${path}`);
  }
}

/** Closes what `openPath` opened. */
export function closePath(fd: number, fdSets?: FdSetMembers): void {
  threadDescriptors().close(fd);
  fdSets?.duplicateClosed(fd);
}
