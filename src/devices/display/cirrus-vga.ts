/** `cirrus-vga` and `isa-cirrus-vga`: Cirrus Logic's CL-GD5446 on PCI and its smaller sister on ISA. */
import type { RegionHandler } from '../board-services.ts';
import { type Device, defineDevice, property } from '../device-class.ts';
import { ISA_BUS, type IsaPorts } from '../isa/isa-contract.ts';
import { PCI_BUS, type PciPorts } from '../pci/pci-contract.ts';
import { pciDevice } from '../pci/pci-device.ts';
import { uint32 } from '../property-types.ts';
import { CirrusAdapter } from './cirrus-adapter.ts';
import * as vga from './vga-registers.ts';
import { attachVgaRom, offerVgaRom } from './vga-rom.ts';
import { byteHandler } from './vga-window.ts';

const VENDOR = 0x1013;
const DEVICE = 0x00b8;
const VGA_COMPATIBLE = 0x030000;
const ROM_FILE = 'vgabios-cirrus.bin';
const MIB = 1024 * 1024;

/** CR27 of the two chips. */
const GD5446_ID = 0xb8;
const GD5430_ID = 0xa0;
const GD5446_BYTES = 4 * MIB;
const GD5430_BYTES = 2 * MIB;

const MEMORY_BAR = 0;
const MEMORY_BAR_BYTES = 32 * MIB;
/** The upper half of the memory BAR takes the blitter's source data. */
const TRANSFER_APERTURE = 16 * MIB;
const REGISTER_BAR = 1;
const REGISTER_BAR_BYTES = 4096;
/** In the register BAR: ports from 3C0 on, and the blitter. */
const MMIO_PORTS_BYTES = 0x100;
const LAST_PORT = 0x3df;

function memoryHandler(adapter: CirrusAdapter): RegionHandler {
  const { linearHandler, transferHandler } = adapter;
  const part = (offset: number): RegionHandler =>
    offset < TRANSFER_APERTURE ? linearHandler : transferHandler;
  return {
    read: (offset, size) => part(offset).read(offset, size),
    write: (offset, size, value) => part(offset).write(offset, size, value),
  };
}

function registerHandler(adapter: CirrusAdapter): RegionHandler {
  const port = (offset: number): number => vga.ATTRIBUTE + offset;
  return byteHandler(
    (offset) => {
      if (offset >= MMIO_PORTS_BYTES) {
        return adapter.readMmio(offset - MMIO_PORTS_BYTES);
      }
      return port(offset) <= LAST_PORT ? adapter.readPort(port(offset)) : 0xff;
    },
    (offset, value) => {
      if (offset >= MMIO_PORTS_BYTES) {
        adapter.writeMmio(offset - MMIO_PORTS_BYTES, value);
      } else if (port(offset) <= LAST_PORT) {
        adapter.writePort(port(offset), value);
      }
    },
  );
}

function deviceOf(adapter: CirrusAdapter): Device {
  return {
    reset: () => adapter.reset(),
    save: () => adapter.save(),
    restore: (state) => adapter.restore(state),
    unrealize: () => adapter.release(),
  };
}

export const cirrusVga = defineDevice({
  name: 'cirrus-vga',
  parent: pciDevice,
  bus: PCI_BUS,
  description: 'Cirrus CLGD 54xx VGA',
  hotpluggable: false,
  userCreatable: true,
  properties: { vgamem_mb: property(uint32, 8, 'accepted: the chip has 4 MiB of video memory') },
  create(ports: PciPorts, values): Device {
    const pci = ports.pci({ vendor: VENDOR, device: DEVICE, classCode: VGA_COMPATIBLE });
    const identity = { videoBytes: GD5446_BYTES, id: GD5446_ID, isPci: true };
    const adapter = new CirrusAdapter(ports, identity, 'cirrus-vga');
    pci.bar(
      MEMORY_BAR,
      { kind: 'memory', bytes: MEMORY_BAR_BYTES, prefetchable: true, name: 'cirrus-pci-bar0' },
      { handler: memoryHandler(adapter), posted: true },
    );
    pci.bar(
      REGISTER_BAR,
      { kind: 'memory', bytes: REGISTER_BAR_BYTES, name: 'cirrus-mmio' },
      { handler: registerHandler(adapter) },
    );
    pci.onBarMoved((index, address) => index === MEMORY_BAR && adapter.moveLinear(address));
    return { ...deviceOf(adapter), chosen: { romfile: attachVgaRom(ports, pci, values, ROM_FILE) } };
  },
});

export const isaCirrusVga = defineDevice({
  name: 'isa-cirrus-vga',
  bus: ISA_BUS,
  hotpluggable: false,
  userCreatable: true,
  properties: { vgamem_mb: property(uint32, 8, 'accepted: the chip has 2 MiB of video memory') },
  create(ports: IsaPorts): Device {
    const identity = { videoBytes: GD5430_BYTES, id: GD5430_ID, isPci: false };
    const adapter = new CirrusAdapter(ports, identity, 'isa-cirrus-vga');
    offerVgaRom(ports, ROM_FILE);
    return deviceOf(adapter);
  },
});
