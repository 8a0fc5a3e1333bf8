import { defineHumanCommand } from '../command.ts';
import { CommandTable } from '../command-table.ts';
import { helpText } from '../help-text.ts';
import { blockJobInformation } from './block-jobs.ts';
import { blockInformation } from './info-block.ts';
import { constantInformation } from './info-constant.ts';
import { guestInformation } from './info-guest.ts';
import { jit } from './info-jit.ts';
import { machineInformation } from './info-machine.ts';
import { monitorInformation } from './info-monitor.ts';
import { pci } from './info-pci.ts';

export const info = defineHumanCommand({
  name: 'info',
  arguments: [{ name: 'subcommand', kind: 'string', presence: 'optional' }],
  params: '[subcommand]',
  help: 'show something about the virtual machine; alone: what can be shown',
  subCommands: new CommandTable([
    ...machineInformation,
    ...guestInformation,
    jit,
    ...blockInformation,
    blockJobInformation,
    pci,
    ...monitorInformation,
    ...constantInformation,
  ]),
  run: ({ table }) => helpText(table, ['info']),
});
