import { TroupeError } from '../../errors/troupe-error.ts';

export type HmpErrorCode =
  | 'ERR_HMP_SYNTAX'
  | 'ERR_HMP_UNKNOWN_COMMAND'
  | 'ERR_HMP_NO_CPU'
  | 'ERR_HMP_REFUSED';

/** A human monitor line that cannot be carried out. The message is what the monitor prints, without a line end. */
export class HmpError extends TroupeError {
  override readonly name = 'HmpError';
  declare readonly code: HmpErrorCode;

  constructor(code: HmpErrorCode, message: string) {
    super(code, message);
  }
}

/** An `HmpError` for text that does not follow the line syntax. */
export function syntaxError(message: string): HmpError {
  return new HmpError('ERR_HMP_SYNTAX', message);
}
