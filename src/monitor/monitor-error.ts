import { TroupeError } from '../errors/troupe-error.ts';

export type MonitorErrorCode =
  | 'ERR_MONITOR_COMMAND_UNKNOWN'
  | 'ERR_MONITOR_PARAMETER'
  | 'ERR_MONITOR_FD_MISSING'
  | 'ERR_MONITOR_FD_UNKNOWN'
  | 'ERR_MONITOR_CHARDEV'
  | 'ERR_MONITOR_FILE'
  | 'ERR_MONITOR_DEVICE'
  | 'ERR_MONITOR_ACTOR';

/** What ends a monitor command; the message is what the client reads. */
export class MonitorError extends TroupeError {
  override readonly name = 'MonitorError';

  constructor(
    code: MonitorErrorCode,
    message: string,
    options?: ConstructorParameters<typeof TroupeError>[2],
  ) {
    super(code, message, options);
  }
}
