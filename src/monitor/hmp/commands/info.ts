import { defineHumanCommand } from '../command.ts';
import { CommandTable } from '../command-table.ts';
import { helpText } from '../help-text.ts';
import { constantInformation } from './info-constant.ts';
import { machineInformation } from './info-machine.ts';
import { monitorInformation } from './info-monitor.ts';

export const info = defineHumanCommand({
  name: 'info',
  arguments: [{ name: 'subcommand', kind: 'string', presence: 'optional' }],
  params: '[subcommand]',
  help: 'show something about the virtual machine; alone: what can be shown',
  subCommands: new CommandTable([...machineInformation, ...monitorInformation, ...constantInformation]),
  run: ({ table }) => helpText(table, ['info']),
});
