/** The ISA bus of a machine without PCI: it hangs on the system as it is, and has no registers. */
import type { BoardServices } from '../board-services.ts';
import { type Device, defineDevice } from '../device-class.ts';
import { describeSystemDevice } from '../system/describe-system-device.ts';
import { type IsaBusHost, isaBus } from './isa-bus.ts';

export interface IsaBusPorts extends BoardServices, IsaBusHost {}

export const isabusBridge = defineDevice<IsaBusPorts, Record<never, never>>({
  name: 'isabus-bridge',
  bus: 'System',
  description: 'ISA bus without PCI',
  hotpluggable: false,
  userCreatable: false,
  properties: {},
  create: (ports): Device => ({
    firmwareNode: 'isa',
    describe: () => describeSystemDevice(0),
    buses: [isaBus(ports)],
    reset: () => undefined,
    save: () => ({}),
    restore: () => undefined,
  }),
});
