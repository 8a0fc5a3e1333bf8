/** A function of the real PCI bus for a fake board: base address registers are mapped into the board's spaces. */
import type { BoardServices, Region, Wire } from '../../../src/devices/board-services.ts';
import type { BaseAddress } from '../../../src/devices/pci/base-address.ts';
import { ConfiguredFunction } from '../../../src/devices/pci/configured-function.ts';
import type { PciIdentity } from '../../../src/devices/pci/pci-contract.ts';

function mapBar(board: BoardServices, bar: BaseAddress, address: number): Region {
  if (!('handler' in bar.backing)) return { remove: () => undefined };
  const { handler, posted = false, widest = 4 } = bar.backing;
  const space = bar.kind === 'io' ? board.ports : board.memory;
  return space.claim(address, bar.bytes, handler, { name: bar.name, posted, widest });
}

/** For `createFakeBoard({ createPciFunction })`: the function sits in slot 1, whatever its device wants. */
export function createPciFunction(
  board: BoardServices,
  identity: PciIdentity,
  intx: Wire,
): ConfiguredFunction {
  return new ConfiguredFunction(identity, {
    devfn: 1 << 3,
    map: (bar, address) => mapBar(board, bar, address),
    setPin: (_pin, asserted) => intx.set(asserted),
    sendMessage: (address, data) => board.sendMessage(address, data),
    keepRom: () => 0,
  });
}
