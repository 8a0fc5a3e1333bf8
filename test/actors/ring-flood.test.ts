/** Tiny messages as fast as they go: the two ends fall asleep and wake each other at every possible moment. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { createRingChannel, RingReceiver } from '../../src/actors/ring-channel.ts';
import type { FloodSeed } from './ring-flood-sender.ts';

const ROUNDS = 8;
const MESSAGES = 150_000;
const CAPACITY = 64 * 1024;
const TIMEOUT_MS = 20_000;

async function flood(receive: (receiver: RingReceiver<number>, each: () => void) => Promise<void>) {
  const memory = createRingChannel(CAPACITY);
  const workerData: FloodSeed = { memory, messages: MESSAGES };
  const sender = new Worker(new URL('./ring-flood-sender.ts', import.meta.url), { workerData });
  const exited = once(sender, 'exit');
  await once(sender, 'online');
  let received = 0;
  await receive(new RingReceiver<number>(memory), () => {
    received += 1;
  });
  await exited;
  return received;
}

test.serial('no wake-up is lost between two blocking ends', async (t) => {
  for (let round = 0; round < ROUNDS; round++) {
    const received = await flood(async (receiver, each) => {
      while (!receiver.ended) {
        if (receiver.receive(TIMEOUT_MS) !== undefined) {
          each();
        } else if (!receiver.ended) {
          throw new Error('nothing came before the deadline');
        }
      }
    });
    t.is(received, MESSAGES);
  }
});

test.serial('no wake-up is lost by a receiver in its event loop', async (t) => {
  for (let round = 0; round < ROUNDS; round++) {
    const received = await flood(
      (receiver, each) =>
        new Promise((resolve) => {
          receiver.listen(each, { keepAlive: true, ended: resolve });
        }),
    );
    t.is(received, MESSAGES);
  }
});
