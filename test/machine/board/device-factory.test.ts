/** Devices by name and alias, and the buses that they bring. */
import test from 'ava';
import type { BoardServices } from '../../../src/devices/board-services.ts';
import { type Device, defineDevice, property } from '../../../src/devices/device-class.ts';
import { uint32 } from '../../../src/devices/property-types.ts';
import { DeviceFactory, registerDeviceClasses } from '../../../src/machine/board/device-factory.ts';
import { createMachineTree } from '../../../src/machine/qom/machine-tree.ts';
import { SYSTEM_BUS, TypeRegistry } from '../../../src/machine/qom/type-registry.ts';

const inert: Device = { reset: () => undefined, save: () => ({}), restore: () => undefined };

const controller = defineDevice({
  name: 'controller-pci',
  alias: 'controller',
  bus: SYSTEM_BUS,
  hotpluggable: false,
  userCreatable: true,
  properties: {},
  create: (): Device => ({
    ...inert,
    buses: [0, 1].map(() => ({ type: 'port-bus', name: 'ports', plug: (board) => board })),
  }),
});

const port = defineDevice({
  name: 'port',
  bus: 'port-bus',
  hotpluggable: false,
  userCreatable: true,
  properties: { nr: property(uint32, 0, 'number') },
  create: (): Device => inert,
});

function makeFactory(): DeviceFactory {
  const types = new TypeRegistry();
  registerDeviceClasses(types, [controller, port]);
  return new DeviceFactory({
    types,
    tree: createMachineTree(),
    services: {} as BoardServices,
    extend: (_driver, ports) => ports,
    globals: [],
  });
}

function busNames(factory: DeviceFactory): readonly string[] {
  return factory.buses().map(({ busName }) => busName);
}

test('a driver is found by its name and by its alias', (t) => {
  const factory = makeFactory();
  t.is(factory.create({ driver: 'controller' }).typeName, 'controller-pci');
  t.is(factory.create({ driver: 'controller-pci' }).typeName, 'controller-pci');
  t.throws(() => factory.create({ driver: 'nothing' }), {
    message: "Parameter 'driver' expects device type",
  });
});

test('the buses of a device are called after its id; without one they are numbered', (t) => {
  const factory = makeFactory();
  factory.create({ driver: 'controller' });
  factory.create({ driver: 'controller', id: 'c' });
  factory.create({ driver: 'controller' });
  t.deepEqual(busNames(factory).slice(1), ['ports.0', 'ports.1', 'c.0', 'c.1', 'ports.2', 'ports.3']);
  const made = factory.create({ driver: 'port', bus: factory.findBus('c.1') });
  t.is(made.parentBus?.busName, 'c.1');
});

test('a device goes on a bus of its type only', (t) => {
  const factory = makeFactory();
  t.throws(() => factory.create({ driver: 'port' }), {
    message: "No 'port-bus' bus found for device 'port'",
  });
  factory.create({ driver: 'controller' });
  t.notThrows(() => factory.create({ driver: 'port' }));
  t.throws(() => factory.create({ driver: 'controller', bus: factory.findBus('ports.0') }), {
    message: "Device 'controller-pci' can't go on a port-bus bus",
  });
});
