/**
 * JSON values → text as the reference writes it: `, ` and `: ` between, everything beyond printable ASCII escaped with
 * upper-case hex digits, floats in fixed notation. The text is pure ASCII, so its length is its size in bytes.
 */
import { QmpFloat, type QmpJson, type QmpObject } from './json-value.ts';
import { wireKeys } from './wire-order.ts';

const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;
const SPECIAL = /["\\]|[^\x20-\x7e]/gu;
const FLOAT_DECIMALS = 6;
/** From here on `toFixed` would switch to exponents; every double this large is an integer. */
const TO_FIXED_LIMIT = 1e21;

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** One line, members in wire order. */
export function serialize(value: QmpJson): string {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value);
    default:
      break;
  }
  if (value instanceof QmpFloat) {
    return formatFloat(value.value);
  }
  if (isList(value)) {
    return `[${value.map(serialize).join(', ')}]`;
  }
  let text = '';
  for (const key of wireKeys(value)) {
    const member = value[key];
    if (member !== undefined) {
      text += `${text === '' ? '' : ', '}${quote(key)}: ${serialize(member)}`;
    }
  }
  return `{${text}}`;
}

/** Four blanks a level, lines end CR LF, and the blank behind a comma stays before the line end. */
export function serializePretty(value: QmpJson, level = 0): string {
  const inner = `\r\n${'    '.repeat(level + 1)}`;
  const outer = `\r\n${'    '.repeat(level)}`;
  if (typeof value !== 'object' || value instanceof QmpFloat) {
    return serialize(value);
  }
  if (isList(value)) {
    return `[${value.map((element) => inner + serializePretty(element, level + 1)).join(', ')}${outer}]`;
  }
  const members = prettyMembers(value, level + 1);
  return `{${members.map((member) => inner + member).join(', ')}${outer}}`;
}

function prettyMembers(object: QmpObject, level: number): string[] {
  const members: string[] = [];
  for (const key of wireKeys(object)) {
    const member = object[key];
    if (member !== undefined) {
      members.push(`${quote(key)}: ${serializePretty(member, level)}`);
    }
  }
  return members;
}

function isList(value: readonly QmpJson[] | QmpObject): value is readonly QmpJson[] {
  return Array.isArray(value);
}

/** A string literal. Unpaired surrogates become U+FFFD. */
export function quote(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : `"${text.replace(SPECIAL, escapeCharacter)}"`;
}

function escapeCharacter(character: string): string {
  const short = SHORT_ESCAPES[character];
  if (short !== undefined) {
    return short;
  }
  const codePoint = character.codePointAt(0) ?? 0;
  if (codePoint >= 0xd800 && codePoint <= 0xdfff) {
    return '\\uFFFD';
  }
  return Array.from({ length: character.length }, (_, unit) => hexEscape(character.charCodeAt(unit))).join(
    '',
  );
}

function hexEscape(unit: number): string {
  return `\\u${unit.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** Six decimals, trailing zeros and a bare point removed. Infinity, which JSON lacks, is written as the largest double. */
export function formatFloat(value: number): string {
  if (!Number.isFinite(value)) {
    return formatFloat(value < 0 ? -Number.MAX_VALUE : Number.MAX_VALUE);
  }
  if (Math.abs(value) >= TO_FIXED_LIMIT) {
    return BigInt(value).toString();
  }
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  return sign + fixedMagnitude(Math.abs(value)).replace(/\.?0+$/, '');
}

/** `%f`: where a value lies in the middle between two results the even one is chosen, `toFixed` takes the larger. */
function fixedMagnitude(magnitude: number): string {
  // Only odd multiples of 1/128 lie exactly between two millionths.
  const in128ths = magnitude * 128;
  if (!Number.isSafeInteger(in128ths) || in128ths % 2 === 0) {
    return magnitude.toFixed(FLOAT_DECIMALS);
  }
  const halfMillionths = BigInt(in128ths) * 15625n; // 2 × 10⁶ ÷ 128
  const lower = halfMillionths / 2n;
  const millionths = lower % 2n === 0n ? lower : lower + 1n;
  return `${millionths / 1_000_000n}.${(millionths % 1_000_000n).toString().padStart(FLOAT_DECIMALS, '0')}`;
}
