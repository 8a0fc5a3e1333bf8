import { TroupeError } from '../errors/troupe-error.ts';

export type JobErrorCode = 'ERR_JOB_PAUSED' | 'ERR_JOB_NOT_COMPLETABLE';

/** A request to a block job that its state does not allow; the texts are those of schema.json. */
export class JobError extends TroupeError {
  override readonly name: string = 'JobError';
  declare readonly code: JobErrorCode;

  constructor(code: JobErrorCode, message: string) {
    super(code, message);
  }
}
