/** Single descriptors: flags, duplicates, whole-file locks. */
import { constants as fsConstants } from 'node:fs';
import { threadDescriptors } from './descriptor-ledger.ts';
import { EAGAIN, HostError, lastError } from './host-error.ts';
import { errno, libc } from './libc.ts';

const F_GETFL = 3;
const F_SETFL = 4;
const F_DUPFD_CLOEXEC = 1030;
const LOCK_EX_NB = 2 | 4;
const SOL_SOCKET = 1;
const SO_LINGER = 13;
const NO_LINGER = new Uint8Array(8);

export const O_ACCMODE = 3;
export const O_CLOEXEC = 0o2000000;
/** Flags of an open file that F_SETFL can change (fcntl(2)). */
const SETTABLE_FLAGS =
  fsConstants.O_APPEND | fsConstants.O_DIRECT | fsConstants.O_NOATIME | fsConstants.O_NONBLOCK;

/** The flags of the open file behind `fd` (access mode and status). Throws HostError. */
export function statusFlags(fd: number): number {
  const flags = libc().fcntl(fd, F_GETFL, 0);
  if (flags < 0) {
    throw lastError(`fcntl F_GETFL of descriptor ${fd}`);
  }
  return flags;
}

/** Turns O_NONBLOCK on or off. Failure is not reported: descriptors that know no flags (O_PATH) need none. */
export function setNonBlocking(fd: number, nonBlocking: boolean): void {
  const flags = libc().fcntl(fd, F_GETFL, 0);
  if (flags >= 0) {
    const bit = fsConstants.O_NONBLOCK;
    libc().fcntl(fd, F_SETFL, nonBlocking ? flags | bit : flags & ~bit);
  }
}

/** Sets those of `flags` that can be changed after opening (O_APPEND, O_DIRECT, O_NOATIME, O_NONBLOCK). */
export function setStatusFlags(fd: number, flags: number): void {
  if (libc().fcntl(fd, F_SETFL, flags & SETTABLE_FLAGS) < 0) {
    throw lastError(`fcntl F_SETFL of descriptor ${fd}`);
  }
}

/** A duplicate with close-on-exec set, owned by this thread. Throws HostError. */
export function duplicate(fd: number): number {
  const copy = libc().fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) {
    throw lastError(`duplicate descriptor ${fd}`);
  }
  return threadDescriptors().own(copy);
}

/** Makes `to` another name of `from`, closing what it was (dup3; `flags` is 0 or O_CLOEXEC). Throws HostError. */
export function redirect(from: number, to: number, flags = 0): void {
  if (libc().dup3(from, to, flags) < 0) {
    throw lastError(`redirect descriptor ${to} to ${from}`);
  }
}

/**
 * Closes a descriptor that came from outside. A socket with SO_LINGER set would block the thread in close(2) for as
 * long as its sender liked, so lingering is turned off first.
 */
export function closeForeign(fd: number): void {
  libc().setsockopt(fd, SOL_SOCKET, SO_LINGER, NO_LINGER, NO_LINGER.byteLength);
  threadDescriptors().own(fd);
  threadDescriptors().close(fd);
}

/** Opens a file close-on-exec; the descriptor is owned by this thread. Throws HostError `open PATH: …`. */
export function openDescriptor(path: string, flags: number, mode = 0o666): number {
  const fd = path.includes('\0') ? -1 : libc().open(path, flags | O_CLOEXEC, mode);
  if (fd < 0) {
    throw path.includes('\0') ? new HostError(2, `open ${path}`) : lastError(`open ${path}`);
  }
  return threadDescriptors().own(fd);
}

/** Locks the whole file exclusively (flock). @returns false when another process holds the lock. Throws HostError. */
export function tryLock(fd: number): boolean {
  if (libc().flock(fd, LOCK_EX_NB) === 0) {
    return true;
  }
  if (errno() === EAGAIN) {
    return false;
  }
  throw lastError(`lock descriptor ${fd}`);
}
