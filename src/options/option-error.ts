import { TroupeError } from '../errors/troupe-error.ts';

export type OptionErrorCode =
  | 'ERR_OPTION_SYNTAX'
  | 'ERR_OPTION_UNKNOWN_PARAMETER'
  | 'ERR_OPTION_BAD_VALUE'
  | 'ERR_OPTION_MISSING_PARAMETER'
  | 'ERR_OPTION_DUPLICATE_ID'
  | 'ERR_OPTION_UNKNOWN_GROUP'
  | 'ERR_OPTION_UNKNOWN_ITEM';

/** A mistake in an option list, a configuration file or a `-set`. The texts are those of the reference. */
export class OptionError extends TroupeError {
  override readonly name = 'OptionError';
  /** A sentence of help that a command line prints below the message, and a monitor does not. */
  readonly hint: string | undefined;
  declare readonly code: OptionErrorCode;

  constructor(code: OptionErrorCode, message: string, options: { cause?: unknown; hint?: string } = {}) {
    super(code, message, options);
    this.hint = options.hint;
  }
}

/** `Invalid parameter 'x'`: the group has no such parameter. */
export function unknownParameter(name: string): OptionError {
  return new OptionError('ERR_OPTION_UNKNOWN_PARAMETER', `Invalid parameter '${name}'`);
}

/** `Parameter 'x' expects a number`. */
export function badValue(name: string, expected: string, hint?: string): OptionError {
  const options = hint === undefined ? {} : { hint };
  return new OptionError('ERR_OPTION_BAD_VALUE', `Parameter '${name}' expects ${expected}`, options);
}

/** `Parameter 'x' is missing`. */
export function missingParameter(name: string): OptionError {
  return new OptionError('ERR_OPTION_MISSING_PARAMETER', `Parameter '${name}' is missing`);
}
