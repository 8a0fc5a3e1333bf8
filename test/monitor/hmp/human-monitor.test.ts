import { setImmediate as nextTurn } from 'node:timers/promises';
import test from 'ava';
import { systemClock } from '../../../src/actors/clock.ts';
import { MuxDevice } from '../../../src/backends/chardev/mux-device.ts';
import { HumanMonitor } from '../../../src/monitor/hmp/human-monitor.ts';
import type { MonitorCaller } from '../../../src/monitor/monitor-services.ts';
import { NamedDescriptors } from '../../../src/monitor/named-descriptors.ts';
import { FakeCharDevice } from './fake-char-device.ts';
import { type FakeServices, type FakeServicesOptions, fakeServices } from './fake-services.ts';
import { screenText } from './screen-text.ts';

interface Setup {
  readonly device: FakeCharDevice;
  readonly services: FakeServices;
  readonly monitor: HumanMonitor;
  readonly closed: number[];
}

function setup(options: FakeServicesOptions = {}): Setup {
  const device = new FakeCharDevice();
  const services = fakeServices(options);
  const closed: number[] = [];
  const namedDescriptors = new NamedDescriptors((fd) => closed.push(fd));
  const monitor = new HumanMonitor({ device, services, namedDescriptors, version: '1.5.50' });
  monitor.start();
  return { device, services, monitor, closed };
}

/** Lets everything that can go on without the outside go on. */
async function settle(): Promise<void> {
  // A monitor pauses for a turn of the event loop now and then; no test makes it pause as often as this.
  for (let turn = 0; turn < 50; turn += 1) await nextTurn();
}

/** A gate that a command waits at. */
function gate(): { readonly passed: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { passed: promise, open: resolve };
}

const BANNER = "QEMU 1.5.50 monitor - type 'help' for more information\r\n";

test('greets with the banner and the prompt', (t) => {
  const { device, services } = setup();
  t.is(device.take(), `${BANNER}(qemu) `);
  t.is(services.connected(), 1);
});

test('echoes, answers and prompts again', async (t) => {
  const { device } = setup();
  device.take();
  device.send('p');
  device.send(' 1');
  t.is(device.take(), 'p\x1b[K\x1b[Dp \x1b[K\x1b[D\x1b[Dp 1\x1b[K');
  device.send('\r');
  await settle();
  t.is(device.take(), '\r\n0x1\r\n(qemu) ');
});

test('runs pasted commands one at a time and in order', async (t) => {
  const first = gate();
  const order: string[] = [];
  const answers = {
    stop: async () => {
      order.push('stop begins');
      await first.passed;
      order.push('stop ends');
    },
    cont: () => {
      order.push('cont');
    },
  };
  const { device } = setup({ answers });
  device.take();
  device.send('stop\ncont\np 5\n');
  await settle();
  t.deepEqual(order, ['stop begins']);
  first.open();
  await settle();
  t.deepEqual(order, ['stop begins', 'stop ends', 'cont']);
  t.is(screenText(device.take()), 'stop\n(qemu) cont\n(qemu) p 5\n0x5\n(qemu) ');
});

test('keeps input while a command runs, up to a limit', async (t) => {
  const command = gate();
  const { device } = setup({ answers: { stop: () => command.passed } });
  device.send('stop\n');
  await settle();
  const limit = device.frontEnd.canReceive();
  t.is(limit, 4096);
  device.send(`p 7\n${'\0'.repeat(limit - 4)}`);
  t.is(device.frontEnd.canReceive(), 0);
  device.take();
  t.is(device.resumes, 0);
  command.open();
  await settle();
  t.is(device.frontEnd.canReceive(), limit);
  t.is(device.resumes, 1);
  t.true(device.take().includes('0x7\r\n'));
});

test('a client that does not read costs bounded memory and loses nothing', async (t) => {
  const { device, services } = setup({ answers: { 'query-name': { name: 'n'.repeat(2000) } } });
  device.take();
  device.isStalled = true;
  let sent = 0;
  for (; device.frontEnd.canReceive() >= 10 && sent < 10_000; sent += 1) {
    device.send('info name\n');
    await settle();
  }
  t.true(sent < 1000);
  t.true(device.pendingBytes < 100_000);
  const before = services.calls.length;
  t.true(before < sent);
  device.isStalled = false;
  device.drain();
  await settle();
  t.is(services.calls.length, sent);
  t.is(device.take().split('n'.repeat(2000)).length - 1, sent);
});

test('a long line that is pasted does not keep the thread from its other work', async (t) => {
  const { device } = setup();
  let written = 0;
  device.write = (bytes) => {
    written += bytes.length;
  };
  device.send('x'.repeat(4000));
  t.true(written < 100_000);
  await nextTurn();
  t.true(written < 300_000);
  while (device.frontEnd.canReceive() < 4096) await nextTurn();
  // Each character redraws those before it: 3 bytes to go back over each, 1 to write it again.
  t.true(written > 4000 * 2000 * 4);
});

test('completes a word, and lists several candidates', async (t) => {
  const { device } = setup();
  device.take();
  device.send('inf\t');
  await settle();
  t.true(device.take().endsWith('info \x1b[K'));
  device.send('sys\x17\x17system_\t');
  await settle();
  t.true(
    device
      .take()
      .endsWith('\r\nsystem_powerdown  system_reset      system_wakeup     \r\n(qemu) system_\x1b[K'),
  );
  device.send('r\t\n');
  await settle();
  t.true(device.take().endsWith('system_reset \x1b[K\r\n(qemu) '));
});

test('input behind a tab waits for the completion', async (t) => {
  const { device } = setup();
  device.take();
  device.send('inf\tver\t\n');
  await settle();
  t.true(device.take().endsWith('info version \x1b[K\r\n1.5.50\r\n(qemu) '));
});

test('info history shows the lines of this monitor', async (t) => {
  const { device } = setup();
  device.send('foo\ninfo history\n');
  await settle();
  t.true(device.take().endsWith("\r\n0: 'foo'\r\n1: 'info history'\r\n(qemu) "));
});

test('a connection that closes takes its half line along, the history stays', async (t) => {
  const { device, services } = setup();
  device.send('one\ntw');
  await settle();
  device.disconnect();
  t.is(services.connected(), 0);
  device.take();
  device.frontEnd.event('opened');
  t.is(device.take(), `${BANNER}(qemu) `);
  t.is(services.connected(), 1);
  device.send('\x1b[A');
  t.is(device.take(), 'one\x1b[K');
});

test('the next client does not see what the last one asked for', async (t) => {
  const command = gate();
  const { device } = setup({ answers: { 'query-name': () => command.passed.then(() => ({ name: 'old' })) } });
  device.send('info name\np 1\n');
  await settle();
  device.disconnect();
  device.take();
  device.frontEnd.event('opened');
  device.send('p 2\n');
  await settle();
  t.is(device.take(), BANNER);
  command.open();
  await settle();
  t.is(screenText(device.take()), '(qemu) p 2\n0x2\n(qemu) ');
});

test('a reader that leaves while output is pending does not stop the next one', async (t) => {
  const { device } = setup({ answers: { 'query-name': { name: 'n'.repeat(100_000) } } });
  device.isStalled = true;
  device.send('info name\ninfo name\n');
  await settle();
  device.disconnect();
  device.isStalled = false;
  device.drain();
  device.take();
  device.frontEnd.event('opened');
  device.send('p 3\n');
  await settle();
  t.is(screenText(device.take()), `${screenText(BANNER)}(qemu) p 3\n0x3\n(qemu) `);
});

test('on a multiplexer it speaks only while it has the focus', async (t) => {
  const { device } = setup();
  device.frontEnd.event('mux-in');
  t.is(device.take(), `${BANNER}(qemu) `);
  device.send('half a li');
  device.take();
  device.frontEnd.event('mux-out');
  t.is(device.take(), '\r\n');
  device.frontEnd.event('mux-in');
  t.is(device.take(), '(qemu) ');
  device.send('p 1\n');
  await settle();
  t.is(screenText(device.take()), 'p 1\n0x1\n(qemu) ');
});

test('two monitors share a real multiplexer', async (t) => {
  const base = new FakeCharDevice();
  const environment = {
    clock: systemClock,
    escapeCharacter: 1,
    quit: () => undefined,
    commit: () => undefined,
    announce: () => undefined,
  };
  const device = new MuxDevice(
    {
      label: 'mux0',
      filename: 'mux',
      environment,
      takeDescriptor: () => -1,
      signal: new AbortController().signal,
    },
    base,
  );
  for (const name of ['first', 'second']) {
    new HumanMonitor({
      device,
      services: fakeServices({ answers: { 'query-name': { name } } }),
      namedDescriptors: new NamedDescriptors(() => undefined),
      version: '1.5.50',
    }).start();
  }
  t.is(screenText(base.take()), screenText(`${BANNER}(qemu) \r\n${BANNER}(qemu) `));
  base.send('info name\n');
  await settle();
  t.is(screenText(base.take()), 'info name\nsecond\n(qemu) ');
  base.send('half\x01cinfo name\n');
  await settle();
  t.is(screenText(base.take()), 'half\n(qemu) info name\nfirst\n(qemu) ');
  base.send('\x01c\n');
  await settle();
  t.is(screenText(base.take()), '\n(qemu) \n(qemu) ');
});

test('without the focus at first, banner and prompt come with the focus', (t) => {
  const device = new FakeCharDevice();
  const monitor = new HumanMonitor({
    device,
    services: fakeServices(),
    namedDescriptors: new NamedDescriptors(() => undefined),
    version: '1.5.50',
  });
  monitor.event('mux-out');
  monitor.start();
  t.is(device.take(), '');
  monitor.event('mux-in');
  t.is(device.take(), `${BANNER}(qemu) `);
});

test('a command that ends without the focus shows its output later', async (t) => {
  const command = gate();
  const { device } = setup({
    answers: { 'query-name': () => command.passed.then(() => ({ name: 'late' })) },
  });
  device.send('info name\n');
  await settle();
  device.take();
  device.frontEnd.event('mux-out');
  command.open();
  await settle();
  t.is(device.take(), '');
  device.frontEnd.event('mux-in');
  t.is(device.take(), 'late\r\n(qemu) ');
});

test('getfd names the descriptor that came over this connection', async (t) => {
  const answers = {
    getfd: ({ fdname }: { fdname: string }, caller: MonitorCaller) => {
      caller.namedDescriptors.set(fdname, caller.takeDescriptor() ?? -1);
    },
  };
  const { device, monitor, closed } = setup({ answers });
  device.descriptor = 42;
  device.send('getfd disk\n');
  await settle();
  t.true(device.take().endsWith('\r\n(qemu) '));
  monitor.close();
  t.deepEqual(closed, [42]);
});

test('close gives the device back', (t) => {
  const { device, monitor, services } = setup();
  monitor.close();
  t.false(device.busy);
  t.is(services.connected(), 0);
});

test('what the device throws is reported', async (t) => {
  const { device, services } = setup();
  device.write = () => {
    throw new Error('broken');
  };
  device.send('x');
  await settle();
  t.deepEqual(services.reports, ['monitor fake0: Error: broken']);
});

test('any bytes leave a monitor that answers', async (t) => {
  const { device } = setup();
  let state = 1;
  for (let chunk = 0; chunk < 40; chunk += 1) {
    const bytes = Buffer.alloc(200);
    for (let at = 0; at < bytes.length; at += 1) {
      // A linear congruential generator (Numerical Recipes): the same bytes in every run.
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      bytes[at] = state >>> 24;
    }
    device.frontEnd.receive(bytes.subarray(0, device.frontEnd.canReceive()));
    await settle();
    device.take();
  }
  device.send('~~~\x15\x0b\np 6\n', 'latin1');
  await settle();
  t.true(device.take().endsWith('\r\n0x6\r\n(qemu) '));
});
