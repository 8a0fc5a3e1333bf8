import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { openDescriptors } from './support/descriptors.ts';

/** A thread that watches one end of a socket pair, then ends in the way that is asked for. */
const HELPER = new URL('./support/watching-thread.ts', import.meta.url);

for (const way of ['exit', 'throw', 'terminate']) {
  test.serial(`a thread that watches descriptors may end by ${way}`, async (t) => {
    const before = [...openDescriptors().values()].filter((target) => target.startsWith('/dev/ptmx')).length;
    const worker = new Worker(HELPER, { workerData: way, execArgv: ['--import=tsx'] });
    worker.on('error', (error) => t.true(error instanceof Error && error.message === 'thrown on purpose'));
    await once(worker, 'message');
    if (way === 'terminate') {
      await worker.terminate();
    } else {
      worker.postMessage('end');
      // Not `once`, which rejects when the thread fails first.
      await new Promise((resolve) => worker.on('exit', resolve));
      const after = [...openDescriptors().values()].filter((target) => target.startsWith('/dev/ptmx')).length;
      t.is(after, before, 'the ledger closed what the thread had opened');
    }
    // The crash that this guards against came when libuv finished closing the poll handle, a moment later.
    await new Promise((resolve) => setImmediate(resolve));
    t.pass();
  });
}
