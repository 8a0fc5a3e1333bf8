import test from 'ava';
import { type Ioapic, ioapic } from '../../../src/devices/system/ioapic.ts';
import type { InterruptMessage } from '../../../src/vcpu/interrupt-bus.ts';
import { testDeviceContract } from '../support/device-contract.ts';
import { createFakeBoard, type FakeBoard } from '../support/fake-board.ts';
import { hasReference, runOnBoard, runOnReference, type Step } from '../support/qtest-oracle.ts';

const BASE = 0xfec00000;
const LEVEL = 0x8000;
const MASKED = 0x10000;
const REMOTE_IRR = 0x4000;

function createIoapic(board: FakeBoard) {
  const chips: Ioapic[] = [];
  const sent: InterruptMessage[] = [];
  const device = ioapic.create(
    { ...board, attach: (made) => chips.push(made), send: (message) => sent.push(message) },
    {},
  );
  const [chip] = chips;
  if (chip === undefined) throw new Error('The I/O APIC was not attached');
  return { device, chip, sent };
}

function machine() {
  const board = createFakeBoard();
  const made = createIoapic(board);
  made.device.reset();
  const write = (register: number, value: number): void => {
    board.memory.write(BASE, 4, register);
    board.memory.write(BASE + 0x10, 4, value);
  };
  const read = (register: number): number => {
    board.memory.write(BASE, 4, register);
    return board.memory.read(BASE + 0x10, 4);
  };
  const entry = (pin: number, low: number, destination = 0): void => {
    write(0x11 + pin * 2, destination * 0x1000000);
    write(0x10 + pin * 2, low);
  };
  return { board, write, read, entry, ...made };
}

test('version 11H with 24 entries, all masked after reset', (t) => {
  const { read } = machine();
  t.is(read(1), 0x00170011);
  for (let pin = 0; pin < 24; pin++) t.is(read(0x10 + pin * 2), MASKED);
});

test('only the four bits of the ID can be written', (t) => {
  const { read, write } = machine();
  write(0, 0xffffffff);
  t.is(read(0), 0x0f000000);
  t.is(read(2), 0x0f000000);
});

test('an edge sends its vector once', (t) => {
  const { chip, sent, entry } = machine();
  entry(4, 0x34, 7);
  chip.input(4).set(true);
  chip.input(4).set(true);
  t.deepEqual(sent, [{ destination: 7, logical: false, delivery: 0, vector: 0x34, level: false }]);
  chip.input(4).set(false);
  chip.input(4).set(true);
  t.is(sent.length, 2);
});

test('an edge on a masked input is lost', (t) => {
  const { chip, sent, entry } = machine();
  entry(4, MASKED | 0x34);
  chip.input(4).set(true);
  entry(4, 0x34);
  t.deepEqual(sent, []);
});

test('destination mode and delivery mode are passed on', (t) => {
  const { chip, sent, entry } = machine();
  entry(9, 0x900 | 0x51, 0xff);
  chip.input(9).set(true);
  t.like(sent[0], { destination: 0xff, logical: true, delivery: 1, vector: 0x51 });
});

test('a level is sent once until its EOI, and again while it lasts', (t) => {
  const { chip, sent, entry, read } = machine();
  entry(10, LEVEL | 0x61);
  chip.input(10).set(true);
  t.is(sent.length, 1);
  t.is(read(0x24) & REMOTE_IRR, REMOTE_IRR);
  chip.endOfInterrupt(0x62);
  t.is(sent.length, 1);
  chip.endOfInterrupt(0x61);
  t.is(sent.length, 2);
  chip.input(10).set(false);
  chip.endOfInterrupt(0x61);
  t.is(sent.length, 2);
  t.is(read(0x24) & REMOTE_IRR, 0);
});

test('a level that was masked is sent when it is unmasked', (t) => {
  const { chip, sent, entry } = machine();
  entry(11, MASKED | LEVEL | 0x71);
  chip.input(11).set(true);
  t.is(sent.length, 0);
  entry(11, LEVEL | 0x71);
  t.is(sent.length, 1);
});

test('an entry turned to edge and back has forgotten its remote IRR', (t) => {
  const { chip, sent, entry, read } = machine();
  entry(10, LEVEL | 0x61);
  chip.input(10).set(true);
  entry(10, MASKED | 0x61);
  t.is(read(0x24), MASKED | 0x61);
  entry(10, LEVEL | 0x61);
  t.is(sent.length, 2);
});

const referenceTest = hasReference ? test : test.skip;

referenceTest('its registers answer as those of the reference', async (t) => {
  const read = (register: number): Step[] => [
    ['writel', BASE, register],
    ['readl', BASE + 0x10],
  ];
  const write = (register: number, value: number): Step[] => [
    ['writel', BASE, register],
    ['writel', BASE + 0x10, value],
  ];
  const script: Step[] = [
    ...[0x00, 0x01, 0x02, 0x10, 0x11, 0x3e, 0x3f, 0x40].flatMap(read),
    ...write(0x14, 0x1ffff),
    ...read(0x14),
    ...write(0x15, 0xff000000),
    ...read(0x15),
    ...write(0x00, 0xffffffff),
    ...read(0x00),
    ...read(0x02),
    ['readl', BASE],
  ];
  const reference = await runOnReference(script, ['-global', 'ioapic.version=0x11']);
  t.deepEqual(runOnBoard(script, machine().board), reference);
});

const chips = new WeakMap<FakeBoard, Ioapic>();

testDeviceContract(test, {
  name: 'ioapic',
  create: (board) => {
    const { device, chip } = createIoapic(board);
    chips.set(board, chip);
    return device;
  },
  exercise: (board) => {
    for (const [register, value] of [
      [0x00, 0x03000000],
      [0x21, 0xaa000000],
      [0x20, 0x8931],
      [0x14, 0x41],
    ] as const) {
      board.memory.write(BASE, 4, register);
      board.memory.write(BASE + 0x10, 4, value);
    }
    chips.get(board)?.input(8).set(true);
    chips.get(board)?.input(2).set(true);
  },
});
