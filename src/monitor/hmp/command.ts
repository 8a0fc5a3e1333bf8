/** What a human monitor command is. */
import type { CommandServices } from '../command-definition.ts';
import type { MonitorCaller } from '../monitor-services.ts';
import type { AnyArgumentValue, ArgumentSpec, ArgumentValues } from './arguments.ts';
import type { CommandTable } from './command-table.ts';
import type { RegisterSource } from './expression.ts';
import type { FormatMemory } from './format-spec.ts';

/** The CPU that a monitor's commands are about. */
export interface CpuSelection {
  index: number;
}

/** What a command, or the completion of its arguments, may use. */
export interface HumanContext {
  readonly services: CommandServices;
  /** The table that the line is looked up in. */
  readonly table: CommandTable;
  readonly registers: RegisterSource;
  /** Changed by `cpu`. */
  readonly cpu: CpuSelection;
  readonly formatMemory: FormatMemory;
  /** The monitor's connection and named descriptors; none under human-monitor-command. */
  readonly caller: MonitorCaller | undefined;
  /** Lines given to this monitor, oldest first. */
  readonly history: readonly string[];
}

export type HumanArgumentSpec = ArgumentSpec<HumanContext>;

/** One entry of the table. Help, completion and the checking of arguments derive from it. */
export interface HumanCommand {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly arguments: readonly HumanArgumentSpec[];
  /** The arguments as help shows them. */
  readonly params: string;
  /** One line, lower case, without a full stop. */
  readonly help: string;
  /** Lines that its own help has beside that one; '' for none. */
  readonly details: string;
  /** Sub-commands; without one on the line the command itself runs. */
  readonly subCommands: CommandTable | undefined;
  /**
   * @returns what is printed, each line ended by '\n'; '' for silence
   * Throws what is to be printed as an error.
   */
  run(context: HumanContext, values: Record<string, AnyArgumentValue>): string | Promise<string>;
}

/** A command as its author writes it: the handler's values are typed by the arguments. */
export interface HumanCommandDefinition<A extends readonly HumanArgumentSpec[]> {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly arguments?: A;
  readonly params?: string;
  readonly help: string;
  readonly details?: string;
  readonly subCommands?: CommandTable;
  readonly run: (context: HumanContext, values: ArgumentValues<A>) => string | Promise<string>;
}

export function defineHumanCommand<const A extends readonly HumanArgumentSpec[] = readonly []>(
  definition: HumanCommandDefinition<A>,
): HumanCommand {
  return {
    name: definition.name,
    aliases: definition.aliases ?? [],
    arguments: definition.arguments ?? [],
    params: definition.params ?? '',
    help: definition.help,
    details: definition.details ?? '',
    subCommands: definition.subCommands,
    // readArguments gives exactly what the arguments of this very definition declare.
    run: (context, values) => definition.run(context, values as ArgumentValues<A>),
  };
}
