/**
 * Devices that other options than -device ask for, written as -device would have it: -drive if=virtio, -balloon virtio and
 * -debugcon.
 */
import type { MachineConfig, OptionSection } from '../machine-config.ts';

/** In the order of the options. The devices are made after those of -device, as in the reference. */
export function optionDevices({
  drives,
  balloon,
  debugConsole,
}: Pick<MachineConfig, 'drives' | 'balloon' | 'debugConsole'>): OptionSection[] {
  return [
    ...drives
      .filter((drive) => drive.interface === 'virtio')
      .map(({ drive, address }) => section('virtio-blk-pci', address, [['drive', drive.id]])),
    ...(debugConsole === undefined ? [] : [debugConsoleSection(debugConsole)]),
    ...(balloon === undefined ? [] : [section('virtio-balloon-pci', balloon.address, [])]),
  ];
}

/** It alone has an id: the reference gives it that of its character device. */
function debugConsoleSection(label: string): OptionSection {
  return {
    group: 'device',
    id: label,
    values: [
      ['driver', 'isa-debugcon'],
      ['chardev', label],
    ],
  };
}

function section(
  driver: string,
  address: string | undefined,
  values: readonly (readonly [string, string])[],
): OptionSection {
  return {
    group: 'device',
    id: undefined,
    values: [['driver', driver], ...values, ...(address === undefined ? [] : [['addr', address] as const])],
  };
}
