import type { HumanCommand } from './command.ts';
import type { CommandTable } from './command-table.ts';
import { HmpError } from './hmp-error.ts';

/**
 * Help on what `words` lead to: every command of the table, those of a command with sub-commands, or one.
 * @returns lines `NAME PARAMS -- HELP`, a sub-command's with the name of its command before it
 * @throws HmpError when the words name no command
 */
export function helpText(table: CommandTable, words: readonly string[]): string {
  let current: CommandTable = table;
  const path: string[] = [];
  for (const word of words) {
    const command = current.find(word);
    if (command === undefined) {
      throw new HmpError('ERR_HMP_UNKNOWN_COMMAND', `unknown command: '${[...path, word].join(' ')}'`);
    }
    if (command.subCommands === undefined) return helpLine(path, command) + command.details;
    current = command.subCommands;
    path.push(command.name);
  }
  return current.commands.map((command) => helpLine(path, command)).join('');
}

function helpLine(path: readonly string[], command: HumanCommand): string {
  const name = [command.name, ...command.aliases].join('|');
  return `${[...path, name].join(' ')} ${command.params} -- ${command.help}\n`;
}
