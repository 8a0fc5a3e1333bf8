import test from 'ava';
import fc from 'fast-check';
import {
  formatOptionList,
  isWellFormedId,
  parseOptionList,
  splitOptionList,
} from '../../src/options/option-list.ts';

const splits: readonly [text: string, implied: string | undefined, pairs: [string, string][]][] = [
  ['', undefined, []],
  ['a=1', undefined, [['a', '1']]],
  [
    'a=1,b=2',
    undefined,
    [
      ['a', '1'],
      ['b', '2'],
    ],
  ],
  ['path=/a,,b', undefined, [['path', '/a,b']]],
  [
    'a=,,,b=x',
    undefined,
    [
      ['a', ','],
      ['b', 'x'],
    ],
  ],
  ['a=x,,,,y', undefined, [['a', 'x,,y']]],
  ['a=', undefined, [['a', '']]],
  ['a=b=c', undefined, [['a', 'b=c']]],
  [
    'server,nowait',
    undefined,
    [
      ['server', 'on'],
      ['wait', 'off'],
    ],
  ],
  ['nodelay', undefined, [['delay', 'off']]],
  [
    'socket,server',
    'backend',
    [
      ['backend', 'socket'],
      ['server', 'on'],
    ],
  ],
  [
    '/a,,b,server',
    'path',
    [
      ['path', '/a,b'],
      ['server', 'on'],
    ],
  ],
  ['backend=null', 'backend', [['backend', 'null']]],
  [
    'id=x,null',
    'backend',
    [
      ['id', 'x'],
      ['null', 'on'],
    ],
  ],
  ['a=1,', undefined, [['a', '1']]],
  [
    'a=1,a=2',
    undefined,
    [
      ['a', '1'],
      ['a', '2'],
    ],
  ],
  [
    'one,x=1',
    undefined,
    [
      ['one', 'on'],
      ['x', '1'],
    ],
  ],
];

for (const [text, implied, pairs] of splits) {
  test(`splits '${text}'${implied === undefined ? '' : ` with implied ${implied}`}`, (t) => {
    t.deepEqual(splitOptionList(text, implied), pairs);
  });
}

test('the id is taken out of the list, wherever it is', (t) => {
  t.deepEqual(parseOptionList('null,mux=on,id=c0', 'backend'), {
    id: 'c0',
    values: [
      ['backend', 'null'],
      ['mux', 'on'],
    ],
  });
});

test('an escaped comma before id= does not make an id', (t) => {
  t.deepEqual(parseOptionList('path=a,,id=b'), { id: undefined, values: [['path', 'a,id=b']] });
});

test('ids start with a letter and go on with letters, digits, - . and _', (t) => {
  for (const id of ['a', 'A9', 'a-b.c_d', 'Z'.repeat(100)]) {
    t.true(isWellFormedId(id), id);
  }
  for (const id of ['', '1a', '_a', '-a', 'a b', 'a/b', 'a,b', 'é', 'a\n']) {
    t.false(isWellFormedId(id), id);
    t.throws(() => parseOptionList(`id=${id.replaceAll(',', ',,')}`), {
      code: 'ERR_OPTION_BAD_VALUE',
      message: /^Parameter 'id' expects an identifier/,
    });
  }
});

const key = fc.string({ minLength: 1 }).filter((text) => !/[,=]/.test(text));

test('what is printed is parsed back, with any values', (t) => {
  const pairs = fc.array(fc.tuple(key, fc.oneof(fc.string(), fc.stringMatching(/^[,=a]{0,6}$/))));
  fc.assert(
    fc.property(pairs, (list) => {
      t.deepEqual(splitOptionList(formatOptionList(list)), list);
      t.deepEqual(splitOptionList(formatOptionList(list), 'implied'), list);
    }),
  );
});

test('keys that cannot be written are refused', (t) => {
  t.throws(() => formatOptionList([['a,b', 'c']]), { code: 'ERR_OPTION_SYNTAX' });
  t.throws(() => formatOptionList([['a=b', 'c']]), { code: 'ERR_OPTION_SYNTAX' });
});
