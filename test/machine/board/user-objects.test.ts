/** The objects of -object, and devices that other options ask for. */
import test from 'ava';
import { optionDevices } from '../../../src/machine/board/option-devices.ts';
import { UserObjects } from '../../../src/machine/board/user-objects.ts';
import type { BoardDrive, OptionSection } from '../../../src/machine/machine-config.ts';
import { createMachineTree } from '../../../src/machine/qom/machine-tree.ts';
import { TypeRegistry } from '../../../src/machine/qom/type-registry.ts';

function objects(...given: readonly (readonly [id: string | undefined, values: Record<string, string>])[]) {
  const sections: OptionSection[] = given.map(([id, values]) => ({
    group: 'object',
    id,
    values: Object.entries(values),
  }));
  const tree = createMachineTree();
  return { tree, objects: new UserObjects({ sections }, new TypeRegistry(), tree) };
}

test('a source is found by its id, in the tree and by one device at a time', (t) => {
  const { tree, objects: made } = objects(['r', { 'qom-type': 'rng-random', filename: '/dev/zero' }]);
  const object = tree.tree.resolve('/objects/r');
  t.is(object.get('filename'), '/dev/zero');
  t.false(object.get('opened'));
  const source = made.entropy('r');
  t.true(object.get('opened'));
  const bytes = new Uint8Array(4).fill(1);
  t.is(source.fill(bytes), 4);
  t.deepEqual([...bytes], [0, 0, 0, 0]);
  t.throws(() => made.entropy('r'), { message: /in use/ });
  source.close();
  t.notThrows(() => made.entropy('r').close());
});

test('without an id the host gives the bytes', (t) => {
  t.is(objects().objects.entropy('').fill(new Uint8Array(8)), 8);
});

test('objects that cannot be are refused', (t) => {
  t.throws(() => objects().objects.entropy('r'), { message: /can't find value 'r'/ });
  t.throws(() => objects([undefined, { 'qom-type': 'rng-random' }]), {
    message: "Parameter 'id' is missing",
  });
  t.throws(() => objects(['e', { 'qom-type': 'rng-egd' }]), { message: /'rng-egd', expected: rng-random/ });
  t.throws(() => objects(['b', { 'qom-type': 'rng-builtin', filename: 'x' }]), {
    message: "Property '.filename' not found",
  });
});

test('drives with if=virtio and -balloon virtio become devices', (t) => {
  const drive = (id: string, kind: BoardDrive['interface'], address?: string): BoardDrive =>
    ({ drive: { id }, interface: kind, address }) as unknown as BoardDrive;
  const drives = [drive('ide0-hd0', 'ide'), drive('virtio0', 'virtio'), drive('virtio1', 'virtio', '6')];
  t.deepEqual(
    optionDevices({ drives, balloon: { address: undefined }, debugConsole: 'debugcon' }).map(
      ({ values }) => values,
    ),
    [
      [
        ['driver', 'virtio-blk-pci'],
        ['drive', 'virtio0'],
      ],
      [
        ['driver', 'virtio-blk-pci'],
        ['drive', 'virtio1'],
        ['addr', '6'],
      ],
      [
        ['driver', 'isa-debugcon'],
        ['chardev', 'debugcon'],
      ],
      [['driver', 'virtio-balloon-pci']],
    ],
  );
});
