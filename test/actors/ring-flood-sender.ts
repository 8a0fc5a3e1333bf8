import { workerData } from 'node:worker_threads';
import { RingSender } from '../../src/actors/ring-channel.ts';

export interface FloodSeed {
  memory: SharedArrayBuffer;
  messages: number;
}

/** Far beyond what a wake-up takes on any machine: whoever waits longer has been forgotten. */
const DEADLINE_MS = 20_000;

const { memory, messages }: FloodSeed = workerData;
const sender = new RingSender<number>(memory);
for (let serial = 0; serial < messages; serial++) {
  sender.send(serial, DEADLINE_MS);
}
sender.close();
