import { CommandTable } from './command-table.ts';
import { blockCommands } from './commands/block.ts';
import { blockJobCommands } from './commands/block-jobs.ts';
import { boardCommands } from './commands/board.ts';
import { chardevCommands } from './commands/chardevs.ts';
import { cpuCommands } from './commands/cpus.ts';
import { descriptorCommands } from './commands/descriptors.ts';
import { displayCommands } from './commands/display.ts';
import { humanCommands } from './commands/human.ts';
import { identityCommands } from './commands/identity.ts';
import { inputCommands } from './commands/input.ts';
import { memoryCommands } from './commands/memory.ts';
import { nbdCommands } from './commands/nbd.ts';
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
  cpuCommands,
  memoryCommands,
  inputCommands,
  displayCommands,
  boardCommands,
  blockCommands,
  blockJobCommands,
  nbdCommands,
]);
