/** pvpanic: a port by which a guest's kernel says that it has panicked (QEMU's docs/specs/pvpanic). */
import { type Device, defineDevice, property } from '../device-class.ts';
import { uint16 } from '../property-types.ts';
import { ISA_BUS, type IsaPorts } from './isa-contract.ts';

/** The firmware learns the port by this file: 16 bits, little-endian. */
const PORT_FILE = 'etc/pvpanic-port';
/** The events that it knows, as read, and the one that happened, as written. */
const PANICKED = 0x01;

export const pvpanic = defineDevice({
  name: 'pvpanic',
  bus: ISA_BUS,
  hotpluggable: false,
  userCreatable: false,
  properties: { ioport: property(uint16, 0x505, 'its port') },
  create({ ports, machine, firmwareItems }: IsaPorts, values): Device {
    firmwareItems.file(PORT_FILE, Uint8Array.of(values.ioport & 0xff, values.ioport >> 8));
    const region = ports.claim(
      values.ioport,
      1,
      {
        read: () => PANICKED,
        write: (_offset, _size, value) => {
          if ((value & PANICKED) !== 0) machine.guestPanicked();
        },
      },
      { name: 'pvpanic', widest: 1 },
    );
    return {
      reset: () => undefined,
      save: () => ({}),
      restore: () => undefined,
      unrealize: () => region.remove(),
    };
  },
});
