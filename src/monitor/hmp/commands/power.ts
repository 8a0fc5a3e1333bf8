/** Commands that move the run-state; all of them are silent. */
import { defineHumanCommand, type HumanCommand } from '../command.ts';

type PowerCommand = 'quit' | 'stop' | 'cont' | 'system_reset' | 'system_powerdown' | 'system_wakeup';

export const powerCommands: readonly HumanCommand[] = [
  powerCommand('quit', ['q'], 'end the emulator'),
  powerCommand('stop', [], 'pause the virtual machine'),
  powerCommand('cont', ['c'], 'let the virtual machine run on'),
  powerCommand('system_reset', [], 'press the reset button'),
  powerCommand('system_powerdown', [], 'press the power button: the guest is asked to shut down'),
  powerCommand('system_wakeup', [], 'wake the guest from suspend to RAM'),
];

function powerCommand(name: PowerCommand, aliases: readonly string[], help: string): HumanCommand {
  return defineHumanCommand({
    name,
    aliases,
    help,
    async run({ services, caller }) {
      await services.executeQmp(name, {}, caller);
      return '';
    },
  });
}
