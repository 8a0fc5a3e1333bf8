/** An actor that dies, in each way that it can, while a machine runs: it is reported, and nothing hangs. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { connect } from '../../src/client/connect.ts';
import { exitOf, listening, scratch } from '../system/process.ts';

const MAIN = fileURLToPath(new URL('./faulty-main.ts', import.meta.url));

async function start(folder: string, fault: string, ...args: string[]) {
  const socket = join(folder, 'qmp');
  const child = spawn(
    process.execPath,
    ['--import=tsx', MAIN, '-nodefaults', ...args, '-qmp', `unix:${socket},server,nowait`],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, TROUPE_TEST_FAULT: fault, TROUPE_TEST_STRUCK: join(folder, 'struck') },
    },
  );
  const stderr = text(child.stderr);
  await listening(socket, child, stderr);
  return { socket, child, stderr };
}

for (const [kind, cause] of [
  ['throw', 'injected throw'],
  ['reject', 'injected rejection'],
  ['exit', 'exited with code 7'],
  ['hang', 'no heartbeat'],
] as const) {
  test.serial(`the machine actor dies (${kind}): internal-error, monitors say why, quit works`, async (t) => {
    await using folder = await scratch();
    const { socket, child, stderr } = await start(folder.path, `machine:${kind}`);
    await using client = await connect({ path: socket });
    const stopped = client.waitForEvent('STOP');
    const wakeup = client.execute('system_wakeup').catch(() => undefined);
    await stopped;
    await wakeup;
    t.deepEqual(await client.execute('query-status'), {
      running: false,
      singlestep: false,
      status: 'internal-error',
    });
    await t.throwsAsync(client.execute('cont'), {
      code: 'ERR_QMP_COMMAND',
      message: new RegExp(`'machine'.*${cause}`),
    });
    await client.execute('quit');
    t.is((await exitOf(child)).code, 0);
    t.regex(await stderr, new RegExp(`^troupe: actor 'machine' .*${cause}`, 'm'));
  });

  test.serial(`the monitor actor dies (${kind}): internal-error, and the monitors come back`, async (t) => {
    await using folder = await scratch();
    const { socket, child, stderr } = await start(folder.path, `monitor:${kind}`);
    const first = await connect({ path: socket });
    // The reply may be lost with the monitor.
    const stopped = first.execute('stop').catch(() => undefined);
    // More arrives while the thread dies: its descriptors are ready when it is ended.
    await first.waitForEvent('STOP').catch(() => undefined);
    const unanswered = first.execute('query-status').catch(() => undefined);
    await Promise.all([stopped, unanswered]);
    await first.closed;
    await listening(socket, child, stderr);
    await using second = await connect({ path: socket });
    t.is((await second.execute('query-status')).status, 'internal-error');
    await t.throwsAsync(second.execute('cont'), { message: /Resetting the Virtual Machine is required/ });
    await second.execute('system_reset');
    await second.waitForEvent('RESET');
    await second.execute('cont');
    t.is((await second.execute('query-status')).status, 'running');
    await second.execute('quit');
    t.is((await exitOf(child)).code, 0);
    t.regex(await stderr, new RegExp(`^troupe: actor 'monitor' .*${cause}`, 'm'));
  });
}

test.serial('an ask that fails is the error of its command and no crash', async (t) => {
  await using folder = await scratch();
  const { socket, child } = await start(folder.path, 'machine:ask');
  await using client = await connect({ path: socket });
  await t.throwsAsync(client.execute('system_wakeup'), { message: /injected failure of an ask/ });
  t.is((await client.execute('query-status')).status, 'running');
  await client.execute('quit');
  t.is((await exitOf(child)).code, 0);
});

test.serial('a machine that waits for its client can be ended by a signal', async (t) => {
  await using folder = await scratch();
  const socket = join(folder.path, 'qmp');
  const child = spawn(
    process.execPath,
    ['--import=tsx', MAIN, '-S', '-nodefaults', '-qmp', `unix:${socket},server`],
    { stdio: 'ignore' },
  );
  await listening(socket, child);
  child.kill('SIGTERM');
  t.is((await exitOf(child)).code, 0);
});
