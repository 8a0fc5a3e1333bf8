/** The debug console of Bochs: a byte written to its port goes to a character device; a fixed value is read there. */
import { type Device, defineDevice, property } from '../device-class.ts';
import { chr, hex32 } from '../property-types.ts';
import { ISA_BUS, type IsaPorts } from './isa-contract.ts';
import { requiredCharacter } from './numbered-ports.ts';

const BOCHS_PORT = 0xe9;

const properties = {
  iobase: property(hex32, BOCHS_PORT, 'its port'),
  chardev: property(chr, '', 'character device that receives what is written'),
  readback: property(hex32, BOCHS_PORT, 'what a read gives'),
};

export const isaDebugcon = defineDevice({
  name: 'isa-debugcon',
  bus: ISA_BUS,
  hotpluggable: false,
  userCreatable: true,
  properties,
  create(ports: IsaPorts, values): Device {
    const character = requiredCharacter('debugcon', values.chardev, ports);
    const region = ports.ports.claim(
      values.iobase,
      1,
      {
        read: () => values.readback & 0xff,
        write: (_offset, _size, value) => character.write(Uint8Array.of(value)),
      },
      { name: 'isa-debugcon', widest: 1, posted: true },
    );
    return {
      reset: () => undefined,
      save: () => ({}),
      restore: () => undefined,
      unrealize() {
        region.remove();
        character.release();
      },
    };
  },
});
