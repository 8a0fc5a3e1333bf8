/** The messages of QMP as a client sees them, with the schema's types. */
import type { QmpErrorClass } from '../errors/troupe-error.ts';
import type { QmpJson, QmpObject } from '../qapi/json-value.ts';
import type { QmpCommandName, QmpCommands, QmpEventName, QmpEvents } from '../qapi/qmp-types.generated.ts';
import { isObject } from '../qapi/value-check.ts';
import { QmpProtocolError } from './client-error.ts';
import type { WaitOptions } from './deadline.ts';

export type CommandArguments<C extends QmpCommandName> = QmpCommands[C]['arguments'];
export type CommandResult<C extends QmpCommandName> = QmpCommands[C]['returns'];

/** Arguments may be left out when the command has none that are mandatory. */
export type ExecuteParameters<C extends QmpCommandName> =
  Record<never, never> extends CommandArguments<C>
    ? [argument?: CommandArguments<C>, options?: WaitOptions]
    : [argument: CommandArguments<C>, options?: WaitOptions];

/** A command that the schema does not know: of another program that speaks QMP. */
export type OtherCommandName<C extends string> = C extends QmpCommandName ? never : C;

export type EventData<E extends string> = E extends QmpEventName ? QmpEvents[E] : QmpObject;

/** Names of events: those of the schema, for completion, and any other. */
export type EventName = QmpEventName | (string & Record<never, never>);

export interface QmpEvent<E extends string = string> {
  readonly event: E;
  /** Empty when the event carries nothing. */
  readonly data: EventData<E>;
  /** The machine's wall clock at the event. */
  readonly timestamp: { readonly seconds: number; readonly microseconds: number };
}

/** What a machine says of itself when a client connects. */
export interface QmpGreeting {
  readonly version: {
    readonly qemu: { readonly major: number; readonly minor: number; readonly micro: number };
    readonly package: string;
  };
  readonly capabilities: readonly string[];
}

/** A reply: to the command of that id, or to none when the machine could not read it. */
export interface QmpReply {
  readonly id: QmpJson | undefined;
  readonly result:
    | { readonly value: QmpJson }
    | { readonly errorClass: QmpErrorClass; readonly desc: string };
}

const ERROR_CLASSES: readonly QmpErrorClass[] = [
  'GenericError',
  'CommandNotFound',
  'DeviceEncrypted',
  'DeviceNotActive',
  'DeviceNotFound',
  'KVMMissingCap',
];

/** @throws QmpProtocolError */
export function readGreeting(message: QmpObject): QmpGreeting {
  const greeting = objectMember(message, 'QMP');
  const version = objectMember(greeting, 'version');
  const qemu = objectMember(version, 'qemu');
  const capabilities = greeting['capabilities'];
  return {
    version: {
      qemu: { major: Number(qemu['major']), minor: Number(qemu['minor']), micro: Number(qemu['micro']) },
      package: String(version['package'] ?? ''),
    },
    capabilities: Array.isArray(capabilities) ? capabilities.map(String) : [],
  };
}

/** @throws QmpProtocolError */
export function readEvent(message: QmpObject): QmpEvent {
  const timestamp = objectMember(message, 'timestamp');
  const data = message['data'];
  return {
    event: String(message['event']),
    data: isObject(data) ? data : {},
    timestamp: {
      seconds: Number(timestamp['seconds']),
      microseconds: Number(timestamp['microseconds']),
    },
  };
}

/** @throws QmpProtocolError */
export function readReply(message: QmpObject): QmpReply {
  const { id, return: value } = message;
  if (value !== undefined) {
    return { id, result: { value } };
  }
  const error = objectMember(message, 'error');
  const errorClass = ERROR_CLASSES.find((each) => each === error['class']) ?? 'GenericError';
  return { id, result: { errorClass, desc: String(error['desc'] ?? '') } };
}

function objectMember(object: QmpObject, name: string): QmpObject {
  const value = object[name];
  if (!isObject(value)) {
    throw new QmpProtocolError(
      `The other side sent a message without '${name}': its members are ${Object.keys(object).join(', ') || 'none'}`,
    );
  }
  return value;
}
