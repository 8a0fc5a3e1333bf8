import test from 'ava';
import { EventInbox } from '../../src/client/event-inbox.ts';
import type { QmpEvent } from '../../src/client/qmp-protocol.ts';

const event = (name: string, data: object = {}) =>
  ({ event: name, data, timestamp: { seconds: 0, microseconds: 0 } }) as unknown as QmpEvent;
const any = () => true;

test('an event that came before the wait is given once', (t) => {
  const inbox = new EventInbox();
  inbox.deliver(event('RESUME'));
  t.is(inbox.take({ name: 'RESUME', where: any })?.event, 'RESUME');
  t.is(inbox.take({ name: 'RESUME', where: any }), undefined);
});

test('the oldest that fits is taken and the others stay', (t) => {
  const inbox = new EventInbox();
  for (const actual of [1, 2, 3]) {
    inbox.deliver(event('BALLOON_CHANGE', { actual }));
  }
  const second = inbox.take({ name: 'BALLOON_CHANGE', where: (data) => Number(data.actual) > 1 });
  t.like(second, { data: { actual: 2 } });
  t.like(inbox.take({ name: 'BALLOON_CHANGE', where: any }), { data: { actual: 1 } });
  t.like(inbox.take({ name: 'BALLOON_CHANGE', where: any }), { data: { actual: 3 } });
});

test('an event goes to all who wait for it and is kept by none', (t) => {
  const inbox = new EventInbox();
  const heard: string[] = [];
  for (const who of ['first', 'second']) {
    inbox.wait(
      { name: 'STOP', where: any },
      () => heard.push(who),
      () => t.fail(),
    );
  }
  inbox.deliver(event('STOP'));
  inbox.deliver(event('RESUME'));
  t.deepEqual(heard, ['first', 'second']);
  t.is(inbox.take({ name: 'STOP', where: any }), undefined);
});

test('a wait that was given up takes nothing', (t) => {
  const inbox = new EventInbox();
  inbox
    .wait(
      { name: 'STOP', where: any },
      () => t.fail(),
      () => t.fail(),
    )
    [Symbol.dispose]();
  inbox.deliver(event('STOP'));
  t.is(inbox.take({ name: 'STOP', where: any })?.event, 'STOP');
});

test('what a condition throws ends its wait alone', (t) => {
  const inbox = new EventInbox();
  const errors: unknown[] = [];
  const failing = () => {
    throw new Error('bad condition');
  };
  inbox.wait(
    { name: 'STOP', where: failing },
    () => t.fail(),
    (error) => errors.push(error),
  );
  let heard = 0;
  inbox.wait(
    { name: 'STOP', where: any },
    () => heard++,
    () => t.fail(),
  );
  inbox.deliver(event('STOP'));
  t.is(heard, 1);
  t.is(errors.length, 1);
});

test('what nobody waits for is bounded: the oldest is forgotten', (t) => {
  const inbox = new EventInbox();
  inbox.deliver(event('RESET'));
  for (let i = 0; i < 1024; i += 1) {
    inbox.deliver(event('STOP'));
  }
  t.is(inbox.take({ name: 'RESET', where: any }), undefined);
});
