import test from 'ava';
import { isaSerial } from '../../../src/devices/isa/isa-serial.ts';
import * as uart from '../../../src/devices/isa/uart-16550-registers.ts';
import { testDeviceContract } from '../support/device-contract.ts';
import { createFakeBoard, type FakeBoard } from '../support/fake-board.ts';
import { FakeWire } from '../support/fake-wire.ts';

const COM1 = 0x3f8;
const DEFAULTS = { index: 0, iobase: 0xffffffff, irq: 0xffffffff, chardev: 'serial0', wakeup: 0 };
/** Ten bits at 115200 baud, four of them, and some. */
const TIMEOUT_NS = 350_000;

function plug(board: FakeBoard) {
  let next = 0;
  return isaSerial.create({ ...board, nextIndex: () => next++ }, DEFAULTS);
}

function create() {
  const board = createFakeBoard();
  const device = plug(board);
  device.reset();
  return {
    board,
    device,
    character: board.character('serial0'),
    irq: board.irq(4),
    read: (offset: number) => board.in8(COM1 + offset),
    write: (offset: number, value: number) => board.out8(COM1 + offset, value),
  };
}

testDeviceContract(test, {
  name: 'isa-serial',
  create: plug,
  exercise: (board) => {
    for (const [offset, value] of [
      [uart.LCR, 0x83],
      [uart.RBR_THR, 1],
      [uart.LCR, 0x03],
      [uart.IIR_FCR, 0xc7],
      [uart.IER, 0x0f],
      [uart.MCR, 0x0b],
      [uart.SCR, 0x5a],
    ] as const) {
      board.out8(COM1 + offset, value);
    }
    board.character('serial0').send('abc');
    board.character('serial0').raise('break');
  },
});

test('Linux finds a 16550A: FIFOs, no extended registers, loopback of the modem lines', (t) => {
  const { read, write } = create();
  write(uart.IER, 0);
  t.is(read(uart.IER), 0);
  write(uart.IER, 0xff);
  t.is(read(uart.IER), 0x0f);
  write(uart.IER, 0);
  write(uart.MCR, uart.MCR_LOOP | uart.MCR_OUT2 | uart.MCR_RTS);
  t.is(read(uart.MSR) & 0xf0, uart.MSR_DCD | uart.MSR_CTS);
  write(uart.MCR, 0);
  write(uart.IIR_FCR, uart.FCR_ENABLE);
  t.is(read(uart.IIR_FCR) >> 6, 3);
  // Not a 16654, 16C950, 16750 or National super I/O: nothing else answers behind the configuration modes of LCR.
  write(uart.LCR, 0xbf);
  t.not(read(uart.IIR_FCR), 0);
  write(uart.IIR_FCR, 0x21);
  t.is(read(uart.IIR_FCR) >> 5, 6);
  write(uart.LCR, 0);
  write(uart.IIR_FCR, 0);
  t.is(read(uart.IIR_FCR), uart.IIR_NONE);
});

test('bytes leave at once and the transmitter is empty again, with an interrupt that reading IIR takes back', (t) => {
  const { character, irq, read, write } = create();
  t.is(read(uart.LSR), uart.LSR_TRANSMITTER_HOLDING_EMPTY | uart.LSR_TRANSMITTER_EMPTY);
  write(uart.IER, uart.IER_TRANSMITTER_EMPTY);
  t.true(irq.level);
  t.is(read(uart.IIR_FCR), uart.IIR_TRANSMITTER_EMPTY);
  t.false(irq.level);
  t.is(read(uart.IIR_FCR), uart.IIR_NONE);
  for (const byte of Buffer.from('hi\n')) write(uart.RBR_THR, byte);
  t.true(irq.level);
  t.is(character.text, 'hi\n');
});

test('while the host takes nothing the transmitter is not empty, and nothing is lost', (t) => {
  const { character, irq, read, write } = create();
  character.writable = 1;
  write(uart.IER, uart.IER_TRANSMITTER_EMPTY);
  for (const byte of Buffer.from('abcd')) write(uart.RBR_THR, byte);
  t.is(character.text, 'a');
  t.is(read(uart.LSR), 0);
  t.false(irq.level);
  character.allow(100);
  t.is(character.text, 'abcd');
  t.is(read(uart.LSR), uart.LSR_TRANSMITTER_HOLDING_EMPTY | uart.LSR_TRANSMITTER_EMPTY);
  t.true(irq.level);
});

test('the receiver takes sixteen bytes, and the rest waits at the host', (t) => {
  const { board, character, irq, read, write } = create();
  write(uart.IIR_FCR, uart.FCR_ENABLE | (2 << uart.FCR_TRIGGER_SHIFT));
  write(uart.IER, uart.IER_RECEIVED);
  character.send('0123456');
  t.false(irq.level);
  character.send('789abcdefGHIJ');
  t.true(irq.level);
  t.is(read(uart.IIR_FCR), uart.IIR_FIFOS_ENABLED | uart.IIR_RECEIVED);
  let text = '';
  while ((read(uart.LSR) & uart.LSR_DATA_READY) !== 0) text += String.fromCharCode(read(uart.RBR_THR));
  t.is(text, '0123456789abcdefGHIJ');
  t.is(board.in8(COM1 + uart.IIR_FCR), uart.IIR_FIFOS_ENABLED | uart.IIR_NONE);
  t.false(irq.level);
});

test('bytes below the trigger level are announced after four character times, until one is read', (t) => {
  const { board, character, irq, read, write } = create();
  write(uart.LCR, 0x83);
  write(uart.RBR_THR, 1);
  write(uart.LCR, 0x03);
  write(uart.IIR_FCR, uart.FCR_ENABLE | (3 << uart.FCR_TRIGGER_SHIFT));
  write(uart.IER, uart.IER_RECEIVED);
  character.send('xy');
  board.advance(TIMEOUT_NS - 10_000);
  t.false(irq.level);
  board.advance(10_000);
  t.true(irq.level);
  t.is(read(uart.IIR_FCR), uart.IIR_FIFOS_ENABLED | uart.IIR_TIMEOUT);
  t.is(read(uart.RBR_THR), 0x78);
  t.false(irq.level);
  board.advance(TIMEOUT_NS);
  t.true(irq.level);
});

test('a break is a zero byte with its status, shown when it is the oldest', (t) => {
  const { character, irq, read, write } = create();
  write(uart.IIR_FCR, uart.FCR_ENABLE);
  write(uart.IER, uart.IER_LINE_STATUS);
  character.send('a');
  character.raise('break');
  t.is(read(uart.LSR) & ~0x60, uart.LSR_DATA_READY | uart.LSR_FIFO_ERROR);
  t.is(read(uart.RBR_THR), 0x61);
  t.true(irq.level);
  t.is(read(uart.IIR_FCR), uart.IIR_FIFOS_ENABLED | uart.IIR_LINE_STATUS);
  t.is(read(uart.LSR) & ~0x60, uart.LSR_DATA_READY | uart.LSR_BREAK | uart.LSR_FIFO_ERROR);
  t.false(irq.level);
  t.is(read(uart.LSR) & ~0x60, uart.LSR_DATA_READY);
  t.is(read(uart.RBR_THR), 0);
});

test('in loopback the transmitter feeds the receiver, which overruns; the line hears nothing', (t) => {
  const { character, read, write } = create();
  write(uart.MCR, uart.MCR_LOOP);
  write(uart.RBR_THR, 0x55);
  t.is(read(uart.LSR) & uart.LSR_DATA_READY, 1);
  write(uart.RBR_THR, 0xaa);
  t.is(read(uart.LSR) & uart.LSR_OVERRUN, uart.LSR_OVERRUN);
  t.is(read(uart.RBR_THR), 0xaa);
  character.send('z');
  t.is(read(uart.LSR) & uart.LSR_DATA_READY, 0);
  write(uart.MCR, 0);
  t.is(read(uart.RBR_THR), 0x7a);
  t.is(character.text, '');
});

test('a change of the modem lines raises its interrupt until MSR is read', (t) => {
  const { irq, read, write } = create();
  write(uart.IER, uart.IER_MODEM_STATUS);
  write(uart.MCR, uart.MCR_LOOP);
  t.true(irq.level);
  t.is(read(uart.IIR_FCR), uart.IIR_MODEM_STATUS);
  t.is(read(uart.MSR), uart.MSR_DELTA_CTS | uart.MSR_DELTA_DSR | uart.MSR_DELTA_DCD);
  t.false(irq.level);
  write(uart.MCR, uart.MCR_LOOP | uart.MCR_OUT1);
  t.is(read(uart.MSR), uart.MSR_RI);
  write(uart.MCR, uart.MCR_LOOP);
  t.is(read(uart.MSR), uart.MSR_TRAILING_RI);
});

test('every register but RBR is answered without asking the device, unless reading it has an effect', (t) => {
  const { board, read, write } = create();
  const claim = board.ports.claims.find(({ first }) => first === COM1 + 1);
  t.is(claim?.options.fast?.length, 7);
  t.true(board.ports.claims.find(({ first }) => first === COM1)?.options.posted);
  const words = new Int32Array(board.shared);
  const isOpen = (offset: number) => {
    const answer = claim?.options.fast?.find((entry) => entry.offset === offset - 1)?.answer;
    return answer?.kind === 'word' && words[(answer.enabled ?? 0) >> 2] === 1;
  };
  t.true(isOpen(uart.LSR));
  write(uart.IER, uart.IER_TRANSMITTER_EMPTY);
  t.false(isOpen(uart.IIR_FCR));
  read(uart.IIR_FCR);
  t.true(isOpen(uart.IIR_FCR));
  board.character('serial0').raise('break');
  t.false(isOpen(uart.LSR));
});

test('ports go to their usual places by their number, and there are four', (t) => {
  const board = createFakeBoard();
  let next = 3;
  const ports = { ...board, nextIndex: () => next++ };
  isaSerial.create(ports, { ...DEFAULTS, index: 0xffffffff });
  t.true(board.ports.claims.some(({ first }) => first === 0x2e8));
  const error = t.throws(() => isaSerial.create(ports, { ...DEFAULTS, index: 0xffffffff }));
  t.is(error?.message, 'Max. supported number of ISA serial ports is 4.');
  t.throws(() => isaSerial.create(ports, { ...DEFAULTS, chardev: '' }), { code: 'ERR_DEVICE_CHARDEV' });
});

test('when the line rises the shared words tell why', (t) => {
  const board = createFakeBoard();
  const words = new Int32Array(board.shared);
  const shown = (offset: number): number => {
    const claim = board.ports.claims.find(({ first }) => first === COM1 + 1);
    const answer = claim?.options.fast?.find((entry) => entry.offset === offset - 1)?.answer;
    return answer?.kind === 'word' ? (words[answer.word >> 2] ?? -1) : -1;
  };
  const seen: number[] = [];
  const changed = (level: boolean): void => {
    if (level) seen.push(shown(uart.IIR_FCR), shown(uart.LSR) & uart.LSR_DATA_READY);
  };
  board.wires.set('irq 4', new FakeWire(changed));
  plug(board).reset();
  board.out8(COM1 + uart.IER, uart.IER_RECEIVED);
  board.character('serial0').send('x');
  t.deepEqual(seen, [uart.IIR_RECEIVED, uart.LSR_DATA_READY]);
});
