/** The board as its tables describe it, from the machine's configuration. */
import type { MachineConfig } from '../machine-config.ts';
import type { BoardDescription, CpuDescription, MemoryRange } from './acpi/board-description.ts';
import { SERIAL_PORTS } from './acpi/dsdt-isa.ts';
import type { FirmwareDemand, Platform } from './firmware-contract.ts';

const FOUR_GIB = 2 ** 32;
const LOW_MEMORY = 0xa0000;
const EXTENDED_MEMORY = 0x100000;

/** The node of each vCPU: as the options say, or in turn when none of them names any. */
export function cpuNodes(config: MachineConfig): readonly number[] {
  const nodes = config.board.numaNodes;
  const anyNamed = nodes.some(({ cpus }) => cpus.length > 0);
  return Array.from({ length: config.smp.maxCpus }, (_, cpu) => {
    if (!anyNamed) return nodes[cpu % nodes.length]?.id ?? 0;
    return nodes.find(({ cpus }) => cpus.includes(cpu))?.id ?? 0;
  });
}

const NODE_GRANULE = 8 * 2 ** 20;

/** Bytes of RAM by node: what is not given is shared out evenly, in units of 8 MiB, the last node taking the rest. */
export function nodeMemory(config: MachineConfig): readonly number[] {
  const nodes = config.board.numaNodes;
  const given = nodes.reduce((sum, node) => sum + (node.ramBytes ?? 0), 0);
  const without = nodes.filter(({ ramBytes }) => ramBytes === undefined).length;
  let left = Math.max(0, config.ramBytes - given);
  const share = without === 0 ? 0 : Math.floor(left / without / NODE_GRANULE) * NODE_GRANULE;
  let unassigned = without;
  return nodes.map(({ ramBytes }) => {
    if (ramBytes !== undefined) return ramBytes;
    unassigned -= 1;
    const bytes = unassigned === 0 ? left : share;
    left -= bytes;
    return bytes;
  });
}

/** Guest-physical ranges by node: RAM in order, with the holes at 640 KiB and below 4 GiB. */
export function memoryRanges(config: MachineConfig, lowRamBytes: number): readonly MemoryRange[] {
  const ranges: MemoryRange[] = [];
  let next = 0;
  for (const [index, bytes] of nodeMemory(config).entries()) {
    const node = config.board.numaNodes[index]?.id ?? index;
    const end = next + bytes;
    const parts = [
      [Math.max(next, 0), Math.min(end, LOW_MEMORY), 0],
      [Math.max(next, EXTENDED_MEMORY), Math.min(end, lowRamBytes), 0],
      [Math.max(next, lowRamBytes), end, FOUR_GIB - lowRamBytes],
    ] as const;
    for (const [from, to, shift] of parts) {
      if (to > from) ranges.push({ first: from + shift, bytes: to - from, node });
    }
    next = end;
  }
  return ranges;
}

function portsGiven(labels: readonly (string | undefined)[]): readonly number[] {
  return labels.flatMap((label, index) => (label === undefined ? [] : [index]));
}

/** Serial ports of the command line, and those that -device brings without saying where. */
function serialPorts(config: MachineConfig): readonly number[] {
  const given = new Set(portsGiven(config.serials));
  for (const section of config.sections) {
    const values = new Map(section.values);
    if (section.group !== 'device' || values.get('driver') !== 'isa-serial') continue;
    const index = values.get('index');
    const free = SERIAL_PORTS.findIndex((_, port) => !given.has(port));
    given.add(index === undefined ? free : Number(index));
  }
  return [...given]
    .filter((port) => SERIAL_PORTS[port] !== undefined)
    .toSorted((left, right) => left - right);
}

function cpuDescriptions(demand: FirmwareDemand, platform: Platform): readonly CpuDescription[] {
  const nodes = cpuNodes(demand.config);
  const hasNodes = demand.config.board.numaNodes.length > 0;
  return demand.apicIds.map((apicId, index) => ({
    apicId,
    present: platform.isCpuPresent(index),
    node: hasNodes ? nodes[index] : undefined,
  }));
}

/** What stands in the tables now; `pmBase` is where the power management block is. */
export function describeBoard(demand: FirmwareDemand, platform: Platform, pmBase: number): BoardDescription {
  const { config } = demand;
  return {
    cpus: cpuDescriptions(demand, platform),
    lowRamEnd: Math.max(demand.lowRamBytes, EXTENDED_MEMORY),
    pmBase,
    hpet: config.board.hpet,
    serials: serialPorts(config),
    parallels: portsGiven(config.parallels),
    removableSlots: platform.removableSlots(),
    memory: config.board.numaNodes.length > 0 ? memoryRanges(config, demand.lowRamBytes) : [],
  };
}
