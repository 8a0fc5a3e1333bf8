/** What can go wrong between a program and the machine that it drives. */
import { type QmpErrorClass, TroupeError } from '../errors/troupe-error.ts';

/** The machine refused a command; `errorClass` and `desc` are what it answered with. */
export class QmpCommandError extends TroupeError {
  override readonly name = 'QmpCommandError';
  readonly command: string;
  /** The machine's own words. */
  readonly desc: string;

  constructor(command: string, errorClass: QmpErrorClass, desc: string) {
    super('ERR_QMP_COMMAND', `${command}: ${desc} (${errorClass})`, { errorClass });
    this.command = command;
    this.desc = desc;
  }
}

/** Something did not happen in the time that was given for it. The command may still take effect. */
export class QmpDeadlineError extends TroupeError {
  override readonly name = 'QmpDeadlineError';

  /** @param awaited what was waited for: `the reply to 'stop'` */
  constructor(awaited: string, deadlineMs: number) {
    super('ERR_QMP_DEADLINE', `Waited ${deadlineMs} ms for ${awaited}`);
  }
}

/** The connection is gone, and with it whatever was still expected from it. */
export class QmpConnectionClosedError extends TroupeError {
  override readonly name = 'QmpConnectionClosedError';

  /** @param awaited what was waited for: `the reply to 'stop'` */
  constructor(awaited: string, cause?: unknown) {
    super('ERR_QMP_CLOSED', `The QMP connection was closed before ${awaited}`, { cause });
  }
}

/** The other side does not speak QMP. */
export class QmpProtocolError extends TroupeError {
  override readonly name = 'QmpProtocolError';

  constructor(message: string) {
    super('ERR_QMP_PROTOCOL', message);
  }
}

/** More events arrived than an iterator was asked to keep. */
export class QmpEventOverflowError extends TroupeError {
  override readonly name = 'QmpEventOverflowError';

  constructor(limit: number) {
    super('ERR_QMP_EVENT_OVERFLOW', `More than ${limit} events arrived before they were read`);
  }
}

/** The machine did not start. */
export class LaunchError extends TroupeError {
  override readonly name = 'LaunchError';
  /** What the process wrote to its standard error. */
  readonly stderr: string;

  constructor(message: string, stderr: string, cause?: unknown) {
    super('ERR_LAUNCH', stderr === '' ? message : `${message}: ${stderr.trim()}`, { cause });
    this.stderr = stderr;
  }
}
