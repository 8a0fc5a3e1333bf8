import { CommandTable } from './command-table.ts';
import { chardevAdd, chardevRemove } from './commands/chardev.ts';
import { closefd, getfd } from './commands/descriptors.ts';
import { help } from './commands/help.ts';
import { info } from './commands/info.ts';
import { powerCommands } from './commands/power.ts';
import { print } from './commands/print.ts';
import { ringbufRead, ringbufWrite } from './commands/ringbuf.ts';

/** Every human monitor command that works. */
export const humanCommands = new CommandTable([
  chardevAdd,
  chardevRemove,
  closefd,
  getfd,
  help,
  info,
  ...powerCommands,
  print,
  ringbufRead,
  ringbufWrite,
]);
