import { readFileSync } from 'node:fs';
import test from 'ava';
import { InputRegistry } from '../../../src/devices/input-hub.ts';
import { i8042 } from '../../../src/devices/isa/i8042.ts';
import { keyBytes, scancodeOf } from '../../../src/devices/isa/key-codes.ts';
import { testDeviceContract } from '../support/device-contract.ts';
import { createFakeBoard, type FakeBoard } from '../support/fake-board.ts';
import { FakeWire } from '../support/fake-wire.ts';

const DATA = 0x60;
const COMMAND = 0x64;
const OUTPUT_FULL = 1;
const FROM_MOUSE = 0x20;

testDeviceContract(test, {
  name: 'i8042',
  create: (board) => i8042.create(board, {}),
  exercise: (board) => {
    board.out8(COMMAND, 0x60);
    board.out8(DATA, 0x43);
    for (const byte of [0xf3, 200, 0xf3, 100, 0xf3, 80, 0xf4]) {
      board.out8(COMMAND, 0xd4);
      board.out8(DATA, byte);
    }
    board.keyboards[0]?.key('a', true);
    board.pointers[0]?.motion(3, 4, 1, 1);
    board.out8(COMMAND, 0xd1);
  },
});

function create() {
  const board = createFakeBoard();
  const device = i8042.create(board, {});
  device.reset();
  return { board, device };
}

/** Everything in the output buffer, one after the other. */
function drain(board: FakeBoard): number[] {
  const bytes: number[] = [];
  while ((board.in8(COMMAND) & OUTPUT_FULL) !== 0) bytes.push(board.in8(DATA));
  return bytes;
}

function keyboard(board: FakeBoard, ...bytes: number[]): number[] {
  for (const byte of bytes) board.out8(DATA, byte);
  return drain(board);
}

function mouse(board: FakeBoard, ...bytes: number[]): number[] {
  for (const byte of bytes) {
    board.out8(COMMAND, 0xd4);
    board.out8(DATA, byte);
  }
  return drain(board);
}

function setControl(board: FakeBoard, value: number): void {
  board.out8(COMMAND, 0x60);
  board.out8(DATA, value);
}

test('the controller starts up as firmware and Linux expect it', (t) => {
  const { board } = create();
  t.is(board.in8(COMMAND) & OUTPUT_FULL, 0);
  board.out8(COMMAND, 0xaa);
  t.deepEqual(drain(board), [0x55]);
  board.out8(COMMAND, 0xab);
  t.deepEqual(drain(board), [0x00]);
  board.out8(COMMAND, 0xa9);
  t.deepEqual(drain(board), [0x00]);
  setControl(board, 0x65);
  board.out8(COMMAND, 0x20);
  t.deepEqual(drain(board), [0x65]);
  t.is(board.in8(COMMAND) & 4, 4);
  // A loop through the mouse's side of the output buffer: how Linux finds the second port.
  board.out8(COMMAND, 0xd3);
  board.out8(DATA, 0x5a);
  t.is(board.in8(COMMAND) & (FROM_MOUSE | OUTPUT_FULL), FROM_MOUSE | OUTPUT_FULL);
  t.deepEqual(drain(board), [0x5a]);
});

test('the keyboard answers its commands', (t) => {
  const { board } = create();
  t.deepEqual(keyboard(board, 0xff), [0xfa, 0xaa]);
  t.deepEqual(keyboard(board, 0xf2), [0xfa, 0xab, 0x83]);
  t.deepEqual(keyboard(board, 0xed, 0x02), [0xfa, 0xfa]);
  t.deepEqual(keyboard(board, 0xee), [0xee]);
  t.deepEqual(keyboard(board, 0xf0, 0), [0xfa, 0xfa, 2]);
  t.deepEqual(keyboard(board, 0xf0, 3, 0xf0, 0), [0xfa, 0xfa, 0xfa, 0xfa, 3]);
  t.deepEqual(keyboard(board, 0xf3, 0x20, 0xf4), [0xfa, 0xfa, 0xfa]);
  t.deepEqual(keyboard(board, 0xfe), [0xfa]);
  t.deepEqual(keyboard(board, 0xe1), [0xfe]);
});

test('a key is three things in three sets, and the controller makes set 1 of set 2', (t) => {
  const { board } = create();
  const [keys] = board.keyboards;
  const press = (name: string): number[] => {
    keys?.key(name, true);
    keys?.key(name, false);
    return drain(board);
  };
  setControl(board, 0x01);
  t.deepEqual(press('a'), [0x1c, 0xf0, 0x1c]);
  t.deepEqual(press('delete'), [0xe0, 0x71, 0xe0, 0xf0, 0x71]);
  t.deepEqual(press('f7'), [0x83, 0xf0, 0x83]);
  setControl(board, 0x41);
  t.deepEqual(press('a'), [0x1e, 0x9e]);
  t.deepEqual(press('delete'), [0xe0, 0x53, 0xe0, 0xd3]);
  t.deepEqual(press('f7'), [0x41, 0xc1]);
  setControl(board, 0x01);
  keyboard(board, 0xf0, 1);
  t.deepEqual(press('up'), [0xe0, 0x48, 0xe0, 0xc8]);
  keyboard(board, 0xf0, 3);
  t.deepEqual(press('up'), [0x63, 0xf0, 0x63]);
  t.deepEqual(press('kp_enter'), [0x79, 0xf0, 0x79]);
});

test('every key of the schema that a PC has arrives in set 1 as the schema numbers it', (t) => {
  const { board } = create();
  const schema = JSON.parse(readFileSync('src/qapi/qmp-schema.json', 'utf8'));
  const codes: Record<string, number> = schema.qcodeToScancode;
  setControl(board, 0x41);
  t.true(Object.keys(codes).length > 100);
  for (const [name, code] of Object.entries(codes)) {
    t.is(scancodeOf(name), code, name);
    board.keyboards[0]?.key(name, true);
    const prefix = code >= 0x80 ? [0xe0] : [];
    t.deepEqual(drain(board), [...prefix, code & 0x7f], name);
    board.keyboards[0]?.key(code, false);
    t.deepEqual(drain(board), [...prefix, code | 0x80], name);
    t.is(keyBytes(code, true, 3).length, 1);
  }
  t.is(scancodeOf('compose'), undefined);
});

test('bytes of the keyboard interrupt on line 1, an edge for each, those of the mouse on line 12', (t) => {
  const { board } = create();
  setControl(board, 0x43);
  board.keyboards[0]?.key('a', true);
  board.keyboards[0]?.key('a', false);
  t.true(board.irq(1).level);
  board.in8(DATA);
  t.true(board.irq(1).level);
  board.in8(DATA);
  t.false(board.irq(1).level);
  mouse(board, 0xf4);
  board.pointers[0]?.motion(1, 0, 0, 0);
  t.true(board.irq(12).level);
  t.false(board.irq(1).level);
  drain(board);
  t.false(board.irq(12).level);
  setControl(board, 0x40);
  board.keyboards[0]?.key('a', true);
  t.false(board.irq(1).level);
});

test('while an interface is disabled its device keeps what it has', (t) => {
  const { board } = create();
  setControl(board, 0x41);
  board.out8(COMMAND, 0xad);
  board.keyboards[0]?.key('b', true);
  t.is(board.in8(COMMAND) & OUTPUT_FULL, 0);
  board.out8(COMMAND, 0xae);
  t.deepEqual(drain(board), [0x30]);
});

test('the mouse knows three protocols and is asked into them by its sampling rates', (t) => {
  const { board } = create();
  const [pointer] = board.pointers;
  t.deepEqual(mouse(board, 0xff), [0xfa, 0xaa, 0x00]);
  t.deepEqual(mouse(board, 0xf2), [0xfa, 0x00]);
  mouse(board, 0xf4);
  pointer?.motion(5, -3, 1, 1);
  t.deepEqual(drain(board), [0x09, 5, 3]);
  mouse(board, 0xf3, 200, 0xf3, 100, 0xf3, 80);
  t.deepEqual(mouse(board, 0xf2), [0xfa, 0x03]);
  pointer?.motion(-1, 2, -1, 2);
  t.deepEqual(drain(board), [0x3a, 0xff, 0xfe, 0xff]);
  mouse(board, 0xf3, 200, 0xf3, 200, 0xf3, 80);
  t.deepEqual(mouse(board, 0xf2), [0xfa, 0x04]);
  pointer?.motion(0, 0, 1, 0x0c);
  t.deepEqual(drain(board), [0x0c, 0, 0, 0x11]);
});

test('motion is added up, split over packets, and read on demand in remote mode', (t) => {
  const { board } = create();
  const [pointer] = board.pointers;
  mouse(board, 0xf4);
  pointer?.motion(300, 0, 0, 0);
  t.deepEqual(drain(board), [0x08, 255, 0, 0x08, 45, 0]);
  mouse(board, 0xf0);
  pointer?.motion(2, 2, 0, 0);
  pointer?.motion(3, 0, 0, 4);
  t.deepEqual(drain(board), []);
  t.deepEqual(mouse(board, 0xeb), [0xfa, 0x2c, 5, 0xfe]);
  mouse(board, 0xea, 0xe7, 0xe8, 3, 0xf3, 40);
  t.deepEqual(mouse(board, 0xe9), [0xfa, 0x32, 3, 40]);
  t.deepEqual(mouse(board, 0xee, 0x12, 0xec), [0xfa, 0x12, 0xfa]);
});

test('address line 20 and reset are where DOS and Linux look for them', (t) => {
  const { board } = create();
  const before = board.machine.asked.length;
  board.out8(COMMAND, 0xd1);
  board.out8(DATA, 0xdd);
  board.out8(COMMAND, 0xd0);
  t.is(drain(board)[0], 0xcd);
  board.out8(COMMAND, 0xdf);
  board.out8(COMMAND, 0xd0);
  t.is((drain(board)[0] ?? 0) & 2, 2);
  board.out8(COMMAND, 0xfe);
  board.out8(COMMAND, 0xd1);
  board.out8(DATA, 0xde);
  t.deepEqual(board.machine.asked.slice(before), ['a20 off', 'a20 on', 'reset', 'a20 on', 'reset']);
});

test('the hub has mice with one of them current, and drops input that nobody hears', (t) => {
  let isListening = true;
  const hub = new InputRegistry(() => isListening);
  const moves: string[] = [];
  const sink = (name: string, absolute: boolean) => ({
    name,
    absolute,
    motion: (x: number, y: number, dz: number, buttons: number) =>
      void moves.push(`${name} ${x} ${y} ${dz} ${buttons}`),
  });
  hub.addPointer(sink('rat', false));
  hub.addPointer(sink('tablet', true));
  t.deepEqual(hub.mice(), [
    { name: 'tablet', index: 1, current: true, absolute: true },
    { name: 'rat', index: 0, current: false, absolute: false },
  ]);
  hub.move(100, 200, 0);
  hub.setButtons(1);
  t.true(hub.select(0));
  t.false(hub.select(2));
  hub.setButtons(0);
  isListening = false;
  hub.move(1, 1, 1);
  t.deepEqual(moves, ['tablet 100 200 0 0', 'tablet 100 200 0 1', 'rat 0 0 0 0']);
});

test('when a line rises the shared status tells of the byte', (t) => {
  const board = createFakeBoard();
  const words = new Int32Array(board.shared);
  const seen: number[] = [];
  const changed = (level: boolean): void => {
    const answer = board.ports.claims.find(({ first }) => first === COMMAND)?.options.fast?.[0]?.answer;
    if (level && answer?.kind === 'word') seen.push((words[answer.word >> 2] ?? 0) & OUTPUT_FULL);
  };
  board.wires.set('irq 1', new FakeWire(changed));
  i8042.create(board, {}).reset();
  setControl(board, 0x43);
  board.keyboards[0]?.key('a', true);
  board.keyboards[0]?.key('a', false);
  drain(board);
  t.deepEqual(seen, [OUTPUT_FULL, OUTPUT_FULL]);
});
