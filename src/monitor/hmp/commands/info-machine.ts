/** What the machine is and how it is. */
import { askMachine } from '../../ask-machine.ts';
import { defineHumanCommand, type HumanCommand, type HumanContext } from '../command.ts';

const status = defineHumanCommand({
  name: 'status',
  help: 'run-state of the virtual machine',
  async run({ services, caller }) {
    const { running, singlestep, status } = await services.executeQmp('query-status', {}, caller);
    const reason = running || status === 'paused' ? '' : ` (${status})`;
    return `VM status: ${running ? 'running' : 'paused'}${singlestep ? ' (single step mode)' : ''}${reason}\n`;
  },
});

const version = defineHumanCommand({
  name: 'version',
  help: 'version of the monitor protocol and of the emulator',
  async run({ services, caller }) {
    const version = await services.executeQmp('query-version', {}, caller);
    const { major, minor, micro } = version.qemu;
    return `${major}.${minor}.${micro}${version.package}\n`;
  },
});

const name = defineHumanCommand({
  name: 'name',
  help: 'name of the virtual machine (-name)',
  async run({ services, caller }) {
    const { name } = await services.executeQmp('query-name', {}, caller);
    return name === undefined ? '' : `${name}\n`;
  },
});

const uuid = defineHumanCommand({
  name: 'uuid',
  help: 'UUID of the virtual machine',
  async run({ services, caller }) {
    const { UUID } = await services.executeQmp('query-uuid', {}, caller);
    return `${UUID}\n`;
  },
});

const kvm = defineHumanCommand({
  name: 'kvm',
  help: 'whether the host kernel runs the guest',
  async run({ services, caller }) {
    const { enabled, present } = await services.executeQmp('query-kvm', {}, caller);
    const support = enabled ? 'enabled' : 'disabled';
    return `kvm support: ${present ? support : 'not compiled'}\n`;
  },
});

const qomTree = defineHumanCommand({
  name: 'qom-tree',
  arguments: [{ name: 'path', kind: 'string', presence: 'optional', candidates: objectPaths }],
  params: '[path]',
  help: 'objects of the machine and how they contain each other',
  run: ({ services }, { path }) =>
    askMachine(services, 'describe', { topic: 'qom-tree', ...(path === undefined ? {} : { path }) }),
});

const qtree = defineHumanCommand({
  name: 'qtree',
  help: 'devices, bus by bus',
  run: ({ services }) => askMachine(services, 'describe', { topic: 'qtree' }),
});

export const machineInformation: readonly HumanCommand[] = [status, version, name, uuid, kvm, qomTree, qtree];

/** Paths of the objects inside the one that `prefix` names up to its last slash. */
async function objectPaths({ services }: HumanContext, prefix: string): Promise<string[]> {
  const parent = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  if (parent === '') return ['/'];
  const path = parent === '/' ? parent : parent.slice(0, -1);
  const properties = await askMachine(services, 'qomList', { path });
  return properties.filter(({ type }) => type.startsWith('child<')).map(({ name }) => `${parent}${name}`);
}
