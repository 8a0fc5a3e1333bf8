import test from 'ava';

import { QmpClient } from '../../src/client/qmp-client.ts';
import { FakeClock } from './fake-clock.ts';
import { pair, session } from './fake-server.ts';

const EVENT = (name: string, data = '{}') =>
  `{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "${name}", "data": ${data}}\r\n`;

test('a connection closed in the middle of a reply rejects what was awaited', async (t) => {
  const { client, server } = await session();
  const reply = client.execute('query-status');
  const event = client.waitForEvent('STOP');
  await server.request();
  server.send('{"return": {"runn');
  server.stream.end();
  await t.throwsAsync(reply, { code: 'ERR_QMP_CLOSED', message: /query-status/ });
  await t.throwsAsync(event, { code: 'ERR_QMP_CLOSED', message: /STOP/ });
  await t.throwsAsync(client.execute('stop'), { code: 'ERR_QMP_CLOSED' });
  await client.closed;
});

for (const [what, bytes] of [
  ['text', 'HELLO there\n'],
  ['a number', '42\n'],
  ['an object that is no message', '{"hello": 1}\n'],
  ['a broken object', '{"return": }\n'],
  ['an event without a time', '{"event": "STOP"}\n'],
] as const) {
  test(`${what} in place of a reply ends the session`, async (t) => {
    const { client, server } = await session();
    const reply = client.execute('query-status');
    await server.request();
    server.send(bytes);
    const error = await t.throwsAsync(reply, { code: 'ERR_QMP_CLOSED' });
    t.like(error, { cause: { code: 'ERR_QMP_PROTOCOL' } });
  });
}

test('a server that greets with garbage is a protocol error', async (t) => {
  const { near, server } = pair();
  server.send('SSH-2.0-OpenSSH_9.2\r\n');
  await t.throwsAsync(QmpClient.open(near), { code: 'ERR_QMP_PROTOCOL' });
  t.true(near.destroyed);
});

test('null, which newer machines send, comes through', async (t) => {
  const { client, server } = await session();
  const reply = client.execute('x-blockdev-of-tomorrow');
  const { id } = await server.request();
  server.send(`{"return": {"backing": null, "list": [null, 1]}, "id": ${id}}\r\n`);
  t.deepEqual(await reply, JSON.parse('{"backing": null, "list": [null, 1]}'));
  const nothing = client.execute('x-nothing');
  server.send(`{"return": null, "id": ${(await server.request()).id}}\r\n`);
  t.is(await nothing, JSON.parse('null'));
});

test('a server that never greets runs into the deadline', async (t) => {
  const clock = new FakeClock();
  const { near } = pair();
  const opening = QmpClient.open(near, { clock, openDeadlineMs: 500 });
  clock.advance(500);
  await t.throwsAsync(opening, { code: 'ERR_QMP_DEADLINE', message: /500 ms for the QMP greeting/ });
  t.true(near.destroyed);
});

test('a command that is not answered in time rejects, and its late reply disturbs nothing', async (t) => {
  const clock = new FakeClock();
  const { client, server } = await session({ clock });
  const late = client.execute('query-name', {}, { deadlineMs: 100 });
  const { id } = await server.request();
  clock.advance(99);
  clock.advance(1);
  await t.throwsAsync(late, { code: 'ERR_QMP_DEADLINE', message: /100 ms for the reply to 'query-name'/ });
  const next = client.execute('query-uuid');
  const { id: nextId } = await server.request();
  server.send(`{"return": {"name": "late"}, "id": ${id}}{"return": {"UUID": "u"}, "id": ${nextId}}`);
  t.deepEqual(await next, { UUID: 'u' });
});

test('an aborted command rejects with the reason and leaves no timer', async (t) => {
  const clock = new FakeClock();
  const { client, server } = await session({ clock });
  const reason = new Error('not needed any more');
  const controller = new AbortController();
  const reply = client.execute('query-status', {}, { signal: controller.signal });
  await server.request();
  controller.abort(reason);
  t.is(await t.throwsAsync(reply), reason);
  t.is(clock.pending, 0);
  await t.throwsAsync(client.execute('stop', {}, { signal: controller.signal }), { is: reason });
});

test('replies find their command whatever their order', async (t) => {
  const { client, server } = await session();
  const first = client.execute('query-name');
  const second = client.execute('query-uuid');
  const [one, two] = [await server.request(), await server.request()];
  server.send(`{"return": {"UUID": "b"}, "id": ${two.id}}\r\n{"id": ${one.id}, "return": {"name": "a"}}\r\n`);
  t.deepEqual(await first, { name: 'a' });
  t.deepEqual(await second, { UUID: 'b' });
});

test('an error without id belongs to the oldest command', async (t) => {
  const { client, server } = await session();
  const reply = client.execute('query-name');
  await server.request();
  server.send('{"error": {"class": "GenericError", "desc": "Invalid JSON syntax"}}\r\n');
  await t.throwsAsync(reply, { code: 'ERR_QMP_COMMAND', message: /Invalid JSON syntax/ });
});

test('waiting ends with the first event of the name for which the condition holds', async (t) => {
  const { client, server } = await session();
  const waiting = client.waitForEvent('DEVICE_DELETED', { where: ({ device }) => device === 'b' });
  server.send(EVENT('DEVICE_DELETED', '{"device": "a", "path": "/a"}') + EVENT('STOP'));
  server.send(EVENT('DEVICE_DELETED', '{"device": "b", "path": "/b"}'));
  t.deepEqual(await waiting, {
    event: 'DEVICE_DELETED',
    data: { device: 'b', path: '/b' },
    timestamp: { seconds: 1, microseconds: 2 },
  });
});

test('a condition that throws rejects its own waiting and nothing else', async (t) => {
  const { client, server } = await session();
  const mistake = new Error('mistake');
  const waiting = client.waitForEvent('STOP', {
    where: () => {
      throw mistake;
    },
  });
  const other = client.waitForEvent('STOP');
  server.send(EVENT('STOP'));
  t.is(await t.throwsAsync(waiting), mistake);
  t.is((await other).event, 'STOP');
});

test('an iterator keeps what it was asked to keep, then says that more was lost', async (t) => {
  const { client, server } = await session();
  const events = client.events('RESUME', { limit: 2 });
  const last = client.waitForEvent('SHUTDOWN');
  server.send(EVENT('RESUME').repeat(3) + EVENT('SHUTDOWN'));
  await last;
  t.is((await events.next()).value?.event, 'RESUME');
  t.is((await events.next()).value?.event, 'RESUME');
  await t.throwsAsync(events.next(), { code: 'ERR_QMP_EVENT_OVERFLOW', message: /2 events/ });
  t.deepEqual(await events.next(), { value: undefined, done: true });
});

test('an iterator ends with the connection, after what it kept', async (t) => {
  const { client, server } = await session();
  const seen: string[] = [];
  const reading = (async () => {
    for await (const { event } of client.events()) {
      seen.push(event);
    }
  })();
  server.send(EVENT('STOP') + EVENT('RESUME'));
  server.stream.end();
  await reading;
  t.deepEqual(seen, ['STOP', 'RESUME']);
});

test('leaving a loop early ends the subscription', async (t) => {
  const { client, server } = await session();
  const events = client.events('STOP');
  server.send(EVENT('STOP').repeat(2));
  for await (const { event } of events) {
    t.is(event, 'STOP');
    break;
  }
  t.deepEqual(await events.next(), { value: undefined, done: true });
});

test('closing rejects what is still awaited', async (t) => {
  const clock = new FakeClock();
  const { client, server } = await session({ clock });
  const reply = client.execute('query-status');
  await server.request();
  const closing = client.close();
  clock.advance(1000); // the fake never closes its end
  await closing;
  await t.throwsAsync(reply, { code: 'ERR_QMP_CLOSED' });
});
