/**
 * A thread that hangs while it is called back for a descriptor that stays ready, and is ended by force once its
 * descriptors are taken from it. Run in a process of its own: what this guards against aborts the process.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { threadDescriptors } from '../../../src/host/descriptor-ledger.ts';
import { DescriptorRecord } from '../../../src/host/descriptor-record.ts';
import { FdWatcher } from '../../../src/host/fd-watcher.ts';
import { openPseudoTerminal } from '../../../src/host/pseudo-terminal.ts';
import { silenceDescriptors } from '../../../src/host/silence-descriptors.ts';

if (isMainThread) {
  const record = DescriptorRecord.allocate();
  const worker = new Worker(new URL(import.meta.url), { workerData: record });
  worker.once('message', async () => {
    silenceDescriptors(record);
    await worker.terminate();
    process.exit(0);
  });
} else {
  threadDescriptors().succeed(workerData);
  const hang = () => {
    parentPort?.postMessage('hangs');
    for (;;) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  };
  const terminal = openPseudoTerminal();
  new FdWatcher(terminal.master, { readable() {}, writable: hang }).watch({
    readable: false,
    writable: true,
  });
}
