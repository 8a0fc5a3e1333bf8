/**
 * Answers what comes on the standard input in upper case; `q` or the end of the input ends it. The device lives on a
 * worker thread, as in the emulator; the main thread answers SIGTERM with an orderly exit.
 */
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { systemClock } from '../../../../src/actors/clock.ts';
import { CharDeviceRegistry } from '../../../../src/backends/chardev/char-device-registry.ts';

async function serve(signal: boolean): Promise<void> {
  const registry = new CharDeviceRegistry({
    clock: systemClock,
    escapeCharacter: 1,
    quit() {},
    commit() {},
    announce() {},
  });
  const device = await registry.create('stdio', { kind: 'stdio', signal });
  device.attach({
    canReceive: () => 100,
    receive(bytes) {
      const text = Buffer.from(bytes).toString();
      device.write(Buffer.from(`${text.toUpperCase()};`));
      if (text === 'q') {
        void registry.closeAll();
      }
    },
    event(event) {
      device.write(Buffer.from(`${event};`));
      if (event === 'closed') {
        void registry.closeAll();
      }
    },
  });
}

if (isMainThread) {
  process.once('SIGTERM', () => process.exit(0));
  new Worker(new URL(import.meta.url), {
    workerData: process.argv[2] === 'true',
    execArgv: ['--import=tsx'],
  }).on('exit', () => process.exit());
} else {
  await serve(workerData);
}
