/** The error classes that a QMP client can be shown (schema.json, `errorClasses`). */
export type QmpErrorClass =
  | 'GenericError'
  | 'CommandNotFound'
  | 'DeviceEncrypted'
  | 'DeviceNotActive'
  | 'DeviceNotFound'
  | 'KVMMissingCap';

/**
 * Root of every error that Troupe raises on purpose.
 *
 * `code` is stable and machine-readable (`ERR_ACTOR_TIMEOUT`); callers branch on it, never on the message, because it
 * survives the passage from one thread to another while the subclass may not. `errorClass` is what a monitor answers
 * with when the error ends a QMP command.
 */
export class TroupeError extends Error {
  override readonly name: string = 'TroupeError';
  readonly code: string;
  readonly errorClass: QmpErrorClass;

  constructor(code: string, message: string, options: { errorClass?: QmpErrorClass; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.errorClass = options.errorClass ?? 'GenericError';
  }
}
