/** Drives, and what has passed through them. */

import type { ImageDescription } from '../../../block/storage-contract.ts';
import type { BlockDeviceInfo, BlockInfo } from '../../../qapi/qmp-types.generated.ts';
import { askMachine } from '../../ask-machine.ts';
import { defineHumanCommand, type HumanCommand, type HumanContext } from '../command.ts';
import { HmpError } from '../hmp-error.ts';

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

const UNITS = ['', 'K', 'M', 'G', 'T', 'P'];

/** `196K`, `1.5G`: two digits where one is not enough. */
function shortSize(bytes: number): string {
  let unit = 0;
  while (bytes / 1024 ** unit >= 1000 && unit < UNITS.length - 1) unit += 1;
  const amount = bytes / 1024 ** unit;
  return `${unit === 0 || amount >= 10 ? Math.round(amount) : amount.toFixed(1)}${UNITS[unit]}`;
}

function describeImage(image: ImageDescription): string {
  const { file, format, bytes, allocatedBytes, encrypted, backingFile } = image;
  return [
    `image: ${file}`,
    `file format: ${format}`,
    `virtual size: ${shortSize(bytes)} (${bytes} bytes)`,
    `disk size: ${allocatedBytes === undefined ? 'unavailable' : shortSize(allocatedBytes)}`,
    ...(encrypted ? ['encrypted: yes'] : []),
    ...(backingFile === undefined ? [] : [`backing file: ${backingFile}`]),
  ]
    .map((line) => `    ${line}\n`)
    .join('');
}

async function describeImages({ services }: HumanContext, device: string): Promise<string> {
  const images = await askMachine(services, 'queryImages', { device });
  return images.map(describeImage).join('\n');
}

const block = defineHumanCommand({
  name: 'block',
  arguments: [
    { name: 'verbose', kind: 'flag', letter: 'v' },
    { name: 'device', kind: 'block-device', presence: 'optional' },
  ],
  params: '[-v] [device]',
  help: 'drives and their media; -v with the images that these are made of',
  async run(context, { verbose, device }) {
    const { services, caller } = context;
    const all = await services.executeQmp('query-block', {}, caller);
    const drives = all.filter((drive) => device === undefined || drive.device === device);
    if (device !== undefined && drives.length === 0) {
      throw new HmpError('ERR_HMP_REFUSED', `Device '${device}' not found`);
    }
    let text = '';
    for (const drive of drives) {
      text += describeDrive(drive);
      if (verbose) text += await describeImages(context, drive.device);
    }
    return text;
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
