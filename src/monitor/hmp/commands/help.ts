import { defineHumanCommand, type HumanContext } from '../command.ts';
import type { CommandTable } from '../command-table.ts';
import { helpText } from '../help-text.ts';
import { LineScanner } from '../line-scanner.ts';

export const help = defineHumanCommand({
  name: 'help',
  aliases: ['?'],
  arguments: [{ name: 'words', kind: 'rest', presence: 'optional', candidates: commandNames }],
  params: '[cmd]',
  help: 'list the commands, or describe one',
  run: ({ table }, { words }) => helpText(table, splitWords(words ?? '')),
});

function splitWords(text: string): string[] {
  const scanner = new LineScanner(text);
  const words: string[] = [];
  for (let word = scanner.word(); word !== undefined; word = scanner.word()) words.push(word);
  return words;
}

/** Names in the table that the words `before` lead to. */
function commandNames(context: HumanContext, _prefix: string, before: readonly string[]): readonly string[] {
  let table: CommandTable | undefined = context.table;
  for (const word of before) table = table?.find(word)?.subCommands;
  return table?.names ?? [];
}
