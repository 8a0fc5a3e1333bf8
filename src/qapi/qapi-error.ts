import { type QmpErrorClass, TroupeError } from '../errors/troupe-error.ts';

export type QapiErrorCode =
  | 'ERR_QAPI_JSON'
  | 'ERR_QAPI_ENVELOPE'
  | 'ERR_QAPI_ARGUMENT'
  | 'ERR_QAPI_COMMAND_NOT_FOUND';

/** A request that the protocol refuses; the message is exactly what the client reads. */
export class QapiError extends TroupeError {
  override readonly name = 'QapiError';

  constructor(code: QapiErrorCode, message: string, errorClass: QmpErrorClass = 'GenericError') {
    super(code, message, { errorClass });
  }
}
