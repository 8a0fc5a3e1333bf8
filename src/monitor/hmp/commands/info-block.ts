/** Drives, and what has passed through them. */
import type { BlockDeviceInfo, BlockInfo } from '../../../qapi/qmp-types.generated.ts';
import { defineHumanCommand, type HumanCommand } from '../command.ts';

/** A blank, a quote or a backslash in a name is preceded by a backslash. */
function escaped(name: string): string {
  return name.replace(/[ "\\]/g, '\\$&');
}

function flag(value: boolean): string {
  return value ? '1' : '0';
}

function describeMedium(medium: BlockDeviceInfo): string {
  const backing =
    medium.backing_file === undefined
      ? ''
      : ` backing_file=${escaped(medium.backing_file)} backing_file_depth=${medium.backing_file_depth}`;
  return (
    ` file=${escaped(medium.file)}${backing} ro=${flag(medium.ro)} drv=${medium.drv} encrypted=${flag(medium.encrypted)}` +
    ` bps=${medium.bps} bps_rd=${medium.bps_rd} bps_wr=${medium.bps_wr}` +
    ` iops=${medium.iops} iops_rd=${medium.iops_rd} iops_wr=${medium.iops_wr}`
  );
}

function describeDrive(drive: BlockInfo): string {
  const tray = drive.tray_open === undefined ? '' : ` tray-open=${flag(drive.tray_open)}`;
  const locked = drive.removable ? ` locked=${flag(drive.locked)}` : '';
  const status = drive['io-status'] === undefined ? '' : ` io-status=${drive['io-status']}`;
  const medium = drive.inserted === undefined ? ' [not inserted]' : describeMedium(drive.inserted);
  return `${drive.device}: removable=${flag(drive.removable)}${locked}${tray}${status}${medium}\n`;
}

const block = defineHumanCommand({
  name: 'block',
  help: 'drives and their media',
  async run({ services, caller }) {
    const drives = await services.executeQmp('query-block', {}, caller);
    return drives.map(describeDrive).join('');
  },
});

const blockstats = defineHumanCommand({
  name: 'blockstats',
  help: 'how much has been read from and written to drives',
  async run({ services, caller }) {
    const drives = await services.executeQmp('query-blockstats', {}, caller);
    return drives
      .filter(({ device }) => device !== undefined)
      .map(
        ({ device, stats }) =>
          `${device}: rd_bytes=${stats.rd_bytes} wr_bytes=${stats.wr_bytes}` +
          ` rd_operations=${stats.rd_operations} wr_operations=${stats.wr_operations}` +
          ` flush_operations=${stats.flush_operations} wr_total_time_ns=${stats.wr_total_time_ns}` +
          ` rd_total_time_ns=${stats.rd_total_time_ns} flush_total_time_ns=${stats.flush_total_time_ns}\n`,
      )
      .join('');
  },
});

export const blockInformation: readonly HumanCommand[] = [block, blockstats];
