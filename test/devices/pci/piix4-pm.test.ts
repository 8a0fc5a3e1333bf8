import test from 'ava';
import { type Piix4Pm, type Piix4PmPorts, piix4Pm } from '../../../src/devices/pci/piix4-pm.ts';
import { testDeviceContract } from '../support/device-contract.ts';
import { createFakeBoard, type FakeBoard } from '../support/fake-board.ts';
import { createPciFunction, functionOf, withFunction } from '../support/pci-function.ts';
import { hasReference, runOnReference, type Step } from '../support/qtest-oracle.ts';

const PM = 0xb000;
const SCI_EN = 1;
const POWER_BUTTON = 0x100;
const RTC = 0x400;
const WAKE = 0x8000;
const SECOND = 1e9;
const TIMER_HZ = 3579545;

const VALUES = {
  addr: -1,
  romfile: '',
  rombar: 1,
  multifunction: false,
  command_serr_enable: true,
  smb_io_base: 0xb100,
  disable_s3: 0,
  disable_s4: 0,
  s4_val: 2,
};

const createBoard = (): FakeBoard => createFakeBoard({ createPciFunction });

function createPm(board: FakeBoard, values = VALUES) {
  const made: Piix4Pm[] = [];
  const ejected: number[] = [];
  const ports: Piix4PmPorts = {
    ...board,
    sci: board.wire('sci'),
    cpus: [0, 1],
    removableSlots: () => 0xfffffffc,
    ejectSlots: (slots) => ejected.push(slots >>> 0),
    noteSuspend: () => board.machine.asked.push('note suspend'),
    attach: (pm) => made.push(pm),
  };
  const device = piix4Pm.create(ports, values);
  const [pm] = made;
  if (pm === undefined) throw new Error('The device was not attached');
  return { device, pm, ejected };
}

/** What the firmware does. */
function setUp(board: FakeBoard): void {
  const config = functionOf(board);
  config.writeConfig(0x40, 4, PM | 1);
  config.writeConfig(0x80, 1, 1);
}

function machine(values = VALUES) {
  const board = createBoard();
  const made = createPm(board, values);
  made.device.reset();
  setUp(board);
  return { board, sci: board.wire('sci'), config: functionOf(board), ...made };
}

test('the port block is where PMBASE says, while PMREGMISC opens it', (t) => {
  const { board, config } = machine();
  board.advance(SECOND);
  t.is(board.in32(PM + 8), TIMER_HZ);
  config.writeConfig(0x40, 2, 0x600);
  t.is(board.in32(PM + 8), 0xffffffff);
  t.is(board.in32(0x608), TIMER_HZ);
  config.writeConfig(0x80, 1, 0);
  t.is(board.in32(0x608), 0xffffffff);
});

test('the timer counts 24 bits at 3.579545 MHz, and never backwards', (t) => {
  const { board } = machine();
  let last = board.in32(PM + 8);
  for (let step = 0; step < 1000; step++) {
    board.advance(101);
    const now = board.in32(PM + 8);
    t.true(now >= last);
    last = now;
  }
  board.advance(10 * SECOND);
  t.is(board.in32(PM + 8), Math.floor((board.clocks.virtual.now() * TIMER_HZ) / 1e9) % 2 ** 24);
  t.is(board.in16(PM + 8), board.in32(PM + 8) & 0xffff);
});

test('the timer status is set when bit 23 changes, and interrupts where the guest wants it', (t) => {
  const { board, sci } = machine();
  const half = (2 ** 23 / TIMER_HZ) * SECOND;
  board.advance(half + 1000);
  t.is(board.in16(PM), 1);
  board.out16(PM, 1);
  t.is(board.in16(PM), 0);
  t.is(board.clocks.virtual.armed, 0);
  board.out16(PM + 4, SCI_EN);
  board.out16(PM + 2, 1);
  board.advance(half - 10_000);
  t.false(sci.level);
  board.advance(20_000);
  t.true(sci.level);
  board.out16(PM, 1);
  t.false(sci.level);
});

test('ACPI mode is entered and left through the APM control port', (t) => {
  const { board } = machine();
  board.out8(0xb2, 0xf1);
  t.is(board.in16(PM + 4), SCI_EN);
  board.out8(0xb2, 0xf0);
  t.is(board.in16(PM + 4), 0);
  board.out8(0xb3, 0x55);
  t.is(board.in8(0xb3), 0x55);
  t.deepEqual(board.machine.asked, []);
});

test('a write to the APM control port is an SMI where the firmware has enabled it', (t) => {
  const { board, config } = machine();
  config.writeConfig(0x58, 4, 0x02000000);
  board.out8(0xb2, 0x01);
  t.deepEqual(board.machine.asked, ['smi']);
});

test('the power button is an event', (t) => {
  const { board, sci } = machine();
  board.out8(0xb2, 0xf1);
  board.out16(PM + 2, POWER_BUTTON);
  board.machine.pressPowerButton();
  t.true(sci.level);
  t.is(board.in16(PM), POWER_BUTTON);
  board.out16(PM, POWER_BUTTON);
  t.false(sci.level);
});

test('sleep types are soft-off, S3 and S4', (t) => {
  const { board } = machine();
  for (const type of [0, 1, 2, 5]) board.out16(PM + 4, 0x2000 | (type << 10) | SCI_EN);
  t.deepEqual(board.machine.asked, ['soft-off', 'note suspend', 'suspend', 'suspend-disk']);
  t.is(board.in16(PM + 4), (5 << 10) | SCI_EN, 'SLP_EN reads as zero');
});

test('states that are switched off are neither entered nor announced', (t) => {
  const { board } = machine({ ...VALUES, disable_s3: 1, disable_s4: 1 });
  board.out16(PM + 4, 0x2400);
  board.out16(PM + 4, 0x2800);
  t.deepEqual(board.machine.asked, []);
  t.deepEqual([...(board.firmware.files.get('etc/system-states')?.contents ?? [])], [128, 0, 0, 1, 2, 128]);
  const { board: other } = machine();
  t.deepEqual(
    [...(other.firmware.files.get('etc/system-states')?.contents ?? [])],
    [128, 0, 0, 129, 130, 128],
  );
});

test('what woke the guest is in the status', (t) => {
  for (const [cause, status] of [
    ['other', WAKE | POWER_BUTTON],
    ['rtc', WAKE | RTC],
    ['pm-timer', WAKE | 1],
  ] as const) {
    const { board } = machine();
    board.machine.wake(cause);
    t.is(board.in16(PM), status);
  }
});

test('the alarm wakes only where it is enabled', (t) => {
  const { board, pm } = machine();
  pm.rtcAlarm();
  t.deepEqual(board.machine.asked, []);
  t.is(board.in16(PM), RTC);
  board.out16(PM + 2, RTC);
  pm.rtcAlarm();
  t.deepEqual(board.machine.asked, ['wakeup rtc']);
});

test('PCI hot-plug: slots come and go with GPE bit 1', (t) => {
  const { board, pm, ejected, sci } = machine();
  board.out16(0xafe2, 0x0002);
  pm.slotAdded(5);
  t.true(sci.level);
  t.is(board.in8(0xafe0), 0x02);
  t.is(board.in32(0xae00), 1 << 5);
  board.out8(0xafe0, 0x02);
  t.false(sci.level);
  pm.requestRemoval(5);
  t.true(sci.level);
  t.is(board.in32(0xae04), 1 << 5);
  t.is(board.in32(0xae0c), 0xfffffffc);
  board.out32(0xae08, 1 << 5);
  t.deepEqual(ejected, [1 << 5]);
  t.is(board.in32(0xae00), 0);
  t.is(board.in32(0xae04), 0);
});

test('a reset completes a removal', (t) => {
  const { device, pm, ejected } = machine();
  pm.requestRemoval(31);
  device.reset();
  t.deepEqual(ejected, [0x80000000]);
});

test('CPU hot-plug: a bit map, and GPE bit 2', (t) => {
  const { board, device, pm, sci } = machine();
  t.is(board.in32(0xaf00), 3);
  board.out8(0xafe2, 0x04);
  pm.cpuAdded(9);
  t.true(sci.level);
  t.is(board.in32(0xaf00), 0x203);
  device.reset();
  t.is(board.in32(0xaf00), 0x203);
  t.false(sci.level);
});

test('SMBus: memory modules answer with zeroes, nobody else does', (t) => {
  const { board } = machine();
  const command = (address: number, register: number, control: number): number => {
    board.out8(0xb104, address);
    board.out8(0xb103, register);
    board.out8(0xb102, control);
    const status = board.in8(0xb100);
    board.out8(0xb100, 0xff);
    return status;
  };
  t.is(command(0xa1, 0x00, 0x48), 0x02);
  t.is(board.in8(0xb105), 0);
  board.out8(0xb105, 0x5a);
  t.is(command(0xa0, 0x10, 0x48), 0x02);
  t.is(command(0xa1, 0x10, 0x48), 0x02);
  t.is(board.in8(0xb105), 0x5a);
  t.is(command(0x60, 0x00, 0x40), 0x04);
  t.is(board.in8(0xb100), 0);
});

const referenceTest = hasReference ? test : test.skip;

referenceTest('configuration space after reset is that of the reference', async (t) => {
  const { config, device } = machine();
  device.reset();
  config.reset();
  // 5CH to 67H say which legacy ports there are: the reference is started without them, and 3CH is the firmware's.
  const offsets = Array.from({ length: 64 }, (_, index) => index * 4).filter((offset) => offset !== 0x64);
  const script = offsets.flatMap((offset): Step[] => [
    ['outl', 0xcf8, 0x80000b00 + offset],
    ['inl', 0xcfc],
  ]);
  t.deepEqual(
    offsets.map((offset) => config.readConfig(offset, 4)),
    await runOnReference(script),
  );
});

referenceTest('its ports answer as those of the reference', async (t) => {
  const ports: Step[] = [
    ['outw', PM + 2, 0x0521],
    ['inw', PM + 2],
    ['outw', PM + 4, 0x1c01],
    ['inw', PM + 4],
    ['outb', 0xb2, 0xf0],
    ['inw', PM + 4],
    ['inb', 0xb2],
    ['inl', 0xae00],
    ['inl', 0xae04],
    ['inl', 0xae08],
    ['inb', 0xaf00],
    ['outw', 0xafe2, 0x0706],
    ['inl', 0xafe0],
  ];
  const script: Step[] = [
    ['outl', 0xcf8, 0x80000b40],
    ['outl', 0xcfc, PM],
    ['outl', 0xcf8, 0x80000b80],
    ['outb', 0xcfc, 1],
    ...ports,
  ];
  const { board } = machine();
  const sizes = { b: 1, w: 2, l: 4 } as const;
  const answers = ports.flatMap(([operation, port, value = 0]) => {
    const size = sizes[operation.slice(-1) as 'b' | 'w' | 'l'];
    if (operation.startsWith('in')) return [board.ports.read(port, size)];
    board.ports.write(port, size, value);
    return [];
  });
  t.deepEqual(answers, await runOnReference(script, ['-machine', 'pc-i440fx-2.3', '-smp', '2']));
});

const pms = new WeakMap<FakeBoard, Piix4Pm>();

testDeviceContract(test, {
  name: 'PIIX4_PM',
  board: createBoard,
  create: (board) => {
    const { device, pm } = createPm(board);
    pms.set(board, pm);
    return withFunction(board, device);
  },
  exercise: (board) => {
    setUp(board);
    board.out8(0xb2, 0xf1);
    board.out16(PM + 2, 0x0501);
    board.out8(0xafe2, 0x06);
    board.machine.pressPowerButton();
    pms.get(board)?.slotAdded(7);
    pms.get(board)?.cpuAdded(3);
    board.out8(0xb104, 0xa0);
    board.out8(0xb105, 0x77);
    board.out8(0xb102, 0x48);
    board.advance(3 * SECOND);
  },
});
