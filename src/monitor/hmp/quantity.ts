/** Sizes and times with unit suffixes (hmp.md §1, kinds `o` and `T`). */
import { syntaxError } from './hmp-error.ts';
import { isBlank, type LineScanner } from './line-scanner.ts';

const SIZE_UNITS: ReadonlyMap<string, number> = new Map([
  ['B', 1],
  ['K', 2 ** 10],
  ['M', 2 ** 20],
  ['G', 2 ** 30],
  ['T', 2 ** 40],
]);
const DEFAULT_SIZE_UNIT = 2 ** 20;
const SIZE_LIMIT = 2 ** 63;

const TIME_UNITS: ReadonlyMap<string, number> = new Map([
  ['ms', 1e3],
  ['us', 1e6],
  ['ns', 1e9],
]);

const NUMBER = /[+-]?(?:0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)/y;

/**
 * A size: a number, possibly with a fraction, and one of the suffixes b k m g t in either case; without one it counts
 * MiB.
 * @returns bytes, below 2^63
 * @throws HmpError `invalid size`
 */
export function readSize(scanner: LineScanner): bigint {
  const number = readNumber(scanner);
  const suffix = SIZE_UNITS.get(scanner.current.toUpperCase());
  if (suffix !== undefined) scanner.position += 1;
  const unit = suffix ?? DEFAULT_SIZE_UNIT;
  const bytes = (number ?? Number.NaN) * unit;
  const hasPartOfByte = unit === 1 && !Number.isInteger(bytes);
  if (!(bytes >= 0 && bytes < SIZE_LIMIT) || hasPartOfByte) throw syntaxError('invalid size');
  return BigInt(Math.trunc(bytes));
}

/**
 * A time: a number of seconds, or of the unit ms, us or ns behind it.
 * @returns seconds
 * @throws HmpError `Number expected`, `Bad number` (not finite), `Unknown unit suffix`
 */
export function readSeconds(scanner: LineScanner): number {
  const number = readNumber(scanner);
  if (number === undefined) throw syntaxError('Number expected');
  if (!Number.isFinite(number)) throw syntaxError('Bad number');
  const unit = TIME_UNITS.get(scanner.text.slice(scanner.position, scanner.position + 2));
  if (unit !== undefined) scanner.position += 2;
  if (!scanner.atEnd && !isBlank(scanner.current)) throw syntaxError('Unknown unit suffix');
  return number / (unit ?? 1);
}

function readNumber(scanner: LineScanner): number | undefined {
  const text = scanner.match(NUMBER);
  if (text === undefined) return undefined;
  const magnitude = Number(text.replace(/^[+-]/, ''));
  return text.startsWith('-') ? -magnitude : magnitude;
}
