import test from 'ava';

import { BusObject } from '../../../src/machine/qom/bus-object.ts';
import { DeviceObject } from '../../../src/machine/qom/device-object.ts';
import { createMachineTree } from '../../../src/machine/qom/machine-tree.ts';
import { QomObject } from '../../../src/machine/qom/qom-object.ts';
import { QomQueries } from '../../../src/machine/qom/qom-queries.ts';
import { TypeRegistry } from '../../../src/machine/qom/type-registry.ts';
import { clockChip, e1000 } from './sample-devices.ts';

/** A machine with a PCI bus, one network card with an id, one without, and a clock. */
function furnished() {
  const types = new TypeRegistry();
  types.register({ name: 'nmi', parent: 'interface', abstract: true });
  types.register({ name: 'PCI', parent: 'bus' });
  types.registerDevice(e1000);
  types.registerDevice(clockChip);
  const tree = createMachineTree();
  const host = new QomObject('container');
  const pci = new BusObject('PCI', 'pci.0');
  tree.tree.container('/machine').addChild('i440fx', host);
  host.addChild('pci.0', pci);
  const made: string[] = [];
  const connect = () => ({ made });
  const net0 = new DeviceObject({ entry: e1000, types, id: 'net0', parentBus: pci, connect });
  const anonymous = new DeviceObject({ entry: e1000, types, parentBus: pci, connect });
  const clock = new DeviceObject({ entry: clockChip, types, parentBus: tree.systemBus, connect });
  tree.peripheral.addChild('net0', net0);
  tree.peripheralAnon.addChild('device[0]', anonymous);
  tree.unattached.addChild('device[0]', clock);
  return { queries: new QomQueries(types, tree), types, made, net0, anonymous, clock };
}

const bare = () => new QomQueries(new TypeRegistry(), createMachineTree());

test('the bare machine has the nodes of every machine', (t) => {
  const queries = bare();
  const children = (path: string) =>
    queries
      .list(path)
      .filter(({ type }) => type.startsWith('child<'))
      .map(({ name, type }) => `${name}: ${type}`)
      .sort();
  t.deepEqual(children('/'), ['machine: child<container>']);
  t.deepEqual(children('/machine'), [
    'peripheral-anon: child<container>',
    'peripheral: child<container>',
    'unattached: child<container>',
  ]);
  t.deepEqual(children('/machine/unattached'), ['sysbus: child<System>']);
  t.is(queries.get('/machine', 'type'), '"container"');
  t.is(queries.get('/machine/unattached', 'sysbus'), '"/machine/unattached/sysbus"');
});

for (const [path, leadsTo] of [
  ['/', '/'],
  ['/machine/', '/machine'],
  ['/machine/peripheral/net0', '/machine/peripheral/net0'],
  ['net0', '/machine/peripheral/net0'],
  ['peripheral/net0', '/machine/peripheral/net0'],
  ['/machine/peripheral/net0/parent_bus', '/machine/i440fx/pci.0'],
  ['unattached/device[0]', '/machine/unattached/device[0]'],
  ['', undefined],
  ['nothing', undefined],
  ['/net0', undefined],
  ['/machine/nothing', undefined],
  ['device[0]', undefined], // one in peripheral-anon, one in unattached
  ['/machine/peripheral/net0/mac', undefined],
] as const) {
  test(`path '${path}' ${leadsTo === undefined ? 'is not found' : `leads to ${leadsTo}`}`, (t) => {
    const { queries } = furnished();
    if (leadsTo === undefined) {
      t.throws(() => queries.list(path), { message: `Device '${path}' not found` });
    } else {
      t.deepEqual(queries.list(path), queries.list(leadsTo));
      t.is(queries.list(path)[0]?.name, queries.list(leadsTo)[0]?.name);
    }
  });
}

test('an unknown path has the class DeviceNotFound', (t) => {
  const error = t.throws(() => bare().get('/nope', 'type'));
  t.like(error, { errorClass: 'DeviceNotFound' });
});

test('a device lists its properties newest first, with twins where text and native form differ', (t) => {
  const { queries } = furnished();
  t.deepEqual(
    queries.list('net0').map(({ name, type }) => `${name} ${type}`),
    [
      'parent_bus link<bus>',
      'command_serr_enable boolean',
      'legacy-command_serr_enable legacy<on/off>',
      'multifunction boolean',
      'legacy-multifunction legacy<on/off>',
      'rombar uint32',
      'romfile string',
      'addr int32',
      'legacy-addr legacy<pci-devfn>',
      'autonegotiation boolean',
      'legacy-autonegotiation legacy<on/off>',
      'bootindex int32',
      'netdev netdev',
      'vlan vlan',
      'legacy-vlan legacy<vlan>',
      'mac macaddr',
      'realized bool',
      'type string',
    ],
  );
});

test('device-list-properties is the reversed declaration, by legacy names', (t) => {
  // The example of behaviour.md §10.
  t.deepEqual(
    furnished()
      .queries.deviceListProperties('e1000')
      .map(({ name, type }) => `${name} ${type}`),
    [
      'command_serr_enable on/off',
      'multifunction on/off',
      'rombar uint32',
      'romfile string',
      'addr pci-devfn',
      'autonegotiation on/off',
      'bootindex int32',
      'netdev netdev',
      'vlan vlan',
      'mac macaddr',
    ],
  );
});

test('device-list-properties refuses what is no device', (t) => {
  const { queries } = furnished();
  t.like(
    t.throws(() => queries.deviceListProperties('rtl9999')),
    { errorClass: 'DeviceNotFound', message: "Device 'rtl9999' not found" },
  );
  for (const type of ['container', 'bus', 'object', 'nmi']) {
    t.throws(() => queries.deviceListProperties(type), { message: "Parameter 'name' expects device" });
  }
  t.deepEqual(queries.deviceListProperties('device'), []);
});

for (const [property, json, read] of [
  ['mac', '"52-54-00-AB-CD-EF"', '"52:54:00:ab:cd:ef"'],
  ['addr', '26', '26'],
  ['addr', '"3.2"', '26'],
  ['legacy-addr', '"1f.7"', '"1f.7"'],
  ['multifunction', 'true', 'true'],
  ['legacy-multifunction', '"on"', '"on"'],
  ['rombar', '4294967295', '4294967295'],
  ['bootindex', '-1', '-1'],
  ['romfile', '"a\\u00e9"', '"aé"'],
] as const) {
  test(`${property} takes ${json}`, (t) => {
    const { queries } = furnished();
    queries.set('net0', property, json);
    t.is(queries.get('net0', property), read);
  });
}

for (const [property, json, message] of [
  ['nope', '1', "Property '.nope' not found"],
  ['type', '"x"', 'Insufficient permission to perform this operation'],
  ['parent_bus', '"/machine"', 'Insufficient permission to perform this operation'],
  ['romfile', '1', "Invalid parameter type for 'romfile', expected: string"],
  ['multifunction', '"on"', "Invalid parameter type for 'multifunction', expected: boolean"],
  ['realized', '1', "Invalid parameter type for 'realized', expected: boolean"],
  ['rombar', '"1"', "Invalid parameter type for 'rombar', expected: integer"],
  ['rombar', '1.0', "Invalid parameter type for 'rombar', expected: integer"],
  ['rombar', '4294967296', "Parameter 'rombar' expects uint32_t"],
  ['bootindex', '2147483648', "Parameter 'bootindex' expects int32_t"],
  ['addr', '256', "Parameter 'addr' expects pci_devfn"],
  ['addr', '"20"', "Property 'e1000.addr' doesn't take value '20'"],
  ['mac', '"52:54"', "Property 'e1000.mac' doesn't take value '52:54'"],
  ['legacy-multifunction', 'true', "Invalid parameter type for 'legacy-multifunction', expected: string"],
  ['legacy-multifunction', '"yes"', "Property 'e1000.multifunction' doesn't take value 'yes'"],
] as const) {
  test(`${property} refuses ${json}`, (t) => {
    const { queries } = furnished();
    const before = queries.list('net0').map(({ name }) => queries.get('net0', name));
    t.throws(() => queries.set('net0', property, json), { message });
    t.deepEqual(
      queries.list('net0').map(({ name }) => queries.get('net0', name)),
      before,
    );
  });
}

test('a write-only property cannot be read', (t) => {
  const { queries, clock } = furnished();
  clock.realize();
  queries.set('unattached/device[0]', 'speed', '1');
  t.throws(() => queries.get('unattached/device[0]', 'speed'), {
    message: 'Insufficient permission to perform this operation',
  });
  t.deepEqual(JSON.parse(queries.get('unattached/device[0]', 'date')), { tm_year: 113, tm_mon: 4 });
});

test('realizing creates the device from its values, once, and plugs it in', (t) => {
  const { queries, made } = furnished();
  queries.set('net0', 'mac', '"00:00:00:00:00:01"');
  queries.set('net0', 'addr', '24');
  t.is(queries.get('net0', 'realized'), 'false');
  queries.set('net0', 'realized', 'true');
  queries.set('net0', 'realized', 'true');
  t.deepEqual(made, ['00 true 25']);
  t.is(queries.get('net0', 'realized'), 'true');
  t.is(queries.get('net0', 'parent_bus'), '"/machine/i440fx/pci.0"');
  t.is(queries.get('/machine/i440fx/pci.0', 'child[0]'), '"/machine/peripheral/net0"');
});

test('unrealizing lets the device go and unplugs it', (t) => {
  const { queries, made } = furnished();
  queries.set('net0', 'realized', 'true');
  queries.set('net0', 'realized', 'false');
  t.is(made.at(-1), 'gone');
  t.throws(() => queries.get('/machine/i440fx/pci.0', 'child[0]'), { code: 'ERR_QOM_PROPERTY_NOT_FOUND' });
});

test('no property of the class can be set once the device works', (t) => {
  const { queries, net0, anonymous } = furnished();
  net0.realize();
  anonymous.realize();
  for (const property of ['mac', 'legacy-vlan']) {
    const shown = property.replace('legacy-', '');
    t.throws(() => queries.set('net0', property, '"x"'), {
      message: `Attempt to set property '${shown}' on device 'net0' (type 'e1000') after it was realized`,
    });
    t.throws(() => queries.set('peripheral-anon/device[0]', property, '"x"'), {
      message: `Attempt to set property '${shown}' on anonymous device (type 'e1000') after it was realized`,
    });
  }
});

for (const [filter, expected] of [
  [{}, ['container', 'System', 'PCI', 'e1000', 'clock-chip']],
  [{ implements: 'device' }, ['e1000', 'clock-chip']],
  [{ implements: 'device', abstract: true }, ['device', 'pci-device', 'e1000', 'clock-chip']],
  [{ implements: 'pci-device' }, ['e1000']],
  [{ implements: 'nmi' }, ['clock-chip']],
  [{ implements: 'bus' }, ['System', 'PCI']],
  [{ implements: 'nope' }, []],
] as const) {
  test(`types of ${JSON.stringify(filter)}`, (t) => {
    t.deepEqual(furnished().queries.listTypes(filter), expected);
  });
}

test('types are registered once, and after what they build on', (t) => {
  const types = new TypeRegistry();
  t.throws(() => types.register({ name: 'device', parent: 'object' }), { code: 'ERR_QOM_TYPE_EXISTS' });
  t.throws(() => types.register({ name: 'x', parent: 'unheard-of' }), { code: 'ERR_QOM_TYPE_UNKNOWN' });
  t.throws(() => types.registerDevice(clockChip), { code: 'ERR_QOM_TYPE_UNKNOWN', message: /'nmi'/ });
});

test('info qom-tree and info qtree', (t) => {
  const { queries, net0 } = furnished();
  t.is(
    bare().describe('qom-tree'),
    [
      '/machine (container)',
      '  /peripheral (container)',
      '  /peripheral-anon (container)',
      '  /unattached (container)',
      '    /sysbus (System)',
      '',
    ].join('\n'),
  );
  t.is(bare().describe('qtree'), 'bus: main-system-bus\n  type System\n');
  net0.realize();
  t.is(queries.describe('qom-tree', 'i440fx'), '/i440fx (container)\n  /pci.0 (PCI)\n');
});

test('qtree shows the devices of a bus with their values', (t) => {
  const types = new TypeRegistry();
  types.registerDevice(e1000);
  const tree = createMachineTree();
  const card = new DeviceObject({
    entry: e1000,
    types,
    id: 'net0',
    parentBus: tree.systemBus,
    connect: () => ({ made: [] }),
  });
  card.addChild('pci.1', new BusObject('System', 'pci.1'));
  card.realize();
  t.is(
    new QomQueries(types, tree).describe('qtree'),
    `bus: main-system-bus
  type System
  dev: e1000, id "net0"
    mac = 52:54:00:12:34:56
    vlan = <null>
    netdev = <null>
    bootindex = -1
    autonegotiation = on
    addr = <unset>
    romfile = <null>
    rombar = 1
    multifunction = off
    command_serr_enable = on
    bus: pci.1
      type System
`,
  );
});
