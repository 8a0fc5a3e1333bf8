import test, { type ExecutionContext } from 'ava';
import { pattern } from '../../block/support/images.ts';
import { testDeviceContract } from '../support/device-contract.ts';
import type { FakeBoard } from '../support/fake-board.ts';
import { BUS_MASTER, createIde, type IdeUnit, ideBoard } from './support/ide-board.ts';
import { IdeHost } from './support/ide-host.ts';
import { boardPorts } from './support/machines.ts';

const SECTORS = 4096;
const DISK_BYTES = SECTORS * 512;
const READY = 0x50;
const DATA_READY = 0x58;
const FAILED = 0x51;
const IDNF = 0x10;
const ABRT = 0x04;
const UNC = 0x40;

const disk = (): IdeUnit => ({ kind: 'hd', contents: pattern(DISK_BYTES) });

function machine(_t: ExecutionContext, units: readonly IdeUnit[] = [disk()]) {
  const board = ideBoard();
  const ide = createIde(board, units);
  ide.reset();
  const ports = boardPorts(board, ide.drives);
  const [drive] = ide.drives;
  if (drive === undefined) throw new Error('There is a drive');
  return {
    board,
    ide,
    drive,
    contents: () => drive.contents ?? new Uint8Array(0),
    host: new IdeHost(ports),
    irq: board.wire('irq 14'),
  };
}

function sectors(first: number, count: number): Uint8Array {
  return pattern(DISK_BYTES).slice(first * 512, (first + count) * 512);
}

testDeviceContract(test, {
  name: 'piix3-ide with a disk',
  board: ideBoard,
  create: (board) => createIde(board, [disk()]),
  exercise: (board) => {
    board.out8(0x1f2, 2);
    board.out8(0x1f6, 0xe0);
    board.out8(0x1f3, 3);
    board.out8(0x1f7, 0x20);
    board.drive('drive0').finish();
    for (let word = 0; word < 100; word++) board.in16(0x1f0);
    board.out32(BUS_MASTER + 4, 0x8000);
  },
});

test('IDENTIFY DEVICE tells model, serial, size and modes', async (t) => {
  const { host } = machine(t);
  await host.command(0xec, { device: 0 });
  t.is(await host.ready(), DATA_READY);
  const page = await host.readBlock();
  const word = (index: number) => new DataView(page.buffer).getUint16(index * 2, true);
  const text = (index: number, words: number) =>
    Buffer.from(page.slice(index * 2, (index + words) * 2))
      .swap16()
      .toString('latin1')
      .trim();
  t.is(text(27, 20), 'QEMU HARDDISK');
  t.is(text(10, 10), 'QM00001');
  t.is(word(0), 0x0040);
  t.is(word(60) | (word(61) << 16), SECTORS);
  t.is(word(100), SECTORS);
  t.deepEqual([word(1), word(3), word(6)], [4, 16, 63]);
  t.is(word(88), 0x203f);
  t.is(await host.ready(), READY);
});

test('sectors are read by PIO, one interrupt each', async (t) => {
  const { host, irq } = machine(t);
  await host.command(0x20, { lba: 5, count: 3 });
  for (let block = 0; block < 3; block++) {
    t.true(irq.level);
    t.is(await host.acknowledge(), DATA_READY);
    t.false(irq.level);
    t.deepEqual(await host.readBlock(), sectors(5 + block, 1));
  }
  t.is(await host.ready(), READY);
  t.false(irq.level);
  t.is(irq.rises, 3);
});

test('READ MULTIPLE moves blocks of several sectors, the last one short', async (t) => {
  const { host, irq } = machine(t);
  await host.command(0xc6, { count: 0 });
  await host.command(0xc4, { count: 1 });
  t.is((await host.registers()).error, ABRT);
  await host.command(0xc6, { count: 8 });
  t.is(await host.acknowledge(), READY);
  const before = irq.rises;
  await host.command(0xc4, { lba: 1, count: 10 });
  await host.acknowledge();
  t.deepEqual(await host.readBlock(8 * 256), sectors(1, 8));
  await host.acknowledge();
  t.deepEqual(await host.readBlock(2 * 256), sectors(9, 2));
  t.is(irq.rises - before, 2);
  await host.command(0xc6, { count: 3 });
  t.is((await host.registers()).error, ABRT);
});

test('sectors are written by PIO; the first block is not announced', async (t) => {
  const { host, contents, irq } = machine(t);
  await host.command(0x30, { lba: 7, count: 2 });
  t.is(await host.ready(), DATA_READY);
  t.false(irq.level);
  await host.writeBlock(pattern(512, 77));
  t.true(irq.level);
  t.is(await host.acknowledge(), DATA_READY);
  await host.writeBlock(pattern(512, 78));
  t.is(await host.acknowledge(), READY);
  t.deepEqual(
    contents().slice(7 * 512, 9 * 512),
    Uint8Array.from([...pattern(512, 77), ...pattern(512, 78)]),
  );
  t.deepEqual(contents().slice(9 * 512, 10 * 512), sectors(9, 1));
});

test('CHS, LBA28 and LBA48 name the same sectors', async (t) => {
  const { host } = machine(t);
  // Cylinder 1, head 2, sector 3 of 16 heads and 63 sectors.
  await host.command(0x20, { device: 0x02, count: 1, lba: 0x000103 });
  t.deepEqual(await host.readBlock(), sectors((1 * 16 + 2) * 63 + 2, 1));
  await host.command(0x24, { lba: 1136, count: 1, extended: true });
  t.deepEqual(await host.readBlock(), sectors(1136, 1));
  await host.command(0x20, { device: 0x02, count: 1, lba: 0x000100 });
  t.is((await host.registers()).status, FAILED);
});

test('INITIALIZE DEVICE PARAMETERS changes the translation', async (t) => {
  const { host } = machine(t);
  await host.command(0x91, { device: 0x03, count: 17 });
  t.is(await host.acknowledge(), READY);
  await host.command(0x20, { device: 0x01, count: 1, lba: 0x000202 });
  t.deepEqual(await host.readBlock(), sectors((2 * 4 + 1) * 17 + 1, 1));
});

test('sectors behind the end are not found', async (t) => {
  const { host } = machine(t);
  await host.command(0x20, { lba: SECTORS - 1, count: 2 });
  t.like(await host.registers(), { status: FAILED, error: IDNF });
  await host.command(0x42, { lba: SECTORS - 1, count: 1, extended: true });
  t.is(await host.acknowledge(), READY);
});

/** Writes a table of physical regions at 8000H. */
function table(board: FakeBoard, regions: readonly (readonly [address: number, bytes: number])[]): void {
  regions.forEach(([address, bytes], index) => {
    board.guest.writeU32(0x8000 + index * 8, address);
    const last = index === regions.length - 1 ? 0x80000000 : 0;
    board.guest.writeU32(0x8000 + index * 8 + 4, (bytes & 0xffff) + last);
  });
  board.out32(BUS_MASTER + 4, 0x8000);
}

test('DMA reads into the regions of the table', async (t) => {
  const { board, host, drive, irq } = machine(t);
  table(board, [
    [0x20000, 1024],
    [0x30000, 3072],
  ]);
  await host.command(0x25, { lba: 10, count: 8, extended: true });
  t.is(await host.ready(), DATA_READY);
  board.out8(BUS_MASTER, 0x09);
  t.is(board.in8(BUS_MASTER + 2), 0x01);
  t.deepEqual(drive.requests.at(-1), { operation: 'read', offset: 5120, bytes: 4096 });
  drive.finish();
  t.true(irq.level);
  t.is(board.in8(BUS_MASTER + 2), 0x04);
  t.is(await host.acknowledge(), READY);
  board.out8(BUS_MASTER, 0);
  board.out8(BUS_MASTER + 2, 0x06);
  t.is(board.in8(BUS_MASTER + 2), 0);
  t.deepEqual(board.guest.read(0x20000, 1024), sectors(10, 2));
  t.deepEqual(board.guest.read(0x30000, 3072), sectors(12, 6));
});

test('DMA may be started before the command, and writes', async (t) => {
  const { board, host, drive, contents } = machine(t);
  board.guest.write(0x20000, pattern(65536, 9));
  table(board, [[0x20000, 65536]]);
  board.out8(BUS_MASTER, 0x01);
  await host.command(0xca, { lba: 128, count: 128 });
  drive.finish();
  t.is(await host.acknowledge(), READY);
  t.deepEqual(contents().slice(128 * 512, 256 * 512), pattern(65536, 9));
});

test('the bus master tells a table that is too long from one that is too short', async (t) => {
  const { board, host, drive, irq } = machine(t);
  table(board, [[0x20000, 2048]]);
  board.out8(BUS_MASTER, 0x09);
  await host.command(0xc8, { lba: 0, count: 2 });
  drive.finish();
  t.is(board.in8(BUS_MASTER + 2), 0x05);
  await host.acknowledge();
  board.out8(BUS_MASTER, 0);
  board.out8(BUS_MASTER + 2, 0x06);
  const before = irq.rises;
  await host.command(0xc8, { lba: 0, count: 8 });
  board.out8(BUS_MASTER, 0x09);
  drive.finish();
  t.is(board.in8(BUS_MASTER + 2), 0x00);
  t.is(irq.rises, before);
});

test('a table that leads out of memory fails the command', async (t) => {
  const { board, host } = machine(t);
  table(board, [[0x7ff00000, 4096]]);
  board.out8(BUS_MASTER, 0x09);
  await host.command(0xc8, { lba: 0, count: 8 });
  t.is(board.in8(BUS_MASTER + 2) & 0x03, 0x02);
  t.is((await host.registers()).error, ABRT);
});

test('an error of the medium is reported with its sector', async (t) => {
  const { host, drive } = machine(t);
  await host.command(0x20, { lba: 5, count: 3 });
  drive.nextOutcome = 5;
  await host.readBlock();
  t.like(await host.registers(), { status: FAILED, error: UNC, low: 6 });
  await host.command(0x30, { lba: 9, count: 1 });
  drive.nextOutcome = 5;
  await host.writeBlock(new Uint8Array(512));
  t.like(await host.registers(), { status: FAILED, error: ABRT });
});

test('FLUSH CACHE waits for the medium', async (t) => {
  const { board, drive, irq } = machine(t);
  board.out8(0x1f7, 0xe7);
  t.is(board.in8(0x3f6), 0x80);
  t.false(irq.level);
  drive.finish();
  t.is(board.in8(0x1f7), READY);
  t.deepEqual(drive.requests, [{ operation: 'flush', offset: 0, bytes: 0 }]);
});

test('without the write cache a write is on disk before it ends', async (t) => {
  const { host, drive } = machine(t);
  await host.command(0xef, { features: 0x82 });
  await host.acknowledge();
  await host.command(0x30, { lba: 0, count: 1 });
  await host.writeBlock(new Uint8Array(512));
  t.deepEqual(
    drive.requests.map(({ operation }) => operation),
    ['flush', 'write', 'flush'],
  );
});

test('a soft reset shows the signature and calls transfers off', async (t) => {
  const { board, host, drive } = machine(t);
  board.out8(0x1f2, 1);
  board.out8(0x1f6, 0xe0);
  board.out8(0x1f7, 0x20);
  await host.softReset();
  drive.finish();
  t.deepEqual(await host.registers(), {
    status: READY,
    error: 1,
    count: 1,
    low: 1,
    mid: 0,
    high: 0,
    device: 0xa0,
  });
});

test('a device that is not there answers with zeros', async (t) => {
  const { host } = machine(t);
  await host.select(1);
  t.is(await host.acknowledge(), 0);
  t.is((await host.registers()).count, 0);
});

test('nIEN holds the interrupt back', async (t) => {
  const { board, host, irq } = machine(t);
  board.out8(0x3f6, 0x02);
  await host.command(0xe7);
  t.false(irq.level);
  board.out8(0x3f6, 0);
  t.true(irq.level);
});

test('READ NATIVE MAX shows the last sector, 48 bits of it when asked', async (t) => {
  const { host } = machine(t);
  await host.command(0xf8);
  t.like(await host.registers(), { status: READY, low: 0xff, mid: 0x0f, high: 0 });
  await host.command(0x27, { extended: true });
  await host.ready();
  t.deepEqual(await host.previous(), [0, 0, 0, 0]);
});

test('DATA SET MANAGEMENT discards ranges', async (t) => {
  const { board, host, drive } = machine(t);
  const ranges = new DataView(new ArrayBuffer(512));
  ranges.setUint32(0, 16, true);
  ranges.setUint16(6, 8, true);
  ranges.setUint32(8, 100, true);
  ranges.setUint16(14, 1, true);
  board.guest.write(0x20000, new Uint8Array(ranges.buffer));
  table(board, [[0x20000, 512]]);
  board.out8(BUS_MASTER, 0x01);
  await host.command(0x06, { features: 1, count: 1, extended: true });
  t.is(await host.acknowledge(), READY);
  t.deepEqual(drive.requests, [
    { operation: 'discard', offset: 8192, bytes: 4096 },
    { operation: 'discard', offset: 51200, bytes: 512 },
  ]);
});

test('SMART says that all is well, to who has the key', async (t) => {
  const { host } = machine(t);
  await host.command(0xb0, { features: 0xda, lba: 0xc24f00 });
  t.like(await host.registers(), { status: READY, mid: 0x4f, high: 0xc2 });
  await host.command(0xb0, { features: 0xd0, lba: 0xc24f00 });
  await host.ready();
  const page = await host.readBlock();
  t.is(page.reduce((sum, byte) => sum + byte, 0) & 0xff, 0);
  await host.command(0xb0, { features: 0xd0 });
  t.is((await host.registers()).error, ABRT);
});

test('power modes are shown; a command that needs the medium wakes it', async (t) => {
  const { host } = machine(t);
  await host.command(0xe0);
  await host.command(0xe5);
  t.is((await host.registers()).count, 0);
  await host.command(0x40, { count: 1 });
  await host.command(0xe5);
  t.is((await host.registers()).count, 0xff);
});

test('unknown commands are aborted', async (t) => {
  const { host } = machine(t);
  for (const code of [0x00, 0x08, 0xa0, 0xa1, 0xf5, 0xff]) {
    await host.command(code);
    t.is((await host.registers()).error, ABRT, `command ${code}`);
  }
});

test('two disks of a channel are told apart', async (t) => {
  const { host, drive, ide } = machine(t, [disk(), { kind: 'hd', contents: pattern(DISK_BYTES, 3) }]);
  await host.command(0x20, { unit: 1, lba: 2, count: 1 });
  t.deepEqual(await host.readBlock(), pattern(DISK_BYTES, 3).slice(1024, 1536));
  t.is(drive.requests.length, 0);
  await host.command(0xec, { unit: 1, device: 0 });
  const page = await host.readBlock();
  t.is(Buffer.from(page.slice(20, 40)).swap16().toString('latin1').trim(), 'QM00002');
  t.is(ide.drives.length, 2);
});
