import test from 'ava';
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
