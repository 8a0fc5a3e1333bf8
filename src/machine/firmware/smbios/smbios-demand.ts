import type { FirmwareDemand } from '../firmware-contract.ts';
import type { SmbiosOverrides } from './smbios-options.ts';
import type { SmbiosDemand } from './smbios-tables.ts';

/** What SMBIOS says of a machine. `hasBios`: a BIOS hands the tables on. */
export function smbiosDemand(
  demand: FirmwareDemand,
  overrides: SmbiosOverrides,
  hasBios: boolean,
): SmbiosDemand {
  const { smp, uuid } = demand.config;
  return {
    overrides,
    uuid,
    sockets: smp.sockets,
    cores: smp.cores,
    threads: smp.threads,
    lowRamBytes: demand.lowRamBytes,
    highRamBytes: demand.highRamBytes,
    hasBios,
  };
}
