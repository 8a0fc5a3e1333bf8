/** The ISA bus as the bridges to it bring it. */
import type { BoardServices } from '../board-services.ts';
import type { ChildBus } from '../device-class.ts';
import { ISA_BUS } from './isa-contract.ts';

/** What the bus needs of its board. */
export interface IsaBusHost {
  /** Adds to the board's services what the ISA bus gives: `IsaPorts`. */
  isaPorts(board: BoardServices, driver: string): BoardServices;
  /** Interrupt lines that the device with these ports has taken from the bus. */
  isaLines(ports: BoardServices): readonly number[];
}

export function isaBus(host: IsaBusHost): ChildBus {
  return {
    type: ISA_BUS,
    name: 'isa.0',
    plug: (board, _values, driver) => host.isaPorts(board, driver),
    describe: (ports) => {
      const lines = host.isaLines(ports);
      return lines.length === 0 ? [] : [`isa irq${lines.length === 1 ? '' : 's'} ${lines.join(',')}`];
    },
  };
}
