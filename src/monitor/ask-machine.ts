/** Asking the machine actor on behalf of a client, who is told which actor failed and why when it does not answer. */
import { isActorErrorCode } from '../actors/actor-error.ts';
import type { AskArgument, AskName, AskOptions, AskResult } from '../actors/contract.ts';
import type { MachineContract } from '../machine/machine-contract.ts';
import type { CommandServices } from './command-definition.ts';
import { MonitorError } from './monitor-error.ts';

/** Rejects with the machine's own error, or with `ERR_MONITOR_ACTOR` when the actor is dead, silent or swamped. */
export async function askMachine<M extends AskName<MachineContract>>(
  services: CommandServices,
  method: M,
  argument: AskArgument<MachineContract, M>,
  options?: AskOptions,
): Promise<AskResult<MachineContract, M>> {
  try {
    return await services.machine.ask(method, argument, options);
  } catch (error) {
    if (!isActorFailure(error)) {
      throw error;
    }
    const actor = services.machine.name;
    const cause = services.failureOf(actor) ?? error.message;
    throw new MonitorError('ERR_MONITOR_ACTOR', `The actor '${actor}' does not answer: ${cause}`, {
      cause: error,
    });
  }
}

/** Errors keep their code on the way between threads, but not their class. */
function isActorFailure(error: unknown): error is Error & { code: string } {
  const isCoded = error instanceof Error && 'code' in error && typeof error.code === 'string';
  // An error that a handler threw itself is the machine's own, not a failure to answer.
  return isCoded && isActorErrorCode(String(error.code)) && error.code !== 'ERR_ACTOR_HANDLER';
}
