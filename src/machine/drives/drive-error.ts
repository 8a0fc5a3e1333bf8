import { type QmpErrorClass, TroupeError } from '../../errors/troupe-error.ts';

export type DriveErrorCode =
  | 'ERR_DRIVE_NOT_FOUND'
  | 'ERR_DRIVE_TAKEN'
  | 'ERR_DRIVE_NOT_REMOVABLE'
  | 'ERR_DRIVE_LOCKED'
  | 'ERR_DRIVE_ENCRYPTED'
  | 'ERR_DRIVE_SIZE'
  | 'ERR_DRIVE_LIMITS'
  | 'ERR_DRIVE_OPEN'
  | 'ERR_DRIVE_FORMAT'
  | 'ERR_DRIVE_OPTION'
  | 'ERR_DRIVE_UNAVAILABLE'
  | 'ERR_DRIVE_CONFLICT';

/** A request on a drive that cannot be carried out; the texts are those of schema.json. */
export class DriveError extends TroupeError {
  override readonly name: string = 'DriveError';
  declare readonly code: DriveErrorCode;

  constructor(
    code: DriveErrorCode,
    message: string,
    options: { errorClass?: QmpErrorClass; cause?: unknown } = {},
  ) {
    super(code, message, options);
  }
}

export function driveNotFound(id: string): DriveError {
  return new DriveError('ERR_DRIVE_NOT_FOUND', `Device '${id}' not found`, { errorClass: 'DeviceNotFound' });
}

/** A drive whose medium has no key yet. */
export function driveEncrypted(id: string, file: string): DriveError {
  return new DriveError('ERR_DRIVE_ENCRYPTED', `'${id}' (${file}) is encrypted`, {
    errorClass: 'DeviceEncrypted',
  });
}

/** A value of -drive that is wrong; `message` is the reference's text. */
export function wrongOption(message: string): DriveError {
  return new DriveError('ERR_DRIVE_OPTION', message);
}
