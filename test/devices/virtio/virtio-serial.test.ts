/** The console device with its ports (VIRTIO 1.1, 5.3). */
import test from 'ava';
import type { Device } from '../../../src/devices/device-class.ts';
import { virtioSerialPci } from '../../../src/devices/virtio/virtio-serial-pci.ts';
import { virtconsole, virtserialport } from '../../../src/devices/virtio/virtio-serial-ports.ts';
import { testDeviceContract } from '../support/device-contract.ts';
import type { FakeBoard } from '../support/fake-board.ts';
import type { DriverQueue } from './support/driver-queue.ts';
import { removable } from './support/echo-device.ts';
import { valuesFor } from './support/property-values.ts';
import { TRANSPORTS, VirtioMachine, virtioBoard } from './support/virtio-machine.ts';

const MULTIPORT = 1n << 1n;
const DEVICE_READY = 0;
const DEVICE_ADD = 1;
const DEVICE_REMOVE = 2;
const PORT_READY = 3;
const CONSOLE_PORT = 4;
const PORT_OPEN = 6;
const PORT_NAME = 7;
const SECOND_NS = 1e9;

function createSerial(board: FakeBoard, chosen: Record<string, unknown> = {}): Device {
  const values = valuesFor(virtioSerialPci, chosen) as Parameters<typeof virtioSerialPci.create>[1];
  return removable(board, virtioSerialPci.create(board, values));
}

function plug(
  board: FakeBoard,
  controller: Device,
  entry: typeof virtconsole,
  chosen: Record<string, unknown> = {},
): Device {
  const [bus] = controller.buses ?? [];
  if (bus === undefined) throw new Error('The controller has no bus');
  const values = valuesFor(entry, chosen) as Parameters<typeof entry.create>[1];
  return entry.create(bus.plug(board, values, entry.name) as Parameters<typeof entry.create>[0], values);
}

function message(port: number, event: number, value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint32(0, port, true);
  view.setUint16(4, event, true);
  view.setUint16(6, value, true);
  return new Uint8Array(view.buffer);
}

/** What a device has sent in the buffers of the control queue: [port, event, value, text]. */
class ControlReader {
  readonly #queue: DriverQueue;
  #offered: ReturnType<DriverQueue['prepare']>[] = [];

  constructor(queue: DriverQueue) {
    this.#queue = queue;
    this.#refill();
  }

  take(): (readonly [number, number, number, string])[] {
    const used = this.#queue.collect();
    const received = used.map(({ head, bytes }) => {
      const chain = this.#offered.find((each) => each.head === head);
      if (chain === undefined) throw new Error(`Chain ${head} was not offered`);
      this.#offered = this.#offered.filter((each) => each !== chain);
      const view = Buffer.from(this.#queue.contents(chain)).subarray(0, bytes);
      return [
        view.readUInt32LE(0),
        view.readUInt16LE(4),
        view.readUInt16LE(6),
        view.subarray(8).toString('latin1'),
      ] as const;
    });
    this.#refill();
    return received;
  }

  #refill(): void {
    while (this.#queue.freeDescriptors > 0 && this.#offered.length < 4) {
      const chain = this.#queue.prepare([], [64]);
      this.#offered.push(chain);
      this.#queue.offer(chain.head);
    }
    this.#queue.kick();
  }
}

function startSerial(
  kind: 'legacy' | 'modern',
  build: (board: FakeBoard, controller: Device) => void,
  refuse = 0n,
) {
  const board = virtioBoard();
  const controller = createSerial(board);
  build(board, controller);
  controller.reset();
  const machine = new VirtioMachine(kind, board);
  machine.negotiate(refuse);
  const isMultiport = (refuse & MULTIPORT) === 0n;
  const queue = (index: number): DriverQueue => machine.queue(index);
  const input = queue(0);
  const output = queue(1);
  const control = isMultiport ? new ControlReader(queue(2)) : undefined;
  const commands = isMultiport ? queue(3) : undefined;
  machine.start();
  const tell = (port: number, event: number, value: number): void => {
    commands?.send([message(port, event, value)]);
    commands?.collect();
  };
  const heard = () => {
    const all = [];
    for (let batch = control?.take() ?? []; batch.length > 0; batch = control?.take() ?? [])
      all.push(...batch);
    return all;
  };
  return { board, controller, machine, input, output, tell, heard, queue };
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

for (const kind of TRANSPORTS) {
  test(`${kind}: a guest that is ready hears of every port, and of each what it asks for`, (t) => {
    const { tell, heard, machine } = startSerial(kind, (board, controller) => {
      board.character('quiet').connected = false;
      plug(board, controller, virtconsole, { chardev: 'c' });
      plug(board, controller, virtserialport, { chardev: 'a', name: 'org.agent.0' });
      plug(board, controller, virtserialport, { chardev: 'quiet', nr: 5 });
    });
    t.is(machine.transport.readConfig(4, 4), 31);
    t.deepEqual(heard(), []);
    tell(0, DEVICE_READY, 1);
    t.deepEqual(heard(), [
      [0, DEVICE_ADD, 1, ''],
      [1, DEVICE_ADD, 1, ''],
      [5, DEVICE_ADD, 1, ''],
    ]);
    tell(0, PORT_READY, 1);
    t.deepEqual(heard(), [
      [0, CONSOLE_PORT, 1, ''],
      [0, PORT_OPEN, 1, ''],
    ]);
    tell(1, PORT_READY, 1);
    t.deepEqual(heard(), [
      [1, PORT_NAME, 1, 'org.agent.0\0'],
      [1, PORT_OPEN, 1, ''],
    ]);
    tell(5, PORT_READY, 1);
    t.deepEqual(heard(), [], 'nobody is at the other end');
    tell(7, PORT_READY, 1);
    tell(0xffffffff, PORT_OPEN, 1);
    t.deepEqual(heard(), [], 'ports that are not there');
  });

  test(`${kind}: bytes go both ways`, (t) => {
    const { board, tell, input, output } = startSerial(kind, (made, controller) => {
      plug(made, controller, virtconsole, { chardev: 'c' });
    });
    tell(0, DEVICE_READY, 1);
    tell(0, PORT_READY, 1);
    tell(0, PORT_OPEN, 1);
    output.send([Buffer.from('hello '), Buffer.from('host')]);
    t.is(board.character('c').text, 'hello host');
    t.is(output.collect().length, 1);
    const chain = input.send([], [4, 100]);
    board.character('c').send('hello guest');
    t.deepEqual(input.collect(), [{ head: chain.head, bytes: 11 }]);
    t.is(text(input.contents(chain).subarray(0, 11)), 'hello guest');
  });

  test(`${kind}: a driver without MULTIPORT has one console`, (t) => {
    const { board, input, output } = startSerial(
      kind,
      (made, controller) => {
        plug(made, controller, virtconsole, { chardev: 'c' });
      },
      MULTIPORT,
    );
    output.send([Buffer.from('out')]);
    t.is(board.character('c').text, 'out');
    const chain = input.send([], [8]);
    board.character('c').send('in');
    t.deepEqual(input.collect(), [{ head: chain.head, bytes: 2 }]);
  });
}

test('the second port has queues 4 and 5', (t) => {
  const { board, tell, queue } = startSerial('modern', (made, controller) => {
    plug(made, controller, virtserialport, { chardev: 'a' });
  });
  const input = queue(4);
  const output = queue(5);
  tell(0, DEVICE_READY, 1);
  tell(1, PORT_READY, 1);
  tell(1, PORT_OPEN, 1);
  output.send([Buffer.from('x')]);
  t.is(board.character('a').text, 'x');
  input.send([], [8]);
  board.character('a').send('y');
  t.is(input.collect().length, 1);
});

test('bytes for a guest that is not there, or has no buffers, wait at the host', (t) => {
  const { board, tell, input } = startSerial('modern', (made, controller) => {
    plug(made, controller, virtconsole, { chardev: 'c' });
  });
  const character = board.character('c');
  character.send('a'.repeat(5000));
  const chain = input.send([], [3000]);
  t.deepEqual(input.collect(), [], 'the port is not open');
  tell(0, DEVICE_READY, 1);
  tell(0, PORT_OPEN, 1);
  t.deepEqual(input.collect(), [{ head: chain.head, bytes: 3000 }]);
  const next = input.send([], [3000]);
  t.deepEqual(input.collect(), [{ head: next.head, bytes: 2000 }]);
});

test('a port whose character device is full holds the guest back, and goes on in the middle of a buffer', (t) => {
  const { board, output } = startSerial('modern', (made, controller) => {
    plug(made, controller, virtconsole, { chardev: 'c' });
  });
  const character = board.character('c');
  character.writable = 3;
  output.send([Buffer.from('abcdef')]);
  output.send([Buffer.from('ghi')]);
  t.is(character.text, 'abc');
  t.deepEqual(output.collect(), []);
  character.allow(4);
  t.is(character.text, 'abcdefg');
  t.is(output.collect().length, 1);
  character.allow(100);
  t.is(character.text, 'abcdefghi');
  t.is(output.collect().length, 1);
});

test('a console whose reader is stuck drops output after a second; another port waits for ever', (t) => {
  for (const [entry, index, waits] of [
    [virtconsole, 1, false],
    [virtserialport, 5, true],
  ] as const) {
    const { board, output, queue } = startSerial('modern', (made, controller) => {
      plug(made, controller, entry, { chardev: 'c' });
    });
    const ring = index === 1 ? output : queue(index);
    const character = board.character('c');
    character.writable = 0;
    ring.send([Buffer.from('abc')]);
    board.advance(SECOND_NS - 1);
    t.deepEqual(ring.collect(), []);
    board.advance(1);
    t.is(ring.collect().length, waits ? 0 : 1);
    character.allow(10);
    ring.send([Buffer.from('def')]);
    t.is(character.text, waits ? 'abcdef' : 'def');
  }
});

test('what is written to a port without a reader, or to none, is lost and the buffers come back', (t) => {
  const { board, output, queue } = startSerial('modern', (made, controller) => {
    plug(made, controller, virtconsole);
    made.character('gone').connected = false;
    plug(made, controller, virtserialport, { chardev: 'gone' });
  });
  for (const ring of [output, queue(5), queue(7)]) {
    ring.send([Buffer.from('nobody hears')]);
    t.is(ring.collect().length, 1);
  }
  t.is(board.character('gone').text, '');
});

test('the guest is told when the host’s side of a port opens and closes; a console is always open', (t) => {
  const { board, tell, heard } = startSerial('modern', (made, controller) => {
    plug(made, controller, virtconsole, { chardev: 'c' });
    plug(made, controller, virtserialport, { chardev: 'a' });
  });
  tell(0, DEVICE_READY, 1);
  heard();
  for (const label of ['a', 'c']) {
    board.character(label).raise('closed');
    board.character(label).raise('opened');
  }
  t.deepEqual(heard(), [
    [1, PORT_OPEN, 0, ''],
    [1, PORT_OPEN, 1, ''],
  ]);
});

test('a guest that closes a port loses what it has not read', (t) => {
  const { board, tell, input } = startSerial('modern', (made, controller) => {
    plug(made, controller, virtconsole, { chardev: 'c' });
  });
  tell(0, DEVICE_READY, 1);
  tell(0, PORT_OPEN, 1);
  board.character('c').send('stale');
  tell(0, PORT_OPEN, 0);
  tell(0, PORT_OPEN, 1);
  board.character('c').send('fresh');
  const chain = input.send([], [16]);
  t.is(text(input.contents(chain).subarray(0, 5)), 'fresh');
  t.is(input.collect()[0]?.bytes, 5);
});

test('ports come and go while the guest runs', (t) => {
  const { board, controller, tell, heard } = startSerial('modern', () => undefined);
  tell(0, DEVICE_READY, 1);
  const port = plug(board, controller, virtserialport, { chardev: 'a', nr: 3 });
  t.deepEqual(heard(), [[3, DEVICE_ADD, 1, '']]);
  port.unrealize?.();
  t.deepEqual(heard(), [[3, DEVICE_REMOVE, 1, '']]);
  t.true(board.character('a').isReleased);
  t.notThrows(() => plug(board, controller, virtserialport, { nr: 3 }));
});

test('port numbers and names are the controller’s to give', (t) => {
  const board = virtioBoard();
  const controller = createSerial(board, { max_ports: 3 });
  plug(board, controller, virtserialport, { name: 'x' });
  t.throws(() => plug(board, controller, virtserialport, { nr: 0 }), { message: /for a virtconsole/ });
  t.throws(() => plug(board, controller, virtserialport, { nr: 1 }), { message: /number 1 already/ });
  t.throws(() => plug(board, controller, virtserialport, { nr: 3 }), { message: /3 is not below the 3/ });
  t.throws(() => plug(board, controller, virtserialport, { name: 'x' }), { message: /named 'x' already/ });
  plug(board, controller, virtconsole, { chardev: 'c' });
  plug(board, controller, virtserialport);
  t.throws(() => plug(board, controller, virtserialport, { chardev: 'late' }), {
    message: /all its 3 ports/,
  });
  t.throws(() => createSerial(virtioBoard(), { max_ports: 32 }), { message: /max_ports 32/ });
});

test('the emergency register writes to the console (5.3.4)', (t) => {
  const { board, machine } = startSerial('modern', (made, controller) => {
    plug(made, controller, virtconsole, { chardev: 'c' });
  });
  machine.transport.writeConfig(8, 4, 'P'.charCodeAt(0));
  t.is(board.character('c').text, 'P');
});

test('control messages wait for buffers, and not without end', (t) => {
  const { tell, heard } = startSerial('modern', (board, controller) => {
    for (let each = 0; each < 20; each++) plug(board, controller, virtserialport);
  });
  for (let round = 0; round < 60; round++) tell(0, DEVICE_READY, 1);
  const count = heard().length;
  t.true(count >= 512 && count < 60 * 20, `${count} messages`);
});

test('a transmission that was held back goes on after the state is restored', (t) => {
  const build = (board: FakeBoard, controller: Device): Device =>
    plug(board, controller, virtconsole, { chardev: 'c' });
  const saved: { controller: Device; port: Device }[] = [];
  const { board, output, tell } = startSerial('modern', (made, controller) => {
    saved.push({ controller, port: build(made, controller) });
  });
  tell(0, DEVICE_READY, 1);
  tell(0, PORT_OPEN, 1);
  board.character('c').writable = 4;
  output.send([Buffer.from('abcdefgh')]);
  board.character('c').send('input');
  const [first] = saved;
  if (first === undefined) throw new Error('Nothing was built');
  const controllerState = structuredClone(first.controller.save());
  const portState = structuredClone(first.port.save());

  const other = virtioBoard();
  const controller = createSerial(other);
  const port = build(other, controller);
  controller.reset();
  controller.restore(controllerState);
  port.restore(portState);
  other.guest.bytes.set(board.guest.bytes);
  t.deepEqual(controller.save(), controllerState);
  t.deepEqual(port.save(), portState);
  other.advance(0);
  t.is(other.character('c').text, 'efgh');
  t.is(other.guest.readU16(output.rings.used + 2), 1);
});

testDeviceContract(test, {
  name: 'virtio-serial-pci',
  board: virtioBoard,
  create: (board) => {
    const controller = createSerial(board);
    plug(board, controller, virtconsole, { chardev: 'c' });
    return controller;
  },
  exercise: (board) => {
    const machine = new VirtioMachine('modern', board);
    machine.negotiate();
    machine.queue(2).send([], [64]);
    const commands = machine.queue(3);
    machine.start();
    commands.send([message(0, DEVICE_READY, 1)]);
    commands.send([message(0, PORT_READY, 1)]);
  },
});
