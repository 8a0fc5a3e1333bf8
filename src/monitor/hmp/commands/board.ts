/** The board and what the guest shows. */

import { askMachine } from '../../ask-machine.ts';
import { describeError } from '../../command-error.ts';
import { defineHumanCommand, type HumanCommand } from '../command.ts';

const screendump = defineHumanCommand({
  name: 'screendump',
  arguments: [{ name: 'filename', kind: 'filename' }],
  params: 'file',
  help: 'save what the guest shows as a PPM picture',
  async run({ services, caller }, { filename }) {
    await services.executeQmp('screendump', { filename }, caller);
    return '';
  },
});

const bootSet = defineHumanCommand({
  name: 'boot_set',
  arguments: [{ name: 'order', kind: 'string' }],
  params: 'devices',
  help: 'devices that the next boots are tried from, as in -boot',
  async run({ services }, { order }) {
    const isSet = await askMachine(services, 'setBootOrder', { order });
    return isSet ? `boot device list now set to ${order}\n` : 'setting boot device list failed\n';
  },
});

const balloon = defineHumanCommand({
  name: 'balloon',
  arguments: [{ name: 'size', kind: 'mebibytes' }],
  params: 'size',
  help: 'ask the guest to make do with that much memory, in MiB',
  async run({ services, caller }, { size }) {
    try {
      await services.executeQmp('balloon', { value: size }, caller);
      return '';
    } catch (error) {
      return `balloon: ${describeError(error, 'balloon', services).desc}\n`;
    }
  },
});

const setLink = defineHumanCommand({
  name: 'set_link',
  arguments: [
    { name: 'name', kind: 'string' },
    { name: 'up', kind: 'on-off' },
  ],
  params: 'name on|off',
  help: 'plug or unplug the cable of a network card',
  async run({ services, caller }, { name, up }) {
    await services.executeQmp('set_link', { name, up }, caller);
    return '';
  },
});

export const boardCommands: readonly HumanCommand[] = [screendump, bootSet, balloon, setLink];
