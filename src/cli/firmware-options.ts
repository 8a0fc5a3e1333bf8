/** -kernel, -bios and what goes with them: what the guest begins with (cli.md §1). */
import type { FirmwareConfig, OptionRom } from '../machine/machine-config.ts';
import { numberValue, stringValue } from '../options/option-values.ts';
import { badOptionValue, CommandLineError, located } from './command-line-error.ts';
import type { CommandLineDraft } from './draft.ts';

/** -kernel, -initrd, -append: shorthand for the machine's parameters of these names. */
export function setMachineParameter(
  key: 'kernel' | 'initrd' | 'append',
): (draft: CommandLineDraft, value: string) => void {
  return (draft, value) => {
    if (value === '' && key !== 'append') {
      throw badOptionValue('a file name');
    }
    const item = draft.store.create('machine', undefined, draft.origin);
    draft.store.set(item, key, value);
  };
}

function optionRoms(draft: CommandLineDraft): OptionRom[] {
  return draft.store.itemsOf('option-rom').map(({ origin, values }) =>
    located(origin, () => {
      const file = stringValue(values, 'romfile');
      if (file === undefined || file === '') {
        throw badOptionValue('romfile=FILE');
      }
      return { file, bootIndex: numberValue(values, 'bootindex') };
    }),
  );
}

/** Throws when -append or -initrd has no -kernel to go with. */
export function buildFirmware(draft: CommandLineDraft): FirmwareConfig {
  const parameter = (key: string): string | undefined =>
    draft.store
      .itemsOf('machine')
      .map(({ values }) => stringValue(values, key))
      .findLast((value) => value !== undefined);
  const [kernel, initrd, append] = ['kernel', 'initrd', 'append'].map(parameter);
  if (kernel === undefined && append !== undefined) {
    throw new CommandLineError('ERR_CLI_CONFLICT', '-append only allowed with -kernel option');
  }
  if (kernel === undefined && initrd !== undefined) {
    throw new CommandLineError('ERR_CLI_CONFLICT', '-initrd only allowed with -kernel option');
  }
  return {
    bios: draft.bios,
    searchPath: draft.firmwarePath,
    kernel,
    initrd,
    append,
    optionRoms: optionRoms(draft),
    acpiTables: draft.acpiTables,
    smbios: draft.smbios,
  };
}
