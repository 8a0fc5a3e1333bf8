import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { crc32 } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { createRingChannel, RingReceiver } from '../../src/actors/ring-channel.ts';
import type { StressMessage, StressSeed } from './ring-stress-message.ts';

const MESSAGES = 20_000;
/** Small enough that both sides wait for each other all the time. */
const CAPACITY = 4096;

/** Checks what arrives without an assertion for each message, which would take longer than the ring. */
class Tally {
  received = 0;
  wrong = 0;

  add({ serial, checksum, bytes }: StressMessage): void {
    if (serial !== this.received || crc32(bytes) !== checksum || bytes.length !== (serial * 7919) % 1201) {
      this.wrong++;
    }
    this.received++;
  }
}

type Receive = (receiver: RingReceiver<StressMessage>, tally: Tally) => Promise<void>;

const blockingReceive: Receive = async (receiver, tally) => {
  while (!receiver.ended) {
    const message = receiver.receive(30_000);
    if (message !== undefined) {
      tally.add(message);
    }
  }
};

const eventDrivenReceive: Receive = (receiver, tally) =>
  new Promise((resolve) => {
    receiver.listen((message) => tally.add(message), { keepAlive: true, ended: resolve });
  });

async function stress(t: ExecutionContext, blocking: boolean, receive: Receive): Promise<void> {
  const memory = createRingChannel(CAPACITY);
  const workerData: StressSeed = { memory, messages: MESSAGES, blocking };
  const sender = new Worker(new URL('./ring-stress-sender.ts', import.meta.url), { workerData });
  const exited = once(sender, 'exit');
  // A receiver that blocks would hold up the worker's start, which needs this thread.
  await once(sender, 'online');
  const tally = new Tally();
  await receive(new RingReceiver<StressMessage>(memory), tally);
  await exited;
  t.deepEqual({ ...tally }, { received: MESSAGES, wrong: 0 });
}

test.serial('blocking sender, blocking receiver', stress, true, blockingReceive);
test.serial('blocking sender, event-driven receiver', stress, true, eventDrivenReceive);
test.serial('trying sender, event-driven receiver', stress, false, eventDrivenReceive);
