import { TroupeError } from '../errors/troupe-error.ts';

/** A package that could not be fetched. Codes: ERR_FETCH_NO_APT, ERR_FETCH_APT, ERR_FETCH_PACKAGE. */
export class FetchError extends TroupeError {
  override readonly name = 'FetchError';
}
