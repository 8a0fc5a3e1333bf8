import test from 'ava';
import { TroupeError } from '../../../src/errors/troupe-error.ts';
import { executeHumanCommand } from '../../../src/monitor/hmp/execute.ts';
import { type FakeServicesOptions, fakeServices } from './fake-services.ts';

/** Runs one line on services of its own. */
function run(line: string, options: FakeServicesOptions = {}): Promise<string> {
  return executeHumanCommand(fakeServices(options), line, undefined);
}

const outputs: readonly (readonly [line: string, output: string])[] = [
  ['', ''],
  ['   ', ''],
  ['info version', '1.5.50\r\n'],
  ['  info   version  ', '1.5.50\r\n'],
  ['info name', ''],
  ['info uuid', '00000000-0000-0000-0000-000000000000\r\n'],
  ['info kvm', 'kvm support: not compiled\r\n'],
  ['info status', 'VM status: paused (prelaunch)\r\n'],
  ['info chardev', 'compat_monitor0: filename=stdio\r\n'],
  ['info history', ''],
  ['info irq', 'irq statistic code not compiled.\r\n'],
  ['info profile', 'Internal profiler not compiled\r\n'],
  ['info pcmcia', 'No PCMCIA sockets\r\n'],
  ['foo', "unknown command: 'foo'\r\n"],
  ['  foo bar', "unknown command: '  foo'\r\n"],
  ['foo/x', "unknown command: 'foo'\r\n"],
  ['/x', "unknown command: ''\r\n"],
  ['constructor', "unknown command: 'constructor'\r\n"],
  ['info foo bar', "unknown command: 'info foo'\r\n"],
  ['info/x', "unknown command: 'info'\r\n"],
  ['migrate -d tcp:0:1', "unknown command: 'migrate'\r\n"],
  ['info status now', 'status: extraneous characters at the end of line\r\n'],
  ['c now', 'c: extraneous characters at the end of line\r\n'],
  ['print 1 + 2 * 3', '0x7\r\n'],
  ['p 0', '0\r\n'],
  ['p/x -1', '0xffffffffffffffff\r\n'],
  ['p/o 8', '010\r\n'],
  ['p/o 0', '0\r\n'],
  ['p/u -1', '18446744073709551615\r\n'],
  ['p/d -1', '-1\r\n'],
  ['p/i -8', '-8\r\n'],
  ["p/c 'a'", "'a'\r\n"],
  ['p/c 10', "'\\n'\r\n"],
  ['p/c 13', "'\\r'\r\n"],
  ['p/c 39', "'\\''\r\n"],
  ['p/c 92', "'\\\\'\r\n"],
  ['p/c 7', "'\\x07'\r\n"],
  ['p/c 0x141', "'\\x141'\r\n"],
  ['p/c -1', "'\\xffffffff'\r\n"],
  ['p $eax', 'unknown register\r\n'],
  ['p', 'unexpected end of expression\r\n'],
  ['ringbuf_write', 'ringbuf_write: string expected\r\n'],
  ['ringbuf_read a', 'unexpected end of expression\r\n'],
  ['help foo', "unknown command: 'foo'\r\n"],
  ['help info foo', "unknown command: 'info foo'\r\n"],
  ['? quit', 'quit|q  -- end the emulator\r\n'],
  ['help info status', 'info status  -- run-state of the virtual machine\r\n'],
  ['help "x', 'unterminated string\r\n'],
];
for (const [line, output] of outputs) {
  test(`'${line}' prints ${JSON.stringify(output)}`, async (t) => {
    t.is(await run(line), output);
  });
}

test('silent commands run the QMP handler of their name', async (t) => {
  const services = fakeServices();
  const lines: readonly (readonly [line: string, command: string])[] = [
    ['quit', 'quit'],
    ['q', 'quit'],
    ['stop', 'stop'],
    ['cont', 'cont'],
    ['c', 'cont'],
    ['system_reset', 'system_reset'],
    ['system_powerdown', 'system_powerdown'],
    ['system_wakeup', 'system_wakeup'],
  ];
  for (const [line] of lines) t.is(await executeHumanCommand(services, line, undefined), '');
  t.deepEqual(
    services.calls,
    lines.map(([, command]) => [command, {}]),
  );
});

test('the error of a handler is printed as its description', async (t) => {
  const cont = (): never => {
    throw new TroupeError('ERR_MACHINE_NEEDS_RESET', 'Resetting the Virtual Machine is required');
  };
  t.is(await run('cont', { answers: { cont } }), 'Resetting the Virtual Machine is required\r\n');
});

test('an error that nobody raised on purpose is reported as well as printed', async (t) => {
  const stop = (): never => {
    throw new TypeError('undefined is not a function');
  };
  const services = fakeServices({ answers: { stop } });
  t.is(await executeHumanCommand(services, 'stop', undefined), 'undefined is not a function\r\n');
  t.is(services.reports.length, 1);
  t.regex(services.reports[0] ?? '', /^command stop failed unexpectedly: TypeError/);
});

test('info status says what the state is unless that is running or paused', async (t) => {
  const status = (running: boolean, status: string, singlestep = false): Promise<string> =>
    run('info status', { answers: { 'query-status': { running, singlestep, status } } });
  t.is(await status(true, 'running'), 'VM status: running\r\n');
  t.is(await status(false, 'paused'), 'VM status: paused\r\n');
  t.is(await status(false, 'shutdown'), 'VM status: paused (shutdown)\r\n');
  t.is(await status(true, 'running', true), 'VM status: running (single step mode)\r\n');
  t.is(await status(false, 'io-error', true), 'VM status: paused (single step mode) (io-error)\r\n');
});

test('info kvm follows query-kvm', async (t) => {
  const kvm = (enabled: boolean): Promise<string> =>
    run('info kvm', { answers: { 'query-kvm': { enabled, present: true } } });
  t.is(await kvm(true), 'kvm support: enabled\r\n');
  t.is(await kvm(false), 'kvm support: disabled\r\n');
});

test('info name prints the name when there is one', async (t) => {
  t.is(await run('info name', { answers: { 'query-name': { name: 'vm1' } } }), 'vm1\r\n');
});

test('the trees come from the machine', async (t) => {
  const machine = {
    describe: ({ topic, path }: { topic: string; path?: string }) => `${topic} ${path ?? 'all'}\n`,
  };
  t.is(await run('info qom-tree', { machine }), 'qom-tree all\r\n');
  t.is(await run('info qom-tree /machine', { machine }), 'qom-tree /machine\r\n');
  t.is(await run('info qtree', { machine }), 'qtree all\r\n');
});

test('ringbuf_read escapes control characters and backslashes', async (t) => {
  const data = 'a\tb\nc\\d\r\x00\x1f\x7fé\u0085';
  const services = fakeServices({ answers: { 'ringbuf-read': data } });
  t.is(
    await executeHumanCommand(services, 'ringbuf_read rb 0x20', undefined),
    'a\tb\r\nc\\\\d\\u000D\\u0000\\u001F\\u007Fé\u0085\r\n',
  );
  t.deepEqual(services.calls, [['ringbuf-read', { device: 'rb', size: 32 }]]);
});

test('ringbuf_write passes quoted text on', async (t) => {
  const services = fakeServices();
  t.is(await executeHumanCommand(services, 'ringbuf_write rb "a b\\n"', undefined), '');
  t.deepEqual(services.calls, [['ringbuf-write', { device: 'rb', data: 'a b\n' }]]);
});

test('chardev-add takes the text of -chardev', async (t) => {
  const services = fakeServices();
  t.is(await executeHumanCommand(services, 'chardev-add memory,id=rb,size=64', undefined), '');
  t.is(await executeHumanCommand(services, 'chardev-remove rb', undefined), '');
  t.deepEqual(services.added, [['rb', { kind: 'memory', size: 64 }]]);
  t.deepEqual(services.calls, [['chardev-remove', { id: 'rb' }]]);
});

test('chardev-add with mux=on asks for a multiplexer before the device', async (t) => {
  const services = fakeServices();
  t.is(await executeHumanCommand(services, 'chardev-add null,id=n,mux=on', undefined), '');
  t.deepEqual(services.added, [['n', { kind: 'null' }]]);
  t.deepEqual(services.multiplexed, ['n']);
});

test('chardev-add prints why a device cannot be made', async (t) => {
  const services = fakeServices({ failingLabels: ['n'] });
  t.is(
    await executeHumanCommand(services, 'chardev-add null,id=n,mux=on', undefined),
    "Chardev 'n' already exists\r\n",
  );
});

test('chardev-add says what is wrong with its text', async (t) => {
  const syntax = 'Parsing chardev args failed\r\n';
  t.is(await run('chardev-add null,id=n,foo=1'), `Invalid parameter 'foo'\r\n${syntax}`);
  t.is(await run('chardev-add null,id=n,wait=1'), `Parameter 'wait' expects 'on' or 'off'\r\n${syntax}`);
  t.is(await run('chardev-add null'), 'chardev: no id specified\r\n');
  t.is(await run('chardev-add foo,id=n'), 'chardev: backend "foo" not found\r\n');
});

test('descriptors cannot be named without a connection', async (t) => {
  const services = fakeServices();
  t.regex(await executeHumanCommand(services, 'getfd x', undefined), /^getfd: not available/);
  t.regex(await executeHumanCommand(services, 'closefd x', undefined), /^closefd: not available/);
  t.deepEqual(services.calls, []);
});

test('only a CPU that is there can be chosen', async (t) => {
  const services = fakeServices({ machine: { cpuList: () => [{ index: 0 }] } });
  t.is(await executeHumanCommand(services, 'info version', 0), '1.5.50\r\n');
  await t.throwsAsync(executeHumanCommand(services, 'info version', 1), {
    code: 'ERR_HMP_NO_CPU',
    message: "Parameter 'cpu-index' expects a CPU number",
  });
});

test('the format of print is remembered from call to call, but not from machine to machine', async (t) => {
  const services = fakeServices();
  t.is(await executeHumanCommand(services, 'p/o 8', undefined), '010\r\n');
  t.is(await executeHumanCommand(services, 'p 8', undefined), '010\r\n');
  t.is(await run('p 8'), '0x8\r\n');
});

test('help lists every command by its name, and info every sub-command', async (t) => {
  const names = (text: string): string[] =>
    text
      .trimEnd()
      .split('\r\n')
      .map((line) => line.slice(0, line.indexOf(' -- ')).replace(/ .*(?<!info \S*)$/, ''));
  const commands = names(await run('help'));
  t.deepEqual(commands, commands.toSorted());
  t.true(['help|?', 'quit|q', 'print|p', 'cont|c'].every((name) => commands.includes(name)));
  const help = await run('help info');
  t.is(await run('info'), help);
  for (const line of help.trimEnd().split('\r\n')) t.regex(line, /^info \S+ .*-- \S/);
});
