import { TroupeError } from '../errors/troupe-error.ts';

export type ImageCommandErrorCode = 'ERR_IMAGE_USAGE' | 'ERR_IMAGE_FAILED';

/** A command line of troupe-img that cannot be carried out, or a command that has failed. */
export class ImageCommandError extends TroupeError {
  override readonly name = 'ImageCommandError';
  declare readonly code: ImageCommandErrorCode;
  /** The exit status that tells of it. */
  readonly status: number;

  constructor(
    code: ImageCommandErrorCode,
    message: string,
    options: { cause?: unknown; status?: number } = {},
  ) {
    super(code, message, options);
    this.status = options.status ?? 1;
  }
}

/** The words of the command line are not those of the command. */
export function wrongUsage(message: string): ImageCommandError {
  return new ImageCommandError('ERR_IMAGE_USAGE', message);
}

export function failed(
  message: string,
  options: { cause?: unknown; status?: number } = {},
): ImageCommandError {
  return new ImageCommandError('ERR_IMAGE_FAILED', message, options);
}
