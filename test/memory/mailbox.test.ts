import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { MAILBOX_PORT_IN, MAILBOX_PORT_OUT } from '../../src/memory/layout.ts';
import { MailboxReceiver, type MailboxRequest } from '../../src/memory/mailbox.ts';
import { allocateMemory, planMemory } from '../../src/memory/memory-plan.ts';

const POSTED = 300;

test('posted writes arrive in order and before the request that follows them', async (t) => {
  const memory = allocateMemory(planMemory({ cpus: 1, ramBytes: 4096 }));
  const receiver = new MailboxReceiver(memory, 0);
  const seen: MailboxRequest[] = [];
  const worker = new Worker(new URL('mailbox-worker.ts', import.meta.url), {
    workerData: { memory, posted: POSTED },
  });
  const answered = once(worker, 'message');
  let done = false;
  void answered.finally(() => {
    done = true;
  });
  while (!done) {
    receiver.serve((request) => {
      seen.push(request);
      return request.kind === MAILBOX_PORT_IN ? 0xfedcba98 : 0;
    });
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
