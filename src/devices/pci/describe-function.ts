/** A PCI function as `info qtree` shows it. */
import { pciClassName } from './class-names.ts';
import { SUBSYSTEM_ID, SUBSYSTEM_VENDOR_ID } from './config-registers.ts';
import type { ConfiguredFunction, PciRegion } from './configured-function.ts';

const UNMAPPED = 0xffff_ffff_ffff_ffffn;

function hex(value: number | bigint, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

function word(config: Uint8Array, offset: number): string {
  return hex((config[offset] ?? 0) | ((config[offset + 1] ?? 0) << 8), 4);
}

function describeRegion({ bar, index, address }: PciRegion): string {
  const first = address === undefined ? UNMAPPED : BigInt(address);
  const last = BigInt.asUintN(64, first + BigInt(bar.bytes) - 1n);
  return `bar ${index}: ${bar.kind === 'io' ? 'i/o' : 'mem'} at 0x${first.toString(16)} [0x${last.toString(16)}]`;
}

/** Lines without their ends. */
export function describeFunction(pci: ConfiguredFunction): readonly string[] {
  const { devfn, config, identity } = pci;
  const code = identity.classCode >> 8;
  const name = pciClassName(code) ?? `Class ${hex(code, 4)}`;
  const place = `00:${hex(devfn >> 3, 2)}.${devfn & 7}`;
  const id = `${hex(identity.vendor, 4)}:${hex(identity.device, 4)}`;
  const subsystem = `${word(config, SUBSYSTEM_VENDOR_ID)}:${word(config, SUBSYSTEM_ID)}`;
  return [
    `class ${name}, addr ${place}, pci id ${id} (sub ${subsystem})`,
    ...pci.regions().map(describeRegion),
  ];
}
