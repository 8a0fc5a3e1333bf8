/** Commands about the tree of objects. */
import { fromJsonText, toJsonText } from '../../qapi/json-text.ts';
import { askMachine } from '../ask-machine.ts';
import type { CommandEntry } from '../command-definition.ts';
import { defineCommand } from '../command-definition.ts';

export const qomCommands: readonly CommandEntry[] = [
  defineCommand('qom-list', ({ path }, { services }) => askMachine(services, 'qomList', { path })),

  defineCommand('qom-get', async ({ path, property }, { services }) =>
    fromJsonText(await askMachine(services, 'qomGet', { path, property })),
  ),

  defineCommand('qom-set', async ({ path, property, value }, { services }) => {
    await askMachine(services, 'qomSet', { path, property, json: toJsonText(value) });
    return {};
  }),

  defineCommand('qom-list-types', async (filter, { services }) => {
    const names = await askMachine(services, 'qomListTypes', filter);
    return names.map((name) => ({ name }));
  }),

  defineCommand('device-list-properties', ({ typename }, { services }) =>
    askMachine(services, 'deviceListProperties', { typename }),
  ),
];
