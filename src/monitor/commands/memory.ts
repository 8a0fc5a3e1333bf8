/** Commands that write guest memory to files. The machine is not paused for them. */
import { READ_BYTES_MOST } from '../../machine/guest/guest-asks.ts';
import { askMachine } from '../ask-machine.ts';
import { type CommandEntry, type CommandServices, defineCommand } from '../command-definition.ts';
import { MonitorError } from '../monitor-error.ts';
import { writeOutputFile } from '../output-file.ts';

/** Lengths of the pieces that `size` bytes are read in, with where each begins. */
function* pieces(size: number): Generator<readonly [offset: bigint, bytes: number]> {
  for (let done = 0; done < size; done += READ_BYTES_MOST) {
    yield [BigInt(done), Math.min(READ_BYTES_MOST, size - done)];
  }
}

async function* physicalPieces(
  services: CommandServices,
  address: bigint,
  size: number,
): AsyncGenerator<Uint8Array> {
  for (const [offset, bytes] of pieces(size)) {
    yield await askMachine(services, 'readPhysical', {
      address: BigInt.asUintN(64, address + offset),
      bytes,
    });
  }
}

/** What is not mapped is written as zeros. */
async function* linearPieces(
  services: CommandServices,
  cpu: number,
  address: bigint,
  size: number,
): AsyncGenerator<Uint8Array> {
  for (const [offset, bytes] of pieces(size)) {
    const parts = await askMachine(services, 'readLinear', {
      cpu,
      address: BigInt.asUintN(64, address + offset),
      bytes,
    });
    for (const part of parts) {
      yield part.contents ?? new Uint8Array(part.bytes);
    }
  }
}

async function save(
  services: CommandServices,
  filename: string,
  contents: AsyncGenerator<Uint8Array>,
): Promise<void> {
  const failure = await writeOutputFile(services.fdSets, filename, contents);
  if (failure?.step === 'open') {
    throw new MonitorError('ERR_MONITOR_FILE', `Could not open '${filename}'`);
  }
  if (failure !== undefined) {
    throw new MonitorError('ERR_MONITOR_FILE', 'An IO error has occurred');
  }
}

/** Sizes are read as the unsigned number that the reference takes them for; a negative one saves nothing. */
function byteCount(size: number | bigint): number {
  return Math.max(0, Number(size));
}

export const memoryCommands: readonly CommandEntry[] = [
  defineCommand('memsave', async ({ val, size, filename, cpu }, { services }) => {
    const index = Number(cpu ?? 0);
    const cpus = await askMachine(services, 'cpuList', undefined);
    if (!cpus.some((candidate) => candidate.index === index)) {
      throw new MonitorError('ERR_MONITOR_PARAMETER', "Parameter 'cpu-index' expects a CPU number");
    }
    await save(services, filename, linearPieces(services, index, BigInt(val), byteCount(size)));
    return {};
  }),

  defineCommand('pmemsave', async ({ val, size, filename }, { services }) => {
    await save(services, filename, physicalPieces(services, BigInt(val), byteCount(size)));
    return {};
  }),
];
