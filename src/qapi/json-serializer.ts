/**
 * JSON values → text as the reference writes it: `, ` and `: ` between, everything beyond printable ASCII escaped with
 * upper-case hex digits, floats in fixed notation. The text is pure ASCII, so its length is its size in bytes.
 */
import { AsciiWriter } from './ascii-writer.ts';
import { QmpFloat, type QmpJson, type QmpObject } from './json-value.ts';
import { wireKeys } from './wire-order.ts';

const FLOAT_DECIMALS = 6;
/** From here on `toFixed` would switch to exponents; every double this large is an integer. */
const TO_FIXED_LIMIT = 1e21;

const COMMA = 0x2c;
const COLON = 0x3a;
const BLANK = 0x20;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;
const INDENTATION = 4;
/** Level of a value that is written on one line. */
const ONE_LINE = -1;

/** Writing never nests, so one writer serves all calls. */
const writer = new AsciiWriter();

/** One line, members in wire order. */
export function serialize(value: QmpJson): string {
  writer.clear();
  writeValue(value, ONE_LINE);
  return writer.take();
}

/** Four blanks a level, lines end CR LF, and the blank behind a comma stays before the line end. */
export function serializePretty(value: QmpJson): string {
  writer.clear();
  writeValue(value, 0);
  return writer.take();
}

function writeValue(value: QmpJson, level: number): void {
  if (typeof value === 'string') {
    writer.string(value);
  } else if (typeof value === 'number') {
    writer.integer(value);
  } else if (typeof value !== 'object') {
    writer.text(String(value));
  } else if (value instanceof QmpFloat) {
    writer.text(formatFloat(value.value));
  } else if (isList(value)) {
    writeList(value, level);
  } else {
    writeObject(value, level);
  }
}

function writeList(list: readonly QmpJson[], level: number): void {
  const inner = level === ONE_LINE ? ONE_LINE : level + 1;
  writer.byte(OPEN_BRACKET);
  for (let i = 0; i < list.length; i += 1) {
    const element = list[i];
    if (element !== undefined) {
      writeSeparator(i === 0, inner);
      writeValue(element, inner);
    }
  }
  writeLineEnd(level);
  writer.byte(CLOSE_BRACKET);
}

function writeObject(object: QmpObject, level: number): void {
  const inner = level === ONE_LINE ? ONE_LINE : level + 1;
  let isFirst = true;
  writer.byte(OPEN_BRACE);
  for (const key of wireKeys(object)) {
    const member = object[key];
    if (member !== undefined) {
      writeSeparator(isFirst, inner);
      isFirst = false;
      writer.string(key);
      writer.byte(COLON);
      writer.byte(BLANK);
      writeValue(member, inner);
    }
  }
  writeLineEnd(level);
  writer.byte(CLOSE_BRACE);
}

function writeSeparator(isFirst: boolean, level: number): void {
  if (!isFirst) {
    writer.byte(COMMA);
    writer.byte(BLANK);
  }
  writeLineEnd(level);
}

/** Ends a line and indents the next; nothing when all is to be on one line. */
function writeLineEnd(level: number): void {
  if (level !== ONE_LINE) {
    writer.byte(CARRIAGE_RETURN);
    writer.byte(LINE_FEED);
    for (let blanks = INDENTATION * level; blanks > 0; blanks -= 1) {
      writer.byte(BLANK);
    }
  }
}

function isList(value: readonly QmpJson[] | QmpObject): value is readonly QmpJson[] {
  return Array.isArray(value);
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
