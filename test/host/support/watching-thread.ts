import { parentPort, workerData } from 'node:worker_threads';
import { openDescriptor } from '../../../src/host/descriptor.ts';
import { FdWatcher } from '../../../src/host/fd-watcher.ts';
import { openPseudoTerminal } from '../../../src/host/pseudo-terminal.ts';

const { master, slavePath } = openPseudoTerminal();
openDescriptor(slavePath, 2);
const watcher = new FdWatcher(master, { readable() {}, writable() {} });
watcher.watch({ readable: true, writable: false });
Object.assign(globalThis, { watcher });

parentPort?.on('message', () => {
  if (workerData === 'throw') {
    throw new Error('thrown on purpose');
  }
  process.exit(0);
});
parentPort?.postMessage('watching');
