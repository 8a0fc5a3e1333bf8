/** query-pci: what is on the bus. */
import { pciClassName } from '../../devices/pci/class-names.ts';
import {
  BASE_CLASS,
  DEVICE_ID,
  INTERRUPT_LINE,
  INTERRUPT_PIN,
  SUBCLASS,
  VENDOR_ID,
} from '../../devices/pci/config-registers.ts';
import type { ConfiguredFunction, PciRegion } from '../../devices/pci/configured-function.ts';
import type { PciBus } from '../../devices/pci/pci-bus.ts';
import type { PciDeviceInfo, PciInfo, PciMemoryRegion } from '../../qapi/qmp-types.generated.ts';

const UNMAPPED = -1;

/** @param idOf the id that the user gave to a function's device; empty for none */
export function queryPci(bus: PciBus, idOf: (made: ConfiguredFunction) => string): PciInfo[] {
  return [{ bus: 0, devices: bus.functions().map((made) => describe(made, idOf(made))) }];
}

function describe(made: ConfiguredFunction, id: string): PciDeviceInfo {
  const { config, devfn } = made;
  const word = (offset: number): number => (config[offset] ?? 0) | ((config[offset + 1] ?? 0) << 8);
  const code = ((config[BASE_CLASS] ?? 0) << 8) | (config[SUBCLASS] ?? 0);
  const desc = pciClassName(code);
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

function region({ bar, index, address = UNMAPPED }: PciRegion): PciMemoryRegion {
  const { kind, bytes, prefetchable = false } = bar;
  const common = { bar: index, address, size: bytes };
  if (kind === 'io') return { ...common, type: 'io' };
  return { ...common, type: 'memory', prefetch: prefetchable, mem_type_64: kind === 'memory64' };
}
