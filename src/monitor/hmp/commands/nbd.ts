/** The NBD server, by hand. */
import { defineHumanCommand, type HumanCommand, type HumanContext } from '../command.ts';
import { HmpError } from '../hmp-error.ts';
import { parseSocketText } from '../socket-text.ts';

async function insertedDrives({ services, caller }: HumanContext): Promise<string[]> {
  const drives = await services.executeQmp('query-block', {}, caller);
  return drives.filter(({ inserted }) => inserted !== undefined).map(({ device }) => device);
}

const nbdServerStart = defineHumanCommand({
  name: 'nbd_server_start',
  arguments: [
    { name: 'all', kind: 'flag', letter: 'a' },
    { name: 'writable', kind: 'flag', letter: 'w' },
    { name: 'uri', kind: 'string' },
  ],
  params: '[-a] [-w] host:port',
  help: 'serve drives to NBD clients; -a all that have a medium, -w for writing too',
  async run(context, { all, writable, uri }) {
    const { services, caller } = context;
    if (writable && !all) throw new HmpError('ERR_HMP_REFUSED', '-w only valid together with -a');
    await services.executeQmp('nbd-server-start', { addr: parseSocketText(uri) }, caller);
    if (!all) return '';
    try {
      for (const device of await insertedDrives(context)) {
        await services.executeQmp('nbd-server-add', { device, writable }, caller);
      }
    } catch (error) {
      await services.executeQmp('nbd-server-stop', {}, caller);
      throw error;
    }
    return '';
  },
});

const nbdServerAdd = defineHumanCommand({
  name: 'nbd_server_add',
  arguments: [
    { name: 'writable', kind: 'flag', letter: 'w' },
    { name: 'device', kind: 'block-device', candidates: insertedDrives },
  ],
  params: '[-w] device',
  help: 'let NBD clients see a drive; -w and write it',
  async run({ services, caller }, { writable, device }) {
    await services.executeQmp('nbd-server-add', { device, writable }, caller);
    return '';
  },
});

const nbdServerStop = defineHumanCommand({
  name: 'nbd_server_stop',
  help: 'end the NBD server and its connections',
  async run({ services, caller }) {
    await services.executeQmp('nbd-server-stop', {}, caller);
    return '';
  },
});

export const nbdCommands: readonly HumanCommand[] = [nbdServerStart, nbdServerAdd, nbdServerStop];
