import type { BoardServices, Region } from '../../../src/devices/board-services.ts';
import type { Device } from '../../../src/devices/device-class.ts';
import type { Picture } from '../../../src/devices/display/display-contract.ts';
import type { BaseAddress } from '../../../src/devices/pci/base-address.ts';
import { ConfiguredFunction } from '../../../src/devices/pci/configured-function.ts';
import { createFakeBoard, type FakeBoard } from '../support/fake-board.ts';
import type { VgaTarget } from './vga-modes.ts';

/** Where the tests put the linear frame buffer and the registers. */
export const BASES: readonly number[] = [0xe0000000, 0xe8000000, 0xe8000000];
const COMMAND = 4;
const BAR0 = 0x10;

function mapBar(board: BoardServices, bar: BaseAddress, address: number): Region {
  const { backing, bytes, name } = bar;
  return 'handler' in backing
    ? board.memory.claim(address, bytes, backing.handler, { name, widest: backing.widest ?? 4 })
    : board.mapVideoMemory(address, bytes, backing.host);
}

/** A board with a PCI bus that is good for one function. */
export function displayBoard(): FakeBoard {
  return createFakeBoard({
    createPciFunction: (board, identity, intx) =>
      new ConfiguredFunction(identity, {
        devfn: 0x10,
        map: (bar, address) => mapBar(board, bar, address),
        setPin: (_pin, asserted) => intx.set(asserted),
        sendMessage: () => undefined,
        keepRom: () => 0,
      }),
  });
}

/** Gives the function its addresses and lets it answer, as firmware would. */
export function mapFunction(board: FakeBoard): void {
  const [pci] = board.functions;
  if (pci instanceof ConfiguredFunction) {
    BASES.forEach((base, index) => {
      pci.writeConfig(BAR0 + 4 * index, 4, base);
    });
    pci.writeConfig(COMMAND, 2, 3);
  }
}

/** The board as a target of programming. */
export function target(board: FakeBoard): VgaTarget {
  return {
    outb: (port, value) => board.out8(port, value),
    outw: (port, value) => board.out16(port, value),
    writeb: (address, value) => board.memory.write(address, 1, value),
    writel: (address, value) => board.memory.write(address, 4, value),
  };
}

/** A device on such a board after its reset, its memory mapped, and what it shows. */
export function plugged(plug: (board: FakeBoard) => Device) {
  const board = displayBoard();
  const device = plug(board);
  device.reset();
  mapFunction(board);
  const picture = (): Picture =>
    board.adapters[0]?.picture() ?? { width: 0, height: 0, rgb: new Uint8Array() };
  return { board, device, picture, to: target(board) };
}
