/**
 * JSON as text between the project's own threads: nothing is lost on the way. The wire's own form is unfit for that,
 * since it writes `1.0` as `1` and splits characters beyond the BMP into escapes that the dialect does not join.
 */
import { parseMessage, SYNTAX_ERROR } from './json-parser.ts';
import { QmpFloat, type QmpJson, type QmpObject } from './json-value.ts';
import { QapiError } from './qapi-error.ts';

export function toJsonText(value: QmpJson): string {
  if (typeof value === 'string') {
    return JSON.stringify(value);
  }
  if (value instanceof QmpFloat) {
    return floatText(value.value);
  }
  if (typeof value !== 'object') {
    return String(value);
  }
  if (isList(value)) {
    return `[${value.map(toJsonText).join(',')}]`;
  }
  const members = Object.entries(value).map(
    ([key, member]) => `${JSON.stringify(key)}:${toJsonText(member)}`,
  );
  return `{${members.join(',')}}`;
}

/** Throws `ERR_QAPI_JSON`. */
export function fromJsonText(text: string): QmpJson {
  const bytes = Buffer.from(text);
  const value = parseMessage(bytes, 0, bytes.length);
  if (value === SYNTAX_ERROR) {
    throw new QapiError('ERR_QAPI_JSON', `'${text}' is not a JSON value`);
  }
  return value;
}

function isList(value: readonly QmpJson[] | QmpObject): value is readonly QmpJson[] {
  return Array.isArray(value);
}

/** A form that is read back as a float: with a point or an exponent. JSON has no infinity, the parser reads 1e999 as one. */
function floatText(value: number): string {
  if (!Number.isFinite(value)) {
    return value < 0 ? '-1e999' : '1e999';
  }
  // String() drops the sign of zero.
  const text = Object.is(value, -0) ? '-0' : String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}
