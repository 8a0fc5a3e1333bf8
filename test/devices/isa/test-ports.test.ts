/** Small ports: debug console, debug exit, pvpanic, port 92H, pc-testdev. */
import test from 'ava';
import { isaDebugExit } from '../../../src/devices/isa/isa-debug-exit.ts';
import { isaDebugcon } from '../../../src/devices/isa/isa-debugcon.ts';
import { pcTestdev } from '../../../src/devices/isa/pc-testdev.ts';
import { port92 } from '../../../src/devices/isa/port92.ts';
import { pvpanic } from '../../../src/devices/isa/pvpanic.ts';
import { testDeviceContract } from '../support/device-contract.ts';
import { createFakeBoard, type FakeBoard } from '../support/fake-board.ts';

const console = (board: FakeBoard, chardev = 'debug') =>
  isaDebugcon.create(board, { iobase: 0x402, chardev, readback: 0xe9 });
const exit = (board: FakeBoard) => isaDebugExit.create(board, { iobase: 0x501, iosize: 4 });
const panic = (board: FakeBoard) => pvpanic.create(board, { ioport: 0x505 });

test('the debug console passes bytes on and reads as its own value', (t) => {
  const board = createFakeBoard();
  console(board);
  for (const letter of 'boot') board.out8(0x402, letter.charCodeAt(0));
  t.is(board.character('debug').text, 'boot');
  t.is(board.in8(0x402), 0xe9);
});

test('the debug console needs a character device', (t) => {
  t.throws(() => console(createFakeBoard(), ''), { code: 'ERR_DEVICE_CHARDEV' });
});

test('the debug exit ends with an odd status', (t) => {
  const board = createFakeBoard();
  exit(board);
  board.out8(0x501, 0);
  board.out32(0x501, 0x10);
  board.out8(0x502, 0xff);
  t.deepEqual(board.machine.asked, ['exit 1', 'exit 33', 'exit 255']);
});

test('pvpanic tells its port to the firmware and a panic to the machine', (t) => {
  const board = createFakeBoard();
  panic(board);
  t.deepEqual([...(board.firmware.files.get('etc/pvpanic-port')?.contents ?? [])], [0x05, 0x05]);
  t.is(board.in8(0x505), 1);
  board.out8(0x505, 2);
  t.deepEqual(board.machine.asked, []);
  board.out8(0x505, 1);
  t.deepEqual(board.machine.asked, ['panicked']);
});

test('port 92H moves address line 20 and resets once', (t) => {
  const board = createFakeBoard();
  const device = port92.create(board, {});
  device.reset();
  board.out8(0x92, 0x00);
  board.out8(0x92, 0x03);
  board.out8(0x92, 0x03);
  t.deepEqual(board.machine.asked, ['a20 off', 'a20 on', 'reset', 'a20 on']);
  t.is(board.in8(0x92), 0x03);
});

test('pc-testdev keeps words and drives interrupts', (t) => {
  const board = createFakeBoard();
  pcTestdev.create(board, {});
  board.out32(0xe0, 0x12345678);
  t.is(board.in16(0xe1), 0x3456);
  t.is(board.in32(0xe8), 0x12345678);
  board.out8(0x2005, 1);
  t.true(board.irq(5).level);
  board.out8(0x2005, 0);
  t.false(board.irq(5).level);
  board.memory.write(0xff000010, 4, 0xcafebabe);
  t.is(board.memory.read(0xff000012, 2), 0xcafe);
});

const nothing = () => undefined;

testDeviceContract(test, { name: 'isa-debugcon', create: (board) => console(board), exercise: nothing });
testDeviceContract(test, { name: 'isa-debug-exit', create: exit, exercise: nothing });
testDeviceContract(test, { name: 'pvpanic', create: panic, exercise: nothing });
testDeviceContract(test, {
  name: 'port92',
  create: (board) => port92.create(board, {}),
  exercise: (board) => board.out8(0x92, 0x01),
});
testDeviceContract(test, {
  name: 'pc-testdev',
  create: (board) => pcTestdev.create(board, {}),
  exercise: (board) => {
    board.out32(0xe0, 0x01020304);
    board.out8(0x2007, 1);
    board.memory.write(0xff000100, 4, 0x55);
  },
});
