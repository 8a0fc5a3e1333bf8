/** `isa-ide`: one channel on the ISA bus, without a bus master. */
import { type Device, type DeviceState, defineDevice, property } from '../device-class.ts';
import { ISA_BUS, type IsaPorts, isaNode } from '../isa/isa-contract.ts';
import { hex32, uint32 } from '../property-types.ts';
import { stateLike } from '../saved-state.ts';
import { ideBus } from './ide-contract.ts';
import { claimChannel } from './ide-port-claims.ts';

export interface NumberedIdePorts extends IsaPorts {
  /** The number of the next IDE bus; each call gives the next one. Absent: 0. */
  nextIdeBus?(): number;
}

export const isaIde = defineDevice({
  name: 'isa-ide',
  bus: ISA_BUS,
  description: 'IDE channel',
  hotpluggable: false,
  userCreatable: true,
  properties: {
    iobase: property(hex32, 0x1f0, 'first port of the command block'),
    iobase2: property(hex32, 0x3f6, 'port of the control block'),
    irq: property(uint32, 14, 'ISA interrupt'),
  },
  create(ports: NumberedIdePorts, { iobase, iobase2, irq }): Device {
    const place = { number: ports.nextIdeBus?.() ?? 0, command: iobase, control: iobase2 };
    const { channel, release } = claimChannel(ports.ports, place, ports.irq(irq));
    return {
      buses: [ideBus(channel, 0)],
      firmwareNode: isaNode('ide', iobase),
      reset: () => channel.reset(),
      save: (): DeviceState => ({ ...channel.save() }),
      restore: (state) => channel.restore(stateLike(channel.save(), state, 'isa-ide')),
      unrealize: release,
    };
  },
});
