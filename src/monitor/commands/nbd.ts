/** Commands of the NBD server. */
import type { SocketAddress as QmpSocketAddress } from '../../qapi/qmp-types.generated.ts';
import { askMachine } from '../ask-machine.ts';
import { type CommandContext, type CommandEntry, defineCommand } from '../command-definition.ts';
import { MonitorError } from '../monitor-error.ts';
import { socketAddress } from './chardev-backend.ts';

/** The descriptor that the client has passed and named. Throws MonitorError. */
function takeDescriptor(address: QmpSocketAddress, { caller }: CommandContext): number | undefined {
  if (address.type !== 'fd') return undefined;
  const { str: name } = address.data;
  if (caller === undefined) {
    throw new MonitorError('ERR_MONITOR_FD_UNKNOWN', `File descriptor named '${name}' has not been found`);
  }
  return caller.namedDescriptors.take(name);
}

export const nbdCommands: readonly CommandEntry[] = [
  defineCommand('nbd-server-start', async ({ addr }, context) => {
    const fd = takeDescriptor(addr, context);
    const address = socketAddress(addr);
    await askMachine(context.services, 'nbdStart', { address, ...(fd === undefined ? {} : { fd }) });
    return {};
  }),

  defineCommand('nbd-server-add', async ({ device, writable }, { services }) => {
    await askMachine(services, 'nbdAdd', { device, writable: writable ?? false });
    return {};
  }),

  defineCommand('nbd-server-stop', async (_args, { services }) => {
    await askMachine(services, 'nbdStop', undefined);
    return {};
  }),
];
