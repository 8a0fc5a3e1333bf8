import type { CommandServices } from '../command-definition.ts';
import type { MonitorCaller } from '../monitor-services.ts';
import type { HumanContext } from './command.ts';
import type { RegisterSource } from './expression.ts';
import { FormatMemory } from './format-spec.ts';
import { humanCommands } from './human-commands.ts';

/** One memory for all human monitors that share their services: those of one virtual machine. */
const formatMemories = new WeakMap<CommandServices, FormatMemory>();

/** Registers are read when a line names one: see dispatch.ts. */
const NO_REGISTERS: RegisterSource = { read: () => undefined };

/**
 * What the commands of one monitor run with.
 * @param caller absent under human-monitor-command
 * @param history the monitor's own list, read when a command asks for it
 * @param cpu the CPU that its commands are about until `cpu` chooses another
 */
export function humanContext(
  services: CommandServices,
  caller?: MonitorCaller,
  history: readonly string[] = [],
  cpu = 0,
): HumanContext {
  let formatMemory = formatMemories.get(services);
  if (formatMemory === undefined) {
    formatMemory = new FormatMemory();
    formatMemories.set(services, formatMemory);
  }
  return {
    services,
    table: humanCommands,
    registers: NO_REGISTERS,
    cpu: { index: cpu },
    formatMemory,
    caller,
    history,
  };
}
