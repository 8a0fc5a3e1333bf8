import { TroupeError } from '../errors/troupe-error.ts';

export type SupervisorErrorCode = 'ERR_PID_FILE' | 'ERR_DAEMON' | 'ERR_SUPERVISOR_CORE';

/** The process itself could not be set up as asked. */
export class SupervisorError extends TroupeError {
  override readonly name: string = 'SupervisorError';
  declare readonly code: SupervisorErrorCode;

  constructor(code: SupervisorErrorCode, message: string, cause?: unknown) {
    super(code, message, { cause });
  }
}
