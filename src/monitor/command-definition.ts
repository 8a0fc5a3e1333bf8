/** What a QMP command is here: one entry with its name and its handler; the schema gives everything else. */
import { ArgumentCheck } from '../qapi/argument-check.ts';
import type { QmpJson, QmpObject } from '../qapi/json-value.ts';
import type { QmpCommandName, QmpCommands } from '../qapi/qmp-types.generated.ts';
import type { MonitorCaller, MonitorServices } from './monitor-services.ts';

/** What handlers may use beyond what human monitors use too. */
export interface CommandServices extends MonitorServices {
  /** Why an actor is no longer there; undefined while it lives. */
  failureOf(actor: string): string | undefined;
  /** `quit` when the machine actor cannot carry it out: SHUTDOWN and the process's end follow the command's reply. */
  quitWithoutMachine(): void;
}

export interface CommandContext {
  readonly services: CommandServices;
  /** The monitor that the command came from; absent for `human-monitor-command`, which has no connection. */
  readonly caller: MonitorCaller | undefined;
}

/**
 * Carries a command out. It keeps no state: it asks the owner. An error that it throws is the client's answer, with
 * the error's class and message. A handler that does not wait answers before the next byte is looked at.
 */
export type CommandHandler<N extends QmpCommandName> = (
  args: QmpCommands[N]['arguments'],
  context: CommandContext,
) => QmpCommands[N]['returns'] | Promise<QmpCommands[N]['returns']>;

export interface CommandOptions {
  /** Arguments that the schema documents but the reference's table refuses (`compatAdvice`): accepted here. */
  readonly alsoAccept?: readonly string[];
  /** Integers that the command's documentation shows as strings: both are accepted, and the handler gets what came. */
  readonly numbersAsText?: readonly string[];
}

/** A command with its types forgotten: what tables and sessions hold. */
export interface CommandEntry {
  readonly name: QmpCommandName;
  readonly check: ArgumentCheck;
  /** @param args as checked by `check` */
  readonly run: (args: QmpObject, context: CommandContext) => QmpJson | Promise<QmpJson>;
}

export function defineCommand<N extends QmpCommandName>(
  name: N,
  handler: CommandHandler<N>,
  options: CommandOptions = {},
): CommandEntry {
  return {
    name,
    check: new ArgumentCheck(name, options.alsoAccept, options.numbersAsText),
    // The check has made the arguments what the handler's type says; its result is a value of the schema.
    run: handler as unknown as CommandEntry['run'],
  };
}
