import { readFileSync } from 'node:fs';
import test from 'ava';
import { ActorError } from '../../src/actors/actor-error.ts';
import { decodeError, encodeError, errorLine, remoteStackOf } from '../../src/actors/error-codec.ts';
import { TroupeError } from '../../src/errors/troupe-error.ts';

function passed(thrown: unknown): TroupeError {
  return decodeError(structuredClone(encodeError(thrown)));
}

test('a TroupeError keeps code, class, message, name, cause and stack', (t) => {
  const cause = new Error('disk full', { cause: 'ENOSPC' });
  const error = new TroupeError('ERR_BLOCK_WRITE', 'Write failed', { errorClass: 'DeviceNotActive', cause });
  const copy = passed(error);
  t.true(copy instanceof TroupeError);
  t.like(copy, {
    code: 'ERR_BLOCK_WRITE',
    errorClass: 'DeviceNotActive',
    message: 'Write failed',
    name: 'TroupeError',
  });
  t.is((copy.cause as Error).message, 'disk full: ENOSPC');
  t.is(remoteStackOf(copy), error.stack);
});

test('an ActorError stays one', (t) => {
  const copy = passed(new ActorError('ERR_ACTOR_DEAD', 'gone'));
  t.true(copy instanceof ActorError);
  t.is(copy.code, 'ERR_ACTOR_DEAD');
});

test('a system error keeps its code', (t) => {
  const error = t.throws(() => readFileSync('/nonexistent/file'));
  t.like(passed(error), { code: 'ENOENT', errorClass: 'GenericError', message: error?.message });
});

test('two passages keep the first stack', (t) => {
  const error = new Error('far away');
  t.is(remoteStackOf(passed(passed(error))), error.stack);
});

test('anything can be thrown', (t) => {
  const hostile = {
    toString() {
      throw new Error('no');
    },
  };
  const cases: [unknown, string][] = [
    ['text', 'text'],
    [42, 'thrown number: 42'],
    [undefined, 'thrown undefined: undefined'],
    [null, 'thrown object: null'],
    [Symbol('s'), 'thrown symbol: Symbol(s)'],
    [hostile, 'thrown object'],
    [Object.create(null), 'thrown object'],
    [new Error(), 'Error'],
  ];
  for (const [thrown, message] of cases) {
    t.like(passed(thrown), { code: 'ERR_ACTOR_HANDLER', message });
  }
});

test('a cause that goes in a circle ends', (t) => {
  const error = new Error('a');
  error.cause = error;
  t.is(encodeError(error).cause, 'a: a: a: a');
});

test('one line says what failed and why', (t) => {
  const cause = new Error('no medium');
  t.is(errorLine(new Error('Cannot open\nmore', { cause })), 'Cannot open: no medium');
  t.is(errorLine(new Error('Cannot open: no medium', { cause })), 'Cannot open: no medium');
});
