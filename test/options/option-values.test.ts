import test from 'ava';
import fc from 'fast-check';
import {
  booleanValue,
  numberValue,
  parseBoolean,
  parseMemorySize,
  parseNumber,
  parseSize,
  stringValue,
} from '../../src/options/option-values.ts';

const KiB = 2n ** 10n;
const MiB = 2n ** 20n;
const GiB = 2n ** 30n;
const TiB = 2n ** 40n;
const UINT64_MAX = 2n ** 64n - 1n;

test('booleans are on or off and nothing else', (t) => {
  t.true(parseBoolean('x', 'on'));
  t.false(parseBoolean('x', 'off'));
  for (const text of ['', 'yes', 'true', 'On', '1']) {
    t.throws(() => parseBoolean('x', text), { message: "Parameter 'x' expects 'on' or 'off'" });
  }
});

const numbers: readonly [string, bigint][] = [
  ['0', 0n],
  ['10', 10n],
  ['010', 8n],
  ['0x10', 16n],
  ['0XfF', 255n],
  [' 7', 7n],
  ['+7', 7n],
  ['-1', UINT64_MAX],
  ['18446744073709551615', UINT64_MAX],
  ['9007199254740993', 9007199254740993n],
];

test('numbers are decimal, hexadecimal or octal, as strtoull reads them', (t) => {
  for (const [text, value] of numbers) {
    t.is(parseNumber('x', text), value, text);
  }
  for (const text of ['', ' ', 'a', '08', '0x', '1k', '1.5', '--1', '18446744073709551616', '1 ']) {
    t.throws(() => parseNumber('x', text), { message: "Parameter 'x' expects a number" }, text);
  }
});

test('every 64-bit number is exact in all three bases', (t) => {
  fc.assert(
    fc.property(fc.bigInt(0n, UINT64_MAX), (value) => {
      t.is(parseNumber('x', value.toString()), value);
      t.is(parseNumber('x', `0x${value.toString(16)}`), value);
      t.is(parseNumber('x', `0${value.toString(8)}`), value);
    }),
  );
});

const optionSizes: readonly [string, bigint][] = [
  ['0', 0n],
  ['512', 512n],
  ['512b', 512n],
  ['1k', KiB],
  ['1K', KiB],
  ['1.5K', 1536n],
  ['1.5', 1n],
  ['2M', 2n * MiB],
  ['0.5G', GiB / 2n],
  ['.5G', GiB / 2n],
  ['3T', 3n * TiB],
  ['9007199254740993', 9007199254740993n],
];

test('sizes of option groups: unit byte, suffixes b k K M G T, fractions rounded down', (t) => {
  for (const [text, value] of optionSizes) {
    t.is(parseSize('size', text), value, text);
  }
  for (const text of ['', 'k', '1m', '1g', '1P', '1KB', '-1', '1 K', '99999999999T', 'inf', 'nan']) {
    t.throws(() => parseSize('size', text), { message: "Parameter 'size' expects a size" }, text);
  }
});

const memorySizes: readonly [string, bigint | undefined][] = [
  ['1', MiB],
  ['128', 128n * MiB],
  ['1.5', MiB + MiB / 2n],
  ['1b', 1n],
  ['1.5b', undefined],
  ['1.5k', 1536n],
  ['1g', GiB],
  ['1G', GiB],
  ['2t', 2n * TiB],
  ['1e3', 1000n * MiB],
  ['', undefined],
  ['x', undefined],
  ['12Q', undefined],
  ['1GB', undefined],
  ['-1', undefined],
  ['8796093022208', undefined],
];

test('memory sizes: unit MiB, suffixes in either case, fractions only of units above a byte', (t) => {
  for (const [text, value] of memorySizes) {
    t.is(parseMemorySize(text, 'M'), value, text);
  }
  t.is(parseMemorySize('1.5', 'B'), undefined);
  t.is(parseMemorySize('64', 'B'), 64n);
});

test('the last value of a repeated key counts', (t) => {
  const values = [
    ['a', '1'],
    ['b', 'on'],
    ['a', '2'],
  ] as const;
  t.is(stringValue(values, 'a'), '2');
  t.is(numberValue(values, 'a'), 2);
  t.true(booleanValue(values, 'b'));
  t.is(stringValue(values, 'c'), undefined);
});

test('a number that a double cannot hold is refused, not rounded', (t) => {
  t.throws(() => numberValue([['n', '9007199254740993']], 'n'), { code: 'ERR_OPTION_BAD_VALUE' });
});
