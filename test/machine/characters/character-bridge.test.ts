import test from 'ava';
import fc from 'fast-check';
import { CharDeviceBase } from '../../../src/backends/chardev/char-device-base.ts';
import {
  type CharacterNotice,
  type CharacterRequest,
  INPUT_WINDOW_BYTES,
} from '../../../src/backends/chardev/character-messages.ts';
import { MuxDevice } from '../../../src/backends/chardev/mux-device.ts';
import { RemoteFrontEnds } from '../../../src/backends/chardev/remote-front-ends.ts';
import { OUTPUT_LIMIT_BYTES } from '../../../src/machine/characters/bridged-port.ts';
import { CharacterBridge } from '../../../src/machine/characters/character-bridge.ts';

/** A host that takes output only when told, and gives input as far as it is wanted. */
class SlowDevice extends CharDeviceBase {
  readonly #queued: number[] = [];
  readonly taken: number[] = [];
  #input: number[] = [];
  readonly #drained: (() => void)[] = [];

  override get pendingBytes(): number {
    return this.#queued.length;
  }

  write(bytes: Uint8Array): void {
    this.#queued.push(...bytes);
  }

  override whenDrained(callback: () => void): void {
    this.#drained.push(callback);
    this.take(0);
  }

  take(bytes: number): void {
    this.taken.push(...this.#queued.splice(0, bytes));
    if (this.#queued.length === 0) {
      for (const callback of this.#drained.splice(0)) callback();
    }
  }

  send(bytes: Iterable<number>): void {
    this.#input.push(...bytes);
    this.resume();
  }

  override resume(): void {
    const count = Math.min(this.wanted, this.#input.length);
    if (count > 0) {
      const bytes = Uint8Array.from(this.#input.slice(0, count));
      this.#input = this.#input.slice(count);
      this.deliver(bytes);
      this.resume();
    }
  }
}

const MACHINE = {
  chardevs: [
    { id: 'a', config: { kind: 'null' }, mux: false },
    { id: 'm', config: { kind: 'null' }, mux: true },
    { id: 'q', config: { kind: 'null' }, mux: false },
  ],
  monitors: [
    { chardev: 'q', mode: 'control', pretty: false, isDefault: true },
    { chardev: 'm', mode: 'readline', pretty: false, isDefault: false },
  ],
} as const;

function join() {
  const toMonitor: CharacterRequest[] = [];
  const toMachine: CharacterNotice[] = [];
  const device = new SlowDevice('a', '');
  const bridge = new CharacterBridge(MACHINE, (request) => toMonitor.push(request));
  const ends = new RemoteFrontEnds({
    find: (label) => (label === 'a' ? device : undefined),
    send: (notice) => toMachine.push(notice),
    report: () => undefined,
  });
  /** Carries up to `count` messages each way. */
  const carry = (count = Number.POSITIVE_INFINITY): void => {
    for (let left = count; left > 0 && toMonitor.length + toMachine.length > 0; left -= 1) {
      const request = toMonitor.shift();
      if (request !== undefined) ends.receive(request);
      const notice = toMachine.shift();
      if (notice !== undefined) bridge.receive(notice);
    }
  };
  return { bridge, ends, device, carry, toMonitor, toMachine };
}

test('a chardev takes one front end, a multiplexer four, and what monitors use is taken', (t) => {
  const { bridge } = join();
  t.throws(() => bridge.character('nobody'), { code: 'ERR_CHARDEV_NOT_FOUND' });
  t.throws(() => bridge.character('q'), { code: 'ERR_CHARDEV_BUSY', message: "Chardev 'q' is busy" });
  const port = bridge.character('a');
  t.throws(() => bridge.character('a'), { code: 'ERR_CHARDEV_BUSY' });
  port.release();
  t.notThrows(() => bridge.character('a'));
  for (let count = 0; count < 3; count += 1) bridge.character('m');
  t.throws(() => bridge.character('m'), { code: 'ERR_CHARDEV_BUSY' });
  t.throws(() => bridge.character('m-base'), { code: 'ERR_CHARDEV_BUSY' });
});

test('chardevs that monitors add and remove come and go', (t) => {
  const { bridge } = join();
  bridge.receive({ kind: 'available', label: 'late', frontEnds: 1 });
  bridge.character('late');
  t.throws(() => bridge.character('late'), { code: 'ERR_CHARDEV_BUSY' });
  bridge.receive({ kind: 'available', label: 'a', frontEnds: 0 });
  t.throws(() => bridge.character('a'), { code: 'ERR_CHARDEV_NOT_FOUND' });
});

test('whatever the sizes and the delays, bytes arrive in order, each once, and no more than the bounds wait', (t) => {
  const step = fc.record({
    output: fc.nat(40_000),
    input: fc.nat(6_000),
    take: fc.nat(60_000),
    carry: fc.nat(4),
    capacity: fc.nat(2_000),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const { bridge, ends, device, carry, toMonitor, toMachine } = join();
      const port = bridge.character('a');
      ends.attach();
      let capacity = 0;
      const received: number[] = [];
      port.onReceive(
        (bytes) => {
          capacity -= bytes.length;
          received.push(...bytes);
        },
        () => capacity,
      );
      let written = 0;
      let sent = 0;
      for (const { output, input, take, carry: messages, capacity: more } of steps) {
        const count = Math.min(output, port.writable);
        port.write(Uint8Array.from({ length: count }, (_, index) => (written + index) & 0xff));
        written += count;
        device.send(Array.from({ length: input }, (_, index) => (sent + index) & 0xff));
        sent += input;
        carry(messages);
        device.take(take);
        capacity = more;
        port.resume();
        const waiting = toMachine.reduce(
          (sum, notice) => sum + (notice.kind === 'input' ? notice.bytes.length : 0),
          0,
        );
        if (waiting > INPUT_WINDOW_BYTES) return false;
        const going = toMonitor.reduce(
          (sum, note) => sum + (note.kind === 'output' ? note.bytes.length : 0),
          0,
        );
        if (going > OUTPUT_LIMIT_BYTES) return false;
      }
      for (let turn = 0; turn < 400; turn += 1) {
        capacity = 1_000;
        port.resume();
        carry();
        device.take(Number.POSITIVE_INFINITY);
      }
      const isRunning = (bytes: readonly number[]) => bytes.every((byte, index) => byte === (index & 0xff));
      return (
        device.taken.length === written &&
        received.length === sent &&
        isRunning(device.taken) &&
        isRunning(received)
      );
    }),
    { numRuns: 40 },
  );
  t.pass();
});

test('a lone byte leaves at once; what follows before the host has taken it leaves as one batch', (t) => {
  const { bridge, ends, device, carry, toMonitor } = join();
  const port = bridge.character('a');
  ends.attach();
  carry();
  for (const letter of 'hello') port.write(Buffer.from(letter));
  t.deepEqual(
    toMonitor.map((request) => request.kind === 'output' && Buffer.from(request.bytes).toString()),
    ['h'],
  );
  carry(1);
  t.deepEqual(
    toMonitor.map((request) => request.kind === 'output' && Buffer.from(request.bytes).toString()),
    ['ello'],
  );
  carry();
  device.take(5);
  t.is(String.fromCharCode(...device.taken), 'hello');
});

test('a monitor that begins anew takes over what its predecessor had not acknowledged', (t) => {
  const { bridge, toMonitor } = join();
  const port = bridge.character('a');
  port.write(Buffer.from('1'));
  port.write(Buffer.from('2'));
  toMonitor.length = 0;
  t.deepEqual(bridge.claims(), [{ port: 1, label: 'a' }]);
  t.deepEqual(toMonitor, [{ kind: 'output', port: 1, bytes: Uint8Array.of(0x32) }]);
});

test('a serial port and a monitor share a terminal; ctrl-a b is a break, ctrl-a c the way to the monitor', (t) => {
  const { bridge, device, toMachine } = join();
  const environment = {
    clock: { now: () => 0, setTimeout: () => ({ cancel: () => undefined }) } as never,
    escapeCharacter: 1,
    quit: () => undefined,
    commit: () => undefined,
    announce: () => undefined,
  };
  const creation = {
    label: 'm',
    filename: '',
    environment,
    takeDescriptor: () => -1,
    signal: new AbortController().signal,
  };
  const mux = new MuxDevice(creation, device);
  const typed: string[] = [];
  mux.attach({
    receive: (bytes) => typed.push(Buffer.from(bytes).toString()),
    canReceive: () => 100,
    event: () => undefined,
  });
  const ends = new RemoteFrontEnds({
    find: () => mux,
    send: (notice) => toMachine.push(notice),
    report: () => undefined,
  });
  const port = bridge.character('m');
  const seen: string[] = [];
  port.onReceive(
    (bytes) => seen.push(Buffer.from(bytes).toString()),
    () => 16,
  );
  port.onEvent((event) => seen.push(event));
  ends.claim(bridge.claims());
  ends.attach();
  device.send(Buffer.from('root\n\x01b\x01chelp\x01cls'));
  for (const notice of toMachine) bridge.receive(notice);
  t.deepEqual(seen, ['opened', 'root\n', 'break', 'ls']);
  t.deepEqual(typed, ['help']);
  t.true(port.connected);
});
