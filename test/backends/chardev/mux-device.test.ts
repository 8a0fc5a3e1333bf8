import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import type { CharEvent } from '../../../src/backends/chardev/char-device.ts';
import { CharDeviceBase } from '../../../src/backends/chardev/char-device-base.ts';
import { MuxDevice } from '../../../src/backends/chardev/mux-device.ts';
import { ManualClock } from '../../actors/manual-clock.ts';
import { Recorder } from './support/recorder.ts';
import { makeWorld } from './support/world.ts';

/** A device whose host side the test plays. */
class Host extends CharDeviceBase {
  written = '';

  write(bytes: Uint8Array): void {
    this.written += Buffer.from(bytes).toString('latin1');
  }

  /** Offers bytes as a host does: never more than is wanted. @returns what was not taken */
  send(text: string): string {
    let rest = Buffer.from(text, 'latin1');
    while (rest.length > 0 && this.wanted > 0) {
      const part = rest.subarray(0, this.wanted);
      rest = rest.subarray(part.length);
      this.deliver(part);
    }
    return rest.toString('latin1');
  }
}

function makeMux(t: ExecutionContext) {
  const clock = new ManualClock();
  const world = makeWorld(t, clock);
  const host = new Host('m-base', '');
  const creation = {
    label: 'm',
    filename: '',
    environment: world.environment,
    takeDescriptor: () => -1,
    signal: new AbortController().signal,
  };
  const mux = new MuxDevice(creation, host);
  return { mux, host, clock, log: world.log };
}

test('the newest front end has the focus; ctrl-a c goes round', (t) => {
  const { mux, host } = makeMux(t);
  const [a, b] = [new Recorder(), new Recorder()];
  mux.attach(a);
  mux.attach(b);
  host.send('1\x01c2\x01c3');
  t.is(a.text, '2');
  t.is(b.text, '13');
  t.deepEqual(a.events, ['opened', 'mux-in', 'mux-out', 'mux-in', 'mux-out']);
  t.deepEqual(b.events, ['opened', 'mux-in', 'mux-out', 'mux-in']);
});

test('the front end that loses the focus writes its last before the new one greets', (t) => {
  const { mux, host } = makeMux(t);
  const speaking = (name: string) => ({
    canReceive: () => 1,
    receive: () => undefined,
    event: (event: CharEvent) => mux.write(Buffer.from(`${name} ${event};`)),
  });
  mux.attach(speaking('a'));
  mux.attach(speaking('b'));
  t.is(host.written, 'a opened;a mux-in;a mux-out;b opened;b mux-in;');
});

test('everybody writes to the host', (t) => {
  const { mux, host } = makeMux(t);
  mux.attach(new Recorder());
  mux.write(Buffer.from('one '));
  mux.write(Buffer.from('two'));
  t.is(host.written, 'one two');
});

test('commands of the escape character', (t) => {
  const { mux, host, log } = makeMux(t);
  const recorder = new Recorder();
  mux.attach(recorder);
  host.send('\x01h');
  t.regex(host.written, /C-a x {4}leave the emulator\r\n/);
  host.send('\x01s\x01x\x01b\x01\x01\x01z');
  t.deepEqual(log, ['commit', 'quit']);
  t.is(recorder.text, '\x01');
  t.is(recorder.events.at(-1), 'break');
});

test('a fifth front end is refused, a place that is free again is taken', (t) => {
  const { mux } = makeMux(t);
  const recorders = Array.from({ length: 4 }, () => new Recorder());
  for (const recorder of recorders) {
    mux.attach(recorder);
  }
  t.throws(() => mux.attach(new Recorder()), { code: 'ERR_CHARDEV_BUSY' });
  const [first] = recorders;
  if (first !== undefined) {
    mux.detach(first);
  }
  t.notThrows(() => mux.attach(new Recorder()));
});

test('behind a front end that cannot receive, commands are still seen and bytes are kept', (t) => {
  const { mux, host } = makeMux(t);
  const [a, b] = [new Recorder(), new Recorder()];
  mux.attach(a);
  mux.attach(b);
  b.room = 0;
  const rest = host.send('x'.repeat(40));
  t.is(rest.length, 8, '32 bytes are kept, the others are left with the host');
  t.is(b.text, '');
  b.room = 100;
  mux.resume();
  t.is(b.text, 'x'.repeat(32));
  b.room = 0;
  host.send('y\x01cz');
  t.is(a.text, 'z');
});

test('time stamps count from the first line', (t) => {
  const { mux, host, clock } = makeMux(t);
  mux.attach(new Recorder());
  host.send('\x01t');
  clock.advance(5000);
  mux.write(Buffer.from('one\ntw'));
  clock.advance(3_723_004);
  mux.write(Buffer.from('o\nthree\n'));
  t.is(host.written, '[00:00:00.000] one\n[00:00:00.000] two\n[01:02:03.004] three\n');
});

test('it does not matter where the input is cut', (t) => {
  const input = fc.array(fc.constantFrom('a', 'b', '\x01', 'c', 's', 'b', '\n'), { maxLength: 60 });
  fc.assert(
    fc.property(input, fc.integer({ min: 1, max: 9 }), (bytes, portion) => {
      const outcomes = [bytes.length, portion].map((size) => {
        const { mux, host, log } = makeMux(t);
        const recorders = [new Recorder(), new Recorder(), new Recorder()];
        for (const recorder of recorders) {
          mux.attach(recorder);
        }
        for (let at = 0; at < bytes.length; at += size) {
          host.send(bytes.slice(at, at + size).join(''));
        }
        return { texts: recorders.map((recorder) => recorder.text), log };
      });
      t.deepEqual(outcomes[0], outcomes[1]);
    }),
    { numRuns: 50 },
  );
});

test('through the registry: the multiplexer has the id, the device is ID-base', async (t) => {
  const { registry } = makeWorld(t);
  const mux = await registry.create('con', { kind: 'vc' }, { mux: true, origin: 'command-line' });
  t.true(mux instanceof MuxDevice);
  t.deepEqual(
    registry.list().map(({ label, filename, busy }) => ({ label, filename, busy })),
    [
      { label: 'con', filename: 'vc', busy: false },
      { label: 'con-base', filename: 'vc', busy: true },
    ],
  );
  await t.throwsAsync(registry.remove('con-base'), { message: "Chardev 'con-base' is busy" });
  await registry.remove('con');
  await t.notThrowsAsync(registry.remove('con-base'));
});

test('at start-up the last of several front ends has the focus, and the others know it before they greet', (t) => {
  const { mux, host } = makeMux(t);
  const [monitor, serial] = [new Recorder(), new Recorder()];
  mux.gather();
  mux.attach(monitor);
  mux.attach(serial);
  t.is(host.send('a'), 'a');
  t.deepEqual([monitor.events, serial.events], [[], []]);
  mux.settle();
  t.deepEqual(monitor.events, ['mux-out', 'opened']);
  t.deepEqual(serial.events, ['opened', 'mux-in']);
  host.send('b\x01cq');
  t.is(serial.text, 'b');
  t.is(monitor.text, 'q');
});
