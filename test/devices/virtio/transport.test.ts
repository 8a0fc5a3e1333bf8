/** Both register interfaces of a virtio PCI device, driven as chapters 3 and 4 of VIRTIO 1.1 tell a driver to. */
import test from 'ava';
import { testDeviceContract } from '../support/device-contract.ts';
import { createEcho, ECHO_CONFIG, type EchoModel, type EchoOptions } from './support/echo-device.ts';
import {
  EVENT_IDX,
  functionOf,
  NOTIFY_ON_EMPTY,
  STATUS_ACKNOWLEDGE,
  STATUS_DRIVER,
  STATUS_DRIVER_OK,
  STATUS_FEATURES_OK,
  STATUS_NEEDS_RESET,
  TRANSPORTS,
  VERSION_1,
  VirtioMachine,
  virtioBoard,
} from './support/virtio-machine.ts';

const HELLO = new TextEncoder().encode('hello, device');
const NO_VECTOR = 0xffff;

function echoMachine(kind: 'legacy' | 'modern', options: EchoOptions = {}) {
  const models: EchoModel[] = [];
  const board = virtioBoard();
  const device = createEcho(board, models, options);
  device.reset();
  const machine = new VirtioMachine(kind, board);
  const [model] = models;
  if (model === undefined) throw new Error('The device has no model');
  return Object.assign(machine, { device, model });
}

test('a transitional device has the ids of 4.1.2.1 and both interfaces', (t) => {
  const { pci } = echoMachine('modern');
  t.like(pci.identity, {
    vendor: 0x1af4,
    device: 0x1005,
    revision: 0,
    subsystemVendor: 0x1af4,
    subsystem: 4,
  });
  t.deepEqual([...pci.bases.keys()], [0, 4]);
});

test('a device without the legacy interface has the ids of 4.1.2', (t) => {
  const { pci } = echoMachine('modern', { disableLegacy: true });
  t.is(pci.identity.device, 0x1044);
  t.true((pci.identity.revision ?? 0) >= 1);
  t.true((pci.identity.subsystem ?? 0) >= 0x40);
  t.deepEqual([...pci.bases.keys()], [4]);
});

test('a device without the modern interface offers no VERSION_1 and no capability of virtio', (t) => {
  const { pci, transport } = echoMachine('legacy', { disableModern: true });
  t.deepEqual(pci.capabilities(9), []);
  t.deepEqual([...pci.bases.keys()], [0]);
  t.is(transport.offered() & VERSION_1, 0n);
});

test('the capabilities name every block once, with room for all queues', (t) => {
  const { pci } = echoMachine('modern');
  const kinds = pci.capabilities(9).map((at) => pci.config[at + 3]);
  t.deepEqual(kinds.sort(), [1, 2, 3, 4, 5]);
  for (const at of pci.capabilities(9)) {
    const kind = pci.config[at + 3] ?? 0;
    t.is(pci.config[at + 2], kind === 2 || kind === 5 ? 20 : 16, `cap_len of kind ${kind}`);
  }
});

test('feature bits of the legacy interface are not offered to a modern driver, and VERSION_1 is', (t) => {
  t.is(echoMachine('modern').transport.offered(), VERSION_1 | EVENT_IDX | (1n << 28n) | 0b101n);
  t.is(
    echoMachine('legacy').transport.offered(),
    EVENT_IDX | (1n << 28n) | (1n << 27n) | NOTIFY_ON_EMPTY | 0b101n,
  );
});

test('FEATURES_OK is refused without VERSION_1, and ends the negotiation', (t) => {
  const { transport } = echoMachine('modern');
  transport.status = STATUS_ACKNOWLEDGE | STATUS_DRIVER;
  transport.accept(0b1n);
  transport.status = STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK;
  t.is(transport.status, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
  transport.accept(0b1n | VERSION_1);
  transport.status = STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK;
  t.is(transport.status & STATUS_FEATURES_OK, STATUS_FEATURES_OK);
});

test('features that were not offered are not accepted', (t) => {
  const { transport, model } = echoMachine('modern');
  transport.accept(VERSION_1 | 0b11n);
  t.true(model.host.hasFeature(0));
  t.false(model.host.hasFeature(1));
});

for (const kind of TRANSPORTS) {
  test(`${kind}: a chain is answered, and INTx says why until its status is read`, (t) => {
    const machine = echoMachine(kind);
    machine.negotiate(EVENT_IDX);
    const queue = machine.queue(1);
    machine.start();
    const chain = queue.send([HELLO], [64]);
    t.deepEqual(queue.collect(), [{ head: chain.head, bytes: HELLO.length }]);
    t.deepEqual(queue.contents(chain).subarray(0, HELLO.length), HELLO);
    t.true(machine.pci.intx.level);
    t.is(machine.transport.interruptStatus(), 1);
    t.false(machine.pci.intx.level);
    t.is(machine.transport.interruptStatus(), 0);
  });

  test(`${kind}: with MSI-X each queue has its vector, and INTx stays quiet`, (t) => {
    const machine = echoMachine(kind);
    machine.pci.msixEnabled = true;
    machine.negotiate(EVENT_IDX);
    const queues = [machine.queue(0), machine.queue(1)] as const;
    t.is(machine.transport.setVector(0, 1), 1);
    t.is(machine.transport.setVector(1, 2), 2);
    t.is(machine.transport.setVector(1, 3), NO_VECTOR, 'a vector beyond the table is refused');
    t.is(machine.transport.setConfigVector(0), 0);
    machine.start();
    queues[0].send([HELLO], [64]);
    t.deepEqual(machine.pci.notified, [1]);
    queues[1].send([HELLO], [64]);
    t.deepEqual(machine.pci.notified, [1], 'no vector, no interrupt');
    machine.model.host.configChanged();
    t.deepEqual(machine.pci.notified, [1, 0]);
    t.false(machine.pci.intx.level);
  });

  test(`${kind}: the configuration space is read and written in any width`, (t) => {
    const { transport, model } = echoMachine(kind);
    t.is(transport.readConfig(0, 4), 0x04030201);
    t.is(transport.readConfig(2, 2), 0x0403);
    t.is(transport.readConfig(7, 1), 8);
    transport.writeConfig(4, 2, 0xbeef);
    t.deepEqual([...model.config], [1, 2, 3, 4, 0xef, 0xbe, 7, 8]);
    t.is(transport.readConfig(ECHO_CONFIG.length, 4), 0);
  });

  test(`${kind}: a changed configuration interrupts a driver that is there`, (t) => {
    const machine = echoMachine(kind);
    machine.model.host.configChanged();
    t.false(machine.pci.intx.level);
    machine.negotiate();
    machine.start();
    machine.model.host.configChanged();
    t.true(machine.pci.intx.level);
    t.is(machine.transport.interruptStatus(), 2);
  });

  test(`${kind}: status 0 is a reset in every state`, (t) => {
    for (let stage = 0; stage < 5; stage++) {
      const machine = echoMachine(kind);
      const { transport, model } = machine;
      model.keeps = true;
      if (stage > 0) machine.negotiate();
      const queue = stage > 1 ? machine.queue(0) : undefined;
      if (stage > 2) machine.start();
      if (stage > 3) queue?.send([HELLO], [16]);
      model.host.fault('a test');
      const resets = model.resets;
      transport.status = 0;
      t.is(transport.status, 0);
      t.is(model.resets, resets + 1);
      t.false(machine.pci.intx.level);
      t.is(transport.queueSize(0), 8);
      t.false(model.host.queue(0).enabled);
      t.false(model.host.hasFeature(0));

      model.answerAll();
      t.deepEqual(queue?.collect() ?? [], [], 'what was taken before is not given back');
      machine.negotiate(EVENT_IDX);
      model.keeps = false;
      const again = machine.queue(0);
      machine.start();
      again.send([HELLO], [16]);
      t.is(again.collect().length, 1);
    }
  });

  test(`${kind}: a device that needs a reset serves nothing until it gets one`, (t) => {
    const machine = echoMachine(kind);
    machine.negotiate(EVENT_IDX);
    const queue = machine.queue(0);
    machine.start();
    machine.model.host.fault('a test');
    t.is(machine.transport.status & STATUS_NEEDS_RESET, kind === 'modern' ? STATUS_NEEDS_RESET : 0);
    t.is(machine.transport.interruptStatus(), kind === 'modern' ? 2 : 0, 'a modern driver is told');
    queue.send([HELLO], [16]);
    t.deepEqual(queue.collect(), []);
  });

  test(`${kind}: queues and registers that are not there do nothing`, (t) => {
    const machine = echoMachine(kind);
    machine.pci.msixEnabled = true;
    t.is(machine.transport.queueSize(2), 0);
    t.is(machine.transport.setVector(2, 1), NO_VECTOR);
    t.notThrows(() => machine.transport.kick(0xffff));
  });
}

test('a legacy driver that never says DRIVER_OK is served all the same (3.1.2)', (t) => {
  const machine = echoMachine('legacy');
  machine.negotiate(EVENT_IDX);
  const queue = machine.queue(0);
  queue.send([HELLO], [16]);
  t.is(queue.collect().length, 1);
});

test('a modern driver is served from DRIVER_OK on, with what it offered before', (t) => {
  const machine = echoMachine('modern');
  machine.negotiate(EVENT_IDX);
  const queue = machine.queue(0);
  queue.send([HELLO], [16]);
  t.deepEqual(queue.collect(), []);
  machine.start();
  t.is(queue.collect().length, 1);
});

test('a status bit once set stays until the reset, and NEEDS_RESET is not the driver’s', (t) => {
  const { transport } = echoMachine('modern');
  transport.status = STATUS_ACKNOWLEDGE | STATUS_DRIVER;
  transport.status = STATUS_ACKNOWLEDGE | STATUS_NEEDS_RESET;
  t.is(transport.status, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
});

test('the status reads as before a reset until requests from before it have ended', (t) => {
  const machine = echoMachine('modern');
  machine.negotiate();
  machine.start();
  machine.model.busy = 1;
  machine.transport.status = 0;
  t.is(machine.transport.status & STATUS_DRIVER_OK, STATUS_DRIVER_OK);
  machine.model.busy = 0;
  t.is(machine.transport.status, 0);
});

test('a modern queue takes a smaller power of two, and no other size', (t) => {
  const machine = echoMachine('modern');
  machine.negotiate(EVENT_IDX);
  const queue = machine.queue(0, 4);
  t.is(machine.transport.queueSize(0), 4);
  machine.start();
  for (let round = 0; round < 10; round++) {
    queue.send([HELLO], [16]);
    t.is(queue.collect().length, 1);
  }
  for (const refused of [0, 3, 16, 5]) {
    const { model } = echoMachine('modern');
    model.host.queue(0).resize(refused);
    t.is(model.host.queue(0).size, 8, `size ${refused}`);
  }
});

test('the window in configuration space reaches the blocks (4.1.4.7)', (t) => {
  const machine = echoMachine('modern');
  const { pci } = machine;
  const window = pci.capabilities(9).find((at) => pci.config[at + 3] === 5) ?? 0;
  const common = pci.capabilities(9).find((at) => pci.config[at + 3] === 1) ?? 0;
  const point = (offset: number, width: number): void => {
    pci.writeConfig(window + 4, 1, pci.config[common + 4] ?? 0);
    pci.writeConfig(window + 8, 4, pci.readConfig(common + 8, 4) + offset);
    pci.writeConfig(window + 12, 4, width);
  };
  point(18, 2);
  t.is(pci.readConfig(window + 16, 4), 2, 'num_queues');
  point(20, 1);
  pci.writeConfig(window + 16, 4, STATUS_ACKNOWLEDGE);
  t.is(machine.transport.status, STATUS_ACKNOWLEDGE);
  point(20, 3);
  pci.writeConfig(window + 16, 4, STATUS_DRIVER);
  t.is(machine.transport.status, STATUS_ACKNOWLEDGE, 'a width that there is not');
  pci.writeConfig(window + 4, 1, 0);
  pci.writeConfig(window + 12, 4, 1);
  pci.writeConfig(window + 16, 4, STATUS_DRIVER);
  t.is(machine.transport.status, STATUS_ACKNOWLEDGE, 'a BAR without blocks');
});

test('the configuration generation moves with every change (4.1.4.3.1)', (t) => {
  const { transport, model } = echoMachine('modern');
  const generation = (): number =>
    'configGeneration' in transport ? Number(transport.configGeneration) : -1;
  const before = generation();
  model.host.configChanged();
  t.not(generation(), before);
});

test('requests that were under way when the state was saved are served after it is restored', (t) => {
  const machine = echoMachine('modern');
  machine.negotiate(EVENT_IDX);
  const queue = machine.queue(0);
  machine.start();
  machine.model.keeps = true;
  const chains = [queue.send([HELLO], [16]), queue.send([HELLO], [16])];
  const state = structuredClone(machine.device.save());

  const models: EchoModel[] = [];
  const board = virtioBoard();
  const device = createEcho(board, models);
  device.restore(state);
  board.guest.bytes.set(machine.board.guest.bytes);
  t.deepEqual(device.save(), state);
  board.advance(0);
  t.is(board.guest.readU16(queue.rings.used + 2), 2);
  t.deepEqual(board.guest.read(chains[1]?.writable[0]?.address ?? 0, HELLO.length), HELLO);
  t.true(functionOf(board).intx.level);
});

testDeviceContract(test, {
  name: 'a virtio device',
  board: virtioBoard,
  create: (board) => createEcho(board),
  exercise: (board) => {
    const machine = new VirtioMachine('modern', board);
    machine.negotiate(EVENT_IDX);
    const queue = machine.queue(0);
    machine.start();
    queue.send([HELLO], [16]);
    queue.send([HELLO], [16], true);
  },
});
