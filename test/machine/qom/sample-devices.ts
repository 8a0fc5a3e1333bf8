/** Device classes for the tests: the example of behaviour.md §10, and one with an instance property. */
import { type Device, defineDevice, property } from '../../../src/devices/device-class.ts';
import {
  int32,
  macaddr,
  netdev,
  onOff,
  pciDevfn,
  string,
  uint32,
  vlan,
} from '../../../src/devices/property-types.ts';

const inert: Device = { reset: () => undefined, save: () => ({}), restore: () => undefined };

export const pciDevice = {
  name: 'pci-device',
  abstract: true,
  properties: {
    addr: property(pciDevfn, -1, 'place on the bus'),
    romfile: property(string, '', 'option ROM'),
    rombar: property(uint32, 1, 'whether the ROM has a BAR'),
    multifunction: property(onOff, false, 'more functions follow'),
    command_serr_enable: property(onOff, true, 'SERR# can be enabled'),
  },
} as const;

export const e1000 = defineDevice({
  name: 'e1000',
  parent: pciDevice,
  bus: 'PCI',
  description: 'a network card',
  hotpluggable: true,
  userCreatable: true,
  properties: {
    mac: property(macaddr, '52:54:00:12:34:56', 'hardware address'),
    vlan: property(vlan, -1, 'hub'),
    netdev: property(netdev, '', 'back end'),
    bootindex: property(int32, -1, 'place in the boot order'),
    autonegotiation: property(onOff, true, 'link negotiation'),
  },
  create: (ports: { readonly made: string[] }, values) => {
    const [first] = values.mac.split(':');
    ports.made.push(`${first} ${values.autonegotiation} ${values.addr + values.rombar}`);
    return { ...inert, unrealize: () => ports.made.push('gone') };
  },
});

export const clockChip = defineDevice({
  name: 'clock-chip',
  bus: 'System',
  hotpluggable: false,
  userCreatable: false,
  interfaces: ['nmi'],
  properties: {},
  create: () => ({
    ...inert,
    instanceProperties: [
      { name: 'date', type: 'struct tm', get: () => ({ tm_year: 113, tm_mon: 4 }) },
      { name: 'speed', type: 'int', set: () => undefined },
    ],
  }),
});
