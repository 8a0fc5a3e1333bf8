/** Commands about drives and their media. */
import type { DriveStatistics, MediumInfo } from '../../block/storage-contract.ts';
import type { BlockDescription, SnapshotAction } from '../../machine/drives/drive-asks.ts';
import type {
  BlockDeviceInfo,
  BlockdevSnapshot,
  BlockInfo,
  BlockStats,
  QmpEmpty,
} from '../../qapi/qmp-types.generated.ts';
import { askMachine } from '../ask-machine.ts';
import { type CommandContext, type CommandEntry, defineCommand } from '../command-definition.ts';
import { MonitorError } from '../monitor-error.ts';

/** Files of the host may take their time. */
const NO_DEADLINE = { deadlineMs: Number.POSITIVE_INFINITY };

function inserted(medium: MediumInfo, { limits }: BlockDescription): BlockDeviceInfo {
  return {
    file: medium.file,
    ro: medium.readOnly,
    drv: medium.format,
    ...(medium.backingFile === undefined ? {} : { backing_file: medium.backingFile }),
    backing_file_depth: medium.backingDepth,
    encrypted: medium.encrypted,
    encryption_key_missing: medium.keyMissing,
    bps: limits.bps,
    bps_rd: limits.bpsRead,
    bps_wr: limits.bpsWrite,
    iops: limits.iops,
    iops_rd: limits.iopsRead,
    iops_wr: limits.iopsWrite,
  };
}

function blockInfo(drive: BlockDescription): BlockInfo {
  return {
    device: drive.device,
    type: 'unknown',
    removable: drive.removable,
    locked: drive.locked,
    ...(drive.medium === undefined ? {} : { inserted: inserted(drive.medium, drive) }),
    ...(drive.trayOpen === undefined ? {} : { tray_open: drive.trayOpen }),
    ...(drive.ioStatus === undefined ? {} : { 'io-status': drive.ioStatus }),
    ...(drive.dirty === undefined
      ? {}
      : { dirty: { count: drive.dirty.bytes, granularity: drive.dirty.granularity } }),
  };
}

function blockStats(totals: DriveStatistics): BlockStats['stats'] {
  return {
    rd_bytes: totals.readBytes,
    wr_bytes: totals.writeBytes,
    rd_operations: totals.readOperations,
    wr_operations: totals.writeOperations,
    flush_operations: totals.flushOperations,
    rd_total_time_ns: totals.readNs,
    wr_total_time_ns: totals.writeNs,
    flush_total_time_ns: totals.flushNs,
    wr_highest_offset: totals.highestOffset,
  };
}

const LIMITS = ['bps', 'bps_rd', 'bps_wr', 'iops', 'iops_rd', 'iops_wr'] as const;

/** One blockdev-snapshot-sync, with the schema's defaults. */
function snapshotAction(snapshot: BlockdevSnapshot): SnapshotAction {
  const { device, 'snapshot-file': file, format = 'qcow2', mode = 'absolute-paths' } = snapshot;
  return { device, file, format, mode };
}

async function takeSnapshots(
  { services }: CommandContext,
  snapshots: readonly BlockdevSnapshot[],
): Promise<QmpEmpty> {
  await askMachine(services, 'snapshotMedia', { actions: snapshots.map(snapshotAction) }, NO_DEADLINE);
  return {};
}

/** `change vnc …`: there is no VNC server in this version. */
function changeVnc(target: string, password: string | undefined): QmpEmpty {
  const setsPassword = target === 'passwd' || target === 'password';
  if (setsPassword && password === undefined) {
    throw new MonitorError('ERR_MONITOR_PARAMETER', "Parameter 'password' is missing");
  }
  throw new MonitorError(
    'ERR_MONITOR_DEVICE',
    setsPassword ? 'Could not set password' : 'VNC display not active',
  );
}

export const blockCommands: readonly CommandEntry[] = [
  defineCommand('query-block', async (_args, { services }) => {
    const drives = await askMachine(services, 'queryBlock', undefined);
    return drives.map(blockInfo);
  }),

  defineCommand('query-blockstats', async (_args, { services }) => {
    const drives = await askMachine(services, 'queryBlockStatistics', undefined);
    return drives.map(({ device, statistics }) => ({
      device,
      stats: blockStats(statistics),
      ...(statistics.file === undefined ? {} : { parent: { stats: blockStats(statistics.file) } }),
    }));
  }),

  defineCommand('eject', async ({ device, force }, { services }) => {
    await askMachine(services, 'ejectMedium', { device, force: force ?? false });
    return {};
  }),

  defineCommand('change', ({ device, target, arg }, context) =>
    device === 'vnc' ? changeVnc(target, arg) : changeMedium(context, device, target, arg),
  ),

  defineCommand('block_resize', async ({ device, size }, { services }) => {
    await askMachine(services, 'resizeMedium', { device, bytes: Number(size) });
    return {};
  }),

  defineCommand('blockdev-snapshot-sync', (args, context) => takeSnapshots(context, [args])),

  defineCommand('transaction', ({ actions }, context) =>
    takeSnapshots(
      context,
      actions.map(({ data }) => data),
    ),
  ),

  defineCommand(
    'block_set_io_throttle',
    async ({ device, ...limits }, { services }) => {
      await askMachine(services, 'setLimits', {
        device,
        limits: {
          bps: Number(limits.bps),
          bpsRead: Number(limits.bps_rd),
          bpsWrite: Number(limits.bps_wr),
          iops: Number(limits.iops),
          iopsRead: Number(limits.iops_rd),
          iopsWrite: Number(limits.iops_wr),
        },
      });
      return {};
    },
    { numbersAsText: LIMITS },
  ),

  defineCommand('block_passwd', async ({ device, password }, { services }) => {
    await askMachine(services, 'setMediumPassword', { device, password });
    return {};
  }),
];

async function changeMedium(
  { services }: CommandContext,
  device: string,
  target: string,
  format: string | undefined,
): Promise<QmpEmpty> {
  await askMachine(services, 'changeMedium', { device, target, format });
  return {};
}
