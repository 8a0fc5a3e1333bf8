/** What monitors ask of drives: the facts of query-block and query-blockstats, and the commands that change media. */

import { findFormat } from '../../block/image-formats.ts';
import type { DriveConfig, DriveStatistics } from '../../block/storage-contract.ts';
import { parseGroupText } from '../../options/option-group.ts';
import { findOptionGroup } from '../../options/option-groups.ts';
import type { DriveInterface } from '../machine-config.ts';
import type { BlockDescription, BlockStatistics, DriveAsks } from './drive-asks.ts';
import type { DriveBackend } from './drive-backend.ts';
import { describeDrive } from './drive-description.ts';
import { DriveError, driveEncrypted } from './drive-error.ts';
import type { DriveSet } from './drive-set.ts';

async function describe(drive: DriveBackend): Promise<BlockDescription> {
  const { frontEnd, tracked } = drive;
  const { removable } = frontEnd;
  return {
    device: drive.id,
    removable,
    locked: drive.locked,
    trayOpen: removable ? drive.trayOpen : undefined,
    ioStatus: drive.ioStatus,
    medium: drive.medium,
    dirty:
      tracked === undefined ? undefined : { bytes: tracked.dirtyBytes, granularity: tracked.granularity },
    limits: await drive.limits(),
  };
}

/** Throws DriveError when the medium is not to be taken away from the guest. */
function checkMovable(drive: DriveBackend, force: boolean): void {
  const { id, frontEnd, locked, trayOpen } = drive;
  if (!frontEnd.removable) {
    throw new DriveError('ERR_DRIVE_NOT_REMOVABLE', `Device '${id}' is not removable`);
  }
  if (locked && !trayOpen) {
    drive.requestEject(force);
    if (!force) {
      throw new DriveError('ERR_DRIVE_LOCKED', `Device '${id}' is locked`);
    }
  }
}

/** Throws DriveError with the texts of block_set_io_throttle. */
function checkLimits({ bps, bpsRead, bpsWrite, iops, iopsRead, iopsWrite }: DriveConfig['throttle']): void {
  if (bps < 0 || bpsRead < 0 || bpsWrite < 0 || iops < 0 || iopsRead < 0 || iopsWrite < 0) {
    throw new DriveError('ERR_DRIVE_LIMITS', 'bps and iops values must be 0 or greater');
  }
  const bothBytes = bps > 0 && (bpsRead > 0 || bpsWrite > 0);
  const bothOperations = iops > 0 && (iopsRead > 0 || iopsWrite > 0);
  if (bothBytes || bothOperations) {
    throw new DriveError(
      'ERR_DRIVE_LIMITS',
      'bps(iops) and bps_rd/bps_wr(iops_rd/iops_wr) cannot be used at the same time',
    );
  }
}

/** Interfaces by the numbers that the reference's messages have. */
const INTERFACE_NUMBERS: readonly (DriveInterface | undefined)[] = [
  'none',
  'ide',
  'scsi',
  'floppy',
  'pflash',
  'mtd',
  'sd',
  'virtio',
];

/** drive_add. Rejects with DriveError, OptionError or BlockError. */
async function addDriveFrom(drives: DriveSet, options: string): Promise<string> {
  const item = parseGroupText(findOptionGroup('drive'), options);
  const board = describeDrive(item, {
    places: drives.places,
    snapshotAll: false,
    hdaGeometry: undefined,
    warn: () => undefined,
  });
  if (drives.has(board.drive.id)) {
    throw new DriveError('ERR_DRIVE_CONFLICT', `Duplicate ID '${board.drive.id}' for drive`);
  }
  if (board.interface !== 'none') {
    const number = INTERFACE_NUMBERS.indexOf(board.interface);
    throw new DriveError('ERR_DRIVE_CONFLICT', `Can't hot-add drive to type ${number}`);
  }
  await drives.add(board);
  return 'OK';
}

/** The asks of DriveAsks over the drives of a machine. */
export function driveCommands(drives: DriveSet): {
  [Name in keyof DriveAsks]: (
    argument: Parameters<DriveAsks[Name]>[0],
  ) => ReturnType<DriveAsks[Name]> | Promise<ReturnType<DriveAsks[Name]>>;
} {
  return {
    queryBlock: () => Promise.all(drives.all().map(describe)),
    queryBlockStatistics: () =>
      Promise.all(
        drives.all().map(async (drive): Promise<BlockStatistics> => {
          const statistics: DriveStatistics = await drive.statistics();
          return { device: drive.id, statistics };
        }),
      ),
    queryImages: ({ device }) => drives.storage.ask('images', { drive: drives.get(device).id }),
    ejectMedium: async ({ device, force }) => {
      const drive = drives.get(device);
      await drives.checkFree(drive);
      checkMovable(drive, force);
      await drives.removeMedium(drive);
    },
    changeMedium: async ({ device, target, format }) => {
      const drive = drives.get(device);
      if (format !== undefined) {
        findFormat(format);
      }
      await drives.checkFree(drive);
      checkMovable(drive, false);
      await drives.removeMedium(drive);
      try {
        await drives.replaceMedium(drive, target, format);
      } catch (error) {
        throw new DriveError('ERR_DRIVE_OPEN', `Could not open '${target}'`, { cause: error });
      }
      if (drive.medium?.keyMissing === true) {
        throw driveEncrypted(device, drive.medium.file);
      }
    },
    resizeMedium: async ({ device, bytes }) => {
      const drive = drives.get(device);
      if (bytes < 0) {
        throw new DriveError('ERR_DRIVE_SIZE', `Parameter 'size' expects a >0 size`);
      }
      await drives.resize(drive, bytes);
    },
    snapshotMedia: ({ actions }) => drives.snapshot(actions),
    setLimits: ({ device, limits }) => {
      const drive = drives.get(device);
      checkLimits(limits);
      return drive.setLimits(limits);
    },
    addDrive: ({ options }) => addDriveFrom(drives, options),
    removeDrive: async ({ device }) => {
      const drive = drives.get(device);
      await drives.checkFree(drive);
      await drives.remove(drive);
    },
    nbdStart: (argument) => drives.storage.ask('nbdStart', argument),
    nbdAdd: ({ device, writable }) => drives.storage.ask('nbdAdd', { drive: device, writable }),
    nbdStop: () => drives.storage.ask('nbdStop', undefined),
    setMediumPassword: async ({ device, password }) => {
      await drives.setPassword(drives.get(device), password);
    },
  };
}
