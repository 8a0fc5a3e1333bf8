/** query-pci: what is on the bus. */
import {
  BASE_CLASS,
  DEVICE_ID,
  INTERRUPT_LINE,
  INTERRUPT_PIN,
  SUBCLASS,
  VENDOR_ID,
} from '../../devices/pci/config-registers.ts';
import type { ConfiguredFunction } from '../../devices/pci/configured-function.ts';
import type { PciBus } from '../../devices/pci/pci-bus.ts';
import type { PciDeviceInfo, PciInfo, PciMemoryRegion } from '../../qapi/qmp-types.generated.ts';

/** Texts for classes (PCI Code and ID Assignment Specification, chapter 1), as the reference gives them. */
const CLASS_NAMES: Readonly<Record<number, string>> = {
  256: 'SCSI controller',
  257: 'IDE controller',
  258: 'Floppy controller',
  259: 'IPI controller',
  260: 'RAID controller',
  262: 'SATA controller',
  384: 'Storage controller',
  512: 'Ethernet controller',
  513: 'Token Ring controller',
  514: 'FDDI controller',
  515: 'ATM controller',
  640: 'Network controller',
  768: 'VGA controller',
  769: 'XGA controller',
  770: '3D controller',
  896: 'Display controller',
  1024: 'Video controller',
  1025: 'Audio controller',
  1026: 'Phone',
  1027: 'Audio controller',
  1152: 'Multimedia controller',
  1280: 'RAM controller',
  1281: 'Flash controller',
  1408: 'Memory controller',
  1536: 'Host bridge',
  1537: 'ISA bridge',
  1538: 'EISA bridge',
  1539: 'MC bridge',
  1540: 'PCI bridge',
  1541: 'PCMCIA bridge',
  1542: 'NUBUS bridge',
  1543: 'CARDBUS bridge',
  1544: 'RACEWAY bridge',
  1664: 'Bridge',
  3075: 'USB controller',
};

const BAR_BYTES = 4;
const FIRST_BAR = 0x10;
const ROM_BAR_INDEX = 6;
const UNMAPPED = -1;

/** @param idOf the id that the user gave to a function's device; empty for none */
export function queryPci(bus: PciBus, idOf: (made: ConfiguredFunction) => string): PciInfo[] {
  return [{ bus: 0, devices: bus.functions().map((made) => describe(made, idOf(made))) }];
}

function describe(made: ConfiguredFunction, id: string): PciDeviceInfo {
  const { config, devfn } = made;
  const word = (offset: number): number => (config[offset] ?? 0) | ((config[offset + 1] ?? 0) << 8);
  const code = ((config[BASE_CLASS] ?? 0) << 8) | (config[SUBCLASS] ?? 0);
  const desc = CLASS_NAMES[code];
  return {
    bus: 0,
    slot: devfn >> 3,
    function: devfn & 7,
    class_info: { ...(desc === undefined ? {} : { desc }), class: code },
    id: { device: word(DEVICE_ID), vendor: word(VENDOR_ID) },
    ...(config[INTERRUPT_PIN] === 0 ? {} : { irq: config[INTERRUPT_LINE] ?? 0 }),
    qdev_id: id,
    regions: made.regions().map(region),
  };
}

function region({
  bar,
  address = UNMAPPED,
}: ReturnType<ConfiguredFunction['regions']>[number]): PciMemoryRegion {
  const { kind, register, bytes, prefetchable = false } = bar;
  const common = {
    bar: kind === 'rom' ? ROM_BAR_INDEX : (register - FIRST_BAR) / BAR_BYTES,
    address,
    size: bytes,
  };
  if (kind === 'io') return { ...common, type: 'io' };
  return { ...common, type: 'memory', prefetch: prefetchable, mem_type_64: kind === 'memory64' };
}
