import test from 'ava';
import { FirmwareItemStore } from '../../../src/devices/system/firmware-item-store.ts';
import { fwCfg } from '../../../src/devices/system/fw-cfg.ts';
import { testDeviceContract } from '../support/device-contract.ts';
import { createFakeBoard, type FakeBoard } from '../support/fake-board.ts';
import { hasReference, runOnBoard, runOnReference, type Step } from '../support/qtest-oracle.ts';

const DESCRIPTOR = 0x1000;
const ERROR = 0x01;
const READ = 0x02;
const SKIP = 0x04;
const SELECT = 0x08;
const WRITE = 0x10;

function createFwCfg(board: FakeBoard) {
  const firmwareItems = new FirmwareItemStore();
  firmwareItems.item(0x05, Uint8Array.of(2, 0));
  firmwareItems.file('etc/first', Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
  firmwareItems.file('etc/second', Uint8Array.of(9));
  return {
    device: fwCfg.create({ ...board, firmwareItems }, { ctl_iobase: 0, data_iobase: 0 }),
    firmwareItems,
  };
}

function machine() {
  const board = createFakeBoard();
  const made = createFwCfg(board);
  made.device.reset();
  const read = (key: number, bytes: number): number[] => {
    board.out16(0x510, key);
    return Array.from({ length: bytes }, () => board.in8(0x511));
  };
  /** Gives what control has become. */
  const transfer = (control: number, length: number, address: number): number => {
    const view = new DataView(new ArrayBuffer(16));
    view.setUint32(0, control);
    view.setUint32(4, length);
    view.setBigUint64(8, BigInt(address));
    board.guest.write(DESCRIPTOR, new Uint8Array(view.buffer));
    board.out32(0x514, 0);
    board.out32(0x518, 0x00100000);
    return new DataView(board.guest.read(DESCRIPTOR, 4).buffer).getUint32(0);
  };
  return { board, read, transfer, ...made };
}

test('the signature, the features, an item, and zeroes behind it', (t) => {
  const { read } = machine();
  t.is(String.fromCharCode(...read(0, 4)), 'QEMU');
  t.deepEqual(read(1, 4), [3, 0, 0, 0]);
  t.deepEqual(read(5, 4), [2, 0, 0, 0]);
  t.deepEqual(read(0x1234, 2), [0, 0]);
});

test('the directory lists the files with their sizes and selectors, big-endian', (t) => {
  const { read } = machine();
  const directory = Uint8Array.from(read(0x19, 4 + 2 * 64));
  const view = new DataView(directory.buffer);
  t.is(view.getUint32(0), 2);
  t.is(view.getUint32(4), 8);
  t.is(view.getUint16(8), 0x20);
  t.is(new TextDecoder().decode(directory.subarray(12, 22)), 'etc/first\0');
  t.is(view.getUint32(68), 1);
  t.is(view.getUint16(72), 0x21);
  t.deepEqual(read(0x21, 2), [9, 0]);
});

test('DMA selects, skips and reads into guest memory', (t) => {
  const { board, transfer } = machine();
  board.guest.write(0x2000, new Uint8Array(16).fill(0xee));
  t.is(transfer((0x20 << 16) | SELECT | SKIP, 2, 0), 0);
  t.is(transfer(READ, 3, 0x2000), 0);
  t.is(transfer(READ, 6, 0x2003), 0);
  t.deepEqual([...board.guest.read(0x2000, 10)], [3, 4, 5, 6, 7, 8, 0, 0, 0, 0xee]);
});

test('DMA refuses to write', (t) => {
  const { transfer } = machine();
  t.is(transfer((0x20 << 16) | SELECT | WRITE, 1, 0x2000), ERROR);
});

test('the DMA registers read as their signature', (t) => {
  const { board } = machine();
  t.is(board.in32(0x514), 0x554d4551);
  t.is(board.in32(0x518), 0x47464320);
  t.is(board.in8(0x51b), 0x47);
});

test('a file can be made when it is selected, and replaced', (t) => {
  const { read, firmwareItems } = machine();
  let made = 0;
  firmwareItems.file('etc/late', new Uint8Array(1), () => {
    made += 1;
    return Uint8Array.of(made);
  });
  t.deepEqual(read(0x22, 1), [1]);
  t.deepEqual(read(0x22, 1), [2]);
  firmwareItems.file('etc/first', Uint8Array.of(42));
  t.deepEqual(read(0x20, 2), [42, 0]);
  t.deepEqual(firmwareItems.names, ['etc/first', 'etc/second', 'etc/late']);
});

test('a name longer than the directory has room for is refused', (t) => {
  const store = new FirmwareItemStore();
  t.throws(() => store.file('x'.repeat(56), new Uint8Array(0)), { code: 'ERR_FIRMWARE_ITEMS' });
});

const referenceTest = hasReference ? test : test.skip;

referenceTest('ports answer as those of the reference', async (t) => {
  const script: Step[] = [
    ['outw', 0x510, 0x0000],
    ...Array.from({ length: 6 }, (): Step => ['inb', 0x511]),
    ['outw', 0x510, 0x0001],
    ...Array.from({ length: 4 }, (): Step => ['inb', 0x511]),
    ['inb', 0x510],
    ['outw', 0x510, 0x0005],
    ['inw', 0x510],
    ['inb', 0x511],
    ['inl', 0x514],
    ['inl', 0x518],
  ];
  const { board } = machine();
  t.deepEqual(runOnBoard(script, board), await runOnReference(script, ['-smp', '2']));
});

testDeviceContract(test, {
  name: 'fw_cfg',
  create: (board) => createFwCfg(board).device,
  exercise: (board) => {
    board.out32(0x514, 0x78563412);
    board.out16(0x510, 0x20);
    board.in8(0x511);
    board.in8(0x511);
  },
});
