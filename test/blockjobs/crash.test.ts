/** A block job whose actor dies, in each way that it can: it is reported, source and target are sound, and the machine goes on. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { launch } from '../../src/client/launch.ts';
import { scratch } from '../system/process.ts';
import { launchWith, makeChain } from './transcript.ts';

const MAIN = fileURLToPath(new URL('./faulty-main.ts', import.meta.url));

for (const [fault, cause] of [
  ['throw', /injected throw/],
  ['exit', /exited with code 7/],
  ['hang', /no heartbeat/],
] as const) {
  test.serial(`a mirror's actor dies (${fault})`, async (t) => {
    await using folder = await scratch();
    makeChain(folder.path);
    const top = join(folder.path, 'top.qcow2');
    const target = join(folder.path, 'target');
    await using machine = await launch({
      command: process.execPath,
      args: [
        ...['--import=tsx', '--disable-warning=ExperimentalWarning', MAIN, '-S', '-nodefaults', '-m', '32'],
        ...['-drive', `file=${top},format=qcow2,if=ide,id=d`],
      ],
      env: { ...process.env, TROUPE_TEST_FAULT: fault },
    });
    const { qmp } = machine;
    await qmp.execute('drive-mirror', { device: 'd', target, sync: 'full', speed: 65536 });
    const ended = qmp.waitForEvent('BLOCK_JOB_COMPLETED');
    // Its reply may be lost with the actor.
    const paused = qmp.execute('block-job-pause', { device: 'd' }).catch(() => undefined);
    t.regex((await ended).data.error ?? '', cause);
    await paused;
    t.deepEqual(await qmp.execute('query-block-jobs'), []);
    t.is((await qmp.execute('query-status')).status, 'prelaunch');

    // The drive is free, and the next job is none the worse for it.
    await qmp.execute('block-stream', { device: 'd' });
    const { data } = await qmp.waitForEvent('BLOCK_JOB_COMPLETED');
    t.deepEqual([data.error, data.offset], [undefined, data.len]);
    await qmp.execute('cont');
    t.is((await qmp.execute('query-status')).status, 'running');
    t.is((await machine.quit()).code, 0);
    for (const file of [top, target]) {
      t.regex(execFileSync('qemu-img', ['check', file], { encoding: 'utf8' }), /No errors/);
    }
  });
}

for (const [name, begin] of [
  ['quit', 'quit'],
  ['a signal', undefined],
] as const) {
  test.serial(`${name} cancels jobs before the process ends`, async (t) => {
    await using folder = await scratch();
    makeChain(folder.path);
    const machine = await launchWith('troupe', join(folder.path, 'top.qcow2'));
    const { qmp } = machine;
    await qmp.execute('block-stream', { device: 'd', speed: 1 });
    const seen: string[] = [];
    const inbox = (async () => {
      for await (const { event } of qmp.events()) seen.push(event);
    })().catch(() => undefined);
    if (begin === undefined) machine.process.kill('SIGTERM');
    else await qmp.execute(begin);
    t.is((await machine.exited).code, 0);
    await inbox;
    t.deepEqual(seen, ['SHUTDOWN', 'BLOCK_JOB_CANCELLED']);
    t.regex(
      execFileSync('qemu-img', ['check', join(folder.path, 'top.qcow2')], { encoding: 'utf8' }),
      /No errors/,
    );
  });
}
