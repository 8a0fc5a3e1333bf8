/** query-pci: what is on a PCI bus, in the order of device and function numbers. */

import { BAR0, INTERRUPT_LINE, INTERRUPT_PIN } from '../../devices/pci/config-registers.ts';
import type { ConfiguredFunction } from '../../devices/pci/configured-function.ts';
import type { PciBus } from '../../devices/pci/pci-bus.ts';
import type { PciDeviceInfo, PciInfo, PciMemoryRegion } from '../../qapi/qmp-types.generated.ts';

const ROM_INDEX = 6;
const UNMAPPED = -1;

/** Names by class and subclass (PCI Code and ID Assignment Specification 1.0), as clients of the reference know them. */
const CLASS_NAMES: ReadonlyMap<number, string> = new Map([
  [0x0100, 'SCSI controller'],
  [0x0101, 'IDE controller'],
  [0x0102, 'Floppy controller'],
  [0x0103, 'IPI controller'],
  [0x0104, 'RAID controller'],
  [0x0106, 'SATA controller'],
  [0x0180, 'Storage controller'],
  [0x0200, 'Ethernet controller'],
  [0x0201, 'Token Ring controller'],
  [0x0202, 'FDDI controller'],
  [0x0203, 'ATM controller'],
  [0x0280, 'Network controller'],
  [0x0300, 'VGA controller'],
  [0x0301, 'XGA controller'],
  [0x0302, '3D controller'],
  [0x0380, 'Display controller'],
  [0x0400, 'Video controller'],
  [0x0401, 'Audio controller'],
  [0x0402, 'Phone'],
  [0x0403, 'Audio controller'],
  [0x0480, 'Multimedia controller'],
  [0x0500, 'RAM controller'],
  [0x0501, 'Flash controller'],
  [0x0580, 'Memory controller'],
  [0x0600, 'Host bridge'],
  [0x0601, 'ISA bridge'],
  [0x0602, 'EISA bridge'],
  [0x0603, 'MC bridge'],
  [0x0604, 'PCI bridge'],
  [0x0605, 'PCMCIA bridge'],
  [0x0606, 'NUBUS bridge'],
  [0x0607, 'CARDBUS bridge'],
  [0x0608, 'RACEWAY bridge'],
  [0x0680, 'Bridge'],
  [0x0c03, 'USB controller'],
  [0x0c05, 'SMBus'],
]);

function region({ bar, address }: ReturnType<ConfiguredFunction['regions']>[number]): PciMemoryRegion {
  const index = bar.kind === 'rom' ? ROM_INDEX : (bar.register - BAR0) / 4;
  const isPort = bar.kind === 'io';
  return {
    bar: index,
    type: isPort ? 'io' : 'memory',
    address: address ?? UNMAPPED,
    size: bar.bytes,
    ...(isPort ? {} : { prefetch: bar.prefetchable === true, mem_type_64: bar.kind === 'memory64' }),
  };
}

function deviceInfo(pci: ConfiguredFunction, idOf: (devfn: number) => string): PciDeviceInfo {
  const { devfn, config, identity } = pci;
  const classCode = identity.classCode >> 8;
  const name = CLASS_NAMES.get(classCode);
  const hasInterrupt = (config[INTERRUPT_PIN] ?? 0) !== 0;
  return {
    bus: 0,
    slot: devfn >> 3,
    function: devfn & 7,
    class_info: { class: classCode, ...(name === undefined ? {} : { desc: name }) },
    id: { vendor: identity.vendor, device: identity.device },
    ...(hasInterrupt ? { irq: config[INTERRUPT_LINE] ?? 0 } : {}),
    qdev_id: idOf(devfn),
    regions: pci.regions().map(region),
  };
}

/** @param idOf the id that the user gave to the device at a place, '' without one */
export function listPci(bus: PciBus | undefined, idOf: (devfn: number) => string): readonly PciInfo[] {
  if (bus === undefined) return [];
  return [{ bus: 0, devices: bus.functions().map((pci) => deviceInfo(pci, idOf)) }];
}
