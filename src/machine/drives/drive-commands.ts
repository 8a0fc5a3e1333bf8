/** What monitors ask of drives: the facts of query-block and query-blockstats, and the commands that change media. */

import { findFormat } from '../../block/image-formats.ts';
import type { DriveStatistics } from '../../block/storage-contract.ts';
import type { BlockDescription, BlockStatistics, DriveAsks } from './drive-asks.ts';
import type { DriveBackend } from './drive-backend.ts';
import { DriveError } from './drive-error.ts';
import type { DriveSet } from './drive-set.ts';

const NO_LIMITS = { bps: 0, bpsRead: 0, bpsWrite: 0, iops: 0, iopsRead: 0, iopsWrite: 0 };

function describe(drive: DriveBackend): BlockDescription {
  const { removable } = drive.frontEnd;
  return {
    device: drive.id,
    removable,
    locked: drive.locked,
    trayOpen: removable ? drive.trayOpen : undefined,
    ioStatus: drive.ioStatus,
    medium: drive.medium,
    limits: drive.medium === undefined ? NO_LIMITS : drive.config.throttle,
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

/** The asks of DriveAsks over the drives of a machine. */
export function driveCommands(drives: DriveSet): {
  [Name in keyof DriveAsks]: (
    argument: Parameters<DriveAsks[Name]>[0],
  ) => ReturnType<DriveAsks[Name]> | Promise<ReturnType<DriveAsks[Name]>>;
} {
  return {
    queryBlock: () => drives.all().map(describe),
    queryBlockStatistics: () =>
      Promise.all(
        drives.all().map(async (drive): Promise<BlockStatistics> => {
          const statistics: DriveStatistics = await drive.statistics();
          return { device: drive.id, statistics };
        }),
      ),
    ejectMedium: async ({ device, force }) => {
      const drive = drives.get(device);
      checkMovable(drive, force);
      await drives.removeMedium(drive);
    },
    changeMedium: async ({ device, target, format }) => {
      const drive = drives.get(device);
      if (format !== undefined) {
        findFormat(format);
      }
      checkMovable(drive, false);
      await drives.removeMedium(drive);
      try {
        await drives.replaceMedium(drive, target, format);
      } catch (error) {
        throw new DriveError('ERR_DRIVE_OPEN', `Could not open '${target}'`, { cause: error });
      }
    },
    resizeMedium: async ({ device, bytes }) => {
      const drive = drives.get(device);
      if (bytes < 0) {
        throw new DriveError('ERR_DRIVE_SIZE', `Parameter 'size' expects a >0 size`);
      }
      await drives.resize(drive, bytes);
    },
    setMediumPassword: ({ device }) => {
      const drive = drives.get(device);
      if (drive.medium?.encrypted !== true) {
        throw new DriveError('ERR_DRIVE_NOT_ENCRYPTED', `Device '${device}' is not encrypted`);
      }
      throw new DriveError('ERR_DRIVE_NOT_ENCRYPTED', 'Password incorrect');
    },
  };
}
