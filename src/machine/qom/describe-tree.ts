/** The object tree and the buses as text for people: `info qom-tree`, `info qtree`. Lines end with a newline. */
import type { BusObject } from './bus-object.ts';
import type { DeviceObject } from './device-object.ts';
import type { QomObject } from './qom-object.ts';

/** The object and all below it, children by name: `/NAME (TYPE)`, two blanks a level. */
export function describeObjects(object: QomObject): string {
  return objectLines(object, '').join('');
}

function objectLines(object: QomObject, indent: string): readonly string[] {
  const children = object.children().toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return [
    `${indent}/${object.name} (${object.typeName})\n`,
    ...children.flatMap((child) => objectLines(child, `${indent}  `)),
  ];
}

/** The bus, its devices (newest first) with their properties, and the buses below them, newest first too. */
export function describeBus(bus: BusObject): string {
  return busLines(bus, '').join('');
}

function busLines(bus: BusObject, indent: string): readonly string[] {
  return [
    `${indent}bus: ${bus.busName}\n`,
    `${indent}  type ${bus.typeName}\n`,
    ...bus
      .devices()
      .toReversed()
      .flatMap((device) => deviceLines(device, `${indent}  `)),
  ];
}

function deviceLines(device: DeviceObject, indent: string): readonly string[] {
  return [
    `${indent}dev: ${device.typeName}, id "${device.id ?? ''}"\n`,
    ...[...device.describePins(), ...device.describeProperties(), ...device.describePlace()].map(
      (line) => `${indent}  ${line}\n`,
    ),
    ...device
      .buses()
      .toReversed()
      .flatMap((bus) => busLines(bus, `${indent}  `)),
  ];
}
