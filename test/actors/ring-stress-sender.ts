/** The producing thread of the stress test: sends messages of varied sizes, each with a checksum of its bytes. */
import { workerData } from 'node:worker_threads';
import { RingSender } from '../../src/actors/ring-channel.ts';
import { payload, type StressMessage, type StressSeed } from './ring-stress-message.ts';

const { memory, messages, blocking }: StressSeed = workerData;
const sender = new RingSender<StressMessage>(memory);
for (let serial = 0; serial < messages; serial++) {
  const message = payload(serial);
  if (blocking) {
    sender.send(message, 30_000);
  } else {
    while (!sender.trySend(message)) {}
  }
}
sender.close();
