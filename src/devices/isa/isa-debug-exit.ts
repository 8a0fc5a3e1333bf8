/** A port that ends the machine: test programs report their result as its exit status. */
import { type Device, defineDevice, property } from '../device-class.ts';
import { hex32 } from '../property-types.ts';
import { ISA_BUS, type IsaPorts } from './isa-contract.ts';

const EXIT_STATUS_MASK = 0xff;

const properties = {
  iobase: property(hex32, 0x501, 'first of its ports'),
  iosize: property(hex32, 2, 'number of its ports'),
};

export const isaDebugExit = defineDevice({
  name: 'isa-debug-exit',
  bus: ISA_BUS,
  hotpluggable: false,
  userCreatable: true,
  properties,
  create({ ports, machine }: IsaPorts, values): Device {
    const region = ports.claim(
      values.iobase,
      values.iosize,
      {
        read: () => 0,
        // Odd, so that success of the guest's is told from success of the machine's.
        write: (_offset, _size, value) => machine.exit(((value << 1) | 1) & EXIT_STATUS_MASK),
      },
      { name: 'isa-debug-exit' },
    );
    return {
      reset: () => undefined,
      save: () => ({}),
      restore: () => undefined,
      unrealize: () => region.remove(),
    };
  },
});
