import test from 'ava';
import { type I8254, isaPit, PIT_HZ } from '../../../src/devices/isa/i8254.ts';
import { isaPcspk } from '../../../src/devices/isa/pc-speaker.ts';
import { testDeviceContract } from '../support/device-contract.ts';
import { createFakeBoard, type FakeBoard } from '../support/fake-board.ts';

const CONTROL = 0x43;
const SPEAKER = 0x61;

function createTimer(board: FakeBoard) {
  const timers: I8254[] = [];
  const device = isaPit.create({ ...board, attach: (made) => timers.push(made) }, { iobase: 0x40 });
  const [timer] = timers;
  if (timer === undefined) throw new Error('The timer was not attached');
  return { device, timer };
}

function machine() {
  const board = createFakeBoard();
  const { device, timer } = createTimer(board);
  isaPcspk.create({ ...board, timer }, { iobase: SPEAKER }).reset();
  device.reset();
  /** Moves on by ticks of the oscillator, to the middle of a tick. */
  let tick = 0;
  const step = (ticks: number): void => {
    tick += ticks;
    const until = Math.ceil(((tick + 0.5) * 1e9) / PIT_HZ);
    board.advance(until - board.clocks.virtual.now());
  };
  step(0);
  const count = (counter: number): number => {
    board.out8(CONTROL, counter << 6);
    return board.in8(0x40 + counter) | (board.in8(0x40 + counter) << 8);
  };
  const program = (counter: number, mode: number, value: number): void => {
    board.out8(CONTROL, (counter << 6) | 0x30 | (mode << 1));
    board.out8(0x40 + counter, value & 0xff);
    board.out8(0x40 + counter, value >> 8);
  };
  const out2 = (): number => (board.in8(SPEAKER) >> 5) & 1;
  return { board, device, timer, step, count, program, out2 };
}

/** OUT of counter 2 for each of the next ticks. */
function trace({ step, out2 }: ReturnType<typeof machine>, ticks: number): string {
  return Array.from({ length: ticks }, () => {
    step(1);
    return out2();
  }).join('');
}

test('mode 0 raises its output when the count has run out, and stays there', (t) => {
  const m = machine();
  m.board.out8(SPEAKER, 1);
  m.program(2, 0, 4);
  // The data sheet: OUT goes high N + 1 ticks after the count was written (figure 15).
  t.is(trace(m, 8), '00001111');
});

test('mode 0 stands still while the gate is low', (t) => {
  const m = machine();
  m.board.out8(SPEAKER, 1);
  m.program(2, 0, 100);
  m.step(11);
  t.is(m.count(2), 90);
  m.board.out8(SPEAKER, 0);
  m.step(50);
  t.is(m.count(2), 90);
  m.board.out8(SPEAKER, 1);
  m.step(40);
  t.is(m.count(2), 50);
});

test('mode 1 is a pulse as long as the count, from each rise of the gate', (t) => {
  const m = machine();
  m.program(2, 1, 3);
  t.is(trace(m, 3), '111');
  m.board.out8(SPEAKER, 1);
  t.is(trace(m, 5), '00011');
  m.board.out8(SPEAKER, 0);
  m.board.out8(SPEAKER, 1);
  t.is(trace(m, 2), '00');
  m.board.out8(SPEAKER, 0);
  m.board.out8(SPEAKER, 1);
  t.is(trace(m, 4), '0001', 'a second trigger begins again');
});

test('mode 2 is low for the last tick of each period', (t) => {
  const m = machine();
  m.board.out8(SPEAKER, 1);
  m.program(2, 2, 3);
  t.is(trace(m, 9), '110110110');
});

test('mode 3 is a square wave, an odd count one tick longer high', (t) => {
  const m = machine();
  m.board.out8(SPEAKER, 1);
  m.program(2, 3, 4);
  t.is(trace(m, 8), '11001100');
  m.program(2, 3, 5);
  t.is(trace(m, 10), '1110011100');
});

test('modes 4 and 5 are low for one tick when the count has run out', (t) => {
  const m = machine();
  m.board.out8(SPEAKER, 1);
  m.program(2, 4, 3);
  t.is(trace(m, 6), '111011');
  m.program(2, 5, 3);
  t.is(trace(m, 3), '111');
  m.board.out8(SPEAKER, 0);
  m.board.out8(SPEAKER, 1);
  t.is(trace(m, 6), '111011');
});

test('a new count waits for the end of the period in mode 2 and of the half cycle in mode 3', (t) => {
  const m = machine();
  m.board.out8(SPEAKER, 1);
  m.program(2, 2, 4);
  t.is(trace(m, 2), '11');
  m.board.out8(0x42, 2);
  m.board.out8(0x42, 0);
  t.is(trace(m, 6), '101010');
  m.program(2, 3, 4);
  t.is(trace(m, 2), '11');
  m.board.out8(0x42, 6);
  m.board.out8(0x42, 0);
  t.is(trace(m, 9), '000111000');
});

test('a latched count stays until it is read, and bytes alternate', (t) => {
  const { board, step, program } = machine();
  program(0, 2, 0x1234);
  step(1);
  board.out8(CONTROL, 0x00);
  step(0x100);
  board.out8(CONTROL, 0x00);
  t.is(board.in8(0x40), 0x34);
  t.is(board.in8(0x40), 0x12);
  t.is(board.in8(0x40), 0x34);
  t.is(board.in8(0x40), 0x11);
});

test('read-back latches status before count', (t) => {
  const { board, step } = machine();
  board.out8(CONTROL, 0x74);
  board.out8(CONTROL, 0xe4);
  t.is(board.in8(0x41), 0xf4, 'no count yet');
  board.out8(0x41, 0x10);
  board.out8(0x41, 0x00);
  step(3);
  board.out8(CONTROL, 0xc4);
  t.is(board.in8(0x41), 0xb4);
  t.is(board.in8(0x41), 0x0e);
  t.is(board.in8(0x41), 0x00);
});

test('BCD counts in decimal', (t) => {
  const { board, step } = machine();
  board.out8(CONTROL, 0x35);
  board.out8(0x40, 0x00);
  board.out8(0x40, 0x10);
  step(2);
  board.out8(CONTROL, 0x00);
  t.is(board.in8(0x40), 0x99);
  t.is(board.in8(0x40), 0x09);
});

test('counter 0 interrupts once a period, at its frequency', (t) => {
  const { board, program } = machine();
  const rises = board.irq(0).rises;
  program(0, 2, 11932);
  board.advance(1e9);
  t.is(board.irq(0).rises - rises, 99);
  program(0, 3, 11932);
  const before = board.irq(0).rises;
  board.advance(1e9);
  t.is(board.irq(0).rises - before, 99);
});

test('counter 0 interrupts once in modes 0 and 4', (t) => {
  const { board, program } = machine();
  for (const mode of [0, 4]) {
    program(0, mode, 1000);
    const before = board.irq(0).rises;
    board.advance(1e6 * 0.8);
    t.is(board.irq(0).rises, before);
    board.advance(1e9);
    t.is(board.irq(0).rises, before + 1);
    t.is(board.clocks.virtual.armed, 0);
  }
});

test('ten milliseconds on counter 2 last ten milliseconds, as Linux measures the TSC by it', (t) => {
  const { board, out2, program } = machine();
  board.out8(SPEAKER, 1);
  const latch = Math.round(PIT_HZ / 100);
  program(2, 0, latch);
  const start = board.clocks.virtual.now();
  while (out2() === 0) board.advance(1000);
  const elapsed = board.clocks.virtual.now() - start;
  t.true(Math.abs(elapsed - 1e7) < 4000, `${elapsed}`);
});

test('the refresh toggle changes every 15 µs', (t) => {
  const { board } = machine();
  let changes = 0;
  let last = board.in8(SPEAKER) & 0x10;
  for (let us = 0; us < 1520; us++) {
    board.advance(1000);
    const level = board.in8(SPEAKER) & 0x10;
    if (level !== last) changes += 1;
    last = level;
  }
  t.is(changes, 100);
});

test('a short count interrupts when the thread gets no turn for longer, wherever that happens', (t) => {
  for (const stalledRead of [1, 2, 3, 4, 5, 6]) {
    const m = machine();
    m.board.out8(CONTROL, 0x38);
    m.board.out8(0x40, 0x64);
    const before = m.board.irq(0).rises;
    m.board.clocks.virtual.stallAt(stalledRead, 5e6);
    m.board.out8(0x40, 0);
    m.board.advance(20e6);
    t.is(m.board.irq(0).rises - before, 1, `stalled at read ${stalledRead}`);
  }
});

testDeviceContract(test, {
  name: 'isa-pit',
  create: (board) => createTimer(board).device,
  exercise: (board) => {
    board.advance(12345);
    for (const [port, value] of [
      [0x43, 0x34],
      [0x40, 0x9c],
      [0x40, 0x2e],
      [0x43, 0x76],
      [0x41, 0x77],
      [0x43, 0x80],
    ] as const) {
      board.out8(port, value);
    }
    board.advance(777_777);
    board.out8(0x40, 0x10);
    board.out8(0x40, 0x20);
    board.out8(CONTROL, 0xc2);
  },
});

testDeviceContract(test, {
  name: 'isa-pcspk',
  create: (board) => {
    const { device, timer } = createTimer(board);
    const speaker = isaPcspk.create({ ...board, timer }, { iobase: SPEAKER });
    return {
      reset: () => {
        device.reset();
        speaker.reset();
      },
      save: () => [device.save(), speaker.save()],
      restore: (state) => {
        const [timerState = {}, speakerState = {}] = state as [];
        device.restore(timerState);
        speaker.restore(speakerState);
      },
      unrealize: () => {
        device.unrealize?.();
        speaker.unrealize?.();
      },
    };
  },
  exercise: (board) => {
    board.out8(SPEAKER, 0x0f);
    board.out8(CONTROL, 0xb6);
    board.out8(0x42, 0x00);
    board.out8(0x42, 0x01);
    board.advance(5000);
  },
});
