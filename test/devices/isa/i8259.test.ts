import test from 'ava';
import { type I8259, isaI8259 } from '../../../src/devices/isa/i8259.ts';
import { testDeviceContract } from '../support/device-contract.ts';
import { createFakeBoard, type FakeBoard } from '../support/fake-board.ts';
import { createPicPair } from '../support/pic-pair.ts';
import { hasReference, runOnBoard, runOnReference, type Step } from '../support/qtest-oracle.ts';

const MASTER = 0x20;
const SLAVE = 0xa0;
const EOI = 0x20;
const AEOI = 0x02;

/** As every PC's firmware does it: vectors 08H and 70H, edge-triggered, cascade on 2. */
function initialize(board: FakeBoard, icw4 = 0x01): void {
  board.out8(MASTER, 0x11);
  board.out8(SLAVE, 0x11);
  board.out8(MASTER + 1, 0x08);
  board.out8(SLAVE + 1, 0x70);
  board.out8(MASTER + 1, 0x04);
  board.out8(SLAVE + 1, 0x02);
  board.out8(MASTER + 1, icw4);
  board.out8(SLAVE + 1, 0x01);
  board.out8(MASTER + 1, 0x00);
  board.out8(SLAVE + 1, 0x00);
}

function machine(icw4?: number) {
  const board = createFakeBoard();
  const pair = createPicPair(board);
  initialize(board, icw4);
  const pulse = (irq: number): void => {
    pair.input(irq).set(true);
    pair.input(irq).set(false);
  };
  return { board, ...pair, intr: board.wire('intr'), pulse };
}

function inService(board: FakeBoard, port: number): number {
  board.out8(port, 0x0b);
  return board.in8(port);
}

test('an interrupt comes with the vector of its input, and comes into service', (t) => {
  const { board, master, intr, pulse } = machine();
  pulse(1);
  t.true(intr.level);
  t.is(master.acknowledge(), 0x09);
  t.false(intr.level);
  t.is(inService(board, MASTER), 0x02);
  board.out8(MASTER, EOI);
  t.is(inService(board, MASTER), 0x00);
});

test('a lower interrupt waits for the end of a higher one, a higher one interrupts', (t) => {
  const { board, master, intr, pulse } = machine();
  pulse(3);
  t.is(master.acknowledge(), 0x0b);
  pulse(4);
  t.false(intr.level);
  pulse(0);
  t.true(intr.level);
  t.is(master.acknowledge(), 0x08);
  board.out8(MASTER, EOI);
  t.false(intr.level);
  board.out8(MASTER, EOI);
  t.is(master.acknowledge(), 0x0c);
});

test('the slave interrupts through input 2, and both want an EOI', (t) => {
  const { board, master, intr, pulse } = machine();
  pulse(14);
  t.is(master.acknowledge(), 0x76);
  t.is(inService(board, MASTER), 0x04);
  t.is(inService(board, SLAVE), 0x40);
  pulse(12);
  t.false(intr.level, 'the master holds its input 2 in service');
  board.out8(SLAVE, EOI);
  board.out8(MASTER, EOI);
  t.is(master.acknowledge(), 0x74);
});

test('the mask register reads back, and holds interrupts off until it is opened', (t) => {
  const { board, intr, pulse } = machine();
  board.out8(MASTER + 1, 0xfb);
  t.is(board.in8(MASTER + 1), 0xfb);
  pulse(4);
  t.false(intr.level);
  t.is(board.in8(MASTER), 0x10, 'IRR shows it all the same');
  board.out8(MASTER + 1, 0xeb);
  t.true(intr.level);
});

test('an acknowledge without a request gives vector 7 and brings nothing into service', (t) => {
  const { board, master } = machine();
  t.is(master.acknowledge(), 0x0f);
  t.is(inService(board, MASTER), 0);
});

test('a request of the slave that goes away before its acknowledge leaves INT low', (t) => {
  const { board, intr, pulse } = machine();
  pulse(9);
  t.true(intr.level);
  board.out8(SLAVE + 1, 0xff);
  t.false(intr.level);
});

test('a level-triggered input asks again until its line falls', (t) => {
  const { board, master, input, intr } = machine();
  board.out8(0x4d1, 0x08);
  t.is(board.in8(0x4d1), 0x08);
  input(11).set(true);
  t.is(master.acknowledge(), 0x73);
  board.out8(SLAVE, EOI);
  board.out8(MASTER, EOI);
  t.true(intr.level);
  input(11).set(false);
  t.false(intr.level);
});

test('inputs that PC hardware fixes as edge-triggered cannot be made level-triggered', (t) => {
  const { board } = machine();
  board.out8(0x4d0, 0xff);
  board.out8(0x4d1, 0xff);
  t.is(board.in8(0x4d0), 0xf8);
  t.is(board.in8(0x4d1), 0xde);
});

test('with automatic EOI nothing stays in service', (t) => {
  const { board, master, intr, pulse } = machine(0x01 | AEOI);
  pulse(3);
  pulse(4);
  t.is(master.acknowledge(), 0x0b);
  t.is(inService(board, MASTER), 0);
  t.true(intr.level);
  t.is(master.acknowledge(), 0x0c);
});

test('rotation on EOI gives the served input the lowest priority', (t) => {
  const { board, master, pulse } = machine();
  pulse(3);
  master.acknowledge();
  board.out8(MASTER, 0xa0);
  pulse(1);
  pulse(4);
  t.is(master.acknowledge(), 0x0c, 'input 4 is now the highest');
  t.is(master.view.highest, 4);
});

test('set priority and specific EOI name their input', (t) => {
  const { board, master, pulse } = machine();
  board.out8(MASTER, 0xc4);
  pulse(0);
  pulse(5);
  t.is(master.acknowledge(), 0x0d);
  board.out8(MASTER, 0x65);
  t.is(inService(board, MASTER), 0);
  t.is(master.acknowledge(), 0x08);
});

test('special mask mode lets lower inputs interrupt a masked one in service', (t) => {
  const { board, master, intr, pulse } = machine();
  pulse(3);
  master.acknowledge();
  board.out8(MASTER + 1, 0x08);
  pulse(5);
  t.false(intr.level);
  board.out8(MASTER, 0x68);
  t.true(intr.level);
  t.is(master.acknowledge(), 0x0d);
  board.out8(MASTER, EOI);
  t.is(inService(board, MASTER), 0x08, 'a non-specific EOI does not end what is masked');
});

test('special fully nested mode lets the slave interrupt itself', (t) => {
  const { master, intr, pulse } = machine(0x01 | 0x10);
  pulse(14);
  t.is(master.acknowledge(), 0x76);
  pulse(8);
  t.true(intr.level);
  t.is(master.acknowledge(), 0x70);
});

test('a poll is an acknowledge that says which input it was', (t) => {
  const { board, pulse } = machine();
  board.out8(MASTER, 0x0c);
  t.is(board.in8(MASTER), 0x00);
  pulse(6);
  board.out8(MASTER, 0x0c);
  t.is(board.in8(MASTER), 0x86);
  t.is(inService(board, MASTER), 0x40);
});

const referenceTest = hasReference ? test : test.skip;

referenceTest('its registers answer as those of the reference', async (t) => {
  const look: Step[] = [MASTER, SLAVE].flatMap((port): Step[] => [
    ['outb', port, 0x0a],
    ['inb', port],
    ['outb', port, 0x0b],
    ['inb', port],
    ['inb', port + 1],
  ]);
  const script: Step[] = [
    ['outb', MASTER, 0x11],
    ['outb', MASTER + 1, 0x08],
    ['outb', MASTER + 1, 0x04],
    ['outb', MASTER + 1, 0x01],
    ['outb', SLAVE, 0x11],
    ['outb', SLAVE + 1, 0x70],
    ['outb', SLAVE + 1, 0x02],
    ['outb', SLAVE + 1, 0x01],
    // The speaker's timer and the clock of the reference may have asked already.
    ['outb', MASTER + 1, 0xfb],
    ['outb', SLAVE + 1, 0x8e],
    ['outb', 0x4d0, 0xff],
    ['inb', 0x4d0],
    ['outb', 0x4d1, 0xff],
    ['inb', 0x4d1],
    ['outb', 0x4d0, 0x00],
    ['outb', 0x4d1, 0x00],
    ...look.filter(([operation, port]) => operation === 'outb' || port % 2 === 1),
    ['outb', SLAVE, 0x0c],
    ['inb', SLAVE],
    ['inb', SLAVE + 1],
    ['outb', MASTER, 0x20],
    ['outb', MASTER, 0x0b],
    ['inb', MASTER],
  ];
  const board = createFakeBoard();
  createPicPair(board);
  t.deepEqual(runOnBoard(script, board), await runOnReference(script));
});

const chips = new WeakMap<FakeBoard, I8259>();

for (const master of [true, false]) {
  testDeviceContract(test, {
    name: `isa-i8259 ${master ? 'master' : 'slave'}`,
    create: (board) =>
      isaI8259.create(
        {
          ...board,
          intr: board.wire('intr'),
          attach: (chip) => {
            chips.set(board, chip);
          },
          slave: () => undefined,
        },
        { iobase: 0x20, elcr_addr: 0x4d0, elcr_mask: 0xf8, master },
      ),
    exercise: (board) => {
      initialize(board);
      const chip = chips.get(board);
      chip?.input(5).set(true);
      chip?.acknowledge();
      chip?.input(3).set(true);
      board.out8(0x4d0, 0x20);
      board.out8(MASTER, 0xc3);
    },
  });
}
