/** `info pci`: functions on the PCI buses, bus by bus. */
import type { PciDeviceInfo, PciMemoryRegion } from '../../../qapi/qmp-types.generated.ts';
import { defineHumanCommand } from '../command.ts';

function hex(value: number | bigint, digits: number): string {
  return BigInt.asUintN(64, BigInt(value)).toString(16).padStart(digits, '0');
}

function describeRegion({ bar, type, address, size, prefetch, mem_type_64: wide }: PciMemoryRegion): string {
  const last = BigInt(address) + BigInt(size) - 1n;
  if (type === 'io') return `      BAR${bar}: I/O at 0x${hex(address, 4)} [0x${hex(last, 4)}].\n`;
  const kind = `${wide === true ? 64 : 32} bit${prefetch === true ? ' prefetchable' : ''} memory`;
  return `      BAR${bar}: ${kind} at 0x${hex(address, 8)} [0x${hex(last, 8)}].\n`;
}

function describeFunction(device: PciDeviceInfo): string {
  const { bus, slot, function: number, class_info: classInfo, id, irq, regions } = device;
  const name = classInfo.desc ?? `Class ${hex(classInfo.class, 4)}`;
  const place = `  Bus ${String(bus).padStart(2)}, device ${String(slot).padStart(3)}, function ${number}:\n`;
  const identity = `    ${name}: PCI device ${hex(id.vendor, 4)}:${hex(id.device, 4)}\n`;
  const interrupt = irq === undefined ? '' : `      IRQ ${irq}.\n`;
  return `${place}${identity}${interrupt}${regions.map(describeRegion).join('')}      id "${device.qdev_id}"\n`;
}

export const pci = defineHumanCommand({
  name: 'pci',
  help: 'devices on the PCI buses',
  async run({ services, caller }) {
    const buses = await services.executeQmp('query-pci', {}, caller);
    return buses.flatMap(({ devices }) => devices.map(describeFunction)).join('');
  },
});
