/** A mirror whose target, an NBD server, is full for a while: it is paused with the fault's status, and goes on when told to. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { scratch } from '../system/process.ts';
import { launchWith, makeChain } from './transcript.ts';

function isInstalled(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const withNbdkit = isInstalled('nbdkit') ? test : test.skip;

withNbdkit('a target that is full for a while', async (t) => {
  await using folder = await scratch();
  makeChain(folder.path);
  const [socket, trigger] = [join(folder.path, 'nbd'), join(folder.path, 'full')];
  writeFileSync(trigger, '');
  const fault = ['error-pwrite=ENOSPC', 'error-pwrite-rate=100%', `error-file=${trigger}`];
  const server = spawn('nbdkit', ['-f', '-U', socket, '--filter=error', 'memory', '4M', ...fault], {
    stdio: 'ignore',
  });
  t.teardown(() => server.kill('SIGKILL'));
  const watcher = watch(folder.path);
  while (!existsSync(socket)) await once(watcher, 'change');
  watcher.close();

  await using machine = await launchWith('troupe', join(folder.path, 'top.qcow2'));
  const { qmp } = machine;
  const target = `nbd:unix:${socket}`;
  const failed = qmp.waitForEvent('BLOCK_JOB_ERROR');
  await qmp.execute('drive-mirror', {
    ...{ device: 'd', target, format: 'raw', mode: 'existing', sync: 'full' },
    'on-target-error': 'enospc',
  });
  t.deepEqual((await failed).data, { device: 'd', operation: 'write', action: 'stop' });
  const job = async () => (await qmp.execute('query-block-jobs'))[0];
  t.like(await job(), { paused: true, 'io-status': 'nospace', len: 4 * 2 ** 20 });

  // It fails again until there is room.
  const again = qmp.waitForEvent('BLOCK_JOB_ERROR');
  await qmp.execute('block-job-resume', { device: 'd' });
  await again;
  t.like(await job(), { paused: true, 'io-status': 'nospace' });
  rmSync(trigger);
  const ready = qmp.waitForEvent('BLOCK_JOB_READY');
  await qmp.execute('block-job-resume', { device: 'd' });
  await ready;
  t.like(await job(), { paused: false, 'io-status': 'ok', offset: 4 * 2 ** 20 });

  const completed = qmp.waitForEvent('BLOCK_JOB_COMPLETED');
  await qmp.execute('block-job-complete', { device: 'd' });
  t.is((await completed).data.error, undefined);
  const [drive] = await qmp.execute('query-block');
  t.is(drive?.inserted?.drv, 'raw');
  await machine.quit();
  const copy = `nbd:unix:${socket}`;
  t.notThrows(() =>
    execFileSync('qemu-img', ['compare', '-f', 'raw', '-F', 'qcow2', copy, join(folder.path, 'top.qcow2')]),
  );
});
