import { constants } from 'node:os';
import { type QmpErrorClass, TroupeError } from '../errors/troupe-error.ts';
import { HostError } from '../host/host-error.ts';

export type BlockErrorCode =
  | 'ERR_BLOCK_OPEN'
  | 'ERR_BLOCK_CREATE'
  | 'ERR_BLOCK_FORMAT'
  | 'ERR_BLOCK_UNAVAILABLE'
  | 'ERR_BLOCK_LOCKED'
  | 'ERR_BLOCK_IO'
  | 'ERR_BLOCK_CORRUPT'
  | 'ERR_BLOCK_RANGE'
  | 'ERR_BLOCK_READ_ONLY'
  | 'ERR_BLOCK_UNSUPPORTED'
  | 'ERR_BLOCK_NO_MEDIUM'
  | 'ERR_BLOCK_IN_USE'
  | 'ERR_BLOCK_NOT_ENCRYPTED'
  | 'ERR_BLOCK_PASSWORD'
  | 'ERR_BLOCK_NBD'
  | 'ERR_BLOCK_OPTION'
  | 'ERR_BLOCK_NO_SNAPSHOT'
  | 'ERR_BLOCK_KEY'
  | 'ERR_BLOCK_NO_DRIVE'
  | 'ERR_BLOCK_NO_OPERATION'
  | 'ERR_BLOCK_DUPLICATE_DRIVE';

export const { EIO, ENOSPC, EINVAL, EACCES, EPERM, EROFS, ENOTSUP, ENOMEDIUM } = {
  ...constants.errno,
  /** Linux's numbers of what Node does not name. */
  ENOMEDIUM: 123,
};

/** A failure of the block layer. `errno` is what a request that it ends is answered with. */
export class BlockError extends TroupeError {
  override readonly name: string = 'BlockError';
  declare readonly code: BlockErrorCode;
  readonly errno: number;

  constructor(
    code: BlockErrorCode,
    message: string,
    options: { errno?: number; cause?: unknown; errorClass?: QmpErrorClass } = {},
  ) {
    super(code, message, options);
    this.errno = options.errno ?? EIO;
  }
}

export function noDrive(id: string): BlockError {
  return new BlockError('ERR_BLOCK_NO_DRIVE', `Device '${id}' not found`, { errorClass: 'DeviceNotFound' });
}

/** The errno that a failed request is answered with: the host's own, or EIO for what is no failure of the host. */
export function errnoOf(error: unknown): number {
  return error instanceof HostError || error instanceof BlockError ? error.errno : EIO;
}

/** What a person is told of the cause: strerror's text alone for a failed system call. */
export function reasonOf(error: unknown): string {
  if (error instanceof HostError) {
    return error.reason;
  }
  return error instanceof Error ? error.message : String(error);
}
