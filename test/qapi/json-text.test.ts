import test from 'ava';
import fc from 'fast-check';
import { fromJsonText, toJsonText } from '../../src/qapi/json-text.ts';
import { QmpFloat, type QmpJson } from '../../src/qapi/json-value.ts';

const { value } = fc.letrec<{ value: QmpJson }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    // The dialect has neither NUL nor unpaired surrogates.
    fc.string({ unit: 'grapheme' }),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
    fc.double({ noNaN: true }).map((number) => new QmpFloat(number)),
    fc.array(tie('value')),
    fc.dictionary(fc.string({ unit: 'grapheme' }), tie('value'), { noNullPrototype: true }),
  ),
}));

test('nothing is lost on the way from one thread to another', (t) => {
  fc.assert(
    fc.property(value, (json) => {
      t.deepEqual(fromJsonText(toJsonText(json)), json);
    }),
    { numRuns: 500 },
  );
});

test('what is no value is refused', (t) => {
  t.throws(() => fromJsonText('{"a" 1}'), { code: 'ERR_QAPI_JSON' });
});
