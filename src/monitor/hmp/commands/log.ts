/** What the virtual CPUs log. */
import { describeLogItems, LOG_ITEMS, parseLogItems } from '../../../vcpu/log-items.ts';
import { VcpuError } from '../../../vcpu/vcpu-error.ts';
import { askMachine } from '../../ask-machine.ts';
import { defineHumanCommand, type HumanCommand } from '../command.ts';
import { helpText } from '../help-text.ts';

const NONE = 'none';
const HELP_COLUMN = 10;

const log = defineHumanCommand({
  name: 'log',
  arguments: [
    {
      name: 'items',
      kind: 'string',
      candidates: () => [NONE, 'all', ...LOG_ITEMS.map(({ name }) => name)],
    },
  ],
  params: 'item[,...]',
  help: 'log what the translator does, to standard error or the file of `logfile`; `none` ends it',
  details: `${describeLogItems()}${NONE.padEnd(HELP_COLUMN)} nothing\n`,
  async run({ services, table }, { items }) {
    try {
      await askMachine(services, 'setLog', { items: items === NONE ? [] : parseLogItems(items) });
      return '';
    } catch (error) {
      if (error instanceof VcpuError && error.code === 'ERR_VCPU_LOG_ITEM') return helpText(table, ['log']);
      throw error;
    }
  },
});

const logfile = defineHumanCommand({
  name: 'logfile',
  arguments: [{ name: 'filename', kind: 'filename' }],
  params: 'file',
  help: 'file that is logged to from now on',
  async run({ services }, { filename }) {
    await askMachine(services, 'setLog', { file: filename });
    return '';
  },
});

export const logCommands: readonly HumanCommand[] = [log, logfile];
