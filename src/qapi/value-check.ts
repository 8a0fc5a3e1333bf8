/**
 * Checks of a value against a type of the schema: rows 11 to 13 of protocol.md's table. Members are visited in the
 * order of the schema, and what no member has asked for is found when an object has been visited.
 */
import { QmpFloat, type QmpJson, type QmpObject } from './json-value.ts';
import { QapiError } from './qapi-error.ts';
import { qmpSchema, type SchemaMember, type TypeText } from './schema-file.ts';
import { wireKeys } from './wire-order.ts';

/** The bounds of integer types narrower than 64 bits, and the name that their error uses. */
const NARROW_INTEGERS: Readonly<Record<string, { min: number; max: number; expected: string }>> = {
  uint8: { min: 0, max: 0xff, expected: 'uint8_t' },
  uint16: { min: 0, max: 0xffff, expected: 'uint16_t' },
  uint32: { min: 0, max: 0xffff_ffff, expected: 'uint32_t' },
  int32: { min: -0x8000_0000, max: 0x7fff_ffff, expected: 'int32_t' },
};

/**
 * Checks one value.
 * @param name the member's name in messages; list elements have none and are called `null`
 * @param value `undefined` when a mandatory member is absent, which the protocol reports as a wrong type
 * Throws `ERR_QAPI_ARGUMENT`.
 */
export function checkValue(name: string, type: TypeText, value: QmpJson | undefined): void {
  if (typeof type !== 'string') {
    checkObject(name, type, value);
    return;
  }
  const element = listElement(type);
  if (element !== undefined) {
    checkList(name, element, value);
    return;
  }
  const narrow = NARROW_INTEGERS[type];
  if (narrow !== undefined) {
    const integer = requireInteger(name, value);
    if (integer < narrow.min || integer > narrow.max) {
      throw invalid(`Parameter '${name}' expects ${narrow.expected}`);
    }
    return;
  }
  checkNamed(name, type, value);
}

function checkNamed(name: string, type: string, value: QmpJson | undefined): void {
  switch (type) {
    case 'any':
      return;
    case 'str':
      requireString(name, value);
      return;
    case 'bool':
      if (typeof value !== 'boolean') {
        throw wrongType(name, 'boolean');
      }
      return;
    case 'int':
    case 'size':
      requireInteger(name, value);
      return;
    case 'number':
      if (!isNumber(value)) {
        throw wrongType(name, 'number');
      }
      return;
    default:
      checkDefined(name, type, value);
  }
}

function checkDefined(name: string, typeName: string, value: QmpJson | undefined): void {
  const texts = qmpSchema.enums[typeName];
  if (texts !== undefined) {
    requireEnum(texts, requireString(name, value));
    return;
  }
  const type = qmpSchema.types[typeName];
  if (type?.kind === 'struct') {
    checkObject(name, type.members, value);
  } else if (type?.kind === 'union') {
    checkUnion(name, type.branches, value);
  }
}

function checkObject(
  name: string,
  members: { readonly [member: string]: SchemaMember },
  value: QmpJson | undefined,
): void {
  const object = requireObject(name, value);
  for (const [memberName, member] of Object.entries(members)) {
    const inner = ownMember(object, memberName);
    if (inner !== undefined || member.optional !== true) {
      checkValue(memberName, member.type, inner);
    }
  }
  refuseOthers(object, members);
}

function checkUnion(
  name: string,
  branches: { readonly [branch: string]: string },
  value: QmpJson | undefined,
): void {
  const object = requireObject(name, value);
  const branch = requireString('type', ownMember(object, 'type'));
  requireEnum(Object.keys(branches), branch);
  checkValue('data', branches[branch] ?? 'any', ownMember(object, 'data'));
  refuseOthers(object, { type: true, data: true });
}

function checkList(name: string, elementType: string, value: QmpJson | undefined): void {
  if (!Array.isArray(value)) {
    throw wrongType(name, 'list');
  }
  for (const element of value) {
    checkValue('null', elementType, element);
  }
}

function refuseOthers(object: QmpObject, known: object): void {
  for (const key of wireKeys(object)) {
    if (!Object.hasOwn(known, key)) {
      throw invalid(`QMP input object member '${key}' is unexpected`);
    }
  }
}

function requireObject(name: string, value: QmpJson | undefined): QmpObject {
  if (!isObject(value)) {
    throw wrongType(name, 'QDict');
  }
  return value;
}

function requireString(name: string, value: QmpJson | undefined): string {
  if (typeof value !== 'string') {
    throw wrongType(name, 'string');
  }
  return value;
}

function requireInteger(name: string, value: QmpJson | undefined): number | bigint {
  if (!isInteger(value)) {
    throw wrongType(name, 'integer');
  }
  return value;
}

function requireEnum(texts: readonly string[], text: string): void {
  if (!texts.includes(text)) {
    throw invalid(`Invalid parameter '${text}'`);
  }
}

/** `T` of `[T]`; undefined for any other type. */
function listElement(type: string): string | undefined {
  return type.startsWith('[') ? type.slice(1, -1) : undefined;
}

function wrongType(name: string, expected: string): QapiError {
  return invalid(`Invalid parameter type for '${name}', expected: ${expected}`);
}

function invalid(message: string): QapiError {
  return new QapiError('ERR_QAPI_ARGUMENT', message);
}

/** A member that the object itself has; what it inherits from JavaScript's own prototype does not count. */
export function ownMember(object: QmpObject, name: string): QmpJson | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

export function isObject(value: QmpJson | undefined): value is QmpObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof QmpFloat);
}

export function isInteger(value: QmpJson | undefined): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

export function isNumber(value: QmpJson | undefined): value is number | bigint | QmpFloat {
  return isInteger(value) || value instanceof QmpFloat;
}
