import { TroupeError } from '../errors/troupe-error.ts';
import { OptionError } from '../options/option-error.ts';

export type CommandLineErrorCode =
  | 'ERR_CLI_UNKNOWN_OPTION'
  | 'ERR_CLI_MISSING_VALUE'
  | 'ERR_CLI_BAD_VALUE'
  | 'ERR_CLI_CONFLICT'
  | 'ERR_CLI_UNAVAILABLE'
  | 'ERR_CLI_FILE';

/** A command line that cannot be carried out. The message names the option, its value and what was expected. */
export class CommandLineError extends TroupeError {
  override readonly name = 'CommandLineError';

  constructor(code: CommandLineErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(code, message, options);
  }
}

/** The value of an option is wrong; `expected` completes the sentence "expected ...". */
export function badOptionValue(expected: string): CommandLineError {
  return new CommandLineError('ERR_CLI_BAD_VALUE', `expected ${expected}`);
}

/** Something that the reference has and this version has not. `what` names the part, when it is not all of it. */
export function unavailable(what?: string): CommandLineError {
  const subject = what === undefined ? '' : `${what}: `;
  return new CommandLineError('ERR_CLI_UNAVAILABLE', `${subject}not available in this version`);
}

/** What errors of other rooms are here; all others are bad values. */
const CODES: ReadonlyMap<string, CommandLineErrorCode> = new Map([
  ['ERR_CHARDEV_UNAVAILABLE', 'ERR_CLI_UNAVAILABLE'],
  ['ERR_DRIVE_UNAVAILABLE', 'ERR_CLI_UNAVAILABLE'],
  ['ERR_VCPU_LOG_MISSING', 'ERR_CLI_UNAVAILABLE'],
  ['ERR_DRIVE_CONFLICT', 'ERR_CLI_CONFLICT'],
]);

function codeOf(error: TroupeError): CommandLineErrorCode {
  if (error instanceof CommandLineError) {
    return error.code as CommandLineErrorCode;
  }
  return CODES.get(error.code) ?? 'ERR_CLI_BAD_VALUE';
}

/**
 * Runs `action`; an error of ours that it throws is thrown again as a CommandLineError that starts with `origin`,
 * the option and value as given (`-chardev null`) or a place in a configuration file (`vm.cfg:3`).
 */
export function located<T>(origin: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof TroupeError) {
      const hint = error instanceof OptionError && error.hint !== undefined ? `\n${error.hint}` : '';
      throw new CommandLineError(codeOf(error), `${origin}: ${error.message}${hint}`, { cause: error });
    }
    throw error;
  }
}
