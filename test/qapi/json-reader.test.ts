import test from 'ava';
import fc from 'fast-check';
import { MAX_MESSAGE_BYTES, MAX_MESSAGE_TOKENS } from '../../src/qapi/json-lexer.ts';
import { SYNTAX_ERROR } from '../../src/qapi/json-parser.ts';
import { JsonReader } from '../../src/qapi/json-reader.ts';
import { QmpFloat, type QmpJson } from '../../src/qapi/json-value.ts';
import { readAll } from './support/read-all.ts';

function parse(text: string): QmpJson | typeof SYNTAX_ERROR | undefined {
  const reader = new JsonReader();
  reader.push(Buffer.from(`${text} `));
  return reader.next();
}

test('no framing: messages end where braces and brackets balance', (t) => {
  t.deepEqual(readAll('{"execute":"stop"}{"execute":"cont"}'), [
    '{"execute": "stop"}',
    '{"execute": "cont"}',
  ]);
  t.deepEqual(readAll('\r\n\t {"a":\n1}\n\n'), ['{"a": 1}']);
  t.deepEqual(readAll('{"a": 1'), []);
});

test('scalars at the top are messages; numbers and words need a following byte', (t) => {
  t.deepEqual(readAll('42'), []);
  t.deepEqual(readAll('42 '), ['42']);
  t.deepEqual(readAll('42{}'), ['42', '{}']);
  t.deepEqual(readAll('"x"'), ['"x"']);
  t.deepEqual(readAll('true\nfalse\n'), ['true', 'false']);
});

test('one mistake, one error, and the next byte starts anew', (t) => {
  t.deepEqual(readAll('HELLO\n'), ['error', 'error', 'error', 'error', 'error']);
  t.deepEqual(readAll('hello\n'), ['error']);
  t.deepEqual(readAll('null\n'), ['error']);
  t.deepEqual(readAll(', : } ]'), ['error', 'error', 'error', 'error']);
  t.deepEqual(readAll('%d %lld %I64d {}'), ['error', 'error', 'error', '{}']);
  t.deepEqual(readAll(Buffer.from([0xff, 0x7b, 0x7d])), ['error', '{}']);
  t.deepEqual(readAll(Buffer.concat([Buffer.from('{"a": "b'), Buffer.from([0xff]), Buffer.from('{}')])), [
    'error',
    '{}',
  ]);
  t.deepEqual(readAll('{"a": 01}{}'), ['error', 'error', '{}']); // 01, and the brace that is left over
});

test('numbers that are none', (t) => {
  for (const [text, answers] of [
    ['01 ', ['error']],
    ['.5 ', ['error', '5']],
    ['+1 ', ['error', '1']],
    ['1. ', ['error']],
    ['-x ', ['error']],
    ['1e ', ['error']],
    ['0e5 ', ['0', 'error', '5']],
    ['1é ', ['error', 'error']],
  ] as const) {
    t.deepEqual(readAll(text), [...answers], text);
  }
});

test('what is no value: one error at the end of the message', (t) => {
  for (const text of [
    '[1,]',
    '[,]',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{a:1}',
    '{1:2}',
    '{"a" "b"}',
    '[1 2]',
    '{"a":null}',
    '[}',
    '{]',
  ]) {
    t.deepEqual(readAll(`${text}{}`), ['error', '{}'], text);
  }
  t.deepEqual(readAll('{"x": [}]{}'), ['error', '{}']);
});

test('strings: quotes, escapes, raw control characters', (t) => {
  t.is(parse(`'it "is" \\'so\\''`), `it "is" 'so'`);
  t.is(parse('"\\" \\\' \\\\ \\/ \\b\\f\\n\\r\\t"'), `" ' \\ / \b\f\n\r\t`);
  t.is(parse('"a\nb\u0001\u007f"'), 'a\nb\u0001\u007f');
  t.is(parse('"caf\\u00e9 \\u20AC"'), 'café €');
  t.is(parse('"a\\u0000b"'), 'ab');
  t.is(parse('"\\ud83d\\ude00"'), '\uFFFD\uFFFD');
  t.is(parse('"😀"'), '😀');
  t.is(parse('"\uFFFD"'), '\uFFFD');
});

test('a single-quoted string with an escaped backslash or slash ends at either quote', (t) => {
  t.deepEqual(readAll(`'a\\\\' 'b\\\\" 'c\\/'`), ['"a\\\\"', '"b\\\\"', '"c/"']);
});

test('broken UTF-8 becomes one replacement character for each broken sequence', (t) => {
  const quoted = (...bytes: number[]): Buffer => Buffer.from([0x22, ...bytes, 0x22]);
  t.deepEqual(readAll(quoted(0x80)), ['"\\uFFFD"']);
  t.deepEqual(readAll(quoted(0xe2, 0x82, 0x41)), ['"\\uFFFDA"']);
  t.deepEqual(readAll(quoted(0xed, 0xa0, 0x80)), ['"\\uFFFD"']);
  t.deepEqual(readAll(quoted(0xf0, 0x80, 0x80, 0x80)), ['"\\uFFFD"']);
  for (const forbidden of [0x00, 0xc0, 0xc1, 0xf5, 0xfe, 0xff]) {
    t.is(readAll(quoted(forbidden))[0], 'error', String(forbidden));
  }
});

test('integers are exact to 64 bits, beyond that they are floats', (t) => {
  t.is(parse('9007199254740991'), 9007199254740991);
  t.is(parse('9007199254740993'), 9007199254740993n);
  t.is(parse('9223372036854775807'), 9223372036854775807n);
  t.is(parse('-9223372036854775808'), -9223372036854775808n);
  t.deepEqual(parse('9223372036854775808'), new QmpFloat(2 ** 63));
  t.is(parse('-0'), 0);
  t.deepEqual(parse('1.0'), new QmpFloat(1));
  t.deepEqual(parse('1.5E+3'), new QmpFloat(1500));
  t.deepEqual(parse('1e5'), new QmpFloat(100000));
});

test('the last of several members with one name wins, and names of JavaScript mean nothing', (t) => {
  t.deepEqual(parse('{"a":1,"a":2}'), { a: 2 });
  const odd = parse('{"__proto__": {"x": 1}, "constructor": 2}');
  t.is(Object.getPrototypeOf(odd), Object.prototype);
  t.deepEqual(Object.keys(odd as object), ['__proto__', 'constructor']);
});

test('nesting: 1024 levels are read, one more is refused at once', (t) => {
  const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
  t.is(readAll(deep(1024)).length, 1);
  t.not(readAll(deep(1024))[0], 'error');
  t.deepEqual(readAll('['.repeat(1025)), ['error']);
  t.deepEqual(readAll(deep(1025)), new Array<string>(1 + 1025).fill('error'));
  t.deepEqual(readAll('{"a":'.repeat(1025)), ['error', '"a"', 'error']);
});

test('size: a message of more than 64 MiB is refused and the next one is read', (t) => {
  const reader = new JsonReader();
  const piece = Buffer.alloc(1024 * 1024, 0x61);
  reader.push(Buffer.from('"'));
  t.is(reader.next(), undefined);
  for (let sent = 1; sent + piece.length <= MAX_MESSAGE_BYTES; sent += piece.length) {
    reader.push(piece);
    t.is(reader.next(), undefined);
  }
  reader.push(piece);
  t.is(reader.next(), SYNTAX_ERROR);
  reader.reset();
  reader.push(Buffer.from('{}'));
  t.deepEqual(reader.next(), {});
});

test('blanks without end inside a message fill no memory', (t) => {
  const reader = new JsonReader();
  const blanks = Buffer.alloc(1024 * 1024, 0x0a);
  reader.push(Buffer.from('[1'));
  reader.next();
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 40; i += 1) {
    reader.push(blanks);
    t.is(reader.next(), undefined);
  }
  t.true(process.memoryUsage().arrayBuffers - before < 20 * blanks.length);
  reader.push(Buffer.from(']'));
  t.deepEqual(reader.next(), [1]);
});

const anyJson = fc
  .jsonValue({ noUnicodeString: false })
  .filter((value) => !JSON.stringify(value).includes('null'));

test('valid JSON means what JSON.parse says', (t) => {
  fc.assert(
    fc.property(anyJson, fc.constantFrom(undefined, 1, '\t'), (value, space) => {
      const text = JSON.stringify(value, undefined, space);
      // Escapes of surrogates and of NUL are the dialect's own, and so are floats: compared as the dialect has them.
      t.deepEqual(
        plain(parse(text)),
        JSON.parse(text.replaceAll('\\u0000', '').replace(/\\ud[89a-f]../g, '\uFFFD')),
      );
    }),
    { numRuns: 500 },
  );
});

function plain(value: QmpJson | typeof SYNTAX_ERROR | undefined): unknown {
  if (value instanceof QmpFloat) {
    return value.value === 0 ? 0 : value.value;
  }
  if (typeof value === 'bigint') {
    return Number(value);
  }
  if (Array.isArray(value)) {
    return value.map(plain);
  }
  if (typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
  }
  return value;
}

const bits = fc.constantFrom(
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  "'",
  '\\',
  '\\u00',
  '1',
  '0',
  '-',
  '.',
  'e',
  'true',
  'null',
  ' ',
  '\n',
  'é',
  '%d',
  '{"execute":"stop"}',
  '"a":',
  '\u0000',
  'X',
);
const nasty = fc.array(bits, { maxLength: 60 }).map((parts) => Buffer.from(parts.join('')));

test('cutting the stream into pieces anywhere changes nothing', (t) => {
  fc.assert(
    fc.property(
      fc.oneof(
        nasty,
        fc.uint8Array({ maxLength: 80 }),
        anyJson.map((value) => Buffer.from(JSON.stringify(value))),
      ),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 20 }),
      (bytes, sizes) => {
        t.deepEqual(readAll(bytes, sizes), readAll(bytes));
      },
    ),
    { numRuns: 1500 },
  );
});

test('long messages of small elements take time in proportion to their length', (t) => {
  const seconds = (text: string): number => {
    const start = process.cpuUsage().user;
    readAll(text);
    return (process.cpuUsage().user - start) / 1e6;
  };
  for (const message of [
    (n: number) => `[${'1'.repeat(n)}]`,
    (n: number) => `"${'\\u00e9'.repeat(n / 4)}"`,
    (n: number) => `{${Array.from({ length: n / 8 }, (_, i) => `"k${i}":1`).join(',')}}`,
  ]) {
    seconds(message(50_000));
    const short = seconds(message(100_000));
    // Quadratic work would take a hundred times as long.
    t.true(seconds(message(1_000_000)) < 50 * Math.max(short, 0.01), message(8));
  }
});

test('characters of every length, whole and broken, next to escapes', (t) => {
  const bytes = (text: string, ...more: number[]): Uint8Array =>
    Buffer.concat([Buffer.from(`"\\n${text}`), Uint8Array.from(more), Buffer.from('"')]);
  t.deepEqual(readAll(bytes('a\u00e9\u20ac\u{1f600}\u{10ffff}\uffff')), [
    '"\\na\\u00E9\\u20AC\\uD83D\\uDE00\\uDBFF\\uDFFF\\uFFFF"',
  ]);
  // Too long for its character; a surrogate; cut off; beyond Unicode.
  for (const broken of [
    [0xe0, 0x80, 0x80],
    [0xed, 0xa0, 0x80],
    [0xf0, 0x9f, 0x98],
    [0xf4, 0x90, 0x80, 0x80],
  ]) {
    t.deepEqual(readAll(bytes('', ...broken)), ['"\\n\\uFFFD"'], String(broken));
  }
});

test('tokens: a message of too many of them is one error, and the next one is read', (t) => {
  const reader = new JsonReader();
  const push = (text: Buffer | string): void => reader.push(Buffer.from(text));
  push('[');
  push(Buffer.alloc(MAX_MESSAGE_TOKENS, '1,'));
  t.is(reader.next(), undefined);
  push('[1], 2');
  t.is(reader.next(), undefined);
  push(']{"a": []}');
  t.is(reader.next(), SYNTAX_ERROR);
  t.deepEqual(reader.next(), { a: [] });
  t.false(reader.hasMore);
});
