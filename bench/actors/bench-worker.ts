/** The other side of the measurements that go without actors: plain messages and bare rings. */
import { parentPort, workerData } from 'node:worker_threads';
import { RingReceiver, RingSender } from '../../src/actors/ring-channel.ts';

export type BenchSeed =
  | { role: 'ping' }
  /** Sends back what it gets, waiting in `Atomics.wait` or in the event loop. */
  | { role: 'ring-echo'; there: SharedArrayBuffer; back: SharedArrayBuffer; blocking: boolean }
  /** Sends that many messages of that many bytes each time it is told to. */
  | { role: 'ring-source'; there: SharedArrayBuffer; messages: number; bytes: number };

const seed: BenchSeed = workerData;

switch (seed.role) {
  case 'ping':
    parentPort?.on('message', (message) => parentPort?.postMessage(message));
    break;
  case 'ring-echo': {
    const receiver = new RingReceiver<unknown>(seed.there);
    const sender = new RingSender<unknown>(seed.back);
    parentPort?.postMessage('ready');
    if (seed.blocking) {
      while (!receiver.ended) {
        const message = receiver.receive(60_000);
        if (message !== undefined) {
          sender.send(message, 60_000);
        }
      }
    } else {
      receiver.listen((message) => sender.send(message, 60_000), { keepAlive: true });
    }
    break;
  }
  case 'ring-source': {
    const { messages, bytes } = seed;
    const sender = new RingSender<Uint8Array>(seed.there);
    const payload = new Uint8Array(bytes).fill(0x5a);
    parentPort?.postMessage('ready');
    for (let count = 0; count < messages; count++) {
      sender.send(payload, 60_000);
    }
    sender.close();
    break;
  }
}
