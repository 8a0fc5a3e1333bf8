/** What a typed property of a device is: how its value is checked, read, written and shown. */
import { TroupeError } from '../errors/troupe-error.ts';
import type { QmpJson } from '../qapi/json-value.ts';

export type PropertyErrorCode = 'ERR_PROPERTY_TYPE' | 'ERR_PROPERTY_VALUE';

/** A value that a property does not take. */
export class PropertyError extends TroupeError {
  override readonly name: string = 'PropertyError';
  declare readonly code: PropertyErrorCode;

  constructor(code: PropertyErrorCode, message: string) {
    super(code, message);
  }
}

/** Whose property is being set, for the messages. */
export interface PropertyOwner {
  /** Type name of the object: `e1000`. */
  readonly typeName: string;
  readonly property: string;
}

/**
 * A type of property. `T` is what the device sees; JSON is what clients see; text is what the command line gives.
 */
export interface PropertyType<T> {
  /** Type name of the native form: what qom-list shows. */
  readonly name: string;
  /** What device-list-properties shows, where that differs: `on/off` for a boolean. */
  readonly legacyName?: string;
  /** @throws PropertyError for the wrong JSON type or a value out of range */
  fromJson(value: QmpJson, owner: PropertyOwner): T;
  toJson(value: T): QmpJson;
  /** @throws PropertyError for text that the type does not take */
  parse(text: string, owner: PropertyOwner): T;
  /** The text form, where it is not the native one written out; such a property has a `legacy-NAME` twin. */
  print?(value: T): string;
}

/** `expected` as the monitor names JSON types: string, boolean, integer, number, list, QDict. */
export function wrongType(owner: PropertyOwner, expected: string): PropertyError {
  return new PropertyError(
    'ERR_PROPERTY_TYPE',
    `Invalid parameter type for '${owner.property}', expected: ${expected}`,
  );
}

export function wrongText(owner: PropertyOwner, text: string): PropertyError {
  return new PropertyError(
    'ERR_PROPERTY_VALUE',
    `Property '${owner.typeName}.${owner.property}' doesn't take value '${text}'`,
  );
}

/** @param expected what the property takes: `uint8_t`, `pci_devfn` */
export function outOfRange(owner: PropertyOwner, expected: string): PropertyError {
  return new PropertyError('ERR_PROPERTY_VALUE', `Parameter '${owner.property}' expects ${expected}`);
}

/** @throws PropertyError when `value` is no string */
export function stringFromJson(value: QmpJson, owner: PropertyOwner): string {
  if (typeof value !== 'string') {
    throw wrongType(owner, 'string');
  }
  return value;
}

/** @throws PropertyError when `value` is no boolean */
export function booleanFromJson(value: QmpJson, owner: PropertyOwner): boolean {
  if (typeof value !== 'boolean') {
    throw wrongType(owner, 'boolean');
  }
  return value;
}

/** @throws PropertyError when `value` is no integer (a float is none, `1.0` neither) */
export function integerFromJson(value: QmpJson, owner: PropertyOwner): bigint {
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))) {
    return BigInt(value);
  }
  throw wrongType(owner, 'integer');
}

/** An exact integer as JSON has it: a number while that is safe. */
export function integerToJson(value: bigint): QmpJson {
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
}
