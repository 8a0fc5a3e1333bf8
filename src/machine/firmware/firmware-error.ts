import { TroupeError } from '../../errors/troupe-error.ts';

/** A firmware file, a kernel or a table that cannot be used. Codes begin with ERR_FIRMWARE_. */
export class FirmwareError extends TroupeError {
  override readonly name = 'FirmwareError';
}
