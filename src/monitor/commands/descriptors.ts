/** Commands that take over file descriptors passed by SCM_RIGHTS. */
import { closeForeign } from '../../host/descriptor.ts';
import type { CommandEntry } from '../command-definition.ts';
import { defineCommand } from '../command-definition.ts';
import { MonitorError } from '../monitor-error.ts';
import type { MonitorCaller } from '../monitor-services.ts';

function takeDescriptor(caller: MonitorCaller | undefined): { fd: number; caller: MonitorCaller } {
  const fd = caller?.takeDescriptor();
  if (caller === undefined || fd === undefined) {
    throw new MonitorError('ERR_MONITOR_FD_MISSING', 'No file descriptor supplied via SCM_RIGHTS');
  }
  return { fd, caller };
}

export const descriptorCommands: readonly CommandEntry[] = [
  defineCommand('getfd', ({ fdname }, context) => {
    const { fd, caller } = takeDescriptor(context.caller);
    if (/^[0-9]/.test(fdname)) {
      // The reference consumes it too, but forgets to close it.
      closeForeign(fd);
      throw new MonitorError(
        'ERR_MONITOR_PARAMETER',
        "Parameter 'fdname' expects a name not starting with a digit",
      );
    }
    caller.namedDescriptors.set(fdname, fd);
    return {};
  }),

  defineCommand('closefd', ({ fdname }, { caller }) => {
    if (caller === undefined) {
      throw new MonitorError('ERR_MONITOR_FD_UNKNOWN', `File descriptor named '${fdname}' not found`);
    }
    caller.namedDescriptors.close(fdname);
    return {};
  }),

  defineCommand('add-fd', ({ 'fdset-id': id, opaque }, { services, caller }) => {
    const { fd } = takeDescriptor(caller);
    if (id !== undefined && id < 0) {
      closeForeign(fd);
      throw new MonitorError('ERR_MONITOR_PARAMETER', "Parameter 'fdset-id' expects a non-negative value");
    }
    const added = services.fdSets.add(fd, id, opaque);
    return { 'fdset-id': added.id, fd: added.fd };
  }),

  defineCommand('remove-fd', ({ 'fdset-id': id, fd }, { services }) => {
    services.fdSets.remove(id, fd);
    return {};
  }),

  defineCommand('query-fdsets', (_args, { services }) => services.fdSets.list()),
];
