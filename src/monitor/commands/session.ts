/** Commands about the session itself and about what this version can do. */

import { qmpSchema } from '../../qapi/schema-file.ts';
import type { CommandEntry } from '../command-definition.ts';
import { defineCommand } from '../command-definition.ts';
import { QMP_VERSION } from '../version.ts';

export const sessionCommands: readonly CommandEntry[] = [
  // The session itself leaves negotiation mode when this has succeeded.
  defineCommand('qmp_capabilities', () => ({})),

  defineCommand('query-version', () => QMP_VERSION),

  defineCommand('query-commands', (_args, { services }) =>
    services.commands.map(({ name }) => ({ name })).reverse(),
  ),

  defineCommand('query-events', () => qmpSchema.eventsOrder.map((name) => ({ name })).reverse()),
];
