/** What troupe-img can do: one file a command, with its options, its effect and its exit status. */

import { parseWords } from './command-words.ts';
import { CHECK } from './commands/check.ts';
import { COMMIT } from './commands/commit.ts';
import { COMPARE } from './commands/compare.ts';
import { CONVERT } from './commands/convert.ts';
import { CREATE } from './commands/create.ts';
import { INFO } from './commands/info.ts';
import { MAP } from './commands/map.ts';
import { REBASE } from './commands/rebase.ts';
import { RESIZE } from './commands/resize.ts';
import { SNAPSHOT } from './commands/snapshot.ts';
import type { CommandOutput, ImageCommand } from './image-command.ts';
import { wrongUsage } from './image-command-error.ts';

export const IMAGE_COMMANDS: readonly ImageCommand[] = [
  CHECK,
  COMMIT,
  COMPARE,
  CONVERT,
  CREATE,
  INFO,
  MAP,
  REBASE,
  RESIZE,
  SNAPSHOT,
];

function helpText(): string {
  const usages = IMAGE_COMMANDS.map(({ usage }) => `  ${usage}\n`).join('');
  return `usage: troupe-img command [command options]\n\nCommand syntax:\n${usages}`;
}

/** Runs the command that the words begin with. @returns the exit status. Throws TroupeErrors. */
export async function runImageCommand(words: readonly string[], output: CommandOutput): Promise<number> {
  const [name, ...rest] = words;
  if (name === undefined) throw wrongUsage('Not enough arguments');
  if (['-h', '--help'].includes(name) || rest.some((word) => word === '-h' || word === '--help')) {
    output.write(helpText());
    return 0;
  }
  const command = IMAGE_COMMANDS.find((each) => each.name === name);
  if (command === undefined) throw wrongUsage(`Command not found: ${name}`);
  return command.run(parseWords(rest, command.options), output);
}
