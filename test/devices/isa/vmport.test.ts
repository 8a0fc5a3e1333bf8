import test from 'ava';
import { InputRegistry } from '../../../src/devices/input-hub.ts';
import { vmmouse } from '../../../src/devices/isa/vmmouse.ts';
import {
  type ProcessorRegisters,
  type RegisterName,
  VMPORT_MAGIC,
  type VmportCommands,
  vmport,
} from '../../../src/devices/isa/vmport.ts';
import { testDeviceContract } from '../support/device-contract.ts';
import { createFakeBoard, type FakeBoard } from '../support/fake-board.ts';

const PORT = 0x5658;
const RAM_BYTES = 0x1000000;
const DATA = 0x27;
const STATUS = 0x28;
const EXECUTE = 0x29;
const READ_ID = 0x45414552;
const ABSOLUTE = 0x53424152;
const RELATIVE = 0x4c455252;
const DISABLE = 0xf5;

class Registers implements ProcessorRegisters {
  readonly values = new Map<RegisterName, number>();

  get(name: RegisterName): number {
    return this.values.get(name) ?? 0;
  }

  set(name: RegisterName, value: number): void {
    this.values.set(name, value);
  }
}

/** A board with the port and the mouse behind it, and a processor that asks. */
function create(board: FakeBoard = createFakeBoard(), registers: Registers | undefined = new Registers()) {
  const input = new InputRegistry(() => true);
  let nudges = 0;
  let commands: VmportCommands | undefined;
  const port = vmport.create(
    {
      ...board,
      requester: () => registers,
      ramBytes: RAM_BYTES,
      attach: (attached) => {
        commands = attached;
      },
    },
    {},
  );
  const mouse = vmmouse.create({ ...board, input, vmport: commands, nudgeMouse: () => (nudges += 1) }, {});
  mouse.reset();
  /** IN EAX, DX with these registers; gives EAX. */
  const call = (ecx: number, ebx = 0, eax = VMPORT_MAGIC): number => {
    registers?.set('eax', eax);
    registers?.set('ebx', ebx);
    registers?.set('ecx', ecx);
    const answer = board.in32(PORT);
    registers?.set('eax', answer);
    return answer;
  };
  return { board, port, mouse, input, registers, call, nudges: () => nudges };
}

const touch = (board: FakeBoard): void => {
  board.in32(PORT);
  board.out32(PORT, 0);
};
testDeviceContract(test, { name: 'vmport', create: (board) => create(board).port, exercise: touch });
testDeviceContract(test, {
  name: 'vmmouse',
  create: (board) =>
    vmmouse.create({ ...board, vmport: { add: () => undefined }, nudgeMouse: () => undefined }, {}),
  exercise: () => undefined,
});

test('without the magic number, and for unknown commands, EAX stays', (t) => {
  const { call } = create();
  t.is(call(0x0a, 0, 0x1234), 0x1234);
  t.is(call(0x7777), VMPORT_MAGIC);
});

test('the version and the size of RAM', (t) => {
  const { call, registers } = create();
  t.is(call(0x0a), 6);
  t.is(registers?.get('ebx'), VMPORT_MAGIC);
  t.is(call(0x14), RAM_BYTES);
  t.is(registers?.get('ebx'), 0x1177);
});

test('who is no processor reads ones', (t) => {
  const board = createFakeBoard();
  vmport.create({ ...board, requester: () => undefined, ramBytes: RAM_BYTES, attach: () => undefined }, {});
  t.is(board.in32(PORT), 0xffffffff);
  t.is(board.in8(PORT + 1), 0xff);
});

test('a driver takes the mouse over as an absolute one, and fetches packets', (t) => {
  const { call, input, registers, nudges } = create();
  t.is(call(STATUS), 0xffff0000);
  call(EXECUTE, READ_ID);
  t.is(call(STATUS), 1);
  t.deepEqual(input.mice(), []);
  t.is(call(DATA, 1), 0x3442554a);
  call(EXECUTE, ABSOLUTE);
  t.deepEqual(input.mice(), [{ name: 'vmmouse', index: 0, current: true, absolute: true }]);
  input.move(100, 200, -1);
  input.setButtons(0b101);
  t.is(nudges(), 2);
  t.is(call(STATUS), 8);
  call(DATA, 4);
  const packet = (): (number | undefined)[] =>
    (['eax', 'ebx', 'ecx', 'edx'] as const).map((name) => registers?.get(name));
  t.deepEqual(packet(), [0, 200, 400, 0xffffffff]);
  call(DATA, 4);
  t.deepEqual(packet(), [0x28, 200, 400, 0]);
});

test('relative motion is not scaled, and asking for more than there is turns it off', (t) => {
  const { call, input, registers } = create();
  call(EXECUTE, READ_ID);
  call(EXECUTE, RELATIVE);
  call(DATA, 1);
  input.move(-3, 5, 0);
  call(DATA, 4);
  t.deepEqual([registers?.get('ebx'), registers?.get('ecx')], [0xfffffffd, 5]);
  t.is(call(DATA, 1), VMPORT_MAGIC);
  t.is(call(STATUS), 0xffff0000);
  t.deepEqual(input.mice(), []);
});

test('a packet that has no room is lost whole', (t) => {
  const { call, input } = create();
  call(EXECUTE, READ_ID);
  call(EXECUTE, ABSOLUTE);
  for (let i = 0; i < 300; i++) input.move(i, i, 0);
  t.is(call(STATUS), 1 + 255 * 4);
  call(EXECUTE, DISABLE);
  t.is(call(STATUS), 0xffff0000 + 1 + 255 * 4);
});
