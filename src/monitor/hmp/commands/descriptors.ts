/** Names for descriptors that a client passes over a unix socket. */
import type { MonitorCaller } from '../../monitor-services.ts';
import { defineHumanCommand, type HumanContext } from '../command.ts';
import { HmpError } from '../hmp-error.ts';

export const getfd = defineHumanCommand({
  name: 'getfd',
  arguments: [{ name: 'name', kind: 'string' }],
  params: 'name',
  help: 'take the descriptor received over this connection and give it a name',
  async run(context, { name }) {
    await context.services.executeQmp('getfd', { fdname: name }, connectionOf(context, 'getfd'));
    return '';
  },
});

export const closefd = defineHumanCommand({
  name: 'closefd',
  arguments: [{ name: 'name', kind: 'string' }],
  params: 'name',
  help: 'close a descriptor that getfd has named',
  async run(context, { name }) {
    await context.services.executeQmp('closefd', { fdname: name }, connectionOf(context, 'closefd'));
    return '';
  },
});

function connectionOf({ caller }: HumanContext, command: string): MonitorCaller {
  if (caller === undefined) {
    const message = `${command}: not available through human-monitor-command, use the QMP command ${command}`;
    throw new HmpError('ERR_HMP_REFUSED', message);
  }
  return caller;
}
