/** What can be done to the disks of a running guest. */
import { askMachine } from '../../ask-machine.ts';
import { defineHumanCommand, type HumanCommand, type HumanContext } from '../command.ts';
import { HmpError } from '../hmp-error.ts';

/** Files of the host may take their time. */
const NO_DEADLINE = { deadlineMs: Number.POSITIVE_INFINITY };

async function driveNames({ services, caller }: HumanContext): Promise<string[]> {
  const drives = await services.executeQmp('query-block', {}, caller);
  return drives.map(({ device }) => device);
}

const snapshotBlkdev = defineHumanCommand({
  name: 'snapshot_blkdev',
  arguments: [
    { name: 'reuse', kind: 'flag', letter: 'n' },
    { name: 'device', kind: 'block-device', candidates: driveNames },
    { name: 'file', kind: 'string', presence: 'optional' },
    { name: 'format', kind: 'string', presence: 'optional' },
  ],
  params: '[-n] device [new-image-file] [format]',
  help: 'put a new image on top of a drive’s; -n if the file has been made already',
  async run({ services, caller }, { reuse, device, file, format }) {
    if (file === undefined) {
      throw new HmpError('ERR_HMP_SYNTAX', "Parameter 'snapshot-file' is missing");
    }
    const snapshot = {
      device,
      'snapshot-file': file,
      mode: reuse ? 'existing' : 'absolute-paths',
      ...(format === undefined ? {} : { format }),
    } as const;
    await services.executeQmp('blockdev-snapshot-sync', snapshot, caller);
    return '';
  },
});

const LIMIT = { kind: 'int64' } as const;

const blockSetIoThrottle = defineHumanCommand({
  name: 'block_set_io_throttle',
  arguments: [
    { name: 'device', kind: 'block-device', candidates: driveNames },
    { name: 'bps', ...LIMIT },
    { name: 'bps_rd', ...LIMIT },
    { name: 'bps_wr', ...LIMIT },
    { name: 'iops', ...LIMIT },
    { name: 'iops_rd', ...LIMIT },
    { name: 'iops_wr', ...LIMIT },
  ],
  params: 'device bps bps_rd bps_wr iops iops_rd iops_wr',
  help: 'limit the bytes and requests a second of a drive; 0 is no limit',
  async run({ services, caller }, limits) {
    await services.executeQmp('block_set_io_throttle', limits, caller);
    return '';
  },
});

const driveAdd = defineHumanCommand({
  name: 'drive_add',
  arguments: [
    { name: 'address', kind: 'string' },
    { name: 'options', kind: 'rest' },
  ],
  params: '[[<domain>:]<bus>:]<slot> [file=file][,if=type][,...]',
  help: 'add a drive as -drive does; if=none, for a device that comes later',
  async run({ services }, { options }) {
    return `${await askMachine(services, 'addDrive', { options: options.trim() }, NO_DEADLINE)}\n`;
  },
});

const driveDel = defineHumanCommand({
  name: 'drive_del',
  arguments: [{ name: 'device', kind: 'block-device', candidates: driveNames }],
  params: 'device',
  help: 'close a drive and forget it; a device that has it is left with errors',
  async run({ services }, { device }) {
    await askMachine(services, 'removeDrive', { device }, NO_DEADLINE);
    return '';
  },
});

export const blockLiveCommands: readonly HumanCommand[] = [
  snapshotBlkdev,
  blockSetIoThrottle,
  driveAdd,
  driveDel,
];
