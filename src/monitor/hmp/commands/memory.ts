/** Looking at guest memory, and saving it. */
import { type LinearPiece, READ_BYTES_MOST } from '../../../machine/guest/guest-asks.ts';
import { Disassembler, MAX_INSTRUCTION_BYTES } from '../../../vcpu/disassembly.ts';
import { askMachine } from '../../ask-machine.ts';
import { defineHumanCommand, type HumanCommand, type HumanContext } from '../command.ts';
import type { FormatSpec } from '../format-spec.ts';
import { addressText, dumpLine, lineBytes } from '../memory-dump.ts';

const CODE_BITS = { 2: 16, 4: 32 } as const;

type ReadMemory = (address: bigint, bytes: number) => Promise<Uint8Array | undefined>;

function joined(pieces: readonly LinearPiece[]): Uint8Array | undefined {
  const contents: Uint8Array[] = [];
  for (const piece of pieces) {
    if (piece.contents === null) break;
    contents.push(piece.contents);
  }
  return contents.length === 0 ? undefined : Buffer.concat(contents);
}

/** What the monitor's CPU sees at linear addresses, up to the first page that is not mapped. */
function linearMemory({ services, cpu }: HumanContext): ReadMemory {
  return async (address, bytes) =>
    joined(await askMachine(services, 'readLinear', { cpu: cpu.index, address, bytes }));
}

function physicalMemory({ services }: HumanContext): ReadMemory {
  return (address, bytes) => askMachine(services, 'readPhysical', { address, bytes });
}

async function dumpValues(
  read: ReadMemory,
  address: bigint,
  { count, format, size = 4 }: FormatSpec,
): Promise<string> {
  if (format === 'i') return '';
  let text = '';
  const perLine = lineBytes(size);
  for (let done = 0; done < count * size; done += perLine) {
    const here = BigInt.asUintN(64, address + BigInt(done));
    const wanted = Math.min(perLine, count * size - done);
    const bytes = await read(here, wanted);
    if (bytes === undefined || bytes.length < wanted) {
      return `${text}${addressText(here)}: Cannot access memory\n`;
    }
    text += `${dumpLine(here, bytes, format, size)}\n`;
  }
  return text;
}

async function dumpCode(
  context: HumanContext,
  read: ReadMemory,
  address: bigint,
  { count, size }: FormatSpec,
): Promise<string> {
  const names = await askMachine(context.services, 'cpuNames', { cpu: context.cpu.index });
  const bits = size === 2 || size === 4 ? CODE_BITS[size] : (names?.codeBits ?? 16);
  const disassembler = await Disassembler.load();
  let text = '';
  let here = BigInt.asUintN(64, address);
  for (let left = count; left > 0; ) {
    const bytes = await read(here, Math.min(left * MAX_INSTRUCTION_BYTES, READ_BYTES_MOST));
    const code = bytes === undefined ? [] : disassembler.decode(bytes, here, bits, left);
    if (code.length === 0) return `${text}${addressText(here)}: Cannot access memory\n`;
    for (const { address: at, bytes: length, text: instruction } of code) {
      text += `0x${addressText(at)}:  ${instruction}\n`;
      here = BigInt.asUintN(64, at + BigInt(length));
    }
    left -= code.length;
  }
  return text;
}

function dumpCommand(
  name: string,
  help: string,
  memoryOf: (context: HumanContext) => ReadMemory,
): HumanCommand {
  return defineHumanCommand({
    name,
    arguments: [
      { name: 'format', kind: 'format' },
      { name: 'address', kind: 'int64' },
    ],
    params: '/fmt addr',
    help,
    run: (context, { format, address }) =>
      format.format === 'i'
        ? dumpCode(context, memoryOf(context), address, format)
        : dumpValues(memoryOf(context), BigInt.asUintN(64, address), format),
  });
}

const sum = defineHumanCommand({
  name: 'sum',
  arguments: [
    { name: 'address', kind: 'int32' },
    { name: 'size', kind: 'int32' },
  ],
  params: 'addr size',
  help: 'checksum of guest-physical memory: 16 bits, rotated right before each byte is added',
  async run(context, { address, size }) {
    const read = physicalMemory(context);
    let checksum = 0;
    for (let done = 0n; done < size; done += BigInt(READ_BYTES_MOST)) {
      const bytes = await read(address + done, Math.min(READ_BYTES_MOST, Number(size - done)));
      for (const byte of bytes ?? []) {
        checksum = (((checksum >> 1) | (checksum << 15)) + byte) & 0xffff;
      }
    }
    return `${String(checksum).padStart(5, '0')}\n`;
  },
});

const memsave = defineHumanCommand({
  name: 'memsave',
  arguments: [
    { name: 'address', kind: 'int64' },
    { name: 'size', kind: 'int32' },
    { name: 'filename', kind: 'filename' },
  ],
  params: 'addr size file',
  help: 'save memory as the CPU sees it, beginning at a linear address',
  async run({ services, caller, cpu }, { address, size, filename }) {
    await services.executeQmp('memsave', { val: address, size, filename, cpu: cpu.index }, caller);
    return '';
  },
});

const pmemsave = defineHumanCommand({
  name: 'pmemsave',
  arguments: [
    { name: 'address', kind: 'int64' },
    { name: 'size', kind: 'int32' },
    { name: 'filename', kind: 'filename' },
  ],
  params: 'addr size file',
  help: 'save guest-physical memory',
  async run({ services, caller }, { address, size, filename }) {
    await services.executeQmp('pmemsave', { val: address, size, filename }, caller);
    return '';
  },
});

export const memoryCommands: readonly HumanCommand[] = [
  dumpCommand('x', 'memory as the CPU sees it, at a linear address', linearMemory),
  dumpCommand('xp', 'guest-physical memory', physicalMemory),
  sum,
  memsave,
  pmemsave,
];
