/** What is the same for every machine of this version. */
import { defineHumanCommand, type HumanCommand } from '../command.ts';

export const constantInformation: readonly HumanCommand[] = [
  defineHumanCommand({
    name: 'irq',
    help: 'interrupt counts (not collected)',
    run: () => 'irq statistic code not compiled.\n',
  }),
  defineHumanCommand({
    name: 'pcmcia',
    help: 'PCMCIA sockets (no machine has one)',
    run: () => 'No PCMCIA sockets\n',
  }),
  defineHumanCommand({
    name: 'profile',
    help: "the emulator's own profile (not collected)",
    run: () => 'Internal profiler not compiled\n',
  }),
];
