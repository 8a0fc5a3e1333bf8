/** A function of the real PCI bus for a fake board: base address registers are mapped into the board's spaces. */
import type { BoardServices, Region, Wire } from '../../../src/devices/board-services.ts';
import type { Device } from '../../../src/devices/device-class.ts';
import type { BaseAddress } from '../../../src/devices/pci/base-address.ts';
import { ConfiguredFunction } from '../../../src/devices/pci/configured-function.ts';
import type { PciIdentity } from '../../../src/devices/pci/pci-contract.ts';
import type { FakeBoard } from './fake-board.ts';

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

/** The function that the device on a fake board has claimed. */
export function functionOf(board: FakeBoard): ConfiguredFunction {
  const [made] = board.functions;
  if (!(made instanceof ConfiguredFunction)) throw new Error('The device has claimed no function');
  return made;
}

/** A device together with its function, for the tests that every device passes: on a board the bus takes care of that. */
export function withFunction(board: FakeBoard, device: Device): Device {
  const config = functionOf(board);
  return {
    reset: () => {
      config.reset();
      device.reset();
    },
    save: () => [config.save(), device.save()],
    restore: (state) => {
      const [configState = {}, deviceState = {}] = state as [];
      config.restore(configState);
      device.restore(deviceState);
    },
    unrealize: () => {
      device.unrealize?.();
      config.remove();
    },
  };
}
