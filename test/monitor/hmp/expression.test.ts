import test from 'ava';
import fc from 'fast-check';
import { evaluateExpression, type RegisterSource } from '../../../src/monitor/hmp/expression.ts';
import { LineScanner } from '../../../src/monitor/hmp/line-scanner.ts';

const registers: RegisterSource = {
  read: (name) =>
    new Map([
      ['eax', 0x1_0000_0000n],
      ['cs.base', 0xffff_0000n],
      ['r8', -1n],
    ]).get(name),
};

function evaluate(text: string): bigint {
  return evaluateExpression(new LineScanner(text), registers);
}

const values: readonly (readonly [text: string, value: bigint])[] = [
  ['1', 1n],
  ['  0x10 ', 16n],
  ['0XfF', 255n],
  ['017', 15n],
  ['0', 0n],
  ["'a'", 97n],
  ["' '", 32n],
  ["'''", 39n],
  ['$eax', 0x1_0000_0000n],
  ['$cs.base + 0xfff0', 0xffff_fff0n],
  ['$r8', -1n],
  ['-1', -1n],
  ['~0', -1n],
  ['+ - ~ 5', 6n],
  ['(1 + 2) * 3', 9n],
  ['1 + 2 * 3', 7n],
  ['7 - 2 - 1', 4n],
  ['100 / 7 % 4', 2n],
  ['-7 / 2', -3n],
  ['-7 % 2', -1n],
  // Bit operations bind tighter than sums, looser than products.
  ['1 + 2 & 3', 3n],
  ['6 & 3 * 1', 2n],
  ['1 | 2 ^ 3', 0n],
  ['8 - 1 | 2', 5n],
  ['0x7fffffffffffffff + 1', -0x8000_0000_0000_0000n],
  ['0xffffffffffffffff', -1n],
  ['0x8000000000000000 / -1', -0x8000_0000_0000_0000n],
  ['0x100000000 * 0x100000000', 0n],
];
for (const [text, value] of values) {
  test(`${text} is ${value}`, (t) => {
    t.is(evaluate(text), value);
  });
}

const errors: readonly (readonly [text: string, message: string])[] = [
  ['', 'unexpected end of expression'],
  ['1 +', 'unexpected end of expression'],
  ['-', 'unexpected end of expression'],
  ['(', 'unexpected end of expression'],
  ['x', 'invalid char in expression'],
  [')', 'invalid char in expression'],
  ['1 * /', 'invalid char in expression'],
  ['(1', "')' expected"],
  ['(1 2)', "')' expected"],
  ['1 / 0', 'division by zero'],
  ['1 % (2 - 2)', 'division by zero'],
  ['$rax', 'unknown register'],
  ['$', 'unknown register'],
  ['0x10000000000000000', 'number too large'],
  ['18446744073709551616', 'number too large'],
  ["'", 'character constant expected'],
  ["'a", "missing terminating ' character"],
  ["'ab'", "missing terminating ' character"],
  ["'é'", "missing terminating ' character"],
  ['('.repeat(100_000), 'expression too deep'],
  ['~'.repeat(100_000), 'expression too deep'],
];
for (const [text, message] of errors) {
  test(`${text.slice(0, 40)}: ${message}`, (t) => {
    t.throws(() => evaluate(text), { code: 'ERR_HMP_SYNTAX', message });
  });
}

test('stops behind the expression and the blanks that follow', (t) => {
  for (const [text, rest] of [
    ['1  2', '2'],
    ['08', '8'],
    ['0xg', 'xg'],
    ['(1)x', 'x'],
  ] as const) {
    const scanner = new LineScanner(text);
    evaluateExpression(scanner, registers);
    t.is(text.slice(scanner.position), rest);
  }
});

interface Term {
  readonly text: string;
  readonly value: bigint;
}

const wrap = (value: bigint): bigint => BigInt.asIntN(64, value);
const spaces = fc.constantFrom('', ' ', '  ');

const literal: fc.Arbitrary<Term> = fc
  .tuple(fc.bigInt(0n, 0xffff_ffff_ffff_ffffn), fc.constantFrom(8, 10, 16))
  .map(([value, base]) => {
    const prefix = base === 8 ? '0' : base === 16 ? '0x' : '';
    return { text: prefix + value.toString(base), value: wrap(value) };
  });

/** Fully bracketed terms: the brackets say what binds, so the oracle needs no precedence. */
const { bracketed } = fc.letrec<{ bracketed: Term }>((tie) => ({
  bracketed: fc.oneof(
    { maxDepth: 4 },
    literal,
    fc.tuple(fc.constantFrom('+', '-', '~'), tie('bracketed')).map(([operator, { text, value }]) => ({
      text: `${operator}${text}`,
      value: operator === '-' ? wrap(-value) : operator === '~' ? ~value : value,
    })),
    fc
      .tuple(
        tie('bracketed'),
        fc.constantFrom('+', '-', '*', '/', '%', '&', '|', '^'),
        tie('bracketed'),
        spaces,
      )
      .filter(([, operator, right]) => right.value !== 0n || !'/%'.includes(operator))
      .map(([left, operator, right, blank]) => ({
        text: `(${left.text}${blank}${operator}${blank}${right.text})`,
        value: apply(left.value, operator, right.value),
      })),
  ),
}));

function apply(left: bigint, operator: string, right: bigint): bigint {
  switch (operator) {
    case '+':
      return wrap(left + right);
    case '-':
      return wrap(left - right);
    case '*':
      return wrap(left * right);
    case '/':
      return wrap(left / right);
    case '%':
      return wrap(left % right);
    case '&':
      return left & right;
    case '|':
      return left | right;
    default:
      return left ^ right;
  }
}

test('bracketed expressions have the value that BigInt gives', (t) => {
  fc.assert(
    fc.property(bracketed, ({ text, value }) => {
      t.is(evaluate(text), value);
    }),
    { numRuns: 500 },
  );
});

const LEVELS = ['+-', '&|^', '*/%'];

/** The value of an unbracketed chain by repeatedly reducing its tightest, leftmost operator. */
function reduceChain(operands: readonly bigint[], operators: readonly string[]): bigint {
  const left = [...operands];
  const pending = [...operators];
  for (const level of LEVELS.toReversed()) {
    for (let at = pending.findIndex((o) => level.includes(o)); at >= 0; ) {
      const [a = 0n, b = 0n] = left.slice(at, at + 2);
      left.splice(at, 2, apply(a, pending[at] ?? '', b));
      pending.splice(at, 1);
      at = pending.findIndex((o) => level.includes(o));
    }
  }
  return left[0] ?? 0n;
}

test('chains without brackets are reduced by level, from the left', (t) => {
  const chain = fc.tuple(
    fc.bigInt(1n, 1000n),
    // Division binds tightest, so every divisor is one of these literals and never zero.
    fc.array(fc.tuple(fc.constantFrom('+', '-', '*', '/', '%', '&', '|', '^'), fc.bigInt(1n, 1000n)), {
      maxLength: 8,
    }),
  );
  fc.assert(
    fc.property(chain, ([first, rest]) => {
      const text = `${first}${rest.map(([operator, value]) => ` ${operator} ${value}`).join('')}`;
      const expected = reduceChain(
        [first, ...rest.map(([, value]) => value)],
        rest.map(([operator]) => operator),
      );
      t.is(evaluate(text), expected);
    }),
    { numRuns: 500 },
  );
});

test('any text gives a value or a syntax error', (t) => {
  const alphabet = fc.constantFrom(..."0123456789xabf+-*/%&|^~()$' .é");
  fc.assert(
    fc.property(fc.string({ unit: alphabet, maxLength: 40 }), (text) => {
      try {
        const value = evaluate(text);
        t.is(value, wrap(value));
      } catch (error) {
        t.is((error as { code?: string }).code, 'ERR_HMP_SYNTAX');
      }
    }),
    { numRuns: 500 },
  );
});
