/** Errors of the host's system calls, with the text that glibc's strerror(3) gives them. */
import { constants } from 'node:os';
import { TroupeError } from '../errors/troupe-error.ts';
import { errno as lastErrno, libc } from './libc.ts';

const NAMES = new Map(Object.entries(constants.errno).map(([name, value]) => [value, name]));
// Node knows the synonym EWOULDBLOCK of the same number.
NAMES.set(constants.errno.EAGAIN, 'EAGAIN');

export const EAGAIN = constants.errno.EAGAIN;
export const EINTR = constants.errno.EINTR;
export const EINPROGRESS = constants.errno.EINPROGRESS;
export const EIO = constants.errno.EIO;
export const EACCES = constants.errno.EACCES;
export const ENOENT = constants.errno.ENOENT;
export const EEXIST = constants.errno.EEXIST;
export const EINVAL = constants.errno.EINVAL;
export const EADDRINUSE = constants.errno.EADDRINUSE;

/** glibc's text for an errno value: `Connection refused`. */
export function strerror(errno: number): string {
  return libc().strerror(errno);
}

/** A system call that failed. `code` is `ERR_HOST_` and the errno's name, `reason` is strerror's text alone. */
export class HostError extends TroupeError {
  override readonly name = 'HostError';
  readonly errno: number;
  readonly reason: string;

  /** @param what what was being done, as a person would say it: `open /tmp/x` */
  constructor(errno: number, what: string) {
    const reason = strerror(errno);
    super(`ERR_HOST_${NAMES.get(errno) ?? errno}`, `${what}: ${reason}`);
    this.errno = errno;
    this.reason = reason;
  }
}

/** The error of the libc call that just failed on this thread. */
export function lastError(what: string): HostError {
  return new HostError(lastErrno(), what);
}

/** Numbers of libuv's getaddrinfo errors, and glibc's for the same (netdb.h). */
const EAI: readonly (readonly [uv: number, glibc: number])[] = [
  [-3000, -9],
  [-3001, -3],
  [-3002, -1],
  [-3004, -4],
  [-3005, -6],
  [-3006, -10],
  [-3007, -5],
  [-3008, -2],
  [-3010, -8],
  [-3011, -7],
];
const EAI_FAIL = -4;

/**
 * The text that glibc has for an error that a Node API gave (`net`, `dgram`, `dns`, `fs`): strerror's or
 * gai_strerror's; the error's own message when it carries no number.
 */
export function reasonOf(error: unknown): string {
  const number = error instanceof Error && 'errno' in error ? error.errno : undefined;
  if (typeof number !== 'number') {
    return error instanceof Error ? error.message : String(error);
  }
  if (number <= -3000) {
    return libc().gai_strerror(EAI.find(([uv]) => uv === number)?.[1] ?? EAI_FAIL);
  }
  return strerror(Math.abs(number));
}
