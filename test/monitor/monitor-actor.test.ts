import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { machineActor } from '../../src/machine/machine-actor.ts';
import { doomedMachine } from './support/doomed-machine.ts';
import { RunningMonitor } from './support/running-monitor.ts';

/** Takes the time stamp out of a line. */
function untimed(line: string | undefined): string | undefined {
  return line?.replace(/"timestamp": \{"seconds": \d+, "microseconds": \d+\}, /, '');
}

test('events and replies arrive in the documented order over a real socket', async (t) => {
  await using running = await new RunningMonitor().start();
  const client = await (await running.connect()).negotiate();
  client.send('{"execute":"cont","id":1}{"execute":"query-status","id":2}{"execute":"stop","id":3}');
  t.deepEqual((await client.lines(5)).map(untimed), [
    '{"event": "RESUME"}',
    '{"return": {}, "id": 1}',
    '{"return": {"status": "running", "singlestep": false, "running": true}, "id": 2}',
    '{"event": "STOP"}',
    '{"return": {}, "id": 3}',
  ]);
  client.send('{"execute":"system_reset"}');
  t.deepEqual((await client.lines(2)).map(untimed), ['{"return": {}}', '{"event": "RESET"}']);
  client.send('{"execute":"quit"}');
  t.deepEqual((await client.lines(2)).map(untimed), ['{"return": {}}', '{"event": "SHUTDOWN"}']);
  t.true(await running.monitor?.ask('flush', { deadlineMs: 1000 }));
  await running.system.stopActor('monitor');
  t.is(await client.line(), undefined);
});

test('a hundred monitors answer at once, and all see an event', async (t) => {
  await using running = await new RunningMonitor().start(100);
  const clients = await Promise.all(Array.from({ length: 100 }, (_, i) => running.connect(i)));
  await Promise.all(clients.map((client) => client.negotiate()));
  const replies = await Promise.all(
    clients.map((client, id) => client.ask(`{"execute":"query-name","id":${id}}`)),
  );
  t.deepEqual(
    replies,
    clients.map((_, id) => `{"return": {}, "id": ${id}}`),
  );
  clients[0]?.send('{"execute":"cont"}');
  const events = await Promise.all(clients.map(async (client) => untimed(await client.line())));
  t.deepEqual(new Set(events), new Set(['{"event": "RESUME"}']));
});

test('when the machine actor is dead commands say so, monitors answer, and quit still works', async (t) => {
  await using running = await new RunningMonitor().start(1, doomedMachine);
  const quits: string[] = [];
  const quit = new Promise<void>((resolve) => {
    running.monitor?.subscribe('quit', ({ cause }) => {
      quits.push(cause);
      resolve();
    });
  });
  // What the supervisor does with a failure.
  running.system.onFailure(({ actor, cause }) => {
    running.runState.store('internal-error');
    running.monitor?.tell('actorFailed', { actor, cause, stopped: true });
  });
  const client = await (await running.connect()).negotiate();
  client.send('{"execute":"cont"}');
  await client.lines(2);
  client.send('{"execute":"system_wakeup","id":1}{"execute":"query-status","id":2}{"execute":"stop","id":3}');
  const lines = (await client.lines(4)).map(untimed);
  t.true(lines.includes('{"event": "STOP"}'));
  t.regex(
    lines.find((line) => line?.startsWith('{"id": 1')) ?? '',
    /"class": "GenericError", "desc": "The actor 'machine' does not answer: /,
  );
  t.is(
    await client.ask('{"execute":"query-status"}'),
    '{"return": {"status": "internal-error", "singlestep": false, "running": false}}',
  );
  t.is(
    await client.ask('{"execute":"cont","id":4}'),
    `{"id": 4, "error": {"class": "GenericError", "desc": "The actor 'machine' does not answer: injected fault"}}`,
  );
  client.send('{"execute":"quit"}');
  t.deepEqual((await client.lines(2)).map(untimed), ['{"return": {}}', '{"event": "SHUTDOWN"}']);
  await quit;
  t.deepEqual(quits, ['injected fault']);
});

test('a device that cannot be made ends the start with its own error, and nothing is left', async (t) => {
  await using first = await new RunningMonitor().start();
  await using second = new RunningMonitor();
  second.path = () => '/nonexistent-directory/qmp';
  const error = await t.throwsAsync(second.start());
  t.regex(error?.message ?? '', /Failed to bind socket: No such file or directory/);
  t.is((await (await first.connect()).line())?.startsWith('{"QMP"'), true);
});

test('a client that does not read stalls nobody, and gets every answer once it does', async (t) => {
  await using running = await new RunningMonitor().start(2);
  const lazy = await (await running.connect(0)).negotiate();
  const other = await (await running.connect(1)).negotiate();
  const requests = 5000; // of replies of 1 KiB each: several times what may wait
  lazy.pause();
  lazy.send('{"execute":"query-commands"}'.repeat(requests));
  t.is(await other.ask('{"execute":"query-name"}'), '{"return": {}}');
  t.false(await running.monitor?.ask('flush', { deadlineMs: 50 }));
  t.is(await other.ask('{"execute":"query-name"}'), '{"return": {}}');
  lazy.resume();
  const lines = await lazy.lines(requests);
  t.is(new Set(lines).size, 1);
});

test('a human monitor greets on the same kind of device', async (t) => {
  await using running = await new RunningMonitor().start(1, machineActor, 'readline');
  const client = await running.connect();
  t.is(await client.line(), "QEMU 1.5.50 monitor - type 'help' for more information");
  client.send('info status\n');
  await client.line();
  t.is(await client.line(), 'VM status: paused (prelaunch)');
});

/** Sends /dev/null with an add-fd and a getfd request, and prints the answers. */
const PASS_DESCRIPTORS = `
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
f = s.makefile('r')
f.readline()
def ask(text, fds=()):
    socket.send_fds(s, [text.encode()], list(fds))
    print(f.readline().strip())
null = os.open('/dev/null', os.O_RDWR)
ask('{"execute":"qmp_capabilities"}')
ask('{"execute":"add-fd","arguments":{"fdset-id":3,"opaque":"rw"}}', [null])
ask('{"execute":"query-fdsets"}')
ask('{"execute":"chardev-add","arguments":{"id":"f","backend":{"type":"file","data":{"out":"/dev/fdset/3"}}}}')
ask('{"execute":"chardev-add","arguments":{"id":"g","backend":{"type":"file","data":{"out":"/dev/fdset/4"}}}}')
ask('{"execute":"getfd","arguments":{"fdname":"n"}}', [null])
ask('{"execute":"getfd","arguments":{"fdname":"n"}}')
ask('{"execute":"closefd","arguments":{"fdname":"n"}}')
ask('{"execute":"remove-fd","arguments":{"fdset-id":3}}')
`;

test('descriptors arrive with SCM_RIGHTS and stand for files', async (t) => {
  await using running = await new RunningMonitor().start();
  const python = spawn('python3', ['-c', PASS_DESCRIPTORS, running.path()], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const failed = new Promise<Error>((resolve) => python.on('error', resolve));
  const output = await Promise.race([text(python.stdout), failed]);
  if (output instanceof Error) {
    t.pass('no python3 on this machine to pass descriptors with');
    return;
  }
  const lines = output.trim().split('\n');
  const fd = /"fd": (\d+)/.exec(lines[1] ?? '')?.[1];
  t.deepEqual(lines, [
    '{"return": {}}',
    `{"return": {"fd": ${fd}, "fdset-id": 3}}`,
    `{"return": [{"fds": [{"fd": ${fd}, "opaque": "rw"}], "fdset-id": 3}]}`,
    // chardev-add opens for writing only, and the one member is open for both.
    '{"error": {"class": "GenericError", "desc": "open /dev/fdset/3: Permission denied"}}',
    '{"error": {"class": "GenericError", "desc": "open /dev/fdset/4: No such file or directory"}}',
    '{"return": {}}',
    '{"error": {"class": "GenericError", "desc": "No file descriptor supplied via SCM_RIGHTS"}}',
    '{"return": {}}',
    '{"return": {}}',
  ]);
});
