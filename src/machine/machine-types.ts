/** The machine types of this version: `-machine`, `query-machines` and the board all read this table. */

export interface MachineType {
  readonly name: string;
  /** A second name that always means the newest of its family. */
  readonly alias: string | undefined;
  readonly isDefault: boolean;
  /** For `-machine help`. */
  readonly description: string;
  readonly maxCpus: number;
  /** CPU model when `-cpu` is absent. */
  readonly defaultCpu: string;
  /** Whether the board has devices of its own unless -nodefaults removes them (serial port, VGA, …). */
  readonly hasDefaultDevices: boolean;
}

/** In the order of query-machines (behaviour.md §11). */
export const MACHINE_TYPES: readonly MachineType[] = [
  {
    name: 'pc-i440fx-1.5',
    alias: 'pc',
    isDefault: true,
    description: 'Standard PC (i440FX + PIIX, 1996)',
    maxCpus: 255,
    defaultCpu: 'qemu64',
    hasDefaultDevices: true,
  },
  {
    name: 'isapc',
    alias: undefined,
    isDefault: false,
    description: 'ISA-only PC',
    maxCpus: 1,
    defaultCpu: '486',
    hasDefaultDevices: true,
  },
  {
    name: 'none',
    alias: undefined,
    isDefault: false,
    description: 'empty machine',
    maxCpus: 1,
    defaultCpu: 'qemu64',
    hasDefaultDevices: false,
  },
];

/** The machine type called `name`, by its own name or its alias. */
export function findMachineType(name: string): MachineType | undefined {
  return MACHINE_TYPES.find((type) => type.name === name || type.alias === name);
}

/** The text of `-machine help`; an alias has a line of its own, as in the reference. */
export function describeMachineTypes(): string {
  const lines = ['Supported machines are:'];
  for (const type of MACHINE_TYPES) {
    if (type.alias !== undefined) {
      lines.push(`${type.alias.padEnd(20)} ${type.description} (alias of ${type.name})`);
    }
    lines.push(`${type.name.padEnd(20)} ${type.description}${type.isDefault ? ' (default)' : ''}`);
  }
  return `${lines.join('\n')}\n`;
}
