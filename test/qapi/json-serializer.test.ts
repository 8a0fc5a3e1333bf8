import { spawnSync } from 'node:child_process';
import test from 'ava';
import fc from 'fast-check';
import { formatFloat, serialize, serializePretty } from '../../src/qapi/json-serializer.ts';
import { QmpFloat } from '../../src/qapi/json-value.ts';

test('separators, escapes and exact integers', (t) => {
  t.is(serialize({ a: [1, true, 'x'] }), '{"a": [1, true, "x"]}');
  t.is(
    serialize('"\\/\b\f\n\r\t\u0001\u007f é€😀'),
    '"\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u007F \\u00E9\\u20AC\\uD83D\\uDE00"',
  );
  t.is(serialize('\ud800x\udc00'), '"\\uFFFDx\\uFFFD"');
  t.is(serialize(-9223372036854775808n), '-9223372036854775808');
});

test('what could not be written leaves nothing in the next text', (t) => {
  t.throws(() => serialize(JSON.parse('{"a": [1, null]}')));
  t.is(serialize('x'), '"x"');
});

test('texts longer than the buffer, escaped and not', (t) => {
  const plain = 'x'.repeat(5000);
  t.is(serialize([plain, '\n'.repeat(3000), plain]), `["${plain}", "${'\\n'.repeat(3000)}", "${plain}"]`);
  t.is(serialize('é'.repeat(4000)), `"${'\\u00E9'.repeat(4000)}"`);
});

test('absent members are left out', (t) => {
  const optional: Record<string, string> = { a: 'x' };
  Reflect.set(optional, 'b', undefined);
  t.is(serialize(optional), '{"a": "x"}');
});

test('whatever is written, JSON.parse reads back', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      t.is(JSON.parse(serialize(text)), text);
      t.regex(serialize(text), /^[ -~]*$/);
    }),
  );
});

test('pretty mode', (t) => {
  t.is(
    serializePretty({ return: [{ name: 'a' }, 2], id: {} }),
    [
      '{',
      '    "return": [',
      '        {',
      '            "name": "a"',
      '        }, ',
      '        2',
      '    ], ',
      '    "id": {',
      '    }',
      '}',
    ].join('\r\n'),
  );
});

test('floats: the cases with a name', (t) => {
  t.is(formatFloat(1), '1');
  t.is(formatFloat(0.5), '0.5');
  t.is(formatFloat(100), '100');
  t.is(formatFloat(1e-7), '0');
  t.is(formatFloat(-0), '-0');
  t.is(formatFloat(1e23), '99999999999999991611392');
  t.is(formatFloat(Number.POSITIVE_INFINITY), BigInt(Number.MAX_VALUE).toString());
});

test('floats are what printf makes of them', (t) => {
  const values = fc.sample(
    fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer({ min: -1e6, max: 1e6 }).map((n) => n / 128), // in the middle between two results
      fc.integer().map((n) => n / 1000),
    ),
    { numRuns: 600, seed: 20130524 },
  );
  const python = spawnSync('python3', ['-c', 'import sys\nfor l in sys.stdin: print("%f" % float(l))'], {
    input: values.map((value) => (Object.is(value, -0) ? '-0.0' : String(value))).join('\n'),
    encoding: 'utf8',
  });
  if (python.error !== undefined) {
    t.pass('no python3 on this machine to compare with');
    return;
  }
  const expected = python.stdout
    .trim()
    .split('\n')
    .map((text) => text.replace(/\.?0+$/, ''));
  t.deepEqual(values.map(formatFloat), expected);
  t.is(serialize(new QmpFloat(1.25)), '1.25');
});
