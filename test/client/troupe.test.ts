import test from 'ava';

import { launch } from '../../src/client/troupe.ts';

const STOPPED = ['-S', '-nodefaults'];

test('launch starts this package', async (t) => {
  await using machine = await launch(STOPPED);
  t.deepEqual(machine.qmp.greeting, {
    version: { qemu: { major: 1, minor: 5, micro: 50 }, package: '' },
    capabilities: [],
  });
  t.like(await machine.status(), { status: 'prelaunch', running: false });
});

test('stop, cont and reset take effect, with their events in the documented order', async (t) => {
  await using machine = await launch(STOPPED);
  const events = machine.qmp.events();
  const reset = machine.qmp.waitForEvent('RESET');
  await machine.cont();
  t.is((await machine.status()).status, 'running');
  await machine.stop();
  t.is((await machine.status()).status, 'paused');
  await machine.reset();
  await reset;
  t.deepEqual(
    [await events.next(), await events.next(), await events.next()].map(({ value }) => value?.event),
    ['RESUME', 'STOP', 'RESET'],
  );
});

test('quit says SHUTDOWN and ends with 0', async (t) => {
  await using machine = await launch(STOPPED);
  const shutdown = machine.qmp.waitForEvent('SHUTDOWN');
  t.deepEqual(await machine.quit(), { code: 0, signal: null });
  await t.notThrowsAsync(shutdown);
});

test('the object model answers', async (t) => {
  await using machine = await launch(STOPPED);
  t.is(await machine.execute('qom-get', { path: '/machine', property: 'type' }), 'container');
  const error = await t.throwsAsync(machine.execute('qom-list', { path: '/nope' }));
  t.like(error, { errorClass: 'DeviceNotFound', desc: "Device '/nope' not found" });
});

test('wrong options are reported with what the process said', async (t) => {
  const error = await t.throwsAsync(launch([...STOPPED, '-no-such-option']), { code: 'ERR_LAUNCH' });
  t.regex(error?.message ?? '', /no-such-option/);
});
