/** `-device help` and `-device DRIVER,help`: what can be plugged in, and what can be set on it. */
import type { AnyDeviceClass } from '../devices/device-class.ts';
import { CommandLineError } from './command-line-error.ts';
import type { LateText } from './option-definition.ts';

function describeClass(entry: AnyDeviceClass): string | undefined {
  if (entry.abstract === true || !entry.userCreatable) {
    return undefined;
  }
  const { name, bus, alias, description } = entry;
  return [
    `name "${name}"`,
    ...(bus === undefined ? [] : [`bus ${bus}`]),
    ...(alias === undefined ? [] : [`alias "${alias}"`]),
    ...(description === undefined ? [] : [`desc "${description}"`]),
  ].join(', ');
}

/** `DRIVER.PROPERTY=TYPE`, own properties first, then those of the classes that it builds on. */
function describeProperties(entry: AnyDeviceClass): string[] {
  const lines: string[] = [];
  for (let level: AnyDeviceClass | undefined = entry; level !== undefined; level = level.parent) {
    for (const [property, { type }] of Object.entries(level.properties)) {
      lines.push(`${entry.name}.${property}=${type.legacyName ?? type.name}`);
    }
  }
  return lines;
}

async function listClasses(): Promise<string> {
  const { DEVICE_CLASSES } = await import('../devices/device-table.ts');
  return DEVICE_CLASSES.map(describeClass)
    .filter((line) => line !== undefined)
    .map((line) => `${line}\n`)
    .join('');
}

async function listProperties(driver: string): Promise<string> {
  const { DEVICE_CLASSES } = await import('../devices/device-table.ts');
  const entry = DEVICE_CLASSES.find(
    (candidate) => candidate.name === driver || (candidate.abstract !== true && candidate.alias === driver),
  );
  if (entry === undefined || entry.abstract === true) {
    throw new CommandLineError(
      'ERR_CLI_BAD_VALUE',
      `-device ${driver},help: Parameter 'driver' expects device type; -device help lists them`,
    );
  }
  return describeProperties(entry)
    .map((line) => `${line}\n`)
    .join('');
}

const PROPERTIES_HELP = /^(?:driver=)?([^,]+),(?:help|\?)$/;

/** What `-device VALUE` asks to be printed, if anything. The classes are loaded only then. */
export function describeDevices(value: string): LateText | undefined {
  if (value === 'help' || value === '?') {
    return listClasses;
  }
  const driver = PROPERTIES_HELP.exec(value)?.[1];
  return driver === undefined ? undefined : () => listProperties(driver);
}
