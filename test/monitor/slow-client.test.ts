import test from 'ava';
import { PENDING_EVENT_LIMIT, PENDING_REPLY_LIMIT } from '../../src/monitor/qmp-output.ts';
import { TestMonitor } from './support/test-monitor.ts';

const REQUEST = '{"execute":"query-commands"}';

test('a client that never reads its replies is not read from any more', (t) => {
  const monitor = TestMonitor.ready();
  const replyBytes = monitor.say(REQUEST).length;
  monitor.device.isReading = false;
  const requests = 20_000;
  monitor.device.send(REQUEST.repeat(requests));
  t.true(monitor.device.pendingBytes > PENDING_REPLY_LIMIT);
  t.true(monitor.device.pendingBytes <= PENDING_REPLY_LIMIT + replyBytes);
  t.is(monitor.session.canReceive(), 0);
  t.true(monitor.device.unsentBytes > 0);
});

test('when it reads on, every request is answered, in order', (t) => {
  const monitor = TestMonitor.ready();
  monitor.device.isReading = false;
  const requests = 3000;
  monitor.device.send(
    Array.from({ length: requests }, (_, id) => `{"execute":"query-commands","id":${id}}`).join(''),
  );
  for (let i = 0; monitor.device.pendingBytes > 0 && i < 100; i += 1) {
    monitor.device.isReading = false;
    monitor.device.readOn();
  }
  const ids = monitor.device
    .take()
    .trim()
    .split('\r\n')
    .map((line) => JSON.parse(line).id);
  t.deepEqual(
    ids,
    Array.from({ length: requests }, (_, id) => id),
  );
});

test('a client that does not read its events is disconnected, and the other one gets them all', (t) => {
  const monitor = TestMonitor.ready();
  const other: string[] = [];
  monitor.services.events.subscribe(({ event }) => other.push(event));
  monitor.device.isReading = false;
  let raised = 0;
  while (monitor.device.disconnects.length === 0 && raised < 1_000_000) {
    monitor.services.events.raise('BLOCK_IO_ERROR', {
      device: 'disk0',
      operation: 'write',
      action: 'report',
    });
    raised += 1;
    t.true(monitor.device.pendingBytes <= PENDING_EVENT_LIMIT);
  }
  t.true(raised > 1000);
  t.is(other.length, raised);
  t.false(monitor.device.connected);
  t.is(monitor.reports.length, 1);
});

test('where nobody can be disconnected events are left out until the client reads', (t) => {
  const monitor = TestMonitor.ready();
  monitor.device.canDisconnect = false;
  monitor.device.isReading = false;
  const raise = (): void => monitor.services.events.raise('STOP');
  for (let i = 0; i < (PENDING_EVENT_LIMIT / 60) * 2; i += 1) {
    raise();
  }
  t.true(monitor.device.pendingBytes <= PENDING_EVENT_LIMIT);
  t.is(monitor.device.disconnects.length, 1);
  monitor.device.readOn();
  monitor.device.take();
  raise();
  t.true(monitor.device.take().includes('"event": "STOP"'));
});
