import { TroupeError } from '../errors/troupe-error.ts';

export type ImageCommandErrorCode = 'ERR_IMAGE_USAGE' | 'ERR_IMAGE_FAILED';

/** A command line of troupe-img that cannot be carried out, or a command that has failed. */
export class ImageCommandError extends TroupeError {
  override readonly name = 'ImageCommandError';

  constructor(code: ImageCommandErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(code, message, options);
  }
}
