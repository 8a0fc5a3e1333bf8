import test from 'ava';
import { hpet } from '../../../src/devices/system/hpet.ts';
import { testDeviceContract } from '../support/device-contract.ts';
import { createFakeBoard, type FakeBoard } from '../support/fake-board.ts';
import { hasReference, runOnBoard, runOnReference, type Step } from '../support/qtest-oracle.ts';

const BASE = 0xfed00000;
const CONFIGURATION = 0x10;
const STATUS = 0x20;
const COUNTER = 0xf0;
const ENABLE = 1;
const LEGACY = 2;
const LEVEL = 0x02;
const INTERRUPT = 0x04;
const PERIODIC = 0x08;
const SET_VALUE = 0x40;
const MODE_32 = 0x100;
const US = 100;

function createHpet(board: FakeBoard, msi = false) {
  return hpet.create(
    {
      ...board,
      pin: (input) => board.wire(`pin ${input}`),
      legacyIrq: (line) => board.wire(`legacy ${line}`),
      legacyReplacement: board.wire('legacy replacement'),
    },
    { timers: 3, msi },
  );
}

function machine(msi = false) {
  const board = createFakeBoard();
  const device = createHpet(board, msi);
  device.reset();
  const read = (offset: number): number => board.memory.read(BASE + offset, 4);
  const write = (offset: number, value: number): void => board.memory.write(BASE + offset, 4, value);
  const timer = (index: number): number => 0x100 + index * 0x20;
  const counter = (): bigint => BigInt(read(COUNTER)) | (BigInt(read(COUNTER + 4)) << 32n);
  return { board, device, read, write, timer, counter };
}

test('it says what it is: 3 timers, 64 bits, 10 ns', (t) => {
  const { read } = machine();
  t.is(read(0), 0x8086a201);
  t.is(read(4), 10_000_000);
  t.is(read(0x100) & 0x30, 0x30);
});

test('the counter runs while it is enabled, from what was written', (t) => {
  const { board, read, write, counter } = machine();
  board.advance(1000);
  t.is(counter(), 0n);
  write(CONFIGURATION, ENABLE);
  board.advance(1000);
  t.is(counter(), 100n);
  write(CONFIGURATION, 0);
  board.advance(1000);
  t.is(counter(), 100n);
  write(COUNTER, 0xfffffff0);
  write(COUNTER + 4, 2);
  write(CONFIGURATION, ENABLE);
  board.advance(320);
  t.is(counter(), 0x300000010n);
  t.is(read(COUNTER + 4), 3);
});

test('a one-shot timer interrupts once, at its time', (t) => {
  const { board, write, timer } = machine();
  write(CONFIGURATION, ENABLE);
  write(timer(0), INTERRUPT | MODE_32 | (20 << 9));
  write(timer(0) + 8, 500 * US);
  board.advance(499_990);
  t.is(board.wire('pin 20').rises, 0);
  board.advance(10);
  t.is(board.wire('pin 20').rises, 1);
  board.advance(1e9);
  t.is(board.wire('pin 20').rises, 1);
});

test('a one-shot timer that is written a little late interrupts at once', (t) => {
  const { board, write, timer } = machine();
  write(CONFIGURATION, ENABLE);
  write(timer(0), INTERRUPT | MODE_32 | (20 << 9));
  board.advance(1e6);
  write(timer(0) + 8, 900 * US);
  board.advance(0);
  t.is(board.wire('pin 20').rises, 1);
});

test('a periodic timer as Linux sets it up interrupts every period, through the legacy route', (t) => {
  const { board, read, write, timer } = machine();
  write(CONFIGURATION, ENABLE | LEGACY);
  t.true(board.wire('legacy replacement').level);
  board.advance(123_450);
  write(timer(0), INTERRUPT | PERIODIC | SET_VALUE | MODE_32);
  write(timer(0) + 8, read(COUNTER) + 4000 * US);
  t.is(read(timer(0)) & SET_VALUE, 0);
  write(timer(0) + 8, 4000 * US);
  board.advance(3_999_000);
  t.is(board.wire('legacy 0').rises, 0);
  board.advance(1e9);
  t.is(board.wire('legacy 0').rises, 250);
  t.true(read(timer(0) + 8) > read(COUNTER));
});

test('a period goes on when the thread gets no turn for several of them, wherever that happens', (t) => {
  for (const stalledRead of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const { board, read, write, timer } = machine();
    write(CONFIGURATION, LEGACY);
    write(timer(0), INTERRUPT | PERIODIC | SET_VALUE | MODE_32);
    write(timer(0) + 8, read(COUNTER) + 4000 * US);
    write(timer(0) + 8, 4000 * US);
    board.clocks.virtual.stallAt(stalledRead, 50e6);
    write(CONFIGURATION, ENABLE | LEGACY);
    board.advance(100e6);
    t.true(board.wire('legacy 0').rises >= 10, `stalled at read ${stalledRead}`);
  }
});

test('a 64-bit comparator is set by both halves', (t) => {
  const { board, write, timer } = machine();
  write(timer(1), INTERRUPT | PERIODIC | SET_VALUE | (16 << 9));
  board.memory.write(BASE + timer(1) + 8, 4, 5);
  board.memory.write(BASE + timer(1) + 12, 4, 1);
  board.memory.write(BASE + timer(1) + 8, 4, 1000 * US);
  board.memory.write(BASE + timer(1) + 12, 4, 0);
  write(CONFIGURATION, ENABLE);
  board.advance((2 ** 32 + 5) * 10 - 10);
  t.is(board.wire('pin 16').rises, 0);
  board.advance(10);
  t.is(board.wire('pin 16').rises, 1);
  board.advance(1e6);
  t.is(board.wire('pin 16').rises, 2);
});

test('a level stays until its status bit is cleared', (t) => {
  const { board, read, write, timer } = machine();
  write(CONFIGURATION, ENABLE);
  write(timer(2), INTERRUPT | LEVEL | MODE_32 | (21 << 9));
  write(timer(2) + 8, 10 * US);
  board.advance(20_000);
  t.true(board.wire('pin 21').level);
  t.is(read(STATUS), 4);
  write(STATUS, 4);
  t.false(board.wire('pin 21').level);
  t.is(read(STATUS), 0);
});

test('with msi=on a timer sends its message', (t) => {
  const { board, read, write, timer } = machine(true);
  t.is(read(timer(0)) & 0x8000, 0x8000);
  write(CONFIGURATION, ENABLE);
  write(timer(0) + 0x10, 0x4041);
  write(timer(0) + 0x14, 0xfee01000);
  write(timer(0), INTERRUPT | MODE_32 | 0x4000);
  write(timer(0) + 8, 10 * US);
  board.advance(20_000);
  t.deepEqual(board.messages, [{ address: 0xfee01000, data: 0x4041 }]);
});

const referenceTest = hasReference ? test : test.skip;

referenceTest('its registers answer as those of the reference', async (t) => {
  const read = (offset: number): Step => ['readl', BASE + offset];
  const write = (offset: number, value: number): Step => ['writel', BASE + offset, value];
  const script: Step[] = [
    ...[0x00, 0x04, 0x10, 0x14, 0x20, 0xf0, 0xf4].map(read),
    ...[0x100, 0x104, 0x108, 0x10c, 0x110, 0x114, 0x120, 0x124, 0x140].map(read),
    write(0x100, 0xffffbfff),
    read(0x100),
    write(0x108, 0x1234),
    read(0x108),
    read(0x10c),
    read(0x100),
    write(0x120, 0x28),
    read(0x120),
    write(0xf0, 0x12345678),
    write(0xf4, 0x9a),
    read(0xf0),
    read(0xf4),
    write(0x10, 0xffffffff),
    read(0x10),
    read(0xf0),
    read(0xf4),
  ];
  t.deepEqual(runOnBoard(script, machine().board), await runOnReference(script));
});

testDeviceContract(test, {
  name: 'hpet',
  create: (board) => createHpet(board),
  exercise: (board) => {
    const write = (offset: number, value: number): void => board.memory.write(BASE + offset, 4, value);
    write(CONFIGURATION, ENABLE);
    board.advance(1_234_567);
    write(0x100, INTERRUPT | PERIODIC | SET_VALUE | MODE_32 | (20 << 9));
    write(0x108, 400_000);
    write(0x108, 123_456);
    write(0x140, INTERRUPT | LEVEL | MODE_32 | (21 << 9));
    write(0x148, 150_000);
    board.advance(5_000_000);
  },
});
