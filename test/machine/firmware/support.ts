import { parseCommandLine } from '../../../src/cli/command-line.ts';
import type { FirmwareDemand } from '../../../src/machine/firmware/firmware-contract.ts';
import type { MachineConfig } from '../../../src/machine/machine-config.ts';

const MIB = 2 ** 20;

/** The machine that a command line describes. */
export function machineConfig(...args: readonly string[]): MachineConfig {
  const result = parseCommandLine(args);
  if (result.action !== 'run') throw new Error(`${args.join(' ')} gives no machine`);
  return result.config;
}

/** What a board with that configuration asks of its firmware. */
export function demandFor(config: MachineConfig): FirmwareDemand {
  return {
    config,
    lowRamBytes: Math.min(config.ramBytes, 3584 * MIB),
    highRamBytes: Math.max(0, config.ramBytes - 3584 * MIB),
    apicIds: Array.from({ length: config.smp.maxCpus }, (_, index) => index),
  };
}
