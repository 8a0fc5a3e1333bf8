/** The ISA bus of a machine without PCI: it hangs on the system as it is, and has no registers. */
import type { BoardServices } from '../board-services.ts';
import { type Device, defineDevice } from '../device-class.ts';
import { ISA_BUS } from './isa-contract.ts';

export interface IsaBusPorts extends BoardServices {
  /** Adds to the board's services what the ISA bus gives: `IsaPorts`. */
  isaPorts(board: BoardServices, driver: string): BoardServices;
}

export const isabusBridge = defineDevice<IsaBusPorts, Record<never, never>>({
  name: 'isabus-bridge',
  bus: 'System',
  description: 'ISA bus without PCI',
  hotpluggable: false,
  userCreatable: false,
  properties: {},
  create: (ports): Device => ({
    firmwareNode: 'isa',
    buses: [
      { type: ISA_BUS, name: 'isa.0', plug: (board, _values, driver) => ports.isaPorts(board, driver) },
    ],
    reset: () => undefined,
    save: () => ({}),
    restore: () => undefined,
  }),
});
