import test from 'ava';
import { i8237 } from '../../../src/devices/isa/i8237.ts';
import type { DmaChannel } from '../../../src/devices/isa/isa-contract.ts';
import { testDeviceContract } from '../support/device-contract.ts';
import { createFakeBoard, type FakeBoard } from '../support/fake-board.ts';
import { hasReference, runOnBoard, runOnReference, type Step } from '../support/qtest-oracle.ts';

const WRITE = 0x44;
const READ = 0x48;
const VERIFY = 0x40;
const AUTOINITIALIZE = 0x10;
const DECREMENT = 0x20;

type ChannelOf = (number: number) => DmaChannel;

function createDma(board: FakeBoard) {
  const attached: ChannelOf[] = [];
  const device = i8237.create({ ...board, attach: (channelOf) => attached.push(channelOf) }, {});
  const [channelOf] = attached;
  if (channelOf === undefined) throw new Error('The controller was not attached');
  return { device, channelOf };
}

/** Channel 2 as a floppy driver programs it. */
function program(board: FakeBoard, mode: number, address: number, bytes: number): void {
  board.out8(0x0a, 0x06);
  board.out8(0x0c, 0);
  board.out8(0x0b, mode | 2);
  board.out8(0x04, address & 0xff);
  board.out8(0x04, (address >> 8) & 0xff);
  board.out8(0x81, address >> 16);
  board.out8(0x05, (bytes - 1) & 0xff);
  board.out8(0x05, (bytes - 1) >> 8);
  board.out8(0x0a, 0x02);
}

/** A device that gives or takes bytes until it has no more. */
function machine(bytes: readonly number[] = []) {
  const board = createFakeBoard();
  const { device, channelOf } = createDma(board);
  device.reset();
  const source = [...bytes];
  const taken: number[] = [];
  let terminalCounts = 0;
  const channel = channelOf(2);
  channel.onTransfer((buffer, toDevice, terminal) => {
    if (terminal) terminalCounts += 1;
    if (toDevice) {
      taken.push(...buffer);
      return buffer.length;
    }
    const given = source.splice(0, buffer.length);
    buffer.set(given);
    return given.length;
  });
  return { board, device, channel, channelOf, source, taken, terminalCounts: () => terminalCounts };
}

test('a device writes to memory until terminal count, which masks the channel', (t) => {
  const m = machine([1, 2, 3, 4, 5, 6]);
  program(m.board, WRITE, 0x12340, 4);
  m.channel.request(true);
  t.deepEqual([...m.board.guest.read(0x12340, 5)], [1, 2, 3, 4, 0]);
  t.is(m.terminalCounts(), 1);
  t.is(m.board.in8(0x08), 0x44, 'terminal count, and still a request');
  t.is(m.board.in8(0x08), 0x40);
  t.is(m.board.in8(0x0f), 0x0f);
  t.deepEqual(m.source, [5, 6]);
});

test('a device that has nothing to give goes on at its next request', (t) => {
  const m = machine([1, 2]);
  program(m.board, WRITE, 0x2000, 4);
  m.channel.request(true);
  m.channel.request(false);
  t.is(m.board.in8(0x08), 0);
  m.source.push(3, 4, 5);
  m.channel.request(true);
  t.deepEqual([...m.board.guest.read(0x2000, 5)], [1, 2, 3, 4, 0]);
});

test('a device reads from memory', (t) => {
  const m = machine();
  m.board.guest.write(0x3000, Uint8Array.of(9, 8, 7));
  program(m.board, READ, 0x3000, 3);
  m.channel.request(true);
  t.deepEqual(m.taken, [9, 8, 7]);
});

test('a request waits until the channel is unmasked and the controller enabled', (t) => {
  const m = machine([1]);
  program(m.board, WRITE, 0x2000, 1);
  m.board.out8(0x08, 0x04);
  m.channel.request(true);
  t.is(m.board.guest.readU8(0x2000), 0);
  m.board.out8(0x08, 0x00);
  t.is(m.board.guest.readU8(0x2000), 1);
});

test('verify moves nothing and counts all the same', (t) => {
  const m = machine([1, 2, 3, 4]);
  program(m.board, VERIFY, 0x2000, 4);
  m.channel.request(true);
  t.is(m.board.guest.readU32(0x2000), 0);
  t.is(m.terminalCounts(), 1);
});

test('autoinitialization begins again', (t) => {
  const m = machine([1, 2, 3, 4, 5, 6]);
  program(m.board, WRITE | AUTOINITIALIZE, 0x2000, 4);
  m.channel.request(true);
  t.deepEqual([...m.board.guest.read(0x2000, 4)], [5, 6, 3, 4]);
  t.is(m.board.in8(0x0f), 0x0b);
  m.board.out8(0x0c, 0);
  t.is(m.board.in8(0x04) | (m.board.in8(0x04) << 8), 0x2002);
});

test('a decrementing channel fills memory downwards', (t) => {
  const m = machine([1, 2, 3]);
  program(m.board, WRITE | DECREMENT, 0x2002, 3);
  m.channel.request(true);
  t.deepEqual([...m.board.guest.read(0x2000, 3)], [3, 2, 1]);
});

test('the address wraps within its 64 KiB page', (t) => {
  const m = machine([1, 2, 3, 4]);
  program(m.board, WRITE, 0x1fffe, 4);
  m.channel.request(true);
  t.deepEqual([...m.board.guest.read(0x1fffe, 2)], [1, 2]);
  t.deepEqual([...m.board.guest.read(0x10000, 2)], [3, 4]);
});

test('channels from 5 on move words', (t) => {
  const { board, channelOf } = machine();
  const channel = channelOf(5);
  channel.onTransfer((buffer) => {
    buffer.set([1, 2, 3, 4]);
    return 4;
  });
  board.out8(0xd8, 0);
  board.out8(0xd6, WRITE | 1);
  board.out8(0xc4, 0x00);
  board.out8(0xc4, 0x10);
  board.out8(0x8b, 0x03);
  board.out8(0xc6, 0x01);
  board.out8(0xc6, 0x00);
  board.out8(0xd4, 0x01);
  channel.request(true);
  t.deepEqual([...board.guest.read(0x22000, 4)], [1, 2, 3, 4]);
});

const referenceTest = hasReference ? test : test.skip;

referenceTest('registers answer as those of the reference', async (t) => {
  const script: Step[] = [
    ['outb', 0x0c, 0],
    ['outb', 0x02, 0x34],
    ['outb', 0x02, 0x12],
    ['outb', 0x03, 0x78],
    ['outb', 0x03, 0x56],
    ['inb', 0x02],
    ['inb', 0x02],
    ['inb', 0x03],
    ['inb', 0x03],
    ['outb', 0x83, 0x5a],
    ['inb', 0x83],
    ['outb', 0x0d, 0x00],
    ['inb', 0x08],
    ['outb', 0xd8, 0],
    ['outb', 0xc4, 0xcd],
    ['outb', 0xc4, 0xab],
    ['inb', 0xc4],
    ['inb', 0xc4],
  ];
  t.deepEqual(runOnBoard(script, machine().board), await runOnReference(script));
});

testDeviceContract(test, {
  name: 'i8237',
  create: (board) => createDma(board).device,
  exercise: (board) => {
    program(board, WRITE | AUTOINITIALIZE, 0x54321, 100);
    board.out8(0x09, 0x05);
    board.out8(0xc4, 0x12);
  },
});
