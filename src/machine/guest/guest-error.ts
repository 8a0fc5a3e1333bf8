import { TroupeError } from '../../errors/troupe-error.ts';

export type GuestErrorCode =
  | 'ERR_GUEST_NO_BOARD'
  | 'ERR_GUEST_NO_BALLOON'
  | 'ERR_GUEST_CPU_ADD'
  | 'ERR_GUEST_KEY'
  | 'ERR_GUEST_LOG'
  | 'ERR_GUEST_READ';

/** What a monitor asked of the guest cannot be done. */
export class GuestError extends TroupeError {
  override readonly name: string = 'GuestError';
  declare readonly code: GuestErrorCode;

  constructor(
    code: GuestErrorCode,
    message: string,
    options: ConstructorParameters<typeof TroupeError>[2] = {},
  ) {
    super(code, message, options);
  }
}
