/** From a line of text to the command that it names, its arguments and its output. */

import { askMachine } from '../ask-machine.ts';
import { describeError } from '../command-error.ts';
import { readArguments } from './arguments.ts';
import type { HumanCommand, HumanContext } from './command.ts';
import type { RegisterSource } from './expression.ts';
import { HmpError } from './hmp-error.ts';
import { LineScanner } from './line-scanner.ts';

/**
 * Runs one line. Whatever goes wrong is printed: nothing is thrown.
 * @returns what is printed, each line ended by '\n'
 */
export async function runHumanLine(context: HumanContext, line: string): Promise<string> {
  try {
    const scanner = new LineScanner(line);
    const found = findCommand(context, scanner);
    if (found === undefined) return '';
    const values = readArguments(scanner, found.name, found.command.arguments, {
      registers: line.includes('$') ? await readRegisters(context) : context.registers,
      formatMemory: context.formatMemory,
    });
    return await found.command.run(context, values);
  } catch (error) {
    return `${describeError(error, line.trim(), context.services).desc}\n`;
  }
}

/** The registers of the monitor's CPU as they are now; none where there is no such CPU. */
async function readRegisters({ services, cpu }: HumanContext): Promise<RegisterSource> {
  const names = await askMachine(services, 'cpuNames', { cpu: cpu.index });
  return { read: (name) => names?.values.get(name) };
}

/** @returns the command and its name as typed, undefined for an empty line */
function findCommand(
  context: HumanContext,
  scanner: LineScanner,
): { readonly command: HumanCommand; readonly name: string } | undefined {
  let name = scanner.commandName();
  if (name === '' && scanner.atEnd) return undefined;
  let command = context.table.find(name);
  while (command?.subCommands !== undefined) {
    scanner.skipBlanks();
    if (scanner.atEnd) break;
    name = scanner.commandName();
    command = command.subCommands.find(name);
  }
  if (command === undefined) {
    const typed = scanner.text.slice(0, scanner.position);
    throw new HmpError('ERR_HMP_UNKNOWN_COMMAND', `unknown command: '${typed}'`);
  }
  return { command, name };
}
