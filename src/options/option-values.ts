/** Values of option lists by type: what counts as a boolean, a number, a size. Sizes and numbers are unsigned 64-bit. */
import { badValue } from './option-error.ts';
import type { OptionPair } from './option-list.ts';

const UINT64_MASK = (1n << 64n) - 1n;
const UINT64_LIMIT = 2 ** 64;
const INT64_LIMIT = 2 ** 63;

/** `on` or `off`. Throws `Parameter 'x' expects 'on' or 'off'`. */
export function parseBoolean(name: string, text: string): boolean {
  if (text === 'on' || text === 'off') {
    return text === 'on';
  }
  throw badValue(name, "'on' or 'off'");
}

/**
 * A number as C's `strtoull(text, 0)` reads it: decimal, `0x` hexadecimal or `0` octal, leading blanks and a sign
 * allowed (a negative number wraps around). Throws `Parameter 'x' expects a number` on anything left over, on
 * nothing at all, and beyond 64 bits.
 */
export function parseNumber(name: string, text: string): bigint {
  const match = /^\s*([+-]?)(?:0[xX]([0-9a-fA-F]+)|(0[0-7]*)|([1-9][0-9]*))$/.exec(text);
  if (match === null) {
    throw badValue(name, 'a number');
  }
  const [, sign, hexadecimal, octal, decimal] = match;
  const magnitude =
    hexadecimal !== undefined
      ? BigInt(`0x${hexadecimal}`)
      : octal !== undefined
        ? BigInt(`0o${octal}`)
        : BigInt(decimal ?? '0');
  if (magnitude > UINT64_MASK) {
    throw badValue(name, 'a number');
  }
  return sign === '-' ? -magnitude & UINT64_MASK : magnitude;
}

const DECIMAL_FRACTION = /^\s*\+?(\d+(?:\.\d*)?|\.\d+)(?:[eE]([+-]?\d+))?/;

const SIZE_HINT = 'You may use k, M, G or T suffixes for kilobytes, megabytes, gigabytes and terabytes.';

const OPTION_SIZE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 2 ** 10,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
  T: 2 ** 40,
};

/** `amount × unit` exactly for whole decimal numbers, rounded down otherwise. */
function scale(amount: string, unit: number): bigint {
  return /^\d+$/.test(amount) ? BigInt(amount) * BigInt(unit) : BigInt(Math.floor(Number(amount) * unit));
}

/**
 * A size parameter of an option group, in bytes: a number, possibly with a fraction, and one of the suffixes
 * b k K M G T. Without suffix the unit is one byte. A fraction of a byte is dropped.
 */
export function parseSize(name: string, text: string): bigint {
  const number = DECIMAL_FRACTION.exec(text);
  const unit = number === null ? undefined : OPTION_SIZE_UNITS[text.slice(number[0].length)];
  if (number === null || unit === undefined || Number(number[0]) * unit >= UINT64_LIMIT) {
    throw badValue(name, 'a size', SIZE_HINT);
  }
  return scale(number[0].trim(), unit);
}

export type SizeUnit = 'B' | 'K' | 'M' | 'G' | 'T';

const MEMORY_SIZE_UNITS: Readonly<Record<SizeUnit, number>> = {
  B: 1,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
  T: 2 ** 40,
};

/**
 * A size outside the option groups (`-m`, `-numa mem=`, monitor arguments), in bytes: suffixes b k m g t in either
 * case, `defaultUnit` without one. A fraction needs a unit larger than a byte; what is left below a byte is dropped.
 * @returns undefined when the text is no such size, or one of 2^63 bytes and more
 */
export function parseMemorySize(text: string, defaultUnit: SizeUnit): bigint | undefined {
  const number = DECIMAL_FRACTION.exec(text);
  if (number === null) {
    return undefined;
  }
  const suffix = text.slice(number[0].length).toUpperCase();
  if (suffix !== '' && !Object.hasOwn(MEMORY_SIZE_UNITS, suffix)) {
    return undefined;
  }
  const unit = MEMORY_SIZE_UNITS[suffix === '' ? defaultUnit : (suffix as SizeUnit)];
  const amount = Number(number[0]);
  if ((unit === 1 && !Number.isInteger(amount)) || amount * unit >= INT64_LIMIT) {
    return undefined;
  }
  return scale(number[0].trim(), unit);
}

/** The value that counts for `key`: the last one written. */
export function stringValue(values: readonly OptionPair[], key: string): string | undefined {
  return values.findLast(([name]) => name === key)?.[1];
}

/** The boolean at `key`. Throws when it is neither `on` nor `off`. */
export function booleanValue(values: readonly OptionPair[], key: string): boolean | undefined {
  const text = stringValue(values, key);
  return text === undefined ? undefined : parseBoolean(key, text);
}

/** The number at `key`, exact up to 2^53−1. Throws when it is no number, or greater than that. */
export function numberValue(values: readonly OptionPair[], key: string): number | undefined {
  const text = stringValue(values, key);
  return text === undefined ? undefined : safeNumber(key, parseNumber(key, text));
}

/** The size at `key` in bytes, up to 2^53−1. Throws when it is no size, or greater than that. */
export function sizeValue(values: readonly OptionPair[], key: string): number | undefined {
  const text = stringValue(values, key);
  return text === undefined ? undefined : safeNumber(key, parseSize(key, text));
}

function safeNumber(name: string, value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw badValue(name, `a value of at most ${Number.MAX_SAFE_INTEGER}, not ${value}`);
  }
  return Number(value);
}
