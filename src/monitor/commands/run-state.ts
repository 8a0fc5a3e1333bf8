/** Commands that read or change whether the machine runs, and its power. */

import type { QmpEmpty } from '../../qapi/qmp-types.generated.ts';
import { askMachine } from '../ask-machine.ts';
import type { CommandContext, CommandEntry } from '../command-definition.ts';
import { defineCommand } from '../command-definition.ts';

/** `quit` must work whatever has become of the machine: a machine that is silent this long is given up. */
const QUIT_DEADLINE_MS = 2000;

type PlainRequest = 'stop' | 'cont' | 'systemReset' | 'systemPowerdown' | 'systemWakeup';

function request(method: PlainRequest): (args: unknown, context: CommandContext) => Promise<QmpEmpty> {
  return async (_args, { services }) => {
    await askMachine(services, method, undefined);
    return {};
  };
}

export const runStateCommands: readonly CommandEntry[] = [
  // A word of shared memory, so that the most frequent of all commands costs no hop to another thread.
  defineCommand('query-status', (_args, { services }) => {
    const status = services.runState.load();
    return { running: status === 'running', singlestep: services.runState.singleStep, status };
  }),

  defineCommand('stop', request('stop')),
  defineCommand('cont', request('cont')),
  defineCommand('system_reset', request('systemReset')),
  defineCommand('system_powerdown', request('systemPowerdown')),
  defineCommand('system_wakeup', request('systemWakeup')),

  defineCommand('quit', async (_args, { services }) => {
    try {
      await askMachine(services, 'quit', undefined, { deadlineMs: QUIT_DEADLINE_MS });
    } catch (error) {
      services.report(`quit without the machine: ${error instanceof Error ? error.message : String(error)}`);
      services.quitWithoutMachine();
    }
    return {};
  }),
];
