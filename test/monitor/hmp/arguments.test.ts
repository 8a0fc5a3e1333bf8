import test from 'ava';
import {
  type AnyArgumentValue,
  type ArgumentSpec,
  readArguments,
} from '../../../src/monitor/hmp/arguments.ts';
import { FormatMemory } from '../../../src/monitor/hmp/format-spec.ts';
import { LineScanner } from '../../../src/monitor/hmp/line-scanner.ts';

const registers = { read: () => undefined };

function read(
  text: string,
  specs: readonly ArgumentSpec[],
  formatMemory = new FormatMemory(),
): Record<string, AnyArgumentValue> {
  return readArguments(new LineScanner(text), 'cmd', specs, { registers, formatMemory });
}

const word: ArgumentSpec = { name: 'a', kind: 'string' };
const optionalWord: ArgumentSpec = { name: 'b', kind: 'string', presence: 'optional' };
const force: ArgumentSpec = { name: 'force', kind: 'flag', letter: 'f' };
const all: ArgumentSpec = { name: 'all', kind: 'flag', letter: 'a' };
const index: ArgumentSpec = { name: 'index', kind: 'int32', presence: 'after-point' };

const readings: readonly (readonly [
  text: string,
  specs: readonly ArgumentSpec[],
  values: Record<string, unknown>,
])[] = [
  ['', [], {}],
  ['   ', [], {}],
  [' word ', [word], { a: 'word' }],
  ['a\tb', [word, optionalWord], { a: 'a', b: 'b' }],
  ['a', [word, optionalWord], { a: 'a' }],
  ['"two words"', [word], { a: 'two words' }],
  [String.raw`"\n\r\\\'\""`, [word], { a: '\n\r\\\'"' }],
  ['""', [word], { a: '' }],
  ['"a"b', [word, optionalWord], { a: 'a', b: 'b' }],
  ['a"b', [word], { a: 'a"b' }],
  ['x'.repeat(2000), [word], { a: 'x'.repeat(1023) }],
  ['é'.repeat(600), [word], { a: 'é'.repeat(511) }],
  ['/tmp/x', [{ name: 'a', kind: 'filename' }], { a: '/tmp/x' }],
  ['ide0-hd0', [{ name: 'a', kind: 'block-device' }], { a: 'ide0-hd0' }],
  ['a=1,b=2', [{ name: 'a', kind: 'options' }], { a: 'a=1,b=2' }],
  ['', [{ name: 'a', kind: 'options' }], { a: '' }],
  [' the "rest" of it', [{ name: 'a', kind: 'rest' }], { a: 'the "rest" of it' }],
  ['0xffffffff', [{ name: 'a', kind: 'int32' }], { a: 0xffff_ffffn }],
  ['1 + 1', [{ name: 'a', kind: 'int64' }], { a: 2n }],
  ['-1', [{ name: 'a', kind: 'int64' }], { a: -1n }],
  // No operator joins them: two numbers are two arguments.
  [
    '1 2',
    [
      { name: 'a', kind: 'int32' },
      { name: 'c', kind: 'int32' },
    ],
    { a: 1n, c: 2n },
  ],
  ['3', [{ name: 'a', kind: 'mebibytes' }], { a: 3n << 20n }],
  ['1', [{ name: 'a', kind: 'size' }], { a: 1n << 20n }],
  ['1.5', [{ name: 'a', kind: 'size' }], { a: 3n << 19n }],
  ['512b', [{ name: 'a', kind: 'size' }], { a: 512n }],
  ['4K', [{ name: 'a', kind: 'size' }], { a: 4096n }],
  ['0x10m', [{ name: 'a', kind: 'size' }], { a: 16n << 20n }],
  ['.5G', [{ name: 'a', kind: 'size' }], { a: 1n << 29n }],
  ['2t', [{ name: 'a', kind: 'size' }], { a: 2n << 40n }],
  ['1e3k', [{ name: 'a', kind: 'size' }], { a: 1_024_000n }],
  ['0.25', [{ name: 'a', kind: 'seconds' }], { a: 0.25 }],
  ['-1', [{ name: 'a', kind: 'seconds' }], { a: -1 }],
  ['300ms', [{ name: 'a', kind: 'seconds' }], { a: 0.3 }],
  ['5us', [{ name: 'a', kind: 'seconds' }], { a: 5e-6 }],
  ['7ns', [{ name: 'a', kind: 'seconds' }], { a: 7e-9 }],
  ['on', [{ name: 'a', kind: 'on-off' }], { a: true }],
  ['off', [{ name: 'a', kind: 'on-off' }], { a: false }],
  ['x', [force, word], { force: false, a: 'x' }],
  ['-f x', [force, word], { force: true, a: 'x' }],
  ['-a x', [force, all, word], { force: false, all: true, a: 'x' }],
  ['-f -a x', [force, all, word], { force: true, all: true, a: 'x' }],
  ['-fx', [force, word], { force: true, a: 'x' }],
  ['.5', [index], { index: 5n }],
  ['. 5', [index], { index: 5n }],
  ['', [index], {}],
];
for (const [text, specs, values] of readings) {
  const kinds = specs.map(({ kind }) => kind).join(' ');
  test(`reads '${text.slice(0, 30)}' as ${kinds}`, (t) => {
    t.deepEqual(read(text, specs) as Record<string, unknown>, values);
  });
}

const failures: readonly (readonly [text: string, specs: readonly ArgumentSpec[], message: string])[] = [
  ['', [word], 'cmd: string expected'],
  ['', [{ name: 'a', kind: 'filename' }], 'cmd: filename expected'],
  ['', [{ name: 'a', kind: 'block-device' }], 'cmd: block device name expected'],
  ['"a', [word], 'cmd: string expected'],
  ['"\\', [word], 'cmd: string expected'],
  ['"\\q"', [word], 'cmd: string expected'],
  ['a b', [word], 'cmd: extraneous characters at the end of line'],
  ['x', [], 'cmd: extraneous characters at the end of line'],
  ['-x', [force], 'cmd: unsupported option -x'],
  ['-', [force], 'cmd: unsupported option -'],
  // Flags come in the order of the table.
  ['-a -f', [force, all], 'cmd: extraneous characters at the end of line'],
  ['0x100000000', [{ name: 'a', kind: 'int32' }], "'cmd' has failed: integer is for 32-bit values"],
  ['-1', [{ name: 'a', kind: 'int32' }], "'cmd' has failed: integer is for 32-bit values"],
  ['', [{ name: 'a', kind: 'int64' }], 'unexpected end of expression'],
  ['-1', [{ name: 'a', kind: 'mebibytes' }], 'enter a positive value'],
  ['', [{ name: 'a', kind: 'size' }], 'invalid size'],
  ['x', [{ name: 'a', kind: 'size' }], 'invalid size'],
  ['-1', [{ name: 'a', kind: 'size' }], 'invalid size'],
  ['1.5b', [{ name: 'a', kind: 'size' }], 'invalid size'],
  ['8388608t', [{ name: 'a', kind: 'size' }], 'invalid size'],
  ['1x', [{ name: 'a', kind: 'size' }], 'cmd: extraneous characters at the end of line'],
  ['x', [{ name: 'a', kind: 'seconds' }], 'Number expected'],
  ['1e999', [{ name: 'a', kind: 'seconds' }], 'Bad number'],
  ['1s', [{ name: 'a', kind: 'seconds' }], 'Unknown unit suffix'],
  ['1msx', [{ name: 'a', kind: 'seconds' }], 'Unknown unit suffix'],
  ['', [{ name: 'a', kind: 'on-off' }], "Expected 'on' or 'off'"],
  ['ON', [{ name: 'a', kind: 'on-off' }], "Expected 'on' or 'off'"],
  ['onoff', [{ name: 'a', kind: 'on-off' }], "Expected 'on' or 'off'"],
  ['/z', [{ name: 'a', kind: 'format' }], "invalid char in format: 'z'"],
  ['/x9', [{ name: 'a', kind: 'format' }], "invalid char in format: '9'"],
];
for (const [text, specs, message] of failures) {
  const kinds = specs.map(({ kind }) => kind).join(' ');
  test(`refuses '${text}' as ${kinds}`, (t) => {
    t.throws(() => read(text, specs), { code: 'ERR_HMP_SYNTAX', message });
  });
}

const format: ArgumentSpec = { name: 'a', kind: 'format' };

test('a format remembers what was said before', (t) => {
  const memory = new FormatMemory();
  t.deepEqual(read('', [format], memory)['a'], { count: 1, format: 'x', size: 4 });
  t.deepEqual(read('/3dh', [format], memory)['a'], { count: 3, format: 'd', size: 2 });
  t.deepEqual(read('', [format], memory)['a'], { count: 1, format: 'd', size: 2 });
  t.deepEqual(read('/g', [format], memory)['a'], { count: 1, format: 'd', size: 8 });
  t.deepEqual(read('/Lc', [format], memory)['a'], { count: 1, format: 'c', size: 8 });
});

test('a format for instructions keeps the size of values, and has a size only when given', (t) => {
  const memory = new FormatMemory();
  t.deepEqual(read('/xb', [format], memory)['a'], { count: 1, format: 'x', size: 1 });
  t.deepEqual(read('/10i', [format], memory)['a'], { count: 10, format: 'i', size: undefined });
  t.deepEqual(read('/ih', [format], memory)['a'], { count: 1, format: 'i', size: 2 });
  t.deepEqual(read('', [format], memory)['a'], { count: 1, format: 'i', size: undefined });
  t.deepEqual(read('/x', [format], memory)['a'], { count: 1, format: 'x', size: 1 });
});
