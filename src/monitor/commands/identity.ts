/** Commands about what the machine is and what else could be made. */
import { CPU_MODEL_NAMES } from '../../machine/cpu-models.ts';
import { MACHINE_TYPES, type MachineType } from '../../machine/machine-types.ts';
import type { OptionGroup } from '../../options/option-group.ts';
import { OPTION_GROUPS } from '../../options/option-groups.ts';
import type { CommandLineOptionInfo, MachineInfo } from '../../qapi/qmp-types.generated.ts';
import type { CommandEntry } from '../command-definition.ts';
import { defineCommand } from '../command-definition.ts';
import { MonitorError } from '../monitor-error.ts';

export const identityCommands: readonly CommandEntry[] = [
  defineCommand('query-name', (_args, { services }) => {
    const { name } = services.identity;
    return name === undefined ? {} : { name };
  }),

  defineCommand('query-uuid', (_args, { services }) => ({ UUID: services.identity.uuid })),

  defineCommand('query-kvm', () => ({ enabled: false, present: false })),

  defineCommand('query-target', () => ({ arch: 'x86_64' })),

  defineCommand('query-machines', () => MACHINE_TYPES.map(machineInfo)),

  defineCommand('query-cpu-definitions', () => CPU_MODEL_NAMES.map((name) => ({ name }))),

  defineCommand('query-command-line-options', ({ option }) => {
    const groups = OPTION_GROUPS.filter((group) => option === undefined || group.name === option);
    if (option !== undefined && groups.length === 0) {
      throw new MonitorError('ERR_MONITOR_PARAMETER', `invalid option name: ${option}`);
    }
    return groups.map(optionInfo).reverse();
  }),
];

function machineInfo(type: MachineType): MachineInfo {
  return {
    name: type.name,
    ...(type.alias === undefined ? {} : { alias: type.alias }),
    ...(type.isDefault ? { 'is-default': true } : {}),
    'cpu-max': type.maxCpus,
  };
}

function optionInfo(group: OptionGroup): CommandLineOptionInfo {
  const listed = group.parameters.filter((parameter) => parameter.listed !== false);
  const parameters = listed.map(({ name, type, help }) => ({
    name,
    type,
    ...(help === undefined ? {} : { help }),
  }));
  return { option: group.name, parameters: parameters.reverse() };
}
