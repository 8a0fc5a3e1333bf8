/** Commands about virtual CPUs. */
import { askMachine } from '../../ask-machine.ts';
import { defineHumanCommand, type HumanCommand } from '../command.ts';
import { HmpError } from '../hmp-error.ts';

const cpu = defineHumanCommand({
  name: 'cpu',
  arguments: [{ name: 'index', kind: 'int32' }],
  params: 'index',
  help: "choose the CPU that this monitor's commands are about",
  async run(context, { index }) {
    const cpus = await askMachine(context.services, 'cpuList', undefined);
    if (!cpus.some((candidate) => BigInt(candidate.index) === index)) {
      throw new HmpError('ERR_HMP_NO_CPU', 'invalid CPU index');
    }
    context.cpu.index = Number(index);
    return '';
  },
});

const nmi = defineHumanCommand({
  name: 'nmi',
  help: 'give every CPU a non-maskable interrupt',
  async run({ services, caller }) {
    await services.executeQmp('inject-nmi', {}, caller);
    return '';
  },
});

const singlestep = defineHumanCommand({
  name: 'singlestep',
  arguments: [{ name: 'option', kind: 'string', presence: 'optional' }],
  params: '[on|off]',
  help: 'execute one instruction at a time, or no longer; alone: on',
  async run({ services }, { option }) {
    if (option !== undefined && option !== 'on' && option !== 'off') {
      throw new HmpError('ERR_HMP_SYNTAX', `unexpected option ${option}`);
    }
    await askMachine(services, 'setSingleStep', { on: option !== 'off' });
    return '';
  },
});

export const cpuCommands: readonly HumanCommand[] = [cpu, nmi, singlestep];
