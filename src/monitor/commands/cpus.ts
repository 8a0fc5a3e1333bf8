/** Commands about the virtual CPUs. */
import { askMachine } from '../ask-machine.ts';
import { type CommandEntry, defineCommand } from '../command-definition.ts';

export const cpuCommands: readonly CommandEntry[] = [
  defineCommand('query-cpus', async (_args, { services }) => {
    const cpus = await askMachine(services, 'cpuList', undefined);
    return cpus.map(({ index, pc, halted, threadId }) => ({
      CPU: index,
      current: index === 0,
      halted,
      // QMP's integers are signed.
      pc: BigInt.asIntN(64, pc),
      thread_id: threadId,
    }));
  }),

  // The CPU of a monitor matters to the human monitor alone; the reference takes any number here.
  defineCommand('cpu', () => ({})),

  defineCommand('cpu-add', async ({ id }, { services }) => {
    await askMachine(services, 'addCpu', { id: Number(id) });
    return {};
  }),

  defineCommand('inject-nmi', async (_args, { services }) => {
    await askMachine(services, 'injectNmi', undefined);
    return {};
  }),
];
