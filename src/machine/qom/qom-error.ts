import { type QmpErrorClass, TroupeError } from '../../errors/troupe-error.ts';

export type QomErrorCode =
  | 'ERR_QOM_OBJECT_NOT_FOUND'
  | 'ERR_QOM_PROPERTY_NOT_FOUND'
  | 'ERR_QOM_PROPERTY_EXISTS'
  | 'ERR_QOM_PERMISSION'
  | 'ERR_QOM_REALIZED'
  | 'ERR_QOM_ABSTRACT_TYPE'
  | 'ERR_QOM_NOT_A_DEVICE'
  | 'ERR_QOM_TYPE_EXISTS'
  | 'ERR_QOM_TYPE_UNKNOWN';

/** A failure of the object model; messages that clients see have the exact text of schema.json. */
export class QomError extends TroupeError {
  override readonly name: string = 'QomError';
  declare readonly code: QomErrorCode;

  constructor(code: QomErrorCode, message: string, errorClass: QmpErrorClass = 'GenericError') {
    super(code, message, { errorClass });
  }
}

/** `name` is a path, an id or a type that leads to nothing, or to more than one thing. */
export function deviceNotFound(name: string): QomError {
  return new QomError('ERR_QOM_OBJECT_NOT_FOUND', `Device '${name}' not found`, 'DeviceNotFound');
}

/** The property cannot be read, or not be written. */
export function noPermission(): QomError {
  return new QomError('ERR_QOM_PERMISSION', 'Insufficient permission to perform this operation');
}
