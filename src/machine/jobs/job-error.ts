import type { QmpErrorClass } from '../../errors/troupe-error.ts';
import { TroupeError } from '../../errors/troupe-error.ts';

export type JobRequestErrorCode =
  | 'ERR_JOB_NONE'
  | 'ERR_JOB_PARAMETER'
  | 'ERR_JOB_IMAGE'
  | 'ERR_JOB_MEDIUM'
  | 'ERR_JOB_BUSY';

/** A request about a block job that cannot be carried out; the texts are those of schema.json. */
export class JobRequestError extends TroupeError {
  override readonly name: string = 'JobRequestError';
  declare readonly code: JobRequestErrorCode;

  constructor(code: JobRequestErrorCode, message: string, errorClass: QmpErrorClass = 'GenericError') {
    super(code, message, { errorClass });
  }
}

export function noJob(device: string): JobRequestError {
  return new JobRequestError('ERR_JOB_NONE', `No active block job on device '${device}'`, 'DeviceNotActive');
}

export function invalidParameter(name: string): JobRequestError {
  return new JobRequestError('ERR_JOB_PARAMETER', `Invalid parameter '${name}'`);
}
