import test from 'ava';
import { pciTestdev } from '../../../src/devices/pci/pci-testdev.ts';
import { testDeviceContract } from '../support/device-contract.ts';
import { createFakeBoard, type FakeBoard } from '../support/fake-board.ts';
import { createPciFunction, functionOf, withFunction } from '../support/pci-function.ts';
import { hasReference, runOnReference, type Step } from '../support/qtest-oracle.ts';

const MEMORY = 0xfe000000;
const IO = 0xc000;
const VALUES = { addr: -1, romfile: '', rombar: 1, multifunction: false, command_serr_enable: true };

const createBoard = (): FakeBoard => createFakeBoard({ createPciFunction });

function map(board: FakeBoard): void {
  const config = functionOf(board);
  config.writeConfig(0x10, 4, MEMORY);
  config.writeConfig(0x14, 4, IO);
  config.writeConfig(0x04, 2, 3);
}

function machine(): FakeBoard {
  const board = createBoard();
  pciTestdev.create(board, VALUES).reset();
  map(board);
  return board;
}

test('a write of the right byte at the right offset counts', (t) => {
  const board = machine();
  board.memory.write(MEMORY, 1, 0);
  const offset = board.memory.read(MEMORY + 4, 4);
  const data = board.memory.read(MEMORY + 8, 4);
  board.memory.write(MEMORY + offset, 1, data);
  board.memory.write(MEMORY + offset, 1, data + 1);
  board.memory.write(MEMORY + offset, 4, data);
  board.memory.write(MEMORY + offset, 1, data);
  t.is(board.memory.read(MEMORY + 12, 4), 2);
  board.memory.write(MEMORY, 1, 0);
  t.is(board.memory.read(MEMORY + 12, 4), 0, 'a test that is selected again begins anew');
});

test('the wildcard test counts every byte', (t) => {
  const board = machine();
  board.out8(IO, 1);
  const offset = board.in32(IO + 4);
  for (const byte of [0, 1, 0xce]) board.out8(IO + offset, byte);
  t.is(board.in32(IO + 12), 3);
});

const referenceTest = hasReference ? test : test.skip;

referenceTest('headers are those of the reference', async (t) => {
  const words = Array.from({ length: 12 }, (_, index) => index * 4);
  const ports = [0, 1, 2, 3].flatMap((number): Step[] => [
    ['outb', IO, number],
    ...words.map((offset): Step => ['inl', IO + offset]),
  ]);
  const script: Step[] = [
    ['outl', 0xcf8, 0x80001014],
    ['outl', 0xcfc, IO],
    ['outl', 0xcf8, 0x80001004],
    ['outw', 0xcfc, 1],
    ...ports,
  ];
  const board = machine();
  const own = ports.flatMap(([operation, port, value = 0]) => {
    if (operation === 'inl') return [board.in32(port)];
    board.out8(port, value);
    return [];
  });
  t.deepEqual(own, await runOnReference(script, ['-device', 'pci-testdev,addr=2']));
});

testDeviceContract(test, {
  name: 'pci-testdev',
  board: createBoard,
  create: (board) => withFunction(board, pciTestdev.create(board, VALUES)),
  exercise: (board) => {
    map(board);
    board.out8(IO, 2);
    board.out8(IO + 0x85, 0xfa);
  },
});
