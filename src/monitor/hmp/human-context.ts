import type { CommandServices } from '../command-definition.ts';
import type { MonitorCaller } from '../monitor-services.ts';
import type { HumanContext } from './command.ts';
import { FormatMemory } from './format-spec.ts';
import { humanCommands } from './human-commands.ts';

/** One memory for all human monitors that share their services: those of one virtual machine. */
const formatMemories = new WeakMap<CommandServices, FormatMemory>();

/**
 * What the commands of one monitor run with.
 * @param caller absent under human-monitor-command
 * @param history the monitor's own list, read when a command asks for it
 */
export function humanContext(
  services: CommandServices,
  caller?: MonitorCaller,
  history: readonly string[] = [],
): HumanContext {
  let formatMemory = formatMemories.get(services);
  if (formatMemory === undefined) {
    formatMemory = new FormatMemory();
    formatMemories.set(services, formatMemory);
  }
  // There are no virtual CPUs yet, so there is no register to be read.
  return {
    services,
    table: humanCommands,
    registers: { read: () => undefined },
    formatMemory,
    caller,
    history,
  };
}
