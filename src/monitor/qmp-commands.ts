import { CommandTable } from './command-table.ts';
import { chardevCommands } from './commands/chardevs.ts';
import { descriptorCommands } from './commands/descriptors.ts';
import { humanCommands } from './commands/human.ts';
import { identityCommands } from './commands/identity.ts';
import { qomCommands } from './commands/qom.ts';
import { runStateCommands } from './commands/run-state.ts';
import { sessionCommands } from './commands/session.ts';

/** Every command of this version; adding a family is one line here. */
export const qmpCommands = new CommandTable([
  sessionCommands,
  identityCommands,
  runStateCommands,
  descriptorCommands,
  chardevCommands,
  qomCommands,
  humanCommands,
]);
