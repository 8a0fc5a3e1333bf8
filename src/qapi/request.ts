/** The envelope of a request: rows 2 to 6 of protocol.md's table. */
import type { QmpJson, QmpObject } from './json-value.ts';
import { QapiError } from './qapi-error.ts';
import { isObject, ownMember } from './value-check.ts';
import { wireKeys } from './wire-order.ts';

export interface QmpRequest {
  readonly command: string;
  readonly args: QmpObject;
  /** Echoed with the answer when the request had one. */
  readonly id: QmpJson | undefined;
}

const NO_ARGUMENTS: QmpObject = {};

/** Throws `ERR_QAPI_ENVELOPE`: such a request is answered without its `id`. */
export function readRequest(value: QmpJson): QmpRequest {
  if (!isObject(value)) {
    throw refused("Expected 'object' in QMP input");
  }
  for (const key of wireKeys(value)) {
    if (key === 'execute') {
      if (typeof value[key] !== 'string') {
        throw refused("QMP input object member 'execute' expects 'string'");
      }
    } else if (key === 'arguments') {
      if (!isObject(value[key])) {
        throw refused("QMP input object member 'arguments' expects 'object'");
      }
    } else if (key !== 'id') {
      throw refused(`QMP input object member '${key}' is unexpected`);
    }
  }
  const command = ownMember(value, 'execute');
  const args = ownMember(value, 'arguments');
  if (typeof command !== 'string') {
    throw refused("Expected 'execute' in QMP input");
  }
  return { command, args: isObject(args) ? args : NO_ARGUMENTS, id: ownMember(value, 'id') };
}

function refused(message: string): QapiError {
  return new QapiError('ERR_QAPI_ENVELOPE', message);
}
