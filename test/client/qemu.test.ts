import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import test from 'ava';

import { connect } from '../../src/client/connect.ts';
import { launch } from '../../src/client/launch.ts';
import { hasQemu, launchQemu } from './real-machine.ts';

const withQemu = hasQemu ? test : test.skip;

withQemu('a launched machine answers typed commands', async (t) => {
  await using machine = await launchQemu();
  t.is(machine.qmp.greeting.version.qemu.major, 7);
  const { status, running } = await machine.execute('query-status');
  t.is(status, 'prelaunch');
  t.false(running);
});

withQemu('an event that a command causes is not missed, and comes before its reply', async (t) => {
  await using machine = await launchQemu();
  const order: string[] = [];
  const resumed = machine.qmp.waitForEvent('RESUME').then(() => order.push('RESUME'));
  await machine.execute('cont').then(() => order.push('reply'));
  await resumed;
  t.deepEqual(order, ['RESUME', 'reply']);
});

withQemu('an iterator keeps events from the moment of the call', async (t) => {
  await using machine = await launchQemu();
  await using events = machine.qmp.events();
  await machine.cont();
  await machine.stop();
  t.is((await events.next()).value?.event, 'RESUME');
  t.is((await events.next()).value?.event, 'STOP');
});

withQemu('a refused command rejects with its class and description', async (t) => {
  await using machine = await launchQemu();
  const error = await t.throwsAsync(machine.execute('qom-list', { path: '/nope' }), {
    code: 'ERR_QMP_COMMAND',
  });
  t.like(error, { errorClass: 'DeviceNotFound', desc: "Device '/nope' not found" });
});

withQemu('commands outside of the schema can be used untyped', async (t) => {
  await using machine = await launchQemu();
  t.deepEqual(await machine.execute('query-iothreads'), []);
  await t.throwsAsync(machine.execute('no-such-command'), { code: 'ERR_QMP_COMMAND' });
});

withQemu('a thousand commands in flight are each answered with their own answer', async (t) => {
  await using machine = await launchQemu();
  const answers = await Promise.all(
    Array.from({ length: 1000 }, (_, i) =>
      i % 2 === 0
        ? machine.execute('query-status').then(({ status }) => status)
        : machine.execute('query-name').then((info) => JSON.stringify(info)),
    ),
  );
  t.true(answers.every((answer, i) => answer === (i % 2 === 0 ? 'prelaunch' : '{}')));
});

withQemu('64-bit integers are exact in both directions', async (t) => {
  const value = 2n ** 53n + 1n; // the first integer that a double cannot hold
  const property = { path: '/objects/io', property: 'poll-max-ns' };
  await using machine = await launchQemu();
  await machine.execute('object-add', { 'qom-type': 'iothread', id: 'io' });
  await machine.execute('qom-set', { ...property, value });
  t.is(await machine.execute('qom-get', property), value);
});

withQemu('quit resolves with the exit code', async (t) => {
  await using machine = await launchQemu();
  const shutdown = machine.qmp.waitForEvent('SHUTDOWN');
  t.deepEqual(await machine.quit(), { code: 0, signal: null });
  t.is((await shutdown).event, 'SHUTDOWN');
});

withQemu('a machine that does not start is reported with its last words', async (t) => {
  const error = await t.throwsAsync(launchQemu({ args: ['-machine', 'no-such-machine'] }), {
    code: 'ERR_LAUNCH',
  });
  t.regex(error?.message ?? '', /no-such-machine|unsupported machine type/);
});

withQemu('neither a child nor a folder is left behind', async (t) => {
  const machine = await launchQemu();
  const socket = machine.process.spawnargs.at(-1)?.replace(/^unix:/, '') ?? '';
  t.regex(socket, /troupe-.*qmp\.sock$/);
  t.false(existsSync(dirname(socket)));
  await machine[Symbol.asyncDispose]();
  t.throws(() => process.kill(machine.process.pid ?? 0, 0), { code: 'ESRCH' });
});

withQemu('a machine that does not quit in time is killed', async (t) => {
  const machine = await launchQemu({ quitDeadlineMs: 50 });
  machine.process.kill('SIGSTOP');
  await machine[Symbol.asyncDispose]();
  t.deepEqual(await machine.exited, { code: null, signal: 'SIGKILL' });
});

withQemu('connect speaks to a monitor that listens, and closing leaves the machine alone', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-test-'));
  const path = join(folder, 'second.sock');
  try {
    await using machine = await launchQemu({ args: ['-qmp', `unix:${path},server=on,wait=off`] });
    const second = await connect({ path });
    t.is((await second.execute('query-status')).status, 'prelaunch');
    await second.close();
    t.is((await machine.status()).status, 'prelaunch');
  } finally {
    t.false(existsSync(path));
    rmSync(folder, { recursive: true });
  }
});

test('a program that does not exist is a launch error', async (t) => {
  await t.throwsAsync(launch({ command: '/nowhere/troupe' }), { code: 'ERR_LAUNCH' });
});

test('connecting to nothing says where', async (t) => {
  const error = await t.throwsAsync(connect({ path: '/nowhere/q' }), { code: 'ERR_QMP_CLOSED' });
  t.regex(error?.message ?? '', /\/nowhere\/q/);
});
