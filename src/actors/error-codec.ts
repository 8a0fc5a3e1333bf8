import { type QmpErrorClass, TroupeError } from '../errors/troupe-error.ts';
import { ActorError, isActorErrorCode } from './actor-error.ts';

/** An error as it travels between threads: plain data, since structured clone drops `code` and subclasses. */
export interface WireError {
  name: string;
  code: string;
  errorClass: QmpErrorClass;
  message: string;
  cause: string | undefined;
  stack: string | undefined;
}

/** An error that was thrown on another thread, or by another actor, by code that is not the runtime. */
export class RemoteError extends TroupeError {
  override readonly name: string;

  constructor(wire: WireError, cause: Error | undefined) {
    super(wire.code, wire.message, { errorClass: wire.errorClass, cause });
    this.name = wire.name;
  }
}

/** How many links of a chain of causes are worth telling. */
const CAUSE_DEPTH = 4;

/**
 * Turns anything that was thrown into plain data. What carries a `code` of its own (a TroupeError, a system error of
 * Node) keeps it; the rest becomes `ERR_ACTOR_HANDLER`.
 */
export function encodeError(thrown: unknown): WireError {
  if (!(thrown instanceof Error)) {
    return {
      name: 'Error',
      code: 'ERR_ACTOR_HANDLER',
      errorClass: 'GenericError',
      message: describe(thrown),
      cause: undefined,
      stack: undefined,
    };
  }
  const code: unknown = 'code' in thrown ? thrown.code : undefined;
  return {
    name: thrown.name,
    code: typeof code === 'string' ? code : 'ERR_ACTOR_HANDLER',
    errorClass: thrown instanceof TroupeError ? thrown.errorClass : 'GenericError',
    message: thrown.message === '' ? thrown.name : thrown.message,
    cause: causeText(thrown),
    stack: remoteStackOf(thrown) ?? thrown.stack,
  };
}

/**
 * Rebuilds an error on the receiving side: an `ActorError` for the runtime's own codes, otherwise a `RemoteError`.
 * Its `remoteStack` (not enumerable, so that nobody prints it to a user by accident) is where it was thrown.
 */
export function decodeError(wire: WireError): TroupeError {
  const cause = wire.cause === undefined ? undefined : new Error(wire.cause);
  const error = isActorErrorCode(wire.code)
    ? new ActorError(wire.code, wire.message, { cause })
    : new RemoteError(wire, cause);
  Object.defineProperty(error, 'remoteStack', { value: wire.stack, enumerable: false });
  return error;
}

/** The stack of a decoded error as it was on the thread that threw it; undefined for errors that never travelled. */
export function remoteStackOf(error: Error): string | undefined {
  const stack: unknown = 'remoteStack' in error ? error.remoteStack : undefined;
  return typeof stack === 'string' ? stack : undefined;
}

/** What was thrown, as one line for people: the message and, if it says more, the cause. */
export function errorLine(thrown: unknown): string {
  const wire = encodeError(thrown);
  const message = wire.message.split('\n', 1)[0] ?? '';
  return wire.cause === undefined || message.includes(wire.cause) ? message : `${message}: ${wire.cause}`;
}

function causeText(error: Error): string | undefined {
  const lines: string[] = [];
  let cause: unknown = error.cause;
  for (let depth = 0; cause !== undefined && depth < CAUSE_DEPTH; depth++) {
    lines.push(cause instanceof Error ? cause.message : describe(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return lines.length === 0 ? undefined : lines.join(': ');
}

/** A thrown value that is not an error, in words; it may be hostile to being printed. */
function describe(value: unknown): string {
  try {
    return typeof value === 'string' ? value : `thrown ${typeof value}: ${String(value)}`;
  } catch {
    return `thrown ${typeof value}`;
  }
}
