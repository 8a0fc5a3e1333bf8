import test from 'ava';
import { ArgumentCheck } from '../../src/qapi/argument-check.ts';
import { QmpFloat, type QmpObject } from '../../src/qapi/json-value.ts';

/** What a command's check says of the arguments: the text of the error, or 'ok'. */
function verdict(command: string, args: QmpObject, alsoAccept: readonly string[] = []): string {
  try {
    new ArgumentCheck(command, alsoAccept).check(args);
    return 'ok';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

test('row 8: missing arguments, in the documented order, before anything else', (t) => {
  t.is(verdict('block_set_io_throttle', {}), "Parameter 'iops_rd' is missing");
  t.is(verdict('block_set_io_throttle', { iops_rd: 1, bogus: 1 }), "Parameter 'device' is missing");
  t.is(verdict('memsave', { val: 0 }), "Parameter 'filename' is missing");
  t.is(verdict('chardev-add', {}), "Parameter 'backend' is missing");
});

test('rows 9 and 10: unknown arguments and wrong types, in the order of the walk', (t) => {
  t.is(verdict('query-status', { x: 1 }), "Invalid parameter 'x'");
  t.is(verdict('closefd', { fdname: 1 }), "Invalid parameter type for 'fdname', expected: string");
  t.is(verdict('remove-fd', { 'fdset-id': 'x' }), "Invalid parameter type for 'fdset-id', expected: int");
  t.is(
    verdict('remove-fd', { 'fdset-id': new QmpFloat(1) }),
    "Invalid parameter type for 'fdset-id', expected: int",
  );
  t.is(
    verdict('migrate_set_downtime', { value: 'x' }),
    "Invalid parameter type for 'value', expected: number",
  );
  t.is(verdict('migrate_set_downtime', { value: new QmpFloat(0.5) }), 'ok');
  t.is(verdict('migrate_set_downtime', { value: 1n << 62n }), 'ok');
  t.is(verdict('eject', { device: 'a', force: 1 }), "Invalid parameter type for 'force', expected: bool");
  t.is(verdict('qom-set', { path: 'a', property: 'b', value: [] }), 'ok');
});

test('row 11: nested types', (t) => {
  const add = (backend: QmpObject | string): string => verdict('chardev-add', { id: 'c', backend });
  t.is(add('null'), "Invalid parameter type for 'backend', expected: QDict");
  t.is(add({}), "Invalid parameter type for 'type', expected: string");
  t.is(add({ type: 'null' }), "Invalid parameter type for 'data', expected: QDict");
  t.is(add({ type: 'file', data: {} }), "Invalid parameter type for 'out', expected: string");
  t.is(add({ type: 'memory', data: { size: 'x' } }), "Invalid parameter type for 'size', expected: integer");
  t.is(add({ type: 'stdio', data: { signal: 1 } }), "Invalid parameter type for 'signal', expected: boolean");
  t.is(verdict('send-key', {}), "Invalid parameter type for 'keys', expected: list");
  t.is(verdict('send-key', { keys: ['ctrl'] }), "Invalid parameter type for 'null', expected: QDict");
  t.is(verdict('migrate-set-capabilities', {}), "Invalid parameter type for 'capabilities', expected: list");
  const inet = (to: number): QmpObject => ({
    type: 'socket',
    data: { addr: { type: 'inet', data: { host: 'h', port: '1', to } } },
  });
  t.is(add(inet(65535)), 'ok');
  t.is(add(inet(65536)), "Parameter 'to' expects uint16_t");
});

test('row 12: unknown enum texts are named themselves', (t) => {
  t.is(verdict('ringbuf-read', { device: 'd', size: 1, format: 'hex' }), "Invalid parameter 'hex'");
  t.is(verdict('chardev-add', { id: 'c', backend: { type: 'nope', data: {} } }), "Invalid parameter 'nope'");
  t.is(
    verdict('chardev-add', { id: 'c', backend: { type: 'toString', data: {} } }),
    "Invalid parameter 'toString'",
  );
  t.is(verdict('send-key', { keys: [{ type: 'qcode', data: 'nokey' }] }), "Invalid parameter 'nokey'");
});

test('row 13: members that no type knows, after those that it does', (t) => {
  const add = (backend: QmpObject): string => verdict('chardev-add', { id: 'c', backend });
  t.is(add({ type: 'null', data: { x: 1 } }), "QMP input object member 'x' is unexpected");
  t.is(add({ type: 'null', data: {}, y: 1 }), "QMP input object member 'y' is unexpected");
  t.is(add({ type: 'file', data: { x: 1 } }), "Invalid parameter type for 'out', expected: string");
});

test('open commands take arguments that no table lists', (t) => {
  t.is(verdict('device_add', { driver: 'e1000', anything: 'x' }), 'ok');
  t.is(verdict('send-key', { keys: [], extra: 1 }), 'ok');
  t.is(
    verdict('send-key', { keys: [], 'hold-time': 'x' }),
    "Invalid parameter type for 'hold-time', expected: int",
  );
});

test('arguments that only the schema documents are accepted where a command says so', (t) => {
  const args = { val: 0, size: 1, filename: 'f', 'cpu-index': 0 };
  t.is(verdict('memsave', args), "Invalid parameter 'cpu-index'");
  t.is(verdict('memsave', args, ['cpu-index']), 'ok');
  t.is(
    verdict('memsave', { ...args, 'cpu-index': 'x' }, ['cpu-index']),
    "Invalid parameter type for 'cpu-index', expected: int",
  );
});
