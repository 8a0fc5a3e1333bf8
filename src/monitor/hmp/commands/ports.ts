/** Ports as a device's programmer pokes them. */
import { askMachine } from '../../ask-machine.ts';
import { defineHumanCommand, type HumanCommand } from '../command.ts';
import type { FormatSpec } from '../format-spec.ts';

const PORT_MASK = 0xffffn;
const SUFFIXES = { 1: 'b', 2: 'w', 4: 'l' } as const;

/** Ports are read and written in 1, 2 or 4 bytes: a wider size means 4. */
function portSize({ size }: FormatSpec): 1 | 2 | 4 {
  return size === 1 || size === 2 ? size : 4;
}

const input = defineHumanCommand({
  name: 'i',
  arguments: [
    { name: 'format', kind: 'format' },
    { name: 'port', kind: 'int32' },
    { name: 'index', kind: 'int32', presence: 'after-point' },
  ],
  params: '/fmt port[.index]',
  help: 'read a port; with an index, write that to the port first and read the next one',
  async run({ services }, { format, port, index }) {
    const size = portSize(format);
    let address = Number(port & PORT_MASK);
    if (index !== undefined) {
      await askMachine(services, 'portWrite', { port: address, size: 1, value: Number(index & 0xffn) });
      address = (address + 1) & 0xffff;
    }
    const value = await askMachine(services, 'portRead', { port: address, size });
    const digits = value.toString(16).padStart(size * 2, '0');
    return `port${SUFFIXES[size]}[0x${address.toString(16).padStart(4, '0')}] = 0x${digits}\n`;
  },
});

const output = defineHumanCommand({
  name: 'o',
  arguments: [
    { name: 'format', kind: 'format' },
    { name: 'port', kind: 'int32' },
    { name: 'value', kind: 'int32' },
  ],
  params: '/fmt port value',
  help: 'write a port',
  async run({ services }, { format, port, value }) {
    const size = portSize(format);
    const written = Number(BigInt.asUintN(size * 8, value));
    await askMachine(services, 'portWrite', { port: Number(port & PORT_MASK), size, value: written });
    return '';
  },
});

export const portCommands: readonly HumanCommand[] = [input, output];
