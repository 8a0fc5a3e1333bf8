import { CommandTable } from './command-table.ts';
import { blockJobCommands } from './commands/block-jobs.ts';
import { blockLiveCommands } from './commands/block-live.ts';
import { boardCommands } from './commands/board.ts';
import { chardevAdd, chardevRemove } from './commands/chardev.ts';
import { cpuCommands } from './commands/cpu.ts';
import { closefd, getfd } from './commands/descriptors.ts';
import { driveCommands } from './commands/drives.ts';
import { help } from './commands/help.ts';
import { info } from './commands/info.ts';
import { inputCommands } from './commands/input.ts';
import { logCommands } from './commands/log.ts';
import { memoryCommands } from './commands/memory.ts';
import { nbdCommands } from './commands/nbd.ts';
import { portCommands } from './commands/ports.ts';
import { powerCommands } from './commands/power.ts';
import { print } from './commands/print.ts';
import { ringbufRead, ringbufWrite } from './commands/ringbuf.ts';

/** Every human monitor command that works. */
export const humanCommands = new CommandTable([
  ...blockJobCommands,
  ...blockLiveCommands,
  ...boardCommands,
  chardevAdd,
  chardevRemove,
  closefd,
  ...cpuCommands,
  ...driveCommands,
  getfd,
  help,
  info,
  ...inputCommands,
  ...logCommands,
  ...memoryCommands,
  ...nbdCommands,
  ...portCommands,
  ...powerCommands,
  print,
  ringbufRead,
  ringbufWrite,
]);
