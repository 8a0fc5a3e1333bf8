import type { CommandEntry } from '../command-definition.ts';
import { defineCommand } from '../command-definition.ts';
import { executeHumanCommand } from '../hmp/execute.ts';

export const humanCommands: readonly CommandEntry[] = [
  defineCommand('human-monitor-command', ({ 'command-line': line, 'cpu-index': cpuIndex }, { services }) =>
    executeHumanCommand(services, line, cpuIndex),
  ),
];
