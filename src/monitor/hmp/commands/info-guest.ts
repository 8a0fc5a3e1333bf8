/** What the guest's CPUs and memory look like. */
import { askMachine } from '../../ask-machine.ts';
import { defineHumanCommand, type HumanCommand } from '../command.ts';
import { addressText } from '../memory-dump.ts';

const cpus = defineHumanCommand({
  name: 'cpus',
  help: 'virtual CPUs and their threads',
  async run({ services, cpu }) {
    const list = await askMachine(services, 'cpuList', undefined);
    return list
      .map(({ index, pc, halted, threadId }) => {
        const mark = index === cpu.index ? '*' : ' ';
        return `${mark} CPU #${index}: pc=0x${addressText(pc)}${halted ? ' (halted)' : ''} thread_id=${threadId}\n`;
      })
      .join('');
  },
});

function cpuTopic(topic: 'registers' | 'tlb' | 'mem', help: string): HumanCommand {
  return defineHumanCommand({
    name: topic,
    help,
    run: ({ services, cpu }) => askMachine(services, 'describeCpu', { cpu: cpu.index, topic }),
  });
}

const mice = defineHumanCommand({
  name: 'mice',
  help: 'pointing devices; the starred one gets events',
  async run({ services, caller }) {
    const list = await services.executeQmp('query-mice', {}, caller);
    if (list.length === 0) return 'No mouse devices connected\n';
    return list
      .map(
        ({ index, name, current, absolute }) =>
          `${current ? '*' : ' '} Mouse #${index}: ${name}${absolute ? ' (absolute)' : ''}\n`,
      )
      .join('');
  },
});

const MEBIBYTE = 2n ** 20n;

const balloon = defineHumanCommand({
  name: 'balloon',
  help: 'how much memory the guest has, in MiB',
  async run({ services, caller }) {
    const { actual } = await services.executeQmp('query-balloon', {}, caller);
    return `balloon: actual=${BigInt(actual) / MEBIBYTE}\n`;
  },
});

function boardTopic(topic: 'pic' | 'mtree' | 'roms', help: string): HumanCommand {
  return defineHumanCommand({
    name: topic,
    help,
    run: ({ services }) => askMachine(services, 'describe', { topic }),
  });
}

export const guestInformation: readonly HumanCommand[] = [
  cpus,
  cpuTopic('registers', "registers of the monitor's CPU"),
  cpuTopic('tlb', "pages that the page tables of the monitor's CPU map"),
  cpuTopic('mem', "ranges that the page tables of the monitor's CPU map"),
  mice,
  balloon,
  boardTopic('pic', 'state of the 8259 interrupt controllers'),
  boardTopic('mtree', 'what claims which addresses and ports'),
  boardTopic('roms', 'images that were loaded into the machine'),
];
