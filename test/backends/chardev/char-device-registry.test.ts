import test from 'ava';
import { MemoryDevice } from '../../../src/backends/chardev/memory-device.ts';
import { Recorder } from './support/recorder.ts';
import { makeWorld } from './support/world.ts';

test('lists the newest first, with the name of the kind only for the command line', async (t) => {
  const { registry } = makeWorld(t);
  await registry.create('a', { kind: 'null' }, { origin: 'command-line' });
  await registry.create('b', { kind: 'memory', size: 8 }, { origin: 'monitor' });
  t.deepEqual(
    registry.list().map(({ label, filename }) => [label, filename]),
    [
      ['b', ''],
      ['a', 'null'],
    ],
  );
});

test('an id is used once', async (t) => {
  const { registry } = makeWorld(t);
  await registry.create('a', { kind: 'null' });
  await t.throwsAsync(registry.create('a', { kind: 'null' }), {
    code: 'ERR_CHARDEV_EXISTS',
    message: "Chardev 'a' already exists",
  });
  await registry.remove('a');
  await t.notThrowsAsync(registry.create('a', { kind: 'null' }));
});

test('only what nobody uses is removed', async (t) => {
  const { registry } = makeWorld(t);
  const device = await registry.create('a', { kind: 'null' });
  const recorder = new Recorder();
  device.attach(recorder);
  t.throws(() => device.attach(new Recorder()), { code: 'ERR_CHARDEV_BUSY' });
  await t.throwsAsync(registry.remove('a'), { code: 'ERR_CHARDEV_BUSY', message: "Chardev 'a' is busy" });
  device.detach(new Recorder());
  t.true(device.busy);
  device.detach(recorder);
  await registry.remove('a');
  await t.throwsAsync(registry.remove('a'), {
    code: 'ERR_CHARDEV_NOT_FOUND',
    message: "Chardev 'a' not found",
  });
});

test('mux=on: the multiplexer has the label and the file name, the device behind it is called ID-base', async (t) => {
  const { registry } = makeWorld(t);
  const named = (origin: 'command-line' | 'monitor') =>
    registry.create(`${origin}1`, { kind: 'null' }, { mux: true, origin });
  await named('command-line');
  await named('monitor');
  t.deepEqual(
    registry.list().map(({ label, filename, busy }) => ({ label, filename, busy })),
    [
      { label: 'monitor1', filename: '', busy: false },
      { label: 'monitor1-base', filename: '', busy: true },
      { label: 'command-line1', filename: 'null', busy: false },
      { label: 'command-line1-base', filename: 'null', busy: true },
    ],
  );
  await registry.create('taken', { kind: 'null' });
  await t.throwsAsync(registry.create('taken', { kind: 'null' }, { mux: true }), {
    code: 'ERR_CHARDEV_EXISTS',
  });
  t.is(registry.get('taken-base'), undefined);
});

test('a pty of the command line is announced in the words that programs look for, one of chardev-add is not', async (t) => {
  const { registry, log } = makeWorld(t);
  const device = await registry.create('p', { kind: 'pty' }, { origin: 'command-line' });
  await registry.create('q', { kind: 'pty' }, { origin: 'monitor' });
  t.deepEqual(log, [`char device redirected to ${device.filename.slice('pty:'.length)} (label p)`]);
});

test('a multiplexer needs a base that is there and free', async (t) => {
  const { registry } = makeWorld(t);
  await t.throwsAsync(registry.create('m', { kind: 'mux', chardev: 'none' }), {
    message: 'mux: base chardev none not found',
  });
  await registry.create('base', { kind: 'null' });
  await registry.create('m', { kind: 'mux', chardev: 'base' });
  await t.throwsAsync(registry.create('n', { kind: 'mux', chardev: 'base' }), { code: 'ERR_CHARDEV_BUSY' });
});

test('what a front end writes to a memory device is kept', async (t) => {
  const { registry } = makeWorld(t);
  const device = await registry.create('r', { kind: 'memory', size: 4 });
  device.write(Buffer.from('abcdef'));
  t.true(device instanceof MemoryDevice && Buffer.from(device.buffer.peek(9)).toString() === 'cdef');
});
