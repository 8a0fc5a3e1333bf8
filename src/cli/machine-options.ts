/** -machine: which board, and what of the machine group this version can honour (cli.md §2). */
import type { MachineType } from '../machine/machine-types.ts';
import { describeMachineTypes, findMachineType, MACHINE_TYPES } from '../machine/machine-types.ts';
import type { OptionPair } from '../options/option-list.ts';
import type { OptionItem } from '../options/option-store.ts';
import { parseBoolean, stringValue } from '../options/option-values.ts';
import { CommandLineError, located, unavailable } from './command-line-error.ts';

const EMULATION = 'tcg';
/** No CPU runs, and a test drives the devices. */
export const DEVICE_TEST = 'qtest';
const ABSENT_ACCELERATORS = ['kvm', 'xen'];

const NEEDS_HARDWARE =
  'this machine emulates its CPUs and has no hardware acceleration; expected tcg among the accelerators';

/** Accelerators are tried in order; ours is emulation. `warn` hears of those passed over. */
function checkAccelerators(text: string, warn: (text: string) => void): void {
  for (const name of text.split(':')) {
    if (name === EMULATION || name === DEVICE_TEST) {
      return;
    }
    if (!ABSENT_ACCELERATORS.includes(name)) {
      throw new CommandLineError('ERR_CLI_BAD_VALUE', `"${name}" accelerator does not exist`);
    }
    if (!text.split(':').includes(EMULATION)) {
      throw new CommandLineError('ERR_CLI_UNAVAILABLE', `accel=${text}: ${NEEDS_HARDWARE}`);
    }
    warn(`accelerator ${name} is not available in this version, trying the next one`);
  }
}

/** The one value of a boolean that this version can honour. */
const HONOURED: Readonly<Record<string, boolean>> = {
  usb: false,
  kernel_irqchip: false,
  'dump-guest-core': true,
};

/** Parameters that are looked at elsewhere, or that change nothing here. */
const FREE = ['type', 'mem-merge', 'kernel', 'initrd', 'append'];

function checkPair([key, value]: OptionPair, warn: (text: string) => void): void {
  if (key === 'accel') {
    checkAccelerators(value, warn);
  } else if (Object.hasOwn(HONOURED, key)) {
    if (parseBoolean(key, value) !== HONOURED[key]) {
      throw unavailable(`${key}=${value}`);
    }
  } else if (!FREE.includes(key)) {
    throw unavailable(`${key}=`);
  }
}

/** The board called `name`. Throws with the list of boards. */
function machineType(name: string): MachineType {
  const type = findMachineType(name);
  if (type === undefined) {
    throw new CommandLineError(
      'ERR_CLI_BAD_VALUE',
      `unknown machine type '${name}'\n${describeMachineTypes().trimEnd()}`,
    );
  }
  return type;
}

function defaultMachine(): MachineType {
  const type = MACHINE_TYPES.find(({ isDefault }) => isDefault);
  if (type === undefined) {
    throw new CommandLineError('ERR_CLI_BAD_VALUE', 'No machine found.');
  }
  return type;
}

/**
 * Checks the pairs of a machine item and finds the board that they name; undefined when they name none.
 * Throws on an unknown board or accelerator and on what this version cannot honour.
 */
export function checkMachine(
  values: readonly OptionPair[],
  warn: (text: string) => void = () => undefined,
): MachineType | undefined {
  for (const pair of values) {
    checkPair(pair, warn);
  }
  const name = stringValue(values, 'type');
  return name === undefined ? undefined : machineType(name);
}

/** The board that the `machine` items choose, or the default one. */
export function chooseMachine(items: readonly OptionItem[], warn: (text: string) => void): MachineType {
  return items.reduce(
    (machine, item) => located(item.origin, () => checkMachine(item.values, warn) ?? machine),
    defaultMachine(),
  );
}
