import { TroupeError } from '../errors/troupe-error.ts';

/** Every way in which the runtime itself, rather than an actor's handler, refuses or gives up. */
export const ACTOR_ERROR_CODES = [
  /** The deadline of an ask, a spawn or a blocking send passed. */
  'ERR_ACTOR_TIMEOUT',
  /** The caller's `AbortSignal` fired. */
  'ERR_ACTOR_ABORTED',
  /** The actor crashed, was stopped, or lives on a thread that is gone. */
  'ERR_ACTOR_DEAD',
  /** Too many asks or tells of one reference are outstanding. */
  'ERR_ACTOR_MAILBOX_FULL',
  /** No such actor, no such method, or a reference that was not declared. */
  'ERR_ACTOR_UNKNOWN',
  /** The name is taken by another actor. */
  'ERR_ACTOR_EXISTS',
  /** The actor cannot be stopped while others depend on it. */
  'ERR_ACTOR_IN_USE',
  /** Events came faster than the subscriber drained them. */
  'ERR_ACTOR_STREAM_OVERFLOW',
  /** An argument, a result or an event cannot be structured-cloned. */
  'ERR_ACTOR_NOT_CLONEABLE',
  /** A handler threw something that carries no code of its own. */
  'ERR_ACTOR_HANDLER',
  /** A message is larger than half its ring. */
  'ERR_ACTOR_MESSAGE_TOO_LARGE',
  /** The other end of a ring has closed it. */
  'ERR_ACTOR_RING_CLOSED',
  /** What a ring holds is not what its sender can have written. */
  'ERR_ACTOR_RING_CORRUPT',
] as const;

export type ActorErrorCode = (typeof ACTOR_ERROR_CODES)[number];

const CODES: ReadonlySet<string> = new Set(ACTOR_ERROR_CODES);

/** Whether `code` is one of the runtime's own. */
export function isActorErrorCode(code: string): code is ActorErrorCode {
  return CODES.has(code);
}

/** An error of the actor runtime. */
export class ActorError extends TroupeError {
  override readonly name = 'ActorError';
  declare readonly code: ActorErrorCode;

  constructor(code: ActorErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(code, message, options);
  }
}

/** For what structured clone refuses; `what` names the message. */
export function notCloneable(what: string, error: unknown): ActorError {
  const reason = error instanceof Error ? error.message : String(error);
  return new ActorError('ERR_ACTOR_NOT_CLONEABLE', `${what} cannot be copied to another actor: ${reason}`);
}
