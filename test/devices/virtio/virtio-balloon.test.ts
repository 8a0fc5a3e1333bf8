/** The memory balloon (VIRTIO 1.1, 5.5). */
import test from 'ava';
import type { Device } from '../../../src/devices/device-class.ts';
import type { Balloon } from '../../../src/devices/virtio/balloon-contract.ts';
import { virtioBalloonPci } from '../../../src/devices/virtio/virtio-balloon-pci.ts';
import type { QmpJson } from '../../../src/qapi/json-value.ts';
import { testDeviceContract } from '../support/device-contract.ts';
import { FAKE_EPOCH_NS, type FakeBoard } from '../support/fake-board.ts';
import { removable } from './support/echo-device.ts';
import { valuesFor } from './support/property-values.ts';
import { TRANSPORTS, VirtioMachine, virtioBoard } from './support/virtio-machine.ts';

const RAM_BYTES = 128 * 1024 * 1024;
const PAGE = 4096;
const SECOND_NS = 1e9;

function createBalloon(board: FakeBoard, balloons: Balloon[] = []): Device {
  const values = valuesFor(virtioBalloonPci) as Parameters<typeof virtioBalloonPci.create>[1];
  const ports = {
    ...board,
    ramBytes: RAM_BYTES,
    addBalloon: (balloon: Balloon) => {
      balloons.push(balloon);
      return () => void balloons.splice(0);
    },
  };
  return removable(board, virtioBalloonPci.create(ports, values));
}

function startBalloon(kind: 'legacy' | 'modern') {
  const board = virtioBoard();
  const balloons: Balloon[] = [];
  const device = createBalloon(board, balloons);
  device.reset();
  const [balloon] = balloons;
  if (balloon === undefined) throw new Error('No balloon was announced');
  const machine = new VirtioMachine(kind, board);
  machine.negotiate();
  const inflate = machine.queue(0);
  const deflate = machine.queue(1);
  const statistics = machine.queue(2);
  machine.start();
  return { board, device, balloons, balloon, machine, inflate, deflate, statistics };
}

function pages(...numbers: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(numbers).buffer);
}

function report(...entries: readonly (readonly [tag: number, value: bigint])[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(entries.length * 10));
  for (const [index, [tag, value]] of entries.entries()) {
    view.setUint16(index * 10, tag, true);
    view.setBigUint64(index * 10 + 2, value, true);
  }
  return new Uint8Array(view.buffer);
}

function propertyOf(device: Device, name: string): { get: () => QmpJson; set: (value: QmpJson) => void } {
  const found = device.instanceProperties?.find((each) => each.name === name);
  return {
    get: () => found?.get?.() ?? '',
    set: (value) => found?.set?.(value),
  };
}

for (const kind of TRANSPORTS) {
  test(`${kind}: the host's wish reaches the guest, and its answer the host`, (t) => {
    const { balloon, machine, board } = startBalloon(kind);
    t.is(balloon.actual, RAM_BYTES);
    balloon.setTarget(RAM_BYTES - 10 * PAGE);
    t.is(machine.transport.interruptStatus(), 2);
    t.is(machine.transport.readConfig(0, 4), 10);
    machine.transport.writeConfig(4, 4, 10);
    t.is(balloon.actual, RAM_BYTES - 10 * PAGE);
    t.deepEqual(board.machine.events, [{ name: 'BALLOON_CHANGE', data: { actual: RAM_BYTES - 10 * PAGE } }]);
    machine.transport.writeConfig(4, 4, 10);
    t.is(board.machine.events.length, 1, 'nothing has changed');
    balloon.setTarget(RAM_BYTES * 2);
    t.is(machine.transport.readConfig(0, 4), 0);
  });

  test(`${kind}: pages in the balloon are zeros, whatever the list says`, (t) => {
    const { inflate, deflate, board } = startBalloon(kind);
    const victims = [200, 300];
    for (const page of [...victims, 201]) board.guest.bytes.fill(0xaa, page * PAGE, (page + 1) * PAGE);
    inflate.send([pages(...victims), pages(0xffffffff, 0xf0000)]);
    t.is(inflate.collect().length, 1);
    for (const page of victims) {
      t.true(board.guest.read(page * PAGE, PAGE).every((byte) => byte === 0));
    }
    t.true(board.guest.read(201 * PAGE, PAGE).every((byte) => byte === 0xaa));
    deflate.send([pages(...victims)]);
    t.is(deflate.collect().length, 1);
  });
}

test('a guest cannot have given more pages than there are', (t) => {
  const { balloon, machine } = startBalloon('modern');
  machine.transport.writeConfig(4, 4, 0xffffffff);
  t.is(balloon.actual, 0);
});

test('statistics are asked for at the interval, and read with the time of the report', (t) => {
  const { device, statistics, board } = startBalloon('modern');
  const stats = propertyOf(device, 'guest-stats');
  const interval = propertyOf(device, 'guest-stats-polling-interval');
  t.throws(() => stats.get(), { message: "guest hasn't updated any stats yet" });
  statistics.send([report([4, 1000n], [5, 4000n])]);
  t.deepEqual(stats.get(), {
    stats: {
      'stat-swap-in': -1,
      'stat-swap-out': -1,
      'stat-major-faults': -1,
      'stat-minor-faults': -1,
      'stat-free-memory': 1000,
      'stat-total-memory': 4000,
    },
    'last-update': FAKE_EPOCH_NS / SECOND_NS,
  });
  board.advance(100 * SECOND_NS);
  t.deepEqual(statistics.collect(), [], 'nobody asks');
  interval.set(2);
  t.is(interval.get(), 2);
  board.advance(0);
  t.is(statistics.collect().length, 1);
  statistics.send([report([0, 7n], [99, 1n])]);
  board.advance(2 * SECOND_NS - 1);
  t.deepEqual(statistics.collect(), []);
  board.advance(1);
  t.is(statistics.collect().length, 1);
  interval.set(0);
  statistics.send([report([0, 8n])]);
  board.advance(10 * SECOND_NS);
  t.deepEqual(statistics.collect(), []);
  t.like(stats.get(), { stats: { 'stat-swap-in': 8, 'stat-free-memory': -1 } });
});

test('intervals that are none are refused', (t) => {
  const interval = propertyOf(startBalloon('modern').device, 'guest-stats-polling-interval');
  t.throws(() => interval.set(-1), { message: 'timer value must be greater than zero' });
  t.throws(() => interval.set(2 ** 40), { message: 'timer value is too big' });
  t.throws(() => interval.set('2'), { message: /expected: integer/ });
});

test('the report that the guest has given is kept over a restore', (t) => {
  const { device, statistics, board } = startBalloon('modern');
  statistics.send([report([4, 1000n])]);
  const other = virtioBoard();
  const restored = createBalloon(other);
  restored.restore(structuredClone(device.save()));
  other.guest.bytes.set(board.guest.bytes);
  other.advance(0);
  t.like(propertyOf(restored, 'guest-stats').get(), { stats: { 'stat-free-memory': 1000 } });
  propertyOf(restored, 'guest-stats-polling-interval').set(1);
  other.advance(0);
  t.is(other.guest.readU16(statistics.rings.used + 2), 1);
});

test('the machine has no balloon once the device is gone', (t) => {
  const { device, balloons } = startBalloon('modern');
  device.unrealize?.();
  t.deepEqual(balloons, []);
});

testDeviceContract(test, {
  name: 'virtio-balloon-pci',
  board: virtioBoard,
  create: (board) => createBalloon(board),
  exercise: (board) => {
    const machine = new VirtioMachine('modern', board);
    machine.negotiate();
    const queue = machine.queue(2);
    machine.start();
    queue.send([report([0, 1n])]);
    machine.transport.writeConfig(4, 4, 5);
  },
});
