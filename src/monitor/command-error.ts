import { type QmpErrorClass, TroupeError } from '../errors/troupe-error.ts';
import type { MonitorServices } from './monitor-services.ts';
import type { ErrorReply } from './reply-text.ts';

/**
 * What a client is answered when a command ends with this error. An error that nobody raised on purpose is reported
 * too: it is a mistake of ours, and the monitor lives on.
 */
export function describeError(error: unknown, command: string, services: MonitorServices): ErrorReply {
  const desc = error instanceof Error ? error.message : String(error);
  if (!isDeliberate(error)) {
    const detail = error instanceof Error ? (error.stack ?? desc) : desc;
    services.report(`command ${command} failed unexpectedly: ${detail}`);
  }
  return {
    class: isDeliberate(error) ? error.errorClass : 'GenericError',
    desc: desc === '' ? 'An undefined error has occurred' : desc,
  };
}

/** Errors from other threads keep their code and class, not always their prototype. */
function isDeliberate(error: unknown): error is Error & { errorClass: QmpErrorClass } {
  return error instanceof TroupeError || (error instanceof Error && 'errorClass' in error);
}
