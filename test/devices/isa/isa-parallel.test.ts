import test from 'ava';
import { isaParallel } from '../../../src/devices/isa/isa-parallel.ts';
import { testDeviceContract } from '../support/device-contract.ts';
import { createFakeBoard, type FakeBoard } from '../support/fake-board.ts';

const LPT1 = 0x378;
const STATUS = LPT1 + 1;
const CONTROL = LPT1 + 2;
const SELECTED = 0x0c;
const INTERRUPT = 0x10;

function plug(board: FakeBoard) {
  const values = { index: 0, iobase: 0xffffffff, irq: 7, chardev: 'parallel0' };
  return isaParallel.create({ ...board, nextIndex: () => 0 }, values);
}

function print(board: FakeBoard, text: string, control = SELECTED): void {
  for (const byte of Buffer.from(text)) {
    board.out8(LPT1, byte);
    board.out8(CONTROL, control | 1);
    board.out8(CONTROL, control);
  }
}

testDeviceContract(test, {
  name: 'isa-parallel',
  create: plug,
  exercise: (board) => print(board, 'x', SELECTED | INTERRUPT),
});

test('what is strobed reaches the host, and the printer is always ready', (t) => {
  const board = createFakeBoard();
  plug(board).reset();
  t.is(board.in8(STATUS) & 0xf8, 0xd8);
  print(board, 'Hello\f');
  t.is(board.character('parallel0').text, 'Hello\f');
  t.is(board.in8(LPT1), 0x0c);
  t.is(board.in8(CONTROL), 0xc0 | SELECTED);
});

test('an acknowledgement interrupts, if that is enabled, until the status is read', (t) => {
  const board = createFakeBoard();
  plug(board).reset();
  print(board, 'a');
  t.false(board.irq(7).level);
  print(board, 'b', SELECTED | INTERRUPT);
  t.true(board.irq(7).level);
  board.in8(STATUS);
  t.false(board.irq(7).level);
});

test('a printer that is held in its initialisation prints nothing', (t) => {
  const board = createFakeBoard();
  plug(board).reset();
  print(board, 'a', 0x08);
  t.is(board.character('parallel0').text, '');
});
