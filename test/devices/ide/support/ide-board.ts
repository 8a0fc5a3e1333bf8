/** A PIIX3's IDE function on the fake board, with disks and CD-ROMs on its channels. */
import type { BoardServices } from '../../../../src/devices/board-services.ts';
import type { Device } from '../../../../src/devices/device-class.ts';
import { ideCd } from '../../../../src/devices/ide/ide-cd.ts';
import type { IdePorts } from '../../../../src/devices/ide/ide-contract.ts';
import { ideHd } from '../../../../src/devices/ide/ide-hd.ts';
import { piix3Ide } from '../../../../src/devices/ide/piix3-ide.ts';
import type { BarBacking, BarOptions, PciFunction } from '../../../../src/devices/pci/pci-contract.ts';
import { pciDevice } from '../../../../src/devices/pci/pci-device.ts';
import { createFakeBoard, type FakeBoard } from '../../support/fake-board.ts';
import type { FakeDrive } from '../../support/fake-drive.ts';
import { valuesFor } from './values.ts';

/** Where the fake function maps the bus masters. */
export const BUS_MASTER = 0xc000;

/** As much of a PCI function as the controller uses. */
class FakeIdeFunction {
  readonly config = new Uint8Array(256);
  readonly writable = new Uint8Array(256);
  busMaster = true;
  readonly #board: BoardServices;

  constructor(board: BoardServices) {
    this.#board = board;
  }

  bar(_index: number, options: BarOptions, backing: BarBacking): void {
    if ('handler' in backing) {
      this.#board.ports.claim(BUS_MASTER, options.bytes, backing.handler, { name: options.name });
    }
  }
}

export interface IdeMachine extends Device {
  readonly board: FakeBoard;
  readonly drives: readonly FakeDrive[];
}

export interface IdeUnit {
  readonly kind: 'hd' | 'cd';
  /** Undefined: an empty CD drive. */
  readonly contents?: Uint8Array | undefined;
  readonly properties?: Readonly<Record<string, unknown>>;
}

export function ideBoard(): FakeBoard {
  return createFakeBoard({
    createPciFunction: (board) => new FakeIdeFunction(board) as unknown as PciFunction,
  });
}

/** Builds the controller and its devices on `board`; saving, restoring and resetting is for all of them. */
export function createIde(board: FakeBoard, units: readonly IdeUnit[]): IdeMachine {
  const controller = piix3Ide.create(board, { ...valuesFor(pciDevice), ...valuesFor(piix3Ide) });
  const drives: FakeDrive[] = [];
  const devices = units.map(({ kind, contents, properties = {} }, index): Device => {
    const id = `drive${index}`;
    const drive = board.drive(id);
    drive.contents = contents;
    drive.readOnly = kind === 'cd';
    drives.push(drive);
    const bus = controller.buses?.[Math.floor(index / 2)];
    if (bus === undefined) throw new Error('The controller has two channels');
    const ports = bus.plug(board, { unit: index % 2 }, `ide-${kind}`) as IdePorts;
    const values = { drive: id, ...properties };
    return kind === 'hd'
      ? ideHd.create(ports, valuesFor(ideHd, values))
      : ideCd.create(ports, valuesFor(ideCd, values));
  });
  const all = [controller, ...devices];
  return {
    board,
    drives,
    reset: () => {
      for (const device of all) device.reset();
    },
    save: () => all.map((device) => device.save()),
    restore: (state) => {
      // Devices first: the controller then starts what they wait for.
      [...all.entries()].reverse().forEach(([index, device]) => {
        device.restore((state as readonly Parameters<Device['restore']>[0][])[index] ?? {});
      });
    },
    unrealize: () => {
      for (const device of all) device.unrealize?.();
      while (board.ports.claims.some(({ first }) => first === BUS_MASTER)) {
        board.ports.claims.splice(
          board.ports.claims.findIndex(({ first }) => first === BUS_MASTER),
          1,
        );
      }
    },
  };
}
