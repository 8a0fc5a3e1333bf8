import test from 'ava';
import { type Mc146818, mc146818rtc } from '../../../src/devices/isa/mc146818rtc.ts';
import { testDeviceContract } from '../support/device-contract.ts';
import { createFakeBoard, type FakeBoard } from '../support/fake-board.ts';
import { hasReference, runOnBoard, runOnReference, type Step } from '../support/qtest-oracle.ts';

const BASE_MS = Date.UTC(2013, 4, 24, 12, 34, 56);
const SECOND = 1e9;
const A = 0x0a;
const B = 0x0b;
const C = 0x0c;

function createRtc(board: FakeBoard, policy: 'discard' | 'slew' = 'discard', clock = board.clocks.virtual) {
  const made: Mc146818[] = [];
  const device = mc146818rtc.create(
    {
      ...board,
      rtc: { clock, offsetMs: BASE_MS },
      cmos: new Map([[0x34, 0x12]]),
      alarm: () => board.wire('alarm').set(!board.wire('alarm').level),
      attach: (rtc) => made.push(rtc),
    },
    { base_year: 2000, lost_tick_policy: policy },
  );
  const [rtc] = made;
  if (rtc === undefined) throw new Error('The clock was not attached');
  return { device, rtc };
}

function machine(policy?: 'discard' | 'slew') {
  const board = createFakeBoard();
  const { device, rtc } = createRtc(board, policy);
  device.reset();
  const read = (index: number): number => {
    board.out8(0x70, index);
    return board.in8(0x71);
  };
  const write = (index: number, value: number): void => {
    board.out8(0x70, index);
    board.out8(0x71, value);
  };
  const time = (): string => [4, 2, 0].map((index) => read(index).toString(16).padStart(2, '0')).join(':');
  return { board, device, rtc, read, write, time, irq: board.irq(8) };
}

test('the time advances, in BCD and 24 hours after reset', (t) => {
  const { board, read, time } = machine();
  t.is(time(), '12:34:56');
  t.deepEqual([7, 8, 9, 0x32, 6].map(read), [0x24, 0x05, 0x13, 0x20, 6]);
  board.advance(5 * SECOND);
  t.is(time(), '12:35:01');
  board.advance(12 * 3600 * SECOND);
  t.is(time(), '00:35:01');
  t.is(read(7), 0x25);
});

test('register B chooses binary and 12-hour forms', (t) => {
  const { board, read, write } = machine();
  write(B, 0x06);
  t.deepEqual([4, 2, 0].map(read), [12, 34, 56]);
  write(B, 0x00);
  t.is(read(4), 0x92);
  board.advance(12 * 3600 * SECOND);
  t.is(read(4), 0x12);
  board.advance(3600 * SECOND);
  t.is(read(4), 0x01);
});

test('UIP is up for 244 µs before each update and never while SET holds the time', (t) => {
  const { board, read, write, time } = machine();
  board.advance(SECOND - 245_000);
  t.is(read(A), 0x26);
  board.advance(2_000);
  t.is(read(A), 0xa6);
  t.is(time(), '12:34:56');
  write(B, 0x82);
  t.is(read(A), 0x26);
  write(B, 0x02);
  board.advance(243_000);
  t.is(read(A), 0x26);
  t.is(time(), '12:34:57');
});

test('setting the clock as Linux does announces its offset from the base', (t) => {
  const { board, read, write, time } = machine();
  board.advance(10 * SECOND);
  write(B, 0x82);
  write(A, 0x76);
  for (const [index, value] of [
    [9, 0x14],
    [8, 0x05],
    [7, 0x24],
    [4, 0x12],
    [2, 0x35],
    [0, 0x16],
    [0x32, 0x20],
  ] as const) {
    write(index, value);
  }
  write(B, 0x02);
  board.advance(5 * SECOND);
  t.is(time(), '12:35:16', 'the divider chain is held');
  write(A, 0x26);
  t.deepEqual(board.machine.events, [{ name: 'RTC_CHANGE', data: { offset: 365 * 86400 + 5 } }]);
  board.advance(0.4 * SECOND);
  t.is(time(), '12:35:16');
  board.advance(0.2 * SECOND);
  t.is(time(), '12:35:17', 'the first update comes after half a second');
  t.is(read(9), 0x14);
});

test('the update-ended interrupt comes every second until it is read', (t) => {
  const { board, read, write, irq } = machine();
  write(B, 0x12);
  board.advance(0.5 * SECOND);
  t.false(irq.level);
  board.advance(0.6 * SECOND);
  t.true(irq.level);
  t.is(read(C), 0x90 | 0x40);
  t.false(irq.level);
  board.advance(3 * SECOND);
  t.is(irq.rises, 2);
});

test('the alarm interrupts at its time, and tells the power management', (t) => {
  const { board, read, write, irq } = machine();
  write(1, 0x10);
  write(3, 0x35);
  write(5, 0x12);
  write(B, 0x22);
  read(C);
  board.advance(13.9 * SECOND);
  t.false(irq.level);
  board.advance(0.2 * SECOND);
  t.true(irq.level);
  t.is(read(C) & 0xb0, 0xb0);
  t.true(board.wire('alarm').level);
  board.advance(86399 * SECOND);
  t.is(irq.rises, 1);
  board.advance(SECOND);
  t.is(irq.rises, 2);
});

test('an alarm byte from C0H matches everything', (t) => {
  const { board, write, read, irq } = machine();
  write(1, 0x00);
  write(3, 0xff);
  write(5, 0xc0);
  write(B, 0x22);
  for (let minute = 1; minute <= 3; minute++) {
    board.advance(60 * SECOND);
    t.is(irq.rises, minute);
    t.is(read(C) & 0xa0, 0xa0);
  }
});

test('the periodic interrupt has the rate of register A', (t) => {
  const { board, read, write, irq } = machine();
  write(B, 0x42);
  for (const [rate, hertz] of [
    [0x06, 1024],
    [0x0f, 2],
    [0x01, 256],
    [0x03, 8192],
  ] as const) {
    write(A, 0x20 | rate);
    read(C);
    const before = irq.rises;
    for (let slice = 0; slice < 32768; slice++) {
      board.advance(SECOND / 32768);
      if (irq.level) read(C);
    }
    t.true(Math.abs(irq.rises - before - hertz) <= 1, `${irq.rises - before} of ${hertz}`);
  }
});

test('flags are set whether or not they interrupt, and polling finds them', (t) => {
  const { board, read, write, irq } = machine();
  read(C);
  write(A, 0x2f);
  board.advance(0.6 * SECOND);
  t.is(read(C), 0x40);
  board.advance(SECOND);
  t.is(read(C) & 0x50, 0x50);
  t.is(irq.rises, 0);
  t.is(board.clocks.virtual.armed, 0);
});

test('periodic interrupts that came too late are delivered late with slew, dropped with discard', (t) => {
  for (const [policy, delivered] of [
    ['slew', 5],
    ['discard', 1],
  ] as const) {
    const { board, read, write, irq } = machine(policy);
    write(A, 0x2f);
    read(C);
    write(B, 0x42);
    board.advance(2.6 * SECOND);
    let count = 0;
    while (irq.level) {
      count += 1;
      read(C);
    }
    t.is(count, delivered, policy);
  }
});

test('reset leaves time and RAM, and ends interrupts', (t) => {
  const { board, device, read, write, time, irq } = machine();
  write(0x0f, 0x05);
  write(B, 0x12);
  board.advance(1.5 * SECOND);
  t.true(irq.level);
  device.reset();
  t.false(irq.level);
  t.is(read(B), 0x02);
  t.is(read(0x0f), 0x05);
  t.is(read(0x34), 0x12);
  t.is(time(), '12:34:57');
  t.is(read(0x0d), 0x80);
});

test('the date property is a struct tm', (t) => {
  const { rtc } = machine();
  const [date] = rtc.instanceProperties;
  t.deepEqual(date?.get?.(), {
    tm_year: 113,
    tm_mon: 4,
    tm_mday: 24,
    tm_hour: 12,
    tm_min: 34,
    tm_sec: 56,
  });
});

const referenceTest = hasReference ? test : test.skip;

referenceTest('it answers as the reference does', async (t) => {
  const read = (index: number): Step[] => [
    ['outb', 0x70, index],
    ['inb', 0x71],
  ];
  const write = (index: number, value: number): Step[] => [
    ['outb', 0x70, index],
    ['outb', 0x71, value],
  ];
  const time = [9, 8, 7, 6, 4, 2, 0, 0x32].flatMap(read);
  const script: Step[] = [
    ...time,
    ...time,
    ...write(B, 0x06),
    ...time,
    ...write(B, 0x86),
    ...write(4, 23),
    ...write(2, 59),
    ...write(0, 58),
    ...write(8, 12),
    ...write(7, 31),
    ...time,
    ...write(B, 0x06),
    ...time,
    ...time,
    ...write(B, 0x00),
    ...time,
    ...read(A),
    ...read(B),
    ...read(0x0d),
  ];
  const board = createFakeBoard();
  createRtc(board).device.reset();
  const reference = await runOnReference(script, ['-rtc', 'base=2013-05-24T12:34:56,clock=vm']);
  t.deepEqual(runOnBoard(script, board), reference);
});

for (const clock of ['virtual', 'host'] as const) {
  testDeviceContract(test, {
    name: `mc146818rtc on the ${clock} clock`,
    create: (board) => createRtc(board, 'slew', board.clocks[clock]).device,
    exercise: (board) => {
      for (const [index, value] of [
        [A, 0x2d],
        [B, 0x52],
        [1, 0x03],
        [3, 0xff],
        [5, 0xff],
        [4, 0x17],
        [0x55, 0xaa],
      ] as const) {
        board.out8(0x70, index);
        board.out8(0x71, value);
      }
      board.advance(3_210_000_000);
    },
  });
}
