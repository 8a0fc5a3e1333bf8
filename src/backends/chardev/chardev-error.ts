/** Errors of character devices; the messages are the texts that QMP clients are answered with. */
import { TroupeError } from '../../errors/troupe-error.ts';

export type ChardevErrorCode =
  | 'ERR_CHARDEV_BUSY'
  | 'ERR_CHARDEV_CLOSED'
  | 'ERR_CHARDEV_CONFIG'
  | 'ERR_CHARDEV_EXISTS'
  | 'ERR_CHARDEV_NOT_FOUND'
  | 'ERR_CHARDEV_OPEN'
  | 'ERR_CHARDEV_SOCKET'
  | 'ERR_RINGBUF_NOT_FOUND'
  | 'ERR_RINGBUF_WRONG_KIND'
  | 'ERR_RINGBUF_SIZE';

export class ChardevError extends TroupeError {
  override readonly name = 'ChardevError';

  constructor(code: ChardevErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(code, message, options);
  }
}
