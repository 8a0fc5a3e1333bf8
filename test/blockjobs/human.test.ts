/** Block jobs from the human monitor. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';
import { scratch } from '../system/process.ts';
import { launchWith, makeChain } from './transcript.ts';

test('block jobs from the human monitor', async (t) => {
  await using folder = await scratch();
  makeChain(folder.path);
  const file = (name: string) => join(folder.path, name);
  await using machine = await launchWith('troupe', file('top.qcow2'));
  const { qmp } = machine;
  const say = async (line: string) =>
    (await qmp.execute('human-monitor-command', { 'command-line': line })).replaceAll('\r\n', '\n');

  t.is(await say('info block-jobs'), 'No active jobs\n');
  t.is(await say('block_job_pause d'), "No active block job on device 'd'\n");
  t.is(await say('commit x'), "Device 'x' not found\n");
  t.is(await say('commit d'), '');
  execFileSync('qemu-img', ['compare', '-U', file('mid.qcow2'), file('top.qcow2')]);

  t.is(await say('block_stream d 1b'), '');
  t.regex(
    await say('info block-jobs'),
    /^Streaming device d: Completed \d+ of 4194304 bytes, speed limit 1 bytes\/s\n$/,
  );
  t.is(await say('commit d'), "'commit' error for 'd': Device or resource busy\n");
  t.is(await say('block_job_pause d'), '');
  t.is(await say('block_job_cancel d'), "The block job for device 'd' is currently paused\n");
  const cancelled = qmp.waitForEvent('BLOCK_JOB_CANCELLED');
  t.is(await say('block_job_cancel -f d'), '');
  await cancelled;

  const ready = qmp.waitForEvent('BLOCK_JOB_READY');
  t.is(await say(`drive_mirror -f d ${file('target')} raw`), '');
  await ready;
  t.is(
    await say('info block-jobs'),
    'Type mirror, device d: Completed 4194304 of 4194304 bytes, speed limit 0 bytes/s\n',
  );
  t.is(await say('block_job_set_speed d 1G'), '');
  const completed = qmp.waitForEvent('BLOCK_JOB_COMPLETED');
  t.is(await say('block_job_complete d'), '');
  t.is((await completed).data.speed, 2 ** 30);
  t.regex(await say('info block'), new RegExp(`^d: .* file=${file('target')} ro=0 drv=raw `));
  t.is(await say('commit d'), "'commit' error for 'd': Operation not supported\n");
  t.is(await say('commit all'), '');

  const backedUp = qmp.waitForEvent('BLOCK_JOB_COMPLETED');
  t.is(await say(`drive_backup -f d ${file('backup')} qcow2`), '');
  t.is((await backedUp).data.type, 'backup');
  await machine.quit();
  execFileSync('qemu-img', ['compare', file('backup'), file('target')]);
  execFileSync('qemu-img', ['compare', file('backup'), file('top.qcow2')]);
});

test('a raw disk has no backing file to stream from, and numbers have their bounds', async (t) => {
  await using folder = await scratch();
  const raw = join(folder.path, 'raw');
  execFileSync('qemu-img', ['create', '-f', 'raw', raw, '1M']);
  makeChain(folder.path);
  const more = [
    '-drive',
    `file=${raw},format=raw,if=ide,index=1,id=r`,
    '-drive',
    'if=ide,media=cdrom,index=2,id=c',
  ];
  await using machine = await launchWith('troupe', join(folder.path, 'top.qcow2'), ...more);
  const { qmp } = machine;
  const ended = qmp.waitForEvent('BLOCK_JOB_COMPLETED');
  await qmp.execute('block-stream', { device: 'r' });
  t.deepEqual((await ended).data, {
    ...{ type: 'stream', device: 'r', len: 2 ** 20, offset: 2 ** 20, speed: 0 },
    error: 'Operation not supported',
  });
  const empty = qmp.waitForEvent('BLOCK_JOB_COMPLETED');
  await qmp.execute('block-stream', { device: 'c' });
  t.is((await empty).data.error, 'No medium found');

  const refused = async (
    command: 'drive-mirror' | 'block-stream' | 'block-commit',
    args: object,
    desc: string,
  ) =>
    t.throwsAsync(qmp.execute(command, { device: 'd', ...args } as never), {
      message: new RegExp(`: ${desc} \\(`),
    });
  const mirror = { target: join(folder.path, 't'), sync: 'full' };
  await refused('drive-mirror', { ...mirror, granularity: 1000 }, "Invalid parameter 'd'");
  await refused('drive-mirror', { ...mirror, granularity: -1 }, "Parameter 'granularity' expects uint32_t");
  await refused('drive-mirror', { ...mirror, speed: -1 }, "Invalid parameter 'speed'");
  await refused('drive-mirror', { ...mirror, format: 'nix' }, "Invalid block format 'nix'");
  await refused('drive-mirror', { ...mirror, sync: 'nix' }, "Invalid parameter 'nix'");
  await refused('drive-mirror', { ...mirror, device: 'c' }, "Device 'c' has no medium");
  await refused('drive-mirror', { ...mirror, device: 'x' }, "Device 'x' not found");
  await refused('block-stream', { speed: -1 }, "Invalid parameter 'speed'");
  await refused('block-stream', { device: 'c', 'on-error': 'nix' }, "Invalid parameter 'nix'");
  await refused('block-commit', { device: 'c', top: 'x' }, 'Top image file x not found');
  await refused(
    'block-commit',
    { top: 'x', speed: -1 },
    'Top image file x not found|Invalid parameter .speed.',
  );
});
