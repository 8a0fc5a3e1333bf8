/** What serial and parallel ports need of their board beside the ISA bus. */
import { TroupeError } from '../../errors/troupe-error.ts';
import type { IsaPorts } from './isa-contract.ts';

export interface NumberedIsaPorts extends IsaPorts {
  /** The number of the next port of that kind that has none of its own: 0 for COM1 or LPT1. Each call gives the next one. */
  nextIndex(kind: 'serial' | 'parallel'): number;
}

/** A property that stands for "as the place on the board says". */
export const BY_INDEX = 0xffffffff;

export interface PortPlace {
  readonly base: number;
  readonly irq: number;
}

/** Where a port is, by the names of its properties. */
export interface ChosenPlace {
  readonly index: number;
  readonly iobase: number;
  readonly irq: number;
}

/**
 * Where the port goes: to where its properties say, else to the PC's usual place for its number.
 * @throws TroupeError `ERR_DEVICE_PLACE` when the number is past the last usual place
 */
export function placeOf(
  kind: 'serial' | 'parallel',
  values: ChosenPlace,
  usual: readonly PortPlace[],
  ports: NumberedIsaPorts,
): ChosenPlace {
  const index = values.index === BY_INDEX ? ports.nextIndex(kind) : values.index;
  const place = usual[index];
  if (place === undefined) {
    throw new TroupeError(
      'ERR_DEVICE_PLACE',
      `Max. supported number of ISA ${kind} ports is ${usual.length}.`,
    );
  }
  return {
    index,
    iobase: values.iobase === BY_INDEX ? place.base : values.iobase,
    irq: values.irq === BY_INDEX ? place.irq : values.irq,
  };
}

/**
 * The character device that a port needs.
 * @throws TroupeError `ERR_DEVICE_CHARDEV` when the property is empty
 */
export function requiredCharacter(kind: 'serial' | 'parallel' | 'debugcon', label: string, ports: IsaPorts) {
  if (label === '') {
    throw new TroupeError('ERR_DEVICE_CHARDEV', `Can't create ${kind} device, empty char device`);
  }
  return ports.character(label);
}
