import test from 'ava';
import { ActorError } from '../../../src/actors/actor-error.ts';
import { TroupeError } from '../../../src/errors/troupe-error.ts';
import { qmpSchema } from '../../../src/qapi/schema-file.ts';
import { EMPTY_RETURN, TestMonitor, type TestMonitorOptions } from '../support/test-monitor.ts';

/** The result of one command, parsed; `CLASS: desc` for an error. */
async function run(monitor: TestMonitor, command: string, args?: object): Promise<unknown> {
  const text = JSON.stringify({ execute: command, ...(args && { arguments: args }) });
  const reply = JSON.parse(await monitor.ask(text));
  return reply.error === undefined ? reply.return : `${reply.error.class}: ${reply.error.desc}`;
}

function ready(options: TestMonitorOptions = {}): TestMonitor {
  return TestMonitor.ready(options);
}

test('query-commands: what works, in the reverse of the order of the table', async (t) => {
  const names = ((await run(ready(), 'query-commands')) as { name: string }[]).map(({ name }) => name);
  const order = Object.keys(qmpSchema.commands).reverse();
  t.deepEqual(
    names,
    order.filter((name) => names.includes(name)),
  );
  t.deepEqual([names[0], names.at(-1)], ['chardev-remove', 'quit']);
});

test('query-events: all 26, in the reverse of the order of the list', async (t) => {
  const names = (await run(ready(), 'query-events')) as { name: string }[];
  t.is(names.length, 26);
  t.deepEqual(names.at(0), { name: 'GUEST_PANICKED' });
  t.deepEqual(names.at(-1), { name: 'SHUTDOWN' });
});

test('identity', async (t) => {
  const uuid = '550e8400-e29b-41d4-a716-446655440000';
  const monitor = ready({ identity: { name: 'vm1', uuid } });
  t.deepEqual(await run(monitor, 'query-name'), { name: 'vm1' });
  t.deepEqual(await run(ready(), 'query-name'), {});
  t.deepEqual(await run(monitor, 'query-uuid'), { UUID: uuid });
  t.deepEqual(await run(monitor, 'query-version'), { qemu: { major: 1, minor: 5, micro: 50 }, package: '' });
  t.deepEqual(await run(monitor, 'query-target'), { arch: 'x86_64' });
  t.deepEqual(await run(monitor, 'query-kvm'), { enabled: false, present: false });
});

test('query-machines and query-cpu-definitions', async (t) => {
  const monitor = ready();
  t.deepEqual(await run(monitor, 'query-machines'), [
    { name: 'pc-i440fx-1.5', alias: 'pc', 'is-default': true, 'cpu-max': 255 },
    { name: 'isapc', 'cpu-max': 1 },
    { name: 'none', 'cpu-max': 1 },
  ]);
  const cpus = (await run(monitor, 'query-cpu-definitions')) as { name: string }[];
  t.is(cpus.length, 24);
  t.deepEqual([cpus[0], cpus.at(-1)], [{ name: 'Opteron_G5' }, { name: 'qemu64' }]);
});

test('query-command-line-options', async (t) => {
  const monitor = ready();
  t.deepEqual(await run(monitor, 'query-command-line-options', { option: 'option-rom' }), [
    {
      option: 'option-rom',
      parameters: [
        { name: 'romfile', type: 'string' },
        { name: 'bootindex', type: 'number' },
      ],
    },
  ]);
  const all = (await run(monitor, 'query-command-line-options')) as { option: string }[];
  t.is(all.at(-1)?.option, 'drive');
  t.is(
    await run(monitor, 'query-command-line-options', { option: 'nope' }),
    'GenericError: invalid option name: nope',
  );
});

test('query-status reads the shared words', async (t) => {
  const monitor = ready();
  t.deepEqual(await run(monitor, 'query-status'), { running: false, singlestep: false, status: 'prelaunch' });
  monitor.runState.store('running');
  monitor.runState.singleStep = true;
  t.deepEqual(await run(monitor, 'query-status'), { running: true, singlestep: true, status: 'running' });
  t.deepEqual(monitor.asked, []);
});

test('run-state commands ask the machine and give its errors on', async (t) => {
  const monitor = ready({
    machine: {
      cont: () => Promise.reject(new TroupeError('ERR_X', 'Resetting the Virtual Machine is required')),
    },
  });
  for (const command of ['stop', 'system_reset', 'system_powerdown', 'system_wakeup', 'quit']) {
    t.deepEqual(await run(monitor, command), {});
  }
  t.is(await run(monitor, 'cont'), 'GenericError: Resetting the Virtual Machine is required');
  t.deepEqual(
    monitor.asked.map(([method]) => method),
    ['stop', 'systemReset', 'systemPowerdown', 'systemWakeup', 'quit', 'cont'],
  );
  t.deepEqual(monitor.reports, []);
});

test('a machine actor that is dead or silent is named, with the cause once it is known', async (t) => {
  const dead = (): Promise<never> =>
    Promise.reject(new ActorError('ERR_ACTOR_TIMEOUT', 'no answer within 30000 ms'));
  const monitor = ready({ machine: { stop: dead, quit: dead, qomList: dead } });
  t.is(
    await run(monitor, 'stop'),
    "GenericError: The actor 'machine' does not answer: no answer within 30000 ms",
  );
  monitor.failures.set('machine', 'out of memory');
  t.is(
    await run(monitor, 'qom-list', { path: '/' }),
    "GenericError: The actor 'machine' does not answer: out of memory",
  );
  t.deepEqual(await run(monitor, 'quit'), {});
  t.is(monitor.quits, 1);
});

test('descriptors: getfd, closefd', async (t) => {
  const monitor = ready();
  const none = 'GenericError: No file descriptor supplied via SCM_RIGHTS';
  t.is(await run(monitor, 'getfd', { fdname: 'a' }), none);
  monitor.device.descriptor = 50;
  t.deepEqual(await run(monitor, 'getfd', { fdname: 'a' }), {});
  t.is(await run(monitor, 'getfd', { fdname: 'a' }), none);
  t.deepEqual(await run(monitor, 'closefd', { fdname: 'a' }), {});
  t.deepEqual(monitor.closed, [50]);
  t.is(await run(monitor, 'closefd', { fdname: 'a' }), "GenericError: File descriptor named 'a' not found");
  monitor.device.descriptor = 1_000_000; // no such descriptor: closing it harms nothing
  t.is(
    await run(monitor, 'getfd', { fdname: '1a' }),
    "GenericError: Parameter 'fdname' expects a name not starting with a digit",
  );
  t.is(monitor.device.takeDescriptor(), undefined);
});

test('descriptors: sets', async (t) => {
  const monitor = ready();
  monitor.device.descriptor = 50;
  t.deepEqual(await run(monitor, 'add-fd', { 'fdset-id': 1, opaque: 'rw' }), { 'fdset-id': 1, fd: 50 });
  t.deepEqual(await run(monitor, 'query-fdsets'), [{ 'fdset-id': 1, fds: [{ fd: 50, opaque: 'rw' }] }]);
  monitor.device.descriptor = 1_000_000;
  t.is(
    await run(monitor, 'add-fd', { 'fdset-id': -1 }),
    "GenericError: Parameter 'fdset-id' expects a non-negative value",
  );
  t.is(await run(monitor, 'add-fd'), 'GenericError: No file descriptor supplied via SCM_RIGHTS');
  t.is(
    await run(monitor, 'remove-fd', { 'fdset-id': 1, fd: 51 }),
    "GenericError: File descriptor named 'fdset-id:1, fd:51' not found",
  );
  t.deepEqual(await run(monitor, 'remove-fd', { 'fdset-id': 1 }), {});
});

test('character devices: added, listed newest first, removed', async (t) => {
  const monitor = ready();
  const add = (id: string, backend: object): Promise<unknown> => run(monitor, 'chardev-add', { id, backend });
  t.deepEqual(await add('n', { type: 'null', data: {} }), {});
  t.deepEqual(await add('m', { type: 'memory', data: { size: 16 } }), {});
  t.is(await add('n', { type: 'null', data: {} }), "GenericError: Chardev 'n' already exists");
  t.is(
    await add('x', { type: 'memory', data: { size: 15 } }),
    'GenericError: size of memory chardev must be power of two',
  );
  t.is(
    await add('x', { type: 'mux', data: { chardev: 'no' } }),
    'GenericError: mux: base chardev no not found',
  );
  t.is(
    await add('x', { type: 'serial', data: { device: '/dev/ttyS0' } }),
    'GenericError: unknown chardev backend (1)',
  );
  t.is(
    await add('x', { type: 'spiceport', data: { fqdn: 'a' } }),
    'GenericError: unknown chardev backend (14)',
  );
  t.is(
    await add('x', { type: 'file', data: { out: '/nonexistent/file' } }),
    'GenericError: open /nonexistent/file: No such file or directory',
  );
  t.deepEqual(await run(monitor, 'query-chardev'), [
    { label: 'm', filename: '' },
    { label: 'n', filename: '' },
  ]);
  t.deepEqual(await run(monitor, 'chardev-remove', { id: 'n' }), {});
  t.is(await run(monitor, 'chardev-remove', { id: 'n' }), "GenericError: Chardev 'n' not found");
});

test('a pty answers with the path of its terminal', async (t) => {
  const monitor = ready();
  const { pty } = (await run(monitor, 'chardev-add', { id: 'p', backend: { type: 'pty', data: {} } })) as {
    pty: string;
  };
  t.regex(pty, /^\/dev\/pts\/\d+$/);
  t.deepEqual(await run(monitor, 'query-chardev'), [{ label: 'p', filename: `pty:${pty}` }]);
  await monitor.registry.closeAll();
});

test('ring buffers', async (t) => {
  const monitor = ready();
  await run(monitor, 'chardev-add', { id: 'r', backend: { type: 'memory', data: { size: 8 } } });
  await run(monitor, 'chardev-add', { id: 'n', backend: { type: 'null', data: {} } });
  t.deepEqual(await run(monitor, 'ringbuf-write', { device: 'r', data: 'abcdé' }), {});
  t.is(await run(monitor, 'ringbuf-read', { device: 'r', size: 3 }), 'abc');
  t.is(await run(monitor, 'ringbuf-read', { device: 'r', size: 100, format: 'base64' }), 'ZMOp');
  t.is(await run(monitor, 'ringbuf-read', { device: 'r', size: 1 }), '');
  t.deepEqual(await run(monitor, 'ringbuf-write', { device: 'r', data: 'aGVsbG8=', format: 'base64' }), {});
  t.is(await run(monitor, 'ringbuf-read', { device: 'r', size: 2 ** 40 }), 'hello');
  t.is(
    await run(monitor, 'ringbuf-read', { device: 'r', size: 0 }),
    'GenericError: size must be greater than zero',
  );
  t.is(await run(monitor, 'ringbuf-read', { device: 'x', size: 1 }), "GenericError: Device 'x' not found");
  t.is(
    await run(monitor, 'ringbuf-write', { device: 'n', data: '' }),
    'GenericError: n is not a ringbuf device',
  );
});

test('objects: values pass exactly, in both directions', async (t) => {
  const monitor = ready({
    machine: {
      qomGet: () => '[9223372036854775807,1.0,"é😀"]',
      qomList: () => [{ name: 'type', type: 'string' }],
    },
  });
  t.is(
    await monitor.ask('{"execute":"qom-get","arguments":{"path":"/a","property":"b"}}'),
    '{"return": [9223372036854775807, 1, "\\u00E9\\uD83D\\uDE00"]}\r\n',
  );
  t.is(
    await monitor.ask(
      '{"execute":"qom-set","arguments":{"path":"/a","property":"b","value":{"x":-9223372036854775808,"y":[1.0,2,"é😀"]}}}',
    ),
    EMPTY_RETURN,
  );
  t.deepEqual(monitor.asked.at(-1), [
    'qomSet',
    { path: '/a', property: 'b', json: '{"x":-9223372036854775808,"y":[1.0,2,"é😀"]}' },
  ]);
  t.deepEqual(await run(monitor, 'qom-list', { path: '/' }), [{ name: 'type', type: 'string' }]);
});

test('types of objects', async (t) => {
  const monitor = ready({
    machine: {
      qomListTypes: () => ['a', 'b'],
      deviceListProperties: () => [{ name: 'mac', type: 'macaddr' }],
    },
  });
  t.deepEqual(await run(monitor, 'qom-list-types', { abstract: true }), [{ name: 'a' }, { name: 'b' }]);
  t.deepEqual(monitor.asked.at(-1), ['qomListTypes', { abstract: true }]);
  t.deepEqual(await run(monitor, 'device-list-properties', { typename: 'e1000' }), [
    { name: 'mac', type: 'macaddr' },
  ]);
});

test('human-monitor-command answers with text', async (t) => {
  const monitor = ready({ identity: { name: 'vm1' }, machine: { cpuList: () => [] } });
  t.is(await run(monitor, 'human-monitor-command', { 'command-line': 'info name' }), 'vm1\r\n');
  t.is(await run(monitor, 'human-monitor-command', { 'command-line': '' }), '');
  t.is(
    await run(monitor, 'human-monitor-command', { 'command-line': 'info name', 'cpu-index': 9 }),
    "GenericError: Parameter 'cpu-index' expects a CPU number",
  );
});
