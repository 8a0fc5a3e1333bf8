import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { MAILBOX_PORT_IN, MAILBOX_PORT_OUT } from '../../src/memory/layout.ts';
import { Mailboxes, MailboxReceiver, type MailboxRequest, MailboxSender } from '../../src/memory/mailbox.ts';
import { allocateMemory, planMemory } from '../../src/memory/memory-plan.ts';

const POSTED = 300;

test('posted writes arrive in order and before the request that follows them', async (t) => {
  const memory = allocateMemory(planMemory({ cpus: 1, ramBytes: 4096 }));
  const mailboxes = new Mailboxes();
  const seen: MailboxRequest[] = [];
  mailboxes.add(new MailboxReceiver(memory, 0), (request) => {
    seen.push(request);
    return request.kind === MAILBOX_PORT_IN ? 0xfedcba98 : 0;
  });
  const worker = new Worker(new URL('mailbox-worker.ts', import.meta.url), {
    workerData: { memory, posted: POSTED },
  });
  const answered = once(worker, 'message');
  let done = false;
  void answered.finally(() => {
    done = true;
  });
  while (!done) {
    mailboxes.serve();
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.is((await answered)[0], 0xfedcba98);
  t.is(seen.length, POSTED + 1);
  t.deepEqual(
    seen.slice(0, POSTED).map((request) => [request.kind, request.value]),
    Array.from({ length: POSTED }, (_, i) => [MAILBOX_PORT_OUT, i]),
  );
  t.deepEqual(seen[POSTED], { kind: MAILBOX_PORT_IN, size: 4, low: 0xcfc, high: 0, value: 0 });
  await worker.terminate();
});

test('posted writes of several vCPUs are served in the order in which they were made', (t) => {
  const memory = allocateMemory(planMemory({ cpus: 3, ramBytes: 4096 }));
  const mailboxes = new Mailboxes();
  const seen: number[] = [];
  for (const cpu of [0, 1, 2]) {
    mailboxes.add(new MailboxReceiver(memory, cpu), ({ value }) => {
      seen.push(value);
      return 0;
    });
  }
  const senders = [0, 1, 2].map((cpu) => new MailboxSender(memory, cpu));
  // Past the point where tickets of 16 bits begin anew.
  for (let round = 0; round < 700; round++) {
    const order = Array.from({ length: 99 }, (_, i) => ({ sender: senders[(i * 7 + round) % 3], value: i }));
    for (const { sender, value } of order) {
      sender?.post({ kind: MAILBOX_PORT_OUT, size: 1, low: 0xe9, high: 0, value });
    }
    mailboxes.serve();
    t.deepEqual(
      seen.splice(0),
      order.map(({ value }) => value),
    );
  }
});
