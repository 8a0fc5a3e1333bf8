import test, { type ExecutionContext } from 'ava';
import { floppyFormat } from '../../../src/devices/isa/floppy-geometry.ts';
import { isaFdc } from '../../../src/devices/isa/isa-fdc.ts';
import { pattern } from '../../block/support/images.ts';
import { testDeviceContract } from '../support/device-contract.ts';
import { createFakeBoard, type FakeBoard } from '../support/fake-board.ts';
import { hasReference, runOnBoard, runOnReference, type Step } from '../support/qtest-oracle.ts';

const DISK_BYTES = 1440 * 1024;
const DISK = pattern(DISK_BYTES);
const SECTOR = 512;
const VALUES = {
  iobase: 0x3f0,
  irq: 6,
  dma: 2,
  driveA: 'floppy0',
  driveB: '',
  bootindexA: -1,
  bootindexB: -1,
  check_media_rate: true,
};

function create(board: FakeBoard) {
  board.drive('floppy0').contents ??= DISK.slice();
  return isaFdc.create(board, VALUES);
}

function command(board: FakeBoard, ...bytes: readonly number[]): void {
  for (const byte of bytes) board.out8(0x3f5, byte);
}

function results(board: FakeBoard): number[] {
  const bytes: number[] = [];
  while ((board.in8(0x3f4) & 0xd0) === 0xd0) bytes.push(board.in8(0x3f5));
  return bytes;
}

function machine(_t: ExecutionContext) {
  const board = createFakeBoard();
  const drive = board.drive('floppy0');
  const device = create(board);
  device.reset();
  // Motor on, drive 0, DMA on, the data rate of 1.44 MB.
  board.out8(0x3f2, 0x08);
  board.out8(0x3f2, 0x1c);
  for (let unit = 0; unit < 4; unit++) {
    command(board, 0x08);
    results(board);
  }
  board.out8(0x3f7, 0);
  return { board, device, drive, irq: board.wire('irq 6'), dma: board.dma(2) };
}

testDeviceContract(test, {
  name: 'isa-fdc',
  create,
  exercise: (board) => {
    board.out8(0x3f2, 0x1c);
    command(board, 0x0f, 0x00, 0x05);
    command(board, 0x08);
    board.in8(0x3f5);
  },
});

test('after a reset it answers once for each drive', (t) => {
  const board = createFakeBoard();
  create(board).reset();
  board.out8(0x3f2, 0x08);
  t.is(board.in8(0x3f4), 0);
  board.out8(0x3f2, 0x0c);
  t.true(board.wire('irq 6').level);
  t.is(board.in8(0x3f4), 0x80);
  const seen = [0, 1, 2, 3, 4].map(() => {
    command(board, 0x08);
    return results(board);
  });
  t.deepEqual(seen, [[0xc0, 0], [0xc1, 0], [0xc2, 0], [0xc3, 0], [0x80]]);
  t.false(board.wire('irq 6').level);
});

test('SEEK and RECALIBRATE move the head and end with an interrupt', (t) => {
  const { board, irq } = machine(t);
  command(board, 0x0f, 0x00, 0x21);
  t.true(irq.level);
  command(board, 0x08);
  t.false(irq.level);
  t.deepEqual(results(board), [0x20, 0x21]);
  command(board, 0x04, 0x04);
  t.deepEqual(results(board), [0x2c]);
  command(board, 0x07, 0x00);
  command(board, 0x08);
  t.deepEqual(results(board), [0x20, 0]);
  command(board, 0x04, 0x00);
  t.deepEqual(results(board), [0x38]);
});

test('the change line goes up with another disk, and down with a step', (t) => {
  const { board, drive } = machine(t);
  t.is(board.in8(0x3f7) & 0x80, 0x80);
  command(board, 0x0f, 0x00, 0x01);
  t.is(board.in8(0x3f7) & 0x80, 0);
  drive.remove();
  t.is(board.in8(0x3f7) & 0x80, 0x80);
  command(board, 0x07, 0x00);
  t.is(board.in8(0x3f7) & 0x80, 0x80);
  drive.insert(DISK.slice());
  command(board, 0x0f, 0x00, 0x01);
  t.is(board.in8(0x3f7) & 0x80, 0);
});

test('READ DATA by DMA ends with terminal count', (t) => {
  const { board, drive, dma, irq } = machine(t);
  command(board, 0xe6, 0x04, 2, 1, 3, 2, 18, 0x1b, 0xff);
  t.is(board.in8(0x3f4), 0x10);
  drive.finish();
  t.true(dma.requested);
  const target = new Uint8Array(3 * SECTOR);
  t.is(dma.serve(target, false, true), target.length);
  const first = (2 * 2 + 1) * 18 + 2;
  t.deepEqual(target, DISK.slice(first * SECTOR, (first + 3) * SECTOR));
  t.false(dma.requested);
  t.true(irq.level);
  t.deepEqual(results(board), [0x04, 0, 0, 2, 1, 6, 2]);
  t.false(irq.level);
});

test('a multi-track read goes on with the second side', (t) => {
  const { board, drive, dma } = machine(t);
  command(board, 0xe6, 0x00, 0, 0, 17, 2, 18, 0x1b, 0xff);
  drive.finish();
  const target = new Uint8Array(4 * SECTOR);
  t.is(dma.serve(target, false, true), 2 * SECTOR);
  t.false(dma.requested);
  drive.finish();
  t.true(dma.requested);
  t.is(dma.serve(target.subarray(2 * SECTOR), false, true), 2 * SECTOR);
  t.deepEqual(target, DISK.slice(16 * SECTOR, 20 * SECTOR));
  t.deepEqual(results(board), [0x04, 0, 0, 0, 1, 3, 2]);
});

test('without terminal count a transfer ends at the end of the cylinder', (t) => {
  const { board, drive, dma } = machine(t);
  command(board, 0x66, 0x00, 0, 0, 18, 2, 18, 0x1b, 0xff);
  drive.finish();
  dma.serve(new Uint8Array(SECTOR), false, false);
  t.deepEqual(results(board), [0x40, 0x80, 0, 1, 0, 1, 2]);
});

test('WRITE DATA by DMA reaches the disk before its result', (t) => {
  const { board, drive, dma, irq } = machine(t);
  command(board, 0xc5, 0x00, 0, 0, 2, 2, 18, 0x1b, 0xff);
  t.true(dma.requested);
  t.is(dma.serve(pattern(2 * SECTOR, 9), true, true), 2 * SECTOR);
  t.false(irq.level);
  drive.finish();
  t.deepEqual(results(board), [0, 0, 0, 0, 0, 4, 2]);
  t.deepEqual(drive.contents?.slice(SECTOR, 3 * SECTOR), pattern(2 * SECTOR, 9));
  t.deepEqual(drive.contents?.slice(3 * SECTOR, 4 * SECTOR), DISK.slice(3 * SECTOR, 4 * SECTOR));
});

test('a write-protected disk is not written', (t) => {
  const { board, drive } = machine(t);
  drive.readOnly = true;
  command(board, 0xc5, 0x00, 0, 0, 2, 2, 18, 0x1b, 0xff);
  t.deepEqual(results(board).slice(0, 2), [0x40, 0x02]);
});

test('FORMAT TRACK fills the track', (t) => {
  const { board, drive, dma } = machine(t);
  command(board, 0x0f, 0x04, 3);
  command(board, 0x08);
  results(board);
  command(board, 0x4d, 0x04, 2, 18, 0x54, 0xf6);
  t.is(dma.serve(new Uint8Array(72), true, true), 72);
  drive.finish();
  t.is(results(board)[0], 0x04);
  const track = (3 * 2 + 1) * 18 * SECTOR;
  t.true(drive.contents?.slice(track, track + 18 * SECTOR).every((byte) => byte === 0xf6));
});

test('without DMA bytes go through the FIFO', (t) => {
  const { board, drive, irq } = machine(t);
  command(board, 0x03, 0xdf, 0x03);
  command(board, 0x46, 0x00, 0, 0, 1, 2, 1, 0x1b, 0xff);
  drive.finish();
  t.true(irq.level);
  t.is(board.in8(0x3f4), 0xf0);
  const bytes = Uint8Array.from({ length: SECTOR }, () => board.in8(0x3f5));
  t.deepEqual(bytes, DISK.slice(0, SECTOR));
  t.deepEqual(results(board), [0, 0, 0, 1, 0, 1, 2]);
});

test('a wrong data rate, a missing disk, a sector that is not there', (t) => {
  const { board, drive } = machine(t);
  board.out8(0x3f7, 2);
  command(board, 0xe6, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff);
  t.deepEqual(results(board).slice(0, 2), [0x40, 0x01]);
  board.out8(0x3f7, 0);
  command(board, 0xe6, 0x00, 0, 0, 19, 2, 36, 0x1b, 0xff);
  t.deepEqual(results(board).slice(0, 2), [0x40, 0x04]);
  drive.remove();
  command(board, 0x4a, 0x00);
  t.deepEqual(results(board).slice(0, 2), [0x48, 0x01]);
});

test('an error of the disk is a data error', (t) => {
  const { board, drive } = machine(t);
  command(board, 0xe6, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff);
  drive.nextOutcome = 5;
  drive.finish();
  t.deepEqual(results(board).slice(0, 3), [0x40, 0x20, 0x20]);
});

test('unknown commands are invalid', (t) => {
  const { board } = machine(t);
  for (const code of [0x00, 0x1f, 0x2e, 0x8f]) {
    command(board, code);
    t.deepEqual(results(board), [0x80]);
  }
});

test('formats are told by their size', (t) => {
  const sizes = [360, 720, 1200, 1440, 2880].map((kib) => floppyFormat(kib * 1024));
  t.deepEqual(
    sizes.map(({ tracks, sectors, rate, drive }) => [tracks, sectors, rate, drive]),
    [
      [40, 9, 1, 2],
      [80, 9, 2, 4],
      [80, 15, 0, 2],
      [80, 18, 0, 4],
      [80, 36, 3, 5],
    ],
  );
});

/** Commands of which the reference answers what the data sheet says. */
const SCRIPT: readonly Step[] = [
  ['outb', 0x3f5, 0x10],
  ['inb', 0x3f5],
  ['outb', 0x3f5, 0x03],
  ['outb', 0x3f5, 0xdf],
  ['inb', 0x3f4],
  ['outb', 0x3f5, 0x02],
  ['inb', 0x3f4],
  ['outb', 0x3f5, 0x94],
  ['inb', 0x3f5],
  ['outb', 0x3f5, 0x18],
  ['inb', 0x3f5],
  ['inb', 0x3f4],
];

(hasReference ? test : test.skip)('as the reference: version, specify, lock, part id', async (t) => {
  const board = createFakeBoard();
  create(board).reset();
  t.deepEqual(runOnBoard(SCRIPT, board), await runOnReference(SCRIPT));
});
