import { askMachine } from '../ask-machine.ts';
import type { CommandServices } from '../command-definition.ts';
import { runHumanLine } from './dispatch.ts';
import { HmpError } from './hmp-error.ts';
import { humanContext } from './human-context.ts';
import { terminalText } from './terminal-output.ts';

/**
 * Runs one line as QMP's `human-monitor-command` does: on a fresh monitor, without history and named descriptors.
 * @param cpuIndex the CPU that the line is about, undefined when the client did not say
 * @returns what the line prints, lines ended by CR LF; a failure of the line is text too
 * @throws HmpError `ERR_HMP_NO_CPU` when there is no such CPU
 */
export async function executeHumanCommand(
  services: CommandServices,
  line: string,
  cpuIndex: number | bigint | undefined,
): Promise<string> {
  const cpu = Number(cpuIndex ?? 0);
  if (cpuIndex !== undefined) {
    const cpus = await askMachine(services, 'cpuList', undefined);
    if (!cpus.some(({ index }) => index === cpu)) {
      throw new HmpError('ERR_HMP_NO_CPU', "Parameter 'cpu-index' expects a CPU number");
    }
  }
  return terminalText(await runHumanLine(humanContext(services, undefined, [], cpu), line));
}
