/** Drives and their media. */
import { defineHumanCommand, type HumanCommand, type HumanContext } from '../command.ts';

async function driveNames({ services, caller }: HumanContext): Promise<string[]> {
  const drives = await services.executeQmp('query-block', {}, caller);
  return drives.map(({ device }) => device);
}

const eject = defineHumanCommand({
  name: 'eject',
  arguments: [
    { name: 'force', kind: 'flag', letter: 'f' },
    { name: 'device', kind: 'block-device', candidates: driveNames },
  ],
  params: '[-f] device',
  help: 'take the medium out of a removable drive; -f even if the guest holds it',
  async run({ services, caller }, { force, device }) {
    await services.executeQmp('eject', { device, force }, caller);
    return '';
  },
});

const change = defineHumanCommand({
  name: 'change',
  arguments: [
    { name: 'device', kind: 'block-device', candidates: driveNames },
    { name: 'target', kind: 'filename' },
    { name: 'format', kind: 'string', presence: 'optional' },
  ],
  params: 'device file [format]',
  help: 'put another medium into a removable drive',
  async run({ services, caller }, { device, target, format }) {
    const args = { device, target, ...(format === undefined ? {} : { arg: format }) };
    await services.executeQmp('change', args, caller);
    return '';
  },
});

const blockResize = defineHumanCommand({
  name: 'block_resize',
  arguments: [
    { name: 'device', kind: 'block-device', candidates: driveNames },
    { name: 'size', kind: 'size' },
  ],
  params: 'device size',
  help: 'change the size of an image, in MiB without a suffix',
  async run({ services, caller }, { device, size }) {
    await services.executeQmp('block_resize', { device, size }, caller);
    return '';
  },
});

const blockPasswd = defineHumanCommand({
  name: 'block_passwd',
  arguments: [
    { name: 'device', kind: 'block-device', candidates: driveNames },
    { name: 'password', kind: 'string' },
  ],
  params: 'device password',
  help: 'give the password of an encrypted image',
  async run({ services, caller }, { device, password }) {
    await services.executeQmp('block_passwd', { device, password }, caller);
    return '';
  },
});

export const driveCommands: readonly HumanCommand[] = [eject, change, blockResize, blockPasswd];
