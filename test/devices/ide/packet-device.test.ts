import test, { type ExecutionContext } from 'ava';
import { pattern } from '../../block/support/images.ts';
import { testDeviceContract } from '../support/device-contract.ts';
import { BUS_MASTER, createIde, type IdeUnit, ideBoard } from './support/ide-board.ts';
import { IdeHost } from './support/ide-host.ts';
import { boardPorts } from './support/machines.ts';

const BLOCKS = 200;
const DISC = pattern(BLOCKS * 2048);
const READY = 0x50;
const FAILED = 0x41;
const NOT_READY = 0x20;
const ILLEGAL = 0x50;
const ATTENTION = 0x60;

const cd = (contents: Uint8Array | undefined = DISC): IdeUnit => ({ kind: 'cd', contents });

function machine(_t: ExecutionContext, unit: IdeUnit = cd()) {
  const board = ideBoard();
  const ide = createIde(board, [unit]);
  ide.reset();
  const [drive] = ide.drives;
  if (drive === undefined) throw new Error('There is a drive');
  const host = new IdeHost(boardPorts(board, ide.drives));
  return { board, ide, drive, host, irq: board.wire('irq 14') };
}

/** A drive whose first unit attention has been told. */
async function awake(t: ExecutionContext, unit?: IdeUnit) {
  const made = machine(t, unit);
  await made.host.packet([0x00]);
  await made.host.packet([0x03, 0, 0, 0, 18]);
  return made;
}

function packet10(code: number, block: number, count: number): number[] {
  return [
    code,
    0,
    block >> 24,
    (block >> 16) & 255,
    (block >> 8) & 255,
    block & 255,
    0,
    count >> 8,
    count & 255,
  ];
}

async function sense(host: IdeHost): Promise<number[]> {
  const { data } = await host.packet([0x03, 0, 0, 0, 18]);
  return [(data[2] ?? 0) & 0x0f, data[12] ?? 0, data[13] ?? 0];
}

testDeviceContract(test, {
  name: 'piix3-ide with a CD',
  board: ideBoard,
  create: (board) => createIde(board, [cd()]),
  exercise: (board) => {
    for (const word of [0, 0, 0, 0, 0, 0]) {
      if (board.in8(0x1f7) !== 0x58) {
        board.out8(0x1f5, 0x08);
        board.out8(0x1f7, 0xa0);
      }
      board.out16(0x1f0, word);
    }
    board.out8(0x1f7, 0xa0);
    for (const word of [0x28, 0, 0x0500, 0, 0x0003, 0]) board.out16(0x1f0, word);
    board.drive('drive0').finish();
    for (let word = 0; word < 100; word++) board.in16(0x1f0);
  },
});

test('its signature tells a packet device', async (t) => {
  const { host } = machine(t);
  await host.softReset();
  t.like(await host.registers(), { status: 0, count: 1, low: 1, mid: 0x14, high: 0xeb });
  await host.command(0xec, { device: 0 });
  t.like(await host.registers(), { status: FAILED, error: 4, mid: 0x14, high: 0xeb });
});

test('IDENTIFY PACKET DEVICE tells model and packet length', async (t) => {
  const { host } = machine(t);
  await host.command(0xa1, { device: 0 });
  const page = await host.readBlock();
  t.is(new DataView(page.buffer).getUint16(0, true), 0x85c0);
  t.is(Buffer.from(page.slice(54, 94)).swap16().toString('latin1').trim(), 'QEMU DVD-ROM');
});

test('the first command after power-on is told of it, once', async (t) => {
  const { host } = machine(t);
  t.like((await host.packet([0x00])).end, { status: FAILED, error: ATTENTION });
  t.deepEqual(await sense(host), [6, 0x29, 0]);
  t.deepEqual(await sense(host), [0, 0, 0]);
  t.like((await host.packet([0x00])).end, { status: READY, error: 0 });
});

test('a packet is taken without an interrupt, its data announced with one', async (t) => {
  const { host, irq, board } = await awake(t);
  await host.command(0xa0, { lba: 0x0800 << 8, device: 0 });
  t.false(irq.level);
  t.is(board.in8(0x1f2), 1);
  await host.writeBlock(Uint8Array.from([0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
  t.true(irq.level);
  t.like(await host.registers(), { status: 0x58, count: 2, mid: 8, high: 0 });
  await host.acknowledge();
  t.deepEqual([...(await host.readBlock(4))], [0, 0, 0, BLOCKS - 1, 0, 0, 8, 0]);
  t.true(irq.level);
  t.like(await host.registers(), { status: READY, count: 3 });
});

test('INQUIRY tells a removable CD reader, in as many bytes as are asked for', async (t) => {
  const { host } = machine(t);
  const { data } = await host.packet([0x12, 0, 0, 0, 36]);
  t.is(data.length, 36);
  t.deepEqual([...data.subarray(0, 5)], [5, 0x80, 0, 0x21, 31]);
  t.is(Buffer.from(data.subarray(8, 32)).toString('latin1'), 'QEMU    QEMU DVD-ROM    ');
  t.is((await host.packet([0x12, 0, 0, 0, 5])).data.length, 5);
});

test('READ (10) gives blocks in chunks of the byte count', async (t) => {
  const { host } = await awake(t);
  const whole = await host.packet(packet10(0x28, 10, 4));
  t.deepEqual(whole.data, DISC.slice(10 * 2048, 14 * 2048));
  t.deepEqual(whole.chunks, [8192]);
  const small = await host.packet(packet10(0x28, 10, 4), { limit: 3000 });
  t.deepEqual(small.data, whole.data);
  t.deepEqual(small.chunks, [3000, 3000, 2192]);
  const odd = await host.packet(packet10(0x28, 10, 1), { limit: 2049 });
  t.deepEqual(odd.chunks, [2048]);
});

test('a long read takes several loads of the buffer', async (t) => {
  const { host } = await awake(t);
  const { data, end } = await host.packet(packet10(0x28, 0, BLOCKS));
  t.deepEqual(data, DISC);
  t.is(end.status, READY);
});

test('READ (12) and READ CD of user data give the same; raw blocks have a header', async (t) => {
  const { host } = await awake(t);
  const read12 = await host.packet([0xa8, 0, 0, 0, 0, 3, 0, 0, 0, 2]);
  t.deepEqual(read12.data, DISC.slice(3 * 2048, 5 * 2048));
  const user = await host.packet([0xbe, 0, 0, 0, 0, 3, 0, 0, 2, 0x10]);
  t.deepEqual(user.data, read12.data);
  const raw = await host.packet([0xbe, 0, 0, 0, 0, 3, 0, 0, 2, 0xf8]);
  t.is(raw.data.length, 2 * 2352);
  t.deepEqual([...raw.data.subarray(0, 16)], [0, ...new Array(10).fill(0xff), 0, 0, 0x02, 0x03, 1]);
  t.deepEqual(raw.data.slice(16, 16 + 2048), read12.data.slice(0, 2048));
  t.is(raw.data[2352 + 14], 0x04);
});

test('reads by DMA go straight to memory, answers too', async (t) => {
  const { board, host, drive } = await awake(t);
  const run = async (packet: readonly number[]) => {
    board.guest.writeU32(0x8000, 0x20000);
    board.guest.writeU32(0x8004, 0x80000000 + 0x4000);
    board.out32(BUS_MASTER + 4, 0x8000);
    await host.command(0xa0, { features: 1, device: 0 });
    await host.writeBlock(Uint8Array.from({ length: 12 }, (_, index) => packet[index] ?? 0));
    board.out8(BUS_MASTER, 0x09);
    drive.finish();
    t.is(await host.acknowledge(), READY);
    board.out8(BUS_MASTER, 0);
  };
  await run(packet10(0x28, 20, 8));
  t.deepEqual(board.guest.read(0x20000, 16384), DISC.slice(20 * 2048, 28 * 2048));
  await run([0x25]);
  t.deepEqual([...board.guest.read(0x20000, 8)], [0, 0, 0, BLOCKS - 1, 0, 0, 8, 0]);
  await run([0xbe, 0, 0, 0, 0, 3, 0, 0, 2, 0xf8]);
  t.deepEqual(board.guest.read(0x20000 + 16, 2048), DISC.slice(3 * 2048, 4 * 2048));
});

test('blocks that do not exist, opcodes and fields that do not either', async (t) => {
  const { host } = await awake(t);
  t.like((await host.packet(packet10(0x28, BLOCKS - 1, 2))).end, { status: FAILED, error: ILLEGAL });
  t.deepEqual(await sense(host), [5, 0x21, 0]);
  await host.packet([0xfe]);
  t.deepEqual(await sense(host), [5, 0x20, 0]);
  await host.packet([0x12, 1, 0, 0, 36]);
  t.deepEqual(await sense(host), [5, 0x24, 0]);
});

test('an error of the medium is a read error', async (t) => {
  const { board, host, drive } = await awake(t);
  await host.command(0xa0, { lba: 0x0800 << 8, device: 0 });
  for (const word of [0x28, 0, 0, 0, 0x0001, 0]) board.out16(0x1f0, word);
  drive.nextOutcome = 5;
  drive.finish();
  t.like(await host.registers(), { status: FAILED, error: 0x30 });
  t.deepEqual(await sense(host), [3, 0x11, 0]);
});

test('READ TOC in its three formats', async (t) => {
  const { host } = await awake(t);
  const toc = async (msf: number, format: number, from: number) => [
    ...(await host.packet([0x43, msf, format, 0, 0, 0, from, 0x03, 0x24, 0])).data,
  ];
  t.deepEqual(await toc(0, 0, 0), [
    ...[0, 18, 1, 1],
    ...[0, 0x14, 1, 0, 0, 0, 0, 0],
    ...[0, 0x16, 0xaa, 0, 0, 0, 0, BLOCKS],
  ]);
  t.deepEqual((await toc(2, 0, 0xaa)).slice(8), [0, 0, 4, 50]);
  t.deepEqual(await toc(0, 1, 0), [0, 10, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0]);
  t.is((await toc(2, 2, 0)).length, 4 + 4 * 11);
  await host.packet([0x43, 0, 5, 0, 0, 0, 0, 3, 0x24, 0]);
  t.deepEqual(await sense(host), [5, 0x24, 0]);
});

test('GET CONFIGURATION tells the profile of the disc', async (t) => {
  const { host } = await awake(t);
  const { data } = await host.packet([0x46, 0, 0, 0, 0, 0, 0, 2, 0, 0]);
  t.is(new DataView(data.buffer).getUint32(0), data.length - 4);
  t.deepEqual([...data.subarray(6, 8)], [0, 8]);
  const one = await host.packet([0x46, 2, 0, 3, 0, 0, 0, 2, 0, 0]);
  t.deepEqual([...one.data.subarray(8)], [0, 3, 3, 4, 0x29, 0, 0, 0]);
});

test('a changed disc is announced, and an empty tray is not ready', async (t) => {
  const { host, drive } = await awake(t);
  const poll = async () => [...(await host.packet([0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8, 0])).data];
  await poll();
  drive.trayOpen = true;
  drive.remove();
  t.deepEqual(await poll(), [0, 6, 4, 0x10, 3, 1, 0, 0]);
  t.like((await host.packet([0x00])).end, { error: NOT_READY });
  t.deepEqual(await sense(host), [2, 0x3a, 2]);
  drive.trayOpen = false;
  drive.insert(pattern(2048 * 3));
  t.deepEqual(await poll(), [0, 6, 4, 0x10, 2, 2, 0, 0]);
  t.deepEqual(await poll(), [0, 6, 4, 0x10, 0, 2, 0, 0]);
  t.like((await host.packet([0x00])).end, { error: ATTENTION });
  t.deepEqual(await sense(host), [6, 0x28, 0]);
  t.is((await host.packet([0x25])).data[3], 2);
});

test('a locked tray stays closed; a request to open it is told', async (t) => {
  const { host, drive } = await awake(t);
  await host.packet([0x1e, 0, 0, 0, 1]);
  t.true(drive.locked);
  await host.packet([0x1b, 0, 0, 0, 2]);
  t.deepEqual(await sense(host), [5, 0x53, 2]);
  t.false(drive.trayOpen);
  drive.requestEject(false);
  const { data } = await host.packet([0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8, 0]);
  t.is(data[4], 1);
  await host.packet([0x1e, 0, 0, 0, 0]);
  await host.packet([0x1b, 0, 0, 0, 2]);
  t.true(drive.trayOpen);
  await host.packet([0x1b, 0, 0, 0, 3]);
  t.false(drive.trayOpen);
  t.like((await host.packet([0x00])).end, { error: ATTENTION });
});

test('an eject by force unlocks', async (t) => {
  const { host, drive } = await awake(t);
  await host.packet([0x1e, 0, 0, 0, 1]);
  drive.requestEject(true);
  t.false(drive.locked);
});

test('an empty drive says so', async (t) => {
  const { host, drive } = await awake(t, { kind: 'cd' });
  t.deepEqual(drive.frontEnd, { removable: true, tray: true, ioStatus: true });
  t.like((await host.packet([0x25])).end, { status: FAILED, error: NOT_READY });
  t.deepEqual(await sense(host), [2, 0x3a, 1]);
  t.is((await host.packet([0x5a, 0, 0x2a, 0, 0, 0, 0, 0, 64])).data[2], 0x70);
});

test('MODE SELECT takes its parameters and drops them', async (t) => {
  const { host } = await awake(t);
  await host.command(0xa0, { lba: 16 << 8, device: 0 });
  await host.writeBlock(Uint8Array.from([0x55, 0x10, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0]));
  t.like(await host.registers(), { status: 0x58, count: 0, mid: 16 });
  await host.writeBlock(new Uint8Array(16));
  t.like(await host.registers(), { status: READY, count: 3 });
});
