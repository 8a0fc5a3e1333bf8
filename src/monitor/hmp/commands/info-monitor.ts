/** What the monitors themselves know. */
import { defineHumanCommand, type HumanCommand } from '../command.ts';

const chardev = defineHumanCommand({
  name: 'chardev',
  help: 'character devices',
  async run({ services, caller }) {
    const devices = await services.executeQmp('query-chardev', {}, caller);
    return devices.map(({ label, filename }) => `${label}: filename=${filename}\n`).join('');
  },
});

const history = defineHumanCommand({
  name: 'history',
  help: 'lines given to this monitor',
  run: (context) => context.history.map((line, index) => `${index}: '${line}'\n`).join(''),
});

export const monitorInformation: readonly HumanCommand[] = [chardev, history];
