import test from 'ava';
import { defineCommand } from '../../src/monitor/command-definition.ts';
import { EMPTY_RETURN, GREETING, TestMonitor } from './support/test-monitor.ts';

const NOT_FOUND = (name: string): string =>
  `{"error": {"class": "CommandNotFound", "desc": "The command ${name} has not been found"}}\r\n`;
const GENERIC = (desc: string): string => `{"error": {"class": "GenericError", "desc": "${desc}"}}\r\n`;
const GENERIC_ID = (desc: string): string =>
  `{"id": 7, "error": {"class": "GenericError", "desc": "${desc}"}}\r\n`;
const STATUS = '{"return": {"status": "prelaunch", "singlestep": false, "running": false}}\r\n';

test('greeting, negotiation, command mode', (t) => {
  const monitor = new TestMonitor();
  monitor.device.connect();
  t.is(monitor.device.take(), GREETING);
  t.is(monitor.say('{"execute":"query-status"}'), NOT_FOUND('query-status'));
  t.is(monitor.say('{"execute":"nonsense"}'), NOT_FOUND('nonsense'));
  t.is(
    monitor.say('{"execute":"qmp_capabilities","arguments":{"enable":[]}}'),
    GENERIC("Invalid parameter 'enable'"),
  );
  t.is(monitor.say('{"execute":"qmp_capabilities"}'), EMPTY_RETURN);
  t.is(monitor.say('{"execute":"qmp_capabilities"}'), NOT_FOUND('qmp_capabilities'));
  t.is(monitor.say('{"execute":"query-status"}'), STATUS);
  t.is(monitor.say('{"execute":"query-vnc"}'), NOT_FOUND('query-vnc'));
});

test('a new client starts from the greeting, without what the last one left half said', (t) => {
  const monitor = TestMonitor.ready();
  t.is(monitor.say('{"execute": "query-'), '');
  monitor.device.hangUp();
  monitor.device.connect();
  t.is(monitor.device.take(), GREETING);
  t.is(monitor.say('{"execute":"query-status"}'), NOT_FOUND('query-status'));
});

test('the id comes back with its value, whatever it is', (t) => {
  const monitor = TestMonitor.ready();
  for (const [id, echo] of [
    ['1', '1'],
    ['"é\\n"', '"\\u00E9\\n"'],
    ['9223372036854775807', '9223372036854775807'],
    ['1.50', '1.5'],
    ['true', 'true'],
    ['[1, {"a": []}]', '[1, {"a": []}]'],
    ["{'id': 1, 'return': 2, 'error': 3}", '{"return": 2, "id": 1, "error": 3}'],
  ]) {
    t.is(monitor.say(`{"execute":"qom","id":${id}}`).startsWith('{"id": '), true);
    t.is(
      monitor.say(`{"execute":"query-kvm","id":${id}}`),
      `{"return": {"enabled": false, "present": false}, "id": ${echo}}\r\n`,
    );
  }
});

test('rows 1 to 6: mistakes of the envelope, answered without id', (t) => {
  const monitor = TestMonitor.ready();
  const cases: [string, string][] = [
    ['{"execute": null, "id": 7}', GENERIC('Invalid JSON syntax')],
    ['{"execute": "stop",}', GENERIC('Invalid JSON syntax')],
    ['[1]', GENERIC("Expected 'object' in QMP input")],
    ['42\n', GENERIC("Expected 'object' in QMP input")],
    ['"x"', GENERIC("Expected 'object' in QMP input")],
    ['{"execute": 1, "id": 7}', GENERIC("QMP input object member 'execute' expects 'string'")],
    [
      '{"execute": "stop", "arguments": [], "id": 7}',
      GENERIC("QMP input object member 'arguments' expects 'object'"),
    ],
    ['{"execute": "stop", "extra": 1, "id": 7}', GENERIC("QMP input object member 'extra' is unexpected")],
    ['{"id": 7}', GENERIC("Expected 'execute' in QMP input")],
    ['{}', GENERIC("Expected 'execute' in QMP input")],
    ['{"toString": 7}', GENERIC("QMP input object member 'toString' is unexpected")],
  ];
  for (const [request, reply] of cases) {
    t.is(monitor.say(request), reply, request);
  }
});

test('rows 7 to 13: mistakes of the command, answered with id', (t) => {
  const monitor = TestMonitor.ready();
  const cases: [string, string][] = [
    [
      '"execute": "xen-set-global-dirty-log"',
      '{"id": 7, "error": {"class": "CommandNotFound", "desc": "The command xen-set-global-dirty-log has not been found"}}\r\n',
    ],
    [
      '"execute": "toString"',
      '{"id": 7, "error": {"class": "CommandNotFound", "desc": "The command toString has not been found"}}\r\n',
    ],
    ['"execute": "closefd"', GENERIC_ID("Parameter 'fdname' is missing")],
    ['"execute": "stop", "arguments": {"now": true}', GENERIC_ID("Invalid parameter 'now'")],
    [
      '"execute": "closefd", "arguments": {"fdname": 1}',
      GENERIC_ID("Invalid parameter type for 'fdname', expected: string"),
    ],
    [
      '"execute": "chardev-add", "arguments": {"id": "x", "backend": {"type": "null"}}',
      GENERIC_ID("Invalid parameter type for 'data', expected: QDict"),
    ],
    [
      '"execute": "ringbuf-read", "arguments": {"device": "x", "size": 1, "format": "hex"}',
      GENERIC_ID("Invalid parameter 'hex'"),
    ],
    [
      '"execute": "chardev-add", "arguments": {"id": "x", "backend": {"type": "null", "data": {"a": 1}}}',
      GENERIC_ID("QMP input object member 'a' is unexpected"),
    ],
    [
      '"execute": "closefd", "arguments": {"fdname": "none"}',
      GENERIC_ID("File descriptor named 'none' not found"),
    ],
  ];
  for (const [request, reply] of cases) {
    t.is(monitor.say(`{${request}, "id": 7}`), reply, request);
  }
  t.is(monitor.asked.length, 0);
});

test('resynchronisation: HELLO is five mistakes, hello one, 0xff one', (t) => {
  const monitor = TestMonitor.ready();
  const syntax = GENERIC('Invalid JSON syntax');
  t.is(monitor.say('HELLO\n'), syntax.repeat(5));
  t.is(monitor.say('hello\n'), syntax);
  t.is(monitor.say(Buffer.from([0xff])), syntax);
  t.is(monitor.say('{"execute": "query-'), '');
  t.is(monitor.say(Buffer.from([0xff])), syntax);
  t.is(monitor.say("{'execute':'query-status'}"), STATUS);
});

test('pipelined requests are answered in order, in one write', (t) => {
  const monitor = TestMonitor.ready();
  monitor.device.send(
    '{"execute":"query-status","id":1} {"execute":"query-kvm","id":2}{"execute":"bogus","id":3}',
  );
  t.is(monitor.device.writes.length, 1);
  t.deepEqual(
    monitor.device
      .take()
      .trim()
      .split('\r\n')
      .map((line) => JSON.parse(line).id),
    [1, 2, 3],
  );
});

test('a command that waits holds back the next ones of its own connection', async (t) => {
  const gate = Promise.withResolvers<void>();
  const monitor = TestMonitor.ready({ machine: { stop: () => gate.promise } });
  t.is(
    await monitor.ask(
      '{"execute":"query-kvm","id":0}{"execute":"stop","id":1}{"execute":"query-kvm","id":2}',
    ),
    '{"return": {"enabled": false, "present": false}, "id": 0}\r\n',
  );
  t.is(await monitor.ask('{"execute":"query-kvm","id":3}'), '');
  gate.resolve();
  const replies = await monitor.ask('');
  t.deepEqual(
    replies
      .trim()
      .split('\r\n')
      .map((line) => JSON.parse(line).id),
    [1, 2, 3],
  );
});

test('an answer for a client that has gone is not given to the next', async (t) => {
  const gate = Promise.withResolvers<void>();
  const monitor = TestMonitor.ready({ machine: { stop: () => gate.promise } });
  await monitor.ask('{"execute":"stop"}');
  monitor.device.hangUp();
  monitor.device.connect();
  gate.resolve();
  t.is(await monitor.ask(''), GREETING);
  t.is(monitor.say('{"execute":"qmp_capabilities"}'), EMPTY_RETURN);
});

test('events flow in command mode only, and precede the reply of the command that raised them', async (t) => {
  const monitor: TestMonitor = new TestMonitor({
    machine: { stop: () => monitor.services.events.raise('STOP') },
  });
  monitor.device.connect();
  monitor.services.events.raise('RESUME');
  t.is(monitor.device.take(), GREETING);
  monitor.say('{"execute":"qmp_capabilities"}');
  const stop = '{"timestamp": {"seconds": 1000, "microseconds": 0}, "event": "STOP"}\r\n';
  t.is(await monitor.ask('{"execute":"stop","id":1}'), `${stop}{"return": {}, "id": 1}\r\n`);
  monitor.services.events.raise('DEVICE_TRAY_MOVED', { device: 'cd', 'tray-open': true });
  t.is(
    monitor.device.take(),
    '{"timestamp": {"seconds": 1000, "microseconds": 0}, "event": "DEVICE_TRAY_MOVED", "data": {"device": "cd", "tray-open": true}}\r\n',
  );
});

test('a handler that throws anything answers GenericError, is reported, and the monitor lives on', async (t) => {
  const broken = [
    defineCommand('query-vnc', () => {
      throw new TypeError('x is not a function');
    }),
    defineCommand('query-spice', () => Promise.reject('just text')),
    defineCommand('query-tpm', () => Promise.reject(new Error(''))),
    defineCommand('query-tpm-models', () => Promise.resolve(null as never)),
  ];
  const monitor = TestMonitor.ready({ extraCommands: broken });
  t.is(monitor.say('{"execute":"query-vnc","id":7}'), GENERIC_ID('x is not a function'));
  t.is(await monitor.ask('{"execute":"query-spice","id":7}'), GENERIC_ID('just text'));
  t.is(await monitor.ask('{"execute":"query-tpm","id":7}'), GENERIC_ID('An undefined error has occurred'));
  t.regex(
    await monitor.ask('{"execute":"query-tpm-models","id":7}'),
    /^\{"id": 7, "error": \{"class": "GenericError"/,
  );
  t.is(monitor.reports.length, 4);
  t.regex(monitor.reports[0] ?? '', /^command query-vnc failed unexpectedly: TypeError: x is not a function/);
  t.is(monitor.say('{"execute":"query-status"}'), STATUS);
});

test('pretty mode', (t) => {
  const monitor = TestMonitor.ready({ pretty: true });
  t.is(
    monitor.say('{"execute":"query-status","id":1}'),
    [
      '{',
      '    "return": {',
      '        "status": "prelaunch", ',
      '        "singlestep": false, ',
      '        "running": false',
      '    }, ',
      '    "id": 1',
      '}',
      '',
    ].join('\r\n'),
  );
  t.is(monitor.say('{"execute":"query-name"}'), '{\r\n    "return": {\r\n    }\r\n}\r\n');
});

test('bytes that come while a command waits are kept, even from a device that does not ask first', async (t) => {
  const gate = Promise.withResolvers<void>();
  const monitor = TestMonitor.ready({ machine: { stop: () => gate.promise } });
  for (const text of [
    '{"execute":"stop","id":1}{"execute":"que',
    'ry-name","id":2}',
    '{"execute":"query-name","id":3}',
  ]) {
    const lent = Buffer.from(text);
    monitor.session.receive(lent);
    lent.fill(0xff);
  }
  gate.resolve();
  t.is(
    await monitor.ask(''),
    '{"return": {}, "id": 1}\r\n{"return": {}, "id": 2}\r\n{"return": {}, "id": 3}\r\n',
  );
});

test('closing gives the device back and closes the named descriptors', (t) => {
  const monitor = TestMonitor.ready();
  monitor.device.descriptor = 99;
  t.is(monitor.say('{"execute":"getfd","arguments":{"fdname":"f"}}'), EMPTY_RETURN);
  monitor.device.hangUp();
  t.deepEqual(monitor.closed, []);
  monitor.session.close();
  t.deepEqual(monitor.closed, [99]);
  t.false(monitor.device.busy);
});
