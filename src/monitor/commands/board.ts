/** Commands about what is plugged into the board. */
import { askMachine } from '../ask-machine.ts';
import { type CommandEntry, defineCommand } from '../command-definition.ts';
import { MonitorError } from '../monitor-error.ts';

export const boardCommands: readonly CommandEntry[] = [
  defineCommand('query-pci', async (_args, { services }) => askMachine(services, 'pci', undefined)),

  defineCommand('balloon', async ({ value }, { services }) => {
    const bytes = Number(value);
    if (bytes <= 0) {
      throw new MonitorError('ERR_MONITOR_PARAMETER', "Parameter 'target' expects a size");
    }
    await askMachine(services, 'balloon', { bytes });
    return {};
  }),

  defineCommand('query-balloon', async (_args, { services }) => ({
    actual: await askMachine(services, 'balloonActual', undefined),
  })),

  // No network client exists in this version, so no name is one's.
  defineCommand('set_link', ({ name }) => {
    throw new MonitorError('ERR_MONITOR_DEVICE', `Device '${name}' not found`, {
      errorClass: 'DeviceNotFound',
    });
  }),
];
