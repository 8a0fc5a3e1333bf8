/** What the IDE bus hands to a device, and the properties that all of its devices have. */
import { TroupeError } from '../../errors/troupe-error.ts';
import type { BlockBackend } from '../block-backend.ts';
import type { BoardServices } from '../board-services.ts';
import type { BootPlace, ChildBus } from '../device-class.ts';
import { property } from '../device-class.ts';
import { blocksize, drive, hex64, int32, string, uint16, uint32 } from '../property-types.ts';
import { type IdeChannel, UNITS } from './ide-channel.ts';
import type { IdeConnection, IdeDevice } from './ide-device.ts';
import { PIO_BYTES, PIO_WORDS } from './pio-port.ts';

/** Type name of the bus. */
export const IDE_BUS = 'IDE';

/** A place on the cable that the bus is to choose. */
export const ANY_UNIT = 0xffffffff;

export interface IdePorts extends BoardServices {
  /** Plugs the device into its place. Once per device. `drive` is where the data register's buffer is allocated. */
  connect(drive: BlockBackend, device: (connection: IdeConnection) => IdeDevice): IdeDevice;
}

/** Properties of every IDE device, with the reference's names. */
export const ideProperties = {
  drive: property(drive, '', 'drive behind it'),
  logical_block_size: property(blocksize, 512, 'bytes of a logical sector; IDE knows 512 only'),
  physical_block_size: property(blocksize, 512, 'bytes of a physical sector'),
  min_io_size: property(uint16, 0, 'smallest transfer that is efficient, in bytes'),
  opt_io_size: property(uint32, 0, 'best transfer, in bytes'),
  bootindex: property(int32, -1, 'place in the boot order; -1: none'),
  discard_granularity: property(uint32, 0xffffffff, 'bytes that a discard covers at least'),
  ver: property(string, '', 'firmware version that it shows'),
  wwn: property(hex64, 0n, 'world wide name; 0: none'),
  serial: property(string, '', 'serial number; that of the drive when empty'),
  model: property(string, '', 'model that it shows'),
  unit: property(uint32, ANY_UNIT, 'place on the cable: 0 or 1; absent: the first free one'),
};

export class IdeError extends TroupeError {
  override readonly name: string = 'IdeError';
}

/** What a device at that place of its cable is to firmware. */
export function ideBootPlace(index: number, unit: number): BootPlace {
  return { index, node: `disk@${unit}` };
}

/**
 * The places of a channel, as a bus.
 * @param cable number of the channel on its controller
 */
export function ideBus(channel: IdeChannel, cable: number): ChildBus {
  const choose = (wanted: unknown): number => {
    const unit = wanted === ANY_UNIT || wanted === undefined ? (channel.has(0) ? 1 : 0) : Number(wanted);
    if (unit >= UNITS) {
      throw new IdeError('ERR_IDE_UNIT', `Can't create IDE unit ${unit}, bus supports only ${UNITS} units`);
    }
    if (channel.has(unit)) {
      throw new IdeError('ERR_IDE_UNIT', `IDE unit ${unit} is in use`);
    }
    return unit;
  };
  const units = new WeakMap<BoardServices, number>();
  return {
    type: IDE_BUS,
    name: `ide.${channel.number}`,
    firmwareNode: () => `drive@${cable}`,
    plug: (board, values): IdePorts => {
      const unit = choose(values['unit']);
      const ports: IdePorts = {
        ...board,
        connect: (backend, device) =>
          channel.connect(unit, device, () => ({
            buffer: backend.buffer(PIO_BYTES),
            words: board.sharedWords(PIO_WORDS),
          })),
      };
      units.set(ports, unit);
      return ports;
    },
    chosen: (ports) => ({ unit: units.get(ports) }),
  };
}
