/** `VGA`: the standard adapter on PCI, with the Bochs display interface and its registers in a memory BAR as well. */
import type { RegionHandler } from '../board-services.ts';
import { type Device, defineDevice, property } from '../device-class.ts';
import { PCI_BUS, type PciPorts } from '../pci/pci-contract.ts';
import { pciDevice } from '../pci/pci-device.ts';
import { onOff, uint32 } from '../property-types.ts';
import { VgaAdapter } from './vga-adapter.ts';
import * as vga from './vga-registers.ts';
import { attachVgaRom } from './vga-rom.ts';
import { videoBytes } from './video-size.ts';

const VENDOR = 0x1234;
const DEVICE = 0x1111;
const VGA_COMPATIBLE = 0x030000;
const ROM_FILE = 'vgabios-stdvga.bin';

const MEMORY_BAR = 0;
const REGISTER_BAR = 2;
const REGISTER_BAR_BYTES = 4096;
/** Ports 3C0 to 3DF, a byte each. */
const REGISTER_PORTS = 0x400;
const REGISTER_PORTS_BYTES = 0x20;
/** Registers of the Bochs interface, 16 bits each. */
const REGISTER_DISPI = 0x500;
const REGISTER_DISPI_BYTES = 0x16;

const properties = {
  vgamem_mb: property(uint32, 16, 'MiB of video memory'),
  mmio: property(onOff, true, 'registers in a memory BAR as well'),
};

function registerHandler(adapter: VgaAdapter): RegionHandler {
  const isPort = (offset: number): boolean =>
    offset >= REGISTER_PORTS && offset < REGISTER_PORTS + REGISTER_PORTS_BYTES;
  const isDispi = (offset: number): boolean =>
    offset >= REGISTER_DISPI && offset < REGISTER_DISPI + REGISTER_DISPI_BYTES;
  const port = (offset: number): number => vga.ATTRIBUTE + offset - REGISTER_PORTS;
  return {
    read: (offset, size) => {
      if (isPort(offset)) {
        const low = adapter.readPort(port(offset));
        return size === 1 ? low : low | (adapter.readPort(port(offset + 1)) << 8);
      }
      if (isDispi(offset)) {
        const value = adapter.dispi.readRegister((offset - REGISTER_DISPI) >> 1);
        return size === 1 ? (value >> (8 * (offset & 1))) & 0xff : value;
      }
      return size === 1 ? 0xff : 0xffff;
    },
    write: (offset, size, value) => {
      if (isPort(offset)) {
        adapter.writePort(port(offset), value & 0xff);
        if (size === 2) {
          adapter.writePort(port(offset + 1), value >> 8);
        }
      } else if (isDispi(offset) && size === 2) {
        adapter.dispi.writeRegister((offset - REGISTER_DISPI) >> 1, value);
      }
    },
  };
}

export const stdVga = defineDevice({
  name: 'VGA',
  parent: pciDevice,
  bus: PCI_BUS,
  hotpluggable: false,
  userCreatable: true,
  properties,
  create(ports: PciPorts, values): Device {
    const pci = ports.pci({ vendor: VENDOR, device: DEVICE, classCode: VGA_COMPATIBLE });
    const adapter = new VgaAdapter(ports, videoBytes('VGA', values.vgamem_mb), 'VGA');
    pci.bar(
      MEMORY_BAR,
      { kind: 'memory', bytes: adapter.video.view.length, prefetchable: true, name: 'vga.vram' },
      { host: adapter.video.host, type: 'video' },
    );
    if (values.mmio) {
      pci.bar(
        REGISTER_BAR,
        { kind: 'memory', bytes: REGISTER_BAR_BYTES, name: 'vga.mmio' },
        { handler: registerHandler(adapter), widest: 2 },
      );
    }
    const romfile = attachVgaRom(ports, pci, values, ROM_FILE);
    return {
      chosen: { romfile },
      reset: () => adapter.reset(),
      save: () => adapter.save(),
      restore: (state) => adapter.restore(state),
      unrealize: () => adapter.release(),
    };
  },
});
